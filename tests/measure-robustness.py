#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How many final labels of the recordings of ../shared/audio change when the sound is not the original any more.

    meson test -C build --benchmark measure-robustness -v [--test-args="--model /PATH/FILE --update"]

Prints a table in Markdown; --update puts it in place of the one in docs/robustness.md.
"""

import argparse
import pathlib
import sys

import numpy as np

from pipeline import need, quoted, run, shared_directory

FLOAT = "audioconvert ! audio/x-raw,format=F32LE"
RESAMPLED = FLOAT + " ! audioresample quality=10 ! audio/x-raw,rate={}"
LAME = "lamemp3enc target=bitrate bitrate=128 cbr=true ! mpegaudioparse ! mpg123audiodec"

# what was done, how, at most so many labels may change
CHANGES = [
    ("8 kHz", RESAMPLED.format(8000), 4),
    ("16 kHz", RESAMPLED.format(16000), 1),
    ("8 bit", "audioconvert ! audio/x-raw,format=U8", 2),
    ("-12 dB", f"{FLOAT} ! volume volume={10 ** (-12 / 20):.9f}", 2),
    (
        "MP3, 128 kbit/s, stereo at 44.1 kHz",
        RESAMPLED.format(44100) + f" ! audioconvert ! audio/x-raw,format=S16LE,channels=2 ! {LAME}",
        1,
    ),
]
PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs" / "robustness.md"
BEGIN, END = "<!-- measure-robustness: begin -->", "<!-- measure-robustness: end -->"


def classify(path, change, model):
    """-> label and probabilities of the final"""
    setting = f"model={quoted(model)}" if model else ""
    messages = run(
        f"filesrc location={quoted(path)} ! decodebin ! {change} ! genreclassify {setting} ! fakesink sync=false"
    )
    if not messages or not messages[-1].final:
        sys.exit(f"{path}: no final")
    return messages[-1].label, np.array(messages[-1].probabilities)


def table(recordings, model):
    """-> lines"""
    originals = [classify(path, "audioconvert", model) for path in recordings]
    lines = [
        f"| change | labels changed, of {len(recordings)} | goal: at most | which | moved, mean | moved, most |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, change, goal in CHANGES:
        which, moved = [], []
        for path, (label, probabilities) in zip(recordings, originals):
            new_label, new_probabilities = classify(path, change, model)
            moved.append(np.abs(new_probabilities - probabilities).max())
            if new_label != label:
                which.append(f"{path.stem}: {label} to {new_label}")
        lines.append(
            f"| {name} | {len(which)} | {goal} | {', '.join(which)} | {np.mean(moved):.3f} | {np.max(moved):.3f} |"
        )
    return lines


def update(lines):
    text = PAGE.read_text(encoding="utf-8")
    before, found, rest = text.partition(BEGIN)
    _, found_end, after = rest.partition(END)
    if not found or not found_end:
        sys.exit(f"{PAGE}: there is no {BEGIN} before {END}")
    PAGE.write_text(before + "\n".join([BEGIN, "", *lines, "", END]) + after, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=pathlib.Path, help="a model file; default: the embedded model")
    parser.add_argument("--update", action="store_true", help=f"put the table into {PAGE.name}")
    arguments = parser.parse_args()
    recordings = sorted((shared_directory() / "audio").glob("*.flac"))
    need("flacdec", "decodebin", "audioresample", "volume", "lamemp3enc", "mpegaudioparse", "mpg123audiodec")
    lines = table(recordings, arguments.model and arguments.model.resolve())
    print("\n".join(lines))
    if arguments.update:
        update(lines)


if __name__ == "__main__":
    main()
