#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes small-model.safetensors, a genre model of 10 kB with seeded random weights, and model-answers.safetensors, to
which tests/test-models-answers.c holds the whole way from samples to the final answer.

    python3 tests/golden/make-model-golden.py

The answers are those of tests/numpy_genre.py, in double precision, from the model's file; no C code is asked.
Versions used: Python 3.11, NumPy 1.24.2.  The sound is made from integers on both sides, sample for sample the same.

Tensors of model-answers.safetensors, float32; RATE is that of the sound, 8000 (the model's) and 11025:
    RATE/power          [frames][bands]  of the first FRAMES frames
    layer/N             [values]         output of the network's first N layers for the first window at 8000 Hz, as
                                         numpy_genre lays it out: [time][mel][channels], [steps][values], [values]
    RATE/answers        [answers][5]     first sample, samples, state (0 ok, 1 silence), final, windows
    RATE/probabilities  [answers][labels]
    RATE/smoothed       [answers][labels]
"""
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import numpy_genre  # noqa: E402
import random_model  # noqa: E402

RATES = [8000, 11025]
SECONDS = 8
FRAMES = 48
INTERVAL_NS, SMOOTHING_NS, SILENCE_DB = 250_000_000, 1_000_000_000, -60.0


def sound(rate):
    """make_sound() of tests/test-models-answers.c: a square wave of another pitch in each half second, and noise that
    is louder in each second; nothing at all in the fifth and the sixth"""
    mask, state = 2**64 - 1, 1
    pcm = np.zeros(SECONDS * rate, np.float32)
    for i in range(len(pcm)):
        state ^= state >> 12
        state ^= state << 25 & mask
        state ^= state >> 27
        second = i // rate
        if second in (4, 5):
            continue
        noise = np.uint32((state * 2685821657736338717 & mask) >> 32).astype(np.int32)
        period = 16 + 13 * (2 * i // rate)
        square = np.float32(0.25 if i // period % 2 else -0.25)
        pcm[i] = square + np.float32(noise) * np.float32(2.0 ** (-40 + second))
    return pcm


def small_model():
    random = np.random.default_rng(7)
    recipe = {
        "sample_rate": 8000, "n_fft": 512, "hop_length": 200, "window": "hann", "n_mels": 32, "band_pool": 2,
        "fmin": 50.0, "fmax": 4000.0, "mel_scale": "slaney", "mel_norm": "slaney", "power": 2.0, "ref": 1.0,
        "amin": 1e-6, "top_db": None,
    }  # fmt: skip
    recipe["normalize"] = {"mean": np.linspace(-5, -30, 16).round(4).tolist(), "std": [12.0] * 16}
    build = random_model.Builder(random, 16, 40)
    for name, filters in (("conv1", 6), ("conv2", 8)):
        build.conv2d(name, filters, [3, 3], ["same", "valid"], True)
        build.batch_norm(f"{name}_norm", filters)
        build.plain("relu")
        build.max_pool2d([2, 2])
    build.to_sequence()
    build.network.append({"type": "gru", "name": "gru", "units": 8, "reset_after": True, "return_sequences": True})
    build.normal("gru/kernel", (build.values, 24), 1 / np.sqrt(build.values))
    build.normal("gru/recurrent_kernel", (8, 24), 0.5)
    build.normal("gru/bias", (2, 24), 0.2)
    build.values = 8
    build.network.append({"type": "temporal_pool", "stats": ["mean", "max"]})
    build.values *= 2
    build.dense("predictions", 4)
    build.plain("softmax", temperature=1.5)
    metadata = random_model.metadata_of(["one", "two", "three", "four"], recipe, build.network, 40, 20)
    metadata["training"] = '{"data": "none", "recipe": "tests/golden/make-model-golden.py"}'
    model = random_model.as_model(metadata, build.tensors)
    return metadata, {**build.tensors, **random_model.calibrate(model, random)}


def golden(model):
    tensors = {}
    for rate in RATES:
        pcm = sound(rate).astype(np.float64)
        spectrogram = numpy_genre.Spectrogram(model.recipe, rate)
        power = spectrogram.power(pcm, spectrogram.complete(len(pcm)))
        tensors[f"{rate}/power"] = power[:FRAMES]
        answers = numpy_genre.answers(model, pcm, rate, INTERVAL_NS, SMOOTHING_NS, SILENCE_DB, music_threshold=0)
        tensors[f"{rate}/answers"] = [[a.first, a.length, a.state == "silence", a.final, a.windows] for a in answers]
        tensors[f"{rate}/probabilities"] = [a.probabilities for a in answers]
        tensors[f"{rate}/smoothed"] = [a.smoothed for a in answers]
        if rate == model.recipe["sample_rate"]:
            x = numpy_genre.network_input(power[: model.least], model.recipe)
            for n in range(1, len(model.network) + 1):
                tensors[f"layer/{n}"] = model.run(x, n).ravel()
    return {name: np.asarray(value, np.float32) for name, value in tensors.items()}


def main():
    path = HERE / "small-model.safetensors"
    path.write_bytes(random_model.safetensors(*small_model()))
    tensors = golden(numpy_genre.Model(path))
    # tests/golden.h reads no blanks.
    answers = HERE / "model-answers.safetensors"
    answers.write_bytes(random_model.safetensors({"made_by": "tests/golden/make-model-golden.py"}, tensors, (",", ":")))
    for file in (path, answers):
        print(f"{file.name}: {file.stat().st_size} bytes")


if __name__ == "__main__":
    main()
