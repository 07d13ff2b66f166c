/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-genrescope
 * @title: genrescope
 *
 * Shows music while it plays: a mel-spectrogram that scrolls, and beside it a bar for each genre, with the one in
 * front in large letters.  A classifier like that of #GstGenreClassify works inside, on a thread of its own.  In a live
 * pipeline the picture never waits for it, elsewhere only when it is more than a second behind.  No answer is posted on
 * the bus, only warnings of what cannot be heard.
 *
 * The bars show `smoothed` of the last answer, in the model's order; the first answer comes after 3.5 s of audio with
 * the default model.  After a second below -60 dBFS, constants aside, the picture says "silence", and "not music" after
 * a window whose probability of being music, by the model, is below .5; then the bars stay as they were, pale.  A flush
 * and a new stream start from nothing.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 playbin uri=file:///music/song.mp3 flags=vis+audio+soft-volume vis-plugin=genrescope
 * gst-launch-1.0 autoaudiosrc ! genrescope ! videoconvert ! autovideosink
 * ]|
 */
#include "gst/gstgenrescope.h"

#include "gst/scope_settings.h"
#include "gst/view.h"

#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (gst_genre_classify_debug);
#define GST_CAT_DEFAULT gst_genre_classify_debug

static const GstClockTime MAX_LAG = GST_SECOND; /* live */

/* The base class makes a frame of all the audio that it has, and one more of the rest together with the next buffer,
 * at the pace of the buffers.  Therefore it gets no audio.  For each frame that is due, counted in samples, it gets
 * one sample frame with the frame's time and the flag DISCONT, which makes it drop the one before. */
struct _GstGenreScope
{
  GstAudioVisualizer parent;
  GstPad *sinkpad; /* the base class's pad and its functions */
  GstPadChainFunction chain;
  GstPadEventFunction event;

  GenreAnalysis *analysis;
  GenreScopeSettings settings;

  GMutex lock;     /* guards the answer: the worker writes, the streaming thread reads */
  gdouble *answer; /* [n_labels] since the first one; all 0: no genre is known yet */
  ScopeMood mood;  /* SCOPE_LISTENING: there is no answer */

  /* the streaming thread's */
  GenreView *view;
  guint n_labels;
  gdouble *shares; /* [n_labels] a copy of the answer */
};

G_DEFINE_TYPE (GstGenreScope, gst_genre_scope, GST_TYPE_AUDIO_VISUALIZER)
GST_ELEMENT_REGISTER_DEFINE (genrescope, "genrescope", GST_RANK_NONE, GST_TYPE_GENRE_SCOPE)

#define AUDIO_CAPS                                                                                                     \
  "audio/x-raw, format = (string) " GST_AUDIO_FORMATS_ALL ", layout = (string) interleaved, "                          \
  "rate = (int) [ 2000, 1000000 ], channels = (int) [ 1, 64 ]"

#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define PIXELS "BGRx"
#else
#define PIXELS "xRGB"
#endif
#define VIDEO_CAPS(width, height, fps)                                                                                 \
  "video/x-raw, format = (string) " PIXELS ", width = (int) [ " width ", 8192 ], height = (int) [ " height             \
  ", 8192 ], framerate = (fraction) [ " fps ", 1000/1 ]"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (AUDIO_CAPS));

/* The base class asks for 320 x 200 at 25 frames a second where it can: not in the caps that come first. */
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (VIDEO_CAPS ("640", "360", "30/1") "; " VIDEO_CAPS ("16", "16", "1/100")));

/* --- the answer ------------------------------------------------------------------------------------------------ */

/* What the picture shows after this answer.  A silent window changes nothing. */
static ScopeMood
mood_of (const GenreResult *result, ScopeMood before)
{
  if (result->final)
    return SCOPE_LISTENING;
  switch (result->state) {
    case GENRE_STATE_OK:
      return SCOPE_GENRE;
    case GENRE_STATE_NOT_MUSIC:
      return SCOPE_NOT_MUSIC;
    case GENRE_STATE_SILENCE:
    case GENRE_STATE_TOO_SHORT:
      break;
  }
  return before;
}

/* On the worker's thread. */
static void
on_answer (GstElement *element, const GenreAnswer *answer)
{
  GstGenreScope *self = GST_GENRE_SCOPE (element);
  const GenreResult *result = answer->result;
  const gsize n = genre_model_n_labels (answer->model);

  g_mutex_lock (&self->lock);
  if (!self->answer)
    self->answer = g_new (gdouble, n);
  self->mood = mood_of (result, self->mood);
  if (result->windows > 0)
    memcpy (self->answer, result->smoothed, n * sizeof *self->answer);
  else
    memset (self->answer, 0, n * sizeof *self->answer);
  g_mutex_unlock (&self->lock);
}

static void
forget_answer (GstGenreScope *self)
{
  g_mutex_lock (&self->lock);
  self->mood = SCOPE_LISTENING;
  g_mutex_unlock (&self->lock);
}

/* --- pictures -------------------------------------------------------------------------------------------------- */

/* Called when caps are set and when downstream asks for others, also for the same caps as before. */
static gboolean
gst_genre_scope_setup (GstAudioVisualizer *scope)
{
  GstGenreScope *self = GST_GENRE_SCOPE (scope);
  GenreModel *model = genre_analysis_peek_model (self->analysis); /* the one in use */
  guint64 span;
  gboolean ok;

  scope->req_spf = 1;
  GST_OBJECT_LOCK (self);
  span = self->settings.span_ns;
  GST_OBJECT_UNLOCK (self);
  self->n_labels = genre_model_n_labels (model);
  self->shares = g_renew (gdouble, self->shares, self->n_labels);
  ok = genre_view_set_up (self->view, model, &scope->ainfo, &scope->vinfo, span);
  genre_model_unref (model);
  if (!ok)
    GST_ELEMENT_ERROR (self, RESOURCE, NO_SPACE_LEFT, ("Not enough memory for a spectrogram."), (NULL));
  return ok;
}

static gboolean
gst_genre_scope_render (GstAudioVisualizer *scope, GstBuffer *audio, GstVideoFrame *frame)
{
  GstGenreScope *self = GST_GENRE_SCOPE (scope);

  (void) audio;
  memset (self->shares, 0, self->n_labels * sizeof *self->shares);
  g_mutex_lock (&self->lock);
  const ScopeMood mood = self->mood;
  if (mood != SCOPE_LISTENING)
    memcpy (self->shares, self->answer, self->n_labels * sizeof *self->shares);
  g_mutex_unlock (&self->lock);
  genre_view_draw (self->view, mood, self->shares, frame);
  return TRUE;
}

/* Has the base class draw and push the frame that has just been filled. */
static GstFlowReturn
push_frame (GstGenreScope *self)
{
  const gsize size = genre_view_frame_bytes (self->view);
  GstBuffer *tick = gst_buffer_new_allocate (NULL, size, NULL);

  gst_buffer_memset (tick, 0, 0, size);
  GST_BUFFER_PTS (tick) = genre_view_next_frame (self->view);
  GST_BUFFER_FLAG_SET (tick, GST_BUFFER_FLAG_DISCONT);
  return self->chain (self->sinkpad, GST_OBJECT (self), tick);
}

/* data [n]  sample frames; NULL: zeros */
static GstFlowReturn
add_audio (GstGenreScope *self, guint8 *data, gsize n)
{
  const gsize bpf = genre_view_frame_bytes (self->view);
  GstFlowReturn flow = GST_FLOW_OK;

  while (n > 0 && flow == GST_FLOW_OK) {
    gboolean full;
    const gsize taken = genre_view_add (self->view, data, n, &full);

    n -= taken;
    if (data)
      data += taken * bpf;
    if (full)
      flow = push_frame (self); /* this may call setup: another size or frame rate */
  }
  return flow;
}

static GstFlowReturn
gst_genre_scope_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstGenreScope *self = GST_GENRE_SCOPE (parent);
  GstFlowReturn flow;
  GstMapInfo map;

  (void) pad;
  if (!genre_view_is_set_up (self->view)) {
    gst_buffer_unref (buffer);
    return GST_FLOW_NOT_NEGOTIATED;
  }
  genre_analysis_buffer (self->analysis, buffer);
  genre_view_follow (self->view, buffer);
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    gst_buffer_unref (buffer);
    return GST_FLOW_OK;
  }
  flow = add_audio (self, GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP) ? NULL : map.data,
      map.size / genre_view_frame_bytes (self->view));
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return flow;
}

/* --- events ---------------------------------------------------------------------------------------------------- */

static gboolean
gst_genre_scope_sink_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstGenreScope *self = GST_GENRE_SCOPE (parent);
  const GstSegment *segment;
  gboolean forwarded;
  GstCaps *caps;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      gst_event_parse_caps (event, &caps);
      genre_analysis_set_caps (self->analysis, caps);
      break;
    case GST_EVENT_FLUSH_START:
      forwarded = self->event (pad, parent, event);
      genre_analysis_flush_start (self->analysis);
      return forwarded;
    default:
      genre_analysis_event (self->analysis, event); /* for another stream, its final clears the bars */
      break;
  }
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT) {
    gst_event_parse_segment (event, &segment);
    genre_view_set_segment (self->view, segment);
  }
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP) {
    forget_answer (self);
    genre_view_flush (self->view);
  }
  return self->event (pad, parent, event);
}

/* --- states ---------------------------------------------------------------------------------------------------- */

/* Nothing streams. */
static void
forget_all (GstGenreScope *self)
{
  genre_view_reset (self->view);
  g_clear_pointer (&self->answer, g_free);
  self->mood = SCOPE_LISTENING;
}

static GstStateChangeReturn
gst_genre_scope_change_state (GstElement *element, GstStateChange transition)
{
  GstGenreScope *self = GST_GENRE_SCOPE (element);
  const GstStateChangeReturn result = genre_analysis_change_state (self->analysis,
      GST_ELEMENT_CLASS (gst_genre_scope_parent_class), transition);

  if (!genre_analysis_is_started (self->analysis))
    forget_all (self);
  return result;
}

/* --- properties ------------------------------------------------------------------------------------------------ */

static void
gst_genre_scope_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstGenreScope *self = GST_GENRE_SCOPE (object);
  genre_scope_settings_set (object, &self->settings, self->analysis, id, value, pspec);
}

static void
gst_genre_scope_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstGenreScope *self = GST_GENRE_SCOPE (object);
  genre_scope_settings_get (object, &self->settings, self->analysis, id, value, pspec);
}

/* --- the object ------------------------------------------------------------------------------------------------ */

static void
gst_genre_scope_finalize (GObject *object)
{
  GstGenreScope *self = GST_GENRE_SCOPE (object);

  genre_analysis_free (self->analysis); /* first, because its worker writes the answer */
  genre_view_free (self->view);
  g_free (self->answer);
  g_free (self->shares);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (gst_genre_scope_parent_class)->finalize (object);
}

static void
gst_genre_scope_init (GstGenreScope *self)
{
  static const GenreListener listener = { .answer = on_answer };

  self->sinkpad = GST_PAD (GST_ELEMENT (self)->sinkpads->data);
  self->chain = GST_PAD_CHAINFUNC (self->sinkpad);
  self->event = GST_PAD_EVENTFUNC (self->sinkpad);
  gst_pad_set_chain_function (self->sinkpad, GST_DEBUG_FUNCPTR (gst_genre_scope_chain));
  gst_pad_set_event_function (self->sinkpad, GST_DEBUG_FUNCPTR (gst_genre_scope_sink_event));

  /* Every pixel is drawn for each frame: the base class need not copy and fade the last frame. */
  g_object_set (self, "shader", 0, NULL);

  g_mutex_init (&self->lock);
  self->view = genre_view_new ();
  self->analysis = genre_analysis_new (GST_ELEMENT (self), self->sinkpad, &listener,
      &(GenreAnalysisConfig){ .stream.silence_threshold_db = GENRE_STREAM_SILENCE_DB,
          .stream.music_threshold = GENRE_STREAM_MUSIC_THRESHOLD,
          .max_lag = MAX_LAG });
}

static void
gst_genre_scope_class_init (GstGenreScopeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstAudioVisualizerClass *scope_class = GST_AUDIO_VISUALIZER_CLASS (klass);

  /* Shared with genreclassify; the first element that is registered creates it. */
  GST_DEBUG_CATEGORY_INIT (gst_genre_classify_debug, "genreclassify", 0, "music genre classifier");

  object_class->set_property = gst_genre_scope_set_property;
  object_class->get_property = gst_genre_scope_get_property;
  object_class->finalize = gst_genre_scope_finalize;
  genre_scope_settings_install (object_class);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Genre scope", "Visualization",
      "Shows a scrolling mel-spectrogram and a bar for each music genre. Try: gst-launch-1.0 playbin "
      "uri=file:///music/song.mp3 flags=vis+audio+soft-volume vis-plugin=genrescope",
      "The genreclassify developers");

  element_class->change_state = GST_DEBUG_FUNCPTR (gst_genre_scope_change_state);
  scope_class->setup = GST_DEBUG_FUNCPTR (gst_genre_scope_setup);
  scope_class->render = GST_DEBUG_FUNCPTR (gst_genre_scope_render);
}
