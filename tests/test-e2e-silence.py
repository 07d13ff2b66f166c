#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0 evaluate counts the windows that the element answers, and no silent ones: both on the same sounds.
Whose channels cancel each other is named.
"""

import csv
import json
import os
import pathlib
import tempfile

import numpy as np

from made_music import write_wav
from pipeline import Verdict, classify, need
from random_model import plain_model, safetensors
from tool import call

RATE, SECONDS = 22050, 28
verdict = Verdict()


def printed(*arguments):
    """-> stdout of what must succeed"""
    status, out, err = call(*arguments)
    verdict.check(status == 0, f"{arguments}: exit {status}, {err}")
    return out


def write_channels(path, *channels):
    write_wav(path, (np.stack(channels, axis=1) * 32767).round().astype("<i2"), RATE)


def test_cancelled(root):
    """R = -L is silence to all commands, decoded or kept from before; stereo, quiet stereo and silence are not named"""
    random = np.random.default_rng(4)
    left, right = noise(random, -20), noise(random, -20)
    for label, sounds_of in {"blues": (left, right), "rock": (right, left)}.items():
        write_channels(root / "stereo" / label / "opposite.wav", sounds_of[0], -sounds_of[0])
        write_channels(root / "stereo" / label / "two.wav", *sounds_of)
        write_channels(root / "stereo" / label / "faint.wav", *[0.005 * sound for sound in sounds_of])
        write_channels(root / "stereo" / label / "silent.wav", 0 * left, 0 * left)
    for command in (
        ["extract", root / "stereo", "-o", root / "stereo.safetensors"],
        ["extract", root / "stereo", "-o", root / "again.safetensors"],
        ["evaluate", root / "plain.safetensors", root / "stereo"],
        ["train", root / "stereo", "--steps", "2", "-o", root / "stereo-model.safetensors"],
    ):
        status, _, err = call(*command)
        named = [line.split(": ")[0] for line in err.splitlines() if "cancel each other" in line]
        verdict.check(
            named == ["blues/opposite.wav", "rock/opposite.wav"],
            f"{command[0]}: exit {status}, names {named}\n{err}",
        )


def noise(random, dbfs):
    """[samples] pink, of that level"""
    count = RATE * SECONDS
    spectrum = np.fft.rfft(random.standard_normal(count)) / np.sqrt(np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20))
    pcm = np.fft.irfft(spectrum, count)
    return pcm / pcm.std() * 10 ** (dbfs / 20)


def sounds():
    """{name: ([samples], how many windows a set may count more or less than the element)}"""
    random = np.random.default_rng(3)
    late = np.arange(RATE * SECONDS) >= 5 * RATE
    loud, faint, soft = noise(random, -20), noise(random, -66), noise(random, -57)
    return {
        "loud": (loud, 0), "soft": (soft, 0), "faint": (noise(random, -63), 0), "silent": (0 * loud, 0),
        "then silent": (np.where(late, 0, loud), 1), "then faint": (np.where(late, faint, loud), 1),
        "then soft": (np.where(late, soft, loud), 0), "constant": (0 * loud + 0.01, 0),
        "constant and faint": (faint + 0.002, 0), "constant and soft": (soft + 0.002, 0),
    }  # fmt: skip


def main():
    need("wavparse", "uridecodebin", "appsink")
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        os.environ["XDG_CACHE_HOME"] = str(root / "cache")
        model = root / "plain.safetensors"  # which takes all of these sounds for music
        model.write_bytes(safetensors(*plain_model()))
        answers, near = {}, {}
        for i, (sound, (samples, allowed)) in enumerate(sounds().items()):
            pcm = (samples * 32767).round().astype("<i2")
            write_wav(root / "music" / ["blues", "rock"][i % 2] / f"{sound}.wav", pcm, RATE)
            answers[sound], near[sound] = classify(pcm, RATE, format="S16LE", model=model)[-1].windows, allowed
        silent = sum(windows == 0 for windows in answers.values())
        verdict.check(silent == 4 and 0 < answers["then silent"] < answers["loud"], f"the element: {answers}")
        for kind in ("u8", "f16"):
            features, table = root / f"{kind}.safetensors", root / f"{kind}.csv"
            printed("extract", "-q", "--type", kind, root / "music", "-o", features)
            report = json.loads(printed("evaluate", "-q", model, features, "--json", "--tracks-csv", table))
            with open(table, newline="") as file:
                found = {pathlib.Path(row["name"]).stem: int(row["windows"]) for row in csv.DictReader(file)}
            verdict.check(report["left_out"]["silent"] == silent, f"{kind}: {report['left_out']}")
            verdict.check(report["windows"] == sum(found.values()), f"{kind}: {report['windows']} windows, {found}")
            for sound, windows in answers.items():
                text = f"{kind}: {sound}: {found.get(sound, 0)} windows, the element has {windows}"
                print(text)
                verdict.check(abs(found.get(sound, 0) - windows) <= near[sound], text)
        test_cancelled(root)
    verdict.exit()


if __name__ == "__main__":
    main()
