#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the points of magma and viridis that gst/picture/colour.c has, and how far lines between them are from the 256
colours; with --check, compares with that file.

    python3 -m venv venv && venv/bin/pip install matplotlib==3.11.2
    venv/bin/python tests/golden/make-colour-golden.py --check

The maps are matplotlib's, CC0, from https://github.com/BIDS/colormap.
"""

import pathlib
import re
import sys

import matplotlib
import numpy as np

POINTS = 33
SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent / "gst" / "picture" / "colour.c"


def main():
    for name in ("magma", "viridis"):
        colours = 255 * np.array(matplotlib.colormaps[name].colors)
        place, all_places = np.linspace(0, 255, POINTS), np.arange(256)
        points = np.stack([np.rint(np.interp(place, all_places, colours[:, i])) for i in range(3)], 1)
        lines = np.stack([np.interp(all_places, place, points[:, i]) for i in range(3)], 1)
        text = [f"0x{int(r):02x}{int(g):02x}{int(b):02x}" for r, g, b in points]
        print(f"{name}: {', '.join(text)}; off by {np.abs(lines - colours).max():.2f} of 255 at most")
        if "--check" in sys.argv:
            table = re.search(rf"{name.upper()}\[N_POINTS\] = {{(.*?)}};", SOURCE.read_text(), re.S).group(1)
            assert re.findall(r"0x[0-9a-f]+", table) == text, name


main()
