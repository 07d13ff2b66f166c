#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes dsp-descriptors.safetensors, to which tests/test-dsp-descriptors.c holds dsp/descriptors: what librosa and
tests/numpy_descriptors.py make of seven seconds of each sound below.

    python3 -m venv venv && venv/bin/pip install librosa==0.11.0 numpy==2.4.6
    venv/bin/python tests/golden/make-descriptors-golden.py

Versions used: Python 3.11, librosa 0.11.0, NumPy 2.4.6 (they also stand in the file's metadata).

Tensors, float32, SOUND being a key of sounds():
    SOUND/frames   [302][31]  zero crossings a second, centroid, rolloff, flux, mfcc [20], contrast [7]
    SOUND/texture  [43]       of the last 256 frames: low energy, OMSC [7 + 7 + 7 + 7], MSCM [7], MSFM [7]

librosa makes all of `frames` but the flux, and the RMS of the frames, of which NumPy makes the low energy; it is given
float64, so that its own rounding is not in the way.  Its power_to_db() has no top_db here, see dsp/mfcc.h.  NumPy makes
the rest, and all once more: the two must agree.
"""

import functools
import importlib
import os
import sys

import librosa
import numpy as np

from golden_file import save

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import numpy_descriptors as by_definition  # noqa: E402

RATE, SAMPLES = 22050, 7 * 22050


def noise(n, seed):
    """test_noise() of tests/test.h: xorshift64*, the upper half as a signed fraction"""
    mask, state, out = 2**64 - 1, seed, np.empty(n, np.int32)
    for i in range(n):
        state ^= state >> 12
        state ^= state << 25 & mask
        state ^= state >> 27
        out[i] = np.uint32((state * 2685821657736338717 & mask) >> 32).astype(np.int32)
    return out.astype(np.float32) * np.float32(2.0**-31)


def chirp(n):
    """a triangle of half of full scale whose pitch rises evenly; in integers, so that C makes the same"""
    i = np.arange(n, dtype=np.uint64)
    phase = (i * np.uint64(20_000_000) + i * (i + np.uint64(1)) // np.uint64(2) * np.uint64(3000)).astype(np.uint32)
    folded = np.where(phase < 2**31, phase.astype(np.int64), 2**32 - phase.astype(np.int64))
    return ((folded - 2**30).astype(np.float32) * np.float32(2.0**-31)).astype(np.float32)


def sounds():
    """as tests/test-dsp-descriptors.c makes them"""
    loud, beat = noise(SAMPLES, 1), noise(SAMPLES, 2)
    at = np.arange(SAMPLES)
    fade = np.float32(1) - (at % 11025).astype(np.float32) * np.float32(1 / 11025)
    return {
        "noise": loud * np.float32(0.25),
        "chirp": chirp(SAMPLES),
        "silence": np.zeros(SAMPLES, np.float32),
        "clipped": np.clip(loud * np.float32(4), np.float32(-1), np.float32(1)),
        "beats": np.where(at % 44100 < 33075, beat * fade, 0).astype(np.float32),
    }


def by_librosa(y):
    """[frames][31], flux 0"""
    feature = librosa.feature
    db = librosa.power_to_db(feature.melspectrogram(y=y, sr=RATE), top_db=None)
    rows = [
        feature.zero_crossing_rate(y) * RATE,
        feature.spectral_centroid(y=y, sr=RATE),
        feature.spectral_rolloff(y=y, sr=RATE),
        np.zeros((1, db.shape[1])),
        feature.mfcc(S=db),
        feature.spectral_contrast(y=y, sr=RATE),
    ]
    return np.concatenate(rows).T


def make(y):
    y = y.astype(np.float64)
    frames = by_librosa(y)
    own = np.concatenate([np.reshape(x, (len(frames), -1)) for x in by_definition.frame_values(y).values()], 1)
    frames[:, 3] = own[:, 3]
    assert np.allclose(own, frames, rtol=1e-6, atol=1e-6), np.abs(own - frames).max(0)
    level = librosa.feature.rms(y=y, dtype=np.float64)[0]
    assert np.allclose(level, by_definition.rms(y, RATE), rtol=1e-9, atol=1e-12)
    last = by_definition.texture_values(y, step=1)[-1]
    assert last["low_energy"] == np.mean(level[-256:] < level[-256:].mean())
    return frames, np.concatenate([np.atleast_1d(x) for x in last.values()])


def main():
    spectral = importlib.import_module("librosa.feature.spectral")
    spectral.power_to_db = functools.partial(librosa.power_to_db, top_db=None)
    tensors = {}
    for name, y in sounds().items():
        tensors[f"{name}/frames"], tensors[f"{name}/texture"] = make(y)
    save(os.path.join(HERE, "dsp-descriptors.safetensors"), tensors, {
        "made_by": "tests/golden/make-descriptors-golden.py",
        "python": sys.version.split()[0], "librosa": librosa.__version__, "numpy": np.__version__,
    })  # fmt: skip


if __name__ == "__main__":
    main()
