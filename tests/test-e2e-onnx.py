#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-e2e-onnx.py - examples/export_onnx.py: what ONNX Runtime says of its files is what the models say.

Skipped where Python has no `onnx` or no `onnxruntime`; both come from `pip install onnx onnxruntime`.
"""

import pathlib
import sys
import tempfile

import numpy as np

import numpy_genre
import pipeline

try:
    import onnx
    import onnxruntime
except ImportError as error:
    pipeline.skip(f"no ONNX for this Python: {error}")

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "examples"))

import export_onnx  # noqa: E402


def lstm(sequence, layer, tensor):
    act, gate = numpy_genre.ACTIVATIONS[layer["activation"]], numpy_genre.ACTIVATIONS["sigmoid"]
    state = cell = np.zeros(layer["units"])
    for x in sequence:
        i, f, c, o = np.split(x @ tensor["kernel"] + state @ tensor["recurrent_kernel"] + tensor["bias"], 4)
        cell = gate(f) * cell + gate(i) * act(c)
        state = gate(o) * act(cell)
    return state


# Layers of the deck's networks, which the oracle of the stream has no use for; images are [time][mel][channels].
numpy_genre.LAYERS |= {
    "time_distributed_flatten": lambda x, layer, tensor: x.transpose(1, 0, 2).reshape(x.shape[1], -1),
    "flatten": lambda x, layer, tensor: x.transpose(1, 0, 2).reshape(-1),
    "expand_dims": lambda x, layer, tensor: x[:, np.newaxis],
    "lstm": lstm,
}


def expected_of(model, levels):
    """[frames][bands] dB -> probabilities, and those of each head"""
    normalize = model.recipe["normalize"]
    vector = model.run((levels - normalize["mean"]) / normalize["std"], model.body())
    results = {"probabilities": model.through(model.network[model.body() :], vector)}
    return results | {name: model.through(layers, vector) for name, layers in model.heads.items()}


def check_model(checks, weights, path):
    model = numpy_genre.Model(weights)
    onnx.save(export_onnx.export(weights), path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(len(weights.stem))
    names = [output.name for output in session.get_outputs()]

    for frames in {model.least, model.window}:
        levels = random.normal(-20, 15, (3, frames, len(model.recipe["normalize"]["mean"]))).astype(np.float32)
        found = dict(zip(names, session.run(None, {"levels": levels})))
        for b, one in enumerate(levels.astype(float)):
            for name, expected in expected_of(model, one).items():
                checks.close(found[name][b], expected, 1e-5, f"{weights.stem}, {frames} frames, {name} of {b}")


def main():
    checks = pipeline.Verdict()
    models = sorted((ROOT / "models" / "weights").glob("*.safetensors"))
    checks.check(len(models) >= 4, f"{len(models)} models")
    with tempfile.TemporaryDirectory() as folder:
        for weights in models:
            check_model(checks, weights, f"{folder}/model.onnx")
    checks.exit()


main()
