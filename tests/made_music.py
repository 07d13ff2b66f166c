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


def pluck(noise, pitch, seconds):
    """a string: noise that goes round in a delay line and loses its edges (Karplus and Strong)"""
    line, parts = noise.standard_normal(max(2, round(RATE / pitch))), []
    for _ in range(int(seconds * pitch) + 1):
        parts.append(line)
        line = 0.498 * (line + np.roll(line, 1))
    return np.concatenate(parts)[: int(seconds * RATE)]


def add(out, at_s, sound):
    begin = int(at_s * RATE)
    sound = sound[: len(out) - begin]
    out[begin : begin + len(sound)] += sound


def band(noise, count):
    """[samples] chords, a melody and a beat: what the embedded model hears as music"""
    chords = [[220, 262, 330], [175, 220, 262], [196, 247, 294], [131, 165, 196]]
    time_s, out = np.arange(int(0.2 * RATE)) / RATE, np.zeros(count)
    for i, begin in enumerate(np.arange(0, count / RATE - 0.3, 0.5)):
        chord = chords[i // 4 % 4]
        for k, pitch in enumerate([*chord, chord[0] / 2]):
            add(out, begin + 0.01 * k, 0.3 * pluck(noise, pitch, 1.5))
        add(out, begin + 0.25, 0.25 * pluck(noise, 2 * noise.choice(chord), 0.6))
        kick = np.sin(2 * np.pi * 60 * time_s) * np.exp(-time_s / 0.06)
        snare = 0.25 * noise.standard_normal(len(time_s)) * np.exp(-time_s / 0.03)
        add(out, begin, snare if i % 2 else 0.9 * kick)
    return out / np.abs(out).max()


def music(kind, seed, seconds=12, share=0.5):
    """[samples] int16; share: of a band that plays beside what makes the kinds different"""
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
    if share > 0:
        pcm = pcm / np.abs(pcm).max() + share * band(noise, count)
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
