#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0 train on folders with copies, with one artist under many names, with a song in two genres: what it
holds back, and what it says about it.
"""

import json
import pathlib
import re
import shutil
import tempfile

import numpy as np

from made_music import RATE, write_wav
from pipeline import Gst, Verdict, need, quoted
from tool import call

SECONDS = 5
RECIPE = {
    "base": "small",
    "stages": [{"name": "labels", "steps": 2, "batch": {"music": {"windows": 8, "labels": 1}}, "learning_rate": 1e-3}],
}

verdict = Verdict()


def train(root, *arguments):
    """-> exit status, stdout, stderr"""
    (root / "recipe.json").write_text(json.dumps(RECIPE))
    said = call("train", *arguments, "-o", root / "model.safetensors", "--recipe", root / "recipe.json")
    print(said[2])
    return said


def write_song(path, seed, artist=None, album_artist=None):
    """noise of its own, as FLAC where it is tagged -> its path"""
    noise = np.random.default_rng(seed)
    pcm = np.clip(noise.standard_normal(RATE * SECONDS) * (2000 + 50 * seed), -32768, 32767).astype("<i2")
    plain = path.with_suffix(".wav")
    write_wav(plain, pcm)
    if artist is None and album_artist is None:
        return plain
    tags = ",".join(
        f"{name}={quoted(value)}" for name, value in (("artist", artist), ("album-artist", album_artist)) if value
    )
    tagged = path.with_suffix(".flac")
    pipeline = Gst.parse_launch(
        f"filesrc location={quoted(str(plain))} ! wavparse ! audioconvert ! taginject tags={quoted(tags)} ! flacenc "
        f"! filesink location={quoted(str(tagged))}"
    )
    pipeline.set_state(Gst.State.PLAYING)
    kinds = Gst.MessageType.EOS | Gst.MessageType.ERROR
    message = pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, kinds)
    pipeline.set_state(Gst.State.NULL)
    assert message is not None and message.type == Gst.MessageType.EOS, tagged
    plain.unlink()
    return tagged


def held_back(stderr):
    found = re.search(r"^(\d+) of (\d+) recordings held back", stderr, re.MULTILINE)
    return (int(found[1]), int(found[2])) if found else None


def test_two_directories(root):
    """The same songs in two directories count once, and are on one side."""
    for i in range(6):
        write_song(root / "first" / "rock" / f"{i}", i)
        write_song(root / "first" / "jazz" / f"{i}", 10 + i)
    shutil.copytree(root / "first", root / "second")
    status, stdout, stderr = train(root, root / "first", root / "second")
    verdict.check(status == 0 and held_back(stderr) == (2, 12), f"two directories: {status} {held_back(stderr)}")
    verdict.check("2 tracks to validate on" in stderr, "two directories: a copy validates too")
    wilson = {0: "0.0 to 65.8", 1: "9.5 to 90.5", 2: "34.2 to 100.0"}  # of 2, worked out by hand
    right = round(float(re.search(r": ([0-9.]+) % \(", stdout)[1]) / 50)
    verdict.check(f"% (95 % interval {wilson[right]} %) of 2 tracks" in stdout, f"the interval: {stdout}")
    rate = f"% (95 % interval {wilson[right]} %) of 2 tracks held back, mean recall"
    verdict.check(rate in stderr, f"the interval: {stderr}")
    verdict.check(stderr.count("sound the same: they stay on one side") == 10, "two directories: ten are named")
    verdict.check("and 2 more times" in stderr, "two directories: the rest is counted")
    verdict.check("no artist is known" in stderr, "two directories: artists")

    # Given to validate on, they are not learned from.
    status, stdout, stderr = train(root, root / "first", "--validation", root / "second")
    words = "found none; model-first.features.safetensors: jazz/0.wav and model-second.features.safetensors: jazz/0.wav"
    verdict.check(status == 1 and words in stderr, f"all of it validates: {status}")
    verdict.check("is not learned from; and 11 times more" in stderr, "all of it validates: the rest is counted")
    write_song(root / "first" / "rock" / "6", 6)
    write_song(root / "first" / "jazz" / "6", 16)
    status, stdout, stderr = train(root, root / "first", "--validation", root / "second")
    verdict.check(status == 0 and stderr.count("is not learned from") == 12, f"one more of each: {status}")
    verdict.check("2 clips to learn from, 12 tracks to validate on" in stderr, "one more of each")


def test_artists(root):
    """One artist under many names, over two directories, and as the artist of an album."""
    spellings = ["Queen", "QUEEN feat. David Bowie", "queen & Paul Rodgers", "The Queen"]
    for kind, first in (("rock", 100), ("jazz", 200)):
        for i in range(4):
            write_song(root / "left" / kind / f"q{i}", first + i, spellings[i])
        write_song(root / "right" / kind / "album", first + 9, "Roger Taylor", "Queen")
        for i in range(10):
            write_song(root / "right" / kind / f"{i}", first + 20 + i, f"{kind} artist {i}", "Various Artists")
    status, stdout, stderr = train(root, root / "left", root / "right")
    verdict.check(status == 0 and held_back(stderr) == (6, 30), f"artists: {status} {held_back(stderr)}")
    verdict.check("an artist is known of 30, 22 in all, each on one side" in stderr, "artists: they are counted")
    verdict.check("held-out artists, by track" in stdout, f"artists: {stdout}")
    verdict.check("artist" not in json.dumps(RECIPE) and "label \"" not in stderr, "artists: no label is split up")


def test_one_artist(root):
    for i in range(6):
        write_song(root / "one" / "rock" / f"{i}", 300 + i, "Queen")
        write_song(root / "one" / "jazz" / f"{i}", 320 + i, "Miles" if i < 5 else "Monk")
    status, stdout, stderr = train(root, root / "one")
    verdict.check(status == 0 and held_back(stderr) == (2, 12), f"one artist: {status} {held_back(stderr)}")
    verdict.check('label "rock": found one artist for its 6 recordings' in stderr, "one artist: it is said")
    verdict.check('label "jazz"' not in stderr, "one artist: the other label is split by artist")
    verdict.check("held-out recordings, by track" in stdout, f"one artist: {stdout}")


def test_two_labels(root):
    """A song in two genres is named and left out; where nothing else is left of a genre, that is said."""
    for i in range(5):
        write_song(root / "both" / "rock" / f"{i}", 400 + i)
        write_song(root / "both" / "jazz" / f"{i}", 420 + i)
    shutil.copy(root / "both" / "rock" / "1.wav", root / "both" / "jazz" / "another name.wav")
    status, stdout, stderr = train(root, root / "both", "--quiet")
    words = "jazz/another name.wav and rock/1.wav sound the same and have different labels: they are left out"
    verdict.check(status == 0 and words in stderr, f"two labels: {status}")
    status, stdout, stderr = train(root, root / "both")
    verdict.check(held_back(stderr) == (2, 9) and "7 clips to learn from" in stderr, f"two labels: {held_back(stderr)}")

    shutil.copytree(root / "both" / "jazz", root / "all" / "jazz")
    shutil.copytree(root / "both" / "jazz", root / "all" / "blues")
    shutil.copytree(root / "both" / "rock", root / "all" / "rock")
    (root / "all" / "blues" / "another name.wav").unlink()
    status, stdout, stderr = train(root, root / "all")
    verdict.check(status == 1 and 'label "blues"' in stderr, f"all of a label: {status}")
    verdict.check("found only 5 recordings that have another label too" in stderr, "all of a label: why")


def main():
    need("wavparse", "flacenc", "flacparse", "flacdec", "taginject", "decodebin")
    for test in (test_two_directories, test_artists, test_one_artist, test_two_labels):
        with tempfile.TemporaryDirectory(prefix="genre-groups-") as directory:
            test(pathlib.Path(directory))
    verdict.exit()


if __name__ == "__main__":
    main()
