/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/sections.h - the samples of a recording -> what a model says of its windows, in seconds of the recording.
 *
 * Layer:   gst; models/genre_stream.
 * Threads: one object serves one thread at a time.
 *
 * A section is audio without a break, of one rate; no window reaches from one into the next.
 */
#ifndef GST_TOOLS_SECTIONS_H
#define GST_TOOLS_SECTIONS_H

#include "models/genre_stream.h"

#include <glib.h>

/* A window from `start` to `end`, seconds.
 *
 * probabilities  [n_labels] */
typedef void (*ToolSectionsTake) (gpointer data, double start, double end, const double *probabilities);

typedef struct ToolSections ToolSections;

/* take  gets each window with a genre, in the order of time, from within tool_sections_push()
 * NULL: out of memory. */
ToolSections *tool_sections_new (GenreModel *model, guint rate_hz, const GenreStreamConfig *config,
    ToolSectionsTake take, gpointer data);
void tool_sections_free (ToolSections *sections); /* NULL is a no-op */

/* As fresh, but for the rate; the next sample is at `start` seconds. */
void tool_sections_reset (ToolSections *sections, double start);

/* Another section begins.  FALSE: out of memory. */
gboolean tool_sections_begin (ToolSections *sections, guint rate_hz);

/* samples [n]  mono, finite */
void tool_sections_push (ToolSections *sections, const float *samples, gsize n);

/* Seconds; where the next sample is. */
double tool_sections_end (const ToolSections *sections);

/* What is said of all windows together; valid until the next call that is not const. */
const GenreResult *tool_sections_finish (ToolSections *sections);

#endif
