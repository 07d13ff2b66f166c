# SPDX-License-Identifier: LGPL-2.1-or-later
"""mixed_folder.py - a folder of recordings as people have them: several formats, a film, a text, a file of no bytes."""

from made_music import music, write_wav
from pipeline import Gst, quoted


def play(description):
    pipeline = Gst.parse_launch(description)
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    assert message is not None and message.type == Gst.MessageType.EOS, description


def has(*elements):
    return all(Gst.ElementFactory.find(name) for name in elements)


def make_folder(root):
    """-> folder, {name: seconds}"""
    folder = root / "folder"
    write_wav(folder / "mono 8 kHz.wav", music("bells", 1, 4), 8000)
    write_wav(root / "source.wav", music("drums", 2, 8), 22050)
    source = f"filesrc location={quoted(str(root / 'source.wav'))} ! wavparse ! audioconvert ! audioresample"
    sink = f"filesink location={folder}/"
    good = {"mono 8 kHz.wav": 4 * 22050 / 8000}
    play(f"{source} ! audio/x-raw,format=S24LE,channels=2,rate=96000 ! flacenc ! {sink}24bit.flac")
    good["24bit.flac"] = 8
    if has("opusenc", "opusdec"):
        play(f"{source} ! opusenc ! oggmux ! {sink}song.opus")
        good["song.opus"] = 8
    if has("lamemp3enc", "id3v2mux", "mpg123audiodec"):
        play(f"{source} ! lamemp3enc ! {sink}bare.mp3")
        cover = b"\x00image/jpeg\x00\x03\x00\xff\xd8\xff\xe0" + bytes(200_000)
        frame = b"APIC" + len(cover).to_bytes(4, "big") + b"\x00\x00" + cover
        size = bytes(len(frame) >> shift & 127 for shift in (21, 14, 7, 0))
        bare = folder / "bare.mp3"
        (folder / "cover.mp3").write_bytes(b"ID3\x03\x00\x00" + size + frame + bare.read_bytes())
        bare.unlink()
        good["cover.mp3"] = 8
    if has("jpegenc", "matroskamux", "vorbisenc"):
        pictures = "videotestsrc num-buffers=80 ! video/x-raw,width=64,height=48,framerate=10/1 ! jpegenc"
        play(f"matroskamux name=mux ! {sink}film.mkv {source} ! vorbisenc ! mux. {pictures} ! mux.")
        good["film.mkv"] = 8
    (folder / "notes.txt").write_text("what I heard")
    (folder / "empty.mp3").write_bytes(b"")
    return folder, good
