# SPDX-License-Identifier: LGPL-2.1-or-later
"""messy_folder.py [DIRECTORY] - a folder as people have it: odd names, broken files, covers, links, many formats.

Made music only; what this machine cannot encode is left out.
"""

import os
import pathlib
import struct
import sys
import wave
import zlib

import numpy as np

from made_music import RATE, music, write_wav
from pipeline import Gst

ENCODERS = {"flac": "flacenc", "ogg": "vorbisenc ! oggmux", "opus": "audioresample ! opusenc ! oggmux",
            "mp3": "lamemp3enc ! id3v2mux", "mkv": "vorbisenc ! matroskamux name=mux"}  # fmt: skip
PICTURES = "videotestsrc num-buffers=50 ! video/x-raw,format=I420,width=64,height=48,framerate=25/1 ! queue ! mux."


def encode(path, pcm, kind, rate=RATE, caps="", **tags):
    """-> whether this machine can.  caps: of the encoder's input; tags: of the file"""
    chain = ENCODERS[kind]
    if any(Gst.ElementFactory.find(name.split()[0]) is None for name in chain.split("!")):
        return False
    source = os.fspath(path) + ".wav" if not isinstance(path, bytes) else path + b".wav"
    write_wav(source, pcm, rate)
    chain = chain.replace("enc", "enc name=enc", 1)
    beside = PICTURES if kind == "mkv" else ""
    pipeline = Gst.parse_launch(
        f"filesrc name=in ! wavparse ! audioconvert {caps} ! {chain} ! filesink name=out {beside}"
    )
    pipeline.get_by_name("in").set_property("location", os.fsdecode(source))
    pipeline.get_by_name("out").set_property("location", os.fsdecode(path))
    taglist = Gst.TagList.new_empty()
    for name, value in tags.items():
        taglist.add_value(Gst.TagMergeMode.REPLACE, name.replace("_", "-"), value)
    setter = pipeline.get_by_interface(Gst.TagSetter)
    if setter and tags:
        setter.merge_tags(taglist, Gst.TagMergeMode.REPLACE_ALL)
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    os.unlink(source)
    assert message is not None and message.type == Gst.MessageType.EOS, path
    return True


def picture_block():
    """FLAC's, with a whole PNG of one pixel"""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    png += chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")
    block = struct.pack(">II9sI5I", 3, 9, b"image/png", 0, 1, 1, 24, 0, len(png)) + png
    return struct.pack(">I", 6 << 24 | len(block)) + block


def make(root, seconds=8):
    """-> good files, bad files: paths in bytes below root; every other file is no music or a link"""
    root = pathlib.Path(root)
    good, bad = [], []

    def add(name, pcm, rate=RATE):
        path = os.fsencode(root) + b"/" + (name if isinstance(name, bytes) else name.encode())
        write_wav(path, pcm, rate)
        good.append(path)
        return path

    add("plain.wav", music("drums", 1, seconds))
    add("with spaces/and 'quotes' \"two\" $HOME.wav", music("bells", 2, seconds))
    add("emoji \U0001f3b5 \u97f3\u697d.wav", music("drone", 3, seconds))
    add("new\nline\tand tab.wav", music("drums", 4, seconds))
    add("\x1b[31mred\x07.wav", music("bells", 5, seconds))
    add(b"no utf-8 \xe9\xff.wav", music("drone", 6, seconds))
    add("\u00e4" * 125 + "x.wav", music("drums", 7, seconds))  # 255 bytes
    add("mono 8 kHz.wav", music("bells", 8, seconds)[::3], 8000)
    with wave.open(str(root / "24 bit.wav"), "wb") as file:
        pcm = music("drone", 9, seconds).astype("<i4") << 8
        file.setnchannels(1), file.setsampwidth(3), file.setframerate(RATE)
        file.writeframes(pcm.view(np.uint8).reshape(-1, 4)[:, :3].tobytes())
    good.append(os.fsencode(root / "24 bit.wav"))
    for name, kind in [("a.flac", "flac"), ("b.ogg", "ogg"), ("c.opus", "opus"), ("d.mp3", "mp3"), ("film.mkv", "mkv")]:
        if encode(root / name, music("bells", len(name), seconds), kind):
            good.append(os.fsencode(root / name))
    if encode(root / "24 bit.flac", music("drums", 12, seconds), "flac", caps="! audio/x-raw,format=S24_32LE"):
        good.append(os.fsencode(root / "24 bit.flac"))
    if (root / "a.flac").exists():
        data = (root / "a.flac").read_bytes()
        (root / "cover inside.flac").write_bytes(data[:42] + picture_block() + data[42:])  # behind STREAMINFO
        good.append(os.fsencode(root / "cover inside.flac"))
    parts = [root / "part one.ogg", root / "part two.ogg"]
    if all(encode(part, music("drone", 20 + i, seconds), "ogg") for i, part in enumerate(parts)):
        (root / "chained.ogg").write_bytes(b"".join(part.read_bytes() for part in parts))
        good.append(os.fsencode(root / "chained.ogg"))
        for part in parts:
            part.unlink()
    add("quiet.wav", np.zeros(seconds * RATE, "<i2"))
    add("short.wav", music("drums", 11, 1))

    for name, data in [("empty.mp3", b""), ("broken.flac", b"fLaC" + b"\0" * 500), ("page.mp3", b"<html>" * 200),
                       ("noise.ogg", bytes(range(256)) * 40)]:  # fmt: skip
        (root / name).write_bytes(data)
        bad.append(os.fsencode(root / name))
    for name in ("cover.jpg", "notes.txt", ".hidden.wav", "half.mp3.part", "list.m3u"):
        (root / name).write_bytes(b"plain.wav\n")
    (root / "loop").symlink_to(root)
    (root / "same as plain.wav").symlink_to("plain.wav")
    os.link(root / "24 bit.wav", root / "hard.wav")
    (root / "nowhere.wav").symlink_to("gone.wav")
    bad.append(os.fsencode(root / "nowhere.wav"))
    return good, bad


if __name__ == "__main__":
    os.makedirs(sys.argv[1])
    make(os.path.abspath(sys.argv[1]))
