#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""soft_sets.py OUTPUT EXPONENT SET... - feature sets whose soft labels are sharper (EXPONENT > 1) or flatter (< 1).

Each probability becomes its power, and the sum of a window's is 1 again.  docs/accuracy.md says what it gave.
"""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "models" / "training"))
import wide_sets  # noqa: E402


def main():
    folder, exponent = pathlib.Path(sys.argv[1]), float(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for path in map(pathlib.Path, sys.argv[3:]):
        tensors, meta = wide_sets.load(path)
        power = tensors["soft_labels"].astype(np.float64) ** exponent
        total = power.sum(axis=-1, keepdims=True)
        tensors["soft_labels"] = np.divide(power, total, out=power, where=total > 0).astype(np.float16)
        wide_sets.save(folder / path.name, tensors, meta)


if __name__ == "__main__":
    main()
