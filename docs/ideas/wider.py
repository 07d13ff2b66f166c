#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""wider.py MODEL OUTPUT CONV5 UNITS - the model with more filters in conv5 and more GRU units, and the same answers.

Net2WiderNet (Chen, Goodfellow, Shlens 2016): a new filter or unit is a copy of an old one, and the weights behind both
are divided by their number.  Noise of 2 % of a tensor's deviation makes the copies learn different things.
docs/accuracy.md says what it gave.
"""
import json
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "models" / "training"))
import wide_sets  # noqa: E402


def copies(old, new, rng):
    """-> which old one each new one is, and one over the number of its copies"""
    index = np.concatenate([np.arange(old), rng.choice(old, new - old, replace=False)])
    return index, 1 / np.bincount(index, minlength=old)[index]


def gates(index, units):
    return np.concatenate([index + gate * units for gate in range(3)])


def main():
    rng = np.random.default_rng(0)
    tensors, meta = wide_sets.load(pathlib.Path(sys.argv[1]))
    filters, units = int(sys.argv[3]), int(sys.argv[4])
    old_filters, old_units = tensors["conv5/kernel"].shape[-1], tensors["gru/recurrent_kernel"].shape[0]

    index, share = copies(old_filters, filters, rng)
    cells = tensors["gru/kernel"].shape[0] // old_filters  # value c * H + h of a step
    rows = (index[:, None] * cells + np.arange(cells)).ravel()
    tensors["conv5/kernel"] = tensors["conv5/kernel"][..., index]
    for name in ("gamma", "beta", "moving_mean", "moving_variance"):
        tensors["bn5/" + name] = tensors["bn5/" + name][index]
    tensors["gru/kernel"] = tensors["gru/kernel"][rows] * np.repeat(share, cells)[:, None]

    index, share = copies(old_units, units, rng)
    columns = gates(index, old_units)
    tensors["gru/kernel"] = tensors["gru/kernel"][:, columns]
    tensors["gru/recurrent_kernel"] = tensors["gru/recurrent_kernel"][index][:, columns] * share[:, None]
    tensors["gru/bias"] = tensors["gru/bias"][:, columns]
    rows = np.concatenate([index, old_units + index])  # mean and max over time
    tensors["dense/kernel"] = tensors["dense/kernel"][rows] * np.tile(share, 2)[:, None]

    for name in ("conv5/kernel", "gru/kernel", "gru/recurrent_kernel"):
        tensors[name] = tensors[name] + rng.normal(0, .02 * tensors[name].std(), tensors[name].shape)
    network = json.loads(meta["network"])
    for layer in network:
        if layer.get("name") == "conv5":
            layer["filters"] = filters
        if layer.get("name") == "gru":
            layer["units"] = units
    tensors = {name: np.ascontiguousarray(array, np.float32) for name, array in tensors.items()}
    wide_sets.save(pathlib.Path(sys.argv[2]), tensors, dict(meta, network=json.dumps(network)))


if __name__ == "__main__":
    main()
