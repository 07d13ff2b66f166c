#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""export_onnx.py MODEL.safetensors MODEL.onnx - a genre model for any runtime that reads ONNX.

Needs NumPy and the package `onnx`; neither GStreamer nor the plugin.  Every layer of docs/model-file.md is written but
`hard_sigmoid` gates and GRUs without `reset_after`: those are an error that names the layer.

    input    levels [batch][frames][bands]   dB of each band, after `ref` and `top_db`, before `normalize`; float32
    outputs  probabilities [batch][labels]   and one more for each head, by its name: music [batch][1]

The labels and the front end are in the metadata of the ONNX file, as they are in the model.
"""

import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def read_model(path):
    """-> metadata {str: str}, tensors {str: float32 array}"""
    data = pathlib.Path(path).read_bytes()
    header_bytes = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + header_bytes])
    metadata = header.pop("__metadata__", {})
    if metadata.get("format") != "genre-model":
        sys.exit(f"{path}: expected the format genre-model, found {metadata.get('format')}")
    body = data[8 + header_bytes :]
    tensors = {}
    for name, entry in header.items():
        first, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(body[first:end], "<f4").reshape(entry["shape"])
    return metadata, tensors


def both(value):
    """[mel, time] of a key that may be one word or number"""
    return list(value) if isinstance(value, list) else [value, value]


ACTIVATIONS = {"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu"}


class Graph:
    """Nodes in their order.  Images are [batch][channels][mel][time], sequences [steps][batch][values]."""

    def __init__(self, tensors):
        self.tensors, self.nodes, self.constants = tensors, [], []

    def constant(self, value):
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind, inputs, n_outputs=1, **attributes):
        """-> the name of the node's last output"""
        outputs = [f"{kind}{len(self.nodes)}_{i}" for i in range(n_outputs)]
        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs[-1]

    def reshape(self, x, shape):
        return self.add("Reshape", [x, self.constant(np.array(shape, np.int64))])

    def squeeze(self, x, axis):
        return self.add("Squeeze", [x, self.constant(np.array([axis], np.int64))])

    def tensor(self, layer, name):
        return self.tensors[f"{layer['name']}/{name}"]


def conv2d(graph, x, layer):
    kernel = graph.tensor(layer, "kernel")  # [mel][time][in][out]
    before = [(size - 1) // 2 for size in kernel.shape[:2]]
    same = [word == "same" for word in both(layer.get("padding", "valid"))]
    pads = [b * s for b, s in zip(before, same)]
    pads += [(size - 1 - b) * s for size, b, s in zip(kernel.shape[:2], before, same)]
    inputs = [x, graph.constant(kernel.transpose(3, 2, 0, 1))]
    if layer.get("use_bias", True):
        inputs.append(graph.constant(graph.tensor(layer, "bias")))
    return graph.add("Conv", inputs, kernel_shape=kernel.shape[:2], pads=pads)


def batch_norm(graph, x, layer):
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    inputs = [x] + [graph.constant(graph.tensor(layer, name)) for name in names]
    return graph.add("BatchNormalization", inputs, epsilon=layer.get("epsilon", 1e-3))


def pool2d(graph, x, layer):
    pool = both(layer.get("pool", 2))
    kind = {"max_pool2d": "MaxPool", "avg_pool2d": "AveragePool"}[layer["type"]]
    return graph.add(kind, [x], kernel_shape=pool, strides=pool)


def to_sequence(graph, x, layer):
    return graph.reshape(graph.add("Transpose", [x], perm=[3, 0, 1, 2]), [0, 0, -1])


def time_distributed_flatten(graph, x, layer):
    return graph.reshape(graph.add("Transpose", [x], perm=[2, 0, 3, 1]), [0, 0, -1])


def flatten(graph, x, layer):
    return graph.reshape(graph.add("Transpose", [x], perm=[0, 2, 3, 1]), [0, -1])


def expand_dims(graph, x, layer):
    steps = graph.add("Transpose", [x], perm=[1, 0])
    return graph.add("Unsqueeze", [steps, graph.constant(np.array([2], np.int64))])


def recurrent(graph, x, layer):
    gates, order = {"gru": (3, [0, 1, 2]), "lstm": (4, [0, 3, 1, 2])}[layer["type"]]  # ONNX: z r h and i o f c
    words = layer.get("recurrent_activation", "sigmoid"), layer.get("activation", "tanh")
    if any(word not in ACTIVATIONS for word in words) or not layer.get("reset_after", True):
        sys.exit(f"{layer['name']}: ONNX has no {layer['type']} with {' and '.join(words)}, or without reset_after")
    gate, act = (ACTIVATIONS[word] for word in words)

    def stacked(tensor):  # [in][gates u] -> [1][gates u][in]
        parts = np.split(tensor, gates, axis=1)
        return graph.constant(np.concatenate([parts[i] for i in order], axis=1).T[np.newaxis])

    bias = graph.tensor(layer, "bias").reshape(-1, gates, layer["units"])[:, order]
    both_biases = np.zeros((2, gates, layer["units"]), np.float32)
    both_biases[: len(bias)] = bias
    kernels = stacked(graph.tensor(layer, "kernel")), stacked(graph.tensor(layer, "recurrent_kernel"))
    inputs = [x, *kernels, graph.constant(both_biases.reshape(1, -1))]
    if layer["type"] == "gru":
        more = {"linear_before_reset": 1, "activations": [gate, act]}
    else:
        more = {"activations": [gate, act, act]}
    kind = layer["type"].upper()
    if layer.get("return_sequences", False):
        return graph.squeeze(graph.add(kind, inputs, 1, hidden_size=layer["units"], **more), 1)
    return graph.squeeze(graph.add(kind, inputs, 2, hidden_size=layer["units"], **more), 0)


def temporal_pool(graph, x, layer):
    kinds = {"mean": "ReduceMean", "max": "ReduceMax"}
    stats = [graph.add(kinds[stat], [x], axes=[0], keepdims=0) for stat in layer["stats"]]
    return graph.add("Concat", stats, axis=-1)


def dense(graph, x, layer):
    product = graph.add("MatMul", [x, graph.constant(graph.tensor(layer, "kernel"))])
    if not layer.get("use_bias", True):
        return product
    return graph.add("Add", [product, graph.constant(graph.tensor(layer, "bias"))])


def softmax(graph, x, layer):
    divisor = graph.constant(np.float32(layer.get("temperature", 1.0)))
    return graph.add("Softmax", [graph.add("Div", [x, divisor])], axis=-1)


LAYERS = {
    "conv2d": conv2d,
    "batch_norm": batch_norm,
    "max_pool2d": pool2d,
    "avg_pool2d": pool2d,
    "to_sequence": to_sequence,
    "time_distributed_flatten": time_distributed_flatten,
    "flatten": flatten,
    "expand_dims": expand_dims,
    "gru": recurrent,
    "lstm": recurrent,
    "temporal_pool": temporal_pool,
    "dense": dense,
    "softmax": softmax,
    "dropout": lambda graph, x, layer: x,
    "relu": lambda graph, x, layer: graph.add("Relu", [x]),
    "elu": lambda graph, x, layer: graph.add("Elu", [x]),
    "tanh": lambda graph, x, layer: graph.add("Tanh", [x]),
    "sigmoid": lambda graph, x, layer: graph.add("Sigmoid", [x]),
    "hard_sigmoid": lambda graph, x, layer: graph.add("HardSigmoid", [x], alpha=0.2, beta=0.5),
}


def through(graph, x, layers):
    for layer in layers:
        if layer["type"] not in LAYERS:
            sys.exit(f"layer {layer['type']}: expected one of {', '.join(LAYERS)}")
        x = LAYERS[layer["type"]](graph, x, layer)
    return x


def export(path):
    """-> onnx.ModelProto"""
    metadata, tensors = read_model(path)
    normalize = json.loads(metadata["frontend"])["normalize"]
    network, heads = json.loads(metadata["network"]), json.loads(metadata.get("heads", "{}"))
    body = max(i for i, layer in enumerate(network) if layer["type"] == "dense")

    graph = Graph(tensors)
    mean, std = (graph.constant(np.array(normalize[name], np.float32)) for name in ("mean", "std"))
    levels = graph.add("Div", [graph.add("Sub", ["levels", mean]), std])
    image = graph.add("Unsqueeze", [levels, graph.constant(np.array([1], np.int64))])
    vector = through(graph, graph.add("Transpose", [image], perm=[0, 1, 3, 2]), network[:body])
    results = {"probabilities": through(graph, vector, network[body:])}
    results |= {name: through(graph, vector, layers) for name, layers in heads.items()}
    for name, result in results.items():
        graph.nodes.append(helper.make_node("Identity", [result], [name]))

    frames = "frames" if metadata["window_frames"] != metadata["min_frames"] else int(metadata["window_frames"])
    shape = ["batch", frames, len(normalize["mean"])]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            pathlib.Path(path).stem,
            [helper.make_tensor_value_info("levels", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", None]) for name in results],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    helper.set_model_props(model, {name: metadata[name] for name in ("labels", "frontend")})
    onnx.checker.check_model(model)
    return model


def main(argv):
    if len(argv) != 3:
        sys.exit("usage: export_onnx.py MODEL.safetensors MODEL.onnx")
    onnx.save(export(argv[1]), argv[2])


if __name__ == "__main__":
    main(sys.argv)
