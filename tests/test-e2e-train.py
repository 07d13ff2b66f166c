#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0 train: folders of music in, a model out that genreclassify hears with; nothing lost on the way.

Three kinds of music are made here that differ in timbre and rhythm.  With $GENRE_SHARED, two folders of ten of its
recordings must give a working model too; how good it is nobody can say from so few.
"""

import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np

import tool
from made_music import KINDS, RATE, music, write_wav
from numpy_genre import read_safetensors
from pipeline import Verdict, classify, decode, need

DEFAULT = pathlib.Path(__file__).resolve().parent.parent / "models" / "weights" / "genre-crnn.safetensors"
LEARNED, HELD_BACK = 8, 2  # recordings a kind
RECIPE = {  # the small network, trained for seconds
    "base": "small",
    "stages": [
        {
            "name": "labels", "steps": 60, "batch": {"music": {"windows": 24, "labels": 1}}, "learning_rate": 4e-3,
            "warmup": 5, "weight_decay": 0.02, "average": 0.9, "crop": 0.5,
        }
    ],
    "validation": {"every": 20},
}  # fmt: skip

verdict = Verdict()


def start(*arguments):
    return tool.start("train", *arguments)


def train(*arguments):
    """-> exit status, stdout, stderr"""
    return tool.call("train", *arguments)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def metadata(path):
    data = path.read_bytes()
    return json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]


# Music ---------------------------------------------------------------------------------------------------------------


def make_music(root):
    for kind in KINDS:
        for i in range(LEARNED):
            write_wav(root / kind / f"{i}.wav", music(kind, i))


def write_recipe(root, **changes):
    path = root / "recipe.json"
    path.write_text(json.dumps({**RECIPE, **changes}))
    return path


# What must work ----------------------------------------------------------------------------------------------------


def test_learns(root):
    """one command, and the element hears it; the feature set stays for the other tests"""
    recipe, model = write_recipe(root), root / "mine.safetensors"
    began = time.monotonic()
    status, stdout, stderr = train(root / "music", "-o", model, "--recipe", recipe)
    seconds = time.monotonic() - began
    verdict.check(status == 0 and "mine.safetensors: " in stdout, f"train: {status} {stdout} {stderr}")
    print(f"trained in {seconds:.1f} s: {stdout.strip()}")
    facts = json.loads(metadata(model)["training"])
    measured = facts["measured"][0]
    verdict.check(measured["accuracy"] >= 0.9 and measured["tracks"] == 6, f"accuracy {measured}")
    verdict.check(json.loads(metadata(model)["labels"]) == KINDS, metadata(model)["labels"])
    verdict.check(facts["recipe"]["name"] == "small" and facts["seed"] == 0, facts)
    verdict.check("bells" in (root / "mine.md").read_text(), "the card has no labels")
    verdict.check("</svg>" in (root / "mine.svg").read_text(), "the curve is no SVG")
    verdict.check(not list(root.glob("*.checkpoint*")), "a checkpoint is left behind")

    right, heard = 0, 0
    for kind in KINDS:
        for i in range(HELD_BACK):
            final = classify(music(kind, 100 + i).reshape(-1), RATE, format="S16LE", model=model)[-1]
            heard += 1
            right += final.final and final.label == kind
    verdict.check(right == heard, f"the element names {right} of {heard} unheard recordings")
    return root / "mine-music.features.safetensors", model


def test_same_bytes(root, features, model):
    """any number of threads, and from the set instead of the directory"""
    recipe = root / "recipe.json"
    sums = []
    for threads in (1, 2, 3):
        path = root / f"threads-{threads}.safetensors"
        status, _, stderr = train(features, "-o", path, "--recipe", recipe, "--steps", 20, "--threads", threads, "-q")
        verdict.check(status == 0, stderr)
        sums.append(sha256(path))
    verdict.check(len(set(sums)) == 1, f"threads change the model: {sums}")


def test_kill(root, features):
    """kill -9 at five random moments; the model in the end is that of a run that was left alone"""
    recipe = root / "recipe.json"
    arguments = [features, "--recipe", recipe, "--threads", 1, "--checkpoint", 0, "--seed", 3, "--steps", 120]
    alone, killed = root / "alone.safetensors", root / "killed.safetensors"
    began = time.monotonic()
    status, _, stderr = train(*arguments, "-o", alone, "-q")
    seconds = time.monotonic() - began
    verdict.check(status == 0, stderr)

    dice, kills, resumed = random.Random(), 0, 0
    seed = int.from_bytes(os.urandom(4), "little")
    dice.seed(seed)
    for _ in range(20):
        process = start(*arguments, "-o", killed, "--resume")
        try:
            _, stderr = process.communicate(timeout=dice.uniform(0.06, 0.18) * seconds)
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            _, stderr = process.communicate()
            kills += 1
        resumed += "resumed after" in stderr
        if kills == 5:
            break
    verdict.check(kills == 5 and resumed >= 1, f"{kills} kills, {resumed} resumed (dice {seed})")
    status, _, stderr = train(*arguments, "-o", killed, "--resume")
    verdict.check(status == 0, stderr)
    verdict.check(sha256(killed) == sha256(alone), f"other weights after kill -9 (dice {seed})")
    verdict.check(not list(root.glob("killed*.checkpoint*")), "a checkpoint is left behind")

    # Ctrl-C, a torn last checkpoint, the one before it
    torn = root / "torn.safetensors"
    process = start(*arguments, "-o", torn)
    time.sleep(0.5 * seconds)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    ended = process.returncode == -signal.SIGINT and "--resume, continues" in stderr
    verdict.check(ended, f"Ctrl-C: {process.returncode} {stderr}")
    checkpoint = pathlib.Path(f"{torn}.checkpoint")
    verdict.check(checkpoint.is_file() and not torn.exists(), "Ctrl-C leaves a checkpoint and no model")
    checkpoint.write_bytes(checkpoint.read_bytes()[:-1000])
    for flags in ([], ["--resume"]):
        status, _, stderr = train(*arguments, "-o", torn, "--seed", 4, *flags)
        verdict.check(status == 1 and "another recipe or another seed" in stderr, f"another seed: {status} {stderr}")
        verdict.check("--restart" in stderr and not torn.exists(), f"another seed: {stderr}")
    status, _, stderr = train(*arguments, "-o", torn)
    verdict.check(status == 0 and sha256(torn) == sha256(alone), f"after a torn checkpoint: {status} {stderr}")
    verdict.check("resumed after" in stderr, f"the same command goes on: {stderr}")


def test_full_disk(root, features):
    recipe, model = root / "recipe.json", root / "full.safetensors"
    arguments = [features, "-o", model, "--recipe", recipe, "--steps", 12, "--threads", 1, "--checkpoint", 0]
    fresh = pathlib.Path(f"{model}.checkpoint.new")
    fresh.symlink_to("/dev/full")
    status, _, stderr = train(*arguments)
    verdict.check(status == 1 and "No space left on device" in stderr, f"full from the start: {status} {stderr}")
    verdict.check(not model.exists(), "a model on a full disk")

    # full in the middle: what was saved before stays
    if fresh.is_symlink():
        fresh.unlink()
    process = start(*arguments)
    checkpoint = pathlib.Path(f"{model}.checkpoint")
    deadline = time.monotonic() + 60
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.001)
    while process.poll() is None:
        try:
            fresh.symlink_to("/dev/full")
            break
        except FileExistsError:
            pass
    _, stderr = process.communicate(timeout=60)
    if process.returncode == 1:  # else it was done before the disk was full
        verdict.check("No space left on device" in stderr and "--resume" in stderr, f"full disk: {stderr}")
        if fresh.is_symlink():
            fresh.unlink()
        status, _, stderr = train(*arguments, "--resume")
        verdict.check(status == 0, f"after the disk had room: {stderr}")
    status, _, stderr = train(*arguments[:1], "-o", root / "again.safetensors", *arguments[3:])
    verdict.check(sha256(model) == sha256(root / "again.safetensors"), "other weights after a full disk")


def test_seeds(root, features):
    recipe, model = root / "recipe.json", root / "seeds.safetensors"
    arguments = [features, "-o", model, "--recipe", recipe, "--steps", 8, "--seeds", 2, "--threads", 2]
    status, stdout, stderr = train(*arguments)
    verdict.check(status == 0 and "2 seeds, mean recall:" in stdout and "mean" in stdout, f"{status} {stdout} {stderr}")
    sums = [sha256(root / f"seeds.seed-{seed}.safetensors") for seed in (0, 1)]
    verdict.check(sums[0] != sums[1] and sha256(model) in sums, "the model is one of the two")
    status, stdout, stderr = train(*arguments, "--resume")
    verdict.check(status == 0 and "step" not in stderr, f"finished seeds are trained again: {stderr}")
    test_average(root, [root / f"seeds.seed-{seed}.safetensors" for seed in (0, 1)])


def test_average(root, pair):
    """the mean of the weights of both, in a file that says so; wrong input by name"""
    path, other = root / "mean.safetensors", root / "music.safetensors"
    status, stdout, stderr = tool.call("average", *pair, "-o", path)
    verdict.check((status, stdout, stderr) == (0, "", ""), f"average: {status} {stdout} {stderr}")
    (_, one), (_, two), (said, mean) = (read_safetensors(p) for p in (*pair, path))
    for name, values in mean.items():
        verdict.check(np.allclose(values, (one[name] + two[name]) / 2, rtol=1e-6, atol=1e-7), f"average: {name}")
    verdict.check(len(mean) == len(one) > 5, f"average: {len(mean)} tensors")
    found = [json.loads(tool.call("inspect", "--json", p)[1])["weights_sha256"] for p in pair]
    verdict.check(json.loads(said["training"])["average_of"] == found, f"average: {said['training']}")
    for arguments, wanted, words in [
        ([*pair], 2, "expected -o MODEL"), ([pair[0], "-o", other], 2, "two models or more, found one"),
        ([*pair, "-o", pair[1]], 2, pair[1].name),
        ([pair[0], root / "nothing", "-o", other], 1, "nothing: no such file"),
        ([pair[0], DEFAULT, "-o", other], 1, "genre-crnn.safetensors: labels: expected those of"),
    ]:  # fmt: skip
        status, stdout, stderr = tool.call("average", *arguments)
        verdict.check(status == wanted and words in stderr and stdout == "", f"{arguments}: {status} {stderr}")
        verdict.check(not other.exists(), f"{arguments}: a model all the same")


def hum(seed, seconds=12):
    """[samples] int16: a steady buzz and noise, what nobody would call music"""
    noise = np.random.default_rng(seed)
    time_s = np.arange(seconds * RATE) / RATE
    pcm = np.sign(np.sin(2 * np.pi * (90 + 40 * noise.random()) * time_s)) + noise.normal(0, 0.5, len(time_s))
    return (pcm / np.abs(pcm).max() * (0.1 + 0.4 * noise.random()) * 32767).astype("<i2")


def test_not_music(root, features):
    """folders of what is not music give a head that tells it"""
    for i in range(LEARNED):
        write_wav(root / "buzz" / "more" / f"{i}.wav", hum(i))
    recipe = write_recipe(
        root, data={"not-music": {"match": ["not-music*"], "not_music": True}, "music": {"match": ["*"]}},
        stages=[{
            **RECIPE["stages"][0],
            "batch": {"music": {"windows": 16, "labels": 1, "music": 0.5}, "not-music": {"windows": 16, "music": 1}},
        }],
    )  # fmt: skip
    model = root / "tells.safetensors"
    status, stdout, stderr = train(features, "--not-music", root / "buzz", "-o", model, "--recipe", recipe)
    verdict.check(status == 0 and "clips that are not music called music" in stdout, f"{status} {stdout} {stderr}")
    said = metadata(model)
    found = [one for one in json.loads(said["training"])["measured"] if one["protocol"].startswith("music or not")]
    right = len(found) == 1 and found[0]["not_music"] > 0 and found[0]["music"] > 0 and found[0]["auc"] > 0.9
    verdict.check(right, f"measured: {found}")
    verdict.check(said["version"] == "2" and "music" in said["heads"], "no head")
    for pcm, state in ((music("bells", 200), "ok"), (hum(200), "not-music")):
        final = classify(pcm, RATE, format="S16LE", model=model, music_threshold=0.5)[-1]
        verdict.check(final.state == state, f"{final.text}, expected {state}")
    write_recipe(root)


def test_hostile(root, features):
    """clear sentences, the right exit status, and no model"""
    model = root / "never.safetensors"
    make_music(root / "broken")
    for kind in KINDS:
        (root / "broken" / kind / "noise.wav").write_bytes(os.urandom(5000))
    (root / "empty" / "a").mkdir(parents=True)
    (root / "empty" / "b").mkdir()
    for kind in KINDS:
        write_wav(root / "single" / kind / "0.wav", music(kind, 0))
        for i in range(2):
            write_wav(root / "short" / kind / f"{i}.wav", music(kind, i, 2))
    shutil.copytree(root / "music" / "bells", root / "alone" / "bells")
    (root / "typo.json").write_text('{"base": "small", "sed": 1}')
    (root / "hot.json").write_text(
        json.dumps({**RECIPE, "stages": [{**RECIPE["stages"][0], "learning_rate": 900, "weight_decay": 900}]})
    )
    (root / "cut.safetensors").write_bytes(features.read_bytes()[:-5])
    quick = ["--recipe", root / "recipe.json", "--steps", 3]
    cases = [
        # arguments, exit status, words on stderr
        ([], 2, ["a directory or feature sets"]),
        ([features], 2, ["-o MODEL"]),
        ([features, "-o", root], 2, ["-o MODEL", str(root)]),
        ([features, "-o", model, "--steps", "0"], 2, ["--steps", "found 0"]),
        ([features, "-o", model, "--steps", "3", "--epochs", "3"], 2, ["--steps or --epochs"]),
        ([features, "-o", model, "--resume", "--restart"], 2, ["both"]),
        ([features, "-o", model, "--protocol", "leaky"], 2, ["leaky-segments"]),
        ([features, "-o", model, "--bogus"], 2, ["bogus"]),
        ([features, "-o", model, "--recipe", "nobody"], 1, ["nobody", '"genre-crnn"']),
        ([features, "-o", model, "--recipe", root / "typo.json"], 1, ["typo.json", '"sed"', "seed"]),
        ([features, "-o", model, "--recipe", "genre-crnn"], 1, ['"pool"', "pool-*"]),
        ([features, "-o", model, *quick, "--validation", root / "nowhere"], 1, ["nowhere"]),
        ([features, "-o", model, *quick, "--initial", root / "nowhere"], 1, ["nowhere"]),
        ([features, "-o", root / "nowhere" / "x.safetensors", *quick], 1, ["nowhere"]),
        ([root / "cut.safetensors", "-o", model, *quick], 1, ["cut.safetensors"]),
        ([root / "recipe.json", "-o", model, *quick], 1, ["recipe.json"]),
        ([root / "nowhere", "-o", model, *quick], 1, ["nowhere"]),
        ([root / "empty", "-o", model, *quick], 1, ["empty"]),
        ([root / "single", "-o", model, *quick], 1, ['"bells"', "two recordings", "--validation none"]),
        ([root / "short", "-o", model, *quick], 1, ["too short"]),
        ([root / "alone", "-o", model, *quick], 1, ["two labels", "only bells"]),
        ([features, "-o", model, "--recipe", root / "hot.json"], 1, ["finite", "learning rate", ".checkpoint"]),
    ]
    for arguments, expected, words in cases:
        status, _, stderr = train(*arguments)
        name = " ".join(map(str, arguments))
        verdict.check(status == expected, f"{name}: exit status {status} instead of {expected}: {stderr}")
        for word in words:
            verdict.check(word in stderr, f"{name}: no '{word}' in: {stderr}")
        verdict.check("CRITICAL" not in stderr and "WARNING" not in stderr, f"{name}: {stderr}")
        verdict.check(not model.exists(), f"{name}: a model is there")
        for left in root.glob("never.safetensors.checkpoint*"):
            left.unlink()

    # A file that cannot be decoded is named, the rest makes a model, and the exit status says so.
    status, stdout, stderr = train(root / "broken", "-o", model, *quick)
    verdict.check(status == 1 and model.is_file() and "noise.wav" in stderr, f"unreadable files: {status} {stderr}")
    model.unlink()

    # One recording a label will do without a validation.
    status, stdout, stderr = train(root / "single", "-o", model, *quick, "--validation", "none")
    verdict.check(status == 0 and model.is_file() and "not validated" in stdout, f"none: {status} {stdout} {stderr}")


def test_recordings(root):
    """two folders of ten recordings, by the default recipe but for its length"""
    shared = os.environ.get("GENRE_SHARED")
    recordings = sorted(pathlib.Path(shared, "audio").glob("*.flac")) if shared else []
    if len(recordings) < 20:
        print("no recordings: the two folders of ten are left out")
        return
    quiet = ("blues", "classical", "country", "jazz", "pop")
    for recording in recordings:
        folder = root / "shelf" / ("quiet" if recording.name.split(".")[0] in quiet else "loud")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / recording.name).symlink_to(recording)
    model = root / "shelf.safetensors"
    status, stdout, stderr = train(root / "shelf", "-o", model, "--steps", 15)
    verdict.check(status == 0, f"{status} {stderr}")
    print(f"two folders of ten: {stdout.strip()}")
    pcm, rate = decode(recordings[0])
    messages = classify(pcm, rate, model=model)
    verdict.check(len(messages) > 20 and messages[-1].final, f"{len(messages)} messages")
    verdict.check(messages[-1].labels == ["loud", "quiet"], messages[-1].labels)
    verdict.check(abs(sum(messages[-1].probabilities) - 1) < 1e-6, "a distribution")


def main():
    need("wavparse", "flacparse", "flacdec", "decodebin", "audioconvert")
    with tempfile.TemporaryDirectory(prefix="genre-train-") as directory:
        root = pathlib.Path(directory)
        make_music(root / "music")
        features, model = test_learns(root)
        if not features.is_file():
            sys.exit("no feature set: nothing else can be tried")
        test_same_bytes(root, features, model)
        test_kill(root, features)
        test_full_disk(root, features)
        test_seeds(root, features)
        test_not_music(root, features)
        test_hostile(root, features)
        test_recordings(root)
    verdict.exit()


if __name__ == "__main__":
    main()
