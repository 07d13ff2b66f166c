#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws docs/features.svg: what `gst-genre-1.0 features` says of 36 s of sound that is made here.

    GENRE_BUILD_DIR=build python3 docs/features-picture.py docs/features.svg
"""

import csv
import io
import os
import pathlib
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
os.environ.setdefault("GENRE_BUILD_DIR", "build")
from made_music import RATE, music, write_wav  # noqa: E402
from tool import call  # noqa: E402

PARTS = [("bells", 10), ("silence", 3), ("drone", 10), ("drums", 10), ("hiss", 3)]
ROWS = [  # title, unit, columns, whether they are of texture windows
    ("zero_crossings", "a second", ["zero_crossings_per_s"], False),
    ("spectral_centroid", "Hz", ["spectral_centroid_hz"], False),
    ("spectral_rolloff", "Hz", ["spectral_rolloff_hz"], False),
    ("spectral_flux", "", ["spectral_flux"], False),
    ("mfcc 1, 2, 3", "", ["mfcc_1", "mfcc_2", "mfcc_3"], False),
    ("spectral_contrast 1, 3, 5", "dB", [f"spectral_contrast_{i}_db" for i in (1, 3, 5)], False),
    ("low_energy", "", ["low_energy"], True),
    ("omsc_modulation 1, 3, 5", "dB", [f"omsc_modulation_{i}_db" for i in (1, 3, 5)], True),
    ("mscm 2, 4, 6", "", ["mscm_2", "mscm_4", "mscm_6"], True),
    ("msfm 2, 4, 6", "", ["msfm_2", "msfm_4", "msfm_6"], True),
]
COLOURS = ["#1b6ca8", "#c8553d", "#5a8f29"]
WIDTH, LEFT, RIGHT, HEIGHT, GAP, TOP = 900, 190, 24, 64, 14, 34


def make_sound():
    noise = np.random.default_rng(1)
    made = {
        "silence": lambda n: np.zeros(n, "<i2"),
        "hiss": lambda n: (noise.standard_normal(n) * 2000).astype("<i2"),
    }
    return np.concatenate([made[k](s * RATE) if k in made else music(k, 1, s, share=0) for k, s in PARTS])


def read_table(per, path):
    """{column: [rows]}"""
    status, text, errors = call("features", "--per", per, path)
    assert status == 0, errors
    rows = list(csv.DictReader(io.StringIO(text)))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0] if name != "file"}


def number(value):
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"


def draw_row(title, unit, lines, top, seconds):
    """lines: [(times, values)]"""
    low = min(values.min() for _, values in lines)
    high = max(values.max() for _, values in lines)
    across, up = (WIDTH - LEFT - RIGHT) / seconds, HEIGHT / (high - low or 1)
    out = [f'<rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - RIGHT}" height="{HEIGHT}" fill="none" stroke="#bbb"/>']
    out.append(f'<text x="10" y="{top + HEIGHT / 2 + 4}">{title}</text>')
    for value, y in ((high, top + 10), (low, top + HEIGHT)):
        out.append(f'<text x="{LEFT - 6}" y="{y}" text-anchor="end" fill="#666">{number(value)} {unit}</text>')
    for (times, values), colour in zip(lines, COLOURS):
        points = " ".join(f"{LEFT + t * across:.1f},{top + HEIGHT - (v - low) * up:.1f}" for t, v in zip(times, values))
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1"/>')
    return out


def main():
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name) / "sound.wav"
        write_wav(path, make_sound())
        frames, textures = read_table("frame", path), read_table("texture", path)
    seconds = sum(length for _, length in PARTS)
    height = TOP + len(ROWS) * (HEIGHT + GAP) + 24
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" '
           'font-size="12">', '<rect width="100%" height="100%" fill="#ffffff"/>']  # fmt: skip
    across, begin = (WIDTH - LEFT - RIGHT) / seconds, 0
    for kind, length in PARTS:
        middle = LEFT + (begin + length / 2) * across
        out.append(f'<text x="{middle:.1f}" y="{TOP - 12}" text-anchor="middle">{kind}</text>')
        x = LEFT + begin * across
        out.append(f'<path d="M{x:.1f},{TOP - 6} V{height - 24}" stroke="#ddd"/>')
        begin += length
    middles = (textures["start_s"] + textures["end_s"]) / 2
    for i, (title, unit, columns, long_term) in enumerate(ROWS):
        table, times = (textures, middles) if long_term else (frames, frames["time_s"])
        step = 1 if long_term else 4  # a point each 93 ms is what the eye sees
        lines = [(times[::step], table[column][::step]) for column in columns]
        out += draw_row(title, unit, lines, TOP + i * (HEIGHT + GAP), seconds)
    for t in range(0, seconds + 1, 6):
        out.append(f'<text x="{LEFT + t * across:.1f}" y="{height - 8}" text-anchor="middle" fill="#666">{t} s</text>')
    pathlib.Path(sys.argv[1]).write_text("\n".join([*out, "</svg>"]) + "\n")


if __name__ == "__main__":
    main()
