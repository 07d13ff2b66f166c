#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""library.py [FILES] - a library from its first run to its last: identified, killed three times and resumed, tagged,
killed and resumed, every sample and field compared, and all of it undone.

FILES: how many, default 2000: some minutes.  Not among the tests of the build; it is run by hand:

  GENRE_BUILD_DIR=build GST_PLUGIN_PATH=build/gst python3 tests/library.py 200
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import mutagen

import messy_folder
import tagged_files
import tool
from made_music import music
from pipeline import Verdict, need

KINDS = ["mp3", "flac", "ogg", "opus", "m4a"]
CLIPS = 12  # different recordings a kind
GROUP = 50  # files that one ffmpeg decodes: its start takes far longer than a file of some seconds
NAMES = {"hiphop": "Hip-Hop"}
verdict = Verdict()
clock = [time.monotonic()]


def say(text):
    now = time.monotonic()
    print(f"{now - clock[0]:6.1f} s  {text}", flush=True)
    clock[0] = now


def make_clips(folder):
    """{kind: [bytes]}"""
    clips = collections.defaultdict(list)
    for kind in KINDS[:-1]:
        for i in range(CLIPS):
            path = folder / f"clip.{kind}"
            made = messy_folder.encode(path, music(["drums", "bells", "drone"][i % 3], i, 4 + i % 5), kind)
            assert made, f"this GStreamer cannot encode {kind}"
            clips[kind].append(path.read_bytes())
            path.unlink()
    for i, data in enumerate(clips["mp3"]):
        (folder / "clip.mp3").write_bytes(tagged_files.strip(data))
        flags = ["-movflags", "+faststart"] if i % 2 else []
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", folder / "clip.mp3", "-c", "copy", *flags, "-f", "mp4",
                        folder / "clip.m4a"], check=True)  # fmt: skip
        clips["m4a"].append((folder / "clip.m4a").read_bytes())
    return clips


def tag(path, kind, number):
    """a title and more, so that no two files are the same"""
    if kind == "mp3":
        path.write_bytes(tagged_files.strip(path.read_bytes()))
        tagged_files.rich_id3(path, [])
        file = mutagen.File(path)
        file["TIT2"].text = [f"Track {number}"]
        file.save(v1=0)
        return
    file = tagged_files.mp4.MP4(path) if kind == "m4a" else mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    if kind == "m4a":
        file["\xa9nam"], file["trkn"] = [f"Track {number}"], [(number % 20 + 1, 20)]
        file["----:com.apple.iTunes:MOOD"] = [tagged_files.mp4.MP4FreeForm(b"blue")]
    else:
        file.tags["title"], file.tags["REPLAYGAIN_TRACK_GAIN"] = [f"Track {number}"], ["-6.5 dB"]
    file.save()


def make_library(root, count):
    with tempfile.TemporaryDirectory() as folder:
        clips = make_clips(pathlib.Path(folder))
    for i in range(count):
        kind = KINDS[i % len(KINDS)]
        path = root / f"Artist {i // 50}" / f"Album {i // 10}" / f"{i:05} \u266b.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(clips[kind][i // len(KINDS) % CLIPS])
        tag(path, kind, i)


def samples(paths):
    """[a sum of what is decoded]"""
    with tempfile.TemporaryDirectory() as folder:
        inputs = [word for path in paths for word in ("-i", f"file:{path}")]
        outputs = [word for i in range(len(paths)) for word in ("-map", f"{i}:a", "-f", "md5", f"{folder}/{i}")]
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *inputs, *outputs], check=True, stderr=subprocess.DEVNULL)
        return [pathlib.Path(folder, str(i)).read_bytes() for i in range(len(paths))]


def survey(paths):
    """{path: (samples, (genres, everything else))}"""
    paths = list(paths)
    groups = [paths[i : i + GROUP] for i in range(0, len(paths), GROUP)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        sums = [found for group in pool.map(samples, groups) for found in group]
    # An M4A has the packets, and so may have the samples, of an MP3.
    different, wanted = len(set(sums)), min(len(paths) * 4 // 5, CLIPS * 4)
    verdict.check(different >= wanted, f"{different} different recordings, expected {wanted}")
    return {path: (found, tagged_files.by_mutagen(path)) for path, found in zip(paths, sums)}


def size(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def run_until(lines, path, *arguments):
    """kills it once path has so many lines -> whether it was killed"""
    process = tool.start("identify", *arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while size(path) < lines and process.poll() is None:
        time.sleep(0.005)
    killed = process.poll() is None
    process.kill()
    process.communicate()
    return killed


def identify(root, out, count):
    for part in (1, 2, 3):
        verdict.check(run_until(count * part // 4, out, root, "-o", out, "--resume"), f"kill {part}: it had ended")
        say(f"killed at {size(out)} of {count} lines")
    status, _, errors = tool.call("identify", root, "-o", out, "--resume", timeout=3600)
    found = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    verdict.check(status == 0 and len(found) == count, f"{status}: {len(found)} lines of {count}: {errors[-500:]}")
    verdict.check(len({o["uri"] for o in found}) == count, "a file is there twice")
    say(f"identified: {errors.splitlines()[1]}")
    return {o["file"]: o for o in found}


def write_tags(root, out, logs, count):
    arguments = ("--write-tags", "--min-confidence=0", root, "-o", out, "--resume")
    status, output, _ = tool.call("identify", *arguments, "--dry-run", timeout=3600)
    verdict.check(status == 0 and output.count(" -> ") == count, f"a dry run: {output.count(' -> ')} of {count}")
    verdict.check(size(out) == count, "a dry run has written results")
    say("tried")
    verdict.check(run_until(count // 2, logs[0], *arguments, "--tag-log", logs[0]), "it had ended")
    say(f"killed after {size(logs[0])} genres")
    status, output, errors = tool.call("identify", *arguments, "--tag-log", logs[1], timeout=3600)
    verdict.check(status == 0, f"{status}: {errors[-500:]}")
    say(f"tagged: {size(logs[1])} more")
    left = [path for path in root.rglob(".*")]
    verdict.check(not left, f"left: {left}")


def check_tagged(before, after, found):
    for path, (sums, (_, others)) in before.items():
        label = found[str(path)]["label"]
        now, (genres, others_now) = after[path]
        verdict.check(genres == [NAMES.get(label, label.capitalize())], f"{path}: {genres}, expected {label}")
        verdict.check(now == sums, f"{path}: its samples")
        verdict.check(others_now == others, f"{path}: {others_now}, was {others}")


def undo(root, logs, before, data):
    for log in reversed(logs):
        status, _, errors = tool.call("identify", "--undo", log, "-q", timeout=3600)
        verdict.check(status == 0, f"{status}: {errors[-500:]}")
    say("undone")
    after = survey(before)
    for path, was in before.items():
        verdict.check(after[path] == was, f"{path}: {after[path]}, was {was}")
        if path.suffix in (".mp3", ".flac"):
            verdict.check(path.read_bytes() == data[path], f"{path}: other bytes")
    verdict.check(sum(1 for path in root.rglob("*") if path.is_file()) == len(before), "another number of files")


def main():
    began = time.monotonic()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    need("genreclassify", "decodebin")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(os.path.realpath(folder))
        root, out, logs = folder / "Music", folder / "out.jsonl", [folder / "log1.jsonl", folder / "log2.jsonl"]
        root.mkdir()
        make_library(root, count)
        paths = sorted(path for path in root.rglob("*") if path.is_file())
        verdict.check(len(paths) == count, f"{len(paths)} files")
        verdict.check(len({path.read_bytes() for path in paths}) == count, "two files are the same")
        data = {path: path.read_bytes() for path in paths if path.suffix in (".mp3", ".flac")}
        say(f"{count} files made")
        before = survey(paths)
        say("their samples and fields read")
        found = identify(root, out, count)
        write_tags(root, out, logs, count)
        check_tagged(before, survey(paths), found)
        say("every sample and field compared")
        undo(root, logs, before, data)
        say("and compared again")
    print(f"{time.monotonic() - began:6.0f} s in all")
    verdict.exit()


if __name__ == "__main__":
    main()
