# SPDX-License-Identifier: LGPL-2.1-or-later
"""tagged_files.py - recordings with all that people have in their tags, and what other programs read from them.

Made music; tags by python3-mutagen or byte by byte; MP4 by ffmpeg.
"""

import base64
import json
import shutil
import struct
import subprocess

import messy_folder
from made_music import music
from pipeline import Gst, skip

try:
    import mutagen
    from mutagen import apev2, flac, id3, mp4, oggopus, oggvorbis
except ImportError:
    skip("there is no python3-mutagen")

if not shutil.which("ffmpeg") or not shutil.which("ffprobe"):
    skip("there is no ffmpeg")

PICTURE = bytes(range(256)) * 40  # what a picture is, nobody here looks at
REPLAYGAIN = {"REPLAYGAIN_TRACK_GAIN": "-7.25 dB", "REPLAYGAIN_TRACK_PEAK": "0.987654"}


def syncsafe(n):
    return bytes(n >> shift & 127 for shift in (21, 14, 7, 0))


def id3_tag(version, frames, padding=0):
    """a whole tag; frames: of (id, bytes)"""
    body = b""
    for name, content in frames:
        if version == 2:
            body += name.encode() + struct.pack(">I", len(content))[1:] + content
        else:
            size = syncsafe(len(content)) if version == 4 else struct.pack(">I", len(content))
            body += name.encode() + size + b"\0\0" + content
    body += b"\0" * padding
    return b"ID3" + bytes([version, 0, 0]) + syncsafe(len(body)) + body


def id3_frames(data):
    """[(id, bytes)] of a whole tag at the start of data, genre too"""
    version, end = data[3], 10 + sum(b << s for b, s in zip(data[6:10], (21, 14, 7, 0)))
    at, frames = 10, []
    while at < end and data[at]:
        if version == 2:
            n, head, name = int.from_bytes(data[at + 3 : at + 6], "big"), 6, data[at : at + 3]
        else:
            size = data[at + 4 : at + 8]
            n = sum(b << s for b, s in zip(size, (21, 14, 7, 0))) if version == 4 else int.from_bytes(size, "big")
            head, name = 10, data[at : at + 4]
        frames.append((name.decode(), data[at + head : at + head + n]))
        at += head + n
    return frames


def rich_id3(path, genres):
    """an ID3v2.4 tag with covers, chapters, private things"""
    tags = id3.ID3()
    for frame in [
        id3.TIT2(3, ["T\u00eftle"]), id3.TPE1(3, ["One", "Two"]), id3.TDRC(3, ["1999-12-31"]), id3.TRCK(0, ["3/12"]),
        id3.APIC(0, "image/jpeg", 3, "front", PICTURE), id3.APIC(1, "image/png", 4, "b\u00e4ck", PICTURE[:777]),
        id3.PRIV("com.example", b"\0\1\2\xff"), id3.GEOB(0, "x/y", "name", "what", b"\xff\xfe\0" * 9),
        id3.POPM("who@example.com", 196, 7), id3.UFID("http://musicbrainz.org", b"abc-def"),
        id3.COMM(1, "eng", "", ["c"]),
        id3.USLT(3, "deu", "x", "l\u00e4\nl\u00fc"), id3.RVA2("track", 1, -7.25, 0.5), id3.WXXX(0, "d", "http://x"),
        id3.CTOC("toc", 3, ["a", "b"], []), id3.CHAP("a", 0, 3000, 0, 0, [id3.TIT2(3, ["first"])]),
        id3.CHAP("b", 3000, 6000, 0, 0, [id3.TIT2(3, ["second"])]),
        *[id3.TXXX(3, key, [value]) for key, value in REPLAYGAIN.items()],
    ]:  # fmt: skip
        tags.add(frame)
    if genres:
        tags.add(id3.TCON(3, genres))
    tags.save(path, v1=0)


def strip(data):
    """an MP3 without any tag"""
    if data[:3] == b"ID3":
        data = data[10 + sum(b << s for b, s in zip(data[6:10], (21, 14, 7, 0))) :]
    return data[:-128] if data[-128:-125] == b"TAG" else data


def id3v1(genre, title=b"Old title"):
    return b"TAG" + title.ljust(30, b"\0") + b"artist".ljust(30) + b"album".ljust(30, b"\0") + b"1987" + (
        b"comment".ljust(28, b"\0") + b"\0\x07" + bytes([genre]))  # fmt: skip


OLD_FRAMES = [
    ("TIT2", b"\0Title"), ("TPE1", b"\1\xff\xfeA\0\xe4\0"), ("TYER", b"\0" + b"2001"), ("TDAT", b"\0" + b"3112"),
    ("TIME", b"\0" + b"2359"), ("TSIZ", b"\0" + b"12345"), ("TRDA", b"\0" + b"May"),
    ("RVAD", b"\3\x10\1\2\3\4\0\0\0\0"),
    ("EQUA", b"\x10\0\1\2\3"), ("IPLS", b"\0a\0b\0"), ("GEOB", b"\0t/x\0n\0d\0\1\2\3"), ("XYZW", b"\7\7\7"),
    ("APIC", b"\0image/jpeg\0\3\0" + PICTURE), ("PRIV", b"own\0er"), ("POPM", b"me\0\xff\0\0\0\1"),
    ("CHAP", b"c1\0\0\0\0\0\0\0\x10\0\xff\xff\xff\xff\xff\xff\xff\xff"),
]  # fmt: skip


def make(root, seconds=5):
    """{name: genres that it has} of the files that are made in root"""
    made, made_genres = {}, {}

    def add(name, data, *genres):
        (root / name).write_bytes(data)
        made_genres[name] = list(genres)

    for kind, seed in (("mp3", 1), ("flac", 2), ("ogg", 3), ("opus", 4)):
        path = root / f"base.{kind}"
        if messy_folder.encode(path, music("drums", seed, seconds), kind):
            made[kind] = path.read_bytes()
            path.unlink()
    if len(made) < 4:
        skip("this GStreamer lacks an encoder of mp3, flac, ogg or opus")
    audio = strip(made["mp3"])

    for name, genres in (("rich.mp3", []), ("rich two.mp3", ["Rock", "Folk"])):
        add(name, audio, *genres)
        rich_id3(root / name, genres)
    add("v23.mp3", id3_tag(3, OLD_FRAMES, 200) + audio)
    add("v23 genre.mp3", id3_tag(3, OLD_FRAMES[:3] + [("TCON", b"\0(17)")] + OLD_FRAMES[3:], 0) + audio, "Rock")
    add("v22.mp3", id3_tag(2, [("TT2", b"\0Title"), ("TCO", b"\0(0)"), ("PIC", b"\0JPG\3\0" + PICTURE)], 50) + audio,
        "Blues")  # fmt: skip
    add("bare.mp3", audio)
    add("v1.mp3", audio + id3v1(255))
    add("v1 jazz.mp3", id3_tag(4, [("TIT2", b"\3x")], 64) + audio + id3v1(8), "Jazz")
    add("ape.mp3", audio)
    tags = apev2.APEv2()
    tags.update({"Title": "t", "Artist": ["a", "b"], "Genre": ["Metal", "Rock"], "MP3GAIN_MINMAX": "1,2"})
    tags["Cover Art (Front)"] = apev2.APEValue(b"cover.jpg\0" + PICTURE, apev2.BINARY)
    tags.save(root / "ape.mp3")
    made_genres["ape.mp3"] = ["Metal", "Rock"]
    add("ape and v1.mp3", (root / "ape.mp3").read_bytes() + id3v1(0), "Metal", "Rock")

    for name, kind, cls in (("x.flac", "flac", flac.FLAC), ("x.ogg", "ogg", oggvorbis.OggVorbis),
                            ("x.opus", "opus", oggopus.OggOpus)):  # fmt: skip
        for padding, genres in ((None, []), (0, ["Pop", "Folk, World, & Country"]), (3000, ["Latin"])):
            name_now = f"{len(genres)} {padding} {name}"
            add(name_now, made[kind], *genres)
            file = cls(root / name_now)
            rich_comments(file, kind, genres)
            file.save(padding=None if padding is None else lambda info, n=padding: n)
    add("behind id3.flac", id3_tag(4, [("TIT2", b"\3x"), ("TCON", b"\3Odd")], 20) + made["flac"])

    for name, options, genres in (("last.m4a", [], []), ("first.m4a", ["-movflags", "+faststart"], ["Soul", "Funk"])):
        (root / "base.mp3").write_bytes(audio)
        chapters = root / "chapters.txt"
        chapters.write_text(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=one\n"
                            "[CHAPTER]\nTIMEBASE=1/1000\nSTART=2000\nEND=5000\ntitle=two\n")  # fmt: skip
        subprocess.run(["ffmpeg", "-v", "error", "-i", root / "base.mp3", "-i", chapters, "-map_metadata", "1", "-map",
                        "0:a", "-c", "copy", *options, "-f", "mp4", root / name], check=True)  # fmt: skip
        rich_atoms(root / name, genres)
        made_genres[name] = genres
        chapters.unlink()
        (root / "base.mp3").unlink()
    return made_genres


def rich_comments(file, kind, genres):
    picture = flac.Picture()
    picture.data, picture.mime, picture.type, picture.desc = PICTURE * 8, "image/png", 3, "d\u00e9"
    file.tags["Title"] = ["T\u00eftle"]
    file.tags["artist"] = ["One", "Two"]
    file.tags["CHAPTER000"] = ["00:00:00.000"]
    file.tags["comment"] = ["a=b=c", ""]
    file.tags.update(REPLAYGAIN if kind != "opus" else {"R128_TRACK_GAIN": "-1234"})
    if genres:
        file.tags["Genre"] = genres
    file.tags["ZULU"] = ["last"]
    if kind == "flac":
        file.add_picture(picture)
    else:
        file.tags["METADATA_BLOCK_PICTURE"] = [base64.b64encode(picture.write()).decode()]


def rich_atoms(path, genres):
    file = mp4.MP4(path)
    if file.tags is None:
        file.add_tags()
    file["\xa9nam"] = ["T\u00eftle"]
    file["\xa9ART"] = ["One", "Two"]
    file["trkn"] = [(3, 12)]
    file["cpil"] = True
    file["tmpo"] = [128]
    covers = [(PICTURE, mp4.MP4Cover.FORMAT_JPEG), (PICTURE[:99], mp4.MP4Cover.FORMAT_PNG)]
    file["covr"] = [mp4.MP4Cover(*cover) for cover in covers]
    file["----:com.apple.iTunes:iTunNORM"] = [mp4.MP4FreeForm(b" 00000001 00000002")]
    file["----:org.example:BYTES"] = [mp4.MP4FreeForm(b"\0\1\xff", mp4.AtomDataType.IMPLICIT)]
    file["----:com.apple.iTunes:replaygain_track_gain"] = [mp4.MP4FreeForm(b"-7.25 dB")]
    if genres:
        file["\xa9gen"] = genres
    file.save()


# --- what others read ---


def by_mutagen(path):
    """(genres, everything else)"""
    file = mutagen.File(path)
    tags = file.tags
    if isinstance(tags, id3.ID3):
        genres = [g for frame in tags.getall("TCON") for g in frame.genres]
        return genres, sorted(repr(frame) for frame in tags.values() if frame.FrameID != "TCON")
    if isinstance(tags, mp4.MP4Tags):
        return tags.get("\xa9gen", []), sorted((k, repr(v)) for k, v in tags.items() if k != "\xa9gen")
    if tags is None:
        return [], []
    pairs = list(tags)
    others = [pair for pair in pairs if pair[0].lower() != "genre"]
    pictures = [picture.write() for picture in getattr(file, "pictures", [])]
    return [value for key, value in pairs if key.lower() == "genre"], [getattr(tags, "vendor", None), others, pictures]


def by_ffprobe(path):
    """(genre, everything else)"""
    output = subprocess.run(["ffprobe", "-v", "quiet", "-show_format", "-show_streams", "-show_chapters", "-of", "json",
                             path], check=True, stdout=subprocess.PIPE).stdout  # fmt: skip
    found, genre = json.loads(output), None
    for part in (found["format"], *found["streams"]):
        for key in list(part.get("tags", {})):
            if key.lower() == "genre":
                genre = part["tags"].pop(key)
    for part in (found["format"], *found["streams"]):  # estimates by the size of the file, tags and all
        for key in ("size", "bit_rate", "filename", "probe_score", "duration", "duration_ts", "extradata_size"):
            part.pop(key, None)
        if not part.get("tags"):
            part.pop("tags", None)
    return genre, found


def by_gstreamer(path):
    """genres"""
    pipeline = Gst.parse_launch("filesrc name=in ! decodebin ! fakesink")
    pipeline.get_by_name("in").set_property("location", str(path))
    pipeline.set_state(Gst.State.PLAYING)
    genres, bus = [], pipeline.get_bus()
    while True:
        message = bus.timed_pop_filtered(
            20 * Gst.SECOND, Gst.MessageType.TAG | Gst.MessageType.EOS | Gst.MessageType.ERROR)  # fmt: skip
        if message is None or message.type != Gst.MessageType.TAG:
            break
        tags = message.parse_tag()
        for i in range(tags.get_tag_size("genre")):
            value = tags.get_string_index("genre", i)[1]
            if value not in genres:
                genres.append(value)
    pipeline.set_state(Gst.State.NULL)
    assert message is not None and message.type == Gst.MessageType.EOS, path
    return genres


def audio(path):
    """a sum of the packets, not of what is around them"""
    return subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-map", "0:a", "-c", "copy", "-f", "streamhash", "-"],
                          check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout  # fmt: skip
