#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws docs/plot-librosa.png: the three pictures of the deck by `gst-genre-1.0 plot` on the left, by librosa.display
on the right, of 30 s of bells, a drone and drums.  It needs librosa and matplotlib:

    python3 -m venv venv && venv/bin/pip install librosa matplotlib
    GENRE_BUILD_DIR=build venv/bin/python docs/plot-beside-librosa.py docs/plot-librosa.png
"""

import os
import pathlib
import sys
import tempfile

import librosa
import librosa.display
import matplotlib
import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
os.environ.setdefault("GENRE_BUILD_DIR", "build")
from made_music import KINDS, RATE, music, write_wav  # noqa: E402
from tool import call  # noqa: E402

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

WIDTH, HEIGHT, DPI = 560, 620, 96
COLOURS = 96  # of the joined picture, so that the file is small


def draw_theirs(samples, path):
    """as librosa's own examples have it, with magma in full"""
    figure, axes = pyplot.subplots(3, 1, figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, layout="constrained")
    librosa.display.waveshow(samples, sr=RATE, ax=axes[0])
    stft = librosa.amplitude_to_db(np.abs(librosa.stft(samples)), ref=np.max)
    mel = librosa.power_to_db(librosa.feature.melspectrogram(y=samples, sr=RATE), ref=np.max)
    for levels, axis, place in ((stft, "log", axes[1]), (mel, "mel", axes[2])):
        shown = librosa.display.specshow(levels, sr=RATE, x_axis="time", y_axis=axis, cmap="magma", ax=place)
        figure.colorbar(shown, ax=place, format="%+2.0f dB")
    for place, title in zip(axes, ("waveshow", "specshow, log", "specshow, mel")):
        place.set(title=f"librosa {librosa.__version__}: {title}")
    figure.savefig(path)


def main():
    pcm = np.concatenate([music(kind, 1, 10, share=0) for kind in KINDS])
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        sound, ours, theirs = folder / "bells, a drone, drums.wav", folder / "ours.png", folder / "theirs.png"
        write_wav(sound, pcm)
        status, _, errors = call("plot", "--size", f"{WIDTH}x{HEIGHT}", "--dpi", DPI, sound, "-o", ours)
        assert status == 0, errors
        draw_theirs(pcm / 32768, theirs)
        both = Image.new("RGB", (2 * WIDTH, HEIGHT))
        for i, path in enumerate((ours, theirs)):
            both.paste(Image.open(path).convert("RGB"), (i * WIDTH, 0))
    both.quantize(COLOURS, dither=Image.Dither.NONE).save(sys.argv[1], optimize=True)


main()
