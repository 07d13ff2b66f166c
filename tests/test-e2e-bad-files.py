#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0 extract on files that are no music, that GStreamer has no plug-in for, that are cut off or joined: what
a person can use is said of each, and none takes long.  docs/training.md has the table.
"""

import json
import os
import pathlib
import random
import re
import struct
import tempfile
import time
import zlib

import numpy as np

from made_music import write_wav
from numpy_genre import read_safetensors
from pipeline import Gst, Verdict, need
from tool import call

TRIES = 20  # of what hung in about a third
PATIENCE = 5  # seconds
verdict = Verdict()


# Files -------------------------------------------------------------------------------------------------------------


def encode(path, encoder, seconds=8, rate=44100, seed=1):
    """noise, as a file of some kind"""
    source = path.with_suffix(".source")
    noise = np.random.default_rng(seed).standard_normal(seconds * rate)
    write_wav(source, (noise * 3000).astype("<i2"), rate)
    pipeline = Gst.parse_launch(f"filesrc name=in ! wavparse ! audioconvert ! {encoder} ! filesink name=out")
    pipeline.get_by_name("in").set_property("location", str(source))
    pipeline.get_by_name("out").set_property("location", str(path))
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    assert message is not None and message.type == Gst.MessageType.EOS, path
    source.unlink()
    return path.read_bytes()


def riff(kind, data, rate=44100):
    head = struct.pack("<HHIIHH", kind, 1, rate, 2 * rate, 2, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def png():
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(72))) + chunk(b"IEND", b"")


def adts(noise):
    """AAC: its frames are whole, what is in them nobody will see"""
    size = 107
    head = bytes([0xFF, 0xF1, 0x50, 0x80 | size >> 11, size >> 3 & 255, (size & 7) << 5 | 0x1F, 0xFC])
    return b"".join(head + noise.randbytes(size - 7) for _ in range(200))


def bad_files(root):
    """{name: (bytes, what must be said)}"""
    noise = random.Random(1)
    html = b"<!DOCTYPE html><html><head><title>404</title></head><body>" + b"<p>gone</p>" * 100 + b"</body></html>"
    midi = b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0"
    jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
    flac, ogg = encode(root / "a.flac", "flacenc"), encode(root / "a.ogg", "vorbisenc ! oggmux")
    files = {
        "page.mp3": (html, r"not music: an HTML page"),
        "small page.ogg": (b"<html>\n<head></head><body>x</body></html>", r"not music: an HTML page"),
        "text.mp3": (b"this is no music at all\n" * 100, r"not music: a text"),
        "utf-16.mp3": ("plain text in two bytes\n".encode("utf-16") * 50, r"not music: a text"),
        "picture.mp3": (png(), r"not music: a picture"),
        "photo.wav": (jpeg + noise.randbytes(3000), r"not music: a picture"),
        "paper.flac": (b"%PDF-1.4\n" + b"1 0 obj <<>> endobj\n" * 50, r"not music: a PDF document"),
        "album.mp3": (b"PK\3\4\x14\0\0\0\x08\0" + noise.randbytes(2000), r"not music: an archive"),
        "list.mp3": (b"#EXTM3U\nhttp://localhost/y.mp3\n", r"not music: a playlist"),
        "xml.mp3": (b'<?xml version="1.0"?>\n<a>' + b"<b/>" * 200 + b"</a>", r"not music: XML"),
        "notes.mp3": (midi, r"not music: notes \(MIDI\), not a recording"),
        "empty.mp3": (b"", r"the file is empty"),
        "zeros.mp3": (bytes(5000), r"not music, or damaged: GStreamer knows no format in it"),
        "noise.mp3": (noise.randbytes(50000), r"not music, or damaged: GStreamer knows no format in it"),
        "header.wav": (riff(1, bytes(9000))[:44], r"it contains no audio samples"),
        "rate.wav": (riff(1, bytes(9000), 800), r"expected a sample rate from 2000 to 1000000 Hz, found 800"),
        "no rate.wav": (riff(1, bytes(9000), 0), r"a damaged or cut off WAV file"),
        "kind.wav": (riff(0xFFF0, noise.randbytes(9000)), r"a damaged (or cut off )?WAV file"),
        "half.flac": (flac[:60], r"a damaged or cut off FLAC file"),
        "half.ogg": (ogg[:3000], r"(a damaged or cut off Ogg file|it contains no audio samples)"),
    }  # fmt: skip
    if Gst.ElementFactory.find("avdec_aac") is None and Gst.ElementFactory.find("faad") is None:
        words = r"GStreamer has no MPEG-4 AAC decoder: install gst-libav \(.*gstreamer1.0-libav"
        files["aac.aac"] = (adts(noise), words)
    if Gst.ElementFactory.find("asfdemux") is None and Gst.ElementFactory.find("avdemux_asf") is None:
        asf = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + struct.pack("<QI", 5000, 3) + noise.randbytes(6000)
        words = r"GStreamer has no Advanced Streaming Format \(ASF\) demuxer: install gst-plugins-ugly"
        files["wma.wma"] = (asf, words)
    return files


# Tests -------------------------------------------------------------------------------------------------------------


def test_words(root):
    folder = root / "bad"
    folder.mkdir()
    files = bad_files(root)
    for name, (data, _) in files.items():
        (folder / name).write_bytes(data)
    began = time.monotonic()
    status, _, errors = call("extract", folder, "-q", "-o", root / "bad.safetensors")
    print(errors)
    lines = errors.splitlines()
    verdict.check(status == 1 and len(lines) == len(files) + 1, f"bad files: exit {status}, {len(lines)} lines")
    verdict.check(time.monotonic() - began < 30, f"bad files: {time.monotonic() - began:.1f} s")
    for name, (_, words) in files.items():
        found = [line for line in lines if line.startswith(f"{name}: ")]
        verdict.check(len(found) == 1 and re.search(f"^{re.escape(name)}: {words}", found[0]), f"{name}: {found}")
    for word in ("general stream error", "installation is missing", "Could not"):
        verdict.check(word not in errors, f"GStreamer's {word}: {errors}")


def test_cut_off(root):
    """an MP4 file whose end, with the index, is missing: decodebin swallows the error in about a third of the tries"""
    data = encode(root / "whole.mov", "audio/x-raw,format=S16LE ! qtmux")
    for percent in (30, 95):
        folder = root / f"cut {percent}"
        folder.mkdir()
        (folder / "cut.mov").write_bytes(data[: len(data) * percent // 100])
        (folder / "cut.m4a").write_bytes(data[: len(data) * percent // 100])
        for i in range(TRIES // 2):
            began = time.monotonic()
            status, _, errors = call("extract", folder, "-q", "-o", root / "cut.safetensors")
            seconds = time.monotonic() - began
            verdict.check(status == 1 and errors.count("a damaged or cut off MP4 file") == 2, f"cut off: {errors}")
            verdict.check(seconds < PATIENCE, f"cut off: {seconds:.1f} s at try {i}: {errors}")


def test_joined(root):
    """Files that are joined, of other rates: one recording, each part with its own clips, as when it is alone."""
    parts = [("a", 44100, 40), ("b", 22050, 12), ("c", 48000, 8)]
    folder = root / "parts"
    folder.mkdir()
    data = [encode(folder / f"{name}.ogg", "vorbisenc ! oggmux", seconds, rate, rate) for name, rate, seconds in parts]
    status, _, errors = call("extract", folder, "-q", "--type", "f16", "-o", root / "parts.safetensors")
    verdict.check(status == 0, f"parts: exit {status}, {errors}")
    joined = root / "joined"
    joined.mkdir()
    (joined / "all.ogg").write_bytes(b"".join(data))
    status, _, errors = call("extract", joined, "-q", "--type", "f16", "-o", root / "joined.safetensors")
    verdict.check(status == 0, f"joined: exit {status}, {errors}")
    if status != 0:
        return
    _, alone = read_safetensors(root / "parts.safetensors")
    _, whole = read_safetensors(root / "joined.safetensors")
    lengths = [int(frames) for frames in alone["frames"]]
    verdict.check(len(lengths) == 4 and lengths[0] == 387, f"parts: {lengths}")
    verdict.check(whole["frames"].tolist() == lengths, f"joined: {whole['frames'].tolist()} frames, not {lengths}")
    verdict.check(whole["recording"].tolist() == [0] * len(lengths), f"joined: recordings {whole['recording']}")
    for i, length in enumerate(lengths):
        near = np.abs(whole["features"][i][:length].astype(float) - alone["features"][i][:length].astype(float))
        verdict.check(np.median(near) < 0.1, f"joined: clip {i} is off by {np.median(near):.2f} dB")

    # Parts that are all too short say so.
    short = [encode(root / "x.ogg", "vorbisenc ! oggmux", 2, rate, rate) for rate in (44100, 22050)]
    (joined / "all.ogg").write_bytes(b"".join(short))
    status, _, errors = call("extract", joined, "-q", "-o", root / "short.safetensors")
    verdict.check(status == 1 and "too short" in errors and "without a break" in errors, f"short parts: {errors}")


def test_stalled(root):
    """A decoder that takes the file and gives nothing, for ever: given up, and the others are heard."""
    plugin = pathlib.Path(os.environ["GENRE_STALLING_PLUGIN"])
    folder, plugins = root / "stalled", root / "plugins"
    folder.mkdir()
    plugins.mkdir()
    (plugins / plugin.name).symlink_to(plugin)
    encode(folder / "a.flac", "flacenc")
    encode(folder / "b.wav", "wavenc")
    variables = {"GST_PLUGIN_PATH": f"{os.environ['GST_PLUGIN_PATH']}:{plugins}",
                 "GST_REGISTRY": str(root / "stalling.registry")}  # fmt: skip
    status, output, errors = call("identify", "--json", "-j1", folder, env=os.environ | variables)
    found = [json.loads(line) for line in output.splitlines()]
    words = "no data was read and the decoder gave no audio for 5 s"
    verdict.check(status == 1 and f"a.flac: {words}" in errors, f"{status} {errors}")
    verdict.check([one.get("error") for one in found] == [words, None], f"{output}")


def film(path, sound):
    """pictures that nothing decodes, and sound: the start of a chain"""
    size = "width=64,height=48,framerate=25/1"
    pipeline = Gst.parse_launch(
        f"videotestsrc num-buffers=120 ! video/x-raw,format=I420,{size} ! capssetter join=false replace=true "
        f"caps=video/x-huffyuv,{size} ! queue ! avimux name=mux ! filesink name=out {sound}"
    )
    pipeline.get_by_name("out").set_property("location", str(path))
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    assert message is not None and message.type == Gst.MessageType.EOS, path


def test_films(root):
    """Pictures that this machine cannot show are nothing to complain of: the sound is heard, or there is none."""
    if any(Gst.ElementFactory.find(name) is None for name in ("avimux", "avidemux", "capssetter")):
        print("no avimux, avidemux or capssetter: films were not tried")
        return
    film(root / "silent.avi", "")
    film(root / "sound.avi", "audiotestsrc wave=white-noise num-buffers=50 samplesperbuffer=4410 ! "
         "audio/x-raw,format=S16LE,rate=44100,channels=1 ! queue ! mux.")  # fmt: skip
    status, output, errors = call("identify", "--json", root / "silent.avi", root / "sound.avi")
    silent, sound = [json.loads(line) for line in output.splitlines()]
    verdict.check(status == 1 and silent.get("error") == "it contains no audio stream", f"{status} {silent} {errors}")
    verdict.check(abs(sound.get("duration", 0) - 5) < 0.1, f"{sound}")


def main():
    need("vorbisenc", "oggmux", "qtmux", "flacenc", "wavparse", "uridecodebin", "appsink")
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        os.environ["XDG_CACHE_HOME"] = str(root / "cache")
        test_words(root)
        test_cut_off(root)
        test_joined(root)
        test_stalled(root)
        test_films(root)
    verdict.exit()


if __name__ == "__main__":
    main()
