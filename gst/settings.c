/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/settings.h"

#include "gst/info.h"

enum
{
  PROP_0,
  PROP_MODEL,
  PROP_INTERVAL,
  PROP_WINDOW,
  PROP_SMOOTHING,
  PROP_THRESHOLD,
  PROP_SILENCE_THRESHOLD,
  PROP_MUSIC_THRESHOLD,
  PROP_FEATURES,
  PROP_SPLIT_TITLES,
  PROP_POST_MESSAGES,
  PROP_POST_TAGS,
  PROP_MAX_LAG,
  PROP_LABELS,
  PROP_MODEL_INFO,
  PROP_STATS,
};

/* --- values ---------------------------------------------------------------------------------------------------- */

void
genre_settings_set (GObject *element, GenreSettings *settings, GenreAnalysis *analysis, guint id, const GValue *value,
    GParamSpec *pspec)
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
    case PROP_WINDOW:
      config.window = g_value_get_uint64 (value);
      break;
    case PROP_SMOOTHING:
      config.stream.smoothing_ns = g_value_get_uint64 (value);
      break;
    case PROP_THRESHOLD:
      settings->threshold = g_value_get_double (value);
      break;
    case PROP_SILENCE_THRESHOLD:
      config.stream.silence_threshold_db = g_value_get_double (value);
      break;
    case PROP_MUSIC_THRESHOLD:
      config.stream.music_threshold = g_value_get_double (value);
      break;
    case PROP_FEATURES:
      config.descriptors = g_value_get_boolean (value);
      break;
    case PROP_SPLIT_TITLES:
      settings->split_titles = g_value_get_boolean (value);
      break;
    case PROP_POST_MESSAGES:
      settings->post_messages = g_value_get_boolean (value);
      break;
    case PROP_POST_TAGS:
      settings->post_tags = g_value_get_boolean (value);
      break;
    case PROP_MAX_LAG:
      config.max_lag = g_value_get_uint64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (element, id, pspec);
      break;
  }
  genre_analysis_configure (analysis, &config);
  GST_OBJECT_UNLOCK (element);
}

static void
get_labels (GenreAnalysis *analysis, GValue *ret_value)
{
  GenreModel *model = genre_analysis_peek_model (analysis);

  g_value_set_boxed (ret_value, model ? genre_model_labels (model) : NULL);
  genre_model_unref (model);
}

void
genre_settings_get (GObject *element, const GenreSettings *settings, GenreAnalysis *analysis, guint id,
    GValue *ret_value, GParamSpec *pspec)
{
  GenreAnalysisConfig config;

  switch (id) { /* those that may load a model */
    case PROP_LABELS:
      get_labels (analysis, ret_value);
      return;
    case PROP_MODEL_INFO:
      g_value_take_boxed (ret_value, genre_info_of_model (analysis));
      return;
    case PROP_STATS:
      g_value_take_boxed (ret_value, genre_info_of_stats (analysis));
      return;
    default:
      break;
  }

  GST_OBJECT_LOCK (element);
  genre_analysis_get_config (analysis, &config);
  switch (id) {
    case PROP_MODEL:
      g_value_take_string (ret_value, genre_analysis_dup_model_path (analysis));
      break;
    case PROP_INTERVAL:
      g_value_set_uint64 (ret_value, config.stream.interval_ns);
      break;
    case PROP_WINDOW:
      g_value_set_uint64 (ret_value, config.window);
      break;
    case PROP_SMOOTHING:
      g_value_set_uint64 (ret_value, config.stream.smoothing_ns);
      break;
    case PROP_THRESHOLD:
      g_value_set_double (ret_value, settings->threshold);
      break;
    case PROP_SILENCE_THRESHOLD:
      g_value_set_double (ret_value, config.stream.silence_threshold_db);
      break;
    case PROP_MUSIC_THRESHOLD:
      g_value_set_double (ret_value, config.stream.music_threshold);
      break;
    case PROP_FEATURES:
      g_value_set_boolean (ret_value, config.descriptors);
      break;
    case PROP_SPLIT_TITLES:
      g_value_set_boolean (ret_value, settings->split_titles);
      break;
    case PROP_POST_MESSAGES:
      g_value_set_boolean (ret_value, settings->post_messages);
      break;
    case PROP_POST_TAGS:
      g_value_set_boolean (ret_value, settings->post_tags);
      break;
    case PROP_MAX_LAG:
      g_value_set_uint64 (ret_value, config.max_lag);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (element, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (element);
}

GenreSettings
genre_settings_copy (GstElement *element, const GenreSettings *settings)
{
  GST_OBJECT_LOCK (element);
  const GenreSettings copy = *settings;
  GST_OBJECT_UNLOCK (element);
  return copy;
}

/* --- what they are ---------------------------------------------------------------------------------------------- */

void
genre_settings_install (GObjectClass *object_class)
{
  const GParamFlags ready = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;
  const GParamFlags playing = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS
      | GST_PARAM_MUTABLE_PLAYING;
  const GParamFlags info = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  /**
   * GstGenreClassify:model:
   *
   * Path of a model file.  One that cannot be used fails the change to PAUSED with an error that says why.
   */
  g_object_class_install_property (object_class, PROP_MODEL,
      g_param_spec_string ("model", "Model",
          "Path of a model file (default: the embedded model); read on READY to PAUSED", NULL, ready));
  /**
   * GstGenreClassify:interval:
   *
   * Audio time between two messages; what is shorter than a hop of the model (77 ms for the default) counts as a hop.
   */
  g_object_class_install_property (object_class, PROP_INTERVAL,
      g_param_spec_uint64 ("interval", "Interval",
          "Audio time between two messages, in nanoseconds; takes effect from the next window on", 1, G_MAXUINT64,
          GST_SECOND, playing));
  /**
   * GstGenreClassify:window:
   *
   * How much audio one answer may look at.  The first answers look at what there is from the model's shortest window
   * (3.5 s for the default) on.
   */
  g_object_class_install_property (object_class, PROP_WINDOW,
      g_param_spec_uint64 ("window", "Window",
          "Longest piece of audio for one answer, in nanoseconds, rounded to frames and limited to the range of the "
          "model (0: the model's own length); takes effect on READY to PAUSED",
          0, G_MAXUINT64, 0, ready));
  /**
   * GstGenreClassify:smoothing:
   *
   * Time constant of the exponential smoothing of `smoothed`, and so of `label`, `confidence` and `summary`.
   */
  g_object_class_install_property (object_class, PROP_SMOOTHING,
      g_param_spec_uint64 ("smoothing", "Smoothing",
          "Time constant of the smoothed distribution, in nanoseconds (0: none); takes effect from the next window on",
          0, G_MAXUINT64, 8 * GST_SECOND, playing));
  /**
   * GstGenreClassify:threshold:
   *
   * Below this confidence the label is "unknown".
   */
  g_object_class_install_property (object_class, PROP_THRESHOLD,
      g_param_spec_double ("threshold", "Threshold",
          "Confidence below which the label is \"unknown\"; takes effect from the next window on", 0, 1, 0, playing));
  /**
   * GstGenreClassify:silence-threshold:
   *
   * Windows whose RMS is below it are silence: reported as such, and without effect on `smoothed` and the final.  The
   * mean over the window is taken off first: a constant is no sound.
   */
  g_object_class_install_property (object_class, PROP_SILENCE_THRESHOLD,
      g_param_spec_double ("silence-threshold", "Silence threshold",
          "RMS level of a window below which it is silence, in dBFS; takes effect from the next window on", -200, 0,
          -60, playing));
  /**
   * GstGenreClassify:music-threshold:
   *
   * Windows whose own probability of being music, by the model, is below it are no music: reported as such, and without
   * effect on `smoothed` and the final.  The field `music` is that probability smoothed.  Where a model cannot tell,
   * all is music.
   */
  g_object_class_install_property (object_class, PROP_MUSIC_THRESHOLD,
      g_param_spec_double ("music-threshold", "Music threshold",
          "Probability of being music below which a window is not music, by the model (0: never); takes effect from "
          "the next window on",
          0, 1, GENRE_STREAM_MUSIC_THRESHOLD, playing));
  /**
   * GstGenreClassify:features:
   *
   * Adds a field `features` to every message, a #GstStructure of that name with what can be measured in the audio that
   * the message is about: `zero-crossings` (a second), `spectral-centroid` and `spectral-rolloff` (Hz),
   * `spectral-flux`, `mfcc` (array of 20), `spectral-contrast` (array of 7, dB), each the mean over the window, a
   * final's over its run; and `low-energy`, `omsc` (28, dB), `mscm` (7) and `msfm` (7) over the last 5.94 s, a final's
   * the mean over its run.  Those are not there before so much was heard without a break.  `gst-genre-1.0 features`
   * has the same for files.
   */
  g_object_class_install_property (object_class, PROP_FEATURES,
      g_param_spec_boolean ("features", "Features",
          "Add ten features to every message: zero crossings, spectral centroid, rolloff and flux, MFCC, octave-based "
          "spectral contrast, low energy, OMSC, MSCM, MSFM; takes effect on READY to PAUSED",
          FALSE, ready));
  /**
   * GstGenreClassify:split-titles:
   *
   * For internet radio, which is one stream for all its songs: when a stream tag names another title than the last one
   * did, the final of what was heard so far is posted, and a run begins, as with another stream.  The first title ends
   * nothing; blanks around it do not count; tags without a title change nothing.
   */
  g_object_class_install_property (object_class, PROP_SPLIT_TITLES,
      g_param_spec_boolean ("split-titles", "Split Titles",
          "End the run, with its final message, when the stream's title changes, as on the radio; takes effect with "
          "the next title",
          FALSE, playing));
  /**
   * GstGenreClassify:post-messages:
   *
   * FALSE stops posting, not analysing.
   */
  g_object_class_install_property (object_class, PROP_POST_MESSAGES,
      g_param_spec_boolean ("post-messages", "Post Messages",
          "Post an element message for each window and a final one; takes effect from the next window on", TRUE,
          playing));
  /**
   * GstGenreClassify:post-tags:
   *
   * Send upstream's tags with the genre added downstream once it is steady, and again at the end if it has changed.
   * Nothing is sent while upstream's own tags name a genre.
   */
  g_object_class_install_property (object_class, PROP_POST_TAGS,
      g_param_spec_boolean ("post-tags", "Post Tags",
          "Add the genre to the stream's tags once it is steady; takes effect from the next window on", FALSE,
          playing));
  /**
   * GstGenreClassify:max-lag:
   *
   * In a live pipeline the analysis never delays the audio: what comes while this much waits for it is skipped.
   */
  g_object_class_install_property (object_class, PROP_MAX_LAG,
      g_param_spec_uint64 ("max-lag", "Maximum lag",
          "Audio that may wait for analysis in a live pipeline before audio is skipped, in nanoseconds; takes effect "
          "on READY to PAUSED",
          100 * GST_MSECOND, 10 * GST_SECOND, GST_SECOND, ready));
  /**
   * GstGenreClassify:labels:
   *
   * The genres of the model, in the order of the message's arrays.
   */
  g_object_class_install_property (object_class, PROP_LABELS,
      g_param_spec_boxed ("labels", "Labels", "The genres that the model knows, in its order", G_TYPE_STRV, info));
  /**
   * GstGenreClassify:model-info:
   *
   * Labels, SHA-256, size and front end of the model.  `gst-genre-1.0 inspect` shows how it was trained.
   */
  g_object_class_install_property (object_class, PROP_MODEL_INFO,
      g_param_spec_boxed ("model-info", "Model info", "Labels, hash, size and front end of the model",
          GST_TYPE_STRUCTURE, info));
  /**
   * GstGenreClassify:stats:
   *
   * Since start: `windows` analysed, audio `skipped`, `inference-mean` and `inference-max` time spent per window,
   * audio that came too early for the worker when the last window was done (`lag`) and at most (`lag-max`), all in ns,
   * how often the worker was woken (`wake-ups`), and whether the pipeline is `live`.
   */
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "windows, skipped, inference-mean, inference-max, lag, lag-max (ns), wake-ups and live, since start",
          GST_TYPE_STRUCTURE, info));
}
