# SPDX-License-Identifier: LGPL-2.1-or-later
"""A plugin for Rhythmbox: which genre is playing, below the list of tracks.

Copy this directory to ~/.local/share/rhythmbox/plugins/genreclassify and enable "Genre that is playing" in the
preferences.  GStreamer must find the element genreclassify.
"""

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, GObject, Gst, Gtk, Peas, RB  # noqa: E402


class PlayingGenre(GObject.Object, Peas.Activatable):
    object = GObject.Property(type=GObject.Object)  # the shell of Rhythmbox

    def do_activate(self):
        self.label = Gtk.Label(label="-", margin=6, visible=True)
        self.object.add_widget(self.label, RB.ShellUILocation.MAIN_BOTTOM, False, True)
        shell_player = self.object.props.shell_player
        self.player = shell_player.props.player
        self.element = Gst.ElementFactory.make("genreclassify")
        self.player.add_filter(self.element)
        self.bus = None
        self.song_handler = shell_player.connect("playing-song-changed", self.on_song)

    def do_deactivate(self):
        self.object.props.shell_player.disconnect(self.song_handler)
        self.leave_bus()
        self.player.remove_filter(self.element)
        self.object.remove_widget(self.label, RB.ShellUILocation.MAIN_BOTTOM)

    # Rhythmbox's own watch of the bus does not pass messages on, so that they are seen when they are posted, which is
    # in another thread.
    def on_song(self, _shell_player, _entry):
        self.label.set_text("-")
        playbin = self.player.props.playbin
        if playbin and not self.bus:
            self.bus = playbin.get_bus()
            self.bus.enable_sync_message_emission()
            self.bus_handler = self.bus.connect("sync-message::element", self.on_message)

    def on_message(self, _bus, message):
        genre = message.get_structure()
        if genre.get_name() == "genreclassify":
            GLib.idle_add(self.label.set_text, genre.get_string("summary"))

    def leave_bus(self):
        if self.bus:
            self.bus.disconnect(self.bus_handler)
            self.bus.disable_sync_message_emission()
        self.bus = None
