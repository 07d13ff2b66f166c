#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/cluster: the script of a Slurm array by bash, merge.py, and genre_rows.py, held to what one machine says."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import cluster_folder
from pipeline import Verdict, need

verdict = Verdict()
PARTS = 3


def merged(*paths):
    return subprocess.run([sys.executable, cluster_folder.CLUSTER / "merge.py", *paths], check=True,
                          stdout=subprocess.PIPE).stdout.splitlines(keepends=True)  # fmt: skip


# --- Slurm --------------------------------------------------------------------------------------------------------


def start_task(root, results, task, *parts, count=PARTS):
    slurm = {"SLURM_ARRAY_TASK_ID": str(task), "SLURM_ARRAY_TASK_COUNT": str(count), "SLURM_CPUS_PER_TASK": "1"}
    return subprocess.Popen(["bash", cluster_folder.CLUSTER / "genres.sbatch", root, results, *parts],
                            env=cluster_folder.environment() | slurm, stderr=subprocess.PIPE, text=True,
                            start_new_session=True)  # fmt: skip


def run_task(*arguments, **options):
    """-> exit status, stderr"""
    task = start_task(*arguments, **options)
    errors = task.communicate(timeout=240)[1]
    return task.returncode, errors


def kill_once_it_writes(task, path):
    """as scancel, a time limit or a lost node do -> whether it was at work"""
    while not (path.exists() and path.stat().st_size) and task.poll() is None:
        time.sleep(0.002)
    at_work = task.poll() is None
    os.killpg(task.pid, signal.SIGKILL)
    task.communicate()
    return at_work


def test_slurm(root, results):
    wanted = cluster_folder.one_machine(root)
    paths = [results / f"genres.{i}-of-{PARTS}.jsonl" for i in range(PARTS)]
    killed = sum(kill_once_it_writes(start_task(root, results, i), paths[i]) for i in range(PARTS))
    verdict.check(killed >= 1, "no task was killed at its work")
    statuses = [run_task(root, results, i)[0] for i in range(PARTS)]
    verdict.check(sorted(statuses) == [0, 0, 1], f"the part with the broken file, and no other, says so: {statuses}")
    sizes = [len(path.read_bytes().splitlines()) for path in paths]
    verdict.check(all(sizes) and sum(sizes) == len(wanted), f"{sizes} lines of {len(wanted)}")
    verdict.check(sorted(merged(*paths)) == sorted(wanted), "not what one machine says")

    # Some tasks alone have another count, and are told the one that holds.
    before = [path.read_bytes() for path in paths]
    paths[1].unlink()
    status, errors = run_task(root, results, 1, str(PARTS), count=1)
    verdict.check([path.read_bytes() for path in paths] == before, f"a task alone: {status} {errors}")
    status, errors = run_task(root, results, 1, count=1)
    verdict.check(status == 2 and "--shard" in errors, f"a part that there is not: {status} {errors}")
    status, errors = run_task(root, "", 0)
    verdict.check(status != 0 and "results is missing" in errors, f"no folder for results: {status} {errors}")


# --- merge --------------------------------------------------------------------------------------------------------


def test_merge(root, results):
    line = '{{"file":"{0}","uri":"file:///{0}","label":"{1}"}}\n'.format
    one, two = results / "1.jsonl", results / "2.jsonl"
    one.write_text(line("a", "jazz") + line("b", "pop") + line("a", "rock"), encoding="utf-8")
    two.write_text(line("c", "metal") + line("b", "blues") + '{"file":"d","uri":"fi', encoding="utf-8")
    expected = [line("a", "rock"), line("b", "blues"), line("c", "metal")]
    verdict.check([found.decode() for found in merged(one, two)] == expected, f"{merged(one, two)}")
    parts = [results / name for name in ("genres.0-of-8.jsonl", "genres.7-of-8.jsonl", "genres.0-of-16.jsonl")]
    for path in parts:
        path.write_text(line(path.name, "jazz"), encoding="utf-8")
    verdict.check(len(merged(*parts[:2])) == 2, "two parts of eight")
    done = subprocess.run([sys.executable, cluster_folder.CLUSTER / "merge.py", *parts], capture_output=True, text=True,
                          check=False)  # fmt: skip
    refused = done.returncode == 1 and done.stdout == "" and f"16 ({parts[2]})" in done.stderr
    verdict.check(refused, f"parts of eight and of sixteen: {done}")


# --- rows ---------------------------------------------------------------------------------------------------------


def rows(paths, *options):
    """-> the status it ended with, [row]"""
    command = [sys.executable, cluster_folder.CLUSTER / "genre_rows.py", *options]
    done = subprocess.run(command, input="".join(f"{path}\n" for path in paths), stdout=subprocess.PIPE, text=True,
                          encoding="utf-8", timeout=240, check=False)  # fmt: skip
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def check_row(row, track):
    """track: the object of identify"""
    name = row["path"]
    for key in ("state", "label"):
        verdict.check(row[key] == track[key], f"{name}: {key} {row[key]}, expected {track[key]}")
    for key in ("confidence", "music"):
        verdict.close(row[key], track[key], 1e-9, f"{name}: {key}")
    verdict.check(list(row["distribution"]) == list(track["probabilities"]), f"{name}: {list(row['distribution'])}")
    verdict.close(list(row["distribution"].values()), list(track["probabilities"].values()), 1e-9, f"{name}: p")
    spans, expected = row["timeline"], track["timeline"]
    if verdict.check([s["label"] for s in spans] == [s["label"] for s in expected], f"{name}: {spans}, {expected}"):
        for key in ("start", "end", "confidence"):
            verdict.close([s[key] for s in spans], [s[key] for s in expected], 1e-6, f"{name}: {key} of its spans")


def test_rows(root, results):
    tracks = [json.loads(line) for line in cluster_folder.one_machine(root)]
    status, found = rows([track["file"] for track in tracks] + ["/no/such.mp3", tracks[0]["uri"], "relative.wav"])
    verdict.check(status == 0 and len(found) == len(tracks) + 3, f"{status}: {len(found)} rows of {len(tracks)} + 3")
    names = ["path", "state", "label", "confidence", "distribution", "music", "timeline", "error"]
    changes = 0
    for row, track in zip(found, tracks):
        verdict.check(list(row) == names, f"{list(row)}")
        verdict.check(row["path"] == track["file"], f"{row['path']} for {track['file']}")
        if "error" in track:
            verdict.check(row["state"] == "error" and row["error"], f"{row}")
        else:
            check_row(row, track)
            changes += len(track["timeline"]) > 1
    verdict.check(changes >= 2, f"only {changes} timelines with more than one span")
    verdict.check([row["state"] for row in found[-3:]] == ["error", tracks[0]["state"], "error"], f"{found[-3:]}")

    longest = max(tracks, key=lambda track: track.get("duration", 0))
    status, (row,) = rows([longest["file"]], "--seconds", "8", "--threshold", "1")
    verdict.check(status == 0 and row["label"] == "unknown" and row["timeline"][-1]["end"] < 16, f"--seconds 8: {row}")
    os.mkfifo(results / "fifo.wav")
    status, found = rows([longest["file"], results / "fifo.wav", longest["file"]], "--stall", "2")
    verdict.check(status == -signal.SIGALRM and len(found) == 1, f"what gives no audio: {status} {len(found)} rows")
    bad = results / "bad.safetensors"
    bad.write_bytes(b"no model")
    for options in (["--model", bad], ["--no-such-option"]):
        status, found = rows([longest["file"]], *options)
        verdict.check(status > 0 and not found, f"{options}: no rows of what fails for all: {status} {found}")


def main():
    need("genreclassify", "uridecodebin", "wavparse")
    for test, count in ((test_slurm, 16), (test_merge, 0), (test_rows, 6)):
        with tempfile.TemporaryDirectory() as root, tempfile.TemporaryDirectory() as results:
            cluster_folder.make(pathlib.Path(root).resolve(), count)
            test(pathlib.Path(root).resolve(), pathlib.Path(results))
    verdict.exit()


main()
