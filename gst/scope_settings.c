/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/scope_settings.h"

enum
{
  PROP_0,
  PROP_MODEL,
  PROP_INTERVAL,
  PROP_SMOOTHING,
  PROP_SPAN,
};

void
genre_scope_settings_install (GObjectClass *object_class)
{
  const GParamFlags ready = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;
  const GParamFlags playing = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS
      | GST_PARAM_MUTABLE_PLAYING;

  /**
   * GstGenreScope:model:
   *
   * Path of a model file.  One that cannot be used fails the change to PAUSED with an error that says why.
   */
  g_object_class_install_property (object_class, PROP_MODEL,
      g_param_spec_string ("model", "Model",
          "Path of a model file (default: the embedded model); read on READY to PAUSED", NULL, ready));
  /**
   * GstGenreScope:interval:
   *
   * Audio time between two answers, and so between two moves of the bars.
   */
  g_object_class_install_property (object_class, PROP_INTERVAL,
      g_param_spec_uint64 ("interval", "Interval",
          "Audio time between two answers, in nanoseconds; takes effect from the next window on", 1, G_MAXUINT64,
          GST_SECOND / 2, playing));
  /**
   * GstGenreScope:smoothing:
   *
   * Time constant of the exponential smoothing of the answers.
   */
  g_object_class_install_property (object_class, PROP_SMOOTHING,
      g_param_spec_uint64 ("smoothing", "Smoothing",
          "Time constant of what the bars show, in nanoseconds (0: none); takes effect from the next window on", 0,
          G_MAXUINT64, 4 * GST_SECOND, playing));
  /**
   * GstGenreScope:span:
   *
   * How much audio the spectrogram shows, about: it moves by whole pixels in each frame.
   */
  g_object_class_install_property (object_class, PROP_SPAN,
      g_param_spec_uint64 ("span", "Span",
          "Audio that the spectrogram shows, about, in nanoseconds; takes effect when caps are negotiated",
          GST_SECOND / 10, 600 * GST_SECOND, 5 * GST_SECOND, ready));
}

void
genre_scope_settings_set (GObject *element, GenreScopeSettings *settings, GenreAnalysis *analysis, guint id,
    const GValue *value, GParamSpec *pspec)
{
  GenreAnalysisConfig config;

  GST_OBJECT_LOCK (element);
  genre_analysis_get_config (analysis, &config);
  switch (id) {
    case PROP_MODEL:
      genre_analysis_set_model_path (analysis, g_value_get_string (value));
      break;
    case PROP_INTERVAL:
      config.stream.interval_ns = g_value_get_uint64 (value);
      break;
    case PROP_SMOOTHING:
      config.stream.smoothing_ns = g_value_get_uint64 (value);
      break;
    case PROP_SPAN:
      settings->span_ns = g_value_get_uint64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (element, id, pspec);
      break;
  }
  genre_analysis_configure (analysis, &config);
  GST_OBJECT_UNLOCK (element);
}

void
genre_scope_settings_get (GObject *element, const GenreScopeSettings *settings, GenreAnalysis *analysis, guint id,
    GValue *ret_value, GParamSpec *pspec)
{
  GenreAnalysisConfig config;

  GST_OBJECT_LOCK (element);
  genre_analysis_get_config (analysis, &config);
  switch (id) {
    case PROP_MODEL:
      g_value_take_string (ret_value, genre_analysis_dup_model_path (analysis));
      break;
    case PROP_INTERVAL:
      g_value_set_uint64 (ret_value, config.stream.interval_ns);
      break;
    case PROP_SMOOTHING:
      g_value_set_uint64 (ret_value, config.stream.smoothing_ns);
      break;
    case PROP_SPAN:
      g_value_set_uint64 (ret_value, settings->span_ns);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (element, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (element);
}
