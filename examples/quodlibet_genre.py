# SPDX-License-Identifier: LGPL-2.1-or-later
"""A plugin for Quod Libet: which genre is playing, in the side bar.

Copy it to ~/.config/quodlibet/plugins/ and enable "Genre that is playing" in File > Plugins.  GStreamer must find the
element genreclassify.
"""

from gi.repository import Gst, Gtk

from quodlibet import app
from quodlibet.plugins.events import EventPlugin
from quodlibet.plugins.gstelement import GStreamerPlugin
from quodlibet.plugins.gui import UserInterfacePlugin


class PlayingGenre(GStreamerPlugin, EventPlugin, UserInterfacePlugin):
    PLUGIN_ID = "playing_genre"
    PLUGIN_NAME = "Genre that is playing"
    PLUGIN_DESC = "Shows which genre is heard, second by second, whatever the tag says."

    bus = handler = label = None

    @classmethod
    def setup_element(cls):
        return Gst.ElementFactory.make("genreclassify")

    def create_sidebar(self):
        self.label = Gtk.Label(label="-", wrap=True, margin=12)
        box = Gtk.Box()
        box.pack_start(self.label, True, True, 0)
        return box

    # Quod Libet makes its pipeline anew now and then, and watches the bus of each itself.
    def plugin_on_song_started(self, song):
        self.disabled()
        self.label.set_text("-")
        if song and getattr(app.player, "bin", None):
            self.bus = app.player.bin.get_bus()
            self.handler = self.bus.connect("message::element", self.on_message)

    def on_message(self, _bus, message):
        genre = message.get_structure()
        if genre.get_name() == "genreclassify":
            self.label.set_text(genre.get_string("summary"))

    def disabled(self):
        if self.bus:
            self.bus.disconnect(self.handler)
        self.bus = None
