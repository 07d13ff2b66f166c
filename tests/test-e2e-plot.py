#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0 plot: pixels against NumPy, on recordings made here and on a folder as people have them; options that
mean nothing; what may be replaced; memory.
"""

import os
import pathlib
import re
import shutil
import sys
import tempfile

import numpy as np

import png
from made_music import music, write_wav
from mixed_folder import make_folder, play
from pipeline import Verdict, need, quoted, write_sparse_wav
from tool import call, start

RATE, N_FFT, HOP = 22050, 2048, 512
EM, LEFT, BAR, TITLE, HEADING, TIME = 12, 5.4, 4.6, 2.4, 1.8, 3.6  # at 96 dpi; in ems, as gst/picture/page.c has them
INK = {"wave": 0x9C7BBF, "rms": 0x51127C, "ground": 0xFFFFFF, "dark": 0x15151A}


def plot(verdict, *arguments, expected=0):
    """-> stderr"""
    status, text, errors = call("plot", "--quiet", *arguments)
    verdict.check(status == expected and text == "", f"{arguments}: {status} {text} {errors}")
    return errors


def data_box(picture, margin):
    """rows and columns of the only panel"""
    height, width = picture.shape[:2]
    left, top = int(np.ceil(LEFT * EM)), int(np.ceil((TITLE + HEADING) * EM))
    bottom = int(np.floor((TITLE + HEADING) * EM + height - (TITLE + TIME + HEADING) * EM))
    return picture[top:bottom, left : left + int(np.floor(width - left - margin * EM))]


# Values ------------------------------------------------------------------------------------------------------------


def weights(begin, end, n):
    """of n cells, cell i covering [i, i + 1), in their mean over [begin, end); outside, the nearest one"""
    begin = min(max(begin, 0), n - 1e-9)
    end = min(max(end, begin + 1e-9), n)
    i = np.arange(n)
    part = np.clip(np.minimum(end, i + 1) - np.maximum(begin, i), 0, None)
    return part / part.sum()


def spectrum(y):
    """[bins][frames] |X|^2, as librosa's stft"""
    y = np.pad(y, N_FFT // 2)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    frames = np.lib.stride_tricks.sliding_window_view(y, N_FFT)[::HOP]
    return np.abs(np.fft.rfft(frames * window, axis=1)).T ** 2


def log_levels(y, rows, columns):
    """[rows][columns] dB below the loudest, the highest row first"""
    power = spectrum(y)
    edges = np.linspace(0, len(y) / HOP, columns + 1) + 0.5
    across = np.stack([power @ weights(a, b, power.shape[1]) for a, b in zip(edges, edges[1:])], 1)
    edges = 20 * (RATE / 2 / 20) ** (np.arange(rows + 1) / rows) / (RATE / N_FFT) + 0.5
    cells = np.stack([weights(a, b, len(power)) @ across for a, b in zip(edges, edges[1:])])
    return 10 * np.log10(np.maximum(cells, 1e-10) / power.max())[::-1]


def grey_levels(verdict, cells):
    """the levels 0 to 255 that cells of the grey map show; its darkest colours are not all different"""
    verdict.check((cells == cells[..., :1]).all(), "grey: colours")
    step = np.arange(256) / 255
    linear = step**3  # lightness of OKLab
    shown = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.searchsorted(np.rint(255 * shown), cells[..., 0])


def test_pixels(verdict, root):
    """every pixel of a spectrogram, of a short recording and of one whose pixels cover many frames"""
    for seconds, size in ((1.5, (400, 300)), (40, (300, 250))):
        path, picture = root / "sound.wav", root / "sound.png"
        pcm = np.concatenate([music("drums", 4, seconds / 2), music("bells", 4, seconds / 2)])
        write_wav(path, pcm)
        plot(verdict, "--spectrogram", "--map", "grey", "--size", "{}x{}".format(*size), path, "-o", picture)
        cells = data_box(png.read(picture), BAR)
        levels = grey_levels(verdict, cells)
        wanted = np.clip(1 + log_levels(pcm / 32768, *levels.shape) / 80, 0, 1) * 255
        error = np.abs(levels - wanted)[levels > 60]  # dark greys are not all different
        verdict.check(error.size > levels.size / 4, f"{seconds} s: only {error.size} of {levels.size} are light")
        verdict.check(error.max() < 1.6, f"{seconds} s: {error.max()} of 255, mean {error.mean()}")


def is_ink(cells, rgb):
    return (cells == [rgb >> 16, rgb >> 8 & 255, rgb & 255]).all(-1)


def test_waveform(verdict, root):
    """the darkened rows of each column reach from its least to its greatest sample"""
    path, picture = root / "wave.wav", root / "wave.png"
    pcm = music("bells", 7, 20, share=0)
    write_wav(path, pcm)
    plot(verdict, "--waveform", "--size", "500x300", path, "-o", picture)
    inked = ~is_ink(data_box(png.read(picture), 1.8), INK["ground"])
    height, width = inked.shape
    pieces = [pcm[int(a) : int(b)] / 32768 for a, b in zip(*(np.linspace(0, len(pcm), width + 1)[i:] for i in (0, 1)))]
    high, low = (np.array([f(piece) for piece in pieces]) for f in (np.max, np.min))
    half = height / 2 / (1.05 * np.abs(pcm / 32768).max())
    top = inked.argmax(0)
    bottom = height - inked[::-1].argmax(0)
    for name, found, wanted in (("top", top, height / 2 - high * half), ("bottom", bottom, height / 2 - low * half)):
        lowest = np.minimum(np.minimum(wanted, np.roll(wanted, 1)), np.roll(wanted, -1))
        highest = np.maximum(np.maximum(wanted, np.roll(wanted, 1)), np.roll(wanted, -1))
        inside = (found >= lowest - 2) & (found <= highest + 2)  # slopes are anti-aliased
        verdict.check(inside[1:-1].mean() > 0.99, f"{name}: {inside.mean()}")


def dark_columns(picture, margin):
    """which columns of a grey spectrogram show nothing"""
    return (data_box(png.read(picture), margin) < 40).all((0, 2))


def test_part(verdict, root):
    """--from, --to and --trim: noise between 10 and 12 s of 20 s"""
    path, picture = root / "part.wav", root / "part.png"
    pcm = np.zeros(20 * RATE, "<i2")
    pcm[10 * RATE : 12 * RATE] = np.random.default_rng(1).integers(-9000, 9000, 2 * RATE)
    write_wav(path, pcm)
    options = ["--spectrogram", "--map", "grey", "--size", "600x300", path, "-o", picture]
    parts = (([], 0.5, 0.6), (["--from", "5", "--to", "15"], 0.5, 0.7), (["--from", "0:08"], 1 / 6, 1 / 3))
    for part, begin, end in parts:
        plot(verdict, *part, *options)
        dark = dark_columns(picture, BAR)
        light = np.flatnonzero(~dark) / len(dark)
        found = light.min(), light.max()
        verdict.check(np.abs(np.subtract(found, (begin, end))).max() < 0.012, f"{part}: noise from {found}")
    for part in (["--trim"], ["--trim", "--from", "0:05"]):
        plot(verdict, *part, *options)
        dark = dark_columns(picture, BAR).mean()  # the first frame holds little of what its window covers
        verdict.check(dark < 0.02, f"{part}: silence is left: {dark}")
    errors = plot(verdict, "--from", "30", *options, expected=1)
    verdict.check("expected --from within its 20.0 s, found 30" in errors, errors)


# The file ----------------------------------------------------------------------------------------------------------


def test_types(verdict, root):
    """by the name; made twice, the same; replaced if it is of this command, and else not"""
    path = root / "song.wav"
    write_wav(path, music("drone", 3, 4))
    for ending, begin in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".PDF", b"%PDF-")):
        for options in ([], ["--dark", "--genres", "--mel"]):
            picture, again = root / f"picture{ending}", root / f"again{ending}"
            plot(verdict, *options, path, "-o", picture)
            plot(verdict, *options, path, "-o", again)
            verdict.check(picture.read_bytes().startswith(begin), f"{ending}: {picture.read_bytes()[:8]}")
            if ending != ".PDF":  # has the time
                verdict.check(picture.read_bytes() == again.read_bytes(), f"{ending}: differs")
        other = root / f"other{ending}"
        other.write_bytes(begin + b"made by someone else")
        errors = plot(verdict, path, "-o", other, expected=1)
        verdict.check(other.read_bytes() == begin + b"made by someone else" and "found another file" in errors, errors)
    for width, height, options in ((640, 480, []), (1280, 960, ["--dpi", "192"])):
        plot(verdict, "--size", f"{width}x{height}", *options, path, "-o", root / "size.png")
        verdict.check(png.read(root / "size.png").shape == (height, width, 3), f"{width}x{height}")
    plot(verdict, "--dark", path, "-o", root / "dark.png")
    verdict.check(is_ink(png.read(root / "dark.png")[0, 0], INK["dark"]), "dark")
    text = (root / "picture.svg").read_text()
    verdict.check(text.count("data:image/png;base64") >= 1 and len(text) < 2_000_000, f"SVG: {len(text)}")


def test_refused(verdict, root):
    path = root / "song.wav"
    before = set(os.listdir(root))
    wrong = ["", "-o x.jpg", "-o x", "--size 10x10 -o x.png", "--size 800 -o x.png", "--size 99999x99999 -o x.png"]
    wrong += [f"{option} -o x.png" for option in (
        "--dpi 0", "--dpi nan", "--size 200x150", "--from -1", "--from 1:99", "--from x", "--from 5 --to 4", "--fft 3",
        "--fft 31", "--fft 1000000", "--hop 0", "--top-db 0", "--ref 2", "--map jet", "--model m", "extra.wav",
        "--chroma", "--top-db inf")]  # fmt: skip
    for options in wrong:
        status, text, errors = call("plot", path, *options.split(), cwd=root)
        verdict.check(status == 2 and text == "" and errors.count("\n") == 1, f"{options}: {status} {errors}")
    verdict.check(call("plot", "-o", "x.png", cwd=root)[0] == 2, "no file")
    status, _, errors = call("plot", path, "-o", "no/folder.png", cwd=root)
    verdict.check(status == 1 and "No such file" in errors, f"no folder: {errors}")
    link = root / "link.png"
    link.symlink_to(path)
    verdict.check(call("plot", path, "-o", link)[0] == 2 and path.read_bytes()[:4] == b"RIFF", "an input by a link")
    link.unlink()
    status, _, errors = call("plot", root.parent, "-o", root / "x.png")
    verdict.check(status == 1 and "expected one recording, found" in errors, f"a folder: {errors}")
    verdict.check(set(os.listdir(root)) == before, f"left: {set(os.listdir(root)) - before}")


def test_folder(verdict, root):
    """each recording of a folder as people have them has its picture, all else a reason"""
    folder, good = make_folder(root)
    for name in sorted(os.listdir(folder)):
        picture = root / f"{name}.png"
        options = ["--waveform", "--spectrogram", "--mel", "--genres", folder / name, "-o", picture]
        errors = plot(verdict, *options, expected=0 if name in good else 1)
        verdict.check(picture.exists() == (name in good), f"{name}: {errors}")
        verdict.check(errors == "" if name in good else errors.count("\n") == 1 and name in errors, f"{name}: {errors}")
    verdict.check(len(good) >= 4, f"only {sorted(good)}")


# Odd sound ---------------------------------------------------------------------------------------------------------


def test_odd(verdict, root):
    """one sample, silence, a change of rate, channels that cancel each other, every rate"""
    picture = root / "odd.png"
    all_panels = ["--waveform", "--spectrogram", "--mel", "--genres", "--size", "500x500"]
    for name, pcm, rate in (
        ("one", np.array([9000], "<i2"), 8000),
        ("few", np.arange(100, dtype="<i2") * 90, 8000),
        ("silence", np.zeros(30000, "<i2"), 44100),
        ("2 kHz", music("bells", 1, 3), 2000),
        ("192 kHz", music("bells", 1, 3), 192000),
    ):
        path = root / f"{name}.wav"
        write_wav(path, pcm, rate)
        for options in ([], ["--trim"], ["--ref", "1"], ["--fft", "32", "--hop", "7"]):
            verdict.check(plot(verdict, *all_panels, *options, path, "-o", picture) == "", f"{name} {options}")
    pcm = music("bells", 1, 3)
    write_wav(root / "opposite.wav", np.stack([pcm, -pcm], 1))
    verdict.check("cancel each other" in plot(verdict, root / "opposite.wav", "-o", picture), "channels cancel")
    parts = b""
    for rate in (22050, 44100):
        write_wav(root / "part.wav", music("drums", 1, 8), rate)
        source = f"filesrc location={quoted(str(root / 'part.wav'))} ! wavparse ! audioconvert"
        play(f"{source} ! vorbisenc ! oggmux ! filesink location={quoted(str(root / 'part.ogg'))}")
        parts += (root / "part.ogg").read_bytes()
    (root / "joined.ogg").write_bytes(parts)
    plot(verdict, "--spectrogram", "--map", "grey", "--size", "400x300", root / "joined.ogg", "-o", picture)
    verdict.check(not dark_columns(picture, BAR).any(), "joined: a part is missing")


def test_title(verdict, root):
    """from the tags; what no font has is said"""
    path, picture = root / "tagged.flac", root / "title.svg"
    write_wav(root / "tagged.wav", music("bells", 1, 3))
    source = f"filesrc location={quoted(str(root / 'tagged.wav'))} ! wavparse ! audioconvert"
    tags = "taginject tags=\"title=\\\"Song of Songs\\\",artist=Nobody\""
    play(f"{source} ! {tags} ! flacenc ! filesink location={quoted(str(path))}")
    plot(verdict, path, "-o", root / "title.pdf")
    pdf = (root / "title.pdf").read_bytes()
    verdict.check(b"(Nobody - Song of Songs)" in pdf[-4096:], f"title: {pdf[-600:]}")
    strange = root / "\u97f3\u697d.wav"
    shutil.copy(root / "tagged.wav", strange)
    errors = plot(verdict, "--font", "@cairo:", strange, "-o", picture)
    verdict.check("no installed font has all characters" in errors and errors.count("\n") == 1, errors)


# Marks and legend ---------------------------------------------------------------------------------------------------


def middles(inked):
    """of each run of rows that have ink"""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inked.any(1), [False]]).astype(int)))
    return edges.reshape(-1, 2).mean(1)


def test_marks(verdict, root):
    """numbers stand at the middle of their marks, those at both ends too; in a low panel 0 is alone"""
    path, picture = root / "marks.wav", root / "marks.png"
    write_wav(path, music("drone", 1, 8))
    plot(verdict, "--genres", "--size", "600x400", path, "-o", picture)
    height, left = 400, int(np.ceil(LEFT * EM))
    cells = png.read(picture)
    numbers = middles(~is_ink(cells[: height - 28, left - 32 : left - 6], INK["ground"]))
    top, bottom = np.ceil((TITLE + HEADING) * EM), np.floor(height - TIME * EM)
    wanted = top + (bottom - top) * np.arange(6) / 5
    verdict.check(len(numbers) == 6 and np.abs(numbers - wanted).max() < 2, f"numbers at {numbers}, marks at {wanted}")
    plot(verdict, "--waveform", "--size", "300x120", path, "-o", picture)
    rows = (~is_ink(png.read(picture)[: 120 - 28, left - 32 : left - 6], INK["ground"])).any(1).sum()
    verdict.check(5 <= rows <= EM, f"low: numbers are {rows} pixels high")


def test_legend(verdict, root):
    """what is hatched is in the legend, last, and in nothing that has genres throughout"""
    rows, swatches = {}, slice(600 - 10 * EM + 11, 600 - 10 * EM + 18)
    for name, pcm in (
        ("known", music("bells", 1, 12)),
        ("silence", np.zeros(12 * RATE, "<i2")),
        ("both", np.concatenate([music("bells", 1, 12), np.zeros(40 * RATE, "<i2")])),
    ):
        write_wav(root / f"{name}.wav", pcm)
        plot(verdict, "--genres", "--size", "600x400", root / f"{name}.wav", "-o", root / f"{name}.png")
        cells = png.read(root / f"{name}.png")[50:350, swatches].astype(int)
        ground = cells.min(-1) >= 250
        filled, hatched = ~ground.any(1), ground.any(1) & ~ground.all(1)
        rows[name] = len(middles(filled[:, None])), int(hatched.sum() > 4)
    verdict.check(rows["known"][0] >= 3 and rows["known"][1] == 0, f"known: {rows}")
    verdict.check(rows["silence"][1] == 1, f"silence: {rows}")
    verdict.check(rows["both"][0] >= 3 and rows["both"][1] == 1, f"both: {rows}")


# Golden picture ----------------------------------------------------------------------------------------------------


def to_nearest(found, wanted):
    """[rows][columns] how far from the pixel of the same place or one beside it, in the channel that differs most"""
    wide = np.pad(wanted, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows, columns, _ = found.shape
    places = [wide[y : y + rows, x : x + columns] for y in range(3) for x in range(3)]
    return np.min([np.abs(found - place).max(-1) for place in places], axis=0)


def test_golden(verdict, root):
    """a whole picture in cairo's own letters, which do not depend on the machine's fonts"""
    path, picture = root / "golden.wav", root / "golden.png"
    write_wav(path, np.concatenate([music(kind, 1, 3, share=0) for kind in ("bells", "drone", "drums")]))
    plot(verdict, "--font", "@cairo:", "--size", "480x400", "--dpi", "80", path, "-o", picture)
    golden = pathlib.Path(__file__).resolve().parent / "golden" / "plot.png"
    if "--make-golden" in sys.argv:
        shutil.copy(picture, golden)
    found, wanted = png.read(picture).astype(int), png.read(golden).astype(int)
    verdict.check(found.shape == wanted.shape, f"golden: {found.shape}")
    for name, panel in ("spectrogram", np.s_[131:233, 55:433]), ("mel spectrogram", np.s_[260:362, 55:433]):
        verdict.check((found[panel] == wanted[panel]).all(), f"golden: other pixels inside the {name}")
    # cairo's versions smooth edges in their own way, and since 1.18 letters may stand between pixels.
    different = (to_nearest(found, wanted) > 24).mean()
    verdict.check(different < 0.002, f"golden: {100 * different:.2f} % of the pixels differ")


# Long runs ---------------------------------------------------------------------------------------------------------


def peak_kib(*arguments):
    process = start(*arguments, stdout=open(os.devnull, "wb"), stderr=None)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss


def test_memory(verdict, root):
    """as much for ten hours as for ten minutes"""
    peaks = []
    for minutes in (10, 600):
        path = root / "long.wav"
        write_sparse_wav(path, 60 * minutes, 4000, 2000)
        options = ["--waveform", "--spectrogram", "--mel", "--genres", "--trim", "--quiet"]
        status, peak = peak_kib("plot", *options, path, "-o", root / "long.png")
        verdict.check(status == 0, f"{minutes} minutes: {status}")
        peaks.append(peak)
    verdict.check(peaks[1] < peaks[0] + 8192, f"{peaks} KiB")


def main():
    verdict = Verdict()
    if "--without-plot" in sys.argv:
        status, _, errors = call("plot", "x.wav", "-o", "x.png")
        verdict.check(status == 1 and re.search("built without plot.*cairo.*Pango", errors), f"{status} {errors}")
        verdict.exit()
    need("wavparse", "vorbisenc", "oggmux", "flacenc", "taginject")
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for test in (test_pixels, test_waveform, test_part, test_types, test_refused, test_folder, test_odd, test_title,
                     test_marks, test_legend, test_golden, test_memory):  # fmt: skip
            (root / test.__name__).mkdir()
            if test in (test_refused,):
                write_wav(root / test.__name__ / "song.wav", music("drone", 3, 4))
            test(verdict, root / test.__name__)
    verdict.exit()


main()
