#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0 identify -o FILE --resume: a run that is killed at any moment goes on, and no line is lost, torn or
there twice."""

import fcntl
import json
import os
import pathlib
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time

import tool
from made_music import music, write_wav
from pipeline import Verdict, need

verdict = Verdict()


def make_library(root, count, seconds=4):
    for i in range(count):
        write_wav(os.path.join(root, f"{i % 7}", f"{i}.wav"), music(["drums", "bells", "drone"][i % 3], i, seconds))


def lines(path):
    data = pathlib.Path(path).read_bytes()
    verdict.check(data.endswith(b"\n") or not data, f"the last line is torn: {data[-60:]}")
    return [json.loads(line) for line in data.splitlines()]


def names(path):
    return [found["file"] for found in lines(path)]


def identify(*arguments, **options):
    return tool.call("identify", *arguments, **options)


def wait_for_bytes(process, path, count):
    """until it has written so many, however busy the machine is, or has ended"""
    size = lambda: os.path.getsize(path) if os.path.exists(path) else 0  # noqa: E731
    start = size()
    while size() < start + count and process.poll() is None:
        time.sleep(0.002)


def test_kill(root, out):
    """SIGKILL again and again, at moments that no one chose: whole in the end, and in the same order"""
    make_library(root, 80, seconds=20)
    _, whole, _ = identify("--json", root)
    wanted = [json.loads(line)["file"] for line in whole.splitlines()]
    killed, seen = 0, 0
    for trial in range(200):
        process = tool.start("identify", "-j2", root, "-o", out, "--resume", stderr=subprocess.DEVNULL)
        noise = random.Random(trial)
        wait_for_bytes(process, out, noise.choice([0, 0, 1, 1, 900, 3000]))
        try:
            process.communicate(timeout=0.04 * noise.random())
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            killed += 1
        if os.path.exists(out):
            done = pathlib.Path(out).read_bytes().count(b"\n")
            verdict.check(done >= seen, f"{seen} lines became {done}")
            seen = done
    verdict.check(killed >= 1, "it was never killed")
    verdict.check(names(out) == wanted, f"{killed} kills: {len(names(out))} lines of {len(wanted)}")
    verdict.check(pathlib.Path(out).read_text(encoding="utf-8") == whole, "not the lines of one run")


def test_torn(root, out):
    """a last line that is torn is dropped, at every byte of it"""
    make_library(root, 3)
    identify(root, "-o", out)
    whole = pathlib.Path(out).read_bytes()
    starts = [i + 1 for i, byte in enumerate(whole[:-1]) if byte == 10]
    for size in [*range(starts[-1] - 1, starts[-1] + 20), len(whole) - 1, 0, 1]:
        pathlib.Path(out).write_bytes(whole[:size])
        status, _, errors = identify(root, "-o", out, "--resume")
        verdict.check(status == 0 and pathlib.Path(out).read_bytes() == whole, f"{size}: {status} {errors}")


def test_changes(root, out):
    """what is new, touched, longer, failed or heard by another model is heard again; the rest is not"""
    make_library(root, 6)
    pathlib.Path(root, "bad.mp3").write_bytes(b"no music" * 50)
    status, _, _ = identify(root, "-o", out)
    first = lines(out)
    verdict.check(status == 1 and len(first) == 7, f"{status} {first}")
    status, _, errors = identify(root, "-o", out, "--resume")
    verdict.check(lines(out) == first and "6 tracks were done before" in errors, errors)
    verdict.check(status == 1 and "bad.mp3: " in errors, "an error that stays is said again, and not written again")
    os.utime(os.path.join(root, "0", "0.wav"), (1, 1))
    write_wav(os.path.join(root, "1", "1.wav"), music("drums", 9, 6))
    write_wav(os.path.join(root, "9", "new.wav"), music("drums", 9, 4))
    write_wav(os.path.join(root, "bad.mp3"), music("drums", 10, 4))
    status, _, _ = identify(root, "-o", out, "--resume")
    more = [os.path.basename(name) for name in names(out)[7:]]
    verdict.check(status == 0 and sorted(more) == ["0.wav", "1.wav", "bad.mp3", "new.wav"], f"{status} {more}")
    model = tool.TOOL.parents[2] / "tests" / "tiny.safetensors"
    if model.is_file():
        before = len(lines(out))
        identify(root, "-o", out, "--resume", "-m", model)
        verdict.check(len(lines(out)) == before + 8, f"another model: {len(lines(out)) - before} of 8")


def test_refusals(root, out):
    """nothing is lost by a forgotten option, and no other file is taken for results"""
    make_library(root, 2)
    identify(root, "-o", out)
    whole = pathlib.Path(out).read_bytes()
    status, _, errors = identify(root, "-o", out)
    verdict.check(status == 1 and "--resume" in errors and pathlib.Path(out).read_bytes() == whole, errors)
    status, _, errors = identify(root, "-o", out, "--force")
    verdict.check(status == 0 and pathlib.Path(out).read_bytes() == whole, errors)
    for text in (b"notes\n", b"notes", whole + b"{}\n", whole + b"no json\n" + whole, b'{"file":"a","uri":"b"}\n',
                 b"[1]\n", b'{"a":' * 90 + b"\n"):  # fmt: skip
        pathlib.Path(out).write_bytes(text)
        for arguments in (["--resume"], ["--force"]) if not text.startswith(b'{"file"') else (["--resume"],):
            status, _, errors = identify(root, "-o", out, *arguments)
            verdict.check(status == 1 and "expected" in errors, f"{text[:20]}: {arguments} {errors}")
            verdict.check(pathlib.Path(out).read_bytes() == text, f"{text[:20]} is gone")
    song = os.path.join(root, "0", "0.wav")
    before = pathlib.Path(song).read_bytes()
    status, _, errors = identify(root, "-o", song, "--json")
    verdict.check(status == 2 and pathlib.Path(song).read_bytes() == before, f"a song as the output: {status} {errors}")


def test_lock(root, out):
    """two processes do not write to one file"""
    make_library(root, 2)
    with open(out, "a", encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        status, _, errors = identify(root, "-o", out, "--resume")
        verdict.check(status == 1 and "another process" in errors, errors)


def test_interrupt(root, out):
    """Ctrl-C: within a second, whole lines, and how to go on; the signal is what the shell sees"""
    make_library(root, 30, seconds=40)
    process = tool.start("identify", "-j2", root, "-o", out)
    deadline = time.monotonic() + 60
    while not (os.path.exists(out) and os.path.getsize(out)) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    before = time.monotonic()
    _, errors = process.communicate(timeout=60)
    verdict.check(process.returncode == -signal.SIGINT, f"{process.returncode}")
    verdict.check(time.monotonic() - before < 10, "it took long")  # the second is for a machine that does nothing else
    verdict.check("the same command with --resume continues" in errors, errors)
    verdict.check(0 < len(lines(out)) < 30, f"{len(lines(out))} lines")
    status, _, _ = identify(root, "-o", out, "--resume")
    verdict.check(status == 0 and len(set(names(out))) == len(names(out)) == 30, f"{status} {len(names(out))}")


def test_full(root, out):
    """a disk that fills up: what is written is whole lines"""
    make_library(root, 5)
    status, _, errors = identify(root, "-o", out, preexec_fn=limit_size)
    verdict.check(status == 1 and out in errors, f"{status} {errors}")
    verdict.check(0 < len(lines(out)) < 5, f"{len(lines(out))} lines")
    status, _, errors = identify(root, "-o", out, "--resume")
    verdict.check(status == 0 and len(lines(out)) == 5, f"{status} {errors}")


def limit_size():
    """files of 1500 bytes at most"""
    tool.default_signals()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))


def main():
    need("genreclassify", "decodebin", "wavparse")
    for test in (test_kill, test_torn, test_changes, test_refusals, test_lock, test_interrupt, test_full):
        with tempfile.TemporaryDirectory() as root, tempfile.TemporaryDirectory() as folder:
            test(os.path.realpath(root), os.path.join(folder, "out.jsonl"))
    verdict.exit()


if __name__ == "__main__":
    sys.exit(main())
