/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/spans.h"

#include "models/genre_aggregate.h"

#include <math.h>
#include <string.h>

static const double MOMENT = 1; /* seconds */

struct ToolSpans
{
  unsigned n_labels;
  guint64 first;   /* moment that open[0] is about */
  GPtrArray *open; /* of GenreAggregate: moments that windows to come may contain */
  GArray *spans;   /* of ToolSpan; probability: the sum over its moments */
};

ToolSpans *
tool_spans_new (unsigned n_labels)
{
  ToolSpans *spans = g_new0 (ToolSpans, 1);
  spans->n_labels = n_labels;
  spans->open = g_ptr_array_new_with_free_func ((GDestroyNotify) genre_aggregate_free);
  spans->spans = g_array_new (FALSE, FALSE, sizeof (ToolSpan));
  return spans;
}

void
tool_spans_free (ToolSpans *spans)
{
  if (!spans)
    return;
  g_ptr_array_unref (spans->open);
  g_array_unref (spans->spans);
  g_free (spans);
}

static double
middle (guint64 moment)
{
  return ((double) moment + .5) * MOMENT;
}

/* The first open moment gets its label, if any window contained it. */
static void
close_moment (ToolSpans *spans)
{
  GenreAggregate *aggregate = g_ptr_array_index (spans->open, 0);
  const double start = (double) spans->first * MOMENT, end = start + MOMENT;

  if (genre_aggregate_windows (aggregate) > 0) {
    const double *probabilities = genre_aggregate_probabilities (aggregate);
    const unsigned label = genre_probabilities_top (probabilities, spans->n_labels);
    ToolSpan *last = spans->spans->len > 0 ? &g_array_index (spans->spans, ToolSpan, spans->spans->len - 1) : NULL;
    if (last && last->label == label && last->end == start) {
      last->end = end;
      last->probability += probabilities[label];
    } else {
      const ToolSpan span = { start, end, label, probabilities[label] };
      g_array_append_val (spans->spans, span);
    }
  }
  g_ptr_array_remove_index (spans->open, 0);
  spans->first++;
}

void
tool_spans_add (ToolSpans *spans, double start, double end, const double *probabilities)
{
  while (spans->open->len > 0 && middle (spans->first) < start)
    close_moment (spans);
  if (spans->open->len == 0)
    spans->first = (guint64) MAX (ceil (start / MOMENT - .5), 0);
  while (middle (spans->first + spans->open->len) < end) {
    GenreAggregate *aggregate = genre_aggregate_new (spans->n_labels);
    if (!aggregate)
      g_error ("out of memory");
    g_ptr_array_add (spans->open, aggregate);
  }
  for (guint i = 0; i < spans->open->len && middle (spans->first + i) < end; i++)
    genre_aggregate_add (g_ptr_array_index (spans->open, i), probabilities, 1);
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
  while (spans->open->len > 0)
    close_moment (spans);

  GArray *joined = g_array_new (FALSE, FALSE, sizeof (ToolSpan));
  for (guint i = 0; i < spans->spans->len; i++) {
    ToolSpan span = g_array_index (spans->spans, ToolSpan, i);
    span.probability /= (span.end - span.start) / MOMENT;
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
