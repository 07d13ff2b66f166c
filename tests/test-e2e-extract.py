#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0 extract and inspect on folders of recordings made here.

What is in a set is worked out again by numpy_genre.py from the samples that were written; levels may differ by .02 dB
and half a step of the 256.
"""

import json
import os
import pathlib
import re
import signal
import tempfile
import time

import numpy as np

from made_music import write_wav
from numpy_genre import Spectrogram, read_safetensors
from pipeline import Gst, Verdict, need, quoted, write_sparse_wav
from tool import call, on_terminal, start

FRAMES, BANDS, LEAST = 387, 64, 45  # of a clip, of the default model
NEAR_DB = 0.02
RECIPE = {
    "sample_rate": 22050, "n_fft": 2048, "hop_length": 1708, "n_mels": 128, "band_pool": 2, "fmin": 0, "fmax": 11025,
}  # fmt: skip


# Recordings --------------------------------------------------------------------------------------------------------


def sound(seed, seconds, rate, channels):
    """[samples][channels] int16: noise whose level and colour change, with silence in the middle of it"""
    noise = np.random.default_rng(seed)
    count = int(seconds * rate)
    pcm = noise.standard_normal((count, channels))
    pcm[1:] += 0.9 * pcm[:-1]
    swell = 0.05 + 0.04 * np.sin(2 * np.pi * (0.3 + 0.1 * seed) * np.arange(count) / rate)
    pcm *= swell[:, np.newaxis]
    pcm[count // 2 : count // 2 + rate] = 0
    return np.clip(pcm * 32767, -32768, 32767).astype("<i2")


def convert(source, target, encoder, tags=""):
    """a recording as another kind of file, tagged"""
    target.parent.mkdir(parents=True, exist_ok=True)
    inject = f"taginject tags={quoted(tags)} ! " if tags else ""
    pipeline = Gst.parse_launch(
        f"filesrc location={quoted(str(source))} ! wavparse ! audioconvert ! {inject}{encoder} "
        f"! filesink location={quoted(str(target))}"
    )
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    assert message is not None and message.type == Gst.MessageType.EOS, target


def make_tree(root):
    """-> {name: (pcm, rate, label, artist)} of the good ones, [name] of the bad ones"""
    music = root / "music"
    good = {}

    def add(name, label, seed, seconds, rate, channels, encoder=None, artist=None):
        pcm = sound(seed, seconds, rate, channels)
        good[name] = (pcm, rate, label, artist)
        if encoder is None:
            write_wav(music / name, pcm, rate)
            return
        write_wav(root / "source.wav", pcm, rate)
        convert(root / "source.wav", music / name, encoder, f'artist="{artist}"' if artist else "")

    add("blues/long.wav", "blues", 1, 72, 44100, 2)
    add("blues/nested/deeper/rest.flac", "blues", 2, 31, 22050, 1, "flacenc")
    add("blues/tagged one.flac", "blues", 3, 6, 44100, 2, "flacenc", "Miles")
    add("metal/filled.wav", "metal", 4, 35, 48000, 1)
    add("metal/tagged two.flac", "metal", 5, 7, 32000, 2, "flacenc", "miles")
    add("metal/tagged three.flac", "metal", 6, 5, 22050, 1, "flacenc", "Various Artists")
    add("метал ♫/naïve – песня.wav", "метал ♫", 7, 4, 8000, 1)
    (music / "metal" / "no extension").write_bytes((music / "metal" / "tagged two.flac").read_bytes())
    good["metal/no extension"] = good["metal/tagged two.flac"]

    (music / "blues" / "cover.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"x" * 100)
    (music / "blues" / "notes.txt").write_text("notes")
    (music / "blues" / "README").write_text("a text without an extension\n" * 20)
    (music / "only pictures").mkdir()
    (music / "only pictures" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 100)
    write_wav(music / "metal" / ".hidden.wav", sound(8, 5, 22050, 1), 22050)
    (music / "metal" / "circle").symlink_to(music)
    os.mkfifo(music / "metal" / "pipe.wav")
    return music, good


def add_bad(music):
    (music / "blues" / "broken.mp3").write_bytes(bytes(range(256)) * 40)
    (music / "blues" / "empty.wav").write_bytes(b"")
    (music / "metal" / "text.ogg").write_text("this is no music\n" * 50)
    whole = (music / "metal" / "filled.wav").read_bytes()
    (music / "metal" / "header only.wav").write_bytes(whole[:44])
    write_wav(music / "blues" / "too short.wav", sound(9, 1, 22050, 1), 22050)
    return ["blues/broken.mp3", "blues/empty.wav", "metal/text.ogg", "metal/header only.wav", "blues/too short.wav"]


# What a set must hold ----------------------------------------------------------------------------------------------


def levels(pcm, rate):
    """[frames][bands] dB of all complete frames"""
    spectrogram = Spectrogram(RECIPE, rate)
    mono = pcm.astype(np.float64).mean(axis=1) / 32768
    power = spectrogram.power(mono, spectrogram.complete(len(mono)))
    return 10 * np.log10(np.maximum(power, 1e-10))


def expected_clips(good, memory={}):
    """-> [(name, label, artist, db, true length)] in the order of the set"""
    clips = []
    for name in sorted(good, key=lambda text: text.encode()):
        pcm, rate, label, artist = good[name]
        if name not in memory:
            memory[name] = levels(pcm, rate)
        db = memory[name]
        for first in range(0, len(db), FRAMES):
            piece = db[first : first + FRAMES]
            if len(piece) >= LEAST:
                clips.append((name, label, artist, piece, len(piece)))
    return clips


def check_set(verdict, path, good, labels, what, near_db=NEAR_DB):
    metadata, tensors = read_safetensors(path)
    clips = expected_clips(good)
    names = json.loads(metadata["names"])
    verdict.check(metadata["format"] == "genre-features" and metadata["version"] == "1", f"{what}: format")
    verdict.check(json.loads(metadata["labels"]) == labels, f"{what}: labels {metadata['labels']}")
    recipe = json.loads(metadata["frontend"])
    for key, value in RECIPE.items():
        verdict.check(recipe[key] == value, f"{what}: {key} is {recipe[key]}")
    if not verdict.check(names == [clip[0] for clip in clips], f"{what}: names {names}"):
        return
    verdict.check(tensors["features"].shape == (len(clips), FRAMES, BANDS), f"{what}: {tensors['features'].shape}")
    wanted = [labels.index(clip[1]) if labels else -1 for clip in clips]
    verdict.check(tensors["label"].tolist() == wanted, f"{what}: label {tensors['label']}")
    verdict.check(tensors["frames"].tolist() == [clip[4] for clip in clips], f"{what}: frames {tensors['frames']}")
    order = list(dict.fromkeys(names))
    verdict.check(
        tensors["recording"].tolist() == [order.index(name) for name in names],
        f"{what}: recording {tensors['recording']}",
    )
    artists = dict(zip(names, tensors["artist"].tolist()))
    same = [name for name, (_, _, _, artist) in good.items() if artist and artist.lower() == "miles"]
    verdict.check(len({artists[name] for name in same}) == 1, f"{what}: artists {artists}")
    known = {number for number in artists.values() if number >= 0}
    verdict.check(known == {0} and json.loads(metadata["artists"].lower()) == ["miles"], f"{what}: artists {artists}")
    verdict.check(sum(number == 0 for number in artists.values()) == len(same), f"{what}: artists {artists}")
    for i, (name, _, _, piece, length) in enumerate(clips):
        check_clip(verdict, tensors, i, piece, length, f"{what}: {name}", near_db)


def check_clip(verdict, tensors, i, piece, length, what, near_db):
    floor = max(piece.min(), piece.max() - 80)
    if "scale_db" in tensors:
        offset, scale = tensors["offset_db"][i], tensors["scale_db"][i]
        db = offset + scale * tensors["features"][i] / 255
        verdict.close(offset, floor, near_db, f"{what}: offset_db")
        verdict.close(offset + scale, piece.max(), near_db, f"{what}: loudest")
        piece, near_db = np.maximum(piece, floor), near_db + scale / 510
    else:
        db, near_db = tensors["features"][i], near_db + 100 / 2048
    verdict.close(db[:length], piece, near_db, f"{what}: levels")
    if length < FRAMES:
        verdict.close(db[length:], np.full((FRAMES - length, BANDS), floor), near_db, f"{what}: filling")


# Tests -------------------------------------------------------------------------------------------------------------


def leftovers(directory, *known):
    return sorted(path.name for path in directory.iterdir() if path not in known)


def test_tree(verdict, root, music, good):
    labels = ["blues", "metal", "метал ♫"]
    out = root / "out"
    out.mkdir()
    one, four, flat, half = (out / f"{name}.safetensors" for name in ("one", "four", "flat", "half"))
    status, _, errors = call("extract", music, "-o", one, "--jobs", 1)
    verdict.check(status == 0, f"tree: exit {status}: {errors}")
    check_set(verdict, one, good, labels, "tree")
    for _ in range(3):
        verdict.check(call("extract", "--jobs=4", "-o", four, music)[0] == 0, "jobs 4")
        verdict.check(one.read_bytes() == four.read_bytes(), "another set with --jobs 4")

    verdict.check(call("extract", music, "--unlabelled", "-o", flat)[0] == 0, "unlabelled")
    check_set(verdict, flat, good, [], "unlabelled")
    verdict.check(call("extract", music, "--type", "f16", "-o", half)[0] == 0, "f16")
    check_set(verdict, half, good, labels, "f16")
    verdict.check(leftovers(out, one, four, flat, half) == [], f"left behind: {leftovers(out)}")
    sources = [read_safetensors(path)[0]["source_sha256"] for path in (one, half, flat)]
    verdict.check(
        len(sources[0]) == 64 and sources[0] == sources[1] != sources[2],
        f"the same source for either type, another without labels: {sources}",
    )

    status, text, errors = call("inspect", one)
    verdict.check(status == 0 and "метал ♫" in text and errors == "", f"inspect: {text} {errors}")
    verdict.check("of 1 known artist;" in text, f"inspect: {text}")
    status, text, errors = call("inspect", "--json", one, half)
    objects = [json.loads(line) for line in text.splitlines()]
    verdict.check(status == 0 and len(objects) == 2, f"inspect --json: {text} {errors}")
    for found in objects:
        clips = expected_clips(good)
        verdict.check(found["clips"] == len(clips) and found["labels"] == labels, f"inspect: {found}")
        verdict.check(found["tracks"] == len(good) and found["groups"] == len(good) - 2, f"inspect: {found}")
        verdict.check(found["artists"] == 1, f"inspect: {found['artists']} artists")
        wanted = [sum(clip[1] == label for clip in clips) for label in labels]
        verdict.check(found["clips_of_labels"] == wanted, f"inspect: {found['clips_of_labels']}")


def test_flat(verdict, root, music, good):
    folder, path = music / "metal", root / "folder.safetensors"
    status, _, errors = call("extract", f"{folder}/", "-o", path)
    inside = {
        name.split("/", 1)[1]: (pcm, rate, None, artist)
        for name, (pcm, rate, _, artist) in good.items()
        if name.startswith("metal/")
    }
    verdict.check(status == 0, f"flat: exit {status}: {errors}")
    (folder / "circle").unlink()
    status, _, errors = call("extract", folder, "-o", path)
    verdict.check(status == 0, f"flat: exit {status}: {errors}")
    check_set(verdict, path, inside, [], "flat")


def test_bad(verdict, root, music, good):
    path = root / "bad.safetensors"
    bad = add_bad(music)
    status, _, errors = call("extract", music, "-o", path)
    print(errors)
    verdict.check(status == 1, f"bad files: exit {status}")
    check_set(verdict, path, good, ["blues", "metal", "метал ♫"], "beside bad files")
    lines = errors.splitlines()
    for name in bad:
        found = [line for line in lines if line.startswith(f"{name}: ")]
        verdict.check(len(found) == 1 and len(found[0]) > len(name) + 8, f"{name}: {found}")
    verdict.check(f"{len(bad)} of {len(bad) + len(good)} files" in lines[-1], f"last line: {lines[-1]}")
    verdict.check(call("extract", music, "-o", path, "--quiet")[2].count("\n") == len(bad) + 1, "--quiet")


def test_failures(verdict, root, old):
    empty, path = root / "empty", root / "none.safetensors"
    empty.mkdir()
    for arguments, status, words in [
        ([], 2, "Usage"), (["--nonsense"], 2, "--nonsense"), (["nonsense"], 2, "nonsense"),
        (["extract"], 2, "a directory"), (["extract", empty], 2, "-o SET"), (["extract", "--bogus"], 2, "--bogus"),
        (["extract", empty, empty, "-o", path], 2, "found 2"), (["extract", empty, "-o", path, "-j", "-1"], 2, "jobs"),
        (["extract", empty, "-o", path, "-j", "x"], 2, "x"), (["extract", empty, "-o", path, "--type", "u9"], 2, "u9"),
        (["extract", empty, "-o", path], 1, "no music"), (["extract", root / "nowhere", "-o", path], 1, "nowhere"),
        (["extract", empty, "-o", path, "--model", root / "no model"], 1, "no model: no such file"),
        (["inspect"], 2, "a model or a feature set"), (["inspect", root / "nothing"], 1, "nothing: no such file"),
        (["inspect", root], 1, "a directory"),
    ]:  # fmt: skip
        found, text, errors = call(*arguments)
        verdict.check(found == status and words in errors and text == "", f"{arguments}: exit {found}, {errors}")
    for arguments in (["--help"], ["--version"], ["extract", "--help"], ["inspect", "-h"]):
        found, text, errors = call(*arguments)
        verdict.check(found == 0 and "gst-genre-1.0" in text and errors == "", f"{arguments}: exit {found}, {errors}")

    write_wav(empty / "short.wav", sound(1, 1, 8000, 1), 8000)
    path.write_bytes(old)
    found, _, errors = call("extract", empty, "-o", path)
    verdict.check(found == 1 and "not written" in errors and path.read_bytes() == old, f"only bad files: {errors}")
    found, _, errors = call("extract", empty, "-o", root / "no folder" / "x")
    verdict.check(found == 1 and "no folder" in errors and "No such file" in errors, f"no folder for it: {errors}")


def test_folders(verdict, root):
    """folders that are alike, empty, or named by other bytes than UTF-8: each its own label, and each is named"""
    folders, path = root / "folders", root / "folders.safetensors"
    names = [b"Rock", b"rock", "Caf\u00e9".encode(), "Cafe\u0301".encode(), b"caf\xe8", b"caf\xe9", b"jazz"]
    for i, name in enumerate(names):
        folder = os.path.join(os.fsencode(folders), name)
        os.makedirs(folder)
        if name != b"jazz":
            write_wav(pathlib.Path(os.fsdecode(folder)) / "0.wav", sound(20 + i, 4, 8000, 1), 8000)
    status, _, errors = call("extract", folders, "-o", path)
    metadata, tensors = read_safetensors(path)
    labels = json.loads(metadata["labels"])
    wanted = sorted(["Rock", "rock", "Caf\u00e9", "Cafe\u0301", "caf\\xE8", "caf\\xE9"], key=lambda text: text.encode())
    verdict.check(status == 0 and labels == wanted, f"folders: {status} {labels} {errors}")
    verdict.check(sorted(tensors["label"].tolist()) == list(range(6)), f"folders: {tensors['label']}")
    for words in [
        '"jazz": there is no music', '"Rock" and "rock" have almost the same name',
        '"Cafe\u0301" and "Caf\u00e9" have the same name in two Unicode forms', '"caf\\xE8": its name is not UTF-8',
        '"caf\\xE9": its name is not UTF-8',
    ]:  # fmt: skip
        verdict.check(errors.count(words) == 1, f"folders: {words} in {errors}")
    status, _, errors = call("extract", folders, "-o", path, "-q")
    verdict.check(status == 0 and errors == "", f"folders, quietly: {errors}")


def test_inspect_model(verdict):
    status, text, errors = call("inspect", "--json", "--default")
    model = json.loads(text)
    verdict.check(status == 0 and errors == "", f"inspect --default: {errors}")
    verdict.check(len(model["labels"]) == 10 and model["window_frames"] == 129, "model")
    verdict.check(model["layers"][-1]["output"] == [10], f"{model['layers'][-1]}")
    layers = model["layers"] + sum(model["heads"].values(), [])
    verdict.check(sum(layer["parameters"] for layer in layers) == model["parameters"] > 200000, "parameters")
    verdict.check(5e6 < model["multiply_adds_per_second"] <= 10e6 < model["multiply_adds"], f"{model}")
    status, text, _ = call("inspect", "--default")
    verdict.check(status == 0 and "conv1" in text and "training" in text, text)


def make_many(root):
    """a folder that takes long"""
    many = root / "many"
    many.mkdir()
    for i in range(600):
        write_sparse_wav(many / f"{i}.wav", 60, i, 44100, 2)
    return many


def test_progress(verdict, root, many):
    """On a terminal, one line that is rewritten and wiped at the end; messages stand whole."""
    _, shown = on_terminal(100, "extract", many, "-o", root / "x", interrupt_after=20)
    lines = shown.decode().split("\r\033[K")
    verdict.check(len(lines) > 10 and "\n" not in "".join(lines[:-1]), f"progress: {lines}")
    last = re.fullmatch(r"extract  (\d+) of 600 \((\d+) %\), (\d+:)?\d+:\d\d left", lines[-2])
    verdict.check(last and int(last[2]) == int(last[1]) // 6, f"progress: {lines[-2:]}")
    verdict.check(lines[-1].count("\n") == 1 and "interrupted" in lines[-1], f"progress: {lines[-1]}")
    verdict.check(max(map(len, lines)) < 120, "progress: a line that is too long")


def test_interrupted(verdict, root, many, old):
    """Ctrl-C and kill -9 leave what was there."""
    path = root / "interrupted.safetensors"
    path.write_bytes(old)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        process = start("extract", many, "-o", path, stdout=None)
        time.sleep(1)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
        verdict.check(path.read_bytes() == old, f"{number.name}: the old set is gone")
        left = [name for name in leftovers(root) if name.startswith("interrupted.") and name != path.name]
        if number == signal.SIGKILL:
            verdict.check(process.returncode == -number, f"{number.name}: exit {process.returncode}")
        else:
            verdict.check(process.returncode == -number, f"{number.name}: exit {process.returncode}")
            verdict.check("interrupted: " in errors and errors.count("\n") == 1, f"{number.name}: {errors}")
            verdict.check(left == [], f"{number.name}: left behind {left}")


def main():
    need("flacenc", "flacdec", "wavparse", "taginject", "uridecodebin", "appsink")
    verdict = Verdict()
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        music, good = make_tree(root)
        test_tree(verdict, root, music, good)
        test_flat(verdict, root, music, good)
        test_bad(verdict, root, music, good)
        old = (root / "out" / "one.safetensors").read_bytes()
        test_failures(verdict, root, old)
        test_folders(verdict, root)
        test_inspect_model(verdict)
        many = make_many(root)
        test_progress(verdict, root, many)
        test_interrupted(verdict, root, many, old)
    verdict.exit()


if __name__ == "__main__":
    main()
