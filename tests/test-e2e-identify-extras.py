#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0 identify: what it makes of tracks besides their lines: timelines for players and editors, sidecars,
playlists, genres of folders, the report; and that it writes over nothing."""

import json
import math
import os
import pathlib
import re
import struct
import sys
import urllib.parse

import numpy as np

import messy_folder
import tool
from made_music import music, write_wav
from pipeline import Verdict, need

NAMES = {"hiphop": "Hip-Hop"}
verdict = Verdict()


def identify(*arguments, **options):
    return tool.call("identify", *arguments, **options)


def name_of(label):
    return NAMES.get(label, label.capitalize())


def objects(output):
    return [json.loads(line) for line in output.splitlines()]


def seconds(clock):
    """00:01:10,500 or 01:10.50"""
    total = 0.0
    for part in clock.replace(",", ".").split(":"):
        total = total * 60 + float(part)
    return total


def close(found, wanted, step, text):
    return verdict.check(abs(found - wanted) <= step, f"{text}: {found}, expected {wanted}")


def test_timelines(root):
    """every kind, read by its own rule, says the spans of the JSON"""
    path = os.path.join(root, "two.wav")
    pieces = [music("drums", 3, 25), 0 * music("drone", 1, 30), music("bells", 4, 25)]
    write_wav(path, np.concatenate(pieces))
    out = os.path.join(root, "out")
    status, output, errors = identify(
        "--timeline", "--format", "text,json,srt,vtt,audacity,lrc", "--output-dir", out, root)  # fmt: skip
    verdict.check(status == 0 and output.count("\n") == 1, f"{status} {output} {errors}")
    spans = objects(identify("--json", path)[1])[0]["timeline"]
    verdict.check(len(spans) >= 2, f"{spans}")
    text = lambda kind: (pathlib.Path(out) / f"two.wav.genre.{kind}").read_text(encoding="utf-8")  # noqa: E731
    verdict.check(json.loads(text("timeline.json"))["timeline"] == spans, text("timeline.json"))

    captions = [f"{name_of(s['label'])} {math.floor(100 * s['confidence'] + 0.5)} %" for s in spans]
    blocks = [block.split("\n") for block in text("srt").rstrip("\n").split("\n\n")]
    verdict.check([b[0] for b in blocks] == [str(i + 1) for i in range(len(spans))], text("srt"))
    head, *cues = text("vtt").rstrip("\n").split("\n\n")
    verdict.check(head == "WEBVTT" and "," not in "".join(cues), text("vtt"))
    clock = lambda point: rf"\d\d:\d\d:\d\d\{point}\d{{3}}"  # noqa: E731
    for found, point in [([b[1:] for b in blocks], ","), ([c.split("\n") for c in cues], ".")]:
        verdict.check([f[1] for f in found] == captions, f"{found}")
        for (times, _), span in zip(found, spans):
            verdict.check(re.fullmatch(f"{clock(point)} --> {clock(point)}", times), times)
            start, end = times.split(" --> ")
            close(seconds(start), span["start"], 0.001, "start")
            close(seconds(end), span["end"], 0.001, "end")
    for line, span in zip(text("labels.txt").splitlines(), spans):
        start, end, label = line.split("\t")
        close(float(start), span["start"], 1e-6, "label's start")
        close(float(end), span["end"], 1e-6, "label's end")
        verdict.check(label == name_of(span["label"]), line)
    lyrics = re.findall(r"^\[(\d\d:\d\d\.\d\d)\](.*)$", text("lrc"), re.M)
    verdict.check([words for _, words in lyrics if words] == captions, text("lrc"))
    for (at, _), span in zip([line for line in lyrics if line[1]], spans):
        close(seconds(at), span["start"], 0.01, "lyric")
    close(seconds(lyrics[-1][0]), spans[-1]["end"], 0.01, "the end of the lyrics")
    verdict.check(lyrics[-1][1] == "" and len(lyrics) > len(spans), text("lrc"))
    verdict.check(len(text("txt").splitlines()) == len(spans), text("txt"))


def test_overwriting(root):
    """nothing that is there is replaced but what is ours; nothing beside the files of the run is touched"""
    path = os.path.join(root, "a.wav")
    write_wav(path, music("drums", 3, 6))
    srt, sidecar = f"{path}.genre.srt", f"{path}.genre.json"
    pathlib.Path(srt).write_text("mine", encoding="utf-8")
    pathlib.Path(sidecar).write_text("mine", encoding="utf-8")
    arguments = (path, "--timeline", "--format=srt", "--sidecar")
    status, output, errors = identify(*arguments)
    verdict.check(status == 1 and output and errors.count("is there already") == 2, f"{status} {errors}")
    verdict.check({pathlib.Path(p).read_text(encoding="utf-8") for p in (srt, sidecar)} == {"mine"}, "they are gone")
    status, _, errors = identify(*arguments, "--force")
    verdict.check(status == 0 and pathlib.Path(srt).read_text(encoding="utf-8").startswith("1\n"), errors)
    wanted = identify("--json", path)[1]
    verdict.check(pathlib.Path(sidecar).read_text(encoding="utf-8") == wanted, "the sidecar is the line")
    pathlib.Path(srt).unlink()
    status, _, errors = identify(*arguments)
    verdict.check(status == 0, f"a sidecar of ours is replaced: {errors}")
    before = sorted(os.listdir(root))
    identify(path, "--json")
    verdict.check(sorted(os.listdir(root)) == before, f"{os.listdir(root)}")
    long = os.path.join(root, "x" * 250 + ".wav")
    write_wav(long, music("drums", 3, 4))
    status, output, errors = identify(long, "--sidecar")
    verdict.check(status == 1 and output and "File name too long" in errors, f"{status} {errors}")


def test_playlists(root):
    """a line for each track, in one list, by a path from there; what a player needs; twice gives the same"""
    for i, kind in enumerate(["drums", "bells", "drone", "drums"]):
        write_wav(os.path.join(root, "music", f"#{i} {kind}.wav"), music(kind, i, 5))
    write_wav(os.path.join(root, "music", "two\nlines.wav"), music("drone", 8, 5))
    tagged = messy_folder.encode(os.path.join(root, "music", "tagged.flac"), music("bells", 9, 5), "flac",
                                 artist="The Band", title="A Song")  # fmt: skip
    out, lists = os.path.join(root, "out.jsonl"), os.path.join(root, "lists")
    arguments = (os.path.join(root, "music"), "-o", out, "--playlists", lists, "--min-confidence", "0.3")
    status, _, errors = identify(*arguments)
    verdict.check(status == 0, errors)
    found, texts = {}, {}
    for name in os.listdir(lists):
        texts[name] = pathlib.Path(lists, name).read_text(encoding="utf-8")
        lines = texts[name].splitlines()
        verdict.check(lines[0] == "#EXTM3U" and f"#PLAYLIST:{name.removesuffix('.m3u8')}" in lines, texts[name])
        for line in lines:
            if line.startswith("file://"):
                found[os.fsdecode(urllib.parse.unquote_to_bytes(line[len("file://") :]))] = name
            elif not line.startswith("#"):
                found[os.path.realpath(os.path.join(lists, line))] = name
    results = objects(pathlib.Path(out).read_text(encoding="utf-8"))
    for result in results:
        sure = result["confidence"] >= 0.3
        wanted = f"{name_of(result['label'])}.m3u8" if sure else "unsure.m3u8"
        verdict.check(found.get(os.path.realpath(result["file"])) == wanted, f"{result['file']}: {found}")
    verdict.check(len(found) == len(results) == 5 + tagged, f"{found}")
    if tagged:
        verdict.check(any("#EXTINF:5,The Band - A Song\n" in text for text in texts.values()), f"{texts}")
    again = identify(lists + "/" + next(iter(texts)), "--json")[1]
    verdict.check(len(objects(again)) == texts[next(iter(texts))].count("#EXTINF"), "a playlist is an input again")
    status, _, errors = identify(*arguments, "--resume")
    verdict.check(status == 0 and "were done before" in errors, errors)
    for name, text in texts.items():
        now = pathlib.Path(lists, name).read_text(encoding="utf-8").replace(",tagged.flac\n", ",The Band - A Song\n")
        verdict.check(now == text, f"resumed: {name}: {now}\n{text}")
    pathlib.Path(lists, next(iter(texts))).write_text("mine\n", encoding="utf-8")
    status, _, errors = identify(*arguments[:1], "--playlists", lists, "--min-confidence", "0.3")
    verdict.check(status == 1 and "is there already" in errors, errors)


def test_folders(root):
    """the aggregate of the tracks of each folder, and whether they agree: by the numbers of the tracks"""
    for folder, kinds in [("same", ["drums"] * 3), ("mix", ["drums", "bells", "drone"]), ("", ["bells"])]:
        for i, kind in enumerate(kinds):
            write_wav(os.path.join(root, folder, f"{i}.wav"), music(kind, i + 7, 6))
    write_wav(os.path.join(root, "same", "quiet.wav"), np.zeros(50000, "<i2"))
    status, output, errors = identify("--json", "--by-folder", root)
    lines = objects(output)
    tracks = [o for o in lines if "file" in o and o["state"] == "ok"]
    folders = {o["folder"]: o for o in lines if "folder" in o}
    verdict.check(status == 0 and len(folders) == 3 and "folder" not in lines[0], f"{status} {output} {errors}")
    for path, folder in folders.items():
        inside = [t for t in tracks if os.path.dirname(t["file"]) == path]
        logs = np.log(np.maximum([list(t["probabilities"].values()) for t in inside], 1e-12)).mean(axis=0)
        wanted = np.exp(logs) / np.exp(logs).sum()
        verdict.check(folder["tracks"] == len(inside), f"{folder}")
        verdict.close(list(folder["probabilities"].values()), wanted, 1e-9, path)
        top = list(folder["probabilities"])[int(wanted.argmax())]
        agree = sum(t["label"] == top for t in inside) * 3 >= 2 * len(inside)
        verdict.check(folder["agree"] == agree and folder["label"] == (top if agree else "mixed"), f"{folder}")
    out = os.path.join(root, "..", os.path.basename(root) + ".jsonl")
    identify(root, "-o", out)
    status, _, errors = identify("--by-folder", root, "-o", out, "--resume")
    again = objects(pathlib.Path(out).read_text(encoding="utf-8"))
    identify("--by-folder", root, "-o", out, "--resume")
    third = objects(pathlib.Path(out).read_text(encoding="utf-8"))
    write_wav(os.path.join(root, "mix", "new.wav"), music("bells", 20, 6))
    identify("--by-folder", root, "-o", out, "--resume")
    fourth = objects(pathlib.Path(out).read_text(encoding="utf-8"))
    os.unlink(out)
    os.unlink(os.path.join(root, "mix", "new.wav"))
    verdict.check(third == again, f"folders of which nothing is new are there again: {third[len(again):]}")
    more = [o.get("folder", o.get("file")) for o in fourth[len(again) :]]
    verdict.check(more == [os.path.join(root, "mix", "new.wav"), os.path.join(root, "mix")], f"{more}")
    verdict.check(status == 0 and len(again) == len(lines) and "x real time" not in errors, f"resumed: {errors}")
    verdict.check([o for o in again if "folder" in o] == list(folders.values()), "folders of what was heard before")
    _, text, _ = identify("--by-folder", root)
    last = text.split("\n\n")[-1].splitlines()
    verdict.check(len(last) == 3 and all(re.search(r"  \d tracks?  ", line) for line in last), text)
    verdict.check(identify("--by-folder", "--csv", root)[0] == 2, "a table of folders")


def name_genre(path, genre):
    """into a WAV, as RIFF has it"""
    text = genre.encode() + b"\0" * (2 - len(genre) % 2)
    chunk = b"LIST" + struct.pack("<I", 12 + len(text)) + b"INFOIGNR" + struct.pack("<I", len(text)) + text
    data = pathlib.Path(path).read_bytes() + chunk
    pathlib.Path(path).write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])


def test_report(root):
    """files that name a genre: what agrees, what does not, what is unknown; the strongest first"""
    if not messy_folder.encode(os.path.join(root, "0.flac"), music("drums", 0, 5), "flac", genre="Polka"):
        return
    kinds = ["drums", "bells", "drone"]
    for i, genre in enumerate(["Rock", "Hip Hop", "JAZZ", "Pop/Rock", "classical", "metal"]):
        messy_folder.encode(os.path.join(root, f"{i + 1}.flac"), music(kinds[i % 3], i, 5), "flac", genre=genre)
    write_wav(os.path.join(root, "none.wav"), music("drums", 1, 5))
    write_wav(os.path.join(root, "said.wav"), music("bells", 2, 5))
    name_genre(os.path.join(root, "said.wav"), "Schlager")
    found = {os.path.basename(o["file"]): o for o in objects(identify("--json", root)[1])}
    written = {"1.flac": "rock", "2.flac": "hiphop", "3.flac": "jazz", "4.flac": "pop", "5.flac": "classical",
               "6.flac": "metal"}  # fmt: skip
    wrong = [name for name, label in written.items() if found[name]["label"] != label]
    strength = lambda name: found[name]["confidence"] - found[name]["probabilities"][written[name]]  # noqa: E731
    status, output, errors = identify("--report", root)
    report = output.split("\n\n", 1)[1]
    verdict.check(status == 0, errors)
    verdict.check("9 tracks: 1 without a genre, 6 with one that the model knows, of which "
                  f"{6 - len(wrong)} sound like it" in report, report)  # fmt: skip
    verdict.check("  Polka: 1 track, 1 of them " in report, report)
    verdict.check("  Schlager: 1 track, 1 of them " in report, report)
    listed = re.findall(r" \(\d+ %\): .*/(\d\.flac)$", report, re.M)
    verdict.check(listed == sorted(wrong, key=strength, reverse=True), f"{listed}: {report}")
    table = re.search(r"written \\ heard.*?\n\n", report, re.S).group()
    verdict.check(sum(map(int, re.findall(r" (\d+)(?= |$)", table, re.M))) == 6, table)
    _, output, errors = identify("--report", "--json", root)
    verdict.check(len(objects(output)) == 9 and "9 tracks: 1 without" in errors, errors)
    out = os.path.join(root, "..", os.path.basename(root) + ".jsonl")
    identify(root, "-o", out)
    status, _, errors = identify("--report", root, "-o", out, "--resume")
    os.unlink(out)
    if "needs TagLib" not in errors:
        verdict.check(status == 0 and report.strip() in errors, f"resumed: {errors}, expected {report}")


def main():
    need("genreclassify", "decodebin", "wavparse")
    verdict.run(globals())


if __name__ == "__main__":
    sys.exit(main())
