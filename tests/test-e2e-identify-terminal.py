#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0 identify on a terminal: lines that fit, columns, colour and who forbids it, the locale's
characters."""

import os
import re
import shutil
import sys
import unicodedata

import messy_folder
import tool
from made_music import music, write_wav
from pipeline import Verdict, need

UTF8 = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "NO_COLOR": "", "CLICOLOR_FORCE": ""}
SGR = re.compile(r"\x1b\[[0-9;]*m")
verdict = Verdict()


def shown(columns, *arguments, **environment):
    """-> lines that stay on the terminal, without and with colours, and the lines of progress in between"""
    _, seen = tool.on_terminal(columns, "identify", *arguments, environment={**UTF8, **environment})
    text = seen.decode("utf-8")
    rewritten = re.findall(r"\r\x1b\[K([^\r\n]*)(?=\r\x1b\[K)", text)
    stays = re.sub(r"\r\x1b\[K[^\r\n]*(?=\r\x1b\[K)", "", text).replace("\r\x1b[K", "")
    return SGR.sub("", stays).splitlines(), stays.splitlines(), rewritten


def cells(text):
    """as a terminal counts: wide characters take two"""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def test_widths(root):
    """no line of a track or of progress wraps; the genre is there even where little else is"""
    good, bad = messy_folder.make(root, 4)
    for columns in (20, 40, 60, 80, 120, 240):
        lines, _, progress = shown(columns, root)
        tracks = [line for line in lines if re.match(r"[A-Z][\w-]+ +\d+ %|(silence|too short) ", line)]
        verdict.check(len(tracks) == len(good), f"{columns}: {len(tracks)} lines of {len(good)}: {lines}")
        wide = [line for line in tracks if cells(line) >= columns]
        verdict.check(not wide, f"{columns}: {wide}")
        verdict.check(progress and all(cells(line) < columns for line in progress), f"{columns}: {progress}")
        if columns >= 80:
            starts = {re.search(r"[\u2026/]", line).start() for line in tracks if "\u97f3" not in line}
            verdict.check(len(starts) == 1, f"{columns}: names begin at {starts}")
            verdict.check(any("\u2588" in line for line in tracks), f"{columns}: no bar")
    verdict.check(any("new\\nline\\tand tab.wav" in line for line in lines), "a newline in a name")
    verdict.check(any("\\x1b[31mred\\x07.wav" in line for line in lines), "control bytes in a name")


def test_progress(root):
    """-q shows none, -q --progress does"""
    for i in range(3):
        write_wav(os.path.join(root, f"{i}.wav"), music("drums", i, 5))
    for arguments, wanted in ([], True), (["-q"], False), (["-q", "--progress"], True):
        status, screen = tool.on_terminal(100, "identify", *arguments, root)
        text = screen.decode()
        verdict.check(status == 0 and ("identify  " in text) == wanted, f"{arguments}: {text!r}")
        verdict.check(("x real time)" in text) == (not arguments), f"{arguments}: a summary: {text!r}")


def test_frame(root):
    """a terminal that shows progress in the frame of its window is told, and told that it has ended, Ctrl-C or not"""
    first = os.path.join(root, "0.wav")
    write_wav(first, music("drums", 0, 5))
    for i in range(1, 200):  # many, so that Ctrl-C comes before the last of them
        shutil.copy(first, os.path.join(root, f"{i}.wav"))
    frames = lambda seen: re.findall(rb"\x1b\]9;4;(\d);(\d+)\x1b\\", seen)  # noqa: E731
    ghostty = {**UTF8, "TERM_PROGRAM": "ghostty"}
    for number in (None, 2):
        status, seen = tool.on_terminal(100, "identify", root, environment=ghostty, interrupt_after=number)
        shown, percent = frames(seen), [int(found) for state, found in frames(seen) if state == b"1"]
        verdict.check((status != 0) == bool(number), f"{number}: exit {status}")
        verdict.check(percent and percent == sorted(percent) and percent[-1] <= 100, f"{number}: {shown}")
        verdict.check(shown and shown[-1] == (b"0", b"0") and shown.count((b"0", b"0")) == 1, f"{number}: {shown}")
    for arguments, environment in (["-q"], ghostty), ([], UTF8):
        verdict.check(not frames(tool.on_terminal(100, "identify", root, *arguments, environment=environment)[1]),
                      f"{arguments}: a frame that nobody asked for")  # fmt: skip


def test_tables(root):
    """CSV and TSV have names as they are, in a pipe; on a terminal nothing in them steers it"""
    path = os.path.join(root, "\x1b[31mred\x07,\n\u202e.wav")
    write_wav(path, music("drums", 1, 5))
    for command in ("identify", "features"):
        for kind in ("--csv", "--tsv"):
            of_kind = [] if (command, kind) == ("features", "--csv") else [kind]  # its default
            arguments = [command, "-q", *of_kind, path]
            status, output, errors = tool.call(*arguments)
            verdict.check(status == 0 and "\x1b[31mred\x07," in output, f"{command} {kind}: {output!r} {errors}")
            status, screen = tool.on_terminal(300, *arguments)
            row = screen.decode().split("\n", 1)[1]
            shown = "\\x1b[31mred\\x07," in row and "\\u202e" in row
            verdict.check(status == 0 and shown, f"{command} {kind}: {row!r}")
            verdict.check(not set("\x1b\x07\u202e") & set(row.replace("\x1b[K", "")), f"{command} {kind}: {row!r}")


def test_colour(root):
    """who may switch it on and off; what is said is the same"""
    path = os.path.join(root, "a.wav")
    write_wav(path, music("drums", 1, 5))
    plain = None
    for arguments, environment, wanted in [
        ([], {}, True), ([], {"NO_COLOR": "1"}, False), ([], {"TERM": "dumb"}, False), (["--color=never"], {}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True), ([], {"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, False),
    ]:  # fmt: skip
        lines, coloured, _ = shown(100, path, *arguments, "-q", **environment)
        verdict.check(("\x1b[" in coloured[0]) == wanted, f"{arguments} {environment}: {coloured}")
        plain = plain or lines
        verdict.check(lines == plain, f"{arguments} {environment}: {lines}")
    for environment, arguments, wanted in [({}, [], False), ({"CLICOLOR_FORCE": "1"}, [], True),
                                           ({}, ["--color=always"], True)]:  # fmt: skip
        _, output, _ = tool.call("identify", path, *arguments, env={**os.environ, **UTF8, **environment})
        verdict.check(("\x1b[" in output) == wanted, f"to a pipe, {environment} {arguments}: {output!r}")


def test_dumb(root):
    """nothing moves the cursor of a terminal that cannot, or of none"""
    write_wav(os.path.join(root, "a.wav"), music("drums", 1, 5))
    _, seen = tool.on_terminal(80, "identify", root, environment={**UTF8, "TERM": "dumb"})
    verdict.check(b"\x1b" not in seen and b"\r" not in seen and b"a.wav" in seen, f"{seen}")
    _, output, errors = tool.call("identify", root, env={**os.environ, **UTF8})
    verdict.check(not re.search("[\x1b\r]", output + errors), f"{output!r} {errors!r}")


def test_locale(root):
    """a locale of ASCII: bars of #, names in escapes; a pipe has UTF-8 all the same"""
    path = os.path.join(root, "na\u00efve \u97f3.wav")
    write_wav(path, music("drums", 1, 5))
    _, seen = tool.on_terminal(120, "identify", path, "-q", environment={**UTF8, "LC_ALL": "C"})
    verdict.check(all(byte < 128 for byte in seen) and b"na\\u00efve \\u97f3.wav" in seen and b"##" in seen, f"{seen}")
    _, output, _ = tool.call("identify", path, text=False, env={**os.environ, **UTF8, "LC_ALL": "C"})
    verdict.check("na\u00efve \u97f3.wav".encode() in output, f"{output}")


def main():
    need("genreclassify", "decodebin", "wavparse")
    verdict.run(globals())


if __name__ == "__main__":
    sys.exit(main())
