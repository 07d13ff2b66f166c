/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/svg_plot.h - lines over an axis, as an SVG picture.
 *
 * Layer:   models/training; uses svg_text.
 * Threads: no state.
 *
 * The same bytes for the same values, in any locale.  Text may be any UTF-8; what XML cannot hold is replaced.
 */
#ifndef MODELS_TRAINING_SVG_PLOT_H
#define MODELS_TRAINING_SVG_PLOT_H

#include <glib.h>

/* One line of a plot, from point to point; it is broken where y is not finite. */
typedef struct SvgLine
{
  const char *name; /* for the legend; NULL: not in it */
  const double *x;  /* [n], finite */
  const double *y;  /* [n] */
  gsize n;
} SvgLine;

typedef struct SvgPlot
{
  const char *title;    /* NULL: none */
  const char *x_title;  /* NULL: none */
  const char *y_title;  /* NULL: none */
  const SvgLine *lines; /* [n_lines] */
  gsize n_lines;
  double y_min, y_max; /* of the axis; y_min == y_max: as the data wants */
  gboolean percent;    /* y values are fractions, shown in % */
  gboolean dots;       /* one at each point */
} SvgPlot;

/* plots [n_plots]  one below the other in one picture, n_plots >= 1
 *
 * The whole file, to be freed with g_free(). */
char *svg_plots (const SvgPlot *plots, gsize n_plots);

#endif
