#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws the pictures of docs/plot.md, of the 36 s of sound that docs/features-picture.py makes.

    GENRE_BUILD_DIR=build python3 docs/plot-pictures.py docs
"""

import importlib
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]
os.environ.setdefault("GENRE_BUILD_DIR", "build")
from made_music import write_wav  # noqa: E402
from tool import call  # noqa: E402

PICTURES = {
    "plot.png": ["--size", "840x600"],
    "plot-genres.png": ["--spectrogram", "--genres", "--dark", "--map", "viridis", "--size", "840x480"],
}


def main():
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name) / "bells, silence, a drone, drums, hiss.wav"
        write_wav(path, importlib.import_module("features-picture").make_sound())
        for picture, options in PICTURES.items():
            status, _, errors = call("plot", *options, path, "-o", pathlib.Path(sys.argv[1]) / picture)
            assert status == 0, errors


main()
