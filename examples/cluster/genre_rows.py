#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A filter for clusters: a URI or an absolute path a line in, a JSON object a line out.

  find /music -name '*.flac' | python3 genre_rows.py > rows.jsonl

Needs PyGObject, GStreamer's typelib and the plugin; Python's own modules are the rest.  Any engine that starts a
process can use it: ray_genres.py does.  A recording that cannot be read is an object with the state "error".  One that
gives no audio for --stall seconds ends this process by SIGALRM, wherever it hangs: who has started it starts another.
"""

import argparse
import json
import os
import pathlib
import signal
import sys
import warnings

import gi

import genre_timeline

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

SHORTEST_SPAN_S = 5

# Of whatever there is in the file only the audio is decoded.
PIPELINE = (
    "uridecodebin name=source caps=audio/x-raw expose-all-streams=false ! audioconvert"
    " ! genreclassify name=genre smoothing=0 ! fakesink"
)

# PyGObject calls it deprecated, but has nothing else that reads what Structure.get_array() returns.
warnings.filterwarnings("ignore", message="GObject.ValueArray.get_nth is deprecated")


def array(structure, field):
    """An array field as a list.  Structure.get_value() raises on arrays; get_array() does not."""
    _, values = structure.get_array(field)
    return [values.get_nth(i) for i in range(values.n_values)]


def to_uri(line):
    return pathlib.Path(line).as_uri() if os.path.isabs(line) else line


def end_of(window):
    """seconds of the recording"""
    return (window.get_value("stream-time") + window.get_value("duration")) / Gst.SECOND


def window_seconds(model):
    """of the model's longest window"""
    return model.get_value("window-frames") * model.get_value("hop-length") / model.get_value("sample-rate")


def messages(pipeline, options):
    """What genreclassify says, each second of audio and at the end.  Raises GLib.Error."""
    wanted = Gst.MessageType.ELEMENT | Gst.MessageType.EOS | Gst.MessageType.ERROR
    while True:
        message = pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, wanted)
        signal.alarm(options.stall)
        if message.type == Gst.MessageType.EOS:
            return
        if message.type == Gst.MessageType.ERROR:
            raise message.parse_error()[0]
        structure = message.get_structure()
        if structure.get_name() != "genreclassify":
            continue
        yield structure
        if not structure.get_value("final") and end_of(structure) >= options.seconds:
            pipeline.send_event(Gst.Event.new_eos())


def row_of(path, final, windows, longest_window_s):
    """final: the last message; windows: (start, end, probabilities) of those that sound, in seconds"""
    labels = array(final, "labels")
    end = final.get_value("duration") / Gst.SECOND
    spans = genre_timeline.spans(windows, end, near=longest_window_s, shortest=SHORTEST_SPAN_S)
    return {
        "path": path,
        "state": final.get_value("state"),
        "label": final.get_value("label"),
        "confidence": final.get_value("confidence"),
        "distribution": dict(zip(labels, array(final, "probabilities"))),
        "music": final.get_value("music"),
        "timeline": [
            {"start": start, "end": end, "label": labels[index], "confidence": confidence}
            for start, end, index, confidence in spans
        ],
        "error": None,
    }


def failed(path, reason):
    names = ["label", "confidence", "distribution", "music"]
    return {"path": path, "state": "error", **dict.fromkeys(names), "timeline": [], "error": reason}


def hear(path, options):
    """Raises GLib.Error if it cannot be read."""
    pipeline = Gst.parse_launch(PIPELINE)
    genre = pipeline.get_by_name("genre")
    genre.set_property("threshold", options.threshold)
    genre.set_property("model", options.model)
    pipeline.get_by_name("source").set_property("uri", to_uri(path))
    windows, final = [], None
    pipeline.set_state(Gst.State.PLAYING)  # if this fails, the bus says why
    try:
        for message in messages(pipeline, options):
            if message.get_value("final"):
                # A file of several streams one after the other has several: the longest stands for it.
                if final is None or message.get_value("duration") > final.get_value("duration"):
                    final = message.copy()
            elif message.get_value("state") == "ok":
                start = message.get_value("stream-time") / Gst.SECOND
                windows.append((start, end_of(message), array(message, "probabilities")))
        longest_window_s = window_seconds(genre.get_property("model-info"))
    finally:
        pipeline.set_state(Gst.State.NULL)
    if final is None:
        return failed(path, "there is no audio in it")
    return row_of(path, final, windows, longest_window_s)


def check_plugin(options):
    """Exits if it would be the same failure for every recording."""
    genre = Gst.ElementFactory.make("genreclassify")
    if not genre:
        sys.exit("there is no element genreclassify: is GST_PLUGIN_PATH set?")
    genre.set_property("model", options.model)
    change = genre.set_state(Gst.State.PAUSED)
    genre.set_state(Gst.State.NULL)
    if change == Gst.StateChangeReturn.FAILURE:
        sys.exit(f"{options.model}: this model cannot be used; gst-genre-1.0 inspect says why")


def main():
    parser = argparse.ArgumentParser(description="Genres of recordings: a URI or an absolute path a line in, JSON out.")
    parser.add_argument("--model", help="a model file, instead of the one that is built in")
    parser.add_argument("--threshold", type=float, default=0, help="below this probability a genre is unknown")
    parser.add_argument("--seconds", type=float, default=4 * 3600,
                        help="of audio that are heard at most, for a radio station has no end (default %(default)s)")
    parser.add_argument("--stall", type=int, default=60, help="seconds without audio (default %(default)s)")
    options = parser.parse_args()

    Gst.init(None)
    check_plugin(options)
    sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    for line in sys.stdin:
        path = line.rstrip("\n")
        signal.alarm(options.stall)
        try:
            row = hear(path, options)
        except GLib.Error as error:
            row = failed(path, error.message)
        signal.alarm(0)
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
