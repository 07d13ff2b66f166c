#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Model files that are broken in every way: a failed state change and one clear error each, never a crash or a hang.

test-e2e-model-files.py             tries every file, each in a process of its own
test-e2e-model-files.py MODEL       that process: prints what READY to PAUSED gives as JSON
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

import random_model
from pipeline import Gst, Verdict, need

TIME_LIMIT = 20  # seconds, a hundred times of what is needed; under a sanitizer or valgrind too


def try_model(path):
    """What the bus and the state change say."""
    element = Gst.ElementFactory.make("genreclassify")
    bus = Gst.Bus()
    element.set_bus(bus)
    element.set_property("model", path)
    ready = element.set_state(Gst.State.READY)
    paused = element.set_state(Gst.State.PAUSED)
    errors = []
    while (message := bus.pop()) is not None:
        if message.type == Gst.MessageType.ERROR:
            error, debug = message.parse_error()
            errors.append({"domain": error.domain, "message": error.message, "debug": debug})
    # The same element is fit for use once it is given no model, or a good one.
    element.set_state(Gst.State.NULL)
    element.set_property("model", None)
    again = element.set_state(Gst.State.PAUSED)
    element.set_state(Gst.State.NULL)
    names = {"ready": ready, "paused": paused, "again": again}
    print(json.dumps({"errors": errors, **{k: v.value_nick for k, v in names.items()}}))


def container(header, data=b"", length=None):
    """bytes of a safetensors file; header: text or object"""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def header_of(good):
    length = int.from_bytes(good[:8], "little")
    return json.loads(good[8 : 8 + length]), good[8 + length :]


def with_header(good, change):
    """the good file with its header changed"""
    header, data = header_of(good)
    change(header)
    return container(header, data)


def with_metadata(good, key, value):
    return with_header(good, lambda header: header["__metadata__"].update({key: value}))


def with_json(good, key, change):
    """the good file with one of the JSON texts in its metadata changed"""

    def edit(header):
        value = json.loads(header["__metadata__"][key])
        header["__metadata__"][key] = json.dumps(change(value) or value)

    return with_header(good, edit)


def with_value(metadata, tensors, name, value):
    """the model with one weight set"""
    tensors = {key: tensor.copy() for key, tensor in tensors.items()}
    tensors[name].reshape(-1)[tensors[name].size // 2] = value
    return random_model.safetensors(metadata, tensors)


def broken_files(metadata, tensors):
    """-> {name: bytes}"""
    good = random_model.safetensors(metadata, tensors)
    length = int.from_bytes(good[:8], "little")
    bracket = b"[" * 200000
    some = next(iter(tensors))

    def fewer(header):
        del header[some]

    def twice(text):
        first = json.dumps(some).encode()
        return text.replace(first + b":", first + b": {}, " + first + b":", 1)

    def surplus(header):
        end = max(entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__")
        header["extra/kernel"] = {"dtype": "F32", "shape": [1], "data_offsets": [end, end + 4]}

    def reshaped(header):
        header[some]["shape"] = [1, *header[some]["shape"]]

    def turned(header):
        header[some]["shape"].reverse()

    def overlapping(header):
        header[some]["data_offsets"] = [offset + 4 for offset in header[some]["data_offsets"]]

    def without_last():
        header, data = header_of(good)
        last = max(tensors, key=lambda name: header[name]["data_offsets"][0])
        end = header.pop(last)["data_offsets"][0]
        return container(header, data[:end])

    files = {
        "empty": b"",
        "one byte": b"\x00",
        "length only": good[:8],
        "truncated header": good[: 8 + length // 2],
        "truncated after header": good[: 8 + length],
        "truncated by a byte": good[:-1],
        "a byte too many": good + b"\x00",
        "2^64-1 header": container(b"{}", b"\x00" * 64, 2**64 - 1),
        "2^63 header": container(b"{}", b"\x00" * 64, 2**63),
        "header of 2 MiB": container(b'{"__metadata__": {}}' + b" " * (2 << 20)),
        "not JSON": container(b"hello"),
        "not an object": container(b"[1, 2, 3]"),
        "deeply nested header": container(bracket),
        "deeply nested objects": container(b'{"a":' * 100000 + b"1" + b"}" * 100000),
        "deeply nested labels": with_metadata(good, "labels", bracket.decode()),
        "deeply nested network": with_metadata(good, "network", bracket.decode() + "]" * len(bracket)),
        "comment in header": container(b"/* */" + good[8 : 8 + length], good[8 + length :]),
        "text after header": container(good[8 : 8 + length].rstrip() + b" x", good[8 + length :]),
        "not UTF-8": container(good[8 : 8 + length].replace(b"version", b"v\xffrsion", 1), good[8 + length :]),
        "duplicate tensor": container(twice(good[8 : 8 + length]), good[8 + length :]),
        "duplicate metadata": container(
            good[8 : 8 + length].replace(b'"version":', b'"version": "1", "version":', 1), good[8 + length :]
        ),
        "duplicate recipe key": with_metadata(
            good, "frontend", metadata["frontend"].replace('"n_fft":', '"n_fft": 1024, "n_fft":')
        ),
        "duplicate layer key": with_metadata(
            good, "network", metadata["network"].replace('"units":', '"units": 3, "units":', 1)
        ),
        "missing tensor": without_last(),
        "hole": with_header(good, fewer),
        "surplus tensor": container(*surplus_parts(good, surplus)),
        "wrong shape": with_header(good, reshaped),
        "turned shape": with_header(good, turned),
        "overlapping tensors": with_header(good, overlapping),
        "NaN weight": with_value(metadata, tensors, "predictions/kernel", np.nan),
        "infinite weight": with_value(metadata, tensors, some, -np.inf),
        "infinite variance": with_value(metadata, tensors, find(tensors, "moving_variance"), np.inf),
        "other format": with_metadata(good, "format", "genre-features"),
        "other version": with_metadata(good, "version", "3"),
        "no labels": with_metadata(good, "labels", "[]"),
        "a label too many": with_json(good, "labels", lambda labels: labels + ["one more"]),
        "labels twice": with_json(good, "labels", lambda labels: [labels[0]] * len(labels)),
        "labels of numbers": with_json(good, "labels", lambda labels: list(range(len(labels)))),
        "unknown layer": with_json(good, "network", lambda network: network + [{"type": "attention"}]),
        "unknown layer key": with_json(good, "network", lambda network: network[0].update({"stride": 2})),
        "huge layer": with_json(good, "network", lambda network: network[0].update({"filters": 2**31})),
        "unknown recipe key": with_json(good, "frontend", lambda recipe: recipe.update({"pre_emphasis": 0.97})),
        "missing recipe key": with_json(good, "frontend", lambda recipe: recipe.pop("hop_length") and recipe),
        "hop of zero": with_json(good, "frontend", lambda recipe: recipe.update({"hop_length": 0})),
        "std of zero": with_json(
            good,
            "frontend",
            lambda recipe: recipe["normalize"].update({"std": [0.0] * len(recipe["normalize"]["std"])}),
        ),
        "no window": with_metadata(good, "window_frames", "0"),
        "window of words": with_metadata(good, "window_frames", "many"),
        "least above window": with_metadata(good, "min_frames", str(int(metadata["window_frames"]) + 1)),
    }
    assert all(content != good for content in files.values())
    return files, good


def surplus_parts(good, surplus):
    header, data = header_of(good)
    surplus(header)
    return header, data + b"\x00" * 4


def find(tensors, last):
    return next(name for name in tensors if name.endswith(last))


def make_specials(directory):
    """things that are no regular file of a sane size -> {name: path}"""
    fifo = directory / "a fifo"
    os.mkfifo(fifo)
    folder = directory / "a directory"
    folder.mkdir()
    large = directory / "oversized"
    with large.open("wb") as stream:
        stream.write(container(b'{"__metadata__": {"format": "genre-model", "version": "1"}}'))
        stream.truncate(300 << 20)  # sparse
    enormous = directory / "enormous"
    with enormous.open("wb") as stream:
        stream.truncate(1 << 40)
    dangling = directory / "dangling"
    dangling.symlink_to("nothing here")
    return {
        "missing": directory / "there is no such file.safetensors", "FIFO": fifo, "directory": folder,
        "oversized": large, "1 TiB of zeros": enormous, "dangling link": dangling,
        "/dev/zero": pathlib.Path("/dev/zero"), "/dev/null": pathlib.Path("/dev/null"),
    }  # fmt: skip


def attempt(path):
    """-> what try_model() prints, in a process of its own, or None and a reason"""
    command = [sys.executable, __file__, str(path)]
    try:
        process = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        return None, f"hangs for more than {TIME_LIMIT} s"
    if process.returncode != 0:
        return None, f"exit status {process.returncode}: {process.stderr[-500:]}"
    if "CRITICAL" in process.stderr or "WARNING **" in process.stderr:
        return None, process.stderr[-500:]
    return json.loads(process.stdout.splitlines()[-1]), ""


def check_file(verdict, name, path):
    result, reason = attempt(path)
    if not verdict.check(result is not None, f"{name}: {reason}"):
        return
    verdict.check(result["ready"] == "success", f"{name}: NULL to READY gives {result['ready']}")
    verdict.check(result["paused"] == "failure", f"{name}: READY to PAUSED gives {result['paused']}")
    verdict.check(result["again"] in ("success", "async"), f"{name}: later without it: {result['again']}")
    errors = result["errors"]
    if not verdict.check(len(errors) == 1, f"{name}: {len(errors)} error messages {errors}"):
        return
    error = errors[0]
    text = error["message"]
    print(f"{name}: {text}")
    verdict.check(error["domain"] == "gst-resource-error-quark", f"{name}: domain {error['domain']}")
    verdict.check(str(path) in text or path.name in text, f"{name}: the message does not name the file: {text}")
    verdict.check(len(text) > len(str(path)) + 10 and "\n" not in text, f"{name}: not one clear sentence: {text!r}")
    verdict.check(len(text) < 600 + len(str(path)), f"{name}: too long: {text!r}")


def main():
    if len(sys.argv) == 2:
        try_model(sys.argv[1])
        return
    need()
    verdict = Verdict()
    metadata, tensors = random_model.random_model(0)
    assert "units" in metadata["network"]
    files, good = broken_files(metadata, tensors)
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        path = directory / "good.safetensors"
        path.write_bytes(good)
        result, reason = attempt(path)
        verdict.check(
            result and result["paused"] != "failure" and not result["errors"], f"good file: {reason} {result}"
        )
        for kind, content in files.items():
            path = directory / (kind.replace("/", " ") + ".safetensors")
            path.write_bytes(content)
            check_file(verdict, kind, path)
        for kind, path in make_specials(directory).items():
            check_file(verdict, kind, path)
    verdict.exit()


if __name__ == "__main__":
    main()
