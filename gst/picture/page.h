/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/picture/page.h - where the parts of a plot are: a title, and panels one under the other over one axis of time.
 *
 * Layer:   gst; canvas's boxes.
 * Threads: pure functions.
 */
#ifndef GST_PICTURE_PAGE_H
#define GST_PICTURE_PAGE_H

#include "gst/picture/canvas.h"

enum
{
  PLOT_MAX_PANELS = 4,
};

/* What a panel has beside its data; all panels of a page are equally wide. */
typedef enum PlotMargin
{
  PLOT_MARGIN_NONE,
  PLOT_MARGIN_BAR,    /* of colours */
  PLOT_MARGIN_LEGEND, /* names and percentages */
} PlotMargin;

typedef struct PlotPanelShape
{
  double weight; /* of its height, against the others' */
  PlotMargin margin;
} PlotPanelShape;

typedef struct PlotPage
{
  double title_middle;              /* y */
  PlotBox panels[PLOT_MAX_PANELS];  /* of the data alone, in whole pixels */
  double headings[PLOT_MAX_PANELS]; /* y: the middle of the line above each */
  PlotBox margin[PLOT_MAX_PANELS];  /* on the right of it, as high */
} PlotPage;

/* width, height  of the canvas, pixels
 * em             of its letters
 * shapes         [n], 1 to PLOT_MAX_PANELS, from the top
 *
 * FALSE: there is no room for them. */
gboolean plot_page_layout (gint width, gint height, double em, const PlotPanelShape *shapes, guint n,
    PlotPage *ret_page);

#endif
