#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-e2e-few-voices.py - music of one instrument, or under a voice, is music to the embedded model.

A flute and a singer alone, a drum solo, a slow piano, pads, and speech over a beat, as a sound font plays them and
espeak-ng speaks.
"""
import numpy as np

import played_music
import spoken
from pipeline import Verdict, classify, need, skip

SEEDS = range(3)
SHARE = .75  # of the windows, that are music


def rms(samples):
    return np.sqrt(np.mean(samples ** 2))


def rap(random):
    """speech at half of the level of the beat"""
    beat = played_music.beat(random)
    voice = spoken.speak("en-gb")
    at = np.arange(len(beat)) * spoken.RATE / played_music.RATE
    voice = np.interp(at, np.arange(len(voice)), voice, right=0)
    return beat / rms(beat) + .5 * voice / rms(voice)


def check_music(verdict, what, samples):
    verdict.check(len(samples) >= 20 * played_music.RATE, f"{what}: {len(samples)} samples")
    samples = (samples / np.abs(samples).max() * .5).astype("<f4")
    messages = classify(samples, played_music.RATE, music_threshold=.5)
    final, states = messages[-1], [message.state for message in messages if not message.final]
    seen = f"{what}: {states.count('ok')} of {len(states)} windows, final {final.state}, {final.summary}"
    print(seen)
    verdict.check(len(states) >= 15 and states.count("ok") >= SHARE * len(states), seen)
    verdict.check(final.final and final.state == "ok" and final.label != "unknown", seen)


def main():
    verdict = Verdict()
    need("appsrc")
    if not played_music.can_play():
        skip("fluidsynth and a sound font (Debian: fluidsynth, timgm6mb-soundfont)")
    names = "flute", "singer", "drum_solo", "slow_piano", "pads", "beat"
    pieces = {name: getattr(played_music, name) for name in names}
    if spoken.can_speak():
        pieces["rap"] = rap
    for name, piece in pieces.items():
        for seed in SEEDS:
            check_music(verdict, f"{name} {seed}", piece(np.random.default_rng(seed)))
    verdict.exit()


if __name__ == "__main__":
    main()
