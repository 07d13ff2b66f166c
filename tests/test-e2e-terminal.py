#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0 on a terminal: text from outside cannot steer it, its lines fit, nothing that is printed is lost.

Names of files and folders, tags, labels, metadata and recipes carry the control characters that a terminal obeys; every
command is run on them, and none may come out.
"""

import json
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
import unicodedata

import made_music
import tool
from pipeline import Verdict, need, write_sparse_wav

ROOT = pathlib.Path(__file__).resolve().parent.parent
EVIL = "\x1b]0;owned\x07\x1b[2J\x7f\x9b31m\u202eflac\u2066\u2028"  # sets the title, wipes the screen, turns the line
EVIL_FILE = EVIL.replace("/", "") + "\n\r"
verdict = Verdict()


def call(*arguments, **options):
    """-> exit status, stdout, stderr, bytes"""
    return tool.call(*arguments, text=False, **options)


# Printable -------------------------------------------------------------------------------------------------------


def check_printable(output, what):
    """only whole characters that move nothing, and newlines"""
    try:
        text = output.decode("utf-8")
    except UnicodeDecodeError as error:
        verdict.check(False, f"{what}: {error}")
        return
    bad = {c for c in text if c != "\n" and (unicodedata.category(c) == "Cc" or c in "\u2028\u2029")}
    bad |= {c for c in text if "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069"}
    verdict.check(not bad, f"{what}: {sorted(bad)} in {text!r}"[:600])


def write_music(path, seconds, seed):
    made_music.write_wav(path, made_music.music("drums", seed, seconds))


def with_metadata(source, target, **changes):
    """a copy of a model or a set with other metadata; values that are no strings become JSON"""
    data = pathlib.Path(source).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    head = json.loads(data[8 : 8 + size])
    for key, value in changes.items():
        head["__metadata__"][key] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = json.dumps(head, ensure_ascii=False).encode()
    with open(target, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data[8 + size :])


def write_flac(path, seconds, seed, **tags):
    """a recording whose Vorbis comment says what we want, byte for byte"""
    from pipeline import Gst

    source = f"{path}.wav"
    write_music(source, seconds, seed)
    pipeline = Gst.parse_launch("filesrc name=in ! wavparse ! flacenc name=enc ! filesink name=out")
    pipeline.get_by_name("in").set_property("location", source)
    pipeline.get_by_name("out").set_property("location", path)
    taglist = Gst.TagList.new_empty()
    for name, value in tags.items():
        taglist.add_value(Gst.TagMergeMode.REPLACE, name.replace("_", "-"), value)
    pipeline.get_by_name("enc").merge_tags(taglist, Gst.TagMergeMode.REPLACE_ALL)
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    assert message is not None and message.type == Gst.MessageType.EOS, path
    os.unlink(source)


def make_evil(root):
    """-> a folder of music whose names and tags are all evil; good and bad files"""
    music = os.path.join(root, "music" + EVIL_FILE)
    for label in ("jazz" + EVIL_FILE, "rock" + EVIL_FILE):
        for i in range(4):
            write_music(os.path.join(music, label, f"{i}{EVIL_FILE}.wav"), 5, i + 10 * ord(label[0]))
        with open(os.path.join(music, label, f"bad{EVIL_FILE}.mp3"), "wb") as file:
            file.write(b"no music" * 500)
    write_flac(os.path.join(music, "jazz" + EVIL_FILE, "tagged.flac"), 5, 9, artist=EVIL, title=EVIL, genre=EVIL)
    with open(os.path.join(music, "rock" + EVIL_FILE, "page" + EVIL_FILE + ".mp3"), "w") as file:
        file.write(f"<!DOCTYPE html><html><title>{EVIL}</title></html>" * 20)
    write_music(os.fsencode(os.path.join(music, "rock" + EVIL_FILE)) + b"/no utf-8 \x9b\xff.wav", 5, 10)
    return music


def test_commands(root):
    """every command, on everything evil"""
    music = make_evil(root)
    features = os.path.join(root, f"set{EVIL_FILE}.safetensors")
    model = os.path.join(root, f"model{EVIL_FILE}.safetensors")
    broken = os.path.join(root, f"broken{EVIL_FILE}.safetensors")
    recipe = os.path.join(root, f"recipe{EVIL_FILE}.json")
    wrong = os.path.join(root, f"wrong{EVIL_FILE}.json")
    trained = os.path.join(root, f"trained{EVIL_FILE}.safetensors")
    default = ROOT / "models" / "weights" / "genre-crnn.safetensors"
    labels = ["jazz" + EVIL_FILE, "rock" + EVIL_FILE]
    shown = [json.loads(with_metadata_of(default)["labels"])[i] + EVIL for i in range(10)]
    shown[:2] = labels

    status, output, errors = call("extract", music, "-o", features)
    verdict.check(status == 1 and b"bad" in errors and b"page" in errors, f"extract: {status} {errors!r}")
    check_printable(output + errors, "extract")
    with_metadata(default, model, labels=shown, training={EVIL: EVIL, "list": [EVIL]})
    with_metadata(features, broken, labels=[EVIL, EVIL])
    with open(recipe, "w", encoding="utf-8") as file:
        json.dump({"base": "small", "name": EVIL}, file, ensure_ascii=False)
    with open(wrong, "w", encoding="utf-8") as file:
        json.dump({"base": EVIL, EVIL: EVIL}, file, ensure_ascii=False)

    evaluate = ("evaluate", model, features)
    train = ("train", features, "--steps", "2", "-o", trained)
    for least, arguments in [
        (0, ("inspect", model)), (0, ("inspect", "--json", model)), (0, ("inspect", features)),
        (0, ("inspect", "--json", features)), (1, ("inspect", broken)), (1, ("inspect", "nothing" + EVIL)),
        (1, ("inspect", music)), (1, ("inspect", recipe)),
        (0, evaluate), (0, (*evaluate, "--json")), (0, (*evaluate, "--csv", "/dev/null", "--seconds")),
        (0, (*evaluate, "--compare", model)), (1, (*evaluate, "--compare", broken)), (1, ("evaluate", model, broken)),
        (1, ("evaluate", model, music)), (1, (*evaluate, "--csv", os.path.join(root, EVIL, EVIL))),
        (1, ("extract", "nowhere" + EVIL, "-o", features)),
        (1, ("extract", music, "-o", os.path.join(root, EVIL, "x"))),
        (1, ("extract", music, "-o", features, "--model", broken)),
        (2, ("extract", music, "-o", features, "--type", EVIL)), (2, ("extract", "--" + EVIL)), (2, (EVIL,)),
        (2, ("extract", music, "-o", features, "-j", EVIL)), (2, ("evaluate", EVIL)), (2, ("train", EVIL)),
        (0, (*train, "--recipe", recipe)), (1, (*train, "--recipe", wrong)), (1, (*train, "--recipe", EVIL)),
        (1, (*train, "--recipe", model)), (1, ("train", broken, "-o", trained)),
        (0, ("train", "--print-recipe", "--recipe", recipe)), (1, ("train", "nothing" + EVIL, "-o", trained)),
    ]:  # fmt: skip
        what = " ".join(arguments).encode("unicode_escape").decode()
        status, output, errors = call(*arguments)
        verdict.check(status == least, f"{what}: exit {status}: {errors!r}")
        verdict.check(len(output + errors) > 0, f"{what}: nothing is said")
        check_printable(output + errors, what)
        if "--json" in arguments:
            found = json.loads(output)
            verdict.check(set(found["labels"]) >= set(labels), f"{what}: {found['labels']}")

    card = pathlib.Path(trained).with_suffix(".md")
    check_printable(card.read_bytes(), "the card")
    for columns in (20, 80):
        status, seen = tool.on_terminal(columns, "extract", music, "-o", features)
        lines = seen.replace(b"\r\x1b[K", b"\n")
        check_printable(lines, f"extract on a terminal of {columns} columns")
        verdict.check(status == 1 and seen.count(b"bad") == 2, f"extract on a terminal: {status} {seen!r}")


def with_metadata_of(path):
    data = pathlib.Path(path).read_bytes()
    return json.loads(data[8 : 8 + struct.unpack("<Q", data[:8])[0]])["__metadata__"]


# Progress ----------------------------------------------------------------------------------------------------------


def test_progress(root):
    """one line at any width: cut to the cells that there are, never wrapped"""
    many = pathlib.Path(root) / "many"
    many.mkdir()
    for i in range(600):
        write_sparse_wav(many / f"{i}.wav", 60, i)
    for columns, environment in ((12, {}), (24, {"COLUMNS": "200"}), (200, {}), (0, {"COLUMNS": "16"}), (0, {})):
        wanted = columns or int(environment.get("COLUMNS", 80))
        _, seen = tool.on_terminal(
            columns, "extract", many, "-o", pathlib.Path(root) / "x", interrupt_after=12, environment=environment
        )
        lines = [line for line in seen.decode().split("\r\x1b[K") if "\n" not in line]
        widest = max(len(line) for line in lines)
        verdict.check(len(lines) >= 12, f"{columns} columns: {len(lines)} lines")
        verdict.check(0 < widest < wanted, f"{columns} columns, {environment}: a line of {widest}")
        verdict.check(wanted > 40 or widest == wanted - 1, f"{columns} columns, {environment}: cut to {widest}")
        verdict.check(wanted <= 40 or any("of 600 (" in line for line in lines), f"{columns} columns: {lines}")


# Standard output ---------------------------------------------------------------------------------------------------


def test_output(root):
    """what cannot be written is said, by every command, and ends with status 1"""
    default = str(ROOT / "models" / "weights" / "genre-crnn.safetensors")
    features = os.path.join(root, f"set{EVIL_FILE}.safetensors")
    model = os.path.join(root, f"model{EVIL_FILE}.safetensors")
    songs = sorted(map(os.fspath, pathlib.Path(root).rglob("*.wav")))[:2]
    verdict.check(len(songs) == 2, f"recordings: {songs}")
    commands = [
        ("--help",), ("--version",), ("inspect", "--help"), ("inspect", default), ("inspect", "--json", "--default"),
        ("train", "--print-recipe"), ("train", "--help"), ("evaluate", model, features, "-q"),
        ("evaluate", model, features, "-q", "--json"), ("extract", "-h"),
        ("features", "--help"), ("features", "-q", *songs), ("features", "-q", "--json", "--per", "frame", *songs),
        ("train", features, "-q", "--steps", "2", "-o", os.path.join(root, "full.safetensors"), "--restart"),
    ]  # fmt: skip
    for arguments in commands:
        what = " ".join(arguments).encode("unicode_escape").decode()
        with open("/dev/full", "wb") as full:
            done = subprocess.run([tool.TOOL, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=240)
        verdict.check(done.returncode == 1, f"{what} >/dev/full: exit {done.returncode}")
        said = b"standard output cannot be written to" in done.stderr and done.stderr.count(b"\n") == 1
        verdict.check(said, f"{what} >/dev/full: {done.stderr!r}")
        done = subprocess.run(
            [tool.TOOL, *arguments], preexec_fn=lambda: os.close(1), stderr=subprocess.PIPE, timeout=240
        )
        verdict.check(done.returncode == 1, f"{what} >&-: exit {done.returncode}")
        verdict.check(b"standard output cannot be written to" in done.stderr, f"{what} >&-: {done.stderr!r}")
        status, output, errors = call(*arguments)
        verdict.check(status == 0 and output and not errors, f"{what}: exit {status}, {errors!r}")

    # Nobody reads on: as quiet as any other filter, whether the signal is ignored or not.
    for ignored in (signal.SIG_DFL, signal.SIG_IGN):
        process = subprocess.Popen(
            [tool.TOOL, "inspect", "--json", *[default] * 50], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGPIPE, ignored),
        )  # fmt: skip
        process.stdout.read(100)
        process.stdout.close()
        errors = process.stderr.read()
        status = process.wait(timeout=60)
        verdict.check(status in (-signal.SIGPIPE, 1) and errors == b"", f"| head: exit {status}, {errors!r}")


# The command line --------------------------------------------------------------------------------------------------


def test_arguments(root):
    """POSIX's ways to write an option with a value, for every such option"""
    music, default = os.path.join(root, "plain"), str(ROOT / "models" / "weights" / "genre-crnn.safetensors")
    for i in range(4):
        for label in ("a", "b"):
            write_music(os.path.join(music, label, f"{i}.wav"), 5, i + 10 * ord(label))
    made = os.path.join(root, "made.safetensors")
    plain = os.path.join(root, "plain.safetensors")
    verdict.check(call("extract", "-q", music, "-o", plain)[0] == 0, "a plain set")
    for options in (
        ["-o", made, "-j", "2"], [f"-o{made}", "-j2"], ["-qj2", "-o", made], ["-j2", f"-qo{made}"],
        ["--jobs=2", f"--output={made}"], ["--jobs", "2", "--output", made], [f"-m{default}", f"-uqo{made}"],
    ):  # fmt: skip
        status, _, errors = call("extract", *options, music)
        verdict.check(status == 0 and os.path.exists(made), f"extract {options}: exit {status}, {errors!r}")
        pathlib.Path(made).unlink(missing_ok=True)
    small = ["--recipe=small", "--steps=2", "--restart", "-q"]
    for options in (["-t", "1"], ["-t1"], ["-qt1"], ["--threads=1"], ["-rsmall", "-t1"]):
        status, _, errors = call("train", plain, f"-o{made}", *small, *options)
        verdict.check(status == 0, f"train {options}: exit {status}, {errors!r}")
    model = os.path.join(root, "ab.safetensors")
    with_metadata(default, model, labels=["a", "b", *"cdefghij"])
    for options in (["-j1"], ["-j", "1"], ["-qj1"], ["--jobs=1"]):
        status, _, errors = call("evaluate", *options, model, plain)
        verdict.check(status == 0, f"evaluate {options}: exit {status}, {errors!r}")

    # What is no option stays whole.
    odd = os.path.join(root, "-j4.safetensors")
    for options in (["-o", "-j4.safetensors"], ["-o-j4.safetensors", "--"]):
        status, _, errors = call("extract", "-q", *options, music, cwd=root)
        verdict.check(status == 0 and os.path.exists(odd), f"extract {options}: exit {status}, {errors!r}")
        pathlib.Path(odd).unlink(missing_ok=True)
    (pathlib.Path(root) / "-qj").symlink_to(music)
    status, _, errors = call("extract", "-q", "-o", plain, "--", "-qj", cwd=root)
    verdict.check(status == 0, f"a directory called -qj: exit {status}, {errors!r}")
    for arguments, words in [(["-j"], b"-j"), (["-jx"], b"x"), (["-j-1"], b"-1"), (["-z4"], b"-z4")]:
        status, _, errors = call("extract", music, "-o", made, *arguments)
        verdict.check(status == 2 and words in errors, f"extract {arguments}: exit {status}, {errors!r}")


def main():
    need("flacenc", "flacdec", "wavparse", "uridecodebin", "appsink")
    with tempfile.TemporaryDirectory() as root:
        test_commands(root)
        test_output(root)
        test_arguments(root)
        test_progress(root)
    verdict.exit()


if __name__ == "__main__":
    sys.exit(main())
