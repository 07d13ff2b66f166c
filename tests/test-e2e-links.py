#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0 extract on folders with links in every direction: where a file lies decides its label, whatever order
the file system has its entries in; what has two labels is named and left out, and so is a download that has not ended.
"""

import json
import os
import pathlib
import random
import shutil
import tempfile

import numpy as np

from made_music import RATE, write_wav
from numpy_genre import read_safetensors
from pipeline import Verdict, need
from tool import call

SECONDS = 4

verdict = Verdict()


def extract(directory, path, *arguments):
    """-> exit status, {name: label}, stderr"""
    path.unlink(missing_ok=True)
    status, _, stderr = call("extract", directory, "-o", path, *arguments)
    if not path.exists():
        return status, {}, stderr
    metadata, tensors = read_safetensors(path)
    labels = [*json.loads(metadata["labels"]), None]
    names = json.loads(metadata["names"])
    return status, {n: labels[int(i)] for n, i in zip(names, tensors["label"])}, stderr


def song(seed):
    noise = np.random.default_rng(seed).standard_normal(RATE * SECONDS)
    return np.clip(noise * 3000, -32768, 32767).astype("<i2")


def write(path, seed):
    write_wav(path, song(seed))


def test_inside(root):
    """A link to a folder that is there anyway is not followed, in whatever order all of it was made."""
    steps = [
        lambda top: write(top / "rock" / "a.wav", 1),
        lambda top: write(top / "rock" / "deep" / "b.wav", 2),
        lambda top: write(top / "jazz" / "c.wav", 3),
        lambda top: write(top / "zouk" / "d.wav", 4),
        lambda top: link(top / "jazz" / "link", "../rock"),
        lambda top: link(top / "aaa", "rock/deep"),
        lambda top: link(top / "zouk" / "up", "../.."),
        lambda top: link(top / "rock" / "round", "."),
    ]
    expected = {"rock/a.wav": "rock", "rock/deep/b.wav": "rock", "jazz/c.wav": "jazz", "zouk/d.wav": "zouk"}
    for dice in range(6):
        random.Random(dice).shuffle(steps)
        top = root / f"{dice}" / "music"
        top.mkdir(parents=True)
        for step in steps:
            step(top)
        status, found, stderr = extract(top, root / "set.safetensors")
        verdict.check(status == 0 and found == expected, f"inside: {status} {found} {stderr}")
        for name in ("jazz/link", "aaa", "rock/round"):
            verdict.check(f"{name}: a link to a folder that is in it already" in stderr, f"inside: {name}: {stderr}")


def link(path, target):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def test_outside(root):
    """What lies elsewhere is found through links: folders for one label, for two, in circles, and single files."""
    elsewhere, top = root / "elsewhere", root / "music"
    write(elsewhere / "blues" / "a.wav", 1)
    write(elsewhere / "both" / "b.wav", 2)
    write(elsewhere / "c.wav", 3)
    write(elsewhere / "circle" / "d.wav", 4)
    link(elsewhere / "circle" / "other", "../round")
    write(elsewhere / "round" / "e.wav", 5)
    link(elsewhere / "round" / "other", "../circle")
    write(top / "rock" / "own.wav", 6)
    link(top / "blues", elsewhere / "blues")
    link(top / "jazz" / "both", elsewhere / "both")
    link(top / "rock" / "both", elsewhere / "both")
    link(top / "jazz" / "c.wav", elsewhere / "c.wav")
    link(top / "jazz" / "again.wav", elsewhere / "c.wav")
    link(top / "rock" / "circle", elsewhere / "circle")
    link(top / "rock" / "gone.wav", elsewhere / "nothing.wav")
    status, found, stderr = extract(top, root / "set.safetensors", "--quiet")
    expected = {
        "blues/a.wav": "blues", "jazz/again.wav": "jazz", "rock/own.wav": "rock", "rock/circle/d.wav": "rock",
        "rock/circle/other/e.wav": "rock",
    }  # fmt: skip
    verdict.check(status == 1 and found == expected, f"outside: {status} {found}")
    words = "jazz/both/b.wav and rock/both/b.wav: the same file under different labels: it is left out"
    verdict.check(words in stderr, f"outside: {stderr}")
    verdict.check("rock/gone.wav: a link without a target" in stderr, f"outside: {stderr}")


def test_files(root):
    """Hard and symbolic links to files: once where the label is the same, never where it is not."""
    top = root / "music"
    for i, name in enumerate(("rock/a.wav", "rock/b.wav", "jazz/c.wav", "jazz/d.wav")):
        write(top / name, i)
    os.link(top / "rock" / "a.wav", top / "jazz" / "hard.wav")
    link(top / "rock" / "0.wav", "b.wav")
    link(top / "beside.wav", "jazz/c.wav")
    link(top / "soul" / "d.wav", "../jazz/d.wav")
    status, found, stderr = extract(top, root / "set.safetensors")
    verdict.check(status == 1 and found == {"jazz/c.wav": "jazz", "rock/b.wav": "rock"}, f"files: {status} {found}")
    for words in ("jazz/hard.wav and rock/a.wav: the same file", "jazz/d.wav and soul/d.wav: the same file"):
        verdict.check(words in stderr, f"files: {stderr}")
    status, found, stderr = extract(top, root / "set.safetensors", "--unlabelled")
    verdict.check(status == 0 and len(found) == 4, f"without labels, each once: {status} {found}")


def test_half(root):
    """Downloads that have not ended, and what Macs leave beside a file, are no music."""
    top = root / "music"
    write(top / "a.wav", 1)
    for name in ("b.wav.part", "c.crdownload", "d.tmp", "e.WAV.PARTIAL", "._a.wav"):
        shutil.copy(top / "a.wav", top / name)
    status, found, stderr = extract(top, root / "set.safetensors")
    verdict.check(status == 0 and list(found) == ["a.wav"], f"half: {status} {found}")
    verdict.check("4 downloads that have not ended" in stderr, f"half: {stderr}")


def main():
    need("wavparse", "uridecodebin", "appsink")
    for test in (test_inside, test_outside, test_files, test_half):
        with tempfile.TemporaryDirectory(prefix="genre-links-") as directory:
            test(pathlib.Path(directory))
    verdict.exit()


if __name__ == "__main__":
    main()
