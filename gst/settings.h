/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/settings.h - the properties of `genreclassify`, and their values.
 *
 * Layer:   gst; uses analysis and info.
 * Threads: install in class_init; set and get on any, with no lock held.
 */
#ifndef GST_SETTINGS_H
#define GST_SETTINGS_H

#include "gst/analysis.h"

/* The values that the analysis does not have.  Guarded by the element's object lock. */
typedef struct GenreSettings
{
  gdouble threshold; /* [0, 1] */
  gboolean split_titles;
  gboolean post_messages;
  gboolean post_tags;
} GenreSettings;

void genre_settings_install (GObjectClass *object_class);

/* set_property and get_property of the element, which keeps its values in `settings` and `analysis`. */
void genre_settings_set (GObject *element, GenreSettings *settings, GenreAnalysis *analysis, guint id,
    const GValue *value, GParamSpec *pspec);
void genre_settings_get (GObject *element, const GenreSettings *settings, GenreAnalysis *analysis, guint id,
    GValue *ret_value, GParamSpec *pspec);

/* A copy, made under the object lock. */
GenreSettings genre_settings_copy (GstElement *element, const GenreSettings *settings);

#endif
