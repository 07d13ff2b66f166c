#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Internet radio: one endless stream whose titles come between the bytes, from a server of our own on the loopback.

The station plays two songs, of 12 and 10 s, with their titles a quarter of a second late at most, as titles are.
"""

import os
import socket
import threading

# The loopback needs no proxy, and libproxy, which would be asked, does not live with a preloaded AddressSanitizer.
os.environ["GIO_USE_PROXY_RESOLVER"] = "dummy"
for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
    os.environ.pop(name, None)

from pipeline import Gst, Verdict, need, run  # noqa: E402

BIT_RATE = 128000
META_BYTES = 4000  # between two titles: a quarter of a second
SONGS = [("Ann - One's song", 12, 440), ("Bob - Another", 10, 1500)]  # seconds, Hz
TIMEOUT = 60


def encode(seconds, hz):
    """-> mp3 of constant bit rate: a tone and noise"""
    pipeline = Gst.parse_launch(
        f"audiotestsrc num-buffers={seconds * 10} samplesperbuffer=4410 freq={hz} volume=.3 "
        "! audio/x-raw,rate=44100,channels=1 "
        f"! lamemp3enc target=bitrate cbr=true bitrate={BIT_RATE // 1000} ! appsink name=sink sync=false"
    )
    sink, parts = pipeline.get_by_name("sink"), []
    pipeline.set_state(Gst.State.PLAYING)
    while (sample := sink.emit("try-pull-sample", TIMEOUT * Gst.SECOND)) is not None:
        buffer = sample.get_buffer()
        parts.append(buffer.extract_dup(0, buffer.get_size()))
    pipeline.set_state(Gst.State.NULL)
    return b"".join(parts)


def metadata(title):
    """a block: its length in sixteens, then the text"""
    text = f"StreamTitle='{title}';".encode()
    text += bytes(-len(text) % 16)
    return bytes([len(text) // 16]) + text


def with_titles(songs):
    """[(title, mp3)] -> the bytes of a station: after every META_BYTES the title of what plays, if it is another"""
    sound = b"".join(mp3 for _, mp3 in songs)
    starts = [sum(len(mp3) for _, mp3 in songs[:i]) for i in range(len(songs))]
    said, parts = None, []
    for at in range(0, len(sound) - META_BYTES, META_BYTES):
        parts.append(sound[at : at + META_BYTES])
        title = [title for (title, _), start in zip(songs, starts) if start <= at + META_BYTES][-1]
        parts.append(metadata(title) if title != said else b"\0")
        said = title
    return b"".join(parts)


class Station:
    """Serves the same bytes to each listener that asks for titles, on a port of 127.0.0.1 alone."""

    def __init__(self, body):
        self.body = body
        self.asked = []  # for titles, one a listener
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                listener, _ = self.socket.accept()
            except OSError:
                return
            with listener:
                listener.settimeout(TIMEOUT)
                request = b""
                while b"\r\n\r\n" not in request and (more := listener.recv(4096)):
                    request += more
                self.asked.append(b"icy-metadata: 1" in request.lower())
                header = "HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\nicy-name: The station\r\nicy-br: 128\r\n"
                header += f"icy-metaint: {META_BYTES}\r\n\r\n"
                try:
                    listener.sendall(header.encode() + self.body)
                except OSError:
                    pass  # the listener went

    def close(self):
        self.socket.close()


def listen(station, properties):
    return run(
        f"souphttpsrc location={station.url} ! decodebin ! audioconvert ! genreclassify music-threshold=0 {properties} "
        "! fakesink sync=false",
        timeout=TIMEOUT,
    )


def check_split(verdict, messages):
    finals = [m for m in messages if m.final]
    if not verdict.check(len(finals) == 2, f"{len(finals)} finals of two songs"):
        return
    one, two = finals
    for final, (_, seconds, _) in zip(finals, SONGS):
        verdict.close(final.duration / 1e9, seconds, 0.4, f"length of the song of {seconds} s")
        verdict.check(final.state == "ok", final.text)
    verdict.close(two.timestamp, one.timestamp + one.duration, 1e6, "the second song begins where the first ends")
    first = messages[: messages.index(one)]
    second = messages[messages.index(one) + 1 : -1]
    verdict.check(len(first) >= 9 and one.windows == len(first), f"{len(first)} answers to the first song")
    verdict.check(len(second) >= 6 and two.windows == len(second), f"{len(second)} answers to the second song")
    verdict.check(all(m.timestamp >= two.timestamp for m in second), "an answer to the second song heard the first")


def main():
    need("souphttpsrc", "icydemux", "lamemp3enc", "mpegaudioparse", "decodebin", "audioconvert", "audiotestsrc")
    verdict = Verdict()
    station = Station(with_titles([(title, encode(seconds, hz)) for title, seconds, hz in SONGS]))
    check_split(verdict, listen(station, "split-titles=true"))
    messages = listen(station, "")
    verdict.check([m.final for m in messages] == [False] * (len(messages) - 1) + [True], "finals by default")
    verdict.check(len(messages) >= 19, f"{len(messages)} messages by default")
    verdict.close(messages[-1].duration / 1e9, 22, 0.4, "the final by default is of both songs")
    verdict.check(station.asked and all(station.asked), f"listeners asked for titles: {station.asked}")
    station.close()
    verdict.exit()


if __name__ == "__main__":
    main()
