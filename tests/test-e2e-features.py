#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0 features on recordings made here, and on a folder as people have them.

Every value is worked out again by numpy_descriptors.py from the samples that were written, and, where there are
recordings, from those.
"""

import csv
import io
import json
import os
import pathlib
import signal
import tempfile
import time
from urllib.parse import unquote

import numpy as np

import numpy_descriptors as definition
from made_music import KINDS, music, write_wav
from mixed_folder import make_folder, play
from pipeline import Verdict, decode, need, quoted, write_sparse_wav
from tool import call, on_terminal, start

SHORT = ["zero_crossings_per_s", "spectral_centroid_hz", "spectral_rolloff_hz", "spectral_flux"]
SHORT += [f"mfcc_{i}" for i in range(20)] + [f"spectral_contrast_{i}_db" for i in range(7)]
LONG = ["low_energy"]
for part in ["omsc_octave_{}_db", "omsc_octave_std_{}_db", "omsc_modulation_{}_db", "omsc_modulation_std_{}_db"]:
    LONG += [part.format(i) for i in range(7)]
LONG += [f"mscm_{i}" for i in range(7)] + [f"msfm_{i}" for i in range(7)]
NEAR = 2e-5  # of a value, of decibels to 1 dB at least
FAR = 2e-3  # where n has a large prime factor: dsp/fft.c interpolates, and a valley may be far below its peaks


def both(names):
    return [f"{name}_{what}" for name in names for what in ("mean", "std")]


HEADERS = {
    "file": ["file", "duration_s"] + both(SHORT + LONG),
    "texture": ["file", "start_s", "end_s"] + both(SHORT) + LONG,
    "frame": ["file", "time_s"] + SHORT,
}


# What rows must hold -----------------------------------------------------------------------------------------------


def stack(values):
    """the dictionaries of numpy_descriptors as [rows][values]"""
    if isinstance(values, dict):
        n = len(next(iter(values.values())))
        return np.concatenate([np.reshape(x, (n, -1)) for x in values.values()], 1)
    return np.array([np.concatenate([np.atleast_1d(x) for x in row.values()]) for row in values]).reshape(-1, len(LONG))


def interleave(mean, std):
    return np.stack([mean, std], -1).reshape(*mean.shape[:-1], -1)


def expected_rows(mono, rate, per):
    """[rows][columns behind those of time]; None where there is none"""
    frames, textures = stack(definition.frame_values(mono, rate)), stack(definition.texture_values(mono, rate))
    if per == "frame":
        return frames
    if per == "texture":
        windows = [frames[i * 128 : i * 128 + 256] for i in range(len(textures))]
        short = [interleave(window.mean(0), window.std(0)) for window in windows]
        return np.concatenate([np.reshape(short, (len(textures), 2 * len(SHORT))), textures], 1)
    short = interleave(frames.mean(0), frames.std(0))
    if len(textures) == 0:
        return np.concatenate([short, np.full(2 * len(LONG), np.nan)])[np.newaxis]
    return np.concatenate([short, interleave(textures.mean(0), textures.std(0))])[np.newaxis]


def read_csv(text):
    """-> header, [[cell]]"""
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    return rows[0], rows[1:]


def compare(verdict, rows, mono, rate, per, name):
    near = NEAR if rate in (2000, 22050, 44100) else FAR
    expected = expected_rows(mono, rate, per)
    found = np.array([[float(cell) if cell else np.nan for cell in row[-expected.shape[1] :]] for row in rows])
    found = found.reshape(len(rows), -1) if len(rows) else np.zeros((0, expected.shape[1]))
    if not verdict.check(found.shape == expected.shape, f"{name}: {found.shape} rows, not {expected.shape}"):
        return
    verdict.check((np.isnan(found) == np.isnan(expected)).all(), f"{name}: empty cells")
    columns = HEADERS[per][-expected.shape[1] :]
    least = np.array([1.0 if column.startswith("mfcc") or "_db" in column else 1e-3 for column in columns])
    if len(rows) == 0:
        return
    error = np.nan_to_num(np.abs(found - expected) / np.maximum(np.abs(expected), least))
    worst = np.unravel_index(error.argmax(), error.shape)
    where = f"{name}: row {worst[0]}, {columns[worst[1]]}"
    verdict.check(error.max() <= near, f"{where}: {found[worst]}, {expected[worst]}")


# Values ------------------------------------------------------------------------------------------------------------


def test_values(verdict, root):
    """at any rate, mono and stereo, as every kind of row"""
    for i, (rate, channels) in enumerate([(22050, 1), (44100, 2), (48000, 1), (8000, 1), (2000, 1), (192000, 1)]):
        kind = KINDS[i % 3]
        pcm = music(kind, i, 10 * rate / 22050)[:, np.newaxis].repeat(channels, 1)
        pcm[:, -1] //= 2
        path = root / f"{kind}-{rate}.wav"
        write_wav(path, pcm, rate)
        mono = (pcm.astype(np.float32) / 32768).mean(1)
        for per, header in HEADERS.items():
            status, text, errors = call("features", "--per", per, path)
            names, rows = read_csv(text)
            verdict.check(status == 0 and errors == "", f"{path.name}: {status} {errors}")
            verdict.check(names == header, f"{path.name}, {per}: {names}")
            verdict.check(all(row[0] == str(path) for row in rows), f"{path.name}, {per}: names")
            compare(verdict, rows, mono, rate, per, f"{path.name}, {per}")
            if per == "frame":
                times = [float(row[1]) for row in rows]
                wanted = np.array(definition.centers(len(mono), rate)) / rate
                verdict.close(times, wanted, 1e-6, f"{path.name}: times")


def test_short(verdict, root):
    """less than a texture window has no long-term values, and no row of its own"""
    path = root / "short.wav"
    pcm = music("drums", 5, 3)
    write_wav(path, pcm)
    for per in HEADERS:
        status, text, _ = call("features", "--per", per, path)
        verdict.check(status == 0, f"short, {per}: {status}")
        compare(verdict, read_csv(text)[1], pcm / 32768, 22050, per, f"short, {per}")
    _, text, _ = call("features", "--json", path)
    row = json.loads(text)
    verdict.check(row["low_energy_mean"] is None and row["spectral_flux_mean"] > 0, f"short: {text}")


def test_sections(verdict, root):
    """where the rate changes, frames begin anew, and time goes on"""
    path = root / "joined.wav"
    write_wav(root / "a.wav", music("bells", 8, 7), 22050)
    write_wav(root / "b.wav", music("drums", 8, 7), 22050)
    encoder = "vorbisenc ! oggmux"
    for name, rate in [("a", 22050), ("b", 11025)]:
        source = quoted(str(root / f"{name}.wav"))
        convert = f"wavparse ! audioconvert ! audioresample ! audio/x-raw,rate={rate}"
        play(f"filesrc location={source} ! {convert} ! {encoder} ! filesink location={quoted(str(root / name))}")
    path = root / "joined.ogg"
    path.write_bytes((root / "a").read_bytes() + (root / "b").read_bytes())
    status, text, errors = call("features", "--per", "frame", "--only", "spectral_centroid", path)
    times = [float(row[1]) for row in read_csv(text)[1]]
    verdict.check(status == 0, f"joined: {errors}")
    verdict.check(len(times) == 604 and abs(times[-1] - 14) < 0.1, f"joined: {len(times)} frames, {times[-3:]}")
    verdict.check(times[302] < times[301] + 0.024 and times == sorted(times), f"joined: {times[299:305]}")


# Forms -------------------------------------------------------------------------------------------------------------


def test_forms(verdict, root):
    """CSV, TSV and JSON have the same values; --only takes what is named; names are as they are"""
    odd = root / 'a "quoted", name\twith\nall.wav'
    write_wav(odd, music("drone", 1, 7))
    text = call("features", odd, text=False)[1].decode()
    header, (row,) = read_csv(text)
    verdict.check(text.count("\r\n") == 2 and text.count("\n") == 3, "CSV: line ends, and the one in the name")
    verdict.check(row[0] == str(odd), f"CSV: {row[0]}")
    _, tabs, _ = call("features", "--tsv", odd)
    escaped = [str(odd).replace("\t", "\\t").replace("\n", "\\n"), *row[1:]]
    verdict.check([line.split("\t") for line in tabs.splitlines()] == [header, escaped], "TSV: other cells")
    _, lines, _ = call("features", "--json", odd)
    found = json.loads(lines)
    verdict.check(found.pop("file") == str(odd), f"JSON: {lines[:200]}")
    verdict.check(unquote(found.pop("uri")) == f"file://{odd}", f"JSON: {lines[:200]}")
    verdict.check(list(found) == header[1:], "JSON: names")
    verdict.check([float(x) for x in row[1:]] == list(found.values()), "JSON: values")

    _, text, _ = call("features", "--only", "mscm,spectral_flux", odd)
    wanted = ["file", "duration_s"] + both(["spectral_flux"] + [f"mscm_{i}" for i in range(7)])
    verdict.check(text.splitlines()[0].split(",") == wanted, f"--only: {text}")
    status, text, _ = call("features", "--help")
    names = ["zero_crossings", "spectral_centroid", "spectral_rolloff", "spectral_flux", "mfcc", "spectral_contrast"]
    for name in [*names, "low_energy", "omsc", "mscm", "msfm"]:
        verdict.check(text.count(f"\n  {name} ") == 1, f"--help: {name}")
        verdict.check(call("features", "--only", name, odd)[0] == 0, f"--only {name}")


def test_output(verdict, root):
    """-o is written whole or not at all, and replaces tables only; order and values do not depend on --jobs"""
    folder, table = root / "many", root / "table.csv"
    for i in range(6):
        write_wav(folder / f"{i}.wav", music(KINDS[i % 3], i, 7 - i))
    text = call("features", "-j1", folder, text=False)[1].decode()
    verdict.check([row[0] for row in read_csv(text)[1]] == [str(folder / f"{i}.wav") for i in range(6)], "order")
    for jobs in (2, 7):
        status, _, errors = call("features", f"-j{jobs}", folder, "-o", table)
        verdict.check(status == 0 and table.read_bytes() == text.encode(), f"--jobs {jobs}: {errors}")
    for options in (["--per", "frame"], ["--per", "texture", "--tsv"], ["--json"], ["--json", "--per", "frame"], []):
        verdict.check(call("features", *options, folder, "-o", table)[0] == 0, f"{options}: a table is not replaced")
    other = root / "other.txt"
    other.write_text("file of another kind")
    status, _, errors = call("features", folder, "-o", other)
    verdict.check(status == 1 and other.read_text() == "file of another kind", f"another file: {status} {errors}")
    status, _, errors = call("features", folder, "-o", folder / "0.wav")
    verdict.check(status == 2 and "is read in this run" in errors, f"an input: {status} {errors}")
    verdict.check(call("features", folder, "-o", "/dev/full")[0] == 1, "a full disk")
    verdict.check(call("features", folder, "-o", root / "no" / "folder.csv")[0] == 1, "no folder")
    wrong = ["--per day", "--only chroma", "--json --tsv", "--only=", "--per frame --only omsc", "-j -1"]
    for arguments in [[], *([*options.split(), folder] for options in wrong)]:
        status, text, errors = call("features", *arguments)
        verdict.check(status == 2 and text == "" and errors.count("\n") == 1, f"{arguments}: {status} {errors}")


# A folder as people have them --------------------------------------------------------------------------------------


def test_folder(verdict, root):
    folder, good = make_folder(root)
    status, text, errors = call("features", folder)
    rows = {pathlib.Path(row[0]).name: row for row in read_csv(text)[1]}
    verdict.check(status == 1, f"folder: {status}")
    verdict.check(sorted(rows) == sorted(good), f"folder: {sorted(rows)}")
    verdict.check(errors.count("empty.mp3: the file is empty\n") == 1 and "notes.txt" not in errors, errors)
    verdict.check(errors.endswith(f"1 of {len(good) + 1} recordings could not be read\n"), errors)
    centroid = HEADERS["file"].index("spectral_centroid_hz_mean")
    for name, row in rows.items():
        verdict.check(abs(float(row[1]) - good[name]) < 0.2, f"{name}: {row[1]} s, not {good[name]}")
        values = np.array([float(cell) for cell in row[1:]])
        verdict.check(np.isfinite(values).all(), f"{name}: {values}")
        if name != "mono 8 kHz.wav":  # all of the same drums, however coded
            verdict.check(3000 < float(row[centroid]) < 6500, f"{name}: centroid {row[centroid]}")
    status, lines, _ = call("features", "--json", folder, folder / "notes.txt", folder / "nothing.wav")
    found = [json.loads(line) for line in lines.splitlines()]
    failed = {pathlib.Path(row["file"]).name: row for row in found if "error" in row}
    verdict.check(status == 1 and sorted(failed) == ["empty.mp3", "notes.txt", "nothing.wav"], f"{sorted(failed)}")
    verdict.check(all(list(row) == ["file", "uri", "error"] for row in failed.values()), f"{failed}")
    verdict.check(len(found) == len(good) + 3, f"{len(found)} lines")
    uri = (folder / "mono 8 kHz.wav").as_uri()
    verdict.check(call("features", uri)[1].splitlines()[1].split(",")[1:] == rows["mono 8 kHz.wav"][1:], "by its URI")


# Long runs ---------------------------------------------------------------------------------------------------------


def peak_kib(*arguments):
    process = start(*arguments, stdout=open(os.devnull, "wb"), stderr=None)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss


def test_memory(verdict, root):
    """as much for an hour as for a minute, though its rows must wait"""
    for per, minutes in (("file", 120), ("texture", 120), ("frame", 20)):
        peaks = []
        for count in (1, minutes):
            path = root / f"{count}.wav"
            write_sparse_wav(path, 60 * count, 4000, 2000)
            status, peak = peak_kib("features", "--per", per, path)
            verdict.check(status == 0, f"{count} minutes: {status}")
            peaks.append(peak)
        verdict.check(peaks[1] < peaks[0] + 8192, f"{per}: {peaks} KiB")


def test_interrupted(verdict, root):
    """on a terminal a line of progress; Ctrl-C leaves what was there"""
    many, table = root / "endless", root / "table.csv"
    many.mkdir()
    for i in range(600):
        write_sparse_wav(many / f"{i}.wav", 60, i, 44100, 2)
    old = table.read_bytes()
    _, shown = on_terminal(100, "features", many, "-o", root / "new.csv", interrupt_after=5)
    lines = shown.decode().split("\r\033[K")
    verdict.check(any("features" in line and " of 600 (" in line for line in lines), f"progress: {lines}")
    for number in (signal.SIGINT, signal.SIGTERM):
        before = set(os.listdir(root))
        process = start("features", many, "-o", table)
        time.sleep(1)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
        verdict.check(process.returncode == -number, f"{number.name}: exit {process.returncode}")
        verdict.check("interrupted: nothing is written" in errors, errors)
        verdict.check(table.read_bytes() == old and set(os.listdir(root)) == before, f"left: {os.listdir(root)}")


def test_recordings(verdict):
    """librosa's values, by way of numpy_descriptors.py, on music"""
    here = pathlib.Path(__file__).resolve().parent
    shared = pathlib.Path(os.environ.get("GENRE_SHARED") or here.parent.parent / "shared") / "audio"
    for path in sorted(shared.glob("*.flac"))[::7]:
        mono, rate = decode(path)
        _, text, _ = call("features", "--per", "frame", path)
        compare(verdict, read_csv(text)[1], mono, rate, "frame", path.name)


def main():
    need("wavparse", "flacenc", "flacdec", "vorbisenc", "oggmux", "uridecodebin", "appsink")
    verdict = Verdict()
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        test_values(verdict, root)
        test_short(verdict, root)
        test_sections(verdict, root)
        test_forms(verdict, root)
        test_output(verdict, root)
        test_folder(verdict, root)
        test_memory(verdict, root)
        test_interrupted(verdict, root)
    test_recordings(verdict)
    verdict.exit()


if __name__ == "__main__":
    main()
