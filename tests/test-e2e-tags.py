#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0 identify --write-tags: the genre changes and nothing else, as mutagen, ffprobe and GStreamer read it;
what is there is respected; a file that cannot be written safely stays as it was, byte for byte; --undo."""

import csv
import io
import json
import os
import pathlib
import resource
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

import numpy as np

import tagged_files
import tool
from made_music import music, write_wav
from pipeline import Verdict, need, skip

NAMES = {"hiphop": "Hip-Hop"}
verdict = Verdict()


def write_tags(*arguments, confidence="0", **options):
    return tool.call("identify", "--write-tags", "--min-confidence", confidence, *arguments, **options)


def contents(root):
    return {path.name: path.read_bytes() for path in pathlib.Path(root).iterdir() if path.is_file()}


def objects(output):
    return {pathlib.Path(o["file"]).name: o for o in map(json.loads, output.splitlines())}


def name_of(label):
    return NAMES.get(label, label.capitalize())


def heard(path):
    status, output, errors = tool.call("identify", "--json", path)
    assert status == 0, errors
    return json.loads(output)


def state(path):
    """what must not change, by mutagen, by ffprobe and by its packets"""
    return tagged_files.by_mutagen(path)[1], tagged_files.by_ffprobe(path)[1], tagged_files.audio(path)


def make_one(root, name, genre=None, seconds=5):
    """a FLAC"""
    path = pathlib.Path(root) / name
    tags = {"genre": genre} if genre else {}
    assert tagged_files.messy_folder.encode(path, music("drums", 5, seconds), "flac", **tags)
    return path


# --- formats ---


def test_formats(root):
    """of every format: dry run, write, the same fields and packets, the genre for three readers, and back"""
    root = pathlib.Path(root)
    had = tagged_files.make(root)
    verdict.check(len(had) >= 22, f"{had}")
    before, states = contents(root), {name: state(root / name) for name in had}
    status, output, errors = write_tags("--dry-run", "--existing=replace", "--json", root)
    verdict.check(status == 0 and contents(root) == before, f"a dry run: {status} {errors}")
    planned = objects(output)
    verdict.check(len(planned) == len(had), f"{output}")
    log = root.parent / "log.jsonl"
    status, output, errors = write_tags("--existing=replace", "--json", "--tag-log", log, root)
    done = objects(output)
    verdict.check(status == 0 and len(done) == len(had), f"{status} {errors}")
    for name, genres in had.items():
        path, tag, label = root / name, done[name]["tag"], name_of(done[name]["label"])
        verdict.check(tag["before"] == genres or name == "behind id3.flac", f"{name}: {tag}, expected {genres}")
        if genres == [label]:
            verdict.check(tag["state"] == "same" and path.read_bytes() == before[name], f"{name}: {tag}")
            continue
        verdict.check(tag["state"] == "written" and tag["after"] == [label], f"{name}: {tag}")
        verdict.check(planned[name]["tag"] == {**tag, "state": "would-write"}, f"{name}: {planned[name]['tag']}")
        for found, wanted, reader in zip(state(path), states[name], ("mutagen", "ffprobe", "packets")):
            if reader == "ffprobe" and name == "behind id3.flac":
                continue  # it reads the ID3 tag only where there are no comments
            verdict.check(found == wanted, f"{name}: something else has changed, says {reader}: {found}, was {wanted}")
        verdict.check(done[name]["size"] == path.stat().st_size, f"{name}: its size")
        check_genre(path, label)
    check_frames(root, before)
    status, output, errors = tool.call("identify", "--undo", log)
    verdict.check(status == 0 and output.count(" -> ") == log.read_text().count("\n"), f"{status} {errors}")
    for name, genres in had.items():
        path = root / name
        verdict.check(state(path) == states[name], f"{name}: undone, but something else has changed")
        if path.suffix in (".mp3", ".flac") and name != "v23 genre.mp3":  # whose genre was a number
            verdict.check(path.read_bytes() == before[name], f"{name}: undone, but not to the byte")
        elif path.name != "behind id3.flac":
            verdict.check(tagged_files.by_mutagen(path)[0] == genres, f"{name}: undone, but its genre is another")
    verdict.check(tool.call("identify", "--undo", log)[0] == 0, "undone twice")


def check_genre(path, label):
    """for each reader"""
    found = {"mutagen": tagged_files.by_mutagen(path)[0], "gstreamer": tagged_files.by_gstreamer(path)}
    if not path.name.startswith("ape"):  # ffprobe reads ID3v1 alone, or nothing, where there is an APE tag
        found["ffprobe"] = [tagged_files.by_ffprobe(path)[0]]
    if path.name == "ape.mp3":  # mutagen takes it for an MP3 without ID3
        found["mutagen"] = list(tagged_files.apev2.APEv2(path)["Genre"])
    if path.name == "behind id3.flac":
        del found["ffprobe"], found["gstreamer"]  # they believe the ID3 tag in front
    verdict.check(len(found) >= 1 and all(genres == [label] for genres in found.values()), f"{path.name}: {found}")


def check_frames(root, before):
    """ID3v2, frame by frame: version, order and bytes; frames that libraries drop are there"""
    for name in ("v23.mp3", "v23 genre.mp3", "v22.mp3", "rich.mp3", "rich two.mp3"):
        now, old = (root / name).read_bytes(), before[name]
        genre = "TCO" if name == "v22.mp3" else "TCON"
        verdict.check(now[3] == old[3], f"{name}: version {now[3]}, expected {old[3]}")
        others = [frame for frame in tagged_files.id3_frames(now) if frame[0] != genre]
        wanted = [frame for frame in tagged_files.id3_frames(old) if frame[0] != genre]
        verdict.check(others == wanted and len(wanted) > 1, f"{name}: {others}")
        verdict.check(len([f for f in tagged_files.id3_frames(now) if f[0] == genre]) == 1, f"{name}: one genre")
    verdict.check({"RVAD", "TSIZ", "TIME", "EQUA"} <= {f[0] for f in tagged_files.id3_frames(before["v23.mp3"])}, "v23")
    for name in ("v1.mp3", "v1 jazz.mp3", "ape and v1.mp3"):
        now, old = (root / name).read_bytes(), before[name]
        verdict.check(now[-128:-1] == old[-128:-1] and now[-128:-125] == b"TAG", f"{name}: its ID3v1 tag")
    for name in ("bare.mp3", "v23.mp3", "rich.mp3", "ape.mp3"):
        verdict.check((root / name).read_bytes()[-128:-125] != b"TAG", f"{name}: an ID3v1 tag that was not there")
    verdict.check((root / "v1.mp3").read_bytes()[:3] != b"ID3", "v1.mp3: an ID3v2 tag without a title hides the title")


# --- policy ---


def test_existing(root):
    """keep, add, replace; one entry a genre, or one value where there is room for one; nothing twice"""
    root = pathlib.Path(root)
    old = tagged_files.id3_tag(3, [("TIT2", b"\0x"), ("TCON", b"\0Polka")], 99)
    flac = make_one(root, "a.flac", "Polka")
    tagged_files.messy_folder.encode(root / "b.mp3", music("drums", 5, 5), "mp3")
    mp3 = root / "b.mp3"
    mp3.write_bytes(old + tagged_files.strip(mp3.read_bytes()))
    label = name_of(heard(flac)["label"])
    before = contents(root)
    for extra in ([], ["--existing", "keep"]):
        status, output, errors = write_tags(*extra, root)
        verdict.check(status == 0 and contents(root) == before and output.count("kept") == 2, f"{output} {errors}")
    verdict.check(write_tags("--existing=add", root)[0] == 0, "add")
    verdict.check(tagged_files.by_mutagen(flac)[0] == ["Polka", label], f"{tagged_files.by_mutagen(flac)}")
    label_mp3 = name_of(heard(mp3)["label"])
    verdict.check(("TCON", b"\0Polka; " + label_mp3.encode()) in tagged_files.id3_frames(mp3.read_bytes()), "joined")
    before = contents(root)
    status, output, errors = write_tags("--existing=add", root)
    verdict.check(status == 0 and contents(root) == before and output.count("the same") == 2, f"{output} {errors}")
    verdict.check(write_tags("--existing=replace", flac)[0] == 0, "replace")
    verdict.check(tagged_files.by_mutagen(flac)[0] == [label], "replaced")
    file = tagged_files.flac.FLAC(flac)
    file["genre"] = [f"  {label.upper()} "]
    file.save()
    status, output, _ = write_tags("--existing=replace", flac)
    verdict.check("the same" in output, f"case does not count: {output}")


def test_confidence(root):
    """below it, and for silence, too short, unknown, nothing is written; the default is .6"""
    root = pathlib.Path(root)
    silence = np.zeros(5 * 22050, "<i2")
    for name, pcm in (("quiet", silence), ("short", music("drums", 5, 1)), ("ok", music("drums", 5, 6))):
        tagged_files.messy_folder.encode(root / f"{name}.flac", pcm, "flac")
    confidence = heard(root / "ok.flac")["confidence"]
    before = contents(root)
    status, output, errors = write_tags(root, confidence=str(confidence + 1e-6))
    verdict.check(status == 0 and contents(root) == before and "unsure" in output, f"{output} {errors}")
    verdict.check("; silence " in output and "; too short " in output, output)
    status, output, errors = write_tags("--threshold", "1", root)
    verdict.check(contents(root) == before and "; unknown" in output, output)
    status, output, errors = tool.call("identify", "--write-tags", "--dry-run", root / "ok.flac")
    verdict.check((" -> " in output) == (confidence >= 0.6), f"{confidence}: {output}")
    status, output, errors = write_tags(root, confidence=str(confidence - 1e-6))
    changed = {name for name, data in contents(root).items() if data != before[name]}
    verdict.check(status == 0 and changed == {"ok.flac"}, f"{changed}: {output} {errors}")


def test_names(root):
    """a map of one's own; several genres, one entry each"""
    root = pathlib.Path(root)
    path, table = make_one(root, "a.flac"), root / "map.txt"
    found = heard(path)
    ranked = sorted(found["probabilities"], key=found["probabilities"].get, reverse=True)
    table.write_text(f"# mine\n\n{ranked[0]}\tM\u00fcsli & Co\n{ranked[2]}\t\n", encoding="utf-8")
    arguments = ("--genre-map", table, "--existing=replace", path)
    verdict.check(write_tags("--genres", "4", *arguments)[0] == 0, "a map")
    wanted = ["M\u00fcsli & Co"] + [name_of(label) for label in (ranked[1], ranked[3])]
    above = [found["probabilities"][label] >= 0.005 for label in ranked]
    wanted = wanted[: 1 + above[1] + above[3]]
    verdict.check(tagged_files.by_mutagen(path)[0] == wanted, f"{tagged_files.by_mutagen(path)[0]}, expected {wanted}")
    table.write_text(f"{ranked[0]}\n", encoding="utf-8")
    status, output, _ = write_tags(*arguments)
    verdict.check(status == 0 and "never" in output, output)
    for text, words in ((b"polka\tx\n", "line 1: expected a label"), (b"\n\xff\tx\n", "expected UTF-8"),
                        (f"{ranked[0]}\ta\x1b[3m\n".encode(), "control characters")):  # fmt: skip
        table.write_bytes(text)
        status, _, errors = write_tags(*arguments)
        verdict.check(status == 1 and words in errors and str(table) in errors, f"{text}: {status} {errors}")


def test_other_kinds(root):
    """counted, and a sidecar offered; not a failure"""
    write_wav(os.path.join(root, "a.wav"), music("drums", 1, 5))
    write_wav(os.path.join(root, "b.wav"), music("drums", 2, 5))
    write_wav(os.path.join(root, "c.wav"), np.zeros(5 * 22050, "<i2"))
    before = contents(root)
    status, output, errors = write_tags(root)
    verdict.check(status == 0 and contents(root) == before, f"{status} {errors}")
    verdict.check(output.count("no tags into wav yet: ") == 3 and "3 wav; --sidecar" in errors, f"{output} {errors}")
    verdict.check("no tags into wav yet: silence" in output, output)


def test_tables(root):
    """CSV and TSV have columns behind the labels for what became of each"""
    root = pathlib.Path(root)
    paths = [make_one(root, "a.flac"), make_one(root, "b.flac", "Mine; yours"), root / "c.wav"]
    write_wav(os.fspath(paths[2]), music("drums", 2, 5))
    os.link(paths[0], root.parent / "a.flac")
    (root / "bad.mp3").write_bytes(b"no music" * 50)
    label = heard(paths[0])["label"]
    for kind in ("--csv", "--tsv"):
        status, output, errors = write_tags("--existing=replace", "--dry-run", kind, root)
        dialect = "excel" if kind == "--csv" else "excel-tab"
        rows = list(csv.DictReader(io.StringIO(output, newline=""), dialect=dialect))
        found = [tuple(row[name] for name in ("tag", "tag_before", "tag_after")) for row in rows]
        wanted = [("failed", "", ""), ("would-write", "Mine; yours", name_of(label)), ("", "", ""),
                  ("unsupported", "", "")]  # fmt: skip
        verdict.check(status == 1 and found == wanted, f"{kind}: {status} {found} {errors}")
        verdict.check([bool(row["tag_error"]) for row in rows] == [True] + 3 * [False], f"{rows}")
        verdict.check(list(rows[0])[-4:] == ["tag", "tag_before", "tag_after", "tag_error"], f"{list(rows[0])}")
    _, output, _ = tool.call("identify", "--csv", root)
    verdict.check("tag" not in output.splitlines()[0], "columns for tags though none are written")


def test_usage(root):
    """options that belong to it, and values"""
    path = make_one(root, "a.flac")
    for arguments in (["--existing", "keep", path], ["--dry-run", path], ["--write-tags", "--existing", "often", path],
                      ["--write-tags", "--genres", "0", path], ["--undo", "x", path], ["--genres", "2", path],
                      ["--write-tags", "--hard-links", "maybe", path], ["--tag-log", "x", path]):  # fmt: skip
        status, _, errors = tool.call("identify", *arguments)
        verdict.check(status == 2 and errors.count("\n") == 1, f"{arguments}: {status} {errors}")
    status, _, errors = tool.call("identify", "--write-tags", "--tag-log", path, path)
    verdict.check(status != 0 and path.read_bytes()[:4] == b"fLaC", f"{status} {errors}")


# --- the file as a whole ---


def test_attributes(root):
    """mode, owner, extended attributes and access rights stay; a link stays a link; time as one wishes"""
    root = pathlib.Path(root)
    path = make_one(root, "a.flac")
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 1234, 2345)
    attributes = {}
    try:
        os.setxattr(path, "user.mood", b"blue\0sky")
        if shutil.which("setfacl"):
            subprocess.run(["setfacl", "-m", "u:3456:r", path], check=True, stderr=subprocess.DEVNULL)
        attributes = {name: os.getxattr(path, name) for name in os.listxattr(path)}
    except (OSError, subprocess.CalledProcessError):
        print("this file system has no extended attributes, or no access lists")
    os.utime(path, ns=(10**18, 10**18 + 123456789))
    link = root / "link.flac"
    link.symlink_to("a.flac")
    old, data = path.stat(), path.read_bytes()
    verdict.check(write_tags("--preserve-mtime", link)[0] == 0 and path.read_bytes() != data, "written by a link")
    now = path.stat()
    verdict.check(link.is_symlink() and link.samefile(path), "the link")
    verdict.check((now.st_mode, now.st_uid, now.st_gid) == (old.st_mode, old.st_uid, old.st_gid), f"{now} {old}")
    verdict.check({name: os.getxattr(path, name) for name in os.listxattr(path)} == attributes, f"{attributes}")
    verdict.check(now.st_mtime_ns == old.st_mtime_ns, "its time, kept")
    verdict.check(write_tags("--existing=replace", "--genre-map=/dev/null", path)[0] in (0, 1), "again")
    path.write_bytes(data)
    os.utime(path, ns=(10**18, 10**18))
    verdict.check(write_tags(path)[0] == 0 and path.stat().st_mtime_ns > 10**18, "its time, new by default")
    verdict.check(sorted(os.listdir(root)) == ["a.flac", "link.flac"], f"{os.listdir(root)}")


def test_hard_links(root):
    """refused in one line; split on wish: the other name keeps the old file"""
    path = make_one(root, "a.flac")
    other = path.with_name("b.flac")
    os.link(path, other)
    data = path.read_bytes()
    status, _, errors = write_tags(path, "-q")
    verdict.check(status == 1 and errors.count("\n") == 1 and "2 names" in errors, f"{status} {errors}")
    verdict.check(path.samefile(other) and path.read_bytes() == data, "untouched")
    status, _, errors = write_tags("--hard-links", "split", path)
    verdict.check(status == 0 and not path.samefile(other) and other.read_bytes() == data, f"{status} {errors}")
    verdict.check(path.read_bytes() != data, "split")


def test_protected(root):
    """a file that is write-protected; a folder that is"""
    path = make_one(root, "a.flac")
    data = path.read_bytes()
    path.chmod(0o444)
    status, _, errors = write_tags(path, "-q")
    verdict.check(status == 1 and errors.count("\n") == 1 and "write-protected" in errors, f"{status} {errors}")
    verdict.check(path.read_bytes() == data, "untouched")
    if os.geteuid() != 0 or not shutil.which("unshare"):
        path.chmod(0o644)
        os.chmod(root, 0o555)
        status, _, errors = write_tags(path, "-q")
        os.chmod(root, 0o755)
    else:  # root may write to any folder, unless it is mounted so
        path.chmod(0o644)
        script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
        command = tool.command("identify", "--write-tags", "--min-confidence=0", "-q", path)
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", root, *command], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
        status, errors = done.returncode, done.stderr
        if "mount" in errors or "unshare" in errors:
            print(f"no folder could be mounted for reading only: {errors}")
            return
    verdict.check(status == 1 and errors.count("\n") == 1 and "in its folder" in errors, f"{status} {errors}")
    verdict.check(path.read_bytes() == data and os.listdir(root) == ["a.flac"], "untouched")


def test_full_disk(root):
    """one line, the original untouched, no copy left"""
    if os.geteuid() != 0:
        print("not root: no full disk was tried")
        return
    place = pathlib.Path(root) / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", place], stderr=subprocess.DEVNULL).returncode:
        print("no tmpfs could be mounted: no full disk was tried")
        return
    try:
        path = make_one(place, "a.flac")
        data = path.read_bytes()
        for room in (100, 1024 + len(data) // 2048):  # KiB: too little by what is asked before; and by a little
            (place / "ballast").write_bytes(b"")
            left = os.statvfs(place)
            (place / "ballast").write_bytes(b"\0" * (left.f_bavail * left.f_frsize - (room << 10)))
            status, _, errors = write_tags(path, "-q")
            verdict.check(status == 1 and errors.count("\n") == 1 and "room" in errors, f"{status} {errors}")
            verdict.check(path.read_bytes() == data, "untouched")
            verdict.check(sorted(os.listdir(place)) == ["a.flac", "ballast"], f"{os.listdir(place)}")
        (place / "ballast").unlink()
        verdict.check(write_tags(path)[0] == 0, "with room")
    finally:
        subprocess.run(["umount", place], check=True)


def make_large(root, name="large.mp3"):
    """an MP3 whose copy takes its time; the first seconds tell its genre"""
    path = pathlib.Path(root) / name
    tagged_files.messy_folder.encode(path, music("drums", 5, 20), "mp3")
    audio = tagged_files.strip(path.read_bytes())
    with open(path, "wb") as file:
        file.write(tagged_files.id3_tag(4, [("TIT2", b"\3x")]))
        for _ in range((120 << 20) // len(audio)):
            file.write(audio)
    return path


def copies(root):
    return [name for name in os.listdir(root) if name.startswith(".gst-genre-")]


def while_it_copies(root, path, action):
    """-> exit status, stderr; action (process) once there is a copy"""
    process = tool.start("identify", "--write-tags", "--min-confidence=0", "--seconds=5", path, "-q")
    deadline = time.monotonic() + 120
    while not copies(root) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    verdict.check(process.poll() is None and copies(root), "there is no copy")
    action(process)
    _, errors = process.communicate(timeout=240)
    return process.returncode, errors


def test_kill(root):
    """Ctrl-C while it writes: no copy is left; kill -9: the original is as it was, and the next run takes the copy
    away; one that is at work does not lose it"""
    path = make_large(root)
    data = path.read_bytes()
    status, errors = while_it_copies(root, path, lambda process: process.send_signal(signal.SIGINT))
    verdict.check(status == -signal.SIGINT and path.read_bytes() == data, f"Ctrl-C: {status} {errors}")
    verdict.check(copies(root) == [], f"Ctrl-C leaves {copies(root)}")
    while_it_copies(root, path, lambda process: process.kill())
    verdict.check(path.read_bytes() == data, "killed, and the original has changed")
    if not copies(root):
        verdict.check(False, "killed too late: there is no copy")
    other = make_one(root, "b.flac")
    verdict.check(write_tags(other)[0] == 0 and copies(root) == [], f"left: {copies(root)}")

    def interfere(process):
        verdict.check(write_tags("--existing=replace", other)[0] == 0, "another process in the same folder")
        verdict.check(process.poll() is None, "it ended before the other process")

    other = make_one(root, "c.flac")
    status, errors = while_it_copies(root, path, interfere)
    verdict.check(status == 0 and path.read_bytes() != data and copies(root) == [], f"{status} {errors}")


def test_another_writer(root):
    """who changes the file in the meantime wins"""
    path = make_large(root)

    def change(_):
        with open(path, "ab") as file:
            file.write(b"mine")

    status, errors = while_it_copies(root, path, change)
    verdict.check(status == 1 and errors.count("\n") == 1 and "somebody has changed it" in errors, f"{status} {errors}")
    verdict.check(path.read_bytes().endswith(b"mine") and copies(root) == [], "the other's file")


# --- what is not written ---


def test_refusals(root):
    """what cannot be written safely is named, and stays as it was"""
    root = pathlib.Path(root)
    had = tagged_files.make(root)
    data = contents(root)
    for name in had:
        (root / name).unlink()
    audio = tagged_files.strip(data["bare.mp3"])
    title = ("TIT2", b"\3x")

    def flags(version, value, tag=None):
        tag = tag or tagged_files.id3_tag(version, [title], 10)
        return tag[:5] + bytes([value]) + tag[6:] + audio

    grouped = bytearray(tagged_files.id3_tag(4, [("TCON", b"\3x"), title], 10))
    grouped[19] = 0x40
    ogg, m4a = data["0 None x.ogg"], data["last.m4a"]
    second = ogg.index(b"OggS", 4)
    broken = bytearray(ogg)
    broken[len(ogg) // 2] ^= 1
    cases = {
        "unsync.mp3": (flags(4, 0x80), "unsynchronised"), "extended.mp3": (flags(3, 0x40), "an extended header"),
        "footer.mp3": (tagged_files.id3_tag(4, [title])[:5] + b"\x10" + tagged_files.id3_tag(4, [title])[6:]
                       + b"3DI\4\0\x10" + tagged_files.syncsafe(11) + audio, "a footer"),
        "grouped.mp3": (bytes(grouped) + audio, "compressed, encrypted or grouped"),
        "long frame.mp3": (tagged_files.id3_tag(3, [title])[:14] + b"\0\0\xff\0" + tagged_files.id3_tag(3, [title])[18:]
                           + audio, "longer than the tag"),
        "no frame.mp3": (b"ID3\3\0\0" + tagged_files.syncsafe(20) + b"#" * 20 + audio, "no frame"),
        "ape.mp3": (audio + b"APETAGEX" + struct.pack("<IIII", 2000, 32 + 5, 9, 0) + b"\0" * 8, "APE tag is damaged"),
        "chained.ogg": (ogg + ogg, "several streams"),
        "gap.ogg": (ogg[:second] + ogg[ogg.index(b"OggS", second + 4):], ""),
        "broken.ogg": (bytes(broken), "damaged"), "cut.ogg": (ogg[:-100], "ends within a page"),
        "fragment.m4a": (m4a + struct.pack(">I4s", 16, b"moof") + b"\0" * 8, "has moof"),
        "two.m4a": (m4a + m4a[m4a.index(b"moov") - 4:], "two atoms moov"),
        "lossy.m4a": (add_item(m4a, struct.pack(">I4s", 13, b"blob") + b"\1\2\3\4\5"), "blob would be lost"),
    }  # fmt: skip
    for name, (content, _) in cases.items():
        (root / name).write_bytes(content)
    status, output, errors = write_tags("--json", "--existing=replace", root)
    found = objects(output)
    for name, (content, words) in cases.items():
        verdict.check((root / name).read_bytes() == content, f"{name}: it has changed")
        error = found[name].get("error") or found[name]["tag"].get("error", "")
        decoded = "tag" in found[name]
        verdict.check(error and (words in error or not decoded), f"{name}: {found[name].get('tag')}, {error}, {words}")
    verdict.check(status == 1 and sum("tag" in o for o in found.values()) >= 8, f"{status} {errors}")
    verdict.check(sorted(os.listdir(root)) == sorted(cases), f"{os.listdir(root)}")


def add_item(data, item):
    """an atom more in iTunes' list of an MP4 that has its moov at the end"""
    out = bytearray(data)
    at = out.index(b"ilst") + 4
    out[at:at] = item
    for name in (b"moov", b"udta", b"meta", b"ilst"):
        place = out.index(name, out.index(b"moov")) - 4
        out[place : place + 4] = struct.pack(">I", struct.unpack(">I", out[place : place + 4])[0] + len(item))
    return bytes(out)


# --- log and results ---


def test_undo(root):
    """an entry is taken back if it is still ours; a torn last line is none; what is no log is an error"""
    root = pathlib.Path(root)
    a, b, log = make_one(root, "a.flac"), make_one(root, "b.flac", "Polka"), root / "my brother's log.jsonl"
    before = contents(root)
    status, _, errors = write_tags("--existing=replace", "--tag-log", log, a, b)
    said = shlex.split(errors.splitlines()[-1])
    verdict.check(status == 0 and said[:4] == ["gst-genre-1.0", "identify", "--undo", str(log)], f"{status} {errors}")
    lines = sorted(map(json.loads, log.read_text().splitlines()), key=lambda line: line["uri"])
    verdict.check([line["before"] for line in lines] == [[], ["Polka"]] and lines[0]["uri"] == a.as_uri(), f"{lines}")
    verdict.check(all(line["time"].endswith("Z") and len(line["model"]) == 64 for line in lines), f"{lines}")
    written = contents(root)
    with open(log, "a", encoding="utf-8") as file:
        file.write('{"uri":"file:///torn')
    status, output, errors = tool.call("identify", "--undo", log, "--dry-run")
    verdict.check(status == 0 and output.count(" -> ") == 2, f"{status} {output} {errors}")
    verdict.check(a.read_bytes() == written["a.flac"], "a dry run of --undo")
    file = tagged_files.flac.FLAC(a)
    file["genre"] = ["Mine"]
    file.save()
    status, output, errors = tool.call("identify", "--undo", log)
    verdict.check(status == 1 and "somebody has changed it since" in errors, f"{status} {output} {errors}")
    verdict.check(tagged_files.by_mutagen(a)[0] == ["Mine"] and b.read_bytes() == before["b.flac"], "undone")
    verdict.check(write_tags("--existing=replace", "--tag-log", log, a)[0] == 0, "a log that ends in a torn line")
    verdict.check(tool.call("identify", "--undo", log, "--dry-run")[1].count("Mine") == 1, "goes on")
    for text in ("no JSON\n", '{"uri":"file:///x"}\n', "[]\n", '{"file":"x"}\n' + lines[0]["uri"]):
        log.write_text(text)
        status, _, errors = tool.call("identify", "--undo", log)
        verdict.check(status == 1 and "line 1: expected a line that" in errors, f"{text}: {status} {errors}")
    status, _, errors = write_tags("--tag-log", log, a)
    verdict.check(status == 1 and log.read_text() == text, f"a log that is none: {status} {errors}")
    verdict.check(tool.call("identify", "--undo", root / "none")[0] == 1, "no log")


def test_resume(root):
    """the results have the files as they are now: what has its genre is not heard again"""
    root = pathlib.Path(root)
    folder, out = root / "music", root / "out.jsonl"
    folder.mkdir()
    for i in range(3):
        make_one(folder, f"{i}.flac")
    verdict.check(write_tags(folder, "-o", out)[0] == 0, "written")
    status, _, errors = write_tags(folder, "-o", out, "--resume")
    verdict.check(status == 0 and "3 tracks were done before" in errors, errors)
    verdict.check(len(out.read_text().splitlines()) == 3, "lines")


def test_known(root):
    """what an earlier run has heard is not heard again: its lines say what to write, and then how the files are"""
    root = pathlib.Path(root)
    folder, out = root / "music", root / "out.jsonl"
    folder.mkdir()
    for i in range(3):
        make_one(folder, f"{i}.flac", "Polka" if i == 2 else None)
    verdict.check(tool.call("identify", folder, "-o", out)[0] == 0, "identified")
    lines, before = out.read_bytes(), contents(folder)
    status, output, errors = write_tags("--dry-run", folder, "-o", out, "--resume")
    verdict.check(status == 0 and output.count(" -> ") == 2 and output.count("kept") == 1, f"{output} {errors}")
    verdict.check(out.read_bytes() == lines and contents(folder) == before and "x real time" not in errors, errors)
    status, output, errors = write_tags(folder, "-o", out, "--resume")
    verdict.check(status == 0 and output.count(" -> ") == 2 and "2 written" in errors, f"{output} {errors}")
    data = out.read_bytes()
    verdict.check(data.startswith(lines) and data.count(b"\n") == 5, f"{data}")
    old, new = objects(lines.decode()), objects(data[len(lines) :].decode())
    for name, line in new.items():
        path, was = folder / name, old[name]
        verdict.check(line["tag"] == {"state": "written", "before": [], "after": [name_of(was["label"])]}, f"{line}")
        verdict.check(line["size"] == path.stat().st_size and list(line) == [*was, "tag"], f"{line}")
        verdict.check({k: line[k] for k in was if k not in ("size", "mtime")}
                      == {k: was[k] for k in was if k not in ("size", "mtime")}, f"{line} {was}")  # fmt: skip
        verdict.check(tagged_files.by_mutagen(path)[0] == [name_of(was["label"])], f"{name}: its genre")
    status, output, errors = write_tags(folder, "-o", out, "--resume")
    verdict.check(status == 0 and "3 had one, which was kept" in errors and out.read_bytes() == data, errors)
    status, output, errors = tool.call("identify", folder, "-o", out, "--resume", "--report", "--by-folder")
    verdict.check(status == 0 and "1 with one that" not in errors and "3 tracks: 0 without a genre" in errors, errors)
    last = json.loads(out.read_bytes().splitlines()[-1])
    verdict.check(last["folder"] == str(folder) and last["tracks"] == 3, f"{last}")


def test_limits(root):
    """a file that may not become larger: seen by ourselves where we write, and by reading again where TagLib does"""
    root = pathlib.Path(root)
    tagged_files.make(root)
    for path in root.iterdir():
        if path.name not in ("bare.mp3", "0 None x.ogg", "last.m4a", "2 0 x.flac"):
            path.unlink()
    comments = {"0 None x.ogg": 60000}
    before = contents(root)
    for name in sorted(before):
        table = root.parent / "map.txt"
        label = heard(root / name)["label"]
        table.write_text(f"{label}\t{'long ' * comments.get(name, 12000)}x\n")
        limit = len(before[name]) + 4096

        def small(limit=limit):
            tool.default_signals()
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        status, _, errors = write_tags(root / name, "-q", "--existing=replace", "--genre-map", table, preexec_fn=small)
        words = "cannot be written" in errors or "would be damaged" in errors
        verdict.check(status == 1 and errors.count("\n") == 1 and words, f"{name}: {status} {errors}")
        verdict.check(contents(root) == before and copies(root) == [], f"{name}: it has changed")


def test_many_jobs(root):
    """every file its own copy; the log has every one"""
    root = pathlib.Path(root)
    for i in range(12):
        make_one(root, f"{i}.flac")
    log = root / "log.jsonl"
    status, _, errors = write_tags(root, "-j", "8", "--tag-log", log)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    verdict.check(status == 0 and len({line["uri"] for line in lines}) == 12, f"{status} {errors}")
    verdict.check("12 written" in errors and copies(root) == [], errors)


def main():
    need("genreclassify", "decodebin", "wavparse", "flacenc", "flacdec")
    with tempfile.TemporaryDirectory() as data:
        os.environ["XDG_DATA_HOME"] = data
        if "need TagLib" in tool.call("identify", "--undo", "x")[2]:
            skip("gst-genre-1.0 was built without TagLib")
        for test in [test for name, test in globals().items() if name.startswith("test_")]:
            with tempfile.TemporaryDirectory() as root:
                inside = pathlib.Path(os.path.realpath(root)) / "here"
                inside.mkdir()
                began = time.monotonic()
                test(str(inside))
                print(f"{test.__name__}: {time.monotonic() - began:.0f} s")
    verdict.exit()


if __name__ == "__main__":
    sys.exit(main())
