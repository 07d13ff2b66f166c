#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make-model-corpus.py [DIRECTORY]: writes tests/corpus/model, small model files, valid and broken in every way.

They are what tests/fuzz-genre-model.c starts from and what tests/test-models-genre_model.c checks: the name begins with
"ok-" or with the error code in lower case.  Written from docs/model-file.md with Python's own library, by none of the C
code.
"""
import json
import pathlib
import random
import struct
import sys


def dump(value):
    return json.dumps(value, separators=(",", ":"))


class File:
    """A model file in parts; bytes() puts them together."""

    def __init__(self, labels, frontend, network, window, least, shapes):
        noise = random.Random(1)
        self.metadata = {
            "format": "genre-model", "version": "1", "labels": dump(labels), "frontend": dump(frontend),
            "network": dump(network), "window_frames": str(window), "min_frames": str(least), "training": "{}",
        }  # fmt: skip
        self.entries, self.data = {}, b""
        for name, shape in shapes.items():
            count = 1
            for size in shape:
                count *= size
            low = 0.5 if name.endswith(("gamma", "variance")) else -0.5
            values = [noise.uniform(low, low + 1) for _ in range(count)]
            self.add(name, "F32", shape, struct.pack(f"<{count}f", *values))

    def add(self, name, dtype, shape, data):
        begin = len(self.data)
        self.data += data
        self.entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, len(self.data)]}

    def header(self):
        return dump({"__metadata__": self.metadata, **self.entries}).encode()

    def bytes(self):
        header = self.header()
        header += b" " * (-len(header) % 8)
        return struct.pack("<Q", len(header)) + header + self.data


def micro():
    """Little more than a header: two bands, mean over time, dense."""
    frontend = {"sample_rate": 8000, "n_fft": 64, "hop_length": 32, "n_mels": 2}
    network = [
        {"type": "to_sequence"}, {"type": "temporal_pool", "stats": ["mean"]},
        {"type": "dense", "name": "d", "units": 2}, {"type": "softmax"},
    ]  # fmt: skip
    return File(["a", "b"], frontend, network, 4, 2, {"d/kernel": [2, 2], "d/bias": [2]})


def crnn():
    """Every layer of the reference network, every key of a recipe."""
    frontend = {
        "sample_rate": 16000, "n_fft": 256, "hop_length": 100, "window": "hann", "n_mels": 12, "band_pool": 2,
        "fmin": 20.5, "fmax": 7600, "mel_scale": "slaney", "mel_norm": "slaney", "power": 2.0, "ref": "max",
        "amin": 1e-10, "top_db": 80,
        "normalize": {"mean": [-20, -21, -22.5, -23, -24, -25], "std": [10, 11, 12, 13, 14, 15.25]},
    }  # fmt: skip
    network = [
        {"type": "conv2d", "name": "conv1", "filters": 3, "kernel": [3, 2], "padding": ["same", "valid"],
         "use_bias": False},
        {"type": "batch_norm", "name": "bn1", "epsilon": 1e-5}, {"type": "relu"},
        {"type": "max_pool2d", "pool": [2, 2]},
        {"type": "conv2d", "name": "conv2", "filters": 2, "kernel": [2, 3], "padding": "same"},
        {"type": "dropout", "rate": 0.3}, {"type": "to_sequence"},
        {"type": "gru", "name": "gru", "units": 3, "return_sequences": True, "activation": "tanh",
         "recurrent_activation": "sigmoid", "reset_after": True},
        {"type": "temporal_pool", "stats": ["max", "mean"]}, {"type": "dense", "name": "dense", "units": 3},
        {"type": "softmax", "temperature": 0.7},
    ]  # fmt: skip
    return File(["Drum & Bass", "\U0001f3b5", "爵士乐"], frontend, network, 16, 16, {
        "conv1/kernel": [3, 2, 1, 3], "bn1/gamma": [3], "bn1/beta": [3], "bn1/moving_mean": [3],
        "bn1/moving_variance": [3], "conv2/kernel": [2, 3, 3, 2], "conv2/bias": [2], "gru/kernel": [6, 9],
        "gru/recurrent_kernel": [3, 9], "gru/bias": [2, 9], "dense/kernel": [6, 3], "dense/bias": [3],
    })  # fmt: skip


def add_music(model):
    """A head of two dense layers, on a vector of two values: version 2."""
    head = [
        {"type": "dense", "name": "m1", "units": 3}, {"type": "relu"}, {"type": "dropout", "rate": 0.1},
        {"type": "dense", "name": "m2", "units": 1}, {"type": "sigmoid"},
    ]  # fmt: skip
    model.metadata.update({"version": "2", "heads": dump({"music": head})})
    noise = random.Random(2)
    shapes = (("m1/kernel", [2, 3], 6), ("m1/bias", [3], 3), ("m2/kernel", [3, 1], 3), ("m2/bias", [1], 1))
    for name, shape, count in shapes:
        model.add(name, "F32", shape, struct.pack(f"<{count}f", *(noise.uniform(-1, 1) for _ in range(count))))


FILES = {}


def file(name):
    """Decorator: NAME.safetensors is what the function makes of a micro(), in place or as bytes."""

    def add(function):
        model = micro()
        content = function(model)
        FILES[name] = content if isinstance(content, bytes) else model.bytes()
        return function

    return add


def with_text(name, key, edit):
    """A metadata entry as another text."""
    file(name)(lambda model: model.metadata.update({key: edit(model.metadata[key])}))


def with_header(name, edit):
    """The header's bytes otherwise."""

    def change(model):
        header = edit(model.header())
        assert header != model.header(), name
        return struct.pack("<Q", len(header)) + header + model.data

    file(name)(change)


def with_value(name, key, edit):
    """A JSON value of the metadata otherwise."""

    def change(model):
        value = json.loads(model.metadata[key])
        edit(value)
        model.metadata[key] = dump(value)

    file(name)(change)


def with_entry(name, **keys):
    file(name)(lambda model: model.entries["d/bias"].update(keys))


def all_files():
    micro_bytes = micro().bytes()
    file("ok-micro")(lambda model: None)
    FILES["ok-crnn"] = crnn().bytes()
    file("ok-unknown-metadata")(lambda model: model.metadata.update({"author": "[", "": "x"}))
    with_header("ok-odd-offsets", lambda header: header + b"   "[: 1 + len(header) % 2])
    with_header("ok-integral-numbers", lambda header: header.replace(b'"shape":[2,2]', b'"shape":[2.0,2e0]'))

    FILES["size-empty"] = b""
    FILES["size-length-2-64"] = b"\xff" * 8 + micro_bytes[8:]
    FILES["size-length-2-63"] = struct.pack("<Q", 1 << 63) + micro_bytes[8:]
    FILES["size-length-of-header"] = micro_bytes[:8]
    FILES["size-truncated"] = micro_bytes[:-1]
    FILES["json-deep"] = struct.pack("<Q", 4000) + b"[" * 4000
    with_header("json-comment", lambda header: header.replace(b":", b"/**/:", 1))
    with_header("json-trailing", lambda header: header + b"{}")
    with_header("json-duplicate-tensor", lambda header: header.replace(b'"d/bias":', b'"d/bias":0,"d/bias":'))
    with_header("json-duplicate-escaped", lambda header: header.replace(b'"d/bias":', b'"d/b\\u0069as":0,"d/bias":'))
    with_header("json-utf8", lambda header: header.replace(b"version", b"v\xffrsion"))
    with_text("json-octal", "frontend", lambda text: text.replace("32", "040"))
    with_text("json-overflow", "frontend", lambda text: text.replace("32", "1e400"))
    with_text("json-single-quotes", "labels", lambda text: text.replace('"', "'"))
    with_text("json-deep-network", "network", lambda text: "[" * 1000)
    with_text("json-nul", "labels", lambda text: '["a","\\u0000"]')
    with_text("json-surrogate", "labels", lambda text: '["a","\\udc00"]')
    for name, text in {
        "escape": '["\\x"]', "escape-end": '["\\', "hexadecimal": '["\\u12g4"]', "control": '["\t"]',
        "high-surrogate": '["\\ud800"]', "high-surrogates": '["\\ud800\\ud800"]', "half-surrogate": '["\\ud800\\u"]',
        "no-surrogate": '["\\ud800a"]', "array-open": '["a"', "array-comma": '["a" "b"]',
        "object-comma": '{"a":1 "b":2}', "object-colon": '{"a" 1}', "object-key": "{a:1}", "digit": "[-]",
        "digit-fraction": "[1.]", "digit-exponent": "[1e+]", "long-number": f"[{'1' * 300}.5]",
        "long-integer": f"[{'1' * 30}]", "byte": "\x7f", "literal": "[trve]",
    }.items():  # fmt: skip
        with_text(f"json-{name}", "labels", lambda _, text=text: text)
    with_text("json-training", "training", lambda _: "{")
    with_text("json-duplicate-key", "network", lambda text: text.replace('"units":2', '"units":2,"units":2'))

    with_entry("container-rank", shape=[1] * 8 + [2])
    with_entry("container-product", shape=[1 << 30, 1 << 30, 1 << 30, 1 << 30])
    with_entry("container-negative", shape=[-2])
    with_entry("container-fraction", shape=[1.5])
    with_entry("container-length", shape=[3])
    with_entry("container-type", dtype="F31")
    with_entry("container-overlap", data_offsets=[12, 20])
    with_entry("container-hole", data_offsets=[20, 28])
    with_entry("container-reversed", data_offsets=[24, 16])
    with_entry("container-far", data_offsets=[1 << 62, (1 << 62) + 8])
    with_entry("container-more", stride=[1])
    with_entry("container-type-number", dtype=5)
    with_entry("container-shape-text", shape="2")
    with_entry("container-offsets-text", data_offsets="16")
    with_entry("container-offsets-one", data_offsets=[16])
    file("container-entry")(lambda model: model.entries.update({"d/bias": [0, 8]}))
    FILES["container-byte-more"] = micro_bytes + b"\0"
    file("container-metadata")(lambda model: model.metadata.update({"x": 1}))

    file("format-features")(lambda model: model.metadata.update({"format": "genre-features"}))
    file("format-version")(lambda model: model.metadata.update({"version": "3"}))
    file("format-no-network")(lambda model: model.metadata.pop("network") and None)
    file("format-none")(lambda model: model.metadata.pop("format") and None)
    file("format-no-labels")(lambda model: model.metadata.pop("labels") and None)
    file("format-no-window")(lambda model: model.metadata.pop("window_frames") and None)
    with_text("format-training", "training", lambda _: "[]")
    file("ok-no-training")(lambda model: model.metadata.pop("training") and None)
    with_value("labels-number", "labels", lambda labels: labels.__setitem__(1, 2))
    with_value("labels-duplicate", "labels", lambda labels: labels.__setitem__(1, "a"))
    with_value("labels-empty", "labels", lambda labels: labels.__setitem__(1, ""))
    with_value("labels-more", "labels", lambda labels: labels.append("c"))
    with_value("labels-none", "labels", lambda labels: labels.clear())
    with_value("frontend-unknown", "frontend", lambda recipe: recipe.update({"pre_emphasis": 0.97}))
    with_value("frontend-missing", "frontend", lambda recipe: recipe.pop("n_fft"))
    with_value("frontend-hop", "frontend", lambda recipe: recipe.update({"hop_length": 0}))
    with_value("frontend-range", "frontend", lambda recipe: recipe.update({"fmin": 4000}))
    with_value(
        "frontend-std", "frontend", lambda recipe: recipe.update({"normalize": {"mean": [0, 0], "std": [1, 0]}})
    )
    with_value("frontend-band-pool", "frontend", lambda recipe: recipe.update({"band_pool": 4}))
    with_value("frontend-odd", "frontend", lambda recipe: recipe.update({"n_fft": 65}))
    with_value("frontend-normalize", "frontend", lambda recipe: recipe.update({"normalize": 1}))
    with_value(
        "frontend-mean", "frontend", lambda recipe: recipe.update({"normalize": {"mean": [0], "std": [1, 1]}})
    )
    with_value("network-layer", "network", lambda network: network[0].update({"type": "attention"}))
    with_value("network-key", "network", lambda network: network[2].update({"activity_regularizer": None}))
    with_value("network-units", "network", lambda network: network[2].update({"units": -1}))
    with_text("network-empty", "network", lambda _: "[]")
    with_text("network-object", "network", lambda _: "{}")
    with_value("network-number", "network", lambda network: network.__setitem__(2, 5))
    with_value("network-no-type", "network", lambda network: network[2].pop("type"))
    with_value("network-no-name", "network", lambda network: network[2].pop("name"))
    with_value("network-name", "network", lambda network: network[2].update({"name": "a/b"}))
    with_value("network-name-twice", "network", lambda network: network.insert(2, network[2]))
    with_value("network-units-array", "network", lambda network: network[2].update({"units": [2]}))
    with_value("network-units-object", "network", lambda network: network[2].update({"units": {}}))
    with_value("network-units-text", "network", lambda network: network[2].update({"units": "é" * 200}))
    with_value("network-boolean", "network", lambda network: network[2].update({"use_bias": 1}))
    with_value("network-statistics", "network", lambda network: network[1].update({"stats": []}))
    with_value("network-statistic", "network", lambda network: network[1].update({"stats": ["min"]}))
    for name, keys in {
        "padding": {"padding": "full"}, "padding-one": {"padding": ["same"]}, "kernel-one": {"kernel": [1]},
        "kernel-fraction": {"kernel": [1, 1.5]},
    }.items():  # fmt: skip
        layer = {"type": "conv2d", "name": "c", "filters": 1, "kernel": [1, 1], **keys}
        with_value(f"network-{name}", "network", lambda network, layer=layer: network.insert(0, layer))
    layer = {"type": "gru", "name": "g", "units": 2, "activation": "elu"}
    with_value("network-activation", "network", lambda network, layer=layer: network.insert(1, layer))
    with_value("network-huge", "network", lambda network: network[2].update({"units": 2**31 - 1}))
    with_value("network-no-softmax", "network", lambda network: network.pop())
    with_value("network-temperature", "network", lambda network: network[3].update({"temperature": 0}))
    with_value(
        "network-short", "network", lambda network: network.insert(0, {"type": "max_pool2d", "pool": [1, 3]})
    )
    heads()
    file("tensor-nan")(lambda model: setattr(model, "data", model.data[:-4] + struct.pack("<f", float("nan"))))
    file("tensor-infinite")(lambda model: setattr(model, "data", struct.pack("<f", float("inf")) + model.data[4:]))
    file("tensor-surplus")(lambda model: model.add("d/more", "U8", [1], b"\0"))
    file("tensor-empty")(
        lambda model: model.entries.update(
            {name: {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for name in ("y", "z")}
        )
    )
    with_entry("tensor-type", dtype="I32")
    with_entry("tensor-shape", shape=[1, 2])
    with_header("tensor-missing", lambda header: header.replace(b"d/bias", b"d/Bias"))
    file("window-zero")(lambda model: model.metadata.update({"window_frames": "0"}))
    file("window-large")(lambda model: model.metadata.update({"window_frames": "1025"}))
    file("window-least")(lambda model: model.metadata.update({"min_frames": "5"}))
    def lose_windows(model):
        network = json.loads(model.metadata["network"])
        network.insert(0, {"type": "max_pool2d", "pool": [1, 3]})
        model.metadata.update({"network": dump(network), "min_frames": "3"})

    file("window-grid")(lose_windows)
    file("window-text")(lambda model: model.metadata.update({"window_frames": "4.0"}))


def heads():
    """A second output."""

    def with_heads(name, edit):
        def function(model):
            add_music(model)
            members = json.loads(model.metadata["heads"])
            model.metadata["heads"] = dump(edit(members) or members)

        file(name)(function)

    with_heads("ok-heads", lambda members: None)
    with_heads("network-head-name", lambda members: {"mood": members["music"]})
    with_heads("network-head-more", lambda members: members.update({"mood": members["music"]}))
    with_heads("network-head-none", lambda members: members.pop("music") and None)
    with_heads("network-head-array", lambda members: members["music"])
    with_heads("network-head-empty", lambda members: members["music"].clear())
    with_heads("network-head-softmax", lambda members: members["music"].__setitem__(4, {"type": "softmax"}))
    with_heads("network-head-wide", lambda members: members["music"][3].update({"units": 2}))
    with_heads("network-head-steps", lambda members: members["music"].insert(1, {"type": "expand_dims"}))
    with_heads("network-head-layer", lambda members: members["music"][0].update({"name": "d"}))
    with_heads("tensor-head", lambda members: members["music"][0].update({"name": "m3"}))
    file("format-heads")(lambda model: add_music(model) or model.metadata.update({"version": "1"}))
    file("format-no-heads")(lambda model: add_music(model) or model.metadata.pop("heads") and None)
    file("json-heads")(lambda model: add_music(model) or model.metadata.update({"heads": "{'music':[]}"}))

    def forget_head(model):
        add_music(model)
        model.metadata.pop("heads")
        model.metadata["version"] = "1"

    file("tensor-no-head")(forget_head)


def main(argv):
    directory = pathlib.Path(argv[1] if len(argv) > 1 else pathlib.Path(__file__).parent / "corpus" / "model")
    directory.mkdir(parents=True, exist_ok=True)
    all_files()
    good = micro().bytes()
    for name, content in FILES.items():
        assert name == "ok-micro" or content != good, name
        (directory / f"{name}.safetensors").write_bytes(content)


if __name__ == "__main__":
    main(sys.argv)
