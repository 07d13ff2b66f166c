#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""fold_sets.py OUTPUT SET... - each SET in two halves: OUTPUT/SET-0.safetensors and OUTPUT/SET-1.safetensors.

To learn from one half and measure on the other, and the other way round.  All clips of one artist and of one recording
are in the same half; of each label both halves have about as many.  docs/accuracy.md has the commands.
"""
import json
import pathlib
import sys

import numpy as np

import wide_sets


def groups(tensors):
    """-> a number for each clip, the same for clips that have an artist or a recording in common"""
    number = np.arange(len(tensors["label"]))
    changed = True
    while changed:
        before = number.copy()
        for key in ("artist", "recording"):
            for value in np.unique(tensors.get(key, number)):
                if value >= 0 and key in tensors:
                    number[tensors[key] == value] = number[tensors[key] == value].min()
        changed = not np.array_equal(before, number)
    return number


def halve(tensors):
    """-> [clips] 0 or 1: each group, the largest first, goes where its most frequent label has fewer clips so far"""
    number, label = groups(tensors), tensors["label"]
    half, clips = np.zeros(len(label), int), np.zeros((2, label.max() + 1), int)
    for group in sorted(np.unique(number), key=lambda group: (-np.sum(number == group), group)):
        counts = np.bincount(label[(number == group) & (label >= 0)], minlength=clips.shape[1])
        side = min((0, 1), key=lambda side: (clips[side, counts.argmax()], clips[side].sum()))
        half[number == group] = side
        clips[side] += counts
    return half


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for path in map(pathlib.Path, sys.argv[2:]):
        tensors, meta = wide_sets.load(path)
        names, half = json.loads(meta["names"]), halve(tensors)
        for side in (0, 1):
            part = {name: array[half == side] for name, array in tensors.items()}
            chosen = [name for name, where in zip(names, half) if where == side]
            wide_sets.save(folder / f"{path.stem}-{side}.safetensors", part, dict(meta, names=json.dumps(chosen)))
            print(f"{path.stem}-{side}: {len(chosen)} clips,", *np.bincount(part["label"][part["label"] >= 0]))


if __name__ == "__main__":
    main()
