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
 * * #gdouble `music`: the probability that this is music, smoothed over time; 1 where the model cannot tell
 * * #gchararray `summary`: up to three genres of at least 5 %: "classical 89 %, jazz 7 %"; or "silence", "not music",
 *   "too short"
 * * #gchararray `state`: "ok", "silence", "not-music" (both: label "unknown", confidence 0) or "too-short"
 * * #GstStructure `features`: only with #GstGenreClassify:features, the ten descriptors over the window
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
#include "gst/settings.h"
#include "gst/tags.h"

#include <gst/audio/audio.h>

GST_DEBUG_CATEGORY (gst_genre_classify_debug);
#define GST_CAT_DEFAULT gst_genre_classify_debug

struct _GstGenreClassify
{
  GstBaseTransform parent;
  GenreAnalysis *analysis; /* it has the properties that are not here */
  GenreTags *tags;
  GenreSettings settings;
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
  const GenreSettings settings = genre_settings_copy (element, &self->settings);

  genre_tags_decide (self->tags, answer, settings.threshold);
  if (settings.post_messages)
    gst_element_post_message (element,
        genre_message_new (GST_OBJECT_CAST (element), answer->model, answer->result, answer->descriptors,
            &answer->times, settings.threshold));
}

/* --- tags ------------------------------------------------------------------------------------------------------ */

/* In the streaming thread, with the stream lock: the tag that has been decided by now. */
static void
push_tag (GstGenreClassify *self)
{
  const gboolean wanted = genre_settings_copy (GST_ELEMENT (self), &self->settings).post_tags;
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
  const gboolean split = genre_settings_copy (GST_ELEMENT (self), &self->settings).split_titles;

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

/* --- the object ------------------------------------------------------------------------------------------------ */

static void
gst_genre_classify_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstGenreClassify *self = GST_GENRE_CLASSIFY (object);

  genre_settings_set (object, &self->settings, self->analysis, id, value, pspec);
}

static void
gst_genre_classify_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstGenreClassify *self = GST_GENRE_CLASSIFY (object);

  genre_settings_get (object, &self->settings, self->analysis, id, value, pspec);
}

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
gst_genre_classify_class_init (GstGenreClassifyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (gst_genre_classify_debug, "genreclassify", 0, "music genre classifier");

  object_class->set_property = gst_genre_classify_set_property;
  object_class->get_property = gst_genre_classify_get_property;
  object_class->finalize = gst_genre_classify_finalize;
  genre_settings_install (object_class);

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
