#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes dsp-mel.safetensors, to which tests/test-dsp-golden.c holds dsp/log_mel: what librosa makes of a second of
noise and of a chirp.

    python3 -m venv venv && venv/bin/pip install librosa==0.11.0 numpy==2.4.6
    venv/bin/python tests/golden/make-mel-golden.py

Versions used: Python 3.11, librosa 0.11.0, NumPy 2.4.6 (they also stand in the file's metadata).

Tensors, float32, NAME being noise or chirp and RECIPE rate-n_fft-hop-bands:
    chirp/RATE         [samples]         the chirp; the noise is made from integers on both sides
    NAME/RECIPE/power  [frames][bands]   librosa melspectrogram, then the mean of each two bands for "64p"
    NAME/RECIPE/db     [frames][bands]   power_to_db (ref=1, amin=1e-10, top_db=None)
    NAME/22050-2048-512-128/db-max       power_to_db (ref=max, amin=1e-10, top_db=80)
librosa is given float64, so that its own rounding is not in the way; it hears the float32 samples of the C test.
"""
import os
import sys

import librosa
import numpy as np

from golden_file import save

RECIPES = [  # rate, n_fft, hop, n_mels, pool
    (22050, 2048, 512, 128, 1),
    (22050, 2048, 1708, 128, 2),
    (16000, 512, 256, 96, 1),
    (22050, 512, 256, 64, 1),
]


def noise(n, seed=1):
    """test_noise() / 4 of tests/test.h: xorshift64*, the upper half as a signed fraction"""
    mask, state, out = 2**64 - 1, seed, np.empty(n, np.int32)
    for i in range(n):
        state ^= state >> 12
        state ^= state << 25 & mask
        state ^= state >> 27
        out[i] = np.uint32((state * 2685821657736338717 & mask) >> 32).astype(np.int32)
    return out.astype(np.float32) * np.float32(2.0**-31) * np.float32(0.25)


def chirp(n, rate):
    """half of full scale, 60 Hz to 45 % of the rate, exponentially"""
    t, low, high = np.arange(n) / rate, 60.0, 0.45 * rate
    k = np.log(high / low) / (n / rate)
    return (0.5 * np.sin(2 * np.pi * low * (np.exp(k * t) - 1) / k)).astype(np.float32)


def main():
    tensors = {}
    for rate in (22050, 16000):
        tensors[f"chirp/{rate}"] = chirp(rate, rate)
    for rate, n_fft, hop, n_mels, pool in RECIPES:
        recipe = f"{rate}-{n_fft}-{hop}-{n_mels // pool}" + ("p" if pool > 1 else "")
        for name, y in (("noise", noise(rate)), ("chirp", tensors[f"chirp/{rate}"])):
            power = librosa.feature.melspectrogram(
                y=y.astype(np.float64), sr=rate, n_fft=n_fft, hop_length=hop, n_mels=n_mels, power=2.0)
            power = power.reshape(n_mels // pool, pool, -1).mean(1)
            at = f"{name}/{recipe}"
            tensors[f"{at}/power"] = power.T
            tensors[f"{at}/db"] = librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=None).T
            if recipe == "22050-2048-512-128":
                tensors[f"{at}/db-max"] = librosa.power_to_db(power, ref=np.max, amin=1e-10, top_db=80.0).T
    save(os.path.join(os.path.dirname(os.path.abspath(__file__)), "dsp-mel.safetensors"), tensors, {
        "made_by": "tests/golden/make-mel-golden.py",
        "python": sys.version.split()[0], "librosa": librosa.__version__, "numpy": np.__version__,
    })


main()
