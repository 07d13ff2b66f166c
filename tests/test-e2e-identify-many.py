#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0 identify: thousands of files in the memory and the threads of a few, and each line in one write."""

import json
import os
import subprocess
import sys
import time

import numpy as np

import tool
from made_music import music, write_wav
from pipeline import Verdict, need

JOBS = 2
JOB_THREADS = 8  # a job's own and GStreamer's: source, typefind, demuxer, parser, decoder, sink
FEW, MANY = 150, 3000
GROWTH_KB = 4096  # what the results of MANY may take: path, URI and numbers are below 1 kB a file
verdict = Verdict()


def status_of(process):
    """{key: number} of the kernel's; {}: it has ended"""
    try:
        with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
            fields = [line.split() for line in file]
    except OSError:
        return {}
    return {words[0]: int(words[1]) for words in fields if words[0] in ("Threads:", "VmHWM:")}


def cost(paths, out):
    """-> exit status, peak of memory in kB, most threads at a time"""
    process = tool.start("identify", "-q", "-j", JOBS, "-o", out, *paths, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)  # fmt: skip
    memory = threads = 0
    while process.poll() is None:
        now = status_of(process)
        memory, threads = max(memory, now.get("VmHWM:", 0)), max(threads, now.get("Threads:", 0))
        time.sleep(0.002)
    return process.returncode, memory, threads


def test_flat(root):
    noise = np.random.default_rng(1)
    for i in range(MANY):
        write_wav(os.path.join(root, f"{i // FEW:03}", f"{i}.wav"), noise.integers(-9000, 9000, 2000, "<i2"), 8000)
    folders = sorted(os.path.join(root, name) for name in os.listdir(root))
    out = os.path.join(root, "out.jsonl")
    few, many = cost(folders[:1], os.path.join(root, "few.jsonl")), cost(folders[1:], out)
    print(f"{FEW} files: {few[1]} kB, {few[2]} threads; {MANY - FEW} files: {many[1]} kB, {many[2]} threads")
    verdict.check(few[0] == many[0] == 0, f"{few} {many}")
    with open(out, encoding="utf-8") as file:
        found = [json.loads(line)["state"] for line in file]
    verdict.check(found == ["too-short"] * (MANY - FEW), f"{len(found)} lines")
    verdict.check(0 < few[1] and many[1] - few[1] < GROWTH_KB, f"{few[1]} kB became {many[1]}")
    limit = 1 + JOBS * JOB_THREADS
    verdict.check(0 < many[2] <= limit, f"{many[2]} threads, expected {limit} at most")


def test_writes(root):
    """a pipe of packets gives what was written at once"""
    for i in range(6):
        write_wav(os.path.join(root, f"{i}.wav"), music("drums", i, 5))
    with open(os.path.join(root, "bad.mp3"), "wb") as file:
        file.write(b"no music" * 100)
    for kind in ("--json", "--csv"):
        ours, theirs = os.pipe2(os.O_DIRECT)
        process = tool.start("identify", "-j3", kind, root, stdout=theirs, stderr=subprocess.DEVNULL)
        os.close(theirs)
        packets = list(iter(lambda: os.read(ours, 65536), b""))  # noqa: B023
        os.close(ours)
        process.wait(timeout=120)
        wanted = 7 + (kind == "--csv")
        whole = [packet for packet in packets if packet.count(b"\n") == 1 and packet.endswith(b"\n")]
        said = f"{kind}: {len(whole)} of {len(packets)} writes are a line, expected {wanted}: {packets}"
        verdict.check(len(whole) == len(packets) == wanted, said)


def main():
    need("genreclassify", "decodebin", "wavparse")
    verdict.run(globals())


if __name__ == "__main__":
    sys.exit(main())
