/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/info.h - what an analysis says of itself: its model and its statistics, as structures.
 *
 * Layer:   gst; uses analysis.
 * Threads: any; no lock is held meanwhile.
 */
#ifndef GST_INFO_H
#define GST_INFO_H

#include "gst/analysis.h"

/* "model-info": labels, sha256, parameters, music (whether the model can tell music from what is none), front end and
 * window of the model in use, else of the one that would be; NULL: that cannot be loaded.  To be freed. */
GstStructure *genre_info_of_model (GenreAnalysis *analysis);

/* "stats": windows, skipped, inference-mean, inference-max, lag, lag-max (ns) and live, since start.  To be freed. */
GstStructure *genre_info_of_stats (GenreAnalysis *analysis);

#endif
