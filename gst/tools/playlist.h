/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/playlist.h - what a playlist names: M3U, M3U8 and PLS; and lists of names that other programs print.
 *
 * Layer:   gst; GLib.
 * Threads: no state.
 */
#ifndef GST_TOOLS_PLAYLIST_H
#define GST_TOOLS_PLAYLIST_H

#include <glib.h>

enum
{
  TOOL_PLAYLIST_MAX_BYTES = 256 << 20, /* a list of millions */
};

/* By its extension. */
gboolean tool_playlist_is_one (const char *path);

/* text    [size], of a playlist
 * folder  where it lies: relative names begin there
 *
 * Paths in the file system's encoding, and URIs of what is no file, in their order.  A name that leads nowhere as it is
 * written, but does with "/" for "\\", or as Latin-1, as old programs write it, is that.  NULL: it is no playlist but
 * an HLS stream, which a decoder reads.  Ends in no NULL; g_ptr_array_unref() it. */
GPtrArray *tool_playlist_parse (const char *text, gsize size, const char *folder);

/* text  [size], names that end in `end`, '\n' or '\0'; the last one need not.  Empty ones are left out. */
GPtrArray *tool_playlist_split (const char *text, gsize size, char end);

#endif
