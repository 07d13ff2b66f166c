/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/session.h"

#include "gst/mark.h"

#include <math.h>

GST_DEBUG_CATEGORY_EXTERN (gst_genre_classify_debug);
#define GST_CAT_DEFAULT gst_genre_classify_debug

enum
{
  ZEROS = 1024, /* samples of silence at a time */
};

/* Samples in a row that are the mean of channels which cancel each other. */
typedef struct Cancelled
{
  guint64 first, end;
  gdouble energy; /* sum of the channels' mean square */
} Cancelled;

/* What one thread works with, from start to stop. */
struct GenreSession
{
  GenreShared *shared; /* not to be touched once `over` */
  gboolean over;       /* ended by a handler on this very thread, which frees the session when it has come back */
  GenreModel *model;
  GenreStream *stream;
  GenreDescriptorMeans *descriptors; /* NULL: not wanted */

  /* since the last reset */
  guint rate_hz; /* 0: none yet */
  GenrePlaces *places;
  guint64 position; /* samples taken */
  guint64 epoch;    /* flushes seen */
  Cancelled cancelled;
  GstClockTime work; /* spent since the last answer */
  gboolean deaf;     /* what comes has a rate that there was no memory for */

  /* since the run began */
  gboolean run_begun;
  GenreTimes run_start;    /* of its first sample; duration unused */
  gboolean run_cancels;    /* it has been said that channels cancel each other */
  guint64 run_samples;     /* before the last reset, at the present rate */
  GstClockTime run_length; /* of audio of other rates before those */
};

/* --- times ----------------------------------------------------------------------------------------------------- */

static GstClockTime
samples_to_time (const GenreSession *session, guint64 samples)
{
  return samples > 0 ? gst_util_uint64_scale (samples, GST_SECOND, session->rate_hz) : 0;
}

/* All audio of the run so far, zeros that were put in for holes included. */
static GstClockTime
run_duration (const GenreSession *session)
{
  return session->run_length + samples_to_time (session, session->run_samples + session->position);
}

/* --- results --------------------------------------------------------------------------------------------------- */

static void
begin_run (GenreSession *session)
{
  genre_stream_reset (session->stream);
  if (session->descriptors)
    genre_descriptor_means_reset (session->descriptors);
  session->run_begun = FALSE;
  session->run_start = (GenreTimes){ GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, 0 };
  session->run_cancels = FALSE;
  session->cancelled = (Cancelled){ 0 };
  session->run_samples = 0;
  session->run_length = 0;
}

static void
count (GenreSession *session, GstClockTime lag)
{
  g_mutex_lock (&session->shared->lock);
  session->shared->stats.windows++;
  session->shared->stats.inference_sum += session->work;
  session->shared->stats.inference_max = MAX (session->shared->stats.inference_max, session->work);
  session->shared->stats.lag = lag;
  session->shared->stats.lag_max = MAX (session->shared->stats.lag_max, lag);
  g_mutex_unlock (&session->shared->lock);
  session->work = 0;
}

/* The listener may do anything: see `over`. */
static void
tell_answer (GenreSession *session, const GenreResult *result, const GenreDescriptorValues *descriptors,
    const GenreTimes *times)
{
  GenreShared *shared = session->shared;
  const GenreAnswer answer = { session->model, result, descriptors, *times, run_duration (session) };

  if (genre_queue_epoch (shared->queue) != session->epoch)
    return;

  GstElement *element = g_weak_ref_get (&shared->element);

  if (!element)
    return; /* it is being finalised, and waits for this thread */
  GST_LOG_OBJECT (element, "window at %" GST_TIME_FORMAT " + %" GST_TIME_FORMAT, GST_TIME_ARGS (times->timestamp),
      GST_TIME_ARGS (times->duration));
  shared->listener->answer (element, &answer);
  gst_object_unref (element); /* perhaps the last: then it is finalised here, and the worker freed */
}

static void
tell_run_begins (GenreSession *session)
{
  const GenreListener *listener = session->shared->listener;
  GstElement *element = listener->run_begins ? g_weak_ref_get (&session->shared->element) : NULL;

  if (!element)
    return;
  listener->run_begins (element);
  gst_object_unref (element); /* as above */
}

static void
warn (GenreSession *session, GenreWarning warning)
{
  GstElement *element = g_weak_ref_get (&session->shared->element);

  if (!element)
    return;
  genre_warning_post (element, warning);
  gst_object_unref (element); /* as above */
}

/* Whether the channels of a silent window are louder than silence, as far as it is known that they cancel. */
static gboolean
is_cancelled (GenreSession *session, const GenreResult *result)
{
  const Cancelled *cancelled = &session->cancelled;
  const guint64 first = MAX (result->first_sample, cancelled->first);
  const guint64 end = MIN (result->first_sample + result->n_samples, cancelled->end);
  gdouble threshold_db;

  if (first >= end)
    return FALSE;

  const gdouble power = cancelled->energy / (gdouble) (cancelled->end - cancelled->first) * (gdouble) (end - first)
      / (gdouble) result->n_samples;

  g_mutex_lock (&session->shared->lock);
  threshold_db = session->shared->config.silence_threshold_db;
  g_mutex_unlock (&session->shared->lock);
  return 10 * log10 (power) >= threshold_db;
}

static void
handle_cancelled (GenreSession *session, const GenreMark *mark)
{
  Cancelled *cancelled = &session->cancelled;
  const guint64 first = session->position - MIN (mark->samples, session->position);

  if (cancelled->end != first)
    *cancelled = (Cancelled){ first, first, 0 };
  cancelled->end = session->position;
  cancelled->energy += mark->energy;
}

static void
handle_answer (GenreSession *session, const GenreResult *result)
{
  const gboolean cancelled = result->state == GENRE_STATE_SILENCE && !session->run_cancels
      && is_cancelled (session, result);
  GenreTimes times = genre_places_times (session->places, result->first_sample, session->rate_hz);

  if (cancelled) {
    session->run_cancels = TRUE;
    warn (session, GENRE_WARNING_CANCEL);
    if (session->over)
      return;
  }
  const GenreDescriptorValues *descriptors = session->descriptors
      ? genre_descriptor_means_window (session->descriptors, result->first_sample)
      : NULL;

  times.duration = samples_to_time (session, result->n_samples);
  count (session, samples_to_time (session, genre_queue_lag (session->shared->queue)));
  tell_answer (session, result, descriptors, &times);
}

static void
finish_run (GenreSession *session)
{
  const GenreResult *result = genre_stream_finish (session->stream);
  GenreTimes times = session->run_start;

  const GenreDescriptorValues *descriptors = session->descriptors ? genre_descriptor_means_finish (session->descriptors)
                                                                  : NULL;

  times.duration = session->run_begun ? run_duration (session) : 0;
  tell_answer (session, result, descriptors, &times);

  begin_run (session);
  session->position = 0;
}

/* --- the thread ------------------------------------------------------------------------------------------------ */

static void
apply_config (GenreSession *session)
{
  GenreStreamConfig config;

  g_mutex_lock (&session->shared->lock);
  config = session->shared->config;
  g_mutex_unlock (&session->shared->lock);
  genre_stream_configure (session->stream, &config);
}

/* What was said of samples before any window that is still to come. */
static void
forget_places (GenreSession *session)
{
  const guint64 history = genre_stream_history (session->stream);

  genre_places_forget (session->places, session->position > history ? session->position - history : 0);
}

/* Genres matter more: without memory, they go on alone. */
static void
set_descriptors_rate (GenreSession *session, guint rate_hz)
{
  const guint64 history = genre_stream_history (session->stream);

  if (!session->descriptors || genre_descriptor_means_set_rate (session->descriptors, rate_hz, history))
    return;
  GST_ERROR ("out of memory for the descriptors at %u Hz", rate_hz);
  g_clear_pointer (&session->descriptors, genre_descriptor_means_free);
}

static void
set_rate (GenreSession *session, guint rate_hz)
{
  if (genre_stream_set_rate (session->stream, rate_hz)) {
    set_descriptors_rate (session, rate_hz);
    session->run_length += samples_to_time (session, session->run_samples);
    session->run_samples = 0;
    session->rate_hz = rate_hz;
    return;
  }
  GST_ERROR ("out of memory for a rate of %u Hz", rate_hz);
  genre_stream_reset_window (session->stream);
}

static void
handle_reset (GenreSession *session, const GenreMark *mark)
{
  session->run_samples += session->position;
  session->position = 0;
  session->cancelled = (Cancelled){ 0 };
  if (mark->rate_hz != session->rate_hz) {
    set_rate (session, mark->rate_hz);
  } else {
    genre_stream_reset_window (session->stream);
    if (session->descriptors)
      genre_descriptor_means_reset_window (session->descriptors);
  }
  session->deaf = session->rate_hz != mark->rate_hz;
  genre_places_reset (session->places, mark->pts, &mark->segment);
}

static void
handle_samples (GenreSession *session, const float *samples, size_t n)
{
  if (session->deaf)
    return;
  if (!session->run_begun) {
    session->run_begun = TRUE;
    session->run_start = genre_places_times (session->places, session->position, session->rate_hz);
    tell_run_begins (session);
    if (session->over)
      return;
  }
  for (;;) {
    const GenreResult *result;

    if (genre_queue_epoch (session->shared->queue) != session->epoch)
      return;
    apply_config (session);

    const gint64 before = g_get_monotonic_time ();
    const size_t taken = genre_stream_push (session->stream, samples, n, &result);

    if (session->descriptors)
      genre_descriptor_means_push (session->descriptors, samples, taken);
    session->work += (GstClockTime) (g_get_monotonic_time () - before) * GST_USECOND;
    session->position += taken;
    samples += taken;
    n -= taken;
    if (!result)
      return;
    handle_answer (session, result);
    if (session->over)
      return;
  }
}

static void
handle_zeros (GenreSession *session, guint64 n)
{
  static const float zeros[ZEROS];

  for (guint64 done = 0; done < n && !session->over; done += ZEROS)
    handle_samples (session, zeros, (size_t) MIN (n - done, ZEROS));
}

static void
handle_mark (GenreSession *session, const GenreMark *mark)
{
  switch (mark->type) {
    case GENRE_MARK_RESET:
      handle_reset (session, mark);
      return;
    case GENRE_MARK_SEGMENT:
      genre_places_set_segment (session->places, session->position, &mark->segment);
      forget_places (session);
      return;
    case GENRE_MARK_PTS:
      genre_places_set_pts (session->places, session->position, mark->pts);
      forget_places (session);
      return;
    case GENRE_MARK_ZEROS:
      handle_zeros (session, mark->samples);
      return;
    case GENRE_MARK_CANCEL:
      handle_cancelled (session, mark);
      return;
    case GENRE_MARK_WARNING:
      warn (session, mark->warning);
      return;
    case GENRE_MARK_FINISH:
      finish_run (session);
      return;
  }
}

static void
handle_item (GenreSession *session, GenreQueueItem item, const float *samples, size_t n, const GenreMark *mark)
{
  if (item == GENRE_QUEUE_MARK) {
    handle_mark (session, mark);
    return;
  }
  handle_samples (session, samples, n);
  if (!session->over)
    genre_queue_release (session->shared->queue);
}

/* The samples that it takes to the next answer. */
static guint64
wanted (GenreSession *session)
{
  if (session->deaf)
    return G_MAXUINT64;
  apply_config (session);
  return genre_stream_wanted (session->stream);
}

/* --- public ---------------------------------------------------------------------------------------------------- */

void
genre_session_free (GenreSession *session)
{
  genre_stream_free (session->stream);
  genre_descriptor_means_free (session->descriptors);
  genre_model_unref (session->model);
  genre_places_free (session->places);
  g_free (session);
}

GenreSession *
genre_session_new (GenreShared *shared, GenreModel *model, guint window_frames, gboolean descriptors)
{
  /* The first sample brings a rate.  Descriptors are in every message, also where there is no sample. */
  const guint rate_hz = descriptors ? genre_model_frontend (model)->mel.sample_rate_hz : 0;
  GenreStreamConfig config;

  g_mutex_lock (&shared->lock);
  config = shared->config;
  g_mutex_unlock (&shared->lock);

  GenreStream *stream = genre_stream_new (model, rate_hz, window_frames, &config);

  if (!stream)
    return NULL;

  GenreDescriptorMeans *means = descriptors ? genre_descriptor_means_new (rate_hz, genre_stream_history (stream))
                                            : NULL;

  if (descriptors && !means) {
    genre_stream_free (stream);
    return NULL;
  }

  GenreSession *session = g_new0 (GenreSession, 1);

  session->shared = shared;
  session->model = genre_model_ref (model);
  session->stream = stream;
  session->descriptors = means;
  session->rate_hz = rate_hz;
  session->places = genre_places_new ();
  session->epoch = genre_queue_epoch (shared->queue);
  begin_run (session);
  return session;
}

gpointer
genre_session_work (gpointer data)
{
  GenreSession *session = data;

  while (!session->over) {
    const float *samples = NULL;
    size_t n = 0;
    GenreMark mark;
    uint64_t epoch;
    const GenreQueueItem item = genre_queue_take (session->shared->queue, wanted (session), &samples, &n, &mark,
        &epoch);

    if (item == GENRE_QUEUE_STOPPED)
      return NULL;
    if (epoch != session->epoch) {
      session->epoch = epoch;
      begin_run (session);
      session->position = 0;
    }
    handle_item (session, item, samples, n, &mark);
  }
  genre_session_free (session);
  return NULL;
}

void
genre_session_end (GenreSession *session)
{
  session->over = TRUE;
}
