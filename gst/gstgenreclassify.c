/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-genreclassify
 * @title: genreclassify
 *
 * Tells which genre of music is playing.  Audio of any format, layout, rate and number of channels passes untouched:
 * the buffer that comes in is the buffer that goes out, at once.  Inside, a thread of the element's own computes
 * mel-spectrograms, runs a small convolutional and recurrent network over windows of up to ten seconds, and posts
 * element messages with the distribution over the genres: the first after 3.5 s of audio, then one a second.
 *
 * The message's structure is named `genreclassify` and always has these fields, in this order
 * (GST_CLOCK_TIME_NONE where a time is unknown):
 *
 * * #guint64 `timestamp`: of the first sample of the window, ns
 * * #guint64 `stream-time`, `running-time`: the same by the segment in force at that sample
 * * #guint64 `duration`: of the window, ns
 * * #gchararray `label`: the genre in front in `smoothed`, or "unknown" below #GstGenreClassify:threshold
 * * #gdouble `confidence`: its probability
 * * #gint `index`: its index in `labels`, -1 if unknown
 * * #GstValueArray of #gchararray `labels`: all genres, in the model's order
 * * #GstValueArray of #gdouble `probabilities`: of this window by itself, in the same order; their sum is 1
 * * #GstValueArray of #gdouble `smoothed`: the same, smoothed over time; their sum is 1
 * * #gchararray `summary`: up to three genres of at least 5 %: "classical 89 %, jazz 7 %"; or "silence", "too short"
 * * #gchararray `state`: "ok", "silence" (label "unknown", confidence 0) or "too-short"
 * * #gboolean `final`: whether this is the answer for the whole run, posted before EOS, SEGMENT_DONE, the
 *   STREAM_START of another stream or, with #GstGenreClassify:split-titles, another title goes on; `probabilities` and
 *   `smoothed` are then the aggregate of all its windows
 * * #guint `windows`: windows in the aggregate so far
 *
 * `gst/genreclassify/genremessage.h` has a parser.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -m filesrc location=song.mp3 ! decodebin ! audioconvert ! genreclassify ! fakesink
 * gst-launch-1.0 -m playbin uri=file:///music/song.mp3 audio-filter=genreclassify
 * ]|
 */
#include "gst/gstgenreclassify.h"

#include "gst/analysis.h"
#include "gst/message.h"
#include "gst/tags.h"

#include <gst/audio/audio.h>

GST_DEBUG_CATEGORY (gst_genre_classify_debug);
#define GST_CAT_DEFAULT gst_genre_classify_debug

enum
{
  PROP_0,
  PROP_MODEL,
  PROP_INTERVAL,
  PROP_WINDOW,
  PROP_SMOOTHING,
  PROP_THRESHOLD,
  PROP_SILENCE_THRESHOLD,
  PROP_SPLIT_TITLES,
  PROP_POST_MESSAGES,
  PROP_POST_TAGS,
  PROP_MAX_LAG,
  PROP_LABELS,
  PROP_MODEL_INFO,
  PROP_STATS,
};

struct _GstGenreClassify
{
  GstBaseTransform parent;
  GenreAnalysis *analysis; /* it has the properties that are not here */
  GenreTags *tags;

  /* under the object lock */
  gdouble threshold; /* [0, 1] */
  gboolean split_titles;
  gboolean post_messages;
  gboolean post_tags;
};

G_DEFINE_TYPE (GstGenreClassify, gst_genre_classify, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE (genreclassify, "genreclassify", GST_RANK_NONE, GST_TYPE_GENRE_CLASSIFY)

#define ANY_AUDIO GST_AUDIO_CAPS_MAKE (GST_AUDIO_FORMATS_ALL) ", layout = (string) { interleaved, non-interleaved }"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (ANY_AUDIO));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (ANY_AUDIO));

/* --- answers --------------------------------------------------------------------------------------------------- */

static void
on_run_begins (GstElement *element)
{
  genre_tags_begin_run (GST_GENRE_CLASSIFY (element)->tags);
}

static void
on_answer (GstElement *element, const GenreAnswer *answer)
{
  GstGenreClassify *self = GST_GENRE_CLASSIFY (element);
  gboolean wanted;
  gdouble threshold;

  GST_OBJECT_LOCK (self);
  wanted = self->post_messages;
  threshold = self->threshold;
  GST_OBJECT_UNLOCK (self);
  genre_tags_decide (self->tags, answer, threshold);
  if (wanted)
    gst_element_post_message (element,
        genre_message_new (GST_OBJECT_CAST (element), answer->model, answer->result, &answer->times, threshold));
}

/* --- tags ------------------------------------------------------------------------------------------------------ */

/* In the streaming thread, with the stream lock: the tag that has been decided by now. */
static void
push_tag (GstGenreClassify *self)
{
  gboolean wanted;

  GST_OBJECT_LOCK (self);
  wanted = self->post_tags;
  GST_OBJECT_UNLOCK (self);

  GstEvent *event = wanted ? genre_tags_take (self->tags) : NULL;

  if (event)
    gst_pad_push_event (GST_BASE_TRANSFORM_SRC_PAD (self), event);
}

/* The final is posted: what is not asked for now never will be. */
static void
end_run (GstGenreClassify *self)
{
  push_tag (self);
  genre_tags_end_run (self->tags);
}

/* Takes the event; returns the one to go on instead. */
static GstEvent *
handle_tags (GstGenreClassify *self, GstEvent *event)
{
  gboolean split;

  GST_OBJECT_LOCK (self);
  split = self->split_titles;
  GST_OBJECT_UNLOCK (self);
  if (genre_tags_note_title (self->tags, event) && split) {
    genre_analysis_next_run (self->analysis);
    end_run (self);
  }
  return genre_tags_merge (self->tags, event);
}

/* --- streaming ------------------------------------------------------------------------------------------------- */

static gboolean
chain_up (GstBaseTransform *trans, GstEvent *event)
{
  return GST_BASE_TRANSFORM_CLASS (gst_genre_classify_parent_class)->sink_event (trans, event);
}

static gboolean
gst_genre_classify_sink_event (GstBaseTransform *trans, GstEvent *event)
{
  GstGenreClassify *self = GST_GENRE_CLASSIFY (trans);
  gboolean forwarded;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_STREAM_START:
      if (genre_analysis_event (self->analysis, event)) {
        end_run (self);
        genre_tags_reset (self->tags);
      }
      break;
    case GST_EVENT_TAG:
      event = handle_tags (self, event);
      break;
    case GST_EVENT_EOS:
    case GST_EVENT_SEGMENT_DONE:
      genre_analysis_finish (self->analysis);
      end_run (self);
      break;
    case GST_EVENT_FLUSH_START:
      forwarded = chain_up (trans, event);
      genre_analysis_flush_start (self->analysis);
      return forwarded;
    case GST_EVENT_FLUSH_STOP:
      genre_analysis_event (self->analysis, event);
      genre_tags_end_run (self->tags); /* what was flushed has none */
      break;
    default:
      genre_analysis_event (self->analysis, event);
      break;
  }
  return chain_up (trans, event);
}

static gboolean
gst_genre_classify_set_caps (GstBaseTransform *trans, GstCaps *in, GstCaps *out)
{
  (void) out;
  return genre_analysis_set_caps (GST_GENRE_CLASSIFY (trans)->analysis, in);
}

static GstFlowReturn
gst_genre_classify_transform_ip (GstBaseTransform *trans, GstBuffer *buffer)
{
  GstGenreClassify *self = GST_GENRE_CLASSIFY (trans);

  genre_analysis_buffer (self->analysis, buffer);
  push_tag (self);
  return GST_FLOW_OK;
}

static GstStateChangeReturn
gst_genre_classify_change_state (GstElement *element, GstStateChange transition)
{
  GstGenreClassify *self = GST_GENRE_CLASSIFY (element);
  const GstStateChangeReturn result = genre_analysis_change_state (self->analysis,
      GST_ELEMENT_CLASS (gst_genre_classify_parent_class), transition);

  if (!genre_analysis_is_started (self->analysis))
    genre_tags_reset (self->tags);
  return result;
}

/* --- properties ------------------------------------------------------------------------------------------------ */

static void
gst_genre_classify_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstGenreClassify *self = GST_GENRE_CLASSIFY (object);

  GenreAnalysisConfig config;

  GST_OBJECT_LOCK (self);
  genre_analysis_get_config (self->analysis, &config);
  switch (id) {
    case PROP_MODEL:
      genre_analysis_set_model_path (self->analysis, g_value_get_string (value));
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
      self->threshold = g_value_get_double (value);
      break;
    case PROP_SILENCE_THRESHOLD:
      config.stream.silence_threshold_db = g_value_get_double (value);
      break;
    case PROP_SPLIT_TITLES:
      self->split_titles = g_value_get_boolean (value);
      break;
    case PROP_POST_MESSAGES:
      self->post_messages = g_value_get_boolean (value);
      break;
    case PROP_POST_TAGS:
      self->post_tags = g_value_get_boolean (value);
      break;
    case PROP_MAX_LAG:
      config.max_lag = g_value_get_uint64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  genre_analysis_configure (self->analysis, &config);
  GST_OBJECT_UNLOCK (self);
}

static void
get_labels (GstGenreClassify *self, GValue *ret_value)
{
  GenreModel *model = genre_analysis_peek_model (self->analysis);

  g_value_set_boxed (ret_value, model ? genre_model_labels (model) : NULL);
  genre_model_unref (model);
}

static GstStructure *
get_model_info (GstGenreClassify *self)
{
  GenreModel *model = genre_analysis_peek_model (self->analysis);
  GstStructure *info = NULL;

  if (model) {
    const GenreFrontend *frontend = genre_model_frontend (model);
    gchar **labels = g_boxed_copy (G_TYPE_STRV, genre_model_labels (model));
    gchar *joined = g_strjoinv (", ", labels);

    /* clang-format off */
    info = gst_structure_new ("model-info",
        "labels", G_TYPE_STRING, joined,
        "sha256", G_TYPE_STRING, genre_model_sha256 (model),
        "parameters", G_TYPE_UINT64, (guint64) genre_model_n_parameters (model),
        "sample-rate", G_TYPE_UINT, frontend->mel.sample_rate_hz,
        "n-fft", G_TYPE_UINT, frontend->mel.n_fft,
        "hop-length", G_TYPE_UINT, frontend->mel.hop_length,
        "bands", G_TYPE_UINT, (guint) frontend->bands,
        "window-frames", G_TYPE_UINT, genre_model_window_frames (model),
        "min-frames", G_TYPE_UINT, genre_model_min_frames (model),
        NULL);
    /* clang-format on */
    g_free (joined);
    g_strfreev (labels);
    genre_model_unref (model);
  }
  return info;
}

static GstStructure *
get_stats (GstGenreClassify *self)
{
  GenreAnalysisStats stats;

  genre_analysis_get_stats (self->analysis, &stats);

  const GenreWorkerStats *worker = &stats.worker;

  /* clang-format off */
  return gst_structure_new ("stats",
      "windows", G_TYPE_UINT64, worker->windows,
      "skipped", G_TYPE_UINT64, stats.skipped,
      "inference-mean", G_TYPE_UINT64, worker->windows > 0 ? worker->inference_sum / worker->windows : 0,
      "inference-max", G_TYPE_UINT64, worker->inference_max,
      "lag", G_TYPE_UINT64, worker->lag,
      "lag-max", G_TYPE_UINT64, worker->lag_max,
      "live", G_TYPE_BOOLEAN, stats.live,
      NULL);
  /* clang-format on */
}

static void
gst_genre_classify_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstGenreClassify *self = GST_GENRE_CLASSIFY (object);
  GenreAnalysisConfig config;

  switch (id) { /* those that may load a model */
    case PROP_LABELS:
      get_labels (self, value);
      return;
    case PROP_MODEL_INFO:
      g_value_take_boxed (value, get_model_info (self));
      return;
    case PROP_STATS:
      g_value_take_boxed (value, get_stats (self));
      return;
    default:
      break;
  }

  GST_OBJECT_LOCK (self);
  genre_analysis_get_config (self->analysis, &config);
  switch (id) {
    case PROP_MODEL:
      g_value_take_string (value, genre_analysis_dup_model_path (self->analysis));
      break;
    case PROP_INTERVAL:
      g_value_set_uint64 (value, config.stream.interval_ns);
      break;
    case PROP_WINDOW:
      g_value_set_uint64 (value, config.window);
      break;
    case PROP_SMOOTHING:
      g_value_set_uint64 (value, config.stream.smoothing_ns);
      break;
    case PROP_THRESHOLD:
      g_value_set_double (value, self->threshold);
      break;
    case PROP_SILENCE_THRESHOLD:
      g_value_set_double (value, config.stream.silence_threshold_db);
      break;
    case PROP_SPLIT_TITLES:
      g_value_set_boolean (value, self->split_titles);
      break;
    case PROP_POST_MESSAGES:
      g_value_set_boolean (value, self->post_messages);
      break;
    case PROP_POST_TAGS:
      g_value_set_boolean (value, self->post_tags);
      break;
    case PROP_MAX_LAG:
      g_value_set_uint64 (value, config.max_lag);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

/* --- the object ------------------------------------------------------------------------------------------------ */

static void
gst_genre_classify_finalize (GObject *object)
{
  GstGenreClassify *self = GST_GENRE_CLASSIFY (object);

  genre_analysis_free (self->analysis); /* first: its worker uses the tags */
  genre_tags_free (self->tags);
  G_OBJECT_CLASS (gst_genre_classify_parent_class)->finalize (object);
}

static void
gst_genre_classify_init (GstGenreClassify *self)
{
  static const GenreListener listener = { .run_begins = on_run_begins, .answer = on_answer };
  GstBaseTransform *trans = GST_BASE_TRANSFORM (self);

  gst_base_transform_set_passthrough (trans, TRUE);
  gst_base_transform_set_in_place (trans, TRUE);
  gst_base_transform_set_qos_enabled (trans, FALSE);
  self->tags = genre_tags_new ();
  self->analysis = genre_analysis_new (GST_ELEMENT (self), GST_BASE_TRANSFORM_SINK_PAD (self), &listener,
      &(GenreAnalysisConfig){ 0 });
}

static void
install_properties (GObjectClass *object_class)
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
          "The most audio that one answer looks at, in nanoseconds, rounded to frames and clamped to what the model "
          "can (0: the model's own); takes effect on READY to PAUSED",
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
   * GstGenreClassify:split-titles:
   *
   * For internet radio, which is one stream for all its songs: when a stream tag names another title than the last one
   * did, the final of what was heard so far is posted, and a run begins, as with another stream.  The first title ends
   * nothing; blanks around it do not count; tags without a title change nothing.
   */
  g_object_class_install_property (object_class, PROP_SPLIT_TITLES,
      g_param_spec_boolean ("split-titles", "Split Titles",
          "End the run, with its final message, where the stream's title changes, as on the radio; takes effect with "
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
          "Audio that may wait for analysis in a live pipeline before some is skipped, in nanoseconds; takes effect on "
          "READY to PAUSED",
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
   * audio queued when the last window was done (`lag`) and at most (`lag-max`), all in ns, and whether the pipeline is
   * `live`.
   */
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "windows, skipped, inference-mean, inference-max, lag, lag-max (ns) and live, since start",
          GST_TYPE_STRUCTURE, info));
}

static void
gst_genre_classify_class_init (GstGenreClassifyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (gst_genre_classify_debug, "genreclassify", 0, "music genre classifier");

  object_class->set_property = gst_genre_classify_set_property;
  object_class->get_property = gst_genre_classify_get_property;
  object_class->finalize = gst_genre_classify_finalize;
  install_properties (object_class);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Genre classifier", "Filter/Analyzer/Audio",
      "Posts messages with the distribution over music genres of the audio that passes. Try: gst-launch-1.0 -m filesrc "
      "location=song.mp3 ! decodebin ! audioconvert ! genreclassify ! fakesink",
      "The genreclassify developers");

  element_class->change_state = GST_DEBUG_FUNCPTR (gst_genre_classify_change_state);
  trans_class->set_caps = GST_DEBUG_FUNCPTR (gst_genre_classify_set_caps);
  trans_class->sink_event = GST_DEBUG_FUNCPTR (gst_genre_classify_sink_event);
  trans_class->transform_ip = GST_DEBUG_FUNCPTR (gst_genre_classify_transform_ip);
  trans_class->transform_ip_on_passthrough = TRUE;
}
