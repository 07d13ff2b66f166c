#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What gst-genre-1.0 may write: never what it reads, never a file twice, never over a file of another kind.

Every refusal must leave all files as they are, byte for byte, and no new one.
"""

import hashlib
import json
import os
import pathlib
import tempfile

from made_music import KINDS, music, write_wav
from pipeline import Verdict, need
from tool import call


def state(root):
    """{path: what is there}"""
    found = {}
    for path in sorted(root.rglob("*")):
        if path.is_symlink():
            found[path] = os.readlink(path)
        elif path.is_file():
            found[path] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[path] = "directory or pipe"
    return found


def training_of(path):
    data = path.read_bytes()
    return json.loads(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["training"])


def make_files(root):
    """two folders named music: the labels of the second are turned round"""
    for kind, turned in zip(KINDS, KINDS[1:] + KINDS[:1]):
        for i in range(2):
            write_wav(root / "A" / "music" / kind / f"{i}.wav", music(kind, i, 6))
            write_wav(root / "B" / "music" / turned / f"{i}.wav", music(kind, 50 + i, 6))
    stage = {
        "steps": 30, "batch": {"music": {"windows": 12, "labels": 1}}, "learning_rate": 4e-3, "warmup": 3,
        "average": 0.9, "crop": 0.5,
    }  # fmt: skip
    recipe = {"base": "small", "stages": [stage], "validation": {"every": 10}}
    (root / "recipe.json").write_text(json.dumps(recipe))


def must(verdict, *arguments):
    status, out, err = call(*arguments)
    verdict.check(status == 0, f"{' '.join(map(str, arguments))}: {status} {out} {err}")
    return out, err


def test_two_folders_of_one_name(verdict, root):
    """what validates is another folder than what is learned from, and gets a set of its own"""
    model = root / "clash.safetensors"
    out, _ = must(verdict, "train", root / "A" / "music", "--validation", root / "B" / "music", "-o", model, "-r",
                  root / "recipe.json", "-t", 1)  # fmt: skip
    measured = training_of(model)["measured"][0]
    verdict.check(measured["tracks"] == 6, f"{measured}")
    verdict.check(measured["accuracy"] <= 1 / 6, f"labels that are turned round are named correctly: {measured}")
    sets = sorted(path.name for path in root.glob("clash-*.features.safetensors"))
    verdict.check(sets == ["clash-music-2.features.safetensors", "clash-music.features.safetensors"], f"{sets}")
    names = [hashlib.sha256((root / name).read_bytes()).hexdigest() for name in sets]
    verdict.check(len(set(names)) == 2, "both sets are the same")
    out, _ = must(verdict, "inspect", "--json", root / sets[0])
    verdict.check(json.loads(out)["clips"] == 6, out)

    # Both are learned from, each once.
    model = root / "both.safetensors"
    must(verdict, "train", root / "A" / "music", root / "B" / "music", "-o", model, "-r", root / "recipe.json", "-t", 1,
         "--steps", 1, "--validation", "none")  # fmt: skip
    card = (root / "both.md").read_text()
    verdict.check(all(f"| {kind} | 4 | 0 |" in card for kind in KINDS), card)


def prepare(verdict, root):
    must(verdict, "extract", root / "A" / "music", "-o", root / "a.safetensors")
    must(verdict, "extract", root / "B" / "music", "-o", root / "b.safetensors")
    for name in ("m", "m2"):
        must(verdict, "train", root / "a.safetensors", "-o", root / f"{name}.safetensors", "-r", root / "recipe.json",
             "-t", 1, "--steps", 1, "-q")  # fmt: skip
    (root / "link.safetensors").symlink_to("a.safetensors")
    (root / "hard.safetensors").hardlink_to(root / "a.safetensors")
    (root / "also A").symlink_to("A")
    (root / "folder").mkdir()
    os.mkfifo(root / "pipe")
    (root / "notes").write_text("my notes\n")
    for name in ("card.md", "curve.svg", "last.safetensors.checkpoint", "held.lock", "text-music.features.safetensors",
                 "run.seed-1.safetensors", "table.csv"):  # fmt: skip
        (root / name).write_text("my notes\n")
    (root / "drawing.svg").write_text('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"></svg>\n')


def refusals(root):
    """[(arguments, exit status, words on stderr)]"""
    path = lambda name: root / name
    a, b, m = path("a.safetensors"), path("b.safetensors"), path("m.safetensors")
    one, two, song = path("A") / "music", path("B") / "music", path("A") / "music" / "bells" / "0.wav"
    recipe, new = path("recipe.json"), path("new.safetensors")
    read, twice, kind = "read in this run", "used once", "found another file"
    cases = []

    def train(*arguments):
        return ["train", "-r", recipe, "--steps", 1, "-q", *arguments]

    for source, output in [
        (a, a), (a, root / "A" / ".." / "a.safetensors"), (a, path("link.safetensors")), (a, path("hard.safetensors")),
        (path("link.safetensors"), a), (path("hard.safetensors"), a), (one, song),
        (one, path("also A") / "music" / "bells" / "0.wav"),
    ]:  # fmt: skip
        cases.append((train(source, "-o", output), 2, [str(output), read]))
    cases += [
        (train(a, "-o", recipe), 2, ["recipe.json", read]),
        (train(a, "--initial", m, "-o", m), 2, ["m.safetensors", read]),
        (train(a, "--validation", b, "-o", b), 2, ["b.safetensors", read]),
        (train(one, "--validation", two, "-o", two / "drums" / "1.wav"), 2, ["1.wav", read]),
        # inputs that are the same
        (train(a, a, "-o", new), 2, ["given twice"]),
        (train(a, "--validation", a, "-o", new), 2, ["given twice"]),
        (train(a, "--validation", path("hard.safetensors"), "-o", new), 2, ["hard.safetensors", twice]),
        (train(a, path("link.safetensors"), "-o", new), 2, ["link.safetensors", twice]),
        (train(one, one, "-o", new), 2, ["given twice"]),
        (train(one, "--validation", path("also A") / "music", "-o", new), 2, ["also A", twice]),
        (train(one, "--validation", f"{one}/", "-o", new), 2, [twice]),
        (train(one, path("A"), "-o", new), 2, [".wav", "each file may be used once"]),
        # files of another kind
        (train(a, "-o", b), 1, ["expected a model", "found a feature set"]),
        (train(a, "-o", path("notes")), 1, ["notes", kind]),
        (train(a, "-o", two / "drums" / "1.wav"), 1, ["1.wav", kind]),
        (train(a, "-o", path("pipe")), 1, ["pipe", "found a device, pipe or socket"]),
        (train(a, "-o", path("card.safetensors")), 1, ["card.md", kind]),
        (train(a, "-o", path("curve.safetensors")), 1, ["curve.svg", kind]),
        (train(a, "-o", path("last.safetensors")), 1, ["last.safetensors.checkpoint", kind]),
        (train(a, "-o", path("held.safetensors")), 1, ["held.lock"]),
        (train(one, "-o", path("text.safetensors")), 1, ["text-music.features.safetensors", kind]),
        (train(a, "--seeds", 2, "-o", path("run.safetensors")), 1, ["run.seed-1.safetensors", kind]),
        (train(one, "-o", path("nowhere") / "x"), 1, ["nowhere", "No such file"]),
        (["extract", one, "-o", song], 2, ["0.wav", read]),
        (["extract", one, "-o", path("also A") / "music" / "bells" / "0.wav"], 2, [read]),
        (["extract", one, "-m", m, "-o", m], 2, ["m.safetensors", read]),
        (["extract", one, "-o", m], 1, ["expected a feature set", "found a model"]),
        (["extract", one, "-o", recipe], 1, ["recipe.json", kind]),
        (["extract", one, "-o", path("folder")], 1, ["found a directory"]),
        (["extract", one, "-o", path("pipe")], 1, ["found a device, pipe or socket"]),
        (["extract", one, "-o", path("nowhere") / "x"], 1, ["nowhere", "No such file"]),
    ]
    for option in ("--csv", "--tracks-csv", "--confusion-svg", "--seconds-svg"):
        cases += [
            (["evaluate", m, a, option, a], 2, ["a.safetensors", read]),
            (["evaluate", m, a, option, m], 2, ["m.safetensors", read]),
            (["evaluate", m, one, option, song], 2, ["0.wav", read]),
            (["evaluate", m, a, option, path("table.csv")], 1, ["table.csv", kind]),
            (["evaluate", m, a, option, path("drawing.svg")], 1, ["drawing.svg", kind]),
            (["evaluate", m, a, option, path("folder")], 1, ["found a directory"]),
            (["evaluate", m, one, option, path("nowhere") / "x"], 1, ["nowhere", "No such file"]),
        ]
    cases += [
        (["evaluate", m, a, "--csv", path("x.csv"), "--tracks-csv", path("folder") / ".." / "x.csv"], 2, ["twice"]),
        (["evaluate", m, a, "--calibrate", b, "-o", b], 2, ["b.safetensors", read]),
        (["evaluate", m, a, "--calibrate", b, "-o", path("m2.safetensors"), "--compare", path("m2.safetensors")], 2,
         ["m2.safetensors", read]),
        (["evaluate", m, "--calibrate", a, "-o", b], 1, ["expected a model", "found a feature set"]),
        (["evaluate", m, "--calibrate", a, "-o", path("x"), "--csv", path("x")], 2, ["twice"]),
        (["evaluate", a, "--calibrate", a], 1, ["a.safetensors"]),
    ]  # fmt: skip
    return cases


def test_refusals(verdict, root):
    before = state(root)
    for arguments, expected, words in refusals(root):
        name = " ".join(map(str, arguments)).replace(f"{root}/", "")
        status, out, err = call(*arguments)
        verdict.check(status == expected and out == "", f"{name}: {status} instead of {expected}: {out} {err}")
        for word in words:
            verdict.check(word in err, f"{name}: no '{word}' in: {err}")
        verdict.check(err.count("\n") == 1, f"{name}: one line was expected: {err}")
        after = state(root)
        changed = [str(path) for path in {*before, *after} if before.get(path) != after.get(path)]
        verdict.check(not changed, f"{name}: changed: {changed}")
        if changed:
            return


def test_replaced(verdict, root):
    """what may be replaced: what the same command made before, and what is empty"""
    a, m = root / "a.safetensors", root / "m.safetensors"
    for name in ("new.safetensors", "x.csv", "t.csv", "c.svg", "s.svg", "set"):
        (root / name).touch()
    for _ in range(2):
        must(verdict, "train", a, "-r", root / "recipe.json", "--steps", 1, "-o", root / "new.safetensors", "-q")
        must(verdict, "evaluate", m, a, "--csv", root / "x.csv", "--tracks-csv", root / "t.csv", "--confusion-svg",
             root / "c.svg", "--seconds-svg", root / "s.svg")  # fmt: skip
        must(verdict, "extract", root / "A" / "music", "-o", root / "set")
    must(verdict, "evaluate", m, a, "--csv", "/dev/null", "--tracks-csv", "/dev/null")
    verdict.check((root / "set").read_bytes() == a.read_bytes(), "another set")

    # A model is calibrated in place, also by its own name.
    for output in ([], ["-o", m]):
        status, out, err = call("evaluate", m, "--calibrate", root / "b.safetensors", *output)
        verdict.check(status == 0 or "temperature" in err, f"in place: {status} {err}")


def main():
    need("wavparse", "uridecodebin", "appsink")
    verdict = Verdict()
    with tempfile.TemporaryDirectory(prefix="genre-outputs-") as name:
        root = pathlib.Path(name)
        make_files(root)
        test_two_folders_of_one_name(verdict, root)
        prepare(verdict, root)
        test_refusals(verdict, root)
        test_replaced(verdict, root)
    verdict.exit()


if __name__ == "__main__":
    main()
