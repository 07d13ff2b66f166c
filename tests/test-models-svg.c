/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * svg: well-formed whatever the text and the numbers, and what is drawn is where the values say.
 */
#include "models/training/svg_confusion.h"
#include "models/training/svg_plot.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

/* Counts elements; characters that XML 1.0 does not know are an error. */
typedef struct Seen
{
  int rects, circles, polylines, depth;
  GString *text;
} Seen;

static void
on_start (GMarkupParseContext *context, const char *name, const char **names, const char **values, gpointer data,
    GError **error)
{
  Seen *seen = data;

  (void) context, (void) error;
  seen->depth++;
  seen->rects += strcmp (name, "rect") == 0;
  seen->circles += strcmp (name, "circle") == 0;
  seen->polylines += strcmp (name, "polyline") == 0;
  for (int i = 0; names[i]; i++)
    CHECK (!strstr (values[i], "nan") && !strstr (values[i], "inf"), "%s %s=%s", name, names[i], values[i]);
}

static void
on_end (GMarkupParseContext *context, const char *name, gpointer data, GError **error)
{
  (void) context, (void) name, (void) error;
  ((Seen *) data)->depth--;
}

static void
on_text (GMarkupParseContext *context, const char *text, gsize length, gpointer data, GError **error)
{
  (void) context, (void) error;
  g_string_append_len (((Seen *) data)->text, text, (gssize) length);
}

/* Parses and frees `svg`. */
static Seen
read_svg (char *svg, const char *what)
{
  static const GMarkupParser parser = { on_start, on_end, on_text, NULL, NULL };
  Seen seen = { .text = g_string_new (NULL) };
  GMarkupParseContext *context = g_markup_parse_context_new (&parser, 0, &seen, NULL);
  GError *error = NULL;

  CHECK (g_str_has_prefix (svg, "<svg xmlns=\"http://www.w3.org/2000/svg\""), "%s begins with an svg element", what);
  const gboolean ok = g_markup_parse_context_parse (context, svg, -1, &error)
      && g_markup_parse_context_end_parse (context, &error);
  CHECK (ok && seen.depth == 0, "%s: %s", what, error ? error->message : "unbalanced");
  CHECK (g_utf8_validate (svg, -1, NULL), "%s is UTF-8", what);
  for (const char *at = svg; *at; at++)
    CHECK ((unsigned char) *at >= ' ' || *at == '\n' || *at == '\t', "%s has the character %d", what, *at);
  g_clear_error (&error);
  g_markup_parse_context_free (context);
  g_free (svg);
  return seen;
}

static void
test_confusion (void)
{
  const char *const labels[] = { "a <b> & \"c\"", "tab\tbell\a", "\346\227\245\346\234\254", "\377 no UTF-8",
    "a name that is far too long to be shown in full anywhere" };
  const guint64 counts[25] = { 3, 0, 1, 0, 0, 0, 123456789012345, 0, 0, 0, 1, 1, 1, 1, 1 };

  Seen seen = read_svg (svg_confusion ("title <&>", labels, 5, counts), "confusion");
  CHECK (seen.rects == 1 + 25, "%d rectangles", seen.rects);
  CHECK (strstr (seen.text->str, "a <b> & \"c\""), "a label with markup");
  CHECK (strstr (seen.text->str, "title <&>"), "a title with markup");
  CHECK (strstr (seen.text->str, "75 % of 4"), "recall");
  CHECK (strstr (seen.text->str, "123456789012345"), "a large number");
  CHECK (!strstr (seen.text->str, "of 0"), "no recall of nothing");
  g_string_free (seen.text, TRUE);

  enum
  {
    MANY = 100
  };
  const char *names[MANY];
  guint64 *many = g_new0 (guint64, MANY * MANY);
  for (int i = 0; i < MANY; i++)
    names[i] = "x";
  many[7] = 5;
  for (int n = 1; n <= MANY; n += 33) {
    seen = read_svg (svg_confusion (NULL, names, (gsize) n, many), "many labels");
    CHECK (seen.rects == 1 + n * n, "%d rectangles of %d labels", seen.rects, n);
    g_string_free (seen.text, TRUE);
  }
  g_free (many);
}

static void
test_plots (void)
{
  const double x[] = { 0, 1, 2, 3, 4, 5 }, y[] = { 1, 2, (double) NAN, 4, (double) INFINITY, 6 };
  const double huge[] = { 1e300, -1e300, 1e-300, 0, 5, 1e18 }, same[] = { 7, 7, 7, 7, 7, 7 };
  const double *values[] = { y, huge, same, x };

  /* Two points, a gap, one alone, a gap, one alone. */
  const SvgLine broken = { "broken & <line>", x, y, 6 };
  const SvgPlot plot = { .title = "t", .x_title = "x", .y_title = "y", .lines = &broken, .n_lines = 1 };
  Seen seen = read_svg (svg_plots (&plot, 1), "broken line");
  CHECK (seen.polylines == 1 && seen.circles == 2, "%d lines, %d dots", seen.polylines, seen.circles);
  CHECK (strstr (seen.text->str, "broken & <line>"), "its name");
  g_string_free (seen.text, TRUE);

  SvgPlot plots[5] = { plot };
  for (int i = 0; i < 4; i++)
    for (int k = 0; k < 4; k++) {
      const SvgLine line = { NULL, values[i] == y ? x : values[i], values[k], 6 };
      for (int n = 0; n < 5; n++)
        plots[n] = (SvgPlot){ .lines = &line, .n_lines = n > 0, .percent = n > 2, .dots = n > 1, .y_max = n > 3 };
      seen = read_svg (svg_plots (plots, 5), "odd values");
      g_string_free (seen.text, TRUE);
    }

  const double at[] = { .25, .75 }, rate[] = { .5, .6 };
  const SvgLine line = { "rate", at, rate, 2 };
  const SvgPlot percent = { .lines = &line, .n_lines = 1, .percent = TRUE, .y_min = 0, .y_max = 1 };
  seen = read_svg (svg_plots (&percent, 1), "percent");
  CHECK (strstr (seen.text->str, "100 %") && strstr (seen.text->str, "20 %") && !strstr (seen.text->str, "120 %"),
      "ticks: %s", seen.text->str);
  g_string_free (seen.text, TRUE);
}

int
main (void)
{
  test_confusion ();
  test_plots ();
  TEST_END ();
}
