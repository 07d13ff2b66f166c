#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make-features-corpus.py [DIRECTORY]: writes tests/corpus/features, small feature sets, valid and broken in every way.

They are what tests/fuzz-feature-set.c starts from and what tests/test-models-feature_set.c checks: the name begins with
"ok-" or with the error code in lower case.  Written from the format's description with Python's own library, by none of
the C code.
"""
import json
import pathlib
import struct
import sys

CLIPS, FRAMES, BANDS, WINDOWS = 3, 4, 2, 2


def dump(value):
    return json.dumps(value, separators=(",", ":"))


class Set:
    """A feature set in parts; bytes() puts them together."""

    def __init__(self):
        self.metadata = {
            "format": "genre-features", "version": "1", "labels": dump(["a", "b"]),
            "frontend": dump({"sample_rate": 8000, "n_fft": 64, "hop_length": 32, "n_mels": 2}),
            "names": dump(["x.wav", "y/z.wav", "\U0001f3b5"]), "teacher_classes": dump(["p", "q", "r"]),
        }  # fmt: skip
        self.tensors = {
            "features": ["U8", [CLIPS, FRAMES, BANDS], bytes(range(0, 240, 10))],
            "offset_db": ["F32", [CLIPS], struct.pack("<3f", -70, -60.5, -50)],
            "scale_db": ["F32", [CLIPS], struct.pack("<3f", 80, 0, 63.75)],
            "label": ["I32", [CLIPS], struct.pack("<3i", 1, -1, 0)],
            "artist": ["I32", [CLIPS], struct.pack("<3i", 4, 4, -1)],
            "recording": ["I32", [CLIPS], struct.pack("<3i", 0, 1, 1)],
            "frames": ["I32", [CLIPS], struct.pack("<3i", 4, 1, 3)],
            "teacher_embedding": ["F16", [CLIPS, WINDOWS, 5], struct.pack("<30e", *range(30))],
            "teacher_logits": ["F16", [CLIPS, WINDOWS, 3], struct.pack("<18e", *range(-18, 0))],
            "teacher_measured": ["I32", [CLIPS], struct.pack("<3i", 1, 0, 1)],
        }  # fmt: skip

    def header(self):
        entries, begin = {"__metadata__": self.metadata}, 0
        for name, (dtype, shape, data) in self.tensors.items():
            entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, begin + len(data)]}
            begin += len(data)
        return dump(entries).encode()

    def data(self):
        return b"".join(data for _, _, data in self.tensors.values())

    def bytes(self):
        header = self.header()
        header += b" " * (-len(header) % 8)
        return struct.pack("<Q", len(header)) + header + self.data()


FILES = {}


def changed(name, change):
    """NAME.safetensors is what the function makes of a Set, in place or as bytes."""
    made = Set()
    content = change(made)
    FILES[name] = content if isinstance(content, bytes) else made.bytes()


def with_text(name, **metadata):
    """Metadata entries otherwise; None: absent."""

    def change(made):
        made.metadata.update(metadata)
        made.metadata = {key: value for key, value in made.metadata.items() if value is not None}

    changed(name, change)


def with_tensor(name, tensor, *parts):
    """A tensor otherwise; no parts: absent."""

    def change(made):
        made.tensors[tensor] = list(parts)
        if not parts:
            made.tensors.pop(tensor)

    changed(name, change)


def with_integers(name, tensor, *values):
    with_tensor(name, tensor, "I32", [CLIPS], struct.pack("<3i", *values))


def without(name, *tensors, **metadata):
    def change(made):
        for tensor in tensors:
            made.tensors.pop(tensor)
        for key in metadata:
            made.metadata.pop(key)

    changed(name, change)


def as_floats(dtype, code):
    def change(made):
        made.tensors.pop("offset_db")
        made.tensors.pop("scale_db")
        made.tensors["features"] = [dtype, [CLIPS, FRAMES, BANDS], struct.pack(f"<24{code}", *range(-24, 0))]

    return change


def all_files():
    good = Set().bytes()
    FILES["ok-u8"] = good
    changed("ok-f16", as_floats("F16", "e"))
    changed("ok-f32", as_floats("F32", "f"))
    teacher = ("teacher_embedding", "teacher_logits", "teacher_measured")
    without("ok-least", "artist", "recording", "frames", *teacher, names=1, teacher_classes=1)
    without("ok-embedding", "teacher_logits", "teacher_measured")
    changed("ok-unlabelled", lambda made: (
        made.metadata.update(labels="[]"),
        made.tensors.update(label=["I32", [CLIPS], struct.pack("<3i", -1, -1, -1)]),
    ))  # fmt: skip
    with_text("ok-unknown-metadata", split="[")
    with_text("ok-artists", artists=dump(["Can", "Air", "Bj\u00f6rk", "Queen", "Wh\"o"]))

    FILES["size-empty"] = b""
    FILES["size-length"] = struct.pack("<Q", 1 << 40) + good[8:]
    FILES["size-truncated"] = good[:-1]
    FILES["container-byte-more"] = good + b"\0"
    with_text("json-labels", labels="['a','b']")
    with_text("json-names-deep", names="[" * 1000)
    with_text("format-model", format="genre-model")
    with_text("format-version", version="1.0")
    with_text("format-no-recipe", frontend=None)
    with_text("format-no-labels", labels=None)
    with_text("frontend-missing", frontend="{}")
    with_text("frontend-hop", frontend='{"sample_rate":8000,"n_fft":64,"hop_length":0,"n_mels":2}')
    with_text("labels-duplicate", labels='["a","a"]')
    with_text("labels-empty", labels='["a",""]')
    with_text("labels-object", labels='{"a":1}')
    with_text("labels-classes", teacher_classes='["p","q"]')
    with_text("clips-names", names='["x","y"]')
    with_text("clips-names-numbers", names="[1,2,3]")
    with_text("clips-label-of-none", labels="[]")
    with_integers("clips-label", "label", 0, 2, 0)
    with_integers("clips-label-negative", "label", 0, -2, 0)
    with_integers("clips-artist", "artist", 0, -2, 0)
    with_text("clips-artists", artists=dump(["Can", "Air"]))
    with_text("clips-artists-object", artists="{}")
    with_integers("clips-recording", "recording", -(2**31), 0, 0)
    with_integers("clips-frames", "frames", 5, 1, 1)
    with_integers("clips-frames-none", "frames", 0, 1, 1)
    with_integers("clips-measured", "teacher_measured", 0, 1, 2)
    for tensor in ("features", "offset_db", "scale_db", "label"):
        with_tensor(f"tensor-no-{tensor}", tensor)
    with_tensor("tensor-bands", "features", "U8", [CLIPS, 8, 1], bytes(24))
    with_tensor("tensor-no-clips", "features", "U8", [0, FRAMES, BANDS], b"")
    with_tensor("tensor-type", "features", "I8", [CLIPS, FRAMES, BANDS], bytes(24))
    with_tensor("tensor-windows", "teacher_logits", "F16", [CLIPS, 1, 3], bytes(18))
    with_tensor("tensor-many-windows", "teacher_embedding", "F16", [CLIPS, 5, 1], bytes(30))
    with_tensor("tensor-nan", "offset_db", "F32", [CLIPS], struct.pack("<3f", 0, float("nan"), 0))
    infinite = struct.pack("<18e", *[float("inf")] * 18)
    with_tensor("tensor-infinite", "teacher_logits", "F16", [CLIPS, WINDOWS, 3], infinite)
    with_tensor("tensor-negative-scale", "scale_db", "F32", [CLIPS], struct.pack("<3f", 1, 1, -1))
    with_tensor("tensor-surplus", "feature", "U8", [1], b"\0")
    without("tensor-measured-alone", "teacher_embedding", "teacher_logits")


def main(argv):
    directory = pathlib.Path(argv[1] if len(argv) > 1 else pathlib.Path(__file__).parent / "corpus" / "features")
    directory.mkdir(parents=True, exist_ok=True)
    all_files()
    good = Set().bytes()
    for name, content in FILES.items():
        assert name == "ok-u8" or content != good, name
        (directory / f"{name}.safetensors").write_bytes(content)


if __name__ == "__main__":
    main(sys.argv)
