#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-e2e-nonsense.py - the embedded model names no genre where there is no music.

Constant, tones, hum, noises, clicks, applause, rain and an engine are made here, with other parameters than those that
make_tones.py teaches; voices in ten languages come from espeak-ng.  The recordings of ../shared,
where they are there, are music.
"""
import collections
import os
import pathlib

import numpy as np

import spoken
from pipeline import Verdict, classify, need, quoted, run

ROOT = pathlib.Path(__file__).resolve().parent.parent
RATE, SECONDS = 44100, 20
N = RATE * SECONDS
TIME = np.arange(N) / RATE


def band(random, low, high):
    """noise between two frequencies"""
    spectrum = np.fft.rfft(random.standard_normal(N))
    frequency = np.fft.rfftfreq(N, 1 / RATE)
    return np.fft.irfft(np.where((frequency >= low) & (frequency <= high), spectrum, 0), N)


def pink(random):
    spectrum = np.fft.rfft(random.standard_normal(N))
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(np.fft.rfftfreq(N, 1 / RATE), 10)), N)


def bursts(random, each_second, length, low, high):
    """short pieces of noise at random places, as many hands or drops"""
    source, out = band(random, low, high), np.zeros(N)
    shape = np.exp(-np.arange(int(length * RATE)) / (length * RATE / 5))
    for place in random.integers(0, N - len(shape), each_second * SECONDS):
        out[place:place + len(shape)] += shape * source[place:place + len(shape)]
    return out


def engine(random):
    """a four-stroke one at 1800 a minute: harmonics of 15 Hz, no two strokes alike, and what the fan adds"""
    strokes = sum(np.sin(2 * np.pi * (15 * k * TIME + random.uniform())) / k ** 1.2 for k in range(1, 60))
    jitter = np.interp(TIME, np.linspace(0, SECONDS, 30 * SECONDS), random.uniform(.7, 1, 30 * SECONDS))
    return strokes * jitter + .3 * band(random, 80, 2500)


def sounds():
    """{what: samples}"""
    random = np.random.default_rng(20)
    return {
        "sine of 440 Hz": np.sin(2 * np.pi * 440 * TIME),
        "sine of 1 kHz": np.sin(2 * np.pi * 1000 * TIME),
        "hum of 50 Hz": sum(np.sin(2 * np.pi * 50 * k * TIME) / k for k in range(1, 16)),
        "hum of 60 Hz": sum(np.sin(2 * np.pi * 60 * k * TIME) / k ** 1.5 for k in range(1, 12)),
        "white noise": random.standard_normal(N),
        "pink noise": pink(random),
        "clicks": bursts(random, 7, .004, 200, 8000),
        "applause": bursts(random, 900, .02, 600, 6000),
        "rain": bursts(random, 3000, .004, 2000, 14000) + .3 * band(random, 500, 10000),
        "engine": engine(random),
    }


def play(samples, rate=RATE):
    """-> the messages"""
    return classify((samples / np.abs(samples).max() * .3).astype("<f4"), rate, music_threshold=.5)


def check_not_music(verdict, what, messages):
    states = collections.Counter(message.state for message in messages if not message.final)
    final = messages[-1]
    seen = f"{what}: windows {dict(states)}, final {final.state}, music {final.music:.2f}, {final.summary}"
    print(seen)
    verdict.check(final.final and final.state == "not-music" and final.label == "unknown", seen)
    verdict.check(states["ok"] <= .1 * sum(states.values()) and sum(states.values()) >= 10, seen)


def check_recordings(verdict):
    shared = pathlib.Path(os.environ.get("GENRE_SHARED") or ROOT.parent / "shared")
    recordings = sorted((shared / "audio").glob("*.flac"))
    for path in recordings:
        source = f"filesrc location={quoted(path)} ! decodebin ! audioconvert"
        messages = run(f"{source} ! genreclassify ! fakesink sync=false")
        heard = [message.state for message in messages if not message.final]
        verdict.check(messages[-1].state == "ok" and heard.count("ok") >= .8 * len(heard), f"{path.name}: {heard}")
    print(f"{len(recordings)} recordings of music")


def main():
    verdict = Verdict()
    need("appsrc")
    for what, samples in sounds().items():
        check_not_music(verdict, what, play(samples))
    constant = play(np.ones(N))
    verdict.check(constant[-1].state == "silence", f"a constant: {constant[-1].state}")

    if spoken.can_speak():
        for language in spoken.LANGUAGES:
            samples = spoken.speak(language)[:spoken.RATE * SECONDS]
            verdict.check(len(samples) > 10 * spoken.RATE, f"{language}: {len(samples)} samples")
            check_not_music(verdict, f"speech, {language}", play(samples, spoken.RATE))
    else:
        print("no espeak-ng here: no voices")
    check_recordings(verdict)
    verdict.exit()


if __name__ == "__main__":
    main()
