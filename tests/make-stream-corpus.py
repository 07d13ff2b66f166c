#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make-stream-corpus.py [DIRECTORY]: writes tests/corpus/stream, from which tests/fuzz-genre-stream.c starts."""
import pathlib
import struct
import sys

SHARES, FIXED, GRID, MUSIC = 0, 1, 2, 3
R8000, R2000, R11025, R4001, R22050, R48000, R16000, R96000 = range(8)
LOUD, FAINT, HUGE, TINY = range(4)  # levels
NOISE, ZEROS, SQUARE, NUMBERS = 0, 4, 8, 12


def life(model, rate, *steps, window=5, interval=0, smoothing=20, silence=60):
    return bytes([model, rate, window, interval, smoothing, silence]) + b"".join(steps)


def audio(kind, length, piece, data=b""):
    """length in 16 samples; piece 0: one sample, then all others."""
    return bytes([0, kind, length, piece]) + data


def interval(root_ms):
    return bytes([3, root_ms])


def rate(which):
    return bytes([6, which])


def silence(below_db):
    """Also what is music: from below_db % 8 eighths on."""
    return bytes([7, below_db])


RESET_WINDOW, FINISH = bytes([4]), bytes([5])
NOISE_1S = audio(NOISE, 250, 1) + audio(NOISE, 250, 0)

FILES = {
    "empty": b"",
    "head-only": life(SHARES, R8000),
    "shares": life(SHARES, R8000, *[audio(NOISE, 255, piece) for piece in (1, 7, 128, 0, 255)]),
    "fixed": life(FIXED, R8000, *[audio(NOISE, 255, piece) for piece in (1, 7, 128, 0, 255)]),
    "grid": life(GRID, R8000, *[audio(NOISE, 255, piece) for piece in (1, 7, 128, 0, 255)], window=1),
    "window-longest": life(SHARES, R2000, *[audio(NOISE, 255, 99)] * 6, window=255, interval=50),
    "window-model": life(GRID, R2000, *[audio(NOISE, 255, 99)] * 4, window=0),
    "fixed-long": life(FIXED, R2000, *[audio(NOISE, 255, 63)] * 6, interval=100),
    "too-short": life(SHARES, R8000, audio(NOISE, 40, 3)),
    "too-short-for-any": life(SHARES, R8000, audio(NOISE, 2, 3)),
    "too-short-fixed": life(FIXED, R8000, audio(NOISE, 40, 3)),
    "too-short-silent": life(SHARES, R8000, audio(ZEROS, 40, 3)),
    "silence": life(SHARES, R8000, audio(ZEROS, 255, 5), audio(NOISE, 255, 5), audio(ZEROS, 255, 5)),
    "silence-only": life(SHARES, R8000, audio(ZEROS, 255, 5)),
    "music": life(MUSIC, R8000, NOISE_1S, audio(SQUARE, 255, 7), audio(SQUARE + FAINT, 255, 0), FINISH, NOISE_1S),
    "music-threshold": life(MUSIC, R22050, NOISE_1S, silence(96), NOISE_1S, silence(103), audio(SQUARE, 255, 3)),
    "music-silence": life(MUSIC, R8000, audio(ZEROS, 255, 5), audio(SQUARE, 255, 5), audio(ZEROS, 255, 5)),
    "music-too-short": life(MUSIC, R8000, audio(SQUARE, 40, 3)),
    "silence-threshold": life(SHARES, R8000, audio(SQUARE + FAINT, 200, 9), silence(40), audio(SQUARE + FAINT, 200, 9)),
    "resets": life(SHARES, R8000, NOISE_1S, RESET_WINDOW, NOISE_1S, FINISH, NOISE_1S, RESET_WINDOW, FINISH),
    "rates": life(SHARES, R2000, *[rate(r) + audio(NOISE, 190, 77) for r in range(8)]),
    "rate-highest": life(FIXED, R96000, *[audio(NOISE, 255, 200)] * 6),
    "interval": life(SHARES, R8000, NOISE_1S, interval(10), NOISE_1S, interval(30), NOISE_1S, interval(255)),
    "smoothing-none": life(SHARES, R8000, NOISE_1S, smoothing=0),
    "overflow": life(SHARES, R8000, audio(NOISE + HUGE, 255, 17), audio(SQUARE + HUGE, 255, 17), audio(NOISE, 255, 17)),
    "overflow-fixed": life(FIXED, R8000, audio(SQUARE + HUGE, 255, 17), audio(NOISE, 255, 17)),
    "denormals": life(SHARES, R8000, audio(NOISE + TINY, 255, 17), silence(255), audio(NOISE + TINY, 255, 17)),
    "numbers": life(
        SHARES, R2000, audio(NUMBERS, 40, 13, struct.pack(">640f", *[(i * 37 % 101 - 50) / 51 for i in range(640)]))
    ),
}  # fmt: skip


def main(argv):
    directory = pathlib.Path(argv[1] if len(argv) > 1 else pathlib.Path(__file__).parent / "corpus" / "stream")
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in FILES.items():
        (directory / name).write_bytes(content)


if __name__ == "__main__":
    main(sys.argv)
