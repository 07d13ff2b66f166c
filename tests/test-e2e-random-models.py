#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Models that nobody tuned anything for, on synthetic sound: every message is what numpy_genre.py works out."""

import math
import pathlib
import tempfile

import numpy as np

import numpy_genre
import random_model
from pipeline import FIELDS, NONE, Verdict, classify, need

MS = 10**6
SECOND = 10**9
NEAR = 1e-4  # of a probability; the contract asks for 1e-3
# Of each model: input rate, channels, format, seconds, first PTS, properties.  Rates below, at, above and far from the
# models' own; the lowest that is analysed; a prime; intervals that no hop divides, and one shorter than a hop.
CASES = [
    (0, 16000, 1, "F32LE", 12.0, 0, dict(music_threshold=0.7)),
    (1, 44100, 2, "F32LE", 13.0, 1234567891, dict(smoothing=1500 * MS)),
    (2, 22050, 1, "S16LE", 12.3, 3600 * SECOND + 1, dict(threshold=0.6)),
    (3, 48000, 2, "F32LE", 11.0, 0, dict(interval=500 * MS)),
    (4, 44056, 3, "F32LE", 12.0, 7, dict(interval=333333333, smoothing=0)),
    (5, 96000, 2, "S16LE", 9.0, 40 * MS, dict(smoothing=100 * SECOND)),
    (6, 8000, 1, "F32LE", 12.0, 0, dict(silence_threshold=-30.0, music_threshold=0.15)),
    (7, 11025, 6, "F32LE", 14.0, 99999999999, {}),
    (8, 2000, 1, "F32LE", 15.0, 0, dict(interval=700 * MS)),
    (9, 32003, 2, "F32LE", 8.0, 0, dict(interval=1, smoothing=3 * SECOND, music_threshold=0.02)),
    (10, 24000, 8, "F32LE", 10.0, 1, dict(music_threshold=0.0)),
    (11, 192000, 1, "F32LE", 7.0, 0, dict(silence_threshold=-200.0)),
    (12, 16000, 2, "F32LE", 12.0, 0, dict(window=59 * 32 * MS, music_threshold=0.03)),
    (18, 44100, 1, "F32LE", 12.0, 0, dict(window=100 * 32 * MS)),
]
WINDOWS = {12: 59, 18: 100}  # frames that `window` is, exactly, at 512 samples of 16 kHz


def sound(seed, rate, channels, seconds):
    """[samples][channels]: chords, sweeps and noise that come and go, not the same in each channel; 3 s silent"""
    random = np.random.default_rng(seed)
    count = int(seconds * rate)
    t = np.arange(count) / rate
    common = np.zeros(count)
    for _ in range(6):
        hz = float(np.exp(random.uniform(np.log(60), np.log(0.4 * rate))))
        slow, phase = random.uniform(0.1, 2), random.uniform(0, 6)
        common += 0.06 * np.sin(2 * np.pi * hz * t) * (1 + np.sin(2 * np.pi * slow * t + phase))
    low, high = 0.01 * rate, 0.45 * rate
    turn = (t * random.uniform(0.15, 0.4)) % 1
    common += 0.1 * np.sin(2 * np.pi * np.cumsum(low * (high / low) ** turn) / rate)
    out = np.empty((count, channels))
    for c in range(channels):
        beat = np.exp(-8 * ((t * random.uniform(1.2, 3)) % 1))
        out[:, c] = random.uniform(0.6, 1) * common + 0.15 * beat * random.normal(size=count)
    quiet = (t > 4) & (t < 7)
    out[quiet] = 1e-5 * random.normal(size=(int(quiet.sum()), channels))  # -100 dBFS
    return np.clip(out, -0.99, 0.99)


def stored(out, format):
    """-> samples as the element gets them, and their exact values"""
    if format == "S16LE":
        samples = np.round(out * 32767).astype("<i2")
        return samples, samples.astype(np.float64) / 32768
    samples = out.astype("<f4")
    return samples, samples.astype(np.float64)


def compare(verdict, name, model, rate, first_pts, threshold, messages, expected):
    """every field of every message"""
    verdict.check(len(messages) == len(expected), f"{name}: {len(messages)} messages, expected {len(expected)}")
    for i, (m, a) in enumerate(zip(messages, expected)):
        which = f"{name}, message {i}"
        verdict.check(m.names == FIELDS, f"{which}: fields {m.names}")
        start = first_pts + a.first * SECOND // rate if a.length else NONE  # nothing came, so nobody knows when
        for field in ("timestamp", "stream_time", "running_time"):
            found = getattr(m, field)
            verdict.check(abs(found - start) <= 1, f"{which}: {field} {found}, expected {start}")
        length = a.length * SECOND // rate
        verdict.check(abs(m.duration - length) <= 1, f"{which}: duration {m.duration}, expected {length}")
        for field in ("state", "final", "windows"):
            found, right = getattr(m, field), getattr(a, field)
            verdict.check(found == right, f"{which}: {field} {found}, expected {right}")
        verdict.check(m.labels == model.labels, f"{which}: labels {m.labels}")
        verdict.close(m.probabilities, a.probabilities, NEAR, f"{which}: probabilities")
        verdict.close(m.smoothed, a.smoothed, NEAR, f"{which}: smoothed")
        verdict.close(m.music, a.music, NEAR, f"{which}: music")
        for values in (m.probabilities, m.smoothed):
            verdict.check(abs(math.fsum(values) - 1) <= 1e-6, f"{which}: the sum is {math.fsum(values)!r}")
        compare_label(verdict, which, model, threshold, m, a.index >= 0 or a.confidence > 0)


def compare_label(verdict, which, model, threshold, m, known):
    """label, confidence, index and summary follow from `smoothed`, so that a near tie cannot upset the test"""
    best = int(np.argmax(m.smoothed))
    if not known:
        expected = ("unknown", 0.0, -1)
    elif m.smoothed[best] < threshold:
        expected = ("unknown", m.smoothed[best], -1)
    else:
        expected = (model.labels[best], m.smoothed[best], best)
    found = (m.label, m.confidence, m.index)
    verdict.check(found == expected, f"{which}: {found}, expected {expected}")
    if known and m.state == "ok":
        top = [i for i in np.argsort(-np.array(m.smoothed), kind="stable")[:3] if m.smoothed[i] >= 0.05]
        right = ", ".join(f"{model.labels[i]} {percent(m.smoothed[i])} %" for i in top)
        verdict.check(m.summary == right, f"{which}: summary {m.summary!r}, expected {right!r}")
    elif m.state == "silence":
        verdict.check(m.summary == "silence", f"{which}: summary {m.summary!r} of silence")
    elif m.state == "not-music":
        verdict.check(m.summary == "not music", f"{which}: summary {m.summary!r} of what is not music")
    elif m.state == "too-short":
        verdict.check(m.summary == "too short", f"{which}: summary {m.summary!r} of a run too short")


def percent(value):
    return math.floor(100 * value + 0.5)


def run_case(verdict, directory, case):
    seed, rate, channels, format, seconds, first_pts, properties = case
    name = f"model {seed} at {rate} Hz, {channels} channels"
    metadata, tensors = random_model.random_model(seed)
    path = pathlib.Path(directory, f"{seed}.safetensors")
    path.write_bytes(random_model.safetensors(metadata, tensors))
    model = numpy_genre.Model(path)
    samples, values = stored(sound(seed, rate, channels, seconds), format)
    names = {"silence_threshold": "silence_db"}
    wanted = {names.get(key, key): value for key, value in properties.items() if key != "window"}
    expected = numpy_genre.answers(model, values.mean(axis=1), rate, window_frames=WINDOWS.get(seed, 0), **wanted)
    properties = {"music_threshold": 0.5, **properties}
    messages = classify(samples, rate, first_pts, format=format, model=path, **properties)
    compare(verdict, name, model, rate, first_pts, properties.get("threshold", 0.0), messages, expected)
    verdict.check(sum(a.state == "ok" for a in expected) >= 4, f"{name}: the sound gives too few windows")
    return model, expected


def test_models(verdict, directory):
    kinds, states, tops = set(), set(), []
    for case in CASES:
        model, expected = run_case(verdict, directory, case)
        kinds |= {layer["type"] for layer in model.network + model.heads.get("music", [])}
        states |= {a.state for a in expected}
        tops += [max(a.probabilities) * len(model.labels) ** 0.5 for a in expected if a.state == "ok"]
    # That the test hunts what it says: all layers, silent windows, and answers worth comparing.
    verdict.check(kinds == set(numpy_genre.LAYERS), f"layers used: {sorted(kinds)}")
    verdict.check({"silence", "not-music"} <= states, f"states: {sorted(states)}")
    verdict.check(np.median(tops) > 0.9 and np.mean(np.array(tops) < 0.2) < 0.1, "the answers are nearly uniform")


def test_short_runs(verdict, directory):
    """nothing at all, less than a window, silence only"""
    for seed in (0, 2, 4, 6, 8, 10):
        metadata, tensors = random_model.random_model(seed)
        path = pathlib.Path(directory, f"{seed}.safetensors")
        path.write_bytes(random_model.safetensors(metadata, tensors))
        model = numpy_genre.Model(path)
        rate = 22050
        needed = model.least * model.recipe["hop_length"] / model.recipe["sample_rate"]
        for seconds in (0, 0.02, 0.5 * needed, 0.9 * needed):
            samples, values = stored(sound(seed, rate, 1, seconds), "F32LE")
            expected = numpy_genre.answers(model, values[:, 0], rate)
            messages = classify(samples, rate, model=path, music_threshold=0.5)
            compare(verdict, f"model {seed}, {seconds:.2f} s", model, rate, 0, 0, messages, expected)
            verdict.check(expected[-1].state == "too-short", f"{seconds} s are too short for model {seed}")
        samples = np.zeros(5 * rate, "<f4")
        expected = numpy_genre.answers(model, samples.astype(float), rate)
        messages = classify(samples, rate, model=path, music_threshold=0.5)
        compare(verdict, f"model {seed}, silence", model, rate, 0, 0, messages, expected)
        verdict.check(all(a.state == "silence" for a in expected), "five seconds of zeros are silence")


def test_swapped_outputs(verdict, directory):
    """rows of the last layer and labels in another order: the same messages, permuted, to the last bit"""
    for seed in (0, 3, 6, 9):
        metadata, tensors = random_model.random_model(seed)
        order = np.roll(np.random.default_rng(seed).permutation(tensors["predictions/bias"].size), 1)
        paths = [pathlib.Path(directory, f"{seed}-{which}.safetensors") for which in ("plain", "swapped")]
        paths[0].write_bytes(random_model.safetensors(metadata, tensors))
        paths[1].write_bytes(random_model.safetensors(*random_model.swap_outputs(metadata, tensors, order)))
        samples, _ = stored(sound(seed, 22050, 1, 10), "F32LE")
        plain, swapped = (classify(samples, 22050, model=path, music_threshold=0.5) for path in paths)
        verdict.check(len(plain) == len(swapped) > 5, f"model {seed}: {len(plain)} and {len(swapped)} messages")
        for i, (a, b) in enumerate(zip(plain, swapped)):
            which = f"model {seed} swapped, message {i}"
            for field in ("labels", "probabilities", "smoothed"):
                right = [getattr(a, field)[j] for j in order]
                found = getattr(b, field)
                verdict.check(found == right, f"{which}: {field} differ: {differences(found, right)}")
            same = ("timestamp", "duration", "label", "confidence", "music", "summary", "state", "final", "windows")
            for field in same:
                found, right = getattr(b, field), getattr(a, field)
                verdict.check(found == right, f"{which}: {field} {found!r}, unswapped {right!r}")


def differences(found, right):
    return [(x, y) for x, y in zip(found, right) if x != y][:3]


def main():
    need("appsrc", "fakesink")
    verdict = Verdict()
    with tempfile.TemporaryDirectory() as directory:
        test_models(verdict, directory)
        test_short_runs(verdict, directory)
        test_swapped_outputs(verdict, directory)
    verdict.exit()


if __name__ == "__main__":
    main()
