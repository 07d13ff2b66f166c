/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/svg_confusion.h"

#include "models/training/svg_text.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum
{
  CELL = 46,          /* px, of up to so many labels that they fit in */
  MATRIX = 720,       /* px */
  CELL_NUMBER = 22,   /* px, from which on there is room for a number */
  CELL_LABEL = 11,    /* px, from which on there is room for the names */
  RECALL_WIDTH = 110, /* px, of the column to the right */
};

/* White to dark blue.  share: 0 to 1 */
static void
append_shade (GString *svg, double share)
{
  const double light[3] = { 255, 255, 255 }, dark[3] = { 8, 66, 130 };
  const double t = sqrt (share); /* a few errors are to be seen too */
  unsigned c[3];

  for (int i = 0; i < 3; i++)
    c[i] = (unsigned) (light[i] + t * (dark[i] - light[i]) + .5);
  g_string_append_printf (svg, "#%02x%02x%02x", c[0], c[1], c[2]);
}

/* A row from (x, y) on. */
static void
append_row (GString *svg, double x, double y, double cell, const char *const *labels, gsize n, gsize row,
    const guint64 *counts)
{
  guint64 total = 0;

  for (gsize i = 0; i < n; i++)
    total += counts[i];
  for (gsize i = 0; i < n; i++) {
    const double share = total > 0 ? (double) counts[i] / (double) total : 0;

    g_string_append (svg, "<g><title>");
    svg_append_escaped (svg, labels[row]);
    g_string_append (svg, " named ");
    svg_append_escaped (svg, labels[i]);
    g_string_append_printf (svg, ": %" G_GUINT64_FORMAT "</title><rect", counts[i]);
    svg_append_px (svg, "x", x + (double) i * cell);
    svg_append_px (svg, "y", y);
    svg_append_px (svg, "width", cell);
    svg_append_px (svg, "height", cell);
    g_string_append (svg, " fill=\"");
    append_shade (svg, share);
    g_string_append (svg, i == row ? "\" stroke=\"#666666\"/>" : "\" stroke=\"#dddddd\"/>");
    if (counts[i] > 0 && cell >= CELL_NUMBER) {
      g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, counts[i]);
      const double size = MIN (SVG_FONT + 1, 1.5 * cell / (double) MAX (strlen (number), 2));
      GString *style = g_string_new ("text-anchor=\"middle\"");
      svg_append_px (style, "font-size", size);
      g_string_append (style, share > .3 ? " fill=\"#ffffff\"" : "");
      svg_append_text (svg, x + ((double) i + .5) * cell, y + cell / 2 + size * .36, style->str, number);
      g_string_free (style, TRUE);
    }
    g_string_append (svg, "</g>\n");
  }
  if (total > 0 && cell >= CELL_LABEL) {
    g_autofree char *text = g_strdup_printf ("%.0f %% of %" G_GUINT64_FORMAT,
        100. * (double) counts[row] / (double) total, total);
    svg_append_text (svg, x + (double) n * cell + 8, y + cell / 2 + SVG_FONT * .36, "", text);
  }
}

char *
svg_confusion (const char *title, const char *const *labels, gsize n, const guint64 *counts)
{
  assert (n >= 1);

  const double cell = CLAMP ((double) MATRIX / (double) n, 3, CELL);
  const gboolean named = cell >= CELL_LABEL;
  double names = 0; /* px that the longest takes */

  for (gsize i = 0; named && i < n; i++)
    names = MAX (names, svg_text_width (labels[i], SVG_FONT));

  const double side = (double) n * cell;
  const double left = 30 + SVG_FONT + names + 10, top = (title ? SVG_TITLE + 26 : 12) + SVG_FONT + 14 + names * .75 + 8;
  const double width = left + side + MAX (RECALL_WIDTH, names * .75 + 10), height = top + side + 20;
  GString *body = g_string_new (NULL);

  if (title)
    svg_append_title (body, 20, 14 + SVG_TITLE, title);
  svg_append_text (body, left + side / 2, (title ? SVG_TITLE + 26 : 12) + SVG_FONT,
      "text-anchor=\"middle\" font-weight=\"bold\"", "predicted");
  g_autofree char *style = svg_rotated (-90, 12 + SVG_FONT, top + side / 2, "middle");
  g_autofree char *bold = g_strconcat (style, " font-weight=\"bold\"", NULL);
  svg_append_text (body, 12 + SVG_FONT, top + side / 2, bold, "true");
  if (named)
    svg_append_text (body, left + side + 8, top - 8, "fill=\"#666666\"", "recall");

  for (gsize i = 0; i < n; i++) {
    const double middle = ((double) i + .5) * cell;
    if (named) {
      g_autofree char *slanted = svg_rotated (-45, left + middle + 4, top - 8, "start");
      svg_append_text (body, left + middle + 4, top - 8, slanted, labels[i]);
      svg_append_text (body, left - 8, top + middle + SVG_FONT * .36, "text-anchor=\"end\"", labels[i]);
    }
    append_row (body, left, top + (double) i * cell, cell, labels, n, i, counts + i * n);
  }
  return svg_finish (body, width, height);
}
