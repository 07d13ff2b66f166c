/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/track.h - what a run of identify says of one recording, before it is written in any format.
 *
 * Layer:   gst; identification, tag_write, walk.
 * Threads: plain data.
 */
#ifndef GST_TOOLS_TRACK_H
#define GST_TOOLS_TRACK_H

#include "gst/tools/identification.h"
#include "gst/tools/tag_write.h"
#include "gst/tools/walk.h"

typedef struct ToolTrack
{
  const ToolInput *input; /* the caller's */

  /* from before it was heard, or behind it if its genre was written; 0 for a URI of no file */
  guint64 size;    /* bytes */
  gint64 mtime_us; /* of its last change, since 1970 */

  ToolIdentification *heard; /* NULL: it failed */
  char *error;               /* one line, without its name; NULL: it did not */
  ToolTagResult *tag;        /* NULL: no genre was to be written */
  char *line;                /* of an earlier run that has heard it; NULL: this one has */
} ToolTrack;

/* identifier  NULL: it is not heard
 *
 * Never NULL. */
ToolTrack *tool_track_new (const ToolInput *input, ToolIdentifier *identifier);
void tool_track_free (ToolTrack *track); /* NULL is a no-op */

/* Size and time of the last change of what is there now; 0 if there is nothing, or it is a URI. */
void tool_track_stat (const ToolInput *input, guint64 *ret_size, gint64 *ret_mtime_us);

/* "ok", "silence", "not-music", "too-short": as the element has it. */
const char *tool_track_state (const ToolTrack *track);
const char *tool_track_state_name (GenreState state);

/* The labels of the most probable genres, in order, no more than `most`, each at least half a percent; returns how
 * many.
 *
 * labels [most]  out */
unsigned tool_track_top (const ToolTrack *track, unsigned most, unsigned *labels);

/* 0 to 100, rounded. */
int tool_percent (double probability);

#endif
