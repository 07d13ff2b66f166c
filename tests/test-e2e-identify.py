#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0 identify: what the element says, of every file of a messy folder, in every format, in the order of the
input; what is named, and how; what fails."""

import csv
import functools
import http.server
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import urllib.parse

import numpy as np

import messy_folder
import tool
from made_music import RATE, music, write_wav
from pipeline import Gst, Verdict, classify, need, quoted, run

FIELDS = ["file", "uri", "size", "mtime", "model", "duration", "state", "label", "confidence", "music",
          "probabilities", "windows", "timeline"]  # fmt: skip
verdict = Verdict()


def identify(*arguments, **options):
    """-> exit status, stdout, stderr"""
    return tool.call("identify", *arguments, **options)


def objects(output):
    """one JSON object a line"""
    verdict.check(output == "" or output.endswith("\n"), f"a line without an end: {output[-80:]!r}")
    return [json.loads(line) for line in output.splitlines()]


def path_of(found):
    """the exact path that its URI names, bytes"""
    return urllib.parse.unquote_to_bytes(found["uri"].removeprefix("file://"))


# What is said ------------------------------------------------------------------------------------------------------


def test_element(root):
    """the final, to the bit, and the windows of a run through the element"""
    for kind, seconds in [("bells", 14), ("drums", 3), ("drone", 0.4)]:
        path = os.path.join(root, f"{kind}.wav")
        write_wav(path, music(kind, 1, seconds))
        messages = run(f"filesrc location={quoted(path)} ! decodebin ! genreclassify ! fakesink sync=false")
        status, output, errors = identify("--json", path)
        (found,) = objects(output)
        final = messages[-1]
        verdict.check(status == 0, f"{kind}: exit {status}: {errors}")
        verdict.check(list(found) == FIELDS, f"{kind}: {list(found)}")
        verdict.check(found["state"] == final.state and found["windows"] == final.windows, f"{kind}: {found}")
        verdict.check(found["label"] == final.label and found["confidence"] == final.confidence, f"{kind}: {found}")
        verdict.check(list(found["probabilities"]) == final.labels, f"{kind}: {found['probabilities']}")
        verdict.check(list(found["probabilities"].values()) == final.probabilities, f"{kind}: not the same bits")
        verdict.close(found["duration"], final.duration / 1e9, 1e-6, f"{kind}: duration")
        stat = os.stat(path)
        verdict.check(found["file"] == path and path_of(found) == os.fsencode(path), f"{kind}: {found['file']}")
        verdict.check(found["size"] == stat.st_size, f"{kind}: {found['size']}")
        verdict.close(found["mtime"], stat.st_mtime, 1e-5, f"{kind}: mtime")
        verdict.check(len(found["model"]) == 64 and found["music"] == final.music, f"{kind}: {found}")


def test_not_music(root):
    """a model that can tell: low sounds are music, noise is not"""
    model = tool.TOOL.parents[2] / "tests" / "music.safetensors"
    noise, tone = os.path.join(root, "noise.wav"), os.path.join(root, "tone.wav")
    write_wav(noise, (3000 * np.random.default_rng(1).standard_normal(RATE * 8)).astype("<i2"))
    write_wav(tone, (9000 * np.sin(np.arange(RATE * 8) * 2 * np.pi * 110 / RATE)).astype("<i2"))
    _, output, errors = identify("-m", model, "--json", noise, tone)
    found = objects(output)
    states = [o["state"] for o in found]
    verdict.check(states == ["not-music", "ok"], f"{states} {errors}")
    verdict.check(found[0]["music"] < 0.5 < found[1]["music"] and found[0]["timeline"] == [], output)
    verdict.check(found[0]["label"] == "unknown" and found[0]["confidence"] == 0, output)
    _, output, errors = identify("-m", model, noise, tone)
    verdict.check(output.startswith("not music ") and "50 % not music" in errors, output + errors)
    _, output, _ = identify("-m", model, "--json", "--music-threshold", "0", noise)
    verdict.check(objects(output)[0]["state"] == "ok", output)


def test_timeline(root):
    """two pieces and a silence between them: spans, the hole, the end"""
    pcm = music("drums", 3, 30)
    path = os.path.join(root, "two.wav")
    write_wav(path, np.concatenate([pcm, 0 * music("drone", 1, 25), music("bells", 4, 30)]))
    _, output, _ = identify("--json", path)
    (found,) = objects(output)
    spans = found["timeline"]
    verdict.check(spans and spans[0]["start"] == 0, f"{spans}")
    verdict.close(spans[-1]["end"], found["duration"], 1e-9, "the end of the last span")
    for span, after in zip(spans, spans[1:]):
        verdict.check(span["end"] <= after["start"], f"{spans}")
        verdict.check(span["label"] != after["label"] or after["start"] - span["end"] > 9, f"one span in two: {spans}")
    verdict.check(all(s["end"] - s["start"] >= 5 for s in spans), f"short: {spans}")
    verdict.check(all(set(s) == {"start", "end", "label", "confidence"} for s in spans), f"{spans}")
    holes = [(a["end"], b["start"]) for a, b in zip(spans, spans[1:]) if b["start"] - a["end"] > 1]
    # The silence is from 30 to 55 s.  Of a window that it begins or ends in, what is left may be no music to the model.
    near = len(holes) == 1 and 34 <= holes[0][0] <= 42 and 43 <= holes[0][1] <= 52
    verdict.check(near, f"silence: {spans}")
    _, output, _ = identify("--timeline", path)
    lines = output.splitlines()
    verdict.check(len(lines) == 1 + len(spans) and all(line.startswith("    0:") or line.startswith("    1:")
                  for line in lines[1:]), output)  # fmt: skip


# A messy folder ---------------------------------------------------------------------------------------------------


def test_messy(root):
    """each file once, good or bad; names exact; the same bytes whatever the number of jobs"""
    good, bad = messy_folder.make(root)
    outputs = {}
    for jobs in (1, 7):
        for kind in ("--json", "--csv", "--tsv", "--top=2"):
            status, output, errors = identify(root, kind, "--jobs", jobs, text=False)
            verdict.check(status == 1, f"{kind}: exit {status}")
            outputs.setdefault(kind, output)
            verdict.check(outputs[kind] == output, f"{kind}: {jobs} jobs give other bytes")
    found = objects(outputs["--json"].decode())
    verdict.check(sorted(path_of(o) for o in found) != [] and len({o["uri"] for o in found}) == len(found), "twice")
    heard = {path_of(o): o for o in found if "error" not in o}
    failed = {path_of(o): o["error"] for o in found if "error" in o}
    known = {os.path.realpath(path) for path in good}
    verdict.check({os.path.realpath(p) for p in heard} == known, f"{known ^ {os.path.realpath(p) for p in heard}}")
    verdict.check(set(failed) == set(bad), f"{set(failed) ^ set(bad)}")
    verdict.check(len(heard) == len(good), f"{len(heard)} of {len(good)}")
    states = {os.path.basename(p).decode(errors="replace"): o["state"] for p, o in heard.items()}
    verdict.check(states["quiet.wav"] == "silence" and states["short.wav"] == "too-short", f"{states}")
    verdict.check(states["plain.wav"] == states["mono 8 kHz.wav"] == "ok", f"{states}")
    errors = errors.decode()
    verdict.check("not music, were left out" in errors, errors)
    shares = re.search(r"\n(\d+ % .*)\n", errors)[1].split(", ")
    words = {share.split(" % ")[1] for share in shares}
    verdict.check({"silence", "too short"} <= words and "unknown" not in words, f"{shares}")
    for path in bad:
        name = os.path.basename(path).decode()
        verdict.check(errors.count(f"{name}: ") == 2, f"{name} is not said twice: {errors}")
    verdict.check(f"{len(bad)} of {len(good) + len(bad)} could not be identified" in errors, errors)
    check_tables(outputs, found)
    check_text(outputs["--top=2"], good)


def check_tables(outputs, found):
    """CSV as Python reads it, TSV by its own rule: the same as the JSON"""
    rows = list(csv.DictReader(io.StringIO(outputs["--csv"].decode(), newline="")))
    verdict.check(outputs["--csv"].count(b"\r\n") == len(found) + 1, "CSV ends its lines with CR LF")
    head, *lines = outputs["--tsv"].decode().split("\n")[:-1]
    unescape = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\"}
    for rows in (rows, [dict(zip(head.split("\t"), line.split("\t"))) for line in lines]):
        verdict.check(len(rows) == len(found), f"{len(rows)} rows of {len(found)}")
        for row, wanted in zip(rows, found):
            name = row["file"]
            if rows[0] is not row and "\\" in name:
                for escape, character in unescape.items():
                    name = name.replace(escape, character)
            verdict.check(row["uri"] == wanted["uri"], f"{row['uri']}")
            verdict.check(row["error"] == wanted.get("error", ""), f"{row}")
            if "error" not in wanted:
                for key in ("state", "label", "model"):
                    verdict.check(row[key] == wanted[key], f"{key}: {row[key]}")
                for key in ("duration", "confidence", "windows", "size"):
                    verdict.check(float(row[key]) == wanted[key], f"{key}: {row[key]}")
                verdict.check(all(float(row[k]) == p for k, p in wanted["probabilities"].items()), f"{row}")


def check_text(output, good):
    """plain lines: nothing that steers a terminal, a line a track"""
    text = output.decode()
    verdict.check("\x1b" not in text and "\x07" not in text, "a control character comes out")
    verdict.check(len(text.splitlines()) == len(good), f"{len(text.splitlines())} lines")
    verdict.check("new\\nline\\tand tab.wav" in text and "no utf-8 \\xe9\\xff.wav" in text, text)
    verdict.check(any(line.startswith("silence ") and line.endswith("quiet.wav") for line in text.splitlines()), text)


def as_nobody():
    """root may read all"""
    tool.default_signals()
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)


def test_unreadable(root):
    """a folder that is closed costs a line"""
    closed = os.path.join(root, "closed")
    write_wav(os.path.join(root, "open.wav"), music("drums", 1, 5))
    write_wav(os.path.join(closed, "a.wav"), music("drums", 1, 5))
    os.chmod(closed, 0)
    os.chmod(root, 0o755)
    status, output, errors = identify("--json", root, preexec_fn=as_nobody)
    found = objects(output)
    verdict.check(status == 1 and len(found) == 2, f"{status} {output}")
    verdict.check("cannot be read" in found[0]["error"] and path_of(found[0]) == os.fsencode(closed), output)
    os.chmod(closed, 0o700)
    verdict.check("open.wav" in output, output + errors)


# What is named ----------------------------------------------------------------------------------------------------


def names(output):
    return [os.path.basename(o["file"]) for o in objects(output)]


def test_inputs(root):
    """files, folders, lists, playlists, URIs; each once, in their order"""
    for name in ("a", "b", "c", "d"):
        write_wav(os.path.join(root, "sub", f"{name}.wav"), music("drums", ord(name), 4))
    sub = os.path.join(root, "sub")
    at = lambda name: os.path.join(sub, name)  # noqa: E731
    pathlib.Path(at("list.m3u8")).write_text("#EXTM3U\n#EXTINF:1,x\nc.wav\nb.wav\n", encoding="utf-8")
    pathlib.Path(at("list.pls")).write_text("[playlist]\nFile1=d.wav\nFile2=list.m3u8\n", encoding="utf-8")
    pathlib.Path(at("names")).write_text(f"{at('d.wav')}\n\n{at('a.wav')}\n", encoding="utf-8")
    uri = pathlib.Path(at("b.wav")).as_uri()
    for arguments, given, wanted in [
        ([sub], None, "abcd"), ([at("c.wav"), sub], None, "cabd"), ([at("list.m3u8")], None, "cb"),
        ([at("list.pls")], None, "dcb"), ([uri, at("b.wav")], None, "b"), (["--files-from", at("names")], None, "da"),
        (["-"], f"{at('b.wav')}\n{at('a.wav')}", "ba"), (["--files-from=-", at("c.wav")], f"{at('b.wav')}\n", "bc"),
        (["-0", "-"], f"{at('b.wav')}\0{at('a.wav')}\0", "ba"), (["--", at("a.wav")], None, "a"),
        ([at("a.wav"), "-j2", "--json"], None, "a"),
    ]:  # fmt: skip
        status, output, errors = identify("--json", *arguments, input=given)
        found = "".join(name[0] for name in names(output))
        verdict.check(status == 0 and found == wanted, f"{arguments}: {status} {found} {errors}")
    status, output, _ = identify("--json", os.path.join(root, "gone.wav"), at("a.wav"))
    verdict.check(status == 1 and objects(output)[0]["error"] == "no such file", output)
    status, output, _ = identify("--json", at("names"))  # named: it is tried
    verdict.check(status == 1 and "not music" in objects(output)[0]["error"], output)
    status, _, errors = identify("--files-from", at("gone"))
    verdict.check(status == 1 and "gone" in errors, errors)


def test_part(root):
    """--seconds and --offset: as the samples there through the element"""
    pcm = music("bells", 5, 40)
    path = os.path.join(root, "long.wav")
    write_wav(path, pcm)
    for offset, seconds, first in [(0, 10, 0), (12, 10, 12), (100, 10, 30), (35, 10, 30), (12, 0, 12)]:
        _, output, errors = identify("--json", path, "--offset", offset, "--seconds", seconds)
        if not verdict.check(output, f"{offset} {seconds}: {errors}"):
            continue
        (found,) = objects(output)
        end = first + seconds if seconds else 40
        final = classify(pcm[first * RATE : end * RATE], RATE, format="S16LE")[-1]
        verdict.close(found["duration"], end - first, 1e-6, f"{offset} {seconds}: duration")
        verdict.check(list(found["probabilities"].values()) == final.probabilities, f"{offset} {seconds}: {found}")
        verdict.close(found["timeline"][0]["start"], first, 1, f"{offset} {seconds}: the first span")
        verdict.close(found["timeline"][-1]["end"], end, 1e-6, f"{offset} {seconds}: the last span")


def test_options(root):
    """--top, --threshold; what is wrong is said with what was expected"""
    path = os.path.join(root, "one.wav")
    write_wav(path, music("drums", 1, 5))
    _, output, _ = identify("--top", 1, path)
    verdict.check(output.count("%") == 1, output)
    _, output, _ = identify("--threshold", "1", path)
    verdict.check(output.startswith("unknown "), output)
    _, output, _ = identify("--threshold", "1", "--json", path)
    (found,) = objects(output)
    verdict.check(found["label"] == "unknown" and found["confidence"] == max(found["probabilities"].values()), output)
    for arguments in ([], ["--top", "0", path], ["--threshold", "2", path], ["--jobs", "-1", path],
                      ["--color=red", path], ["--json", "--csv", path], ["--shard", "2/2", path],
                      ["--shard=1", path], ["--resume", path],
                      ["--seconds=-1", path], ["--nothing", path], ["--resume", "-o", "x.csv", path]):  # fmt: skip
        status, output, errors = identify(*arguments)
        verdict.check(status == 2 and output == "" and errors.count("\n") == 1, f"{arguments}: {status} {errors}")
    status, _, errors = identify("-m", path, path)
    verdict.check(status == 1 and "one.wav" in errors, errors)
    status, _, errors = identify(os.path.join(root, "empty folder"))
    verdict.check(status == 1, errors)
    with open("/dev/full", "w", encoding="utf-8") as full:
        status, _, errors = identify(path, stdout=full)
    verdict.check(status == 1 and "standard output" in errors, errors)


def test_unordered(root):
    """the same lines, in whatever order"""
    for i in range(8):
        write_wav(os.path.join(root, f"{i}.wav"), music("drums", i, 20 if i == 0 else 4))
    ordered = identify("--json", "-j3", root)[1].splitlines()
    status, output, errors = identify("--json", "-j3", "--unordered", root)
    verdict.check(names("\n".join([*ordered, ""])) == [f"{i}.wav" for i in range(8)], f"{ordered}")
    verdict.check(status == 0 and sorted(output.splitlines()) == sorted(ordered), f"{status} {output} {errors}")


def test_web(root):
    """a URI of no file: it is its own name, has no time of change, and fails in its line as a file does"""
    if Gst.ElementFactory.find("souphttpsrc") is None:
        print("no souphttpsrc: URIs of the web were not tried")
        return
    write_wav(os.path.join(root, "a b.wav"), music("drums", 1, 5))
    handler = functools.partial(QuietHandler, directory=root)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        start = f"http://127.0.0.1:{server.server_port}/"
        status, output, errors = identify("--json", start + "a%20b.wav", start + "gone.wav")
        server.shutdown()
    good, bad = objects(output)
    (file,) = objects(identify("--json", os.path.join(root, "a b.wav"))[1])
    verdict.check(status == 1 and good["uri"] == good["file"] == start + "a%20b.wav", f"{status} {good} {errors}")
    verdict.check(good["mtime"] is None and good["size"] == 0, f"{good}")
    for key in ("state", "label", "probabilities", "duration", "windows"):
        verdict.check(good[key] == file[key], f"{key}: {good[key]}, the file has {file[key]}")
    verdict.check(list(bad) == ["file", "uri", "error"] and bad["uri"] == start + "gone.wav", f"{bad}")


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def test_lengths(root):
    """a file that lies about its length, either way, and one that grows while it is read: one line, of what is there"""
    whole = os.path.join(root, "whole.wav")
    write_wav(whole, music("bells", 5, 12))
    data = pathlib.Path(whole).read_bytes()
    size = lambda n: n.to_bytes(4, "little")  # noqa: E731
    lies = (("longer", 10 * len(data), 12), ("endless", 2**32 - 1, 12), ("shorter", 6 * 2 * RATE, 6))
    for name, claimed, wanted in lies:
        path = os.path.join(root, f"{name}.wav")
        riff = size(min(claimed + 36, 2**32 - 1))
        pathlib.Path(path).write_bytes(data[:4] + riff + data[8:40] + size(claimed) + data[44:])
        status, output, errors = identify("--json", path)
        (found,) = objects(output)
        verdict.check(status == 0 and found.get("state") == "ok", f"{name}: {status} {found} {errors}")
        verdict.close(found.get("duration", 0), wanted, 0.05, f"{name}: duration")

    path = os.path.join(root, "grows.wav")
    long = data[:4] + size(2**31) + data[8:40] + size(2**31 - 36) + data[44:]
    pathlib.Path(path).write_bytes(long)
    process = tool.start("identify", "--json", path)
    with open(path, "ab") as file:
        for _ in range(20):
            file.write(data[44 : 44 + RATE])
            file.flush()
            if process.poll() is not None:
                break
    output, errors = process.communicate(timeout=120)
    (found,) = objects(output)
    verdict.check(process.returncode == 0 and found.get("state") == "ok", f"grows: {found} {errors}")
    verdict.check(12 - 0.05 <= found.get("duration", 0) <= 12 + 10 + 0.05, f"grows: {found}")


def test_shards(root):
    """every file in one part, whatever the others are"""
    for i in range(12):
        write_wav(os.path.join(root, f"{i}.wav"), music("drums", i, 4))
    parts = [set(names(identify("--json", root, "--shard", f"{i}/3")[1])) for i in range(3)]
    verdict.check(sum(map(len, parts)) == 12 and len(set.union(*parts)) == 12, f"{parts}")
    verdict.check(sum(bool(part) for part in parts) >= 2, f"{parts}")
    write_wav(os.path.join(root, "new.wav"), music("drums", 99, 4))
    again = [set(names(identify("--json", root, "--shard", f"{i}/3")[1])) for i in range(3)]
    verdict.check(all(part <= now for part, now in zip(parts, again)), f"{parts} {again}")


def test_pipe(root):
    """who reads no further ends it"""
    for i in range(30):
        write_wav(os.path.join(root, f"{i}.wav"), music("drums", i, 4))
    command = tool.command("identify", root)
    line = subprocess.run(["sh", "-c", '"$@" 2>/dev/null | head -n 1', "sh", *command], capture_output=True, timeout=60,
                          preexec_fn=tool.default_signals, check=False)  # fmt: skip
    verdict.check(line.stdout.count(b"\n") == 1, f"{line}")


def main():
    need("genreclassify", "decodebin", "wavparse")
    verdict.run(globals())


if __name__ == "__main__":
    sys.exit(main())
