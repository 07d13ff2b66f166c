#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a person types: gst-launch-1.0, gst-inspect-1.0, the examples, a player with our filter, the leaks tracer.

    test-e2e-launch.py [--without-examples]

GENRE_BUILD_DIR: the build directory, where examples/listen is.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np

from made_music import write_wav
from pipeline import FIELDS, GenreMessage, Gst, Verdict, need

HERE = pathlib.Path(__file__).resolve().parent
SECONDS, RATE = 12, 44100
LABELS = ["blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"]
PROPERTIES = [
    "model", "interval", "window", "smoothing", "threshold", "silence-threshold", "music-threshold",
    "split-titles", "post-messages", "post-tags", "max-lag", "labels", "model-info", "stats",
]  # fmt: skip
ONE_GENRE = r"[^,]+ \d+ %"
NOT_MUSIC = "not music"  # which the embedded model may say of made music


def write_music(path):
    """a wav of a few chords and a beat, stereo"""
    random = np.random.default_rng(4)
    t = np.arange(SECONDS * RATE) / RATE
    chord = 220 * 2 ** (np.array([[0, 4, 7], [5, 9, 12], [7, 11, 14], [0, 4, 7]]) / 12)
    tones = np.sin(2 * np.pi * chord[(t / 2).astype(int) % 4].T * t).sum(axis=0)
    beat = np.exp(-12 * (2 * t % 1)) * random.normal(size=len(t))
    left, right = 0.1 * tones + 0.2 * beat, 0.12 * tones + 0.15 * beat
    write_wav(path, (np.stack([left, right], axis=1).clip(-1, 1) * 32767).astype("<i2"), RATE)


def shell(verdict, command, **environment):
    """-> output and errors of a command that must succeed within a minute"""
    text = " ".join(str(word) for word in command)
    variables = {**os.environ, "LC_ALL": "C.UTF-8", **environment}
    try:
        process = subprocess.run(command, capture_output=True, timeout=60, env=variables, encoding="utf-8")
    except (subprocess.TimeoutExpired, FileNotFoundError) as error:
        verdict.check(False, f"{text}: {error}")
        return "", ""
    verdict.check(process.returncode == 0, f"{text}: exit status {process.returncode}\n{process.stderr[-2000:]}")
    for word in ("CRITICAL", "WARNING **", "runtime error", "AddressSanitizer"):
        verdict.check(word not in process.stderr, f"{text}: {process.stderr[-2000:]}")
    return process.stdout, process.stderr


def launched_messages(output):
    """the genreclassify messages that gst-launch-1.0 -m printed"""
    lines = [line for line in output.splitlines() if "): genreclassify, " in line]
    structures = [Gst.Structure.from_string(line.split("): ", 1)[1])[0] for line in lines]
    return [GenreMessage(structure) for structure in structures]


def check_messages(verdict, what, messages):
    """twelve seconds: the first answer after 3.5, then one a second, then the final; each readable"""
    if not verdict.check(len(messages) == 10, f"{what}: {len(messages)} messages, expected 9 and the final"):
        return
    ends = [m.timestamp + m.duration for m in messages[:-1]]
    verdict.check(3.4e9 < ends[0] <= 3.5e9, f"{what}: the first answer ends at {ends[0]} ns")
    for i, (before, after) in enumerate(zip(ends, ends[1:])):
        verdict.check(abs(after - before - 1e9) < 0.08e9, f"{what}: {after - before} ns from answer {i} to the next")
    for m in messages:
        verdict.check(m.names == FIELDS and m.labels == LABELS, f"{what}: {m.text}")
        verdict.check(
            re.fullmatch(f"{ONE_GENRE}(, {ONE_GENRE}){{0,2}}|{NOT_MUSIC}", m.summary), f"{what}: summary {m.summary!r}"
        )
        starts = NOT_MUSIC if m.label == "unknown" else m.label + " "
        verdict.check(m.summary.startswith(starts), f"{what}: {m.label} and {m.summary!r}")
        verdict.check(m.final == (m is messages[-1]), f"{what}: final {m.final}")
    whole = messages[-1]
    verdict.check((whole.timestamp, whole.duration) == (0, SECONDS * 10**9), f"{what}: {whole.text}")
    music = sum(m.state == "ok" for m in messages[:-1])
    verdict.check(whole.windows == music, f"{what}: {whole.windows} windows in the final, {music} are music")


def test_launch(verdict, recording):
    """the line of README"""
    line = f'filesrc location="{recording}" ! decodebin ! audioconvert ! genreclassify ! fakesink'
    output, _ = shell(verdict, ["gst-launch-1.0", "-m", *line.split()])
    check_messages(verdict, "gst-launch-1.0", launched_messages(output))
    # A person reads the line itself: blanks and percent signs are escaped, the words are there.
    verdict.check(
        re.search(r"summary=\(string\)\"?(\w+\\ \d+\\ \\%|not\\ music)", output), "summary is not to be seen"
    )
    output, _ = shell(
        verdict, ["gst-launch-1.0", "-m", *line.replace("classify", "classify post-messages=false").split()]
    )
    verdict.check(not launched_messages(output), "messages although post-messages is false")


def test_player(verdict, recording):
    """playbin with us as its audio filter"""
    line = ["gst-launch-1.0", "-m", "playbin", f"uri={recording.as_uri()}", "audio-filter=genreclassify"]
    output, _ = shell(verdict, [*line, "audio-sink=fakesink"])
    check_messages(verdict, "playbin", launched_messages(output))


def test_inspect(verdict):
    output, _ = shell(verdict, ["gst-inspect-1.0", "--no-colors", "genreclassify"])
    for text in ("Filter/Analyzer/Audio", "none (0)", "audio/x-raw", "Long-name", "Description", "License"):
        verdict.check(text in output, f"gst-inspect-1.0 does not say {text!r}")
    klass = output.split("Klass")[1].splitlines()[0] if "Klass" in output else ""
    verdict.check("Filter/Analyzer/Audio" in klass, f"class {klass!r}")
    verdict.check(re.search(r"Rank +none", output), "the rank is not none")
    verdict.check("GPL" in output, "the licence of the plugin is not GPL")
    shell(verdict, ["gst-inspect-1.0", "--exists", "genreclassify"])
    verdict.check("gst-launch-1.0" in output, "no example line")
    verdict.check(all(label in output for label in LABELS), "the labels of the default model are not listed")
    for pad in ("SRC template", "SINK template"):
        verdict.check(pad in output, f"no {pad}")
    for format in ("S8", "U8", "S24LE", "S24_32BE", "F64BE", "non-interleaved"):
        verdict.check(format in output, f"{format} is not accepted")
    blocks = dict(re.findall(r"^  ([\w-]+) +: (.*(?:\n {22,}.*)*)", output, re.M))
    for name in PROPERTIES:
        blurb = blocks.get(name, "").split("\n")[0].strip()
        verdict.check(len(blurb) > 20, f"property {name}: {blurb!r}")
        verdict.check("controllable" not in blocks.get(name, ""), f"property {name} is controllable")
    verdict.check(200 < len(blocks["model-info"]) < 2000, f"model-info takes {len(blocks['model-info'])} characters")
    for name in ("model", "window", "max-lag"):
        verdict.check(
            "NULL or READY" in blocks.get(name, ""), f"property {name}: when may it change? {blocks.get(name)}"
        )
    while_playing = ["interval", "smoothing", "threshold", "silence-threshold", "music-threshold"]
    for name in [*while_playing, "split-titles", "post-messages", "post-tags"]:
        verdict.check("PLAYING" in blocks.get(name, ""), f"property {name} cannot change while playing")


def leaks(verdict, command):
    """what the tracer finds alive at the end"""
    _, errors = shell(verdict, command, GST_TRACERS="leaks", GST_DEBUG="GST_TRACER:7", GST_DEBUG_NO_COLOR="1")
    # The tracer first logs the format of its lines, whose values are printf's.
    return re.findall(r"object-alive, (type-name=\(string\)[^%].*)", errors)


def test_leaks(verdict, recording):
    # That the tracer would say so: a reference that is dropped on the floor.
    forget = "import ctypes, gi; gi.require_version('Gst', '1.0'); from gi.repository import Gst; Gst.init(None); "
    forget += "ctypes.CDLL('libgstreamer-1.0.so.0').gst_bus_new(); Gst.deinit()"
    command = [sys.executable, "-c", forget]
    variables = {**os.environ, "GST_TRACERS": "leaks", "GST_DEBUG": "GST_TRACER:7", "G_DEBUG": ""}
    process = subprocess.run(command, capture_output=True, encoding="utf-8", env=variables, timeout=60)
    verdict.check(
        "object-alive, type-name=(string)GstBus" in process.stderr,
        "the leaks tracer finds nothing in a program that leaks",
    )

    file = ["filesrc", f"location={recording}", "!", "decodebin", "!", "audioconvert", "!"]
    lines = {
        "a whole file": [*file, "genreclassify", "!", "fakesink"],
        "two elements, tags": [*file, "genreclassify", "post-tags=true", "!", "genreclassify", "!", "fakesink"],
        "no audio": ["audiotestsrc", "num-buffers=0", "!", "genreclassify", "!", "fakesink"],
        "live": ["audiotestsrc", "is-live=true", "num-buffers=20", "!", "genreclassify", "!", "fakesink"],
    }  # fmt: skip
    for name, line in lines.items():
        alive = leaks(verdict, ["gst-launch-1.0", "-m", *line])
        verdict.check(not alive, f"{name}: {alive}")


FORGETFUL = """
import sys, gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
state, element = getattr(Gst.State, sys.argv[1]), sys.argv[2]
line = "audiotestsrc is-live=true num-buffers=1000 ! identity ! %s name=e ! fakesink" % element
pipeline = Gst.parse_launch(line) if sys.argv[3] == "pipeline" else Gst.ElementFactory.make(element)
pipeline.set_state(state)
pipeline.get_state(Gst.SECOND // 2)
print("the end")
"""


def test_forgetful(verdict):
    """scripts that end without set_state(NULL): a CRITICAL of GStreamer's at most, as with its own elements"""
    for element in ["identity", "genreclassify", *(["genrescope"] if Gst.ElementFactory.find("genrescope") else [])]:
        for state in ("READY", "PAUSED", "PLAYING"):
            for whole in ("pipeline", "alone"):
                what = f"a script that forgets {element}, {whole}, in {state}"
                command = [sys.executable, "-c", FORGETFUL, state, element, whole]
                variables = {**os.environ, "G_DEBUG": "", "LC_ALL": "C.UTF-8"}
                process = subprocess.run(command, capture_output=True, timeout=60, env=variables, encoding="utf-8")
                verdict.check(process.returncode == 0, f"{what}: exit status {process.returncode}\n{process.stderr}")
                verdict.check("the end" in process.stdout, f"{what} does not get to its end")
                others = [
                    line
                    for line in process.stderr.splitlines()
                    if re.search(r"CRITICAL|WARNING|ERROR|Sanitizer", line) and "GStreamer-CRITICAL" not in line
                ]
                verdict.check(not others, f"{what}: {others}")


def test_examples(verdict, recording):
    """both listeners say the same, in words"""
    build = os.environ.get("GENRE_BUILD_DIR")
    if not verdict.check(build, "GENRE_BUILD_DIR must name the build directory: examples/listen is there"):
        return
    suffix = ".exe" if os.name == "nt" else ""
    programs = {
        "listen": [str(pathlib.Path(build, "examples", "listen" + suffix))],
        "listen.py": [sys.executable, str(HERE.parent / "examples" / "listen.py")],
        "play.sh": ["sh", str(HERE.parent / "examples" / "play.sh")],
    }
    said = {}
    for name, program in programs.items():
        more = ["audio-sink=fakesink"] if name == "play.sh" else []
        output, _ = shell(verdict, [*program, str(recording), *more])
        lines = [line for line in output.splitlines() if re.search(rf"[a-z] \d+ %|{NOT_MUSIC}", line)]
        verdict.check(len(lines) == 10, f"{name} prints {len(lines)} summaries, expected 9 and the final\n{output}")
        said[name] = re.findall(rf"[a-z]+ \d+ %|{NOT_MUSIC}", output)
        if pathlib.Path(program[-1]).is_file():
            check_complaint(verdict, name, [*program, "/nowhere/at-all.wav", *more])
    verdict.check(said["listen"] == said["listen.py"] == said["play.sh"], f"the examples differ: {said}")


# What a shell, gst-launch-1.0 or a listener might read in another way than as a file's name.
NAMES = [
    b"Mein sch\xc3\xb6ner Tag.wav",
    b"Mein sch\xf6ner Tag.wav",  # Latin-1
    b"Live: http://a.wav",
    b"two  blanks, \"double\" and 'single' quotes.wav",
    b"back\\slash \\\" and $(touch side-effect) `touch side-effect`.wav",
    b"! fakesink name=x.wav",
    b"a newline\n.wav",
]


def test_names(verdict, recording):
    """both listeners read a file of any name, and say it as a terminal can show it"""
    build = pathlib.Path(os.environ["GENRE_BUILD_DIR"])
    programs = [[str(build / "examples" / "listen")], [sys.executable, str(HERE.parent / "examples" / "listen.py")]]
    for name in NAMES:
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(os.fsencode(directory), *(part for part in name.split(b"/") if part))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.copy(recording, path)
            for program in programs:
                command = [*program, os.path.relpath(path, directory.encode())]
                environment = {**os.environ, "LC_ALL": "C.UTF-8"}
                process = subprocess.run(command, cwd=directory, env=environment, capture_output=True, timeout=60)
                said = process.stdout.decode("utf-8", "strict")
                shown = command[-1].decode("utf-8", "replace")
                verdict.check(
                    process.returncode == 0 and f"{shown}: " in said and said.count(" s  ") == 9,
                    f"{program[-1]} {name}: status {process.returncode}\n{said}{process.stderr.decode()}",
                )


def test_quickstart(verdict, recording):
    """what it refuses before it installs anything, and the line for gst-launch-1.0 that it ends with"""
    script = HERE.parent / "examples" / "quickstart.sh"
    for argument, reason in (("/", "is a directory"), ("/nowhere/at-all.wav", "there is no file"),
                             ("/dev/null", "is not a file that you can read")):  # fmt: skip
        process = subprocess.run(["sh", script, argument], capture_output=True, encoding="utf-8", timeout=60)
        said = process.stdout + process.stderr
        verdict.check(
            process.returncode == 1 and reason in said and argument in said and len(said.splitlines()) == 1,
            f"quickstart.sh {argument}: status {process.returncode}, {said}",
        )

    functions = re.findall(r"^\w+ \(\) {\n.*?^}\n", script.read_text(), re.M | re.S)
    if not verdict.check(len(functions) >= 4, f"{len(functions)} functions in quickstart.sh"):
        return
    with tempfile.TemporaryDirectory() as directory:
        for name in NAMES:
            path = os.path.join(os.fsencode(directory), name.replace(b"/", b"-"))
            shutil.copy(recording, path)
            ask = "".join(functions) + 'launch_source "$1"'
            source = subprocess.run(["sh", "-c", ask, "sh", path], capture_output=True, check=True).stdout
            line = b"exec gst-launch-1.0 -m " + source + b" ! audioconvert ! genreclassify ! fakesink"
            process = subprocess.run([b"sh", b"-c", line], cwd=directory, capture_output=True, timeout=60)
            found = process.stdout.count(b"): genreclassify, ")
            verdict.check(found == 10, f"{line}: {found} messages, expected 9 and the final\n{process.stderr}")
            verdict.check("side-effect" not in os.listdir(directory), f"{line} ran what stands in the name")


def check_complaint(verdict, name, command):
    """A file that is not there: a status above 0, and its name."""
    process = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60)
    said = process.stdout + process.stderr
    verdict.check(process.returncode > 0, f"{name}: exit status {process.returncode} for a missing file")
    verdict.check("at-all.wav" in said, f"{name} does not say which file is missing: {said}")


def main():
    need("wavparse", "decodebin", "audioconvert", "playbin", "audiotestsrc")
    verdict = Verdict()
    for program in ("gst-launch-1.0", "gst-inspect-1.0"):
        if not verdict.check(shutil.which(program), f"{program} is not installed (gstreamer1.0-tools)"):
            verdict.exit()
    with tempfile.TemporaryDirectory() as directory:
        recording = pathlib.Path(directory, "music.wav")
        write_music(recording)
        test_launch(verdict, recording)
        test_player(verdict, recording)
        test_inspect(verdict)
        test_leaks(verdict, recording)
        test_forgetful(verdict)
        if sys.argv[1:] != ["--without-examples"]:
            test_examples(verdict, recording)
            test_names(verdict, recording)
        test_quickstart(verdict, recording)
    verdict.exit()


if __name__ == "__main__":
    main()
