/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/inspect_model.h - a model to read, or as JSON: labels, front end, layers with what they cost, training.
 *
 * Layer:   gst; inspect_text, models/genre_cost.
 * Threads: no state; writes to stdout.
 */
#ifndef GST_TOOLS_INSPECT_MODEL_H
#define GST_TOOLS_INSPECT_MODEL_H

#include "models/genre_model.h"

/* name  of the file.  json: one object on one line */
void tool_inspect_model (const char *name, const GenreModel *model, gboolean json);

#endif
