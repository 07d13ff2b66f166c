#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The genres of recordings as a script of librosa and Keras has them, with a network of the deck's: what
bench-identify compares `gst-genre-1.0 identify` with.

  bench-identify-keras.py MODEL STEP FILE...

MODEL: models/weights/deck-cnn-gru.safetensors.  STEP: seconds from window to window; 1 has the windows of `identify`, 0
whole windows side by side, which is the least that such a script does.  One call of the network has all windows of a
recording.  Prints a line a file: label, probability, name; and on standard error the seconds of processor time, of all
threads, until everything is imported and the network built, and from then on.  Needs `pip install librosa
tensorflow-cpu`; is no part of the tests.
"""

import json
import sys
import time

import keras
import librosa
import numpy as np

from numpy_genre import read_safetensors


def read_model(path):
    metadata, tensors = read_safetensors(path)
    return {key: json.loads(metadata[key]) for key in ("labels", "frontend", "window_frames")}, tensors


def build(tensors, bands, frames):
    """the deck's CNN-GRU: its GRU goes up the mel axis"""
    layers = keras.layers
    network = keras.Sequential([
        keras.Input((bands, frames, 1)),
        layers.Conv2D(16, 3, activation="relu", name="conv1"),
        layers.Conv2D(16, 3, activation="relu", name="conv2"),
        layers.MaxPool2D(2),
        layers.TimeDistributed(layers.Flatten()),
        layers.Dense(32, activation="relu", name="dense1"),
        layers.GRU(64, name="gru"),
        layers.Dense(10, activation="softmax", name="dense2"),
    ])  # fmt: skip
    for layer in network.layers:
        own = [tensors[f"{layer.name}/{part}"] for part in ("kernel", "recurrent_kernel", "bias")
               if f"{layer.name}/{part}" in tensors]  # fmt: skip
        if own:
            layer.set_weights(own)
    return network


def levels(pcm, recipe, frames, step_s):
    """[windows][bands][frames] dB, normalised: each window below its loudest band"""
    power = librosa.feature.melspectrogram(
        y=pcm, sr=recipe["sample_rate"], n_fft=recipe["n_fft"], hop_length=recipe["hop_length"],
        n_mels=recipe["n_mels"], fmin=recipe["fmin"], fmax=recipe["fmax"])  # fmt: skip
    power = power.reshape(-1, recipe["band_pool"], power.shape[1]).mean(1)
    step = step_s * recipe["sample_rate"] / recipe["hop_length"] or frames
    starts = [int(k * step) for k in range(int((power.shape[1] - frames) / step) + 1)]
    windows = [power[:, start : start + frames] for start in starts]
    normalize = recipe["normalize"]
    mean, std = (np.array(normalize[key], np.float32)[:, np.newaxis] for key in ("mean", "std"))
    return [(librosa.power_to_db(w, ref=np.max, amin=recipe["amin"], top_db=80) - mean) / std for w in windows]


def main(path, step_s, files):
    settings, tensors = read_model(path)
    recipe, frames = settings["frontend"], settings["window_frames"]
    network = build(tensors, len(recipe["normalize"]["mean"]), frames)
    ready = time.process_time()
    for name in files:
        pcm, _ = librosa.load(name, sr=recipe["sample_rate"])
        windows = np.stack(levels(pcm, recipe, frames, step_s))[..., np.newaxis]
        mean = np.log(np.maximum(network(windows).numpy(), 1e-12)).mean(0)
        p = np.exp(mean) / np.exp(mean).sum()
        print(settings["labels"][p.argmax()], round(float(p.max()), 4), name, flush=True)
    print(f"{ready:.2f} {time.process_time() - ready:.2f}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3:])
