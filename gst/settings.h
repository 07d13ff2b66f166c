/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/settings.h - the properties of `genreclassify`: what they are, and where their values are.
 *
 * Layer:   gst; uses analysis and info.
 * Threads: install in class_init; set and get on any, with no lock held.
 */
#ifndef GST_SETTINGS_H
#define GST_SETTINGS_H

#include "gst/analysis.h"

G_BEGIN_DECLS

/* Those that the analysis does not have.  Guarded by the element's object lock. */
typedef struct GenreSettings
{
  gdouble threshold; /* [0, 1] */
  gboolean split_titles;
  gboolean post_messages;
  gboolean post_tags;
} GenreSettings;

void genre_settings_install (GObjectClass *object_class);

/* The element's set_property and get_property, once it has said what it keeps the values in. */
void genre_settings_set (GObject *element, GenreSettings *settings, GenreAnalysis *analysis, guint id,
    const GValue *value, GParamSpec *pspec);
void genre_settings_get (GObject *element, const GenreSettings *settings, GenreAnalysis *analysis, guint id,
    GValue *ret_value, GParamSpec *pspec);

/* As they are now. */
GenreSettings genre_settings_copy (GstElement *element, const GenreSettings *settings);

G_END_DECLS

#endif
