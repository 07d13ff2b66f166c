/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/analysis.h"

#include "gst/feed.h"
#include "gst/queue.h"

GST_DEBUG_CATEGORY_EXTERN (gst_genre_classify_debug);
#define GST_CAT_DEFAULT gst_genre_classify_debug

struct GenreAnalysis
{
  GstElement *element;
  GstPad *sinkpad;
  const GenreListener *listener;

  /* made by the first start, which the lock guards, and kept */
  GenreWorker *worker;
  GenreQueue *queue; /* the worker's */
  GenreFeed *feed;

  GMutex lock;       /* guards the rest; the worker's lock may be taken while it is held */
  gchar *model_path; /* NULL: the embedded one */
  GenreAnalysisConfig config;
  GenreModel *model; /* from start to stop */
};

GenreAnalysis *
genre_analysis_new (GstElement *element, GstPad *sinkpad, const GenreListener *listener,
    const GenreAnalysisConfig *config)
{
  GenreAnalysis *analysis = g_new0 (GenreAnalysis, 1);

  analysis->element = element;
  analysis->sinkpad = sinkpad;
  analysis->listener = listener;
  analysis->config = *config;
  g_mutex_init (&analysis->lock);
  return analysis;
}

/* --- what it works by ------------------------------------------------------------------------------------------ */

void
genre_analysis_configure (GenreAnalysis *analysis, const GenreAnalysisConfig *config)
{
  g_mutex_lock (&analysis->lock);
  analysis->config = *config;
  if (analysis->worker)
    genre_worker_configure (analysis->worker, &config->stream);
  g_mutex_unlock (&analysis->lock);
}

void
genre_analysis_get_config (GenreAnalysis *analysis, GenreAnalysisConfig *ret_config)
{
  g_mutex_lock (&analysis->lock);
  *ret_config = analysis->config;
  g_mutex_unlock (&analysis->lock);
}

void
genre_analysis_set_model_path (GenreAnalysis *analysis, const gchar *path)
{
  g_mutex_lock (&analysis->lock);
  g_free (analysis->model_path);
  analysis->model_path = g_strdup (path);
  g_mutex_unlock (&analysis->lock);
}

gchar *
genre_analysis_dup_model_path (GenreAnalysis *analysis)
{
  g_mutex_lock (&analysis->lock);
  gchar *path = g_strdup (analysis->model_path);
  g_mutex_unlock (&analysis->lock);
  return path;
}

static GenreModel *
load_model (const gchar *path, GError **error)
{
  return path ? genre_model_load (path, error) : genre_model_default (error);
}

GenreModel *
genre_analysis_peek_model (GenreAnalysis *analysis)
{
  GenreModel *model;
  gchar *path;

  g_mutex_lock (&analysis->lock);
  model = analysis->model ? genre_model_ref (analysis->model) : NULL;
  path = g_strdup (analysis->model_path);
  g_mutex_unlock (&analysis->lock);
  if (!model)
    model = load_model (path, NULL);
  g_free (path);
  return model;
}

void
genre_analysis_get_stats (GenreAnalysis *analysis, GenreAnalysisStats *ret_stats)
{
  gboolean made;

  *ret_stats = (GenreAnalysisStats){ 0 };
  g_mutex_lock (&analysis->lock);
  made = analysis->worker != NULL;
  g_mutex_unlock (&analysis->lock);
  if (!made)
    return;
  genre_worker_get_stats (analysis->worker, &ret_stats->worker);
  ret_stats->skipped = genre_feed_get_skipped (analysis->feed);
  ret_stats->live = genre_feed_is_live (analysis->feed);
}

/* --- states ---------------------------------------------------------------------------------------------------- */

/* ns of audio -> frames of the model's hop, rounded; 0 stays 0. */
static guint
window_frames (const GenreModel *model, GstClockTime window)
{
  const GenreFrontend *frontend = genre_model_frontend (model);
  const guint64 frames = gst_util_uint64_scale_round (window, frontend->mel.sample_rate_hz,
      (guint64) frontend->mel.hop_length * GST_SECOND);

  return window == 0 ? 0 : (guint) CLAMP (frames, 1, GENRE_STREAM_MAX_WINDOW);
}

/* NULL: it has been posted why. */
static GenreModel *
open_model (GenreAnalysis *analysis)
{
  GError *error = NULL;
  gchar *path = genre_analysis_dup_model_path (analysis);
  GenreModel *model = load_model (path, &error);

  if (model)
    GST_INFO_OBJECT (analysis->element, "model %s, sha256 %s", path ? path : "(embedded)", genre_model_sha256 (model));
  else if (g_error_matches (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_NOT_FOUND))
    GST_ELEMENT_ERROR (analysis->element, RESOURCE, NOT_FOUND, ("%s", error->message), (NULL));
  else
    GST_ELEMENT_ERROR (analysis->element, RESOURCE, OPEN_READ, ("%s", error->message), (NULL));
  g_clear_error (&error);
  g_free (path);
  return model;
}

/* FALSE: out of memory. */
static gboolean
make_worker (GenreAnalysis *analysis)
{
  if (analysis->worker)
    return TRUE;

  GenreWorker *worker = genre_worker_new (analysis->element, analysis->listener);

  if (!worker)
    return FALSE;
  analysis->queue = genre_worker_queue (worker);
  analysis->feed = genre_feed_new (analysis->sinkpad, analysis->queue);
  g_mutex_lock (&analysis->lock);
  analysis->worker = worker;
  genre_worker_configure (worker, &analysis->config.stream);
  g_mutex_unlock (&analysis->lock);
  return TRUE;
}

static gboolean
start (GenreAnalysis *analysis)
{
  GenreModel *model = open_model (analysis);
  GenreAnalysisConfig config;

  if (!model)
    return FALSE;
  genre_analysis_get_config (analysis, &config);

  const guint frames = window_frames (model, config.window);

  if (!make_worker (analysis) || !genre_worker_start (analysis->worker, model, frames, config.descriptors)) {
    GST_ELEMENT_ERROR (analysis->element, RESOURCE, NO_SPACE_LEFT, ("Not enough memory to classify genres."), (NULL));
    genre_model_unref (model);
    return FALSE;
  }
  genre_feed_start (analysis->feed, model, frames > 0 ? frames : genre_model_window_frames (model), config.max_lag);
  g_mutex_lock (&analysis->lock);
  analysis->model = model;
  g_mutex_unlock (&analysis->lock);
  return TRUE;
}

static void
stop (GenreAnalysis *analysis)
{
  GenreModel *model;

  if (analysis->worker)
    genre_worker_stop (analysis->worker);
  g_mutex_lock (&analysis->lock);
  model = g_steal_pointer (&analysis->model);
  g_mutex_unlock (&analysis->lock);
  genre_model_unref (model);
}

/* The base classes' `start` and `stop` are not used: `start` is called when the sink pad is active already, and a
 * stream could come in before it is done. */
GstStateChangeReturn
genre_analysis_change_state (GenreAnalysis *analysis, GstElementClass *parent, GstStateChange transition)
{
  GstStateChangeReturn result = GST_STATE_CHANGE_FAILURE;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start (analysis))
    return result;
  /* Before the parent's change_state, which waits for the streaming thread, which may wait for the worker. */
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY && analysis->queue)
    genre_queue_stop (analysis->queue);
  result = parent->change_state (analysis->element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE))
    stop (analysis);
  return result;
}

gboolean
genre_analysis_is_started (GenreAnalysis *analysis)
{
  g_mutex_lock (&analysis->lock);
  const gboolean started = analysis->model != NULL;
  g_mutex_unlock (&analysis->lock);
  return started;
}

void
genre_analysis_free (GenreAnalysis *analysis)
{
  if (!analysis)
    return;
  stop (analysis); /* an application may drop its last reference in any state */
  genre_worker_free (analysis->worker);
  genre_feed_free (analysis->feed);
  g_mutex_clear (&analysis->lock);
  g_free (analysis->model_path);
  g_free (analysis);
}

/* --- streaming ------------------------------------------------------------------------------------------------- */

gboolean
genre_analysis_set_caps (GenreAnalysis *analysis, const GstCaps *caps)
{
  GstAudioInfo info;

  if (!gst_audio_info_from_caps (&info, caps)) {
    GST_ERROR_OBJECT (analysis->element, "caps are not raw audio: %" GST_PTR_FORMAT, (const void *) caps);
    return FALSE;
  }
  if (!genre_feed_set_info (analysis->feed, &info))
    GST_ELEMENT_WARNING (analysis->element, STREAM, WRONG_TYPE,
        ("Audio of %d Hz with %d channels passes, but is not analysed.", GST_AUDIO_INFO_RATE (&info),
            GST_AUDIO_INFO_CHANNELS (&info)),
        ("Rates from %d to %d Hz and up to %d channels are analysed.", GENRE_STREAM_MIN_RATE, GENRE_STREAM_MAX_RATE,
            GENRE_FEED_MAX_CHANNELS));
  return TRUE;
}

gboolean
genre_analysis_event (GenreAnalysis *analysis, GstEvent *event)
{
  const GstSegment *segment;
  const gchar *stream_id;
  GstClockTime pts, duration;
  GstGapFlags flags;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_STREAM_START:
      gst_event_parse_stream_start (event, &stream_id);
      return genre_feed_stream_start (analysis->feed, stream_id);
    case GST_EVENT_SEGMENT:
      gst_event_parse_segment (event, &segment);
      genre_feed_segment (analysis->feed, segment);
      break;
    case GST_EVENT_GAP:
      gst_event_parse_gap (event, &pts, &duration);
      gst_event_parse_gap_flags (event, &flags);
      genre_feed_gap (analysis->feed, pts, duration, (flags & GST_GAP_FLAG_MISSING_DATA) != 0);
      break;
    case GST_EVENT_FLUSH_STOP:
      genre_queue_flush_end (analysis->queue);
      genre_feed_flush_stop (analysis->feed);
      break;
    default:
      break;
  }
  return FALSE;
}

void
genre_analysis_flush_start (GenreAnalysis *analysis)
{
  genre_queue_flush_begin (analysis->queue);
}

void
genre_analysis_finish (GenreAnalysis *analysis)
{
  genre_feed_finish (analysis->feed);
}

void
genre_analysis_next_run (GenreAnalysis *analysis)
{
  genre_feed_next_run (analysis->feed);
}

void
genre_analysis_buffer (GenreAnalysis *analysis, GstBuffer *buffer)
{
  genre_feed_buffer (analysis->feed, buffer);
}
