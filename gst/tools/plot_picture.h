/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/plot_picture.h - what was heard of a recording -> the picture of it, as a file.
 *
 * Layer:   gst; plot, plot_sound, gst/picture (cairo, Pango).
 * Threads: one at a time.
 */
#ifndef GST_TOOLS_PLOT_PICTURE_H
#define GST_TOOLS_PLOT_PICTURE_H

#include "gst/picture/page.h"
#include "gst/tools/plot.h"
#include "gst/tools/plot_sound.h"

/* Where all panels are.  FALSE: there is no room for them. */
gboolean tool_plot_page (const ToolPlotOptions *options, PlotPage *ret_page);

/* The first panel that shows it; NULL: none does. */
const PlotBox *tool_plot_page_find (const ToolPlotOptions *options, const PlotPage *page, ToolPlotPanel panel);

typedef struct ToolPlotSubject
{
  ToolPlotSound *sound;
  GenreModel *model; /* NULL: no genres */
  const char *title; /* UTF-8 */
} ToolPlotSubject;

/* The file.
 *
 * ret_lacks_letters  whether some character of the title is in no font
 *
 * NULL: `error` says why in one line. */
GByteArray *tool_plot_draw (const ToolPlotOptions *options, const PlotPage *page, const ToolPlotSubject *subject,
    gboolean *ret_lacks_letters, GError **error);

#endif
