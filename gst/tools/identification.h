/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/identification.h - one recording -> its genre, and which is heard from when to when.
 *
 * Layer:   gst; decode, spans, models/genre_stream.
 * Threads: one ToolIdentifier serves one thread; any number may be at work.  gst_init() has been called.
 *
 * What the element says of a run of the same samples, bit for bit.  Memory does not grow with the length of the
 * recording, but for one span for each change of genre in it.
 */
#ifndef GST_TOOLS_IDENTIFICATION_H
#define GST_TOOLS_IDENTIFICATION_H

#include "gst/tools/spans.h"
#include "models/genre_stream.h"

#include <stdatomic.h>

typedef struct ToolIdentifyConfig
{
  GenreModel *model;      /* the caller's, for as long as identifiers are at work */
  double offset, length;  /* seconds: the part that is heard; length 0: to the end */
  double threshold;       /* below, the label is unknown */
  double music_threshold; /* below, a window is not music */
  double shortest;        /* seconds: of a span */
  atomic_uint *heard;     /* seconds of audio, by all threads; NULL: not counted */
} ToolIdentifyConfig;

typedef struct ToolIdentification
{
  GenreState state;
  int label; /* index of the most probable one; -1: unknown */
  double confidence;
  double music; /* probability that it is music */
  unsigned n_labels;
  double *probabilities; /* [n_labels] */
  unsigned windows;
  double start, seconds; /* of the audio that was heard */
  double duration;       /* of the recording, as its file has it; 0: unknown */
  GArray *spans;         /* of ToolSpan, in seconds of the recording */
  gboolean cancelled;    /* genre_decoder_cancelled() */
  char *artist, *title;  /* as it is tagged; NULL: it is not */
  char **genres;         /* the same; ends in NULL, may be empty */
} ToolIdentification;

typedef struct ToolIdentifier ToolIdentifier;

/* NULL: out of memory. */
ToolIdentifier *tool_identifier_new (const ToolIdentifyConfig *config);
void tool_identifier_free (ToolIdentifier *identifier); /* NULL is a no-op */

/* location  a file's path, or a URI
 *
 * NULL: `error` says why in one line, without the name of the file. */
ToolIdentification *tool_identifier_hear (ToolIdentifier *identifier, const char *location, GError **error);
void tool_identification_free (ToolIdentification *identification); /* NULL is a no-op */

#endif
