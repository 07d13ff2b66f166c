#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures the tables of docs/performance.md: this project beside its peers, in turn, in the same run.

    python3 docs/performance.py [GROUP...] [--build DIR] [--venv DIR] [--rounds N] [--write docs/performance.md]

GROUP: element, mel, forward, training, start, folder, scaling; all if none is named.  The first run makes a virtual
environment with the peers in --venv (/tmp/genre-peers), which takes minutes and 7 GB; later runs use it, and it may be
deleted.  A peer that cannot be installed has a row that says so.  Everything uses one thread unless a row says
otherwise.  Programs take turns, --rounds times, and medians are printed; run it on an idle machine.  With --write a
table replaces the one between "<!-- measured: GROUP -->" and "<!-- end -->".

Times are seconds of CPU, of all threads of a process, unless a column says otherwise.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL = ROOT / "models" / "weights" / "genre-crnn.safetensors"
RATE, N_FFT, HOP, BANDS = 22050, 2048, 1708, 128  # of the mel spectrograms
FRAMES, STEP = 129, 13  # of a window; from one to the next
SECONDS = 600  # of sound for mel
PEERS = ("librosa==0.11.0", "onnx", "onnxruntime", "openvino", "ai-edge-litert", "kaldi-native-fbank", "torch",
         "torchaudio", "keras", "tensorflow-cpu")
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                                     "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NUMBA_NUM_THREADS")}


# --- The peers, each in a process of its own, in the virtual environment -------------------------------------------

def cpu_of(function, repeats):
    """-> median seconds of CPU of a call, and what it returned; the first call does not count"""
    result, times = function(), []
    for _ in range(repeats):
        before = time.process_time()
        function()
        times.append(time.process_time() - before)
    return statistics.median(times), result


def librosa_mel(y):
    import librosa
    mel = librosa.feature.melspectrogram(y=y, sr=RATE, n_fft=N_FFT, hop_length=HOP, n_mels=BANDS)
    return librosa.power_to_db(mel, top_db=None)


def mel_torchaudio(y):
    import torch
    torch.version.cuda = None  # PyPI's wheels of the two may be of different CUDAs, which an import refuses
    import torchaudio
    torch.set_num_threads(1)
    mel = torchaudio.transforms.MelSpectrogram(RATE, N_FFT, hop_length=HOP, n_mels=BANDS, norm="slaney",
                                               mel_scale="slaney", pad_mode="constant")
    decibels = torchaudio.transforms.AmplitudeToDB()
    samples = torch.from_numpy(y)
    return lambda: decibels(mel(samples)).numpy()


def mel_torch(y):
    import librosa
    import torch
    torch.set_num_threads(1)
    filters = torch.from_numpy(librosa.filters.mel(sr=RATE, n_fft=N_FFT, n_mels=BANDS))
    window, samples = torch.hann_window(N_FFT), torch.from_numpy(y)

    def transform():
        spectrum = torch.stft(samples, N_FFT, HOP, window=window, pad_mode="constant", return_complex=True)
        return (10 * torch.log10((filters @ spectrum.abs().square()).clamp(1e-10))).numpy()
    return transform


def mel_kaldi(y):
    import kaldi_native_fbank as knf
    options = knf.FbankOptions()
    frame = options.frame_opts
    frame.samp_freq, frame.frame_length_ms, frame.frame_shift_ms = RATE, 1e3 * N_FFT / RATE, 1e3 * HOP / RATE
    frame.dither, frame.preemph_coeff, frame.window_type, frame.snip_edges = 0, 0, "hanning", False
    options.mel_opts.num_bins, options.mel_opts.high_freq = BANDS, RATE / 2

    def transform():
        fbank = knf.OnlineFbank(options)
        fbank.accept_waveform(RATE, y)
        fbank.input_finished()
        return fbank.num_frames_ready
    return transform


def peer_mel(name):
    import numpy as np
    y = np.random.default_rng(1).uniform(-1, 1, SECONDS * RATE).astype(np.float32)
    makers = {"torchaudio": mel_torchaudio, "torch": mel_torch, "kaldi": mel_kaldi}
    transform = makers[name](y) if name in makers else lambda: librosa_mel(y)
    used, result = cpu_of(transform, 3)
    frames = result if isinstance(result, int) else result.shape[-1]
    assert abs(frames - SECONDS * RATE / HOP) <= 2, frames
    print(used)


def load_model():
    """-> metadata, tensors"""
    sys.path.insert(0, str(ROOT / "examples"))
    from export_onnx import read_model
    metadata, tensors = read_model(MODEL)
    return metadata, {name: value.copy() for name, value in tensors.items()}


def forward_onnx(onnx_file, x):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx_file, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"levels": x})[0]


def forward_openvino(onnx_file, x):
    import openvino
    core = openvino.Core()
    model = core.read_model(onnx_file)
    model.reshape({"levels": list(x.shape)})
    compiled = core.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"})
    return lambda: compiled(x)[0]


def normalized(metadata, x):
    import numpy as np
    normalize = json.loads(metadata["frontend"])["normalize"]
    return ((x - np.float32(normalize["mean"])) / np.float32(normalize["std"])).astype(np.float32)


def layers_of(metadata):
    return json.loads(metadata["network"])


def torch_network(metadata, tensors):
    """genre-crnn's layers, channels last"""
    import numpy as np
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            images, n_in = [], 1
            for layer in layers_of(metadata):
                kind, name = layer["type"], layer.get("name")
                if kind == "conv2d":
                    kernel = tensors[f"{name}/kernel"]
                    images.append(nn.Conv2d(n_in, layer["filters"], layer["kernel"], padding=(1, 0), bias=False))
                    images[-1].weight.data = torch.tensor(kernel.transpose(3, 2, 0, 1).copy())
                    n_in = layer["filters"]
                elif kind == "batch_norm":
                    images.append(nn.BatchNorm2d(n_in, layer.get("epsilon", 1e-3)))
                    for ours, theirs in (("gamma", "weight"), ("beta", "bias"), ("moving_mean", "running_mean"),
                                         ("moving_variance", "running_var")):
                        getattr(images[-1], theirs).data = torch.tensor(tensors[f"{name}/{ours}"])
                elif kind == "relu":
                    images.append(nn.ReLU(inplace=True))
                elif kind == "max_pool2d":
                    images.append(nn.MaxPool2d(layer["pool"]))
                elif kind == "gru":
                    self.gru = nn.GRU(tensors[f"{name}/kernel"].shape[0], layer["units"], batch_first=True)
                    turned = [np.concatenate([t[..., 1], t[..., 0], t[..., 2]], -1) for t in (
                        np.stack(np.split(tensors[f"{name}/{part}"], 3, -1), -1)
                        for part in ("kernel", "recurrent_kernel", "bias"))]  # z r h to r z n
                    self.gru.weight_ih_l0.data = torch.tensor(turned[0].T.copy())
                    self.gru.weight_hh_l0.data = torch.tensor(turned[1].T.copy())
                    self.gru.bias_ih_l0.data, self.gru.bias_hh_l0.data = (torch.tensor(b) for b in turned[2])
                elif kind == "dense":
                    self.dense = nn.Linear(*tensors[f"{name}/kernel"].shape)
                    self.dense.weight.data = torch.tensor(tensors[f"{name}/kernel"].T.copy())
                    self.dense.bias.data = torch.tensor(tensors[f"{name}/bias"])
                elif kind == "softmax":
                    self.temperature = layer.get("temperature", 1)
            self.images = nn.Sequential(*images)

        def forward(self, x):  # [batch][frames][bands]
            y = self.images(x.transpose(1, 2).unsqueeze(1))
            h, _ = self.gru(y.permute(0, 3, 1, 2).flatten(2))
            return torch.softmax(self.dense(torch.cat([h.mean(1), h.amax(1)], 1)) / self.temperature, 1)

    return Network().eval().to(memory_format=torch.channels_last)


def forward_torch(_, x):
    import torch
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    metadata, tensors = load_model()
    network, levels = torch_network(metadata, tensors), torch.from_numpy(normalized(metadata, x))

    def forward():
        with torch.inference_mode():
            return network(levels).numpy()
    return forward


def keras_network(metadata, tensors, batch=None, **gru):
    """genre-crnn's layers; gru: further arguments of that layer"""
    import keras
    from keras import layers as k
    bands = len(json.loads(metadata["frontend"])["normalize"]["mean"])
    x = start = keras.Input((FRAMES, bands), batch_size=batch)
    x = k.Reshape((bands, FRAMES, 1))(k.Permute((2, 1))(x))
    loads = []
    for layer in layers_of(metadata):
        kind, name = layer["type"], layer.get("name")
        made = None
        if kind == "conv2d":
            x = k.ZeroPadding2D(((1, 1), (0, 0)))(x)
            made, parts = k.Conv2D(layer["filters"], layer["kernel"], use_bias=False), ("kernel",)
        elif kind == "batch_norm":
            made = k.BatchNormalization(epsilon=layer.get("epsilon", 1e-3))
            parts = ("gamma", "beta", "moving_mean", "moving_variance")
        elif kind == "relu":
            x = k.ReLU()(x)
        elif kind == "max_pool2d":
            x = k.MaxPooling2D(layer["pool"])(x)
        elif kind == "to_sequence":
            x = k.Permute((2, 3, 1))(x)  # columns, channels, rows
            x = k.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)
        elif kind == "gru":
            made, parts = k.GRU(layer["units"], return_sequences=True, **gru), ("kernel", "recurrent_kernel", "bias")
        elif kind == "temporal_pool":
            x = k.Concatenate()([k.GlobalAveragePooling1D()(x), k.GlobalMaxPooling1D()(x)])
        elif kind == "dense":
            made, parts = k.Dense(layer["units"]), ("kernel", "bias")
        elif kind == "softmax":
            x = k.Softmax()(k.Rescaling(1 / layer.get("temperature", 1))(x))
        if made is not None:
            x = made(x)
            loads.append((made, [tensors[f"{name}/{part}"] for part in parts]))
    for made, values in loads:
        made.set_weights(values)
    return keras.Model(start, x)


def keras_forward(x):
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    metadata, tensors = load_model()
    network = keras_network(metadata, tensors)
    call = tf.function(lambda levels: network(levels, training=False))
    levels = tf.constant(normalized(metadata, x))
    return lambda: call(levels).numpy()


def forward_litert(_, x):
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter
    metadata, tensors = load_model()
    network = keras_network(metadata, tensors, len(x), unroll=True)  # LiteRT lacks loops over steps
    content = tf.lite.TFLiteConverter.from_keras_model(network).convert()
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    at, end = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    levels = normalized(metadata, x)

    def forward():
        interpreter.set_tensor(at, levels)
        interpreter.invoke()
        return interpreter.get_tensor(end)
    return forward


FORWARD = {"onnx": forward_onnx, "openvino": forward_openvino, "litert": forward_litert, "torch": forward_torch,
           "keras": lambda _, x: keras_forward(x)}


def peer_forward(name, onnx_file, batch):
    """milliseconds a window, then the probabilities of the first window, which all peers agree in"""
    import numpy as np
    x = np.random.default_rng(1).normal(-20, 15, (int(batch), FRAMES, 64)).astype(np.float32)
    used, probabilities = cpu_of(FORWARD[name](onnx_file, x), max(5, 150 // int(batch)))
    print(1e3 * used / int(batch), *probabilities[0])


def peer_label(name, onnx_file, *paths):
    """the genre of each recording, from windows a second apart, as `identify` has them"""
    import librosa
    import numpy as np
    metadata, _ = load_model()
    labels, amin = json.loads(metadata["labels"]), json.loads(metadata["frontend"])["amin"]
    makers = {}
    for path in paths:
        y, _ = librosa.load(path, sr=RATE)
        mel = librosa.feature.melspectrogram(y=y, sr=RATE, n_fft=N_FFT, hop_length=HOP, n_mels=BANDS)
        levels = librosa.power_to_db(mel.reshape(64, 2, -1).mean(1), amin=amin, top_db=None).T.astype(np.float32)
        windows = np.stack([levels[i:i + FRAMES] for i in range(0, len(levels) - FRAMES + 1, STEP)])
        if not makers:
            makers["session"] = label_session(name, onnx_file, metadata)
        p = makers["session"](windows)
        print(path, labels[int(np.log(np.maximum(p, 1e-12)).mean(0).argmax())])


def label_session(name, onnx_file, metadata):
    if name == "onnx":
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(onnx_file, options, providers=["CPUExecutionProvider"])
        return lambda windows: session.run(None, {"levels": windows})[0]
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    network = keras_network(metadata, load_model()[1])
    return lambda windows: network.predict(normalized(metadata, windows), verbose=0)


def record(folder, n, seconds):
    sys.path.insert(0, str(ROOT / "tests"))
    from made_music import KINDS, music, write_wav
    for i in range(int(n)):
        write_wav(pathlib.Path(folder) / f"{i:03}.wav", music(list(KINDS)[i % len(KINDS)], i, int(seconds)), RATE)


# --- Measuring ----------------------------------------------------------------------------------------------------

@dataclasses.dataclass
class Done:
    """One run of a program, from its start to its end."""
    text: str
    cpu: float
    wall: float
    megabytes: float  # resident at most


class Failed(Exception):
    pass


def run(command, environment):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        process = subprocess.Popen([str(c) for c in command], stdout=out, stderr=errors, cwd=ROOT,
                                   env={**os.environ, **ONE_THREAD, **environment})
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        wall = time.monotonic() - start
        out.seek(0)
        errors.seek(0)
        text, complaint = out.read().decode(errors="replace"), errors.read().decode(errors="replace")
    if status != 0:
        raise Failed((complaint.strip() or text.strip() or f"status {status}").splitlines()[-1][:120])
    return Done(text, usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


@dataclasses.dataclass
class Subject:
    name: str
    command: list
    read: object  # Done -> numbers, one a column


def in_turn(subjects, rounds, environment):
    """-> {name: [median of each column]}, or the reason why there is none"""
    found, failed = {s.name: [] for s in subjects}, {}
    for _ in range(rounds):
        for subject in subjects:
            if subject.name in failed:
                continue
            try:
                found[subject.name].append(subject.read(run(subject.command, environment)))
            except Failed as reason:
                failed[subject.name] = str(reason)
    return {name: failed.get(name) or [statistics.median(column) for column in zip(*rows)]
            for name, rows in found.items()}


def table(header, subjects, found):
    """Markdown; the last column is how many times as much as the first subject's first number"""
    lines = ["| | " + " | ".join(header) + " | : the first |", "| --- |" + " --- |" * (len(header) + 1)]
    first = found[subjects[0].name]
    for subject in subjects:
        row = found[subject.name]
        if isinstance(row, str):
            lines.append(f"| {subject.name} | not measured: {row} |" + " |" * len(header))
            continue
        ratio = "" if isinstance(first, str) or row is first else f"{row[0] / first[0]:.2f}"
        lines.append(f"| {subject.name} | " + " | ".join(f"{v:.3g}" for v in row) + f" | {ratio} |")
    return lines


def last_number(done):
    return [float(done.text.split()[-1])]


def first_number(done):
    return [float(done.text.strip().splitlines()[-1].split()[0])]


class Bench:
    """What the groups need: where things are, and how to call a peer."""

    def __init__(self, options, scratch):
        self.build, self.rounds, self.scratch = options.build, options.rounds, scratch
        self.python, self.chromaprint = options.venv / "bin" / "python", options.venv / "chromaprint"
        self.tool = self.build / "gst" / "tools" / "gst-genre-1.0"
        self.environment = {"GST_PLUGIN_PATH": str(self.build / "gst"), "GST_REGISTRY": str(scratch / "registry"),
                            "GENRE_BUILD_DIR": str(self.build), "TF_CPP_MIN_LOG_LEVEL": "3",
                            "TF_ENABLE_ONEDNN_OPTS": "1", "CUDA_VISIBLE_DEVICES": ""}

    def peer(self, kind, *arguments):
        return [self.python, __file__, "--peer", kind, *arguments]

    def compare(self, header, subjects, rounds=None):
        return table(header, subjects, in_turn(subjects, rounds or self.rounds, self.environment))

    def onnx_file(self):
        path = self.scratch / "genre.onnx"
        if not path.exists():
            try:
                run([self.python, ROOT / "examples" / "export_onnx.py", MODEL, path], self.environment)
            except Failed as reason:
                print(f"no ONNX file: {reason}", file=sys.stderr)
        return path

    def recordings(self, n, seconds):
        folder = self.scratch / f"{n} of {seconds} s"
        if not folder.exists():
            folder.mkdir()
            run(self.peer("record", folder, n, seconds), self.environment)
        return sorted(folder.iterdir())


def group_element(bench):
    plugins, libraries = [bench.build / "gst", bench.chromaprint], {p.parent for p in bench.chromaprint.rglob("*.so.*")}
    environment = {**bench.environment, "GST_REGISTRY": str(bench.scratch / "chromaprint.registry"),
                   "GST_PLUGIN_PATH": os.pathsep.join(map(str, plugins)),
                   "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries))}
    run(["gst-inspect-1.0", "genreclassify"], environment)  # makes the registry
    text = run([bench.build / "tests" / "bench-element", 600, bench.rounds], environment).text
    return [line for line in text.splitlines() if line.startswith("|")]


def group_mel(bench):
    return bench.compare([f"CPU s for {SECONDS} s of sound"], [
        Subject("genreclassify (`bench-mel`)", [bench.build / "tests" / "bench-mel", SECONDS, RATE], last_number),
        Subject("librosa", bench.peer("mel", "librosa"), first_number),
        Subject("torchaudio", bench.peer("mel", "torchaudio"), first_number),
        Subject("torch.stft", bench.peer("mel", "torch"), first_number),
        Subject("kaldi-native-fbank", bench.peer("mel", "kaldi"), first_number),
    ])


def group_forward(bench):
    def a_window(done):
        return [float(re.search(r"([\d.]+) us a window", done.text)[1]) / 1e3]

    lines, probabilities = [], []

    def read(done):
        numbers = [float(word) for word in done.text.strip().splitlines()[-1].split()]
        probabilities.append(numbers[1:])
        assert max(abs(a - b) for a, b in zip(numbers[1:], probabilities[0])) < 1e-3, "peers disagree"
        return numbers[:1]

    for batch in (1, 32):
        subjects = [Subject("genreclassify (`bench-nn`), which has no batches", [bench.build / "tests" / "bench-nn"],
                            a_window)]
        for name, key in (("ONNX Runtime", "onnx"), ("OpenVINO", "openvino"), ("LiteRT", "litert"),
                          ("PyTorch, channels last", "torch"), ("Keras, TensorFlow", "keras")):
            subjects.append(Subject(name, bench.peer("forward", key, bench.onnx_file(), batch), read))
        lines += bench.compare([f"batch {batch}: CPU ms a window"], subjects) + [""]
    return lines[:-1]


def group_training(bench):
    trainer = bench.build / "tests" / "bench-trainer"
    peer = [bench.python, ROOT / "tests" / "bench-trainer-torch.py", trainer, "--rounds", 3, "--measure"]
    return bench.compare(["windows a CPU second, batch 32"], [
        Subject("genreclassify (`bench-trainer`)", [trainer, 1, 3], last_number),
        Subject("PyTorch, channels last", peer + ["channels_last", 1], last_number),
        Subject("PyTorch, eager", peer + ["eager", 1], last_number),
    ])


def whole(done):
    return [done.cpu, done.wall, done.megabytes]


def launch(element, seconds, rate=44100):
    return ["gst-launch-1.0", "-q", "audiotestsrc", "wave=pink-noise", "samplesperbuffer=1024",
            f"num-buffers={seconds * rate // 1024}", "!", f"audio/x-raw,format=F32LE,rate={rate},channels=2", "!",
            *element.split(), "!", "fakesink"]


def group_start(bench):
    path = bench.recordings(1, 12)[0]
    header = ["CPU s", "wall s", "peak MB"]
    return bench.compare(header, [
        Subject("gst-launch-1.0, 1 s, genreclassify", launch("genreclassify", 1), whole),
        Subject("gst-launch-1.0, 1 s, identity", launch("identity", 1), whole),
    ]) + [""] + bench.compare(header, [
        Subject("`identify` of a recording of 12 s", [bench.tool, "identify", "-q", path], whole),
        Subject("librosa and ONNX Runtime", bench.peer("label", "onnx", bench.onnx_file(), path), whole),
        Subject("librosa and Keras", bench.peer("label", "keras", bench.onnx_file(), path), whole),
    ])


def group_folder(bench):
    paths = bench.recordings(100, 30)
    return bench.compare(["CPU s", "wall s", "peak MB"], [
        Subject("`identify --jobs=1` of 100 recordings of 30 s", [bench.tool, "identify", "-q", "--jobs=1", *paths],
                whole),
        Subject("librosa and ONNX Runtime", bench.peer("label", "onnx", bench.onnx_file(), *paths), whole),
        Subject("librosa and Keras", bench.peer("label", "keras", bench.onnx_file(), *paths), whole),
    ], rounds=1)


def group_scaling(bench):
    paths = bench.recordings(100, 30)
    header = ["CPU s", "wall s", "peak MB"]
    lengths = [Subject(f"{seconds} s of sound", launch("genreclassify", seconds), whole)
               for seconds in (60, 240, 960)]
    elements = [Subject(f"{n} elements in a row, 60 s", launch(" ! ".join(n * ["genreclassify"]), 60), whole)
                for n in (1, 2, 4, 8)]
    jobs = [Subject(f"`identify --jobs={n}` of 100 recordings", [bench.tool, "identify", "-q", f"--jobs={n}", *paths],
                    whole) for n in (1, 2, 4)]
    return bench.compare(header, lengths) + [""] + bench.compare(header, elements) + [""] + bench.compare(header, jobs)


GROUPS = {"element": group_element, "mel": group_mel, "forward": group_forward, "training": group_training,
          "start": group_start, "folder": group_folder, "scaling": group_scaling}


# --- The page -----------------------------------------------------------------------------------------------------

def make_venv(folder):
    """Each peer by itself: one that is not there for this system does not keep the others away."""
    if (folder / "done").exists():
        return
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet"]
    for package in PEERS:
        print(f"installing {package}", file=sys.stderr)
        if package.startswith("torch"):  # of PyTorch's own, without CUDA
            if subprocess.run([*pip, package, "--index-url", "https://download.pytorch.org/whl/cpu"],
                              check=False).returncode == 0:
                continue
        subprocess.run([*pip, package], check=False)
    (folder / "done").touch()


def make_chromaprint(folder):
    """GStreamer's element and its library alone, out of Debian's packages, which would bring many others."""
    if folder.exists() or not shutil.which("apt-get"):
        return
    with tempfile.TemporaryDirectory() as packages:
        subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", "gstreamer1.0-plugins-bad",
                        "libchromaprint1"], cwd=packages, check=False)
        for package in pathlib.Path(packages).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, packages], check=True)
        folder.mkdir(parents=True)
        for found in pathlib.Path(packages).rglob("lib*chromaprint.so*"):
            shutil.copy(found, folder)


def machine():
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
             if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"


def write(page, group, lines):
    text = page.read_text(encoding="utf-8")
    begin = f"<!-- measured: {group} -->\n"
    assert begin in text, f"{page}: no line {begin.strip()}"
    before, rest = text.split(begin, 1)
    page.write_text(before + begin + "\n" + "\n".join(lines) + "\n\n" + rest[rest.index("<!-- end -->"):],
                    encoding="utf-8")


def main():
    if sys.argv[1:2] == ["--peer"]:
        {"mel": peer_mel, "forward": peer_forward, "label": peer_label,
         "record": record}[sys.argv[2]](*sys.argv[3:])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--venv", type=pathlib.Path, default=pathlib.Path("/tmp/genre-peers"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", type=pathlib.Path, metavar="PAGE")
    options = parser.parse_args()
    unknown = set(options.groups) - set(GROUPS)
    if unknown:
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    options.build = options.build.resolve()
    subprocess.run(["ninja", "-C", options.build, "--quiet"], check=True)
    make_venv(options.venv)
    make_chromaprint(options.venv / "chromaprint")
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(options, pathlib.Path(scratch))
        run(["gst-inspect-1.0", "genreclassify"], bench.environment)  # makes the registry
        for group in options.groups or GROUPS:
            lines = [machine() + ":", "", *GROUPS[group](bench)]
            print(f"{group}\n" + "\n".join(lines) + "\n", flush=True)
            if options.write:
                write(options.write, group, lines)


if __name__ == "__main__":
    main()
