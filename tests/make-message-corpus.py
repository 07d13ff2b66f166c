#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make-message-corpus.py [DIRECTORY]: writes tests/corpus/message, the messages that tests/fuzz-genre-message.c starts
from: whole ones, and every field in turn missing and of another type."""
import pathlib
import struct
import sys

ELEMENT, NO_STRUCTURE, APPLICATION, EOS = range(4)
OWN, LEVEL = 0, 1  # names of structures
NONE = 2**64 - 1


def uint64(value):
    return b"\0" + struct.pack(">Q", value)


def double(value):
    return b"\1" + struct.pack(">d", value)


def string(text):
    return b"\2" + (b"\xff" if text is None else bytes([len(text.encode())]) + text.encode())


def integer(value):
    return b"\3" + struct.pack(">i", value)


def unsigned(value):
    return b"\4" + struct.pack(">I", value)


def boolean(value):
    return b"\5" + bytes([value])


def array(*values):
    return b"\6" + bytes([len(values)]) + b"".join(values)


def strings(*texts):
    return array(*map(string, texts))


def doubles(*values):
    return array(*map(double, values))


LIST, INT64, FLOAT, RANGE, STRUCTURE = OTHERS = b"\7\1a", b"\x08" + bytes(8), b"\x09\1", b"\x0a\2", b"\x0b"

WHOLE = {
    "timestamp": uint64(10**9), "stream-time": uint64(2 * 10**9), "running-time": uint64(3 * 10**9),
    "duration": uint64(10**10), "label": string("classical"), "confidence": double(0.875), "index": integer(1),
    "labels": strings("blues", "classical", "R&B"), "probabilities": doubles(0.25, 0.5, 0.25),
    "smoothed": doubles(0.0625, 0.875, 0.0625), "music": double(0.75), "summary": string("classical 88 %"),
    "state": string("ok"), "final": boolean(True), "windows": unsigned(7), "features": STRUCTURE,
}  # fmt: skip
OPTIONAL = ("music", "features")  # older elements have none of the first, and the second is asked for
FIELDS = list(WHOLE)


def message(fields, kind=ELEMENT, name=OWN, other=b""):
    return bytes([kind, name]) + b"".join(bytes([FIELDS.index(key)]) + value for key, value in fields.items()) + other


def changed(**fields):
    return message({**WHOLE, **{key.replace("_", "-"): value for key, value in fields.items()}})


FILES = {
    "empty": b"",
    "ok-whole": message(WHOLE),
    "ok-other-field": message(WHOLE, other=bytes([len(FIELDS)]) + integer(1)),
    "ok-silence": changed(state=string("silence"), index=integer(-1), label=string("unknown"), timestamp=uint64(NONE)),
    "ok-too-short": changed(state=string("too-short"), windows=unsigned(0)),
    "ok-not-music": changed(state=string("not-music"), index=integer(-1), label=string("unknown"), music=double(0.01)),
    "ok-one-label": changed(labels=strings("a"), probabilities=doubles(1), smoothed=doubles(1), index=integer(0)),
    "ok-no-numbers": changed(confidence=double(float("nan")), smoothed=doubles(float("inf"), -1, float("nan"))),
    "kind-application": message(WHOLE, kind=APPLICATION),
    "kind-eos": message(WHOLE, kind=EOS),
    "kind-no-structure": bytes([NO_STRUCTURE]),
    "name-level": message(WHOLE, name=LEVEL),
    "name-longer": message(WHOLE, name=2),
    "index-below": changed(index=integer(-2)),
    "index-above": changed(index=integer(3)),
    "state-unknown": changed(state=string("asleep")),
    "state-null": changed(state=string(None)),
    "label-null": changed(label=string(None)),
    "labels-null": changed(labels=strings("a", None, "b")),
    "labels-empty": changed(labels=strings(), probabilities=doubles(), smoothed=doubles(), index=integer(-1)),
    "labels-more": changed(labels=strings("a", "b", "c", "d")),
    "labels-deep": changed(labels=array(strings("a"), strings("b"), array(array(array(array()))))),
    "probabilities-less": changed(probabilities=doubles(0.5, 0.5)),
    "probabilities-mixed": changed(probabilities=array(double(0), integer(1), double(0))),
    "probabilities-more": changed(probabilities=doubles(0.25, 0.25, 0.25, 0.25)),
    "smoothed-less": changed(smoothed=doubles(0.5, 0.5)),
    "smoothed-more": changed(smoothed=doubles(0, 0, 0, 1)),
}
for i, field in enumerate(FIELDS):
    without = "ok-without" if field in OPTIONAL else "without"
    FILES[f"{without}-{field}"] = message({key: value for key, value in WHOLE.items() if key != field})
    FILES[f"type-{field}"] = changed(**{field: LIST if field == "features" else OTHERS[i % len(OTHERS)]})


def main(argv):
    directory = pathlib.Path(argv[1] if len(argv) > 1 else pathlib.Path(__file__).parent / "corpus" / "message")
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in FILES.items():
        (directory / name).write_bytes(content)


if __name__ == "__main__":
    main(sys.argv)
