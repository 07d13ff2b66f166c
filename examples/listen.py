#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Says which genre plays in recordings: listen.py URI-or-FILE...

Needs PyGObject and GStreamer's typelib (on Debian python3-gi and gir1.2-gstreamer-1.0), not gst-python.
"""

import os
import pathlib
import sys
import warnings

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

# Of whatever there is in the file only the audio is decoded.
PIPELINE = (
    "uridecodebin name=source caps=audio/x-raw expose-all-streams=false ! audioconvert ! genreclassify ! fakesink"
)


# PyGObject calls it deprecated, but has nothing else that reads what Structure.get_array() returns.
warnings.filterwarnings("ignore", message="GObject.ValueArray.get_nth is deprecated")


def array(structure, field):
    """An array field as a list.  Structure.get_value() raises on arrays; get_array() does not."""
    _, values = structure.get_array(field)
    return [values.get_nth(i) for i in range(values.n_values)]


def print_window(genre):
    """One line for a window: where it ends in the recording, and what is heard there."""
    start, duration = genre.get_value("stream-time"), genre.get_value("duration")
    end = f"{(start + duration) / Gst.SECOND:7.1f} s" if start != Gst.CLOCK_TIME_NONE else "        -"
    print(f"{end}  {genre.get_value('summary')}", flush=True)


def print_final(name, genre):
    """The last message of a recording is about all of it."""
    print(f"{name}: {genre.get_value('summary')}")
    if genre.get_value("state") == "ok":
        for label, probability in zip(array(genre, "labels"), array(genre, "probabilities")):
            print(f"    {label:<12} {100 * probability:5.1f} %")


def display_name(argument):
    """A file's name may be in any encoding."""
    return os.fsencode(argument).decode("utf-8", "replace")


def to_uri(argument):
    """A name may look like a URI and be a file's: "Live: one.mp3"."""
    if not os.path.exists(argument) and Gst.uri_is_valid(display_name(argument)):
        return argument
    return pathlib.Path(argument).absolute().as_uri()


def listen_to(argument):
    """Returns when the recording is over.  Raises GLib.Error if it cannot be read."""
    pipeline = Gst.parse_launch(PIPELINE)  # no such element: is GST_PLUGIN_PATH set?
    name = display_name(argument)
    pipeline.get_by_name("source").set_property("uri", to_uri(argument))
    bus = pipeline.get_bus()
    wanted = Gst.MessageType.ELEMENT | Gst.MessageType.EOS | Gst.MessageType.ERROR

    pipeline.set_state(Gst.State.PLAYING)  # if this fails, the bus says why
    try:
        while True:
            message = bus.timed_pop_filtered(Gst.CLOCK_TIME_NONE, wanted)
            if message.type == Gst.MessageType.EOS:
                return
            if message.type == Gst.MessageType.ERROR:
                error, _ = message.parse_error()
                raise error
            structure = message.get_structure()
            if structure.get_name() == "genreclassify":
                if structure.get_value("final"):
                    print_final(name, structure)
                else:
                    print_window(structure)
    finally:
        pipeline.set_state(Gst.State.NULL)


def main():
    Gst.init(None)
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} URI-or-FILE...")
    failed = False
    for argument in sys.argv[1:]:
        try:
            listen_to(argument)
        except GLib.Error as error:
            print(f"{display_name(argument)}: {error.message}", file=sys.stderr)
            failed = True
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
