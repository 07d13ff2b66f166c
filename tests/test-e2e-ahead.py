#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What gst-genre-1.0 can know to be wrong before it decodes is said before: nothing is decoded, which the cache shows.

And how --steps shares its steps out among stages of different units.
"""

import json
import pathlib
import tempfile

from made_music import KINDS, music, write_wav
from pipeline import CACHE, Verdict, need
from tool import call, start

def decoded():
    """how many recordings have been decoded so far"""
    return len(list(pathlib.Path(CACHE.name, "genreclassify").glob("*.recording")))


def stage(**length):
    return {"batch": {"music": {"windows": 6, "labels": 1}}, "learning_rate": 4e-3, **length}


def write_recipe(path, *stages):
    path.write_text(json.dumps({"base": "small", "stages": stages, "validation": {"every": 100}}))


def make_files(root):
    for kind in KINDS:
        for i in range(3):
            write_wav(root / "music" / kind / f"{i}.wav", music(kind, i, 5))
            write_wav(root / "other" / kind / f"{i}.wav", music(kind, 20 + i, 5))
        write_wav(root / "flat" / f"{kind}.wav", music(kind, 40, 5))
        write_wav(root / "single" / kind / "0.wav", music(kind, 41, 5))
        write_wav(root / "strange" / f"no {kind}" / "0.wav", music(kind, 42, 5))
    write_wav(root / "alone" / "bells" / "0.wav", music("bells", 43, 5))
    write_wav(root / "alone" / "bells" / "1.wav", music("bells", 44, 5))
    write_recipe(root / "recipe.json", stage(steps=2))
    write_recipe(root / "second.json", stage(steps=3))


def make_models(verdict, root):
    """a set and a model of "music", whose nine recordings are then decoded, and checkpoints of other trainings"""
    recipe = root / "recipe.json"
    for arguments in [
        ["extract", root / "music", "-o", root / "set"],
        ["train", root / "set", "-o", root / "model", "-r", recipe, "-t", 1, "-q"],
    ]:
        status, _, err = call(*arguments)
        verdict.check(status == 0, err)
    (root / "cut").write_bytes((root / "set").read_bytes()[:-5])
    (root / "protected").write_bytes((root / "model").read_bytes())
    (root / "protected").chmod(0o444)

    # A training that is killed as soon as it has a checkpoint.
    long = ["train", root / "set", "-r", recipe, "-t", 1, "--steps", 100000, "--checkpoint", 0, "-q"]
    process = start(*long, "-o", root / "left", stdout=None)
    while not (root / "left.checkpoint").exists() and process.poll() is None:
        pass
    process.kill()
    process.communicate()
    whole = root / "left.checkpoint"
    whole = whole if whole.exists() else root / "left.checkpoint.previous"
    (root / "torn.checkpoint").write_bytes(whole.read_bytes()[:-100])
    verdict.check(decoded() == 9, f"{decoded()} recordings of the set")
    return long


def cases(root, long):
    """[(arguments, exit status, words on stderr)]; none of them may decode a recording of "other" and so on"""
    other, music_folder, model, new = root / "other", root / "music", root / "model", root / "new"
    train = ["train", "-r", root / "recipe.json", "-o", new]
    return [
        ([*train, other, "--validation", root / "nosuch"], 1, ["nosuch", "no such file or directory"]),
        ([*train, other, root / "nosuch"], 1, ["nosuch", "no such file or directory"]),
        ([*train, other, "--validation", root / "flat"], 1, ["flat", "one folder per genre", "found 3 files"]),
        ([*train, other, "--validation", root / "strange"], 1, ["strange", "labels of the model"]),
        ([*train, root / "flat"], 1, ["flat", "one folder per genre", "found 3 files"]),
        ([*train, root / "alone"], 1, ["two labels", "only bells"]),
        ([*train, root / "single"], 1, ['"bells"', "two recordings", "--validation none"]),
        ([*train, other, root / "cut"], 1, ["cut"]),
        ([*train, other, root / "recipe.json"], 1, ["recipe.json"]),
        ([*train, other, "--initial", root / "nosuch"], 1, ["nosuch", "no such file"]),
        ([*train, other, "--threads", 1025], 2, ["--threads", "1024", "1025"]),
        ([*train, other, "--threads", 1000000000], 2, ["--threads", "1024"]),
        (["train", "-r", root / "recipe.json", other, "-o", root / "nowhere" / "x"], 1, ["nowhere", "No such file"]),
        (["train", "-r", "genre-crnn", other, "-o", new], 1, ['"pool"', "pool-*"]),
        (["train", "-r", "deck-cnn-gru-teacher", other, "-o", root / "pool-x"], 1, ["teacher"]),
        # checkpoints in the way: of other files, of another recipe or seed, broken
        ([*long, other, "-o", root / "left"], 1, ["left.checkpoint", "on other files", "--restart"]),
        (["train", "-r", root / "second.json", other, "-o", root / "left"], 1, ["another recipe", "--restart"]),
        (["train", "-r", root / "second.json", other, "-o", root / "left", "--resume"], 1, ["another recipe"]),
        ([*long, "--seed", 5, "-o", root / "left"], 1, ["another seed", "--restart"]),
        ([*train[:3], "-o", root / "torn", other], 1, ["torn.checkpoint", "--restart"]),
        (["extract", other, "-o", root / "nowhere" / "x"], 1, ["nowhere", "No such file"]),
        (["extract", other, "-o", new, "-j", 1025], 2, ["--jobs", "1024"]),
        (["extract", other, "-o", new, "-m", root / "nosuch"], 1, ["nosuch"]),
        (["evaluate", model, root / "flat"], 1, ["flat", "one folder per genre"]),
        (["evaluate", model, root / "strange"], 1, ["strange", '"bells"', '"no bells"']),
        (["evaluate", model, other, "--compare", root / "nosuch"], 1, ["nosuch"]),
        (["evaluate", model, other, "--calibrate", root / "nosuch", "-o", new], 1, ["nosuch"]),
        (["evaluate", model, root / "nosuch", "--calibrate", other, "-o", new], 1, ["nosuch"]),
        (["evaluate", model, other, "--csv", root / "nowhere" / "x"], 1, ["nowhere", "No such file"]),
        (["evaluate", model, "--calibrate", other, "-o", root / "nowhere" / "x"], 1, ["nowhere", "No such file"]),
        (["evaluate", root / "protected", "--calibrate", other], 1, ["protected", "write-protected"]),
        (["evaluate", model, "--calibrate", other, "-o", root / "protected"], 1, ["write-protected"]),
        (["evaluate", model, other, "--jobs", 1000000], 2, ["--jobs", "1024"]),
    ]


def test_ahead(verdict, root, long):
    for arguments, expected, words in cases(root, long):
        name = " ".join(map(str, arguments)).replace(f"{root}/", "")
        status, out, err = call(*arguments)
        verdict.check(status == expected and out == "", f"{name}: {status} instead of {expected}: {out} {err}")
        for word in words:
            verdict.check(word in err, f"{name}: no '{word}' in: {err}")
        verdict.check(decoded() == 9, f"{name}: {decoded() - 9} recordings were decoded")
        verdict.check(err.count("\n") == 1, f"{name}: one line was expected: {err}")
        verdict.check(not (root / "new").exists() and not list(root.glob("new*.features.safetensors")), f"{name}: new")
        for path in root.glob("*.lock"):
            verdict.check(path.name == "left.lock", f"{name}: {path.name} is left")  # of the one that was killed


def test_steps(verdict, root):
    """stages of 40 steps, of 4 epochs of 9 clips by 6 windows (6 steps) and of 84 windows (14 steps) share 30"""
    recipe = root / "stages.json"
    write_recipe(recipe, stage(steps=40), stage(epochs=4), stage(windows=84))
    for steps, wanted in [(30, [20, 3, 7]), (60, [40, 6, 14]), (6, [4, 1, 1])]:
        status, _, err = call("train", root / "set", "-r", recipe, "-t", 1, "--steps", steps, "--validation", "none",
                              "-o", root / "staged", "-q")  # fmt: skip
        data = (root / "staged").read_bytes()
        meta = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
        found = [entry["steps"] for entry in json.loads(meta["training"])["recipe"]["stages"]]
        verdict.check(status == 0 and found == wanted, f"--steps {steps}: {found} instead of {wanted}: {err}")


def test_directory_twice(verdict, root):
    """--calibrate DIR decodes it once, says its name, and does not forget that a file failed"""
    (root / "other" / "bells" / "broken.wav").write_bytes(bytes(5000))
    for arguments in (["--calibrate", root / "other"], [root / "other", "--calibrate", f"{root}/./other"]):
        status, out, err = call("evaluate", root / "model", *arguments, "-o", root / "calibrated")
        verdict.check(status == 1 and err.count(" clips of ") == 1, f"decoded more than once: {status} {err}")
        verdict.check(f"{root}/" in err and "gst-genre-" not in err.replace("gst-genre-1.0", ""), f"its name: {err}")
        verdict.check(err.count("broken.wav: ") == 1 and "1 of 10 files could not be used" in err, f"{err}")
        verdict.check("temperature" in out + err, f"{out} {err}")


def main():
    need("wavparse", "uridecodebin", "appsink")
    verdict = Verdict()
    with tempfile.TemporaryDirectory(prefix="genre-ahead-") as name:
        root = pathlib.Path(name)
        make_files(root)
        long = make_models(verdict, root)
        test_ahead(verdict, root, long)
        test_steps(verdict, root)
        test_directory_twice(verdict, root)
    verdict.exit()


if __name__ == "__main__":
    main()
