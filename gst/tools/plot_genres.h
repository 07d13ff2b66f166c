/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/plot_genres.h - a recording's samples -> the distribution of genres over its time, for a picture.
 *
 * Layer:   gst; genre_seconds, models/columns, models/genre_stream.
 * Threads: one object serves one thread at a time.
 *
 * Windows, silence and music are the element's; each second has what identify's timeline is made of.  Memory does not
 * grow with the length.
 */
#ifndef GST_TOOLS_PLOT_GENRES_H
#define GST_TOOLS_PLOT_GENRES_H

#include "models/genre_model.h"

typedef struct ToolPlotGenres ToolPlotGenres;

/* most: columns that are kept, at least 2.  NULL: out of memory. */
ToolPlotGenres *tool_plot_genres_new (GenreModel *model, guint rate_hz, gsize most);
void tool_plot_genres_free (ToolPlotGenres *genres); /* NULL is a no-op */

/* The samples from here on have nothing to do with those before.  FALSE: out of memory. */
gboolean tool_plot_genres_set_rate (ToolPlotGenres *genres, guint rate_hz);

/* samples [n]  mono, finite */
void tool_plot_genres_push (ToolPlotGenres *genres, const float *samples, gsize n);

/* No more samples follow. */
void tool_plot_genres_finish (ToolPlotGenres *genres);

/* How many seconds a column has, at least 1; once all is heard. */
double tool_plot_genres_step (const ToolPlotGenres *genres);

/* shares [n_labels]  out: the mean over [begin, end) seconds.  FALSE, and nothing written: no music was heard there. */
gboolean tool_plot_genres_shares (ToolPlotGenres *genres, double begin, double end, float *shares);

/* means [n_labels]  out: over all seconds in which music was heard.  FALSE: there were none. */
gboolean tool_plot_genres_means (ToolPlotGenres *genres, double *means);

#endif
