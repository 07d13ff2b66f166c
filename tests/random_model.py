#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""random_model.py - seeded random genre models, to hold the element to something that nobody tuned it for.

    random_model.py SEED FILE      one of VARIANTS (SEED modulo their number), everything else drawn from SEED
    random_model.py plain FILE     the embedded model, without its heads if it has any
    random_model.py tiny FILE      a model that costs next to nothing, for long runs
    random_model.py sure FILE      the same, sure of its first label whatever it hears
    random_model.py music FILE     that one, and to its head "music" low sounds are music, noise and high ones are not

The weights are scaled so that the answers on noise and tones are neither uniform nor saturated.
"""

import json
import math
import pathlib
import sys

import numpy as np

import numpy_genre

# What each variant insists on; what it leaves open is drawn.
#   free    windows grow from M to W frames; otherwise M == W
#   same    convolutions pad time too
#   music   it has a head "music"
#   head    gru: GRU, last state; pool: GRU, all states, temporal_pool; steps: dense on steps, temporal_pool
VARIANTS = [
    dict(rate=16000, hop=512, n_fft=1024, labels=3, free=True, same=False, head="pool", music=True),
    dict(rate=22050, hop=1708, n_fft=2048, labels=200, free=True, same=False, head="pool"),
    dict(rate=22050, hop=512, n_fft=2048, labels=10, free=False, same=True, head="gru"),
    dict(rate=16000, hop=512, n_fft=512, labels=200, free=False, same=True, head="steps", ref="max", top_db=80.0,
         music=True),
    dict(rate=22050, hop=700, n_fft=1024, labels=3, free=True, same=False, head="gru", ref="max", music=True),
    dict(rate=32000, hop=1280, n_fft=2048, labels=7, free=True, same=False, head="steps", ref=0.01),
    dict(rate=16000, hop=512, n_fft=1024, labels=11, free=True, same=False, head="pool", top_db=80.0, music=True),
    dict(rate=22050, hop=1024, n_fft=2048, labels=5, free=False, same=False, head="gru", music=True),
    dict(rate=44100, hop=2205, n_fft=4096, labels=2, free=True, same=False, head="pool"),
    dict(rate=8000, hop=200, n_fft=400, labels=30, free=True, same=False, head="steps", music=True),
    dict(rate=22050, hop=1708, n_fft=2048, labels=3, free=True, same=True, head="pool", music=True),
    dict(rate=16000, hop=512, n_fft=1022, labels=12, free=False, same=True, head="pool", ref="max", top_db=80.0),
]

# Names that have broken parsers: blanks, commas, quotes, braces, other scripts, four-byte characters, a lone number.
LABELS = [
    "R&B", "Drum & Bass", "Música", "🎸 rock 🎶", "hip hop", 'a "quoted" genre', "l'été, 50 %",
    "{braces} <x>; [y]", "Ελληνικά", "爵士乐", "back\\slash", "42", "Ça=va", "(string)none", "Hip-Hop/Rap",
    "trop long " + "x" * 60,
]  # fmt: skip


def label_list(count):
    return LABELS[:count] + [f"genre {i}" for i in range(len(LABELS), count)]


def frontend(random, wish):
    pool = int(random.integers(1, 4))
    bands = int(random.integers(16, 41))
    recipe = {
        "sample_rate": wish["rate"], "n_fft": wish["n_fft"], "hop_length": wish["hop"], "window": "hann",
        "n_mels": bands * pool, "band_pool": pool, "fmin": float(random.choice([0, 20, 62.5])),
        "fmax": wish["rate"] / 2 * float(random.choice([1, 0.9, 0.75])), "mel_scale": "slaney", "mel_norm": "slaney",
        "power": 2.0, "ref": wish.get("ref", 1.0), "amin": float(random.choice([1e-4, 1e-6, 1e-10])),
        "top_db": wish.get("top_db"),
    }  # fmt: skip
    mean = np.linspace(3, -30, bands) + random.normal(0, 4, bands)
    deviation = random.uniform(6, 16, bands)
    recipe["normalize"] = {"mean": mean.round(4).tolist(), "std": deviation.round(4).tolist()}
    return recipe, bands


def draw(random, low, high):
    return int(random.integers(low, high + 1))


class Builder:
    """Adds layers, tensors and the shape they leave behind.  Tensors are float32 in Keras's layouts."""

    def __init__(self, random, bands, frames):
        self.random, self.network, self.tensors = random, [], {}
        self.rows, self.channels, self.steps, self.values = bands, 1, frames, 0

    def normal(self, name, shape, deviation, mean=0.0):
        self.tensors[name] = self.random.normal(mean, deviation, shape).astype(np.float32)

    def conv2d(self, name, filters, kernel, padding, use_bias):
        layer = {"type": "conv2d", "name": name, "filters": filters, "kernel": kernel, "padding": padding}
        if not use_bias or self.random.random() < 0.5:  # true is Keras's default: sometimes left out
            layer["use_bias"] = use_bias
        self.network.append(layer)
        self.normal(
            f"{name}/kernel", (*kernel, self.channels, filters), math.sqrt(2 / (math.prod(kernel) * self.channels))
        )
        if use_bias:
            self.normal(f"{name}/bias", filters, 0.2)
        mel, time = numpy_genre.padding_sizes(layer)
        self.rows += sum(mel) - kernel[0] + 1
        self.steps += sum(time) - kernel[1] + 1
        self.channels = filters

    def batch_norm(self, name, size):
        layer = {"type": "batch_norm", "name": name}
        if self.random.random() < 0.7:
            layer["epsilon"] = float(self.random.choice([1e-5, 1e-3, 0.1]))
        self.network.append(layer)
        self.normal(f"{name}/gamma", size, 0.2, 1)
        self.normal(f"{name}/beta", size, 0.2)
        self.normal(f"{name}/moving_mean", size, 0.3)
        self.tensors[f"{name}/moving_variance"] = self.random.uniform(0.3, 2, size).astype(np.float32)

    def max_pool2d(self, pool):
        self.network.append({"type": "max_pool2d", "pool": pool})
        self.rows //= pool[0]
        self.steps //= pool[1]

    def to_sequence(self):
        self.network.append({"type": "to_sequence"})
        self.values = self.rows * self.channels

    def gru(self, name, units, return_sequences):
        layer = {"type": "gru", "name": name, "units": units, "reset_after": True}
        layer["activation"] = str(self.random.choice(["tanh", "relu"]))
        layer["recurrent_activation"] = str(self.random.choice(["sigmoid", "hard_sigmoid"]))
        if return_sequences or self.random.random() < 0.5:
            layer["return_sequences"] = return_sequences
        self.network.append(layer)
        self.normal(f"{name}/kernel", (self.values, 3 * units), 1 / math.sqrt(self.values))
        self.normal(f"{name}/recurrent_kernel", (units, 3 * units), 0.5 / math.sqrt(units))
        self.normal(f"{name}/bias", (2, 3 * units), 0.2)
        self.values = units

    def temporal_pool(self):
        choices = [["mean", "max"], ["max", "mean"], ["max"], ["mean"]]
        stats = choices[draw(self.random, 0, 3)]
        self.network.append({"type": "temporal_pool", "stats": stats})
        self.values *= len(stats)

    def dense(self, name, units):
        self.network.append({"type": "dense", "name": name, "units": units})
        self.normal(f"{name}/kernel", (self.values, units), 1 / math.sqrt(self.values))
        self.normal(f"{name}/bias", units, 0.2)
        self.values = units

    def plain(self, type, **keys):
        self.network.append({"type": type, **keys})


def convolutions(build, random, wish, bands, frames):
    """1 to 3 blocks of conv2d [batch_norm] [relu] [max_pool2d] [dropout]"""
    blocks, time_pools = draw(random, 1, 3), 1
    for block in range(blocks):
        kernel = [draw(random, 1, 5), draw(random, 1, 5)]  # odd and even, wide and tall
        mel = "same" if build.rows < 12 else str(random.choice(["same", "valid"]))
        time = "same" if wish["same"] else "valid"
        padding = mel if mel == time and random.random() < 0.5 else [mel, time]
        name = f"conv2d_{block}" if block else "conv2d"
        build.conv2d(name, draw(random, 3, 20), kernel, padding, bool(random.random() < 0.5))
        if random.random() < 0.7:
            build.batch_norm(f"batch_normalization_{block}", build.channels)
        if random.random() < 0.8:
            build.plain("relu")
        pool = [draw(random, 1, 3) if build.rows >= 6 else 1, draw(random, 1, 3)]
        if time_pools * pool[1] <= 6 and build.steps // pool[1] >= 6:
            build.max_pool2d(pool)
            time_pools *= pool[1]
        if random.random() < 0.5:
            build.plain("dropout", rate=0.25)


def head(build, random, kind, labels):
    build.to_sequence()
    if random.random() < 0.5:
        build.batch_norm("batch_normalization_sequence", build.values)
    if kind == "steps":
        build.dense("dense", draw(random, 8, 40))
        build.plain("relu")
        build.temporal_pool()
    else:
        if random.random() < 0.4:
            build.gru("gru", draw(random, 5, 30), True)
        build.gru("gru_1", draw(random, 8, 48), kind == "pool")
        if kind == "pool":
            build.temporal_pool()
    if random.random() < 0.5:
        build.batch_norm("batch_normalization_vector", build.values)
    build.plain("dropout", rate=0.1)
    build.dense("predictions", labels)
    layer = {"type": "softmax"}
    if random.random() < 0.7:
        layer["temperature"] = float(random.choice([0.5, 1.3, 2.0]))
    build.network.append(layer)


def calibrate(model, random):
    """Scales the last dense layer so that the top probability over random spectra is neither flat nor certain."""
    last = len(model.network) - 1
    temperature = model.network[last].get("temperature", 1.0)
    dense = model.tensors["predictions"]
    bands = model.recipe["n_mels"] // model.recipe["band_pool"]
    logits = []
    for _ in range(24):
        power = 10 ** (random.normal(-1, 1, (1, bands)) + random.normal(0, 0.5, (model.window, bands)))
        logits.append(model.run(numpy_genre.network_input(power, model.recipe), last))
    spread = np.array(logits).std(axis=0).mean()
    scale = 1.2 * temperature / max(spread, 1e-6)
    dense["kernel"] *= scale
    dense["bias"] = (dense["bias"] - np.mean(logits, axis=0)) * scale + random.normal(
        0, temperature, len(dense["bias"])
    )
    return {f"predictions/{name}": np.float32(dense[name]) for name in ("kernel", "bias")}


def music_head(model, seed):
    """A head "music", one dense layer or two, which says now this, now that of random spectra -> its layers, tensors"""
    random = np.random.default_rng((seed, 1))  # of its own: what else is drawn from the seed stays as it is
    bands = model.recipe["n_mels"] // model.recipe["band_pool"]
    vectors = []
    for _ in range(24):
        power = 10 ** (random.normal(-1, 1, (1, bands)) + random.normal(0, 0.5, (model.window, bands)))
        vectors.append(model.run(numpy_genre.network_input(power, model.recipe), model.body()))
    vectors = np.array(vectors)
    build = Builder(random, bands, model.window)
    build.values = vectors.shape[1]
    if random.random() < 0.5:
        build.dense("music_1", draw(random, 3, 12))
        build.plain("relu")
        if random.random() < 0.5:
            build.batch_norm("music_2", build.values)
    build.dense("music", 1)
    build.plain("sigmoid")
    part = as_model({**metadata_of([], {}, [], 1, 1), "heads": json.dumps({"music": build.network})}, build.tensors)
    logits = np.array([part.through(build.network[:-1], vector)[0] for vector in vectors])
    scale = 2 / max(logits.std(), 1e-6)
    build.tensors["music/kernel"] *= np.float32(scale)
    bias = (build.tensors["music/bias"] - logits.mean()) * scale + 1
    return build.network, {**build.tensors, "music/bias": bias.astype(np.float32)}


def safetensors(metadata, tensors, separators=None):
    header, offset = {"__metadata__": metadata}, 0
    for name, tensor in tensors.items():
        assert tensor.dtype == np.float32
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + tensor.nbytes]}
        offset += tensor.nbytes
    text = json.dumps(header, ensure_ascii=False, separators=separators).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(tensor.tobytes() for tensor in tensors.values())


def metadata_of(labels, recipe, network, window, least):
    return {
        "format": "genre-model", "version": "1", "labels": json.dumps(labels, ensure_ascii=False),
        "frontend": json.dumps(recipe), "network": json.dumps(network), "window_frames": str(window),
        "min_frames": str(least), "training": json.dumps({"data": "none", "recipe": "tests/random_model.py"}),
    }  # fmt: skip


def as_model(metadata, tensors):
    """A numpy_genre.Model of what is about to be written."""
    model = object.__new__(numpy_genre.Model)
    model.labels, model.recipe, model.network, model.heads = (
        json.loads(metadata.get(key, "{}")) for key in ("labels", "frontend", "network", "heads")
    )
    model.window, model.least = (int(metadata[key]) for key in ("window_frames", "min_frames"))
    model.tensors = {}
    for name, tensor in tensors.items():
        layer, last = name.rsplit("/", 1)
        model.tensors.setdefault(layer, {})[last] = tensor.astype(np.float64)
    return model


def random_model(seed):
    """-> metadata {str: str}, tensors {str: float32 array}"""
    random = np.random.default_rng(seed)
    wish = VARIANTS[seed % len(VARIANTS)]
    recipe, bands = frontend(random, wish)
    seconds = random.uniform(1.6, 2.4)
    window = int(seconds * wish["rate"] / wish["hop"])
    build = Builder(random, bands, window)
    convolutions(build, random, wish, bands, window)
    head(build, random, wish["head"], wish["labels"])
    labels = label_list(wish["labels"])
    metadata = metadata_of(labels, recipe, build.network, window, window)
    model = as_model(metadata, build.tensors)
    if wish["free"]:
        least = next(frames for frames in range(window // 3, window + 1) if model.accepts(frames))
        metadata["min_frames"] = str(max(least, draw(random, window // 3, window // 2)))
    tensors = {**build.tensors, **calibrate(model, random)}
    if not wish.get("music"):
        return metadata, tensors
    return with_music(metadata, tensors, *music_head(model, seed))


def with_music(metadata, tensors, layers, more):
    return {**metadata, "version": "2", "heads": json.dumps({"music": layers})}, {**tensors, **more}


def tiny_model():
    """Sixteen bands, a dense layer on steps, their mean: some thousand multiply-adds a second, windows that grow."""
    random = np.random.default_rng(1)
    recipe = {
        "sample_rate": 22050, "n_fft": 256, "hop_length": 1708, "window": "hann", "n_mels": 16, "band_pool": 1,
        "fmin": 0.0, "fmax": 11025.0, "mel_scale": "slaney", "mel_norm": "slaney", "power": 2.0, "ref": 1.0,
        "amin": 1e-6, "top_db": None, "normalize": {"mean": [-20.0] * 16, "std": [10.0] * 16},
    }  # fmt: skip
    build = Builder(random, 16, 129)
    build.to_sequence()
    build.dense("dense", 8)
    build.network.append({"type": "temporal_pool", "stats": ["mean"]})
    build.dense("predictions", 3)
    build.plain("softmax")
    return metadata_of(["one", "two", "three"], recipe, build.network, 129, 45), build.tensors


def sure_model():
    metadata, tensors = tiny_model()
    bias = np.array([20, 0, 0], np.float32)
    return metadata, {**tensors, "predictions/kernel": 0 * tensors["predictions/kernel"], "predictions/bias": bias}


def music_model():
    """Its dense layers on steps hand on the lowest band and the highest: music is what is louder in the lowest."""
    metadata, tensors = sure_model()
    kernel = np.zeros((16, 8), np.float32)
    kernel[0, 0] = kernel[15, 1] = 1
    tensors = {**tensors, "dense/kernel": kernel, "dense/bias": np.zeros(8, np.float32)}
    layers = [{"type": "dense", "name": "music", "units": 1}, {"type": "sigmoid"}]
    music = {"music/kernel": np.array([[2], [-2]] + 6 * [[0]], np.float32), "music/bias": np.full(1, -2, np.float32)}
    return with_music(metadata, tensors, layers, music)


def plain_model():
    """What is embedded, for tests that are not about its heads."""
    path = pathlib.Path(__file__).resolve().parent.parent / "models" / "weights" / "genre-crnn.safetensors"
    metadata, tensors = numpy_genre.read_safetensors(path)
    heads = json.loads(metadata.pop("heads", "{}"))
    names = {layer["name"] for layers in heads.values() for layer in layers if "name" in layer}
    tensors = {name: tensor.astype(np.float32) for name, tensor in tensors.items() if name.split("/")[0] not in names}
    return {**metadata, "version": "1"}, tensors


def swap_outputs(metadata, tensors, order):
    """The same model with its labels, and the outputs of its last layer, in another order."""
    metadata, tensors = dict(metadata), dict(tensors)
    labels = json.loads(metadata["labels"])
    metadata["labels"] = json.dumps([labels[i] for i in order], ensure_ascii=False)
    tensors["predictions/kernel"] = np.ascontiguousarray(tensors["predictions/kernel"][:, order])
    tensors["predictions/bias"] = np.ascontiguousarray(tensors["predictions/bias"][order])
    return metadata, tensors


def main(argv):
    if len(argv) != 3:
        sys.exit(__doc__)
    special = {"plain": plain_model, "tiny": tiny_model, "sure": sure_model, "music": music_model}
    metadata, tensors = special[argv[1]]() if argv[1] in special else random_model(int(argv[1]))
    pathlib.Path(argv[2]).write_bytes(safetensors(metadata, tensors))


if __name__ == "__main__":
    main(sys.argv)
