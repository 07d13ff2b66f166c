/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/genre_playlists.h - a playlist for each genre, and one of what is not sure.
 *
 * Layer:   gst; side_file, track.
 * Threads: one object serves one thread.
 *
 * Jazz.m3u8 and so on: UTF-8, extended M3U, paths relative to the folder, so that it can move together with the music.
 * Memory: one line for each track.
 */
#ifndef GST_TOOLS_GENRE_PLAYLISTS_H
#define GST_TOOLS_GENRE_PLAYLISTS_H

#include "gst/tools/track.h"

typedef struct ToolPlaylists ToolPlaylists;

/* names  [n] of the genres for people, then NULL; copied */
ToolPlaylists *tool_playlists_new (const char *folder, char *const *names);
void tool_playlists_free (ToolPlaylists *playlists); /* NULL is a no-op */

/* order           of the entry in its playlist: rising numbers
 * label           index; -1: not sure
 * seconds         of the recording; 0: unknown
 * artist, title   or NULL */
void tool_playlists_add (ToolPlaylists *playlists, guint order, const ToolInput *input, int label, double seconds,
    const char *artist, const char *title);

/* Writes those that have tracks, and replaces those that are there from another run.  Returns how many could not be
 * written, each said on stderr.
 *
 * walk  no input is written to */
guint tool_playlists_write (const ToolPlaylists *playlists, const ToolWalk *walk, gboolean force);

#endif
