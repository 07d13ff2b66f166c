#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws the gallery of docs/plot.md, of sound that is made here; each command is written beside its picture there.

    GENRE_BUILD_DIR=build python3 docs/plot-pictures.py docs
"""

import importlib
import os
import pathlib
import re
import shlex
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]
os.environ["GENRE_BUILD_DIR"] = os.path.abspath(os.environ.get("GENRE_BUILD_DIR", "build"))
from made_music import RATE, music, write_wav  # noqa: E402
from tool import call  # noqa: E402


def make_sounds(folder):
    write_wav(folder / "bells-silence-drone-drums-hiss.wav", importlib.import_module("features-picture").make_sound())
    pause = np.zeros(25 * RATE, "<i2")
    write_wav(folder / "bells-pause-drums.wav", np.concatenate([music("bells", 1, 20), pause, music("drums", 1, 20)]))


def commands():
    """of the page, in its order"""
    page = (HERE / "plot.md").read_text().replace(" \\\n      ", " ")
    found = re.findall(r"^    gst-genre-1\.0 (plot .* -o docs/\S+)$", page, re.M)
    assert len(found) >= 6, found
    return [shlex.split(command) for command in found]


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make_sounds(folder)
        for *arguments, picture in commands():
            path = pathlib.Path(sys.argv[1]).resolve() / pathlib.Path(picture).name
            status, _, errors = call(*arguments, path, cwd=folder)
            assert status == 0, errors


main()
