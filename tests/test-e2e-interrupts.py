#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0 ended by signals at random moments: soon, with nothing left behind, and nothing decoded twice.

How much is decoded is counted in the cache, which is a new one for each case.
"""

import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import tempfile
import time

from made_music import KINDS, music, write_wav
from pipeline import Verdict, need, write_sparse_wav
from tool import start

FILES = 30  # a folder of them takes seconds
SOON = 3.0  # seconds to an end: .6 if it must be by force; the rest is for a busy machine
TIMEOUT = 120
DECODED = re.compile(r"(\d+) of (\d+) files were decoded before")
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE]


class Runner:
    """commands with a cache and a folder for temporary files of their own"""

    def __init__(self, root, name):
        self.root, self.name = root, name
        self.cache, self.tmp = root / f"{name}.cache", root / f"{name}.tmp"
        self.tmp.mkdir()

    def start(self, *arguments, **streams):
        environment = {**os.environ, "XDG_CACHE_HOME": str(self.cache), "TMPDIR": str(self.tmp)}
        return start(*arguments, env=environment, **streams)

    def call(self, *arguments):
        process = self.start(*arguments)
        out, err = process.communicate(timeout=TIMEOUT)
        return process.returncode, out, err

    def entries(self):
        return sorted((self.cache / "genreclassify").glob("*.recording"))

    def wait_for(self, count, process):
        """until so many recordings are kept, or the process has ended"""
        deadline = time.monotonic() + TIMEOUT
        while len(self.entries()) < count and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)

    def leftovers(self):
        """what the commands left, but for results"""
        return [path for path in self.tmp.iterdir()]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def end(verdict, process, number, what):
    """-> stderr of a process that got a signal"""
    began = time.monotonic()
    process.send_signal(number)
    _, err = process.communicate(timeout=TIMEOUT)
    seconds = time.monotonic() - began
    verdict.check(seconds < SOON, f"{what}, {number.name}: {seconds:.1f} s")
    verdict.check(process.returncode == -number, f"{what}, {number.name}: {process.returncode}: {err}")
    verdict.check("interrupted" in err, f"{what}, {number.name}: {err}")
    return err


def make_files(root):
    """folders that take seconds to decode, and three kinds of music that can be learned"""
    for kind in KINDS:
        (root / "long" / kind).mkdir(parents=True)
        for i in range(FILES // len(KINDS)):
            write_sparse_wav(root / "long" / kind / f"{i}.wav", 120, 1000 * KINDS.index(kind) + i)
        for i in range(4):
            write_wav(root / "music" / kind / f"{i}.wav", music(kind, i))
    stage = {
        "steps": 240, "batch": {"music": {"windows": 12, "labels": 1}}, "learning_rate": 4e-3, "average": 0.9,
    }  # fmt: skip
    (root / "recipe.json").write_text(json.dumps({"base": "small", "stages": [stage], "validation": {"every": 80}}))


def test_extract(verdict, root, dice):
    """-> the whole set"""
    alone = Runner(root, "alone")
    whole = root / "whole.safetensors"
    status, _, err = alone.call("extract", root / "long", "-o", whole, "-j", 2)
    verdict.check(status == 0 and len(alone.entries()) == FILES, f"{status} {len(alone.entries())} {err}")
    status, _, err = alone.call("extract", root / "long", "-o", root / "none.safetensors", "--no-cache")
    verdict.check(status == 0 and not DECODED.search(err), f"--no-cache: {status} {err}")
    verdict.check(sha256(root / "none.safetensors") == sha256(whole), "--no-cache: another set")

    for number in SIGNALS:
        runner = Runner(root, f"extract-{number.name}")
        folder = root / f"out-{number.name}"
        folder.mkdir()
        path = folder / "set.safetensors"
        process = runner.start("extract", root / "long", "-o", path, "-j", 2)
        runner.wait_for(dice.randrange(1, FILES - 8), process)
        err = end(verdict, process, number, "extract")
        verdict.check(err.count("\n") == 1, f"extract, {number.name}: {err}")
        kept = len(runner.entries())
        verdict.check(1 <= kept < FILES, f"extract, {number.name}: {kept} were kept")
        verdict.check(not list(folder.iterdir()), f"extract, {number.name}: left {list(folder.iterdir())}")
        status, _, err = runner.call("extract", root / "long", "-o", path, "-j", 1)
        found = DECODED.search(err)
        verdict.check(status == 0 and found and int(found[1]) == kept, f"{number.name}: kept {kept}: {status} {err}")
        verdict.check(sha256(path) == sha256(whole), f"extract, {number.name}: another set")
        verdict.check(not runner.leftovers(), f"extract, {number.name}: {runner.leftovers()}")
    return alone, whole


def test_cache(verdict, root, runner, whole):
    """what is broken, another's, or of a file that changed is decoded again; the rest is not"""
    path = root / "again.safetensors"

    def decoded(kept, files, what):
        status, _, err = runner.call("extract", root / "long", "-o", path)
        found = DECODED.search(err)
        verdict.check(status == 0 and found, f"{what}: {status} {err}")
        verdict.check(found and (int(found[1]), int(found[2])) == (kept, files), f"{what}: {err}")
        return sha256(path) == sha256(whole)

    verdict.check(decoded(FILES, FILES, "nothing is new"), "nothing is new: another set")
    entries = runner.entries()
    bytes_of = [entry.read_bytes() for entry in entries]
    entries[0].write_bytes(bytes_of[0][:-10])  # torn
    entries[1].write_bytes(bytes_of[1][:-1] + bytes([bytes_of[1][-1] ^ 1]))  # a bit is wrong
    entries[2].write_bytes(bytes_of[3])  # another's
    entries[4].write_bytes(b"no cache at all")
    entries[5].write_bytes(b"")
    entries[6].unlink()
    entries[6].mkdir()
    (runner.cache / "genreclassify" / "foreign").write_text("kept")
    verdict.check(decoded(FILES - 6, FILES, "broken"), "broken: another set")
    verdict.check((runner.cache / "genreclassify" / "foreign").read_text() == "kept", "a foreign file is gone")
    entries[6].rmdir()

    write_sparse_wav(root / "long" / "drums" / "new.wav", 120, 5000)
    decoded(FILES - 1, FILES + 1, "one song more, and one that was lost")
    (root / "long" / "drums" / "new.wav").unlink()
    verdict.check(decoded(FILES, FILES, "one song fewer"), "one song fewer: another set")
    for file in (root / "long").rglob("*.wav"):
        os.utime(file)
    status, _, err = runner.call("extract", root / "long", "-o", path)
    verdict.check(status == 0 and not DECODED.search(err), f"another time of modification: {err}")
    verdict.check(sha256(path) == sha256(whole), "another time of modification: another set")

    # A place that cannot be written to is no failure.
    blocked = Runner(root, "blocked")
    blocked.cache.write_text("no folder")
    status, _, err = blocked.call("extract", root / "music", "-o", root / "blocked.safetensors")
    verdict.check(status == 0 and "not kept" in err, f"no cache: {status} {err}")


def test_pipe(verdict, root):
    """nobody reads what is said any more"""
    runner = Runner(root, "pipe")
    folder = root / "out-pipe"
    folder.mkdir()
    shutil.copytree(root / "long", root / "pipe-long", symlinks=True)
    (root / "pipe-long" / "bells" / "0 broken.mp3").write_bytes(bytes(range(256)) * 40)
    ours, theirs = os.pipe()
    os.close(ours)
    process = runner.start("extract", root / "pipe-long", "-o", folder / "set", "-j", 2, stderr=theirs)
    os.close(theirs)
    process.communicate(timeout=TIMEOUT)
    verdict.check(process.returncode == -signal.SIGPIPE, f"a closed pipe: {process.returncode}")
    verdict.check(not list(folder.iterdir()), f"a closed pipe: left {list(folder.iterdir())}")


def train_arguments(root, model, *more):
    return ["train", root / "music", "-o", model, "-r", root / "recipe.json", "-t", 1, "--checkpoint", 0, *more]


def test_decoding(verdict, root, dice):
    """train and evaluate while they decode"""
    model = root / "model.safetensors"
    runner = Runner(root, "model")
    status, _, err = runner.call(*train_arguments(root, model))
    verdict.check(status == 0, f"train: {status} {err}")
    commands = {
        "train": lambda out: ["train", root / "long", "-o", out / "m.safetensors", "-r", root / "recipe.json", "-t", 2,
                              "--steps", 2],
        "evaluate": lambda out: ["evaluate", model, root / "long", "-j", 2, "--csv", out / "x.csv"],
        "calibrate": lambda out: ["evaluate", model, "--calibrate", root / "long", "-j", 2, "-o", out / "x"],
    }  # fmt: skip
    for (name, arguments), number in zip(commands.items(), [signal.SIGHUP, signal.SIGTERM, signal.SIGINT]):
        runner = Runner(root, name)
        out = root / f"out-{name}"
        out.mkdir()
        process = runner.start(*arguments(out))
        runner.wait_for(dice.randrange(1, FILES - 8), process)
        end(verdict, process, number, name)
        kept = len(runner.entries())
        verdict.check(1 <= kept < FILES, f"{name}: {kept} were kept")
        verdict.check(not list(out.iterdir()) and not runner.leftovers(),
                      f"{name}: left {list(out.iterdir())} {runner.leftovers()}")  # fmt: skip
        status, _, err = runner.call(*arguments(out))
        found = DECODED.search(err)
        verdict.check(found and int(found[1]) == kept, f"{name}: kept {kept}: {err}")
        verdict.check(err.count(" clips of ") == 1, f"{name} decodes once: {err}")
        verdict.check(not runner.leftovers(), f"{name}: left {runner.leftovers()}")
    return model


def test_training(verdict, root, model, dice):
    """the same command goes on, and comes to the same model"""
    for number in SIGNALS:
        runner = Runner(root, f"train-{number.name}")
        out = root / f"model-{number.name}"
        out.mkdir()
        path = out / "model.safetensors"
        wait = dice.randrange(3, 15)  # the first is of step 0, from which nothing is resumed
        process = runner.start(*train_arguments(root, path))
        checkpoint = pathlib.Path(f"{path}.checkpoint")
        deadline = time.monotonic() + TIMEOUT
        times = set()
        while len(times) < wait and process.poll() is None and time.monotonic() < deadline:
            if checkpoint.exists():
                try:
                    times.add(checkpoint.stat().st_mtime_ns)
                except FileNotFoundError:
                    pass
        if process.poll() is None:
            end(verdict, process, number, "train")
        names = sorted(entry.name for entry in out.iterdir())
        known = {"model-music.features.safetensors", "model.safetensors.checkpoint",
                 "model.safetensors.checkpoint.previous"}  # fmt: skip
        verdict.check(set(names) <= known, f"train, {number.name}: left {names}")
        status, _, err = runner.call(*train_arguments(root, path))
        verdict.check(status == 0 and "resumed after" in err, f"train, {number.name}: {status} {err}")
        verdict.check("12 of 12 files were decoded before" in err, f"train, {number.name}: {err}")
        verdict.check(sha256(path) == sha256(model), f"train, {number.name}: another model")
        names = sorted(entry.name for entry in out.iterdir())
        wanted = ["model-music.features.safetensors", "model.md", "model.safetensors", "model.svg"]
        verdict.check(names == wanted, f"train, {number.name}: {names}")


def test_two_trainings(verdict, root):
    """the second on the same model is told of the first, which is not disturbed"""
    runner = Runner(root, "two")
    path = root / "two.safetensors"
    first = runner.start(*train_arguments(root, path, "--steps", 100000, "-q"))
    deadline = time.monotonic() + TIMEOUT
    while not pathlib.Path(f"{path}.checkpoint").exists() and time.monotonic() < deadline:
        time.sleep(0.002)
    for more in ([], ["--resume"], ["--restart"], ["--seed", 9]):
        status, _, err = runner.call(*train_arguments(root, path, "--steps", 100000, *more))
        verdict.check(status == 1 and f"another training of {path} is running, process {first.pid}" in err,
                      f"two trainings, {more}: {status} {err}")  # fmt: skip
        verdict.check("--restart" not in err and err.count("\n") == 1, f"two trainings, {more}: {err}")
    verdict.check(first.poll() is None, "the first training has ended")
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=TIMEOUT)
    status, _, err = runner.call(*train_arguments(root, path, "--steps", 2, "--restart", "-q"))
    verdict.check(status == 0 and not (root / "two.lock").exists(), f"after a killed training: {status} {err}")


def main():
    need("wavparse", "uridecodebin", "appsink")
    verdict = Verdict()
    seed = int.from_bytes(os.urandom(4), "little")
    dice = random.Random(seed)
    print(f"dice {seed}")
    with tempfile.TemporaryDirectory(prefix="genre-interrupts-") as name:
        root = pathlib.Path(name)
        make_files(root)
        runner, whole = test_extract(verdict, root, dice)
        test_cache(verdict, root, runner, whole)
        test_pipe(verdict, root)
        model = test_decoding(verdict, root, dice)
        test_training(verdict, root, model, dice)
        test_two_trainings(verdict, root)
    verdict.exit()


if __name__ == "__main__":
    main()
