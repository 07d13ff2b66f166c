# SPDX-License-Identifier: LGPL-2.1-or-later
"""made_music.py - three kinds of music that differ in timbre and rhythm, for tests of the tool that need no recordings.
"""

import os
import wave

import numpy as np

RATE = 22050


def tones(noise, count, pitches, beat, decay):
    """notes of a few partials, one each `beat` seconds, dying away"""
    time_s = np.arange(count) / RATE
    out = np.zeros(count)
    for begin in np.arange(0, count / RATE, beat):
        since = time_s - begin
        pitch = noise.choice(pitches)
        note = sum(np.sin(2 * np.pi * pitch * k * since) / k for k in (1, 2, 3))
        out += np.where(since >= 0, note * np.exp(-np.maximum(since, 0) / decay), 0)
    return out


def music(kind, seed, seconds=12):
    """[samples] int16"""
    noise = np.random.default_rng([seed, len(kind)])
    count = int(seconds * RATE)
    time_s = np.arange(count) / RATE
    if kind == "bells":
        pcm = tones(noise, count, [880, 1175, 1319, 1760], 0.8 + 0.2 * noise.random(), 0.7)
    elif kind == "drone":
        pitch = 55 * 2 ** (noise.random() / 2)
        pcm = sum(np.sin(2 * np.pi * pitch * k * time_s + 6 * noise.random()) / k for k in range(1, 6))
        pcm *= 1 + 0.3 * np.sin(2 * np.pi * 0.2 * time_s)
    else:  # "drums"
        beat = 0.24 + 0.06 * noise.random()
        pcm = noise.standard_normal(count) * np.exp(-(time_s % beat) / 0.03)
    pcm = pcm / np.abs(pcm).max() * (0.2 + 0.4 * noise.random()) + 1e-4 * noise.standard_normal(count)
    return (pcm * 32767).astype("<i2")


KINDS = ["bells", "drone", "drums"]


def write_wav(path, pcm, rate=RATE):
    """[samples] or [samples][channels] int16; path: text, bytes or a path, whose folder is made"""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as raw, wave.open(raw, "wb") as file:
        file.setnchannels(1 if pcm.ndim == 1 else pcm.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm.tobytes())
