#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `gst-genre-1.0 identify` costs: 100 recordings of 30 s, decoded and named, as GTZAN has them (WAV, 22.05 kHz,
mono), and as people have them (MP3, FLAC and Ogg Vorbis, 44.1 kHz, stereo).

    meson test -C build --benchmark bench-identify -v

Seconds of processor time, of all threads, by turns, medians, beside

  * decoding alone, and decoding with the element: uridecodebin in one process, recording after recording;
  * bench-identify-keras.py, where $GENRE_KERAS_PYTHON or this Python has librosa and Keras; else it says so.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

import numpy as np

import messy_folder
import tool
from made_music import RATE as MADE_RATE, music, write_wav
from pipeline import Gst, need

HERE = pathlib.Path(__file__).resolve().parent
WEIGHTS = HERE.parent / "models" / "weights"
DECK = WEIGHTS / "deck-cnn-gru.safetensors"
KERAS = os.environ.get("GENRE_KERAS_PYTHON") or sys.executable
STEPS = {"Keras, windows side by side": "0", "Keras, a window each second": "1"}  # the latter as identify
RATE, SECONDS = 44100, 30
KINDS = ["mp3", "flac", "ogg"]


def make_wav(folder, count):
    """mono at 22.05 kHz"""
    for i in range(count):
        write_wav(folder / f"{i:03}.wav", music(["drums", "bells", "drone"][i % 3], i, SECONDS))


def make_compressed(folder, count):
    """stereo at 44.1 kHz, of which the two channels differ; each recording begins elsewhere in six pieces of music"""
    pieces = [music(["drums", "bells", "drone"][i % 3], i, SECONDS * RATE / MADE_RATE) for i in range(6)]
    for i in range(count):
        sides = [np.roll(pieces[(i + side) % len(pieces)], 9973 * (i + side)) for side in (0, 1)]
        kind = KINDS[i % len(KINDS)]
        made = messy_folder.encode(folder / f"{i:03}.{kind}", np.stack(sides, 1), kind, RATE)
        assert made, f"this GStreamer cannot encode {kind}"


def of_children(command, **options):
    """-> seconds of processor time, standard output"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def identify(folder, *options):
    """-> seconds of processor time, [label]"""
    seconds, lines = of_children(tool.command("identify", "--json", "-q", folder, *options))
    return seconds, [json.loads(line)["label"] for line in lines.splitlines()]


def keras(paths, step):
    """-> (seconds of its start, seconds of the recordings, [label]), or None; and why"""
    command = [KERAS, HERE / "bench-identify-keras.py", DECK, step, *paths]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None, done.stderr.strip().splitlines()[-1]
    start, work = map(float, done.stderr.strip().splitlines()[-1].split())
    return (start, work, [line.split()[0] for line in done.stdout.splitlines()]), None


def play(path, chain):
    pipeline = Gst.parse_launch(f"uridecodebin name=in caps=audio/x-raw ! {chain} ! fakesink")
    pipeline.get_by_name("in").set_property("uri", path.as_uri())
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    assert message is not None and message.type == Gst.MessageType.EOS, path


def pipelines(paths, chain):
    """-> seconds of processor time"""
    before = resource.getrusage(resource.RUSAGE_SELF)
    for path in paths:
        play(path, chain)
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(folder, paths):
    """-> {what: seconds} of one turn"""
    times = {}
    for what, options in (("identify", []), ("identify, deck-cnn-gru", ["-m", DECK])):
        times[what], named = identify(folder, *options)
        assert len(named) == len(paths), f"{len(named)} of {len(paths)} recordings named"
    times["decoding alone"] = pipelines(paths, "identity")
    times["decoding and the element"] = pipelines(paths, "audioconvert ! genreclassify")
    for what, step in STEPS.items():
        found, reason = keras(paths, step)
        if not found:
            return times, f"{KERAS} has no librosa or no Keras, so that nothing is said of them: {reason}"
        times |= {what: found[1], f"{what}, with its start": found[0] + found[1]}
        same = sum(one == other for one, other in zip(found[2], named, strict=True))
    return times, f"of {len(paths)} recordings {same} have the same label in Keras and in identify, deck-cnn-gru"


SETS = {"wav": make_wav, "compressed": make_compressed}


def measure_set(name, recordings, turns):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder).resolve()
        SETS[name](folder, recordings)
        paths = sorted(folder.iterdir())
        play(paths[0], "audioconvert ! genreclassify")  # plugins are loaded
        times, words = zip(*(measure(folder, paths) for _ in range(turns)))
    median = {what: statistics.median(turn[what] for turn in times) for what in times[0]}
    ours = median["identify"]
    print(f"{name}: {len(paths)} recordings of {SECONDS} s, {turns} turns; seconds of processor time, medians")
    for what, seconds in median.items():
        print(f"  {what:46} {seconds:8.2f} {seconds / ours:8.2f} x identify")
    print(f"  identify / (decoding and the element): {ours / median['decoding and the element']:.2f}, goal 1.3 at most")
    for what in STEPS:
        if what in median:
            for who in ("identify", "identify, deck-cnn-gru"):
                print(f"  {what} / {who}: {median[what] / median[who]:.1f}, goal 10 at least")
    print(f"  {words[0]}")


def main():
    parser = argparse.ArgumentParser(description="What gst-genre-1.0 identify costs, in seconds of processor time.")
    parser.add_argument("--recordings", type=int, default=100)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--set", action="append", choices=SETS, help="one of them alone")
    options = parser.parse_args()
    need("genreclassify", "uridecodebin", "flacenc", "lamemp3enc", "vorbisenc")
    for name in options.set or SETS:
        measure_set(name, options.recordings, options.turns)


main()
