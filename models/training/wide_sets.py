#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""wide_sets.py OUTPUT SET... - feature sets with the finer labels that they carry beside the ten, as sets to train on.

Of each SET that has them, `wide_label` and metadata `wide_labels` become the labels, `wide_sure` how sure they are, and
`wide_probabilities`, an opinion on a whole clip, the soft labels of each of its windows.  A SET without them keeps its
own labels.  Labels in DROPPED are taken away: too few clips have them.  models/README.md has the commands.
"""
import json
import pathlib
import struct
import sys

import numpy as np

DROPPED = ("children", "newage", "ska", "spoken")
TYPES = {"U8": np.uint8, "I32": np.int32, "F32": np.float32, "F16": np.float16}
NAMES = {np.dtype(value): key for key, value in TYPES.items()}


def load(path):
    """-> {name: array}, metadata"""
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        head, data = json.loads(file.read(size)), file.read()
    meta = head.pop("__metadata__", {})
    return {name: np.frombuffer(data[slice(*entry["data_offsets"])], TYPES[entry["dtype"]]).reshape(entry["shape"])
            for name, entry in head.items()}, meta


def save(path, tensors, meta):
    head, at = {"__metadata__": meta}, 0
    for name, array in tensors.items():
        head[name] = {"dtype": NAMES[array.dtype], "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in tensors.values():
            file.write(np.ascontiguousarray(array).tobytes())


def widen(tensors, meta):
    labels = json.loads(meta["wide_labels"])
    windows = tensors["teacher_embedding"].shape[1]
    keep = np.array([label not in DROPPED for label in labels])
    label = tensors["wide_label"].copy()
    label[(label >= 0) & ~keep[label]] = -1
    opinion = np.repeat(tensors["wide_probabilities"][:, None], windows, axis=1)
    out = {name: array for name, array in tensors.items() if not name.startswith(("wide_", "soft_", "sure"))}
    out.update(label=label, sure=tensors["wide_sure"], soft_labels=opinion,
               soft_weight=np.ones(opinion.shape[:2], np.float16))
    meta = {key: value for key, value in meta.items() if key != "wide_labels"}
    return out, dict(meta, labels=json.dumps(labels), soft_labels=json.dumps(labels))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for path in map(pathlib.Path, sys.argv[2:]):
        tensors, meta = load(path)
        if "wide_labels" in meta:
            tensors, meta = widen(tensors, meta)
        save(folder / path.name, tensors, meta)


if __name__ == "__main__":
    main()
