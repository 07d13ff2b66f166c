/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/picture/page.h"

#include <math.h>

/* In ems. */
static const double TITLE = 2.4;                /* the line at the top */
static const double HEADING = 1.8;              /* the line above each panel */
static const double GAP = .5;                   /* below each panel but the last */
static const double TIME = 3.6;                 /* below the last one: numbers and unit */
static const double LEFT = 5.4;                 /* numbers and unit */
static const double RIGHT[] = { 1.8, 4.6, 10 }; /* by PlotMargin */
static const double LEAST_HEIGHT = 2, LEAST_WIDTH = 8;

gboolean
plot_page_layout (gint width, gint height, double em, const PlotPanelShape *shapes, guint n, PlotPage *ret_page)
{
  double weights = 0, right = 0;
  for (guint i = 0; i < n; i++) {
    weights += shapes[i].weight;
    right = MAX (right, RIGHT[shapes[i].margin] * em);
  }

  const double room = height - (TITLE + TIME + n * HEADING + (n - 1) * GAP) * em;
  const double x = ceil (LEFT * em), inner = floor (width - x - right);
  double y = TITLE * em;

  if (inner < LEAST_WIDTH * em)
    return FALSE;
  ret_page->title_middle = TITLE * em / 2 + .15 * em;
  for (guint i = 0; i < n; i++) {
    const double bottom = y + HEADING * em + room * shapes[i].weight / weights;
    const double top = ceil (y + HEADING * em);
    const PlotBox box = { x, top, inner, floor (bottom) - top };
    if (box.height < LEAST_HEIGHT * em)
      return FALSE;
    ret_page->headings[i] = y + HEADING * em / 2 + .1 * em;
    ret_page->panels[i] = box;
    ret_page->margin[i] = (PlotBox){ x + inner, top, width - x - inner, box.height };
    y = bottom + GAP * em;
  }
  return TRUE;
}
