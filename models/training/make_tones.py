#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make_tones.py DIRECTORY [COUNT] - COUNT (160) recordings of 30 s that are not music.

Tones, hum, beeps, sirens, noises and clicks: one part of what genre-crnn learns not to take for music; models/README.md
has the commands.  22,050 Hz, mono, 16 bit, in a folder for each kind; the same files for the same COUNT.
"""
import pathlib
import sys
import wave

import numpy as np

RATE, SECONDS = 22050, 30
N = RATE * SECONDS
TIME = np.arange(N) / RATE


def log_uniform(random, low, high):
    return float(np.exp(random.uniform(np.log(low), np.log(high))))


def coloured(random, slope):
    """noise whose power falls with frequency^-slope"""
    spectrum = np.fft.rfft(random.standard_normal(N))
    frequency = np.maximum(np.fft.rfftfreq(N, 1 / RATE), 20)
    return np.fft.irfft(spectrum * frequency ** (-slope / 2), N)


def tone(random):
    frequency, kind = log_uniform(random, 40, 9000), random.integers(4)
    phase = (frequency * TIME + random.uniform()) % 1
    if kind == 0:
        return np.sign(phase - .5)
    if kind == 1:
        return 2 * phase - 1
    pair = np.sin(2 * np.pi * frequency * random.uniform(1.05, 1.9) * TIME) if kind == 2 else 0
    return np.sin(2 * np.pi * phase) + pair


def hum(random):
    base = random.choice([50, 60, 100, 120, log_uniform(random, 45, 400)])
    strengths = random.uniform(0, 1, 24) / np.arange(1, 25) ** random.uniform(.3, 2)
    out = sum(a * np.sin(2 * np.pi * (base * (k + 1) * TIME + random.uniform())) for k, a in enumerate(strengths))
    return out + log_uniform(random, 1e-4, .1) * random.standard_normal(N)


def beeps(random):
    period = log_uniform(random, .15, 4)
    gate = (TIME / period) % 1 < random.uniform(.1, .7)
    return gate * tone(random) + log_uniform(random, 1e-4, .03) * random.standard_normal(N)


def siren(random):
    period, low = log_uniform(random, .3, 8), log_uniform(random, 200, 1500)
    place = (TIME / period) % 1
    if random.integers(2):
        place = 1 - np.abs(2 * place - 1)
    return np.sin(2 * np.pi * np.cumsum(low * random.uniform(1.2, 4) ** place) / RATE)


def noise(random):
    out = coloured(random, random.uniform(-.5, 2.5))
    if random.integers(2):  # waves, wind: slow changes of level
        slow = np.interp(TIME, np.linspace(0, SECONDS, 24), random.uniform(.05, 1, 24))
        out *= slow
    return out


def clicks(random):
    out = np.zeros(N)
    if random.integers(2):
        places = random.integers(0, N, int(log_uniform(random, 10, 6000)))
    else:
        places = np.arange(0, N, max(1, int(RATE * log_uniform(random, .1, 2))))
    out[places] = random.uniform(.1, 1, len(places)) * random.choice([-1, 1], len(places))
    decay = np.exp(-np.arange(400) / log_uniform(random, 1, 100))
    return np.convolve(out, decay)[:N] + log_uniform(random, 1e-5, .003) * random.standard_normal(N)


KINDS = (tone, hum, beeps, siren, noise, clicks)


def main():
    folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 160
    for i in range(count):
        random = np.random.default_rng(i)
        kind = KINDS[i % len(KINDS)]
        out = kind(random)
        out *= log_uniform(random, .02, .9) / np.abs(out).max()
        (folder / kind.__name__).mkdir(parents=True, exist_ok=True)
        with wave.open(str(folder / kind.__name__ / f"{i:03}.wav"), "wb") as file:
            file.setparams((1, 2, RATE, N, "NONE", ""))
            file.writeframes(np.round(out * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
