#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""models/training/fold_sets.py: the halves of a made set, as `inspect` reads them, have all of its clips, no artist and
no recording in common, and about as many clips of each label.  docs/ideas/sound_over.py: the sounds of one kind are
over every clip, as loud as they should be.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from pipeline import Verdict
from tool import call

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "models" / "training"))
import wide_sets  # noqa: E402

LABELS = ["bells", "drone", "drums"]
CLIPS, ARTISTS = 120, 30
FRONTEND = {
    "sample_rate": 22050, "n_fft": 2048, "hop_length": 1708, "window": "hann", "n_mels": 128, "band_pool": 2, "fmin": 0,
    "fmax": 11025, "mel_scale": "slaney", "mel_norm": "slaney", "power": 2, "amin": 1e-10, "top_db": 80,
}  # fmt: skip


def made_set(random):
    """clips of artists that keep to one label; of a quarter the artist is unknown, some recordings have two"""
    artist = random.integers(0, ARTISTS, CLIPS)
    label = artist % len(LABELS)
    recording = np.arange(CLIPS)
    for first in range(0, 20, 2):  # two clips of one recording, of which the second artist may be unknown
        artist[first + 1], label[first + 1], recording[first + 1] = artist[first], label[first], first
    artist[1::4] = -1
    tensors = {
        "features": random.integers(0, 256, (CLIPS, 50, 64)).astype(np.uint8),
        "offset_db": np.full(CLIPS, -80, np.float32), "scale_db": np.full(CLIPS, 80, np.float32),
        "label": label.astype(np.int32), "artist": artist.astype(np.int32), "recording": recording.astype(np.int32),
    }  # fmt: skip
    meta = {
        "format": "genre-features", "version": "1", "frontend": json.dumps(FRONTEND), "labels": json.dumps(LABELS),
        "names": json.dumps([f"clip {i}" for i in range(CLIPS)]),
    }  # fmt: skip
    return tensors, meta


def mean_power(tensors):
    """-> [clips]"""
    levels = tensors["features"].astype(float)
    if "scale_db" in tensors:
        levels = tensors["offset_db"][:, None, None] + levels / 255 * tensors["scale_db"][:, None, None]
    return (10 ** (levels / 10)).mean(axis=(1, 2))


def check_sound_over(verdict, folder, made):
    """3 dB above the music, and of the kind whose power is in the upper half of the bands"""
    tensors, meta = wide_sets.load(made)
    sounds = {name: array[:6].copy() for name, array in tensors.items()}
    sounds["kind"] = np.array([0, 1, 0, 1, 1, 1], np.int32)
    sounds["features"][sounds["kind"] == 1, :, :32] = 0
    wide_sets.save(folder / "sounds.safetensors", sounds, dict(meta, kinds=json.dumps(["hum", "hiss"])))
    script = ROOT / "docs" / "ideas" / "sound_over.py"
    command = [sys.executable, "-B", script, folder / "over", "3", "hiss", folder / "sounds.safetensors", made]
    subprocess.run(command, check=True)
    over, _ = wide_sets.load(folder / "over" / made.name)
    ratio = mean_power(over) / mean_power(tensors)
    verdict.check(np.abs(ratio - (1 + 10**0.3)).max() < 0.01, f"sound over: {ratio.min()} to {ratio.max()}")
    low, high = np.split(over["features"], 2, axis=2)
    verdict.check((high.mean(axis=(1, 2)) > low.mean(axis=(1, 2))).all(), "sound over: of another kind")
    verdict.check(np.array_equal(over["label"], tensors["label"]), "sound over: other labels")
    status, out, err = call("inspect", "--json", folder / "over" / made.name)
    verdict.check(status == 0, f"inspect: {out} {err}")


def main():
    verdict = Verdict()
    tensors, meta = made_set(np.random.default_rng(0))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        wide_sets.save(folder / "made.safetensors", tensors, meta)
        script = ROOT / "models" / "training" / "fold_sets.py"
        subprocess.run([sys.executable, "-B", script, folder / "out", folder / "made.safetensors"], check=True)
        paths = [folder / "out" / f"made-{side}.safetensors" for side in (0, 1)]
        halves = [wide_sets.load(path) for path in paths]
        for path in paths:
            status, out, err = call("inspect", "--json", path)
            verdict.check(status == 0, f"inspect {path.name}: {out} {err}")
        check_sound_over(verdict, folder, folder / "made.safetensors")
    names = [json.loads(meta["names"]) for _, meta in halves]
    verdict.check(sorted(names[0] + names[1]) == sorted(json.loads(meta["names"])), "every clip once")
    for key in ("artist", "recording"):
        values = [set(half[key][half[key] >= 0]) for half, _ in halves]
        verdict.check(all(values) and not values[0] & values[1], f"{key}: {values[0] & values[1]} in both")
    for half, own in zip(halves, names):
        chosen = [int(clip.split()[1]) for clip in own]
        for key, array in tensors.items():
            verdict.check(np.array_equal(half[0][key], array[chosen]), f"{key}: not of its clips")
    counts = np.array([np.bincount(half["label"], minlength=len(LABELS)) for half, _ in halves])
    artists = max(np.bincount(tensors["artist"][tensors["artist"] >= 0]))
    verdict.check(np.abs(counts[0] - counts[1]).max() <= artists, f"{counts}, an artist has at most {artists}")
    verdict.exit()


if __name__ == "__main__":
    main()
