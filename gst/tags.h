/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tags.h - what upstream says of the stream, and our genre in it.
 *
 * Layer:   gst.
 * Threads: the streaming thread, with the stream lock held, or none streams.
 */
#ifndef GST_TAGS_H
#define GST_TAGS_H

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct GenreTags GenreTags;

GenreTags *genre_tags_new (void);
void genre_tags_free (GenreTags *tags); /* NULL is a no-op */

/* Another stream: all that was said is void. */
void genre_tags_reset (GenreTags *tags);

/* Another run of the same stream: the genre is void, what upstream says is not. */
void genre_tags_end_run (GenreTags *tags);

/* Whether a TAG event has another title than the last one that had any.  Stream scope only; blanks around a title do
 * not count, an empty one is none. */
gboolean genre_tags_note_title (GenreTags *tags, GstEvent *event);

/* Takes a TAG event from upstream; returns the one to go on in its place, of the same seqnum. */
GstEvent *genre_tags_merge (GenreTags *tags, GstEvent *event);

/* genre: ours from now on; taken.  Returns the TAG event that says so, NULL while upstream names one. */
GstEvent *genre_tags_set_genre (GenreTags *tags, gchar *genre);

G_END_DECLS

#endif
