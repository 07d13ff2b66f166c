/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/spans.h"

#include "gst/tools/genre_seconds.h"
#include "models/genre_aggregate.h"

#include <math.h>

struct ToolSpans
{
  unsigned n_labels;
  ToolGenreSeconds *seconds;
  GArray *spans; /* of ToolSpan; probability: the sum over its seconds */
};

ToolSpans *
tool_spans_new (unsigned n_labels)
{
  ToolSpans *spans = g_new0 (ToolSpans, 1);
  spans->n_labels = n_labels;
  spans->seconds = tool_genre_seconds_new (n_labels);
  spans->spans = g_array_new (FALSE, FALSE, sizeof (ToolSpan));
  return spans;
}

void
tool_spans_free (ToolSpans *spans)
{
  if (!spans)
    return;
  tool_genre_seconds_free (spans->seconds);
  g_array_unref (spans->spans);
  g_free (spans);
}

/* All seconds that no window from `start` on contains get their label. */
static void
take_seconds (ToolSpans *spans, double start)
{
  const double *probabilities;
  guint64 second;

  while ((probabilities = tool_genre_seconds_next (spans->seconds, start, &second))) {
    const double from = (double) second, to = from + 1;
    const unsigned label = genre_probabilities_top (probabilities, spans->n_labels);
    ToolSpan *last = spans->spans->len > 0 ? &g_array_index (spans->spans, ToolSpan, spans->spans->len - 1) : NULL;
    if (last && last->label == label && last->end == from) {
      last->end = to;
      last->probability += probabilities[label];
    } else {
      const ToolSpan span = { from, to, label, probabilities[label] };
      g_array_append_val (spans->spans, span);
    }
  }
}

void
tool_spans_add (ToolSpans *spans, double start, double end, const double *probabilities)
{
  take_seconds (spans, start);
  tool_genre_seconds_add (spans->seconds, start, end, probabilities);
}

/* --- what is near, and what is short ---------------------------------------------------------------------------- */

/* `span` becomes a part of `last`, which keeps its label and its probability unless the labels are the same. */
static void
join (ToolSpan *last, const ToolSpan *span)
{
  const double before = last->end - last->start, more = span->end - span->start;

  if (last->label == span->label)
    last->probability = (last->probability * before + span->probability * more) / (before + more);
  last->end = span->end;
}

/* Appends `span`, or joins it with the last one. */
static void
append (GArray *joined, ToolSpan span, double near, double shortest)
{
  ToolSpan *last = joined->len > 0 ? &g_array_index (joined, ToolSpan, joined->len - 1) : NULL;

  if (!last || span.start - last->end > near) {
    g_array_append_val (joined, span);
  } else if (last->label == span.label || span.end - span.start < shortest) {
    join (last, &span);
  } else if (last->end - last->start < shortest) { /* the first, or one behind a silence */
    span.start = last->start;
    *last = span;
  } else {
    g_array_append_val (joined, span);
  }
}

GArray *
tool_spans_finish (ToolSpans *spans, double end, double near, double shortest)
{
  take_seconds (spans, HUGE_VAL);

  GArray *joined = g_array_new (FALSE, FALSE, sizeof (ToolSpan));
  for (guint i = 0; i < spans->spans->len; i++) {
    ToolSpan span = g_array_index (spans->spans, ToolSpan, i);
    span.probability /= span.end - span.start;
    span.end = MIN (span.end, end);
    if (span.start < span.end)
      append (joined, span, near, shortest);
  }
  if (joined->len > 0) {
    ToolSpan *last = &g_array_index (joined, ToolSpan, joined->len - 1);
    if (end - last->end <= near)
      last->end = end;
  }
  return joined;
}
