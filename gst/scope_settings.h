/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/scope_settings.h - the properties of `genrescope`, and their values.
 *
 * Layer:   gst; uses analysis.
 * Threads: install in class_init; set and get on any, with no lock held.
 */
#ifndef GST_SCOPE_SETTINGS_H
#define GST_SCOPE_SETTINGS_H

#include "gst/analysis.h"

/* The values that the analysis does not have.  Guarded by the element's object lock. */
typedef struct GenreScopeSettings
{
  guint64 span_ns; /* of audio that the spectrogram shows */
} GenreScopeSettings;

void genre_scope_settings_install (GObjectClass *object_class);

/* set_property and get_property of the element, which keeps its values in `settings` and `analysis`. */
void genre_scope_settings_set (GObject *element, GenreScopeSettings *settings, GenreAnalysis *analysis, guint id,
    const GValue *value, GParamSpec *pspec);
void genre_scope_settings_get (GObject *element, const GenreScopeSettings *settings, GenreAnalysis *analysis, guint id,
    GValue *ret_value, GParamSpec *pspec);

#endif
