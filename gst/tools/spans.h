/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/spans.h - the distributions of windows that overlap -> which genre is heard from when to when.
 *
 * Layer:   gst; genre_seconds, models/genre_aggregate.
 * Threads: one object serves one thread at a time.
 *
 * Seconds in a row with the same most probable genre, as genre_seconds.h has them, are a span.
 */
#ifndef GST_TOOLS_SPANS_H
#define GST_TOOLS_SPANS_H

#include <glib.h>

typedef struct ToolSpan
{
  double start, end;  /* seconds */
  unsigned label;     /* index */
  double probability; /* of the label, the mean over the seconds that the span began with: 0 to 1 */
} ToolSpan;

typedef struct ToolSpans ToolSpans;

ToolSpans *tool_spans_new (unsigned n_labels);
void tool_spans_free (ToolSpans *spans); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolSpans, tool_spans_free)

/* A window from `start` to `end`, seconds; neither is before that of the window before.
 *
 * probabilities  [n_labels] */
void tool_spans_add (ToolSpans *spans, double start, double end, const double *probabilities);

/* All spans so far, as an array of ToolSpan; what follows is an object of its own.
 *
 * end        seconds: no span ends later, and the last one ends here if it comes near, or it ends where it ends
 * near       seconds: spans of one label that are no farther apart are one, silence in between or not
 * shortest   seconds: a span that is shorter joins the one before, if that is near, or else the one behind */
GArray *tool_spans_finish (ToolSpans *spans, double end, double near, double shortest);

#endif
