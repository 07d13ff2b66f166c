# SPDX-License-Identifier: LGPL-2.1-or-later
"""pipeline.py - what the end-to-end tests share: run a pipeline, read the genreclassify messages, count failures.

Needs PyGObject and the GStreamer typelib only; no gst-python.  GST_PLUGIN_PATH says where the plugin is.
"""

import os
import pathlib
import struct
import sys
import tempfile

import gi
import numpy as np

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

SKIPPED = 77  # the exit status that meson and tests/run.sh take for "skipped"
NONE = 2**64 - 1  # GST_CLOCK_TIME_NONE
FIELDS = [
    "timestamp", "stream-time", "running-time", "duration", "label", "confidence", "index", "labels", "probabilities",
    "smoothed", "music", "summary", "state", "final", "windows",
]  # fmt: skip

# What the tool keeps of what it decoded is the test's own, and goes with it.
CACHE = tempfile.TemporaryDirectory(prefix="genre-cache-")
os.environ["XDG_CACHE_HOME"] = CACHE.name

Gst.init(None)


class Verdict:
    """Counts and prints failed expectations, and goes on."""

    def __init__(self):
        self.failed = self.passed = 0

    def check(self, condition, text):
        if condition:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {text}", file=sys.stderr, flush=True)
        return bool(condition)

    def close(self, found, expected, tolerance, text):
        found, expected = np.asarray(found, float), np.asarray(expected, float)
        if found.shape != expected.shape:
            return self.check(False, f"{text}: {found.shape} values, expected {expected.shape}")
        worst = float(np.abs(found - expected).max()) if found.size else 0.0
        return self.check(worst <= tolerance, f"{text}: off by {worst:g}, allowed {tolerance:g}")

    def run(self, names):
        """Calls every test_... of a module's globals() with a folder of its own, and exits."""
        for test in [test for name, test in names.items() if name.startswith("test_")]:
            with tempfile.TemporaryDirectory() as root:
                test(os.path.realpath(root))
        self.exit()

    def exit(self):
        print(f"{self.passed} checks passed, {self.failed} failed")
        sys.exit(self.failed != 0 or self.passed == 0)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def need(*elements):
    """Exits as skipped if GStreamer lacks an element; genreclassify itself is no reason to skip."""
    for name in elements:
        if Gst.ElementFactory.find(name) is None:
            skip(f"there is no GStreamer element {name}")
    if Gst.ElementFactory.find("genreclassify") is None:
        sys.exit("there is no element genreclassify: does GST_PLUGIN_PATH name the build's gst directory?")


def shared_directory():
    """../shared of the checkout, or GENRE_SHARED: recordings and golden values that are not part of the sources"""
    here = pathlib.Path(__file__).resolve().parent
    path = pathlib.Path(os.environ.get("GENRE_SHARED") or here.parent.parent / "shared")
    if not (path / "reference" / "golden.safetensors").is_file():
        skip(f"no recordings at {path}; set GENRE_SHARED")
    return path


class GenreMessage:
    """One genreclassify message: .text as GStreamer prints it, and each field, "-" read as "_"."""

    def __init__(self, structure):
        self.text = structure.to_string()
        self.names = [structure.nth_field_name(i) for i in range(structure.n_fields())]
        for name in self.names:
            setattr(self, name.replace("-", "_"), read_field(structure, name))


def read_field(structure, name):
    if name not in ("labels", "probabilities", "smoothed"):
        return structure.get_value(name)
    # get_value() cannot convert a GST_TYPE_ARRAY without gst-python; get_array() can.
    found, array = structure.get_array(name)
    assert found, name
    return [array.get_nth(i) for i in range(array.n_values)]


class PipelineError(Exception):
    """An ERROR message: .domain, .code, .message, .debug"""

    def __init__(self, message):
        error, debug = message.parse_error()
        super().__init__(f"{error.message} ({debug})")
        self.domain, self.code, self.message, self.debug = error.domain, error.code, error.message, debug


def run(description, feed=None, timeout=60):
    """Plays a gst-launch description to its end -> [GenreMessage].

    feed(appsrc) is called while it plays if there is an element called src.  Raises PipelineError, TimeoutError."""
    pipeline = Gst.parse_launch(description)
    messages = []
    try:
        bus = pipeline.get_bus()
        pipeline.set_state(Gst.State.PLAYING)
        if feed:
            feed(pipeline.get_by_name("src"))
        kinds = Gst.MessageType.ELEMENT | Gst.MessageType.ERROR | Gst.MessageType.EOS
        while True:
            message = bus.timed_pop_filtered(timeout * Gst.SECOND, kinds)
            if message is None:
                raise TimeoutError(f"nothing on the bus for {timeout} s: {description}")
            if message.type == Gst.MessageType.ERROR:
                raise PipelineError(message)
            if message.type == Gst.MessageType.EOS:
                return messages
            if message.get_structure().get_name() == "genreclassify":
                messages.append(GenreMessage(message.get_structure()))
    finally:
        pipeline.set_state(Gst.State.NULL)


def raw_caps(rate, channels, format="F32LE"):
    mask = "" if channels <= 2 else ",channel-mask=(bitmask)0"
    return f"audio/x-raw,format={format},layout=interleaved,rate={rate},channels={channels}{mask}"


def quoted(value):
    """a property value for a launch line"""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def classify(pcm, rate, first_pts=0, splits=None, format="F32LE", timeout=60, **properties):
    """[samples] or [samples][channels], already in `format`, through the element from first_pts on -> [GenreMessage].

    splits: lengths of the buffers in samples, repeated as needed; default: a tenth of a second.
    properties: of the element, "_" for "-"; all is music unless music_threshold is among them."""
    properties.setdefault("music_threshold", 0.0)
    pcm = np.ascontiguousarray(pcm if pcm.ndim == 2 else pcm[:, np.newaxis])
    settings = " ".join(f"{name.replace('_', '-')}={quoted(value)}" for name, value in properties.items())
    caps = raw_caps(rate, pcm.shape[1], format)
    splits = splits or [max(1, rate // 10)]

    def feed(source):
        start, turn = 0, 0
        while start < len(pcm):
            count = min(splits[turn % len(splits)], len(pcm) - start)
            turn += 1
            buffer = Gst.Buffer.new_wrapped(pcm[start : start + count].tobytes())
            buffer.pts = first_pts + start * Gst.SECOND // rate
            buffer.duration = (start + count) * Gst.SECOND // rate - start * Gst.SECOND // rate
            source.emit("push-buffer", buffer)
            start += count
        source.emit("end-of-stream")

    return run(
        f'appsrc name=src format=time max-bytes=0 caps="{caps}" ! genreclassify {settings} ! fakesink sync=false',
        feed,
        timeout,
    )


def decode(path, conversion="identity"):
    """a recording of one channel or two -> mono float32 samples at its own rate, or that of `conversion`; rate"""
    location = quoted(str(path))
    pipeline = Gst.parse_launch(
        f"filesrc location={location} ! decodebin ! {conversion} ! audioconvert "
        "! audio/x-raw,format=F32LE,channels=1 ! appsink name=sink sync=false"
    )
    sink, parts, rate = pipeline.get_by_name("sink"), [], 0
    try:
        pipeline.set_state(Gst.State.PLAYING)
        while (sample := sink.emit("pull-sample")) is not None:
            buffer = sample.get_buffer()
            parts.append(buffer.extract_dup(0, buffer.get_size()))
            rate = sample.get_caps().get_structure(0).get_int("rate")[1]
        error = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
        if error:
            raise PipelineError(error)
    finally:
        pipeline.set_state(Gst.State.NULL)
    return np.frombuffer(b"".join(parts), "<f4"), rate


def write_sparse_wav(path, seconds, mark, rate=22050, channels=1):
    """a long recording that takes no room on the disk: one loud sample, `mark` samples in, then silence"""
    size = int(seconds * rate) * channels * 2
    with open(path, "wb") as file:
        file.write(struct.pack("<4sI4s4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16))
        file.write(struct.pack("<HHIIHH4sI", 1, channels, rate, rate * channels * 2, channels * 2, 16, b"data", size))
        file.seek(mark * channels * 2, os.SEEK_CUR)
        file.write(struct.pack("<h", 20000))
        file.truncate(44 + size)
