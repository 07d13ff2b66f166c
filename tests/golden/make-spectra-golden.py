#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes models-spectra.safetensors, to which tests/test-models-spectra.c holds models/spectra, and prints what
librosa's `effects.trim` says, which stands in tests/test-models-silent_edges.c: of two seconds of noise in beats.

    python3 -m venv venv && venv/bin/pip install librosa==0.11.0
    venv/bin/python tests/golden/make-spectra-golden.py

Tensors, float32; `wide` are 12 columns over all of it, `near` 24 columns over .25 s, from .5 s on:
    wide/log, near/log  [columns][40]   mean of abs(librosa.stft (y))**2 over the cells of a logarithmic axis from 20 Hz
    wide/mel, near/mel  [columns][128]  mean of librosa.feature.melspectrogram (y=y, sr=22050)
    loudest             [2]             np.max of both, before any mean

Frame t covers half a hop, bin k half a bin on either side of its middle; what is cut counts by its part.
"""

import os
import sys

import librosa
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from importlib import import_module  # noqa: E402

descriptors = import_module("make-descriptors-golden")

RATE, HOP, ROWS = 22050, 512, 40


def sound():
    """as tests/test-models-spectra.c makes it: noise that fades each half second"""
    n = 2 * RATE
    fade = np.float32(1) - (np.arange(n) % 11025).astype(np.float32) * np.float32(1 / 11025)
    return descriptors.noise(n, 2) * np.float32(0.5) * fade * fade * fade


def weights(begin, end, n):
    """of n cells, cell i covering [i, i + 1), in their mean over [begin, end)"""
    end = min(max(end, begin), n)
    i = np.arange(n)
    part = np.clip(np.minimum(end, i + 1) - np.maximum(max(begin, 0), i), 0, None)
    return part / part.sum()


def reduce_time(power, begin, end, columns):
    """[bins][frames] -> [columns][bins]"""
    edges = np.linspace(begin, end, columns + 1) * RATE / HOP + 0.5
    return np.array([power @ weights(a, b, power.shape[1]) for a, b in zip(edges, edges[1:])])


def reduce_rows(columns):
    """[columns][bins] -> [columns][ROWS]"""
    edges = 20 * (RATE / 2 / 20) ** (np.arange(ROWS + 1) / ROWS) / (RATE / 2048) + 0.5
    return np.stack([columns @ weights(a, b, columns.shape[1]) for a, b in zip(edges, edges[1:])], 1)


def main():
    y = sound().astype(np.float64)
    log = np.abs(librosa.stft(y)) ** 2
    mel = librosa.feature.melspectrogram(y=y, sr=RATE)
    tensors = {"loudest": np.array([log.max(), mel.max()])}
    for name, begin, end, columns in [("wide", 0, 2, 12), ("near", 0.5, 0.75, 24)]:
        tensors[f"{name}/log"] = reduce_rows(reduce_time(log, begin, end, columns))
        tensors[f"{name}/mel"] = reduce_time(mel, begin, end, columns)
    metadata = {"made_by": "tests/golden/make-spectra-golden.py", "librosa": librosa.__version__}
    descriptors.save(os.path.join(HERE, "models-spectra.safetensors"), tensors, metadata)

    padded = np.concatenate([np.zeros(7000), y, np.zeros(30000)])
    print("trim of 7000 zeros, the sound, 30000 zeros:", librosa.effects.trim(padded)[1])
    print("trim of the same with noise of 1e-4 under it:",
          librosa.effects.trim(padded + 1e-4 * descriptors.noise(len(padded), 3))[1])


main()
