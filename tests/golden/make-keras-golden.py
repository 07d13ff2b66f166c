#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes keras.safetensors, to which tests/test-nn-keras.c holds nn/: what Keras makes of every layer of a model file
and of the deck's two networks, and what three steps of its AdamW make of their weights.

    python3 -m venv venv && venv/bin/pip install keras==3.15.1 torch==2.15.0 numpy==2.4.6
    venv/bin/python tests/golden/make-keras-golden.py

Versions used: Python 3.11, Keras 3.15.1 on PyTorch 2.15.0, NumPy 2.4.6 (they also stand in the file's metadata).

Weights and inputs are not in the file: both sides make them from a seed, so that 1.6 million cost nothing.  Keras
computes in float64, so that its own rounding is not in the way; it is given the float32 numbers of the C test.

The metadata has, for every case, what it is, as words: keys of the case (seed, bands, frames, samples, scale of the
input ...), then each layer's type, followed by its keys as in the model file.  A key that is absent is Keras's default
on one side and ours on the other.  Tensors, float32:
    forward/CASE/out       [samples][columns][rows][channels], [samples][steps][values] or [samples][values]
    train/CASE/targets     [samples][classes]  distributions
    train/CASE/loss, norm  [steps]             of each step, before it; of all gradients together, before clipping
    train/CASE/weights     [steps][values]     after each step, every stride()th value of each tensor
    train/CASE/logits      [samples][classes]  after all steps, as at inference

Keras is made to compute what nn/optimizer.h says in two points: weight decay leaves out biases, gamma and beta; and as
Keras adds epsilon to sqrt (v), not to sqrt (v / (1 - beta_2^step)), each step has its epsilon.  hard_sigmoid is that of
Keras 2, clip (.2 x + .5, 0, 1), which Keras 3 no longer has.
"""
import json
import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np
import torch

from golden_file import save

STEPS = 3
EPSILON, BETA_2 = 1e-8, 0.999

CONV = {"type": "conv2d", "filters": 3, "kernel": [3, 2]}  # makes channels of both signs
SEQUENCE = {"type": "to_sequence"}


def recurrent(kind, **keys):
    return [SEQUENCE, {"type": kind, "units": 6, "return_sequences": True, **keys}]


FORWARD = {
    "conv2d": [{"type": "conv2d", "filters": 4, "kernel": [3, 5]}],
    "conv2d-same": [CONV, {"type": "conv2d", "filters": 5, "kernel": [4, 3], "padding": "same"}],
    "conv2d-same-mel": [CONV, {"type": "conv2d", "filters": 4, "kernel": [5, 4], "padding": ["same", "valid"]}],
    "conv2d-same-time": [CONV, {"type": "conv2d", "filters": 4, "kernel": [3, 6], "padding": ["valid", "same"],
                                "use_bias": False}],
    "batch_norm": [{"type": "batch_norm"}],
    "batch_norm-folded": [CONV, {"type": "batch_norm", "epsilon": 1e-5}, {"type": "relu"}],
    "batch_norm-pooled": [CONV, {"type": "max_pool2d"}, {"type": "batch_norm", "epsilon": 0.1}],
    "relu": [{"type": "relu"}],
    "elu": [{"type": "elu"}],
    "tanh": [{"type": "tanh"}],
    "sigmoid": [{"type": "sigmoid"}],
    "hard_sigmoid": [{"type": "hard_sigmoid"}],
    "max_pool2d": [CONV, {"type": "max_pool2d"}],
    "max_pool2d-4-3": [CONV, {"type": "max_pool2d", "pool": [4, 3]}],
    "avg_pool2d": [CONV, {"type": "avg_pool2d", "pool": [2, 2]}],
    "avg_pool2d-3-1": [CONV, {"type": "avg_pool2d", "pool": [3, 1]}],
    "flatten": [CONV, {"type": "flatten"}],
    "time_distributed_flatten": [CONV, {"type": "time_distributed_flatten"}],
    "expand_dims": [CONV, {"type": "flatten"}, {"type": "expand_dims"}, {"type": "dense", "units": 2}],
    "to_sequence": [CONV, SEQUENCE],
    "dropout": [CONV, {"type": "dropout", "rate": 0.5}],
    "dense": [CONV, {"type": "flatten"}, {"type": "dense", "units": 7}],
    "dense-sequence": [SEQUENCE, {"type": "dense", "units": 7}],
    "dense-image": [CONV, {"type": "time_distributed_flatten"}, {"type": "dense", "units": 7, "use_bias": False}],
    "gru": [SEQUENCE, {"type": "gru", "units": 9}],
    "gru-sequences": recurrent("gru"),
    "gru-before": recurrent("gru", reset_after=False),
    "gru-hard": recurrent("gru", recurrent_activation="hard_sigmoid"),
    "gru-before-relu": recurrent("gru", reset_after=False, activation="relu"),
    "lstm": [SEQUENCE, {"type": "lstm", "units": 9}],
    "lstm-sequences": recurrent("lstm"),
    "lstm-relu": recurrent("lstm", activation="relu"),
    "lstm-hard": recurrent("lstm", recurrent_activation="hard_sigmoid"),
    "temporal_pool": [CONV, SEQUENCE, {"type": "temporal_pool", "stats": ["mean", "max"]}],
    "softmax": [CONV, {"type": "flatten"}, {"type": "dense", "units": 10}, {"type": "softmax"}],
    "softmax-temperature": [{"type": "flatten"}, {"type": "dense", "units": 10},
                            {"type": "softmax", "temperature": 2.5}],
}

CRNN = [  # as ours: the deck's networks have no batch_norm
    {"type": "conv2d", "filters": 6, "kernel": [3, 3], "padding": ["same", "valid"], "use_bias": False},
    {"type": "batch_norm", "momentum": 0.9}, {"type": "relu"}, {"type": "max_pool2d"},
    {"type": "conv2d", "filters": 8, "kernel": [3, 3], "padding": ["same", "valid"], "use_bias": False},
    {"type": "batch_norm", "momentum": 0.9, "epsilon": 1e-5}, {"type": "elu"},
    {"type": "avg_pool2d", "pool": [2, 1]}, SEQUENCE,
    {"type": "gru", "units": 12, "return_sequences": True}, {"type": "lstm", "units": 11, "return_sequences": True},
    {"type": "temporal_pool", "stats": ["mean", "max"]},
]


class Random:
    """test_random() of tests/test.h, nn_random_array() and nn_random_tensor() of tests/nn_random.h"""

    def __init__(self, seed):
        self.state = seed

    def array(self, scale, shape):
        mask, state, out = 2**64 - 1, self.state, []
        for _ in range(int(np.prod(shape))):
            state ^= state >> 12
            state ^= state << 25 & mask
            state ^= state >> 27
            out.append((state * 2685821657736338717 & mask) >> 32)
        self.state = state
        noise = np.array(out, np.uint32).astype(np.int32).astype(np.float32) * np.float32(2.0**-31)
        return (np.float32(scale) * noise).reshape(shape)

    def tensor(self, name, shape):
        fan_in = np.float32(np.prod(shape)) / np.float32(shape[-1])
        x = self.array(np.sqrt(np.float32(3) / fan_in) if len(shape) > 1 else 0.5, shape)
        if name == "moving_variance":
            x += np.float32(1)
        if name == "gamma":
            x += np.where(np.arange(len(x)) % 3 == 0, np.float32(-1), np.float32(1))
        return x


def hard_sigmoid(x):
    return keras.ops.clip(0.2 * x + 0.5, 0, 1)


def activation(name):
    return hard_sigmoid if name == "hard_sigmoid" else name


def keras_layer(spec, x):
    """what the layer of a model file makes of the tensor x, and the Keras layer that has its weights, or None"""
    keys = {k: v for k, v in spec.items() if k not in ("type", "name")}
    kind, layers = spec["type"], keras.layers
    weights = None
    if kind == "conv2d":
        padding = keys.pop("padding", "valid")
        padding = [padding] * 2 if isinstance(padding, str) else padding
        before = [(k - 1) // 2 if p == "same" else 0 for k, p in zip(keys["kernel"], padding)]
        after = [k - 1 - b if p == "same" else 0 for k, p, b in zip(keys["kernel"], padding, before)]
        x = layers.ZeroPadding2D(tuple(zip(before, after)))(x)
        weights = layers.Conv2D(keys.pop("filters"), keys.pop("kernel"), **keys)
    elif kind == "batch_norm":
        weights = layers.BatchNormalization(**keys)
    elif kind == "dense":
        weights = layers.Dense(**keys)
    elif kind in ("gru", "lstm"):
        for key in ("activation", "recurrent_activation"):
            if key in keys:
                keys[key] = activation(keys[key])
        weights = (layers.GRU if kind == "gru" else layers.LSTM)(**keys)
    if weights is not None:
        return weights(x), weights

    if kind in ("relu", "elu", "tanh", "sigmoid", "hard_sigmoid"):
        y = layers.Activation(activation(kind))(x)
    elif kind in ("max_pool2d", "avg_pool2d"):
        pool = layers.MaxPooling2D if kind == "max_pool2d" else layers.AveragePooling2D
        y = (pool(keys["pool"]) if "pool" in keys else pool())(x)
    elif kind == "dropout":
        y = layers.Dropout(keys["rate"])(x)
    elif kind == "flatten":
        y = layers.Flatten()(x)
    elif kind == "time_distributed_flatten":
        y = layers.TimeDistributed(layers.Flatten())(x)
    elif kind == "expand_dims":
        y = layers.Reshape((-1, 1))(x)
    elif kind == "to_sequence":
        rows, columns, channels = x.shape[1:]
        y = layers.Reshape((columns, channels * rows))(layers.Permute((2, 3, 1))(x))
    elif kind == "temporal_pool":
        pools = {"mean": layers.GlobalAveragePooling1D, "max": layers.GlobalMaxPooling1D}
        y = layers.Concatenate()([pools[s]()(x) for s in keys["stats"]])
    elif kind == "softmax":
        y = layers.Softmax()(layers.Rescaling(1 / keys["temperature"])(x) if "temperature" in keys else x)
    else:
        raise ValueError(kind)
    return y, None


def keras_model(specs, bands, frames, random):
    """the model with random weights, and these, in the order of a model file"""
    x = y = keras.Input((bands, frames, 1))
    weights = []
    for spec in specs:
        y, layer = keras_layer(spec, y)
        if layer is not None:
            layer.set_weights([random.tensor(w.name, w.shape) for w in layer.weights])
            weights += layer.weights
    return keras.Model(x, y), weights


def array(x):
    return x.detach().numpy()


def make_input(random, case):
    """[samples][bands][frames][1] of the C test's [samples][frames][bands]"""
    x = random.array(case["scale"], (case["samples"], case["frames"], case["bands"]))
    return torch.from_numpy(x.astype(np.float64).transpose(0, 2, 1)[..., None].copy())


def words(case, specs):
    """the case as the C test reads it"""
    def value(v):
        if isinstance(v, bool):
            return "true" if v else "false"
        return ",".join(map(value, v)) if isinstance(v, list) else str(v)

    out = [f"{k}={value(v)}" for k, v in case.items()]
    for i, spec in enumerate(specs):
        keys = {"name": f"layer{i}", **spec}
        out += [spec["type"]] + [f"{k}={value(v)}" for k, v in keys.items() if k != "type"]
    return " ".join(out)


def forward(case, specs):
    random = Random(case["seed"])
    model, _ = keras_model(specs, case["bands"], case["frames"], random)
    y = array(model(make_input(random, case), training=False))
    return y.transpose(0, 2, 1, 3) if y.ndim == 4 else y


def stride(size):
    return 1 if size <= 1024 else 31 if size <= 65536 else 997


def train(case, specs):
    random = Random(case["seed"])
    specs = specs + [{"type": "dense", "units": case["classes"]}]
    model, weights = keras_model(specs, case["bands"], case["frames"], random)
    x = make_input(random, case)
    targets = random.array(1, (case["samples"], case["classes"])) + 1
    targets = (targets / targets.sum(1, keepdims=True)).astype(np.float32)

    optimizer = keras.optimizers.AdamW(case["learning_rate"], weight_decay=case["weight_decay"], beta_1=0.9,
                                       beta_2=BETA_2, global_clipnorm=case["clip_norm"])
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    optimizer.build(model.trainable_variables)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    out = {name: [] for name in ("loss", "norm", "weights")}
    for step in range(1, STEPS + 1):
        model.zero_grad()
        value = loss(torch.from_numpy(targets.astype(np.float64)), model(x, training=True))
        value.backward()
        gradients = [v.value.grad for v in model.trainable_variables]
        optimizer.epsilon = EPSILON * np.sqrt(1 - BETA_2**step)
        with torch.no_grad():
            optimizer.apply(gradients, model.trainable_variables)
        out["loss"].append(value.item())
        out["norm"].append(np.sqrt(sum(float((g**2).sum()) for g in gradients)))
        out["weights"].append(np.concatenate([array(w.value).ravel()[::stride(w.value.numel())] for w in weights]))
    out = {name: np.array(x) for name, x in out.items()}
    out["targets"] = targets
    out["logits"] = array(model(x, training=False))
    return out


def deck(name, root):
    """of the recipe: the layers, those without the last dense and softmax, the learning rate"""
    with open(os.path.join(root, "models", "training", "recipes", name + ".json"), encoding="utf-8") as f:
        recipe = json.load(f)
    specs = recipe["network"]
    assert [s["type"] for s in specs[-2:]] == ["dense", "softmax"]
    return specs[:-2] + [{**specs[-2], "units": 10}, specs[-1]], specs[:-2], recipe["stages"][0]["learning_rate"]


def main():
    keras.config.set_floatx("float64")
    torch.set_num_threads(1)
    here = os.path.dirname(os.path.abspath(__file__))
    tensors, metadata = {}, {
        "made_by": "tests/golden/make-keras-golden.py", "python": sys.version.split()[0], "keras": keras.__version__,
        "backend": f"torch {torch.__version__}", "numpy": np.__version__,
    }
    training = {"crnn": ({"bands": 13, "frames": 17, "learning_rate": 1e-3}, CRNN)}
    runs = [(name, specs, {"bands": 11, "frames": 14, "samples": 2, "scale": 4}) for name, specs in FORWARD.items()]
    for name in ("deck-cnn-gru", "deck-cnn-lstm"):
        whole, body, rate = deck(name, os.path.join(here, "..", ".."))
        size = {"bands": 64, "frames": 173}
        training[name] = ({**size, "learning_rate": rate}, body)
        runs += [(n, specs, {**size, "samples": 2, "scale": 1}) for n, specs in
                 ((name, whole), (name + "-logits", whole[:-1]))]

    for seed, (name, specs, case) in enumerate(runs, 1):
        case = {"seed": seed, **case}
        metadata[f"forward/{name}"] = words(case, specs)
        tensors[f"forward/{name}/out"] = y = forward(case, specs)
        print(f"forward/{name}: {y.shape}, up to {np.abs(y).max():.3g}")
    for seed, (name, (size, specs)) in enumerate(training.items(), 1):
        case = {"seed": seed, **size, "samples": 4, "scale": 1, "classes": 10, "weight_decay": 1,
                "clip_norm": 0.2}
        metadata[f"train/{name}"] = words(case, specs)
        out = train(case, specs)
        tensors.update({f"train/{name}/{key}": x for key, x in out.items()})
        print(f"train/{name}: losses {out['loss']}, norms {out['norm']}, {out['weights'].shape[1]} weights")
    save(os.path.join(here, "keras.safetensors"), tensors, metadata)


main()
