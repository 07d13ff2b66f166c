/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tags.h - which genre the stream is tagged with, and what upstream says of the stream.
 *
 * Layer:   gst; uses worker.
 * Threads: the worker decides, in genre_tags_begin_run() and _decide(); all else is for the streaming thread, with the
 *          stream lock held, or none streams.
 */
#ifndef GST_TAGS_H
#define GST_TAGS_H

#include "gst/listener.h"

#include <gst/gst.h>

typedef struct GenreTags GenreTags;

GenreTags *genre_tags_new (void);
void genre_tags_free (GenreTags *tags); /* NULL is a no-op */

/* Another stream: forgets everything. */
void genre_tags_reset (GenreTags *tags);

/* The worker has the first sample of a run.  Forgets what was decided at the end of the last one, taken or not. */
void genre_tags_begin_run (GenreTags *tags);

/* The worker has an answer.  The genre is the aggregate's after ten windows, when it is at least max (threshold, .5)
 * and has been the most probable one for 10 s, or at the final. */
void genre_tags_decide (GenreTags *tags, const GenreAnswer *answer, gdouble threshold);

/* The run is over, but not the stream: forgets the genre, taken or not, but not the tags of upstream. */
void genre_tags_end_run (GenreTags *tags);

/* Whether a TAG event has another title than the last one that had any.  Stream scope only; blanks around a title do
 * not count, an empty one is none. */
gboolean genre_tags_note_title (GenreTags *tags, GstEvent *event);

/* Takes a TAG event from upstream; returns the one to send downstream in its place, of the same seqnum. */
GstEvent *genre_tags_merge (GenreTags *tags, GstEvent *event);

/* The TAG event with the genre that has been decided.  NULL: none has been decided, it is the one that was taken before
 * in this run, or upstream has a genre. */
GstEvent *genre_tags_take (GenreTags *tags);

#endif
