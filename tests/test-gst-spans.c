/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Spans by their definition, written once more and naively; a change where it is; silence; what is short.
 */
#include "gst/tools/spans.h"
#include "tests/test.h"

#include <math.h>

enum
{
  LABELS = 3,
  MAX_WINDOWS = 200
};

static const double NEAR = 10, SHORTEST = 5;

typedef struct Window
{
  double start, end, probabilities[LABELS];
} Window;

static Window
window (double start, double end, unsigned label, double probability)
{
  Window made = { start, end, { 0 } };
  for (unsigned i = 0; i < LABELS; i++)
    made.probabilities[i] = i == label ? probability : (1 - probability) / (LABELS - 1);
  return made;
}

static GArray *
spans_of (const Window *windows, gsize n, double end, double near, double shortest)
{
  g_autoptr (ToolSpans) spans = tool_spans_new (LABELS);
  for (gsize i = 0; i < n; i++)
    tool_spans_add (spans, windows[i].start, windows[i].end, windows[i].probabilities);
  return tool_spans_finish (spans, end, near, shortest);
}

static void
check_span (const GArray *spans, guint index, double start, double end, unsigned label)
{
  if (index >= spans->len)
    return;
  const ToolSpan *span = &g_array_index (spans, ToolSpan, index);
  CHECK (span->start == start && span->end == end && span->label == label, "%u: %g ... %g is %u, expected %g ... %g %u",
      index, span->start, span->end, span->label, start, end, label);
}

/* The label of a moment: of the mean of ln p over the windows that contain its middle.  LABELS: none does. */
static unsigned
naive_label (const Window *windows, gsize n, double middle, double *ret_probability)
{
  double sum[LABELS] = { 0 }, total = 0;
  gsize count = 0;
  unsigned best = 0;
  for (gsize i = 0; i < n; i++) {
    if (windows[i].start > middle || windows[i].end <= middle)
      continue;
    count++;
    for (unsigned k = 0; k < LABELS; k++)
      sum[k] += log (MAX (windows[i].probabilities[k], 1e-12));
  }
  for (unsigned k = 0; count > 0 && k < LABELS; k++)
    total += exp (sum[k] / (double) count);
  for (unsigned k = 1; k < LABELS; k++)
    best = sum[k] > sum[best] + 1e-9 ? k : best;
  *ret_probability = count > 0 ? exp (sum[best] / (double) count) / total : 0;
  return count > 0 ? best : LABELS;
}

/* Random windows that grow and slide, some of them missing: every moment has the label of its definition. */
static void
test_definition (void)
{
  uint64_t random = 7;
  for (unsigned trial = 0; trial < 50; trial++) {
    Window windows[MAX_WINDOWS];
    gsize n = 0;
    unsigned label = 0;
    for (unsigned k = 0; k < 60; k++) {
      const double end = 3.5 + k * 1.007;
      if (test_random (&random) % 4 == 0)
        label = (unsigned) (test_random (&random) % LABELS);
      if (test_random (&random) % 5 != 0)
        windows[n++] = window (MAX (0, end - 10), end, label, .5 + (double) (test_random (&random) % 50) / 100);
    }
    g_autoptr (GArray) spans = spans_of (windows, n, 70, 0, 0);
    guint at = 0;
    for (unsigned moment = 0; moment < 70; moment++) {
      double probability;
      const unsigned wanted = naive_label (windows, n, moment + .5, &probability);
      while (at < spans->len && g_array_index (spans, ToolSpan, at).end <= moment)
        at++;
      const ToolSpan *span = at < spans->len ? &g_array_index (spans, ToolSpan, at) : NULL;
      const unsigned found = span && span->start <= moment ? span->label : LABELS;
      CHECK (found == wanted, "trial %u, %u s: %u, expected %u", trial, moment, found, wanted);
      if (span && span->start == moment && span->end == moment + 1 && wanted < LABELS)
        CHECK (fabs (span->probability - probability) < 1e-9, "%g, expected %g", span->probability, probability);
    }
  }
}

/* A window of nine seconds each second; what is heard changes at 30 s. */
static void
test_change (void)
{
  Window windows[MAX_WINDOWS];
  gsize n = 0;
  for (double end = 4; end <= 60; end++) {
    const double start = MAX (0, end - 9), middle = (start + end) / 2;
    windows[n++] = window (start, end, middle < 30 ? 0 : 1, .8);
  }
  g_autoptr (GArray) spans = spans_of (windows, n, 60.3, NEAR, SHORTEST);
  CHECK (spans->len == 2, "%u spans", spans->len);
  check_span (spans, 0, 0, 30, 0);
  check_span (spans, 1, 30, 60.3, 1);
  CHECK (spans->len == 2 && g_array_index (spans, ToolSpan, 0).probability > .7, "the mean");
}

/* Windows that touch, each a moment: spans can be written down. */
static void
test_joins (void)
{
  static const struct
  {
    const char *moments; /* a digit: the label; '.': no window */
    double spans[4][3];  /* start, end, label */
    guint n;
  } cases[] = {
    { "000000", { { 0, 6, 0 } }, 1 },
    { "000000111111", { { 0, 6, 0 }, { 6, 12, 1 } }, 2 },
    { "0000001110000", { { 0, 13, 0 } }, 1 }, /* short: joins the one before, and that the one behind */
    { "0000001112222222", { { 0, 9, 0 }, { 9, 16, 2 } }, 2 },
    { "111000000", { { 0, 9, 0 } }, 1 },         /* the first joins the one behind */
    { "111", { { 0, 3, 1 } }, 1 },               /* alone: stays */
    { "000000....000000", { { 0, 16, 0 } }, 1 }, /* a silence within a span */
    { "000000....111111", { { 0, 6, 0 }, { 10, 16, 1 } }, 2 },
    { "000000...........000000", { { 0, 6, 0 }, { 17, 23, 0 } }, 2 }, /* longer than near */
    { "000000...........111", { { 0, 6, 0 }, { 17, 20, 1 } }, 2 },    /* short, but nothing is near */
    { "......", { { 0, 0, 0 } }, 0 },
  };
  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++) {
    Window windows[MAX_WINDOWS];
    gsize n = 0, length = 0;
    for (const char *m = cases[c].moments; *m; m++, length++) {
      if (*m != '.')
        windows[n++] = window ((double) length, (double) length + 1, (unsigned) (*m - '0'), .9);
    }
    g_autoptr (GArray) spans = spans_of (windows, n, (double) length, NEAR, SHORTEST);
    CHECK (spans->len == cases[c].n, "%s: %u spans, expected %u", cases[c].moments, spans->len, cases[c].n);
    for (guint i = 0; i < cases[c].n; i++)
      check_span (spans, i, cases[c].spans[i][0], cases[c].spans[i][1], (unsigned) cases[c].spans[i][2]);
  }
}

/* The last span goes to the end of the audio if that is near, and never beyond. */
static void
test_end (void)
{
  const Window windows[] = { window (0, 4, 2, .9), window (0, 5, 2, .9) };
  static const double ends[][2] = { { 5, 5 }, { 5.7, 5.7 }, { 15, 15 }, { 15.1, 5 }, { 4.2, 4.2 } };
  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++) {
    g_autoptr (GArray) spans = spans_of (windows, 2, ends[i][0], NEAR, SHORTEST);
    CHECK (spans->len == 1, "%u spans", spans->len);
    check_span (spans, 0, 0, ends[i][1], 2);
  }
}

int
main (void)
{
  test_definition ();
  test_change ();
  test_joins ();
  test_end ();
  TEST_END ();
}
