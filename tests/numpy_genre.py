# SPDX-License-Identifier: LGPL-2.1-or-later
"""numpy_genre.py - what genreclassify has to say about a recording, worked out with NumPy from the model file alone.

The oracle of the end-to-end tests: written for clarity in double precision, sharing nothing with the C code but the
contract.  No GStreamer in here.

    numpy_genre.py MODEL RAW RATE      prints every answer on a file of mono float32 samples

Arrays are time first: spectra [frames][bands], images [time][mel][channels], sequences [steps][values].
"""

import dataclasses
import fractions
import json
import math
import pathlib
import sys

import numpy as np

NS = 10**9


def round_ratio(numerator, denominator):
    """floor (numerator / denominator + 1/2) in integers"""
    return (2 * numerator + denominator) // (2 * denominator)


# The model file ----------------------------------------------------------------------------------------------------


TYPES = {"F32": "<f4", "F16": "<f2", "I32": "<i4", "U8": "u1"}


def read_safetensors(path):
    """-> metadata {str: str}, tensors {str: float64 array}"""
    data = pathlib.Path(path).read_bytes()
    header_bytes = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + header_bytes].decode())
    body = memoryview(data)[8 + header_bytes :]
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        assert entry["dtype"] in TYPES, f"{path}: {name} is {entry['dtype']}"
        first, end = entry["data_offsets"]
        stored = np.frombuffer(body[first:end], TYPES[entry["dtype"]])
        tensors[name] = stored.astype(np.float64).reshape(entry["shape"])
    return metadata, tensors


# Front end ---------------------------------------------------------------------------------------------------------


def mel_from_hz(hz):
    """Slaney's scale: linear, 3 mel per 200 Hz, up to 1 kHz; then 27 mel per factor of 6.4"""
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * math.log(hz / 1000) / math.log(6.4)


def hz_from_mel(mel):
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


class Spectrogram:
    """Mel power of PCM at one input rate, by a recipe; nothing is resampled."""

    def __init__(self, recipe, rate):
        assert recipe.get("power", 2) == 2 and recipe.get("window", "hann") == "hann"
        self.recipe, self.rate = recipe, rate
        self.own_rate, self.hop = recipe["sample_rate"], recipe["hop_length"]
        self.n = 2 * round(fractions.Fraction(recipe["n_fft"] * rate, 2 * self.own_rate))  # ties to even
        self.hann = np.sin(np.pi * np.arange(self.n) / self.n) ** 2
        n_fft = recipe["n_fft"]
        self.gain = (n_fft / self.n) ** 2 * (n_fft * rate) / (self.n * self.own_rate)
        self.bank = self.filters()

    def filters(self):
        """[bins][n_mels] triangles of area 1 on the frequencies k rate / n"""
        count = self.recipe["n_mels"]
        lowest, highest = mel_from_hz(self.recipe["fmin"]), mel_from_hz(self.recipe["fmax"])
        corner = [hz_from_mel(lowest + (highest - lowest) * i / (count + 1)) for i in range(count + 2)]
        hz = np.arange(self.n // 2 + 1) * (self.rate / self.n)
        bank = np.empty((len(hz), count))
        for i in range(count):
            left, peak, right = corner[i : i + 3]
            rising, falling = (hz - left) / (peak - left), (right - hz) / (right - peak)
            bank[:, i] = np.clip(np.minimum(rising, falling), 0, None) * 2 / (right - left)
        return bank

    def centre(self, frame):
        """the sample that a frame is centred on"""
        return round_ratio(frame * self.hop * self.rate, self.own_rate)

    def complete(self, samples):
        """frames that need nothing beyond so many samples"""
        frames = 0
        while self.centre(frames) + self.n // 2 <= samples:
            frames += 1
        return frames

    def existing(self, samples):
        """frames centred within so many samples, the end included"""
        frames = 0
        while self.centre(frames) <= samples:
            frames += 1
        return frames

    def power(self, pcm, frames):
        """[frames][bands]; zeros before the first sample and after the last"""
        half = self.n // 2
        padded = np.concatenate([np.zeros(half), pcm, np.zeros(self.n)])
        out = np.empty((frames, self.recipe["n_mels"]))
        for t in range(frames):
            spectrum = np.fft.rfft(padded[self.centre(t) : self.centre(t) + self.n] * self.hann)
            out[t] = (spectrum.real**2 + spectrum.imag**2) @ self.bank * self.gain
        pool = self.recipe.get("band_pool", 1)
        return out.reshape(frames, self.recipe["n_mels"] // pool, pool).mean(axis=2)


def network_input(power, recipe):
    """[frames][bands] power of one window -> what the network sees: dB, ref, top_db, standardised"""
    amin, ref, top_db = recipe.get("amin", 1e-10), recipe.get("ref", 1.0), recipe.get("top_db")
    reference = power.max() if ref == "max" else ref
    db = 10 * np.log10(np.maximum(power, amin)) - 10 * math.log10(max(reference, amin))
    if top_db is not None:
        db = np.maximum(db, db.max() - top_db)
    return (db - recipe["normalize"]["mean"]) / recipe["normalize"]["std"]


# Layers: each takes its input, its description and its tensors by their last name ----------------------------------

ACTIVATIONS = {
    "tanh": np.tanh,
    "sigmoid": lambda x: np.exp(-np.logaddexp(0, -x)),
    "hard_sigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    "relu": lambda x: np.maximum(x, 0),
}


def both(value):
    """[mel, time] of a key that may be one word or number"""
    return list(value) if isinstance(value, (list, tuple)) else [value, value]


def padding_sizes(layer):
    """(before, after) on the mel axis and on the time axis"""
    sizes = []
    for size, kind in zip(both(layer["kernel"]), both(layer.get("padding", "valid"))):
        before = (size - 1) // 2 if kind == "same" else 0
        sizes.append((before, size - 1 - before if kind == "same" else 0))
    return sizes


def conv2d(image, layer, tensor):
    kernel = tensor["kernel"]  # [mel][time][in][out]
    mel_pad, time_pad = padding_sizes(layer)
    image = np.pad(image, (time_pad, mel_pad, (0, 0)))
    rows, columns = kernel.shape[:2]
    height, width = image.shape[1] - rows + 1, image.shape[0] - columns + 1
    out = np.zeros((width, height, kernel.shape[3]))
    for i in range(rows):
        for j in range(columns):
            out += image[j : j + width, i : i + height] @ kernel[i, j]
    return out + tensor["bias"] if layer.get("use_bias", True) else out


def batch_norm(x, layer, tensor):
    deviation = np.sqrt(tensor["moving_variance"] + layer.get("epsilon", 1e-3))
    return (x - tensor["moving_mean"]) / deviation * tensor["gamma"] + tensor["beta"]


def max_pool2d(image, layer, tensor):
    mel, time = both(layer.get("pool", 2))
    width, height = image.shape[0] // time, image.shape[1] // mel
    corners = [image[j : width * time : time, i : height * mel : mel] for i in range(mel) for j in range(time)]
    return np.maximum.reduce(corners)


def to_sequence(image, layer, tensor):
    return np.swapaxes(image, 1, 2).reshape(len(image), -1)  # a step is [channels][mel]


def gru(sequence, layer, tensor):
    act = ACTIVATIONS[layer.get("activation", "tanh")]
    gate = ACTIVATIONS[layer.get("recurrent_activation", "sigmoid")]
    w_z, w_r, w_h = np.split(tensor["kernel"], 3, axis=1)
    u_z, u_r, u_h = np.split(tensor["recurrent_kernel"], 3, axis=1)
    after = layer.get("reset_after", True)
    bias = tensor["bias"] if after else np.stack([tensor["bias"], np.zeros_like(tensor["bias"])])
    (b_z, b_r, b_h), (c_z, c_r, c_h) = (np.split(row, 3) for row in bias)
    state, states = np.zeros(layer["units"]), []
    for x in sequence:
        update = gate(x @ w_z + b_z + state @ u_z + c_z)
        reset = gate(x @ w_r + b_r + state @ u_r + c_r)
        memory = reset * (state @ u_h + c_h) if after else (reset * state) @ u_h
        state = update * state + (1 - update) * act(x @ w_h + b_h + memory)
        states.append(state)
    return np.array(states) if layer.get("return_sequences", False) else state


def temporal_pool(sequence, layer, tensor):
    return np.concatenate([{"mean": np.mean, "max": np.max}[stat](sequence, axis=0) for stat in layer["stats"]])


def dense(x, layer, tensor):
    return x @ tensor["kernel"] + tensor["bias"]


def softmax(x, layer, tensor):
    scaled = x / layer.get("temperature", 1.0)
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


LAYERS = {
    "conv2d": conv2d,
    "batch_norm": batch_norm,
    "max_pool2d": max_pool2d,
    "to_sequence": to_sequence,
    "gru": gru,
    "temporal_pool": temporal_pool,
    "dense": dense,
    "softmax": softmax,
    "relu": lambda x, layer, tensor: np.maximum(x, 0),
    "sigmoid": lambda x, layer, tensor: ACTIVATIONS["sigmoid"](x),
    "dropout": lambda x, layer, tensor: x,
}


# Model and stream --------------------------------------------------------------------------------------------------


class Model:
    def __init__(self, path):
        metadata, tensors = read_safetensors(path)
        assert metadata["format"] == "genre-model", path
        assert metadata["version"] == ("2" if "heads" in metadata else "1"), path
        self.labels = json.loads(metadata["labels"])
        self.recipe = json.loads(metadata["frontend"])
        self.network = json.loads(metadata["network"])
        self.heads = json.loads(metadata.get("heads", "{}"))
        self.window, self.least = int(metadata["window_frames"]), int(metadata["min_frames"])
        self.tensors = {}  # of each layer
        for name, tensor in tensors.items():
            layer, last = name.rsplit("/", 1)
            self.tensors.setdefault(layer, {})[last] = tensor

    @property
    def fixed(self):
        return self.least == self.window

    def grid(self):
        """S: windows start on multiples of it"""
        pools = [both(layer.get("pool", 2))[1] for layer in self.network if layer["type"] == "max_pool2d"]
        return 1 if self.fixed else math.prod(pools)

    def accepts(self, frames):
        """whether something is left of so many frames after every layer"""
        for layer in self.network:
            if layer["type"] == "conv2d":
                frames += sum(padding_sizes(layer)[1]) - both(layer["kernel"])[1] + 1
            elif layer["type"] == "max_pool2d":
                frames //= both(layer.get("pool", 2))[1]
            if frames < 1:
                return False
        return True

    def through(self, layers, x):
        for layer in layers:
            x = LAYERS[layer["type"]](x, layer, self.tensors.get(layer.get("name")))
        return x

    def run(self, x, end=None):
        """network input [frames][bands] -> the last layer's output, or that before layer `end`"""
        return self.through(self.network[:end], x[:, :, np.newaxis])

    def body(self):
        """layers before the last dense one"""
        return max(i for i, layer in enumerate(self.network) if layer["type"] == "dense")

    def look(self, power):
        """[frames][bands] power of one window -> [labels], and whether it is music, 0 to 1"""
        vector = self.run(network_input(power, self.recipe), self.body())
        music = self.through(self.heads["music"], vector)[0] if self.heads else 1.0
        return self.through(self.network[self.body() :], vector), music


@dataclasses.dataclass
class Answer:
    """One message; samples are counted from the first of the run."""

    first: int
    length: int
    state: str
    final: bool
    windows: int
    probabilities: np.ndarray
    smoothed: np.ndarray
    music: float
    label: str
    index: int
    confidence: float


class Smoothed:
    """One pole, by seconds of audio between the windows that enter; tau: ns"""

    def __init__(self, tau, value):
        self.tau, self.value, self.at = tau / NS, value, None

    def add(self, value, seconds):
        gain = 1 if self.at is None or self.tau == 0 else 1 - math.exp(-(seconds - self.at) / self.tau)
        self.value = self.value + gain * (value - self.value)
        self.at = seconds


def answers(
    model, pcm, rate, interval=NS, smoothing=8 * NS, silence_db=-60.0, window_frames=0, threshold=0.0,
    music_threshold=0.5,
):  # fmt: skip
    """mono samples of one whole run -> [Answer], the final last

    interval, smoothing: ns; window_frames: 0 for the model's own"""
    spectrogram = Spectrogram(model.recipe, rate)
    centre, total, count = spectrogram.centre, len(pcm), len(model.labels)
    uniform = np.full(count, 1 / count)
    longest = model.window
    if window_frames and not model.fixed:
        longest = min(max(window_frames, model.least), 1024)
    grid = model.grid()
    frames = spectrogram.complete(total)
    power = spectrogram.power(pcm, frames)
    out, smoothed, music = [], Smoothed(smoothing, uniform), Smoothed(smoothing, 1.0)
    log_sum, weight, windows = np.zeros(count), 0, 0
    music_sum, audible = 0.0, 0  # over the windows that are not silent, in frames

    def first_frame(end):
        """of the window that ends with frame end - 1"""
        return grid * math.ceil(max(0, end - longest) / grid)

    def silent(begin, end):
        """by the RMS, the mean taken off, from the centre of the first frame to as far as the last one reaches"""
        piece = pcm[centre(begin) : min(centre(end), centre(end - 1) + spectrogram.n // 2)]
        return len(piece) == 0 or math.sqrt(np.var(piece)) < 10 ** (silence_db / 20)

    def put(first, length, state, final, distribution, smooth, music, known):
        index = int(np.argmax(smooth)) if known else -1
        confidence = float(smooth[index]) if known else 0.0
        if confidence < threshold:
            index = -1
        label = model.labels[index] if index >= 0 else "unknown"
        out.append(Answer(first, length, state, final, windows, distribution, smooth, music, label, index, confidence))

    def aggregate():
        return softmax(log_sum / weight, {}, None) if weight else uniform

    # Answer k is due with frame end - 1; ends are counted in the recipe's own time, whatever the input's rate.
    hop_numerator, hop_denominator = model.recipe["hop_length"] * NS, model.recipe["sample_rate"]
    step = max(interval * hop_denominator, hop_numerator)
    k = 0
    while (end := model.least + k * step // hop_numerator) <= frames:
        k += 1
        begin = first_frame(end)
        first, length = centre(begin), centre(end) - centre(begin)
        if silent(begin, end):
            put(first, length, "silence", False, uniform, smoothed.value, music.value, False)
            continue
        p, own_music = model.look(power[begin:end])
        music.add(own_music, centre(end) / rate)
        music_sum += (end - begin) * own_music
        audible += end - begin
        if own_music < music_threshold:
            put(first, length, "not-music", False, uniform, smoothed.value, music.value, False)
            continue
        smoothed.add(p, centre(end) / rate)
        log_sum += (end - begin) * np.log(np.maximum(p, 1e-12))
        weight += end - begin
        windows += 1
        put(first, length, "ok", False, p, smoothed.value, music.value, True)

    state = "ok" if windows else "not-music" if audible else "silence"
    if k == 0:
        state, frames = "too-short", spectrogram.existing(total)
        begin, end = first_frame(frames), frames
        enough = end - begin >= model.least or (not model.fixed and model.accepts(end - begin))
        if enough and not silent(begin, end):
            p, own_music = model.look(spectrogram.power(pcm, frames)[begin:end])
            if own_music >= music_threshold:
                log_sum, weight, windows = (end - begin) * np.log(np.maximum(p, 1e-12)), end - begin, 1
    last = aggregate()
    put(0, total, state, True, last, last, music_sum / audible if audible else 1.0, windows > 0)
    return out


def main(argv):
    if len(argv) != 4:
        sys.exit(__doc__)
    model = Model(argv[1])
    for a in answers(model, np.fromfile(argv[2], "<f4").astype(np.float64), int(argv[3])):
        best = ", ".join(f"{model.labels[i]} {a.smoothed[i]:.4f}" for i in np.argsort(-a.smoothed)[:3])
        when = f"{a.first:>10} +{a.length:<8} {a.state:9} {'final ' if a.final else ''}"
        print(f"{when}{a.windows:>4} {a.music:.4f}  {best}")


if __name__ == "__main__":
    main(sys.argv)
