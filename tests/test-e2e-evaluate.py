#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0 evaluate on part of ../shared/data/gtzan-valid.safetensors and on the recordings of ../shared/audio,
against shared/reference/genre_model.py, its golden values, and figures worked out here.  Nothing of shared/ is written
to: models that are calibrated are copies.
"""

import csv
import functools
import importlib.util
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import numpy as np

from pipeline import Verdict, need, shared_directory, skip
from tool import call

EVERY = 6  # of the clips of the set: 33 of 197
KEYS = "model clips tracks accuracy accuracy_window macro_f1 top2 ece labels confusion wilson".split()
MODEL = "genre-crnn-reference.safetensors"


def evaluate(*arguments, **options):
    """-> exit status, stdout, stderr"""
    return call("evaluate", *arguments, **options)


def load_reference(shared):
    specification = importlib.util.spec_from_file_location("genre_model", shared / "reference" / "genre_model.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def write_set(path, meta, tensors):
    """{name: array} as a feature set"""
    types = {"uint8": "U8", "int32": "I32", "float32": "F32", "float16": "F16"}
    head, parts, at = {"__metadata__": meta}, [], 0
    for name, array in tensors.items():
        raw = np.ascontiguousarray(array).tobytes()
        head[name] = {"dtype": types[array.dtype.name], "shape": list(array.shape), "data_offsets": [at, at + len(raw)]}
        parts.append(raw)
        at += len(raw)
    text = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


def subset(meta, tensors, chosen, **changes):
    """-> metadata, tensors of some clips, without the teacher's view"""
    meta = {key: meta[key] for key in ("format", "version", "frontend", "labels")}
    names = ("features", "offset_db", "scale_db", "label", "recording")
    out = {name: tensors[name][chosen] for name in names if name in tensors}
    for key, value in changes.items():
        (meta if isinstance(value, str) else out)[key] = value
    return meta, out


def read_tracks(path, labels):
    """--tracks-csv -> true labels, predicted labels, probabilities"""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["track", "name", "label", "predicted", "windows", *labels], rows[0]
    body = rows[1:]
    return [r[2] for r in body], [r[3] for r in body], np.array([r[5:] for r in body], float)


def ece_of(p, truth):
    top, right = p.max(1), p.argmax(1) == truth
    bins = np.clip(np.ceil(top * 15) - 1, 0, 14)
    return sum(abs(right[bins == b].sum() - top[bins == b].sum()) for b in range(15)) / len(truth)


def ece_chance_of(p):
    """what ece_of() is on average if labels are drawn from p: hits of a bin are a sum of coins"""
    top = p.max(1)
    bins = np.clip(np.ceil(top * 15) - 1, 0, 14)
    error = 0
    for b in range(15):
        hits = functools.reduce(np.convolve, [[1 - c, c] for c in top[bins == b]], np.ones(1))
        error += hits @ abs(np.arange(len(hits)) - top[bins == b].sum())
    return error / len(p)


def wilson_of(hits, n, z=1.959963984540054):
    p = hits / n
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return [(p + z * z / (2 * n) - half) / (1 + z * z / n), (p + z * z / (2 * n) + half) / (1 + z * z / n)]


# Figures -----------------------------------------------------------------------------------------------------------


def check_report(verdict, model, part, meta, tensors, reference, shared, folder):
    """the JSON object, the tables and the pictures of one run"""
    files = [folder / name for name in ("matrix.csv", "tracks.csv", "matrix.svg", "seconds.svg")]
    status, out, err = evaluate(
        model, part, "--json", "--gain", "--csv", files[0], "--tracks-csv", files[1], "--confusion-svg", files[2],
        "--seconds-svg", files[3],
    )  # fmt: skip
    verdict.check(status == 0 and out.count("\n") == 1, f"evaluate: status {status}, {err}")
    report = json.loads(out)
    labels, n = report["labels"], len(tensors["label"])
    truth_names, predicted, p = read_tracks(files[1], labels)
    truth = np.array([labels.index(name) for name in truth_names])

    # The reference program on the very same file.
    program = shared / "reference" / "genre_model.py"
    said = subprocess.run(
        [sys.executable, "-B", program, model, "--features", part], capture_output=True, text=True, check=True
    ).stdout
    hits = int(said.split()[0])
    verdict.check(round(report["accuracy"] * n) == hits, f"accuracy {report['accuracy']}, the reference says {said}")
    own = reference.Model(str(model))
    some, answers = range(0, n, 8), []
    for i in some:
        db = tensors["offset_db"][i] + tensors["scale_db"][i] * (tensors["features"][i] / 255.0)
        windows, q = own.answers(db)
        verdict.close(p[i], own.aggregate(windows, q), 1e-5, f"probabilities of track {i}")
        answers.append(q)
    verdict.check(labels == own.labels, f"labels {labels}")

    # The figures by their definitions.
    confusion = np.array(report["confusion"])
    expected = np.zeros((len(labels), len(labels)), int)
    np.add.at(expected, (truth, p.argmax(1)), 1)
    verdict.check(list(report)[: len(KEYS)] == KEYS, f"keys {list(report)}")
    verdict.check((confusion == expected).all() and confusion.sum() == n, f"confusion {confusion}")
    verdict.check([labels[i] for i in p.argmax(1)] == predicted, "predicted names")
    verdict.check(report["clips"] == report["tracks"] == n, f"{report['clips']} clips, {report['tracks']} tracks")
    verdict.close(report["accuracy"], np.trace(confusion) / n, 1e-12, "accuracy")
    verdict.close(report["wilson"], wilson_of(np.trace(confusion), n), 1e-9, "interval")
    second = (np.argsort(-p, 1, kind="stable")[:, :2] == truth[:, None]).any(1)
    verdict.close(report["top2"], second.mean(), 1e-12, "top 2")
    verdict.close(report["ece"], ece_of(p, truth), 1e-5, "calibration error")
    verdict.close(report["ece_chance"], ece_chance_of(p), 1e-5, "calibration error by chance")
    verdict.check(0 < report["ece_window"] < 1, f"calibration error by window {report['ece_window']}")
    verdict.check(0 < report["accuracy_window"] < 1, f"by window {report['accuracy_window']}")

    # By window, on the tracks whose windows are known.
    few = folder / "few.safetensors"
    write_set(few, *subset(meta, tensors, list(some)))
    windows = json.loads(evaluate(model, few, "--json")[1])
    answers, of = np.concatenate(answers), np.repeat(truth[some], [len(q) for q in answers])
    verdict.close(windows["ece_window"], ece_of(answers, of), 1e-4, "calibration error by window")
    verdict.close(windows["accuracy_window"], (answers.argmax(1) == of).mean(), 1e-12, "accuracy by window")

    f1 = 2 * np.diag(confusion) / np.maximum(confusion.sum(0) + confusion.sum(1), 1)
    verdict.close(report["macro_f1"], f1[confusion.sum(1) > 0].mean(), 1e-12, "macro F1")
    coverage = report["coverage"]
    verdict.check([c["confidence"] for c in coverage[:3]] == [0, .3, .4] and len(coverage) == 8
                  and coverage[0]["tracks"] == report["tracks"] and coverage[0]["accuracy"] == report["accuracy"]
                  and all(a["tracks"] >= b["tracks"] for a, b in zip(coverage, coverage[1:])), f"{coverage}")
    recall = [confusion[i, i] / confusion[i].sum() for i in range(len(labels)) if confusion[i].sum() > 0]
    verdict.close(report["mean_recall"], np.mean(recall), 1e-12, "mean recall")
    verdict.check(report["windows"] == 27 * n, f"{report['windows']} windows")
    verdict.check([s["seconds"] for s in report["seconds"]] == [3.5, 5, 7, 10, 15, 20, 30], f"{report['seconds']}")
    verdict.close(report["seconds"][-1]["accuracy"], report["accuracy"], 1e-12, "accuracy after 30 s")
    verdict.check([g["gain_db"] for g in report["gain"]] == [-30, -20, -12, -6, 6], f"{report['gain']}")

    table = list(csv.reader(files[0].read_text().splitlines()))
    verdict.check(table[0] == ["true", *labels], f"{table[0]}")
    verdict.check((np.array([r[1:] for r in table[1:]], int) == confusion).all(), "the matrix as CSV")
    for path in files[2:]:
        verdict.check(xml.etree.ElementTree.parse(path).getroot().tag.endswith("svg"), f"{path.name}")
    return out


def check_gain(verdict, model, part, tensors, folder):
    """-6 dB is what a set with levels 6 dB lower gives"""
    meta, softer = subset(*part, slice(None), offset_db=(tensors["offset_db"] - 6).astype("f4"))
    write_set(folder / "softer.safetensors", meta, softer)
    status, out, _ = evaluate(model, folder / "softer.safetensors", "--json")
    _, louder, _ = evaluate(model, folder / "part.safetensors", "--json", "--gain")
    verdict.check(status == 0, "softer")
    verdict.check(json.loads(out)["accuracy"] == json.loads(louder)["gain"][3]["accuracy"], "6 dB less")


def check_jobs(verdict, model, part, expected):
    for jobs in (1, 3, 64):
        status, out, err = evaluate(model, part, "--json", "--gain", "--jobs", jobs)
        verdict.check(status == 0 and out == expected, f"{jobs} jobs: {status}, {err}")


def check_compare(verdict, model, part):
    status, out, _ = evaluate(model, part, "--json", "--compare", model)
    found = json.loads(out)["compare"]
    verdict.check(status == 0 and found["p"] == 1 and found["only_first"] == found["only_second"] == 0, f"{found}")
    status, out, _ = evaluate(model, part, "--compare", model, "--seconds", "--gain")
    verdict.check(status == 0 and "McNemar's test      p = 1:" in out and "-12 dB" in out, out)


# Calibration -------------------------------------------------------------------------------------------------------


def check_calibration(verdict, model, part, folder):
    """a model made far too sure finds its way back to the temperature that the original gets"""
    sure = folder / "sure.safetensors"
    raw = model.read_bytes()
    old, new = b'\\"temperature\\": 1.0', b'\\"temperature\\": 0.1'
    assert raw.count(old) == 1
    sure.write_bytes(raw.replace(old, new))
    found = []
    for source in (model, sure):
        target = folder / "calibrated.safetensors"
        before = source.read_bytes()
        status, out, err = evaluate(source, part, "--calibrate", part, "-o", target, "--json")
        report = json.loads(out)
        calibration = report["calibration"]
        verdict.check(status == 0 and source.read_bytes() == before, f"the source stays: {status} {err}")
        verdict.check(calibration["ece"] <= calibration["ece_before"], f"{calibration}")
        verdict.close(report["ece"], calibration["ece"], 1e-12, "what is evaluated is the calibrated model")
        verdict.check(calibration["changed"] == (calibration["ece"] < calibration["ece_before"]), f"{calibration}")
        _, plain, _ = evaluate(target, part, "--json")
        verdict.close(json.loads(plain)["ece"], calibration["ece"], 1e-12, "the file has it")
        verdict.check(json.loads(plain)["temperature"] == calibration["temperature"], "temperature in the file")
        found.append(calibration)
    verdict.check(found[1]["changed"] and found[1]["ece"] < found[1]["ece_before"], f"too sure: {found[1]}")
    if found[0]["changed"]:
        verdict.close(found[1]["temperature"], found[0]["temperature"], 2e-3, "temperatures")

    # In place; then a second time, which has nothing left to do.
    status, out, err = evaluate(sure, "--calibrate", part)
    verdict.check(status == 0 and "0.1 ->" in out, f"in place: {status} {out} {err}")
    status, out, _ = evaluate(sure, part, "--json", "--calibrate", part)
    again = json.loads(out)
    verdict.check(abs(np.log(again["temperature"] / found[1]["temperature"])) < 2e-3, f"again: {again['calibration']}")
    size, = struct.unpack("<Q", sure.read_bytes()[:8])
    training = json.loads(json.loads(sure.read_bytes()[8 : 8 + size])["__metadata__"]["training"])
    verdict.check(training["calibration"]["tracks"] == again["tracks"] and "data" in training, f"{training}")

    # Write-protected files stay, whoever asks.
    sure.chmod(0o444)
    before = sure.read_bytes()
    status, _, err = evaluate(sure, "--calibrate", part)
    verdict.check(status == 1 and "write-protected" in err and sure.read_bytes() == before, f"{status} {err}")


# Odd sets and wrong input ------------------------------------------------------------------------------------------


def check_left_out(verdict, model, part, folder):
    """labels by name, clips of one recording, clips that were filled up"""
    meta, tensors = subset(*part, slice(0, 10))
    names = json.loads(meta["labels"])
    turned = names[::-1]
    label = np.array([turned.index(names[i]) for i in tensors["label"]], "i4")
    label[0], label[1] = -1, len(names)
    meta["labels"] = json.dumps(turned + ["polka"])
    frames = np.full(10, tensors["features"].shape[1], "i4")
    frames[2], frames[3] = 1, 60
    recording = np.arange(10, dtype="i4")
    recording[5] = recording[4]
    recording[7] = recording[6]
    label[5], label[7] = label[4], (label[6] + 1) % len(names)
    write_set(folder / "odd.safetensors", meta, tensors | {"label": label, "frames": frames, "recording": recording})
    status, out, err = evaluate(model, folder / "odd.safetensors", "--json")
    report = json.loads(out)
    expected = {"unlabelled": 1, "unknown_label": 1, "contradictory": 1, "too_short": 1, "silent": 0, "not_music": 0}
    verdict.check(status == 0 and report["left_out"] == expected, f"{report['left_out']} {err}")
    verdict.check(report["tracks"] == 4 and report["clips"] == 5, f"{report['tracks']} tracks, {report['clips']} clips")
    verdict.check(report["windows"] == 2 + 4 * 27, f"{report['windows']} windows")


def check_errors(verdict, model, part, folder):
    meta, tensors = subset(*part, slice(0, 3))
    none = tensors | {"label": np.full(3, -1, "i4")}
    write_set(folder / "unlabelled.safetensors", meta, none)
    write_set(folder / "strangers.safetensors", meta | {"labels": json.dumps([f"x{i}" for i in range(10)])}, tensors)
    other = meta | {"frontend": meta["frontend"].replace("1708", "1707")}
    write_set(folder / "unfit.safetensors", other, tensors)
    write_set(folder / "short.safetensors", meta, tensors | {"frames": np.ones(3, "i4")})
    (folder / "cut.safetensors").write_bytes((folder / "part.safetensors").read_bytes()[:100000])
    (folder / "empty").mkdir()
    part_file, nowhere = folder / "part.safetensors", folder / "no" / "such"
    for arguments, status, words in [
        ([], 2, "expected a model"),
        ([model], 2, "expected a feature set"),
        ([model, part_file, part_file], 2, "found 3"),
        ([model, part_file, "--frob"], 2, "--frob"),
        ([model, part_file, "--jobs", "-1"], 2, "--jobs"),
        ([model, part_file, "-o", folder / "x"], 2, "--calibrate"),
        ([nowhere, part_file], 1, "no such file"),
        ([model, nowhere], 1, "no such file"),
        ([part_file, part_file], 1, 'expected "genre-model"'),
        ([model, model], 1, 'expected "genre-features"'),
        ([model, folder / "cut.safetensors"], 1, "cut.safetensors"),
        ([model, folder / "unlabelled.safetensors"], 1, "expected clips with labels, found none"),
        ([model, folder / "strangers.safetensors"], 1, 'the set has "x0"'),
        ([model, folder / "unfit.safetensors"], 1, '"hop_length" 1708'),
        ([model, folder / "short.safetensors"], 1, "frames or more"),
        ([model, folder / "empty"], 1, "no music"),
        ([model, part_file, "--compare", part_file], 1, 'expected "genre-model"'),
        ([model, part_file, "--csv", nowhere], 1, "such"),
        ([model, part_file, "--csv", "/dev/full"], 1, "/dev/full"),
        ([model, "--calibrate", folder / "unlabelled.safetensors", "-o", folder / "x"], 1, "clips with labels"),
        ([model, part_file, "--calibrate", part_file, "-o", nowhere], 1, "such"),
    ]:
        found, out, err = evaluate(*arguments)
        shown = " ".join(str(a) for a in arguments)
        verdict.check(found == status and words in err, f"{shown}: status {found}, {err!r}, expected {words!r}")
        verdict.check("CRITICAL" not in err and "Sanitizer" not in err, f"{shown}: {err}")
    verdict.check(not (folder / "x").exists(), "nothing is written by what failed")


def check_all_right(verdict, model, part, reference, folder):
    """tracks that are all named correctly say nothing about confidence"""
    own = reference.Model(str(model))
    _, tensors = part
    db = lambda i: tensors["offset_db"][i] + tensors["scale_db"][i] * (tensors["features"][i] / 255.0)
    right = [i for i in range(0, len(tensors["label"]), 3) if own.classify(db(i)).argmax() == tensors["label"][i]]
    write_set(folder / "right.safetensors", *subset(*part, right))
    status, _, err = evaluate(model, "--calibrate", folder / "right.safetensors", "-o", folder / "x")
    verdict.check(status == 1 and "named correctly" in err and not (folder / "x").exists(), f"{status} {err}")


def check_directory(verdict, model, shared, reference, folder):
    """recordings, one folder per genre, against the golden values"""
    need("uridecodebin", "flacparse", "flacdec", "appsink")
    meta, golden = reference.load(str(shared / "reference" / "golden.safetensors"))
    music = folder / "music"
    for path in sorted((shared / "audio").glob("*.flac")):
        (music / path.name.split(".")[0]).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, music / path.name.split(".")[0])
    status, out, err = evaluate(model, music, "--json", "--tracks-csv", folder / "music.csv")
    report = json.loads(out)
    _, _, p = read_tracks(folder / "music.csv", report["labels"])
    verdict.check(status == 0 and report["tracks"] == 20, f"{status} {err}")
    hits = (golden["final_probabilities"].argmax(1) == golden["label"]).sum()
    verdict.check(round(20 * report["accuracy"]) == hits, f"{report['accuracy']}, expected {hits} of 20")
    verdict.close(p, golden["final_probabilities"], 0.01, "the recordings' probabilities")
    (music / "rock" / "broken.flac").write_bytes(b"fLaC" + bytes(1000))
    status, out, err = evaluate(model, music, "--json")
    verdict.check(status == 1 and json.loads(out)["tracks"] == 20 and "broken.flac" in err, f"{status} {err}")


def main():
    verdict = Verdict()
    shared = shared_directory()
    data = shared / "data" / "gtzan-valid.safetensors"
    if not data.is_file():
        skip(f"no {data}")
    sys.dont_write_bytecode = True
    reference = load_reference(shared)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        model = folder / MODEL
        model.write_bytes((shared / "reference" / MODEL).read_bytes())
        meta, tensors = reference.load(str(data))
        part = subset(meta, tensors, slice(None, None, EVERY))
        path = folder / "part.safetensors"
        write_set(path, *part)
        out = check_report(verdict, model, path, *part, reference, shared, folder)
        _, plain, _ = evaluate(model, path, "--json", "--gain")
        verdict.check(plain == out, "the same again")
        check_jobs(verdict, model, path, plain)
        check_gain(verdict, model, part, part[1], folder)
        check_compare(verdict, model, path)
        check_calibration(verdict, model, path, folder)
        check_left_out(verdict, model, part, folder)
        check_errors(verdict, model, part, folder)
        check_all_right(verdict, model, part, reference, folder)
        check_directory(verdict, model, shared, reference, folder)
    verdict.exit()


if __name__ == "__main__":
    main()
