/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/genre_seconds.h - the distributions of windows that overlap -> one for each second.
 *
 * Layer:   gst; models/genre_aggregate.
 * Threads: one object serves one thread at a time.
 *
 * What a second sounds like is the aggregate of all windows that contain its middle, those before and those after it: a
 * change of genre has its place where it is heard, not a window later.
 */
#ifndef GST_TOOLS_GENRE_SECONDS_H
#define GST_TOOLS_GENRE_SECONDS_H

#include <glib.h>

typedef struct ToolGenreSeconds ToolGenreSeconds;

ToolGenreSeconds *tool_genre_seconds_new (unsigned n_labels);
void tool_genre_seconds_free (ToolGenreSeconds *seconds); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolGenreSeconds, tool_genre_seconds_free)

/* A window from `start` to `end`, seconds; neither is before that of the window before.  Take first what is known
 * without it: tool_genre_seconds_next() with its start.
 *
 * probabilities  [n_labels] */
void tool_genre_seconds_add (ToolGenreSeconds *seconds, double start, double end, const double *probabilities);

/* The next second whose middle lies before `start`, so that no window from there on contains it; one that no window
 * contains is left out.
 *
 * Its distribution [n_labels], valid until the next call on the object, and its number from 0; NULL: there is none. */
const double *tool_genre_seconds_next (ToolGenreSeconds *seconds, double start, guint64 *ret_second);

#endif
