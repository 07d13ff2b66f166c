# SPDX-License-Identifier: LGPL-2.1-or-later
"""golden_file.py - writes tensors of float32 as a safetensors file, for the scripts of this directory."""

import json
import struct

import numpy as np


def save(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, x in tensors.items():
        raw = np.ascontiguousarray(x, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(x.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(head)) + head + data)
