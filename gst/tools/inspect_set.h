/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/inspect_set.h - a feature set to read, or as JSON: clips, tracks, front end, labels, teacher.
 *
 * Layer:   gst; inspect_text, models/sets/feature_set.
 * Threads: no state; writes to stdout.
 */
#ifndef GST_TOOLS_INSPECT_SET_H
#define GST_TOOLS_INSPECT_SET_H

#include "models/sets/feature_set.h"

/* json: one object on one line */
void tool_inspect_set (const GenreFeatureSet *set, gboolean json);

#endif
