/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/worker.h"

#include "gst/mark.h"
#include "gst/message.h"
#include "models/genre_aggregate.h"

GST_DEBUG_CATEGORY_EXTERN (gst_genre_classify_debug);
#define GST_CAT_DEFAULT gst_genre_classify_debug

enum
{
  TAG_WINDOWS = 10, /* in the aggregate before the first tag */
};

static const gdouble TAG_LEAST = .5;
static const GstClockTime TAG_STEADY = 10 * GST_SECOND; /* of audio with the same label in front */

/* From this sample since the last reset on, this segment is in force. */
typedef struct SegmentStart
{
  guint64 sample;
  GstSegment segment;
} SegmentStart;

struct GenreWorker
{
  GstElement *element;
  GenreQueue *queue;
  GenreWorkerFunc func; /* NULL: messages */
  gpointer user_data;
  GThread *thread;
  GenreModel *model;
  GenreStream *stream;

  /* the worker's own, since the last reset */
  guint rate_hz;
  GstClockTime pts;  /* of sample 0 */
  GArray *segments;  /* of SegmentStart, oldest first, never empty */
  guint64 position;  /* samples taken */
  guint64 epoch;     /* flushes seen */
  GstClockTime work; /* spent since the last answer */
  gboolean deaf;     /* what comes has a rate that there was no memory for */

  /* the worker's own, since the run began */
  gboolean run_begun;
  GenreTimes run_start; /* of its first sample; duration unused */
  GstClockTime run_end;
  GstClockTime run_length; /* of audio before the last reset */
  guint leader;            /* label in front of the aggregate */
  GstClockTime leader_since;

  GMutex lock; /* guards all below; taken by itself and never while posting */
  GenreWorkerConfig config;
  GenreWorkerStats stats;
  const gchar *tag;       /* wanted, a label of the model; NULL: none */
  const gchar *tag_taken; /* handed out in this run */
};

/* --- times ----------------------------------------------------------------------------------------------------- */

static GstClockTime
samples_to_time (const GenreWorker *worker, guint64 samples)
{
  return gst_util_uint64_scale (samples, GST_SECOND, worker->rate_hz);
}

/* The segment in force at a sample. */
static const GstSegment *
segment_at (const GenreWorker *worker, guint64 sample)
{
  guint i = worker->segments->len - 1;

  while (i > 0 && g_array_index (worker->segments, SegmentStart, i).sample > sample)
    i--;
  return &g_array_index (worker->segments, SegmentStart, i).segment;
}

static GenreTimes
times_at (const GenreWorker *worker, guint64 sample)
{
  const GstSegment *segment = segment_at (worker, sample);
  GenreTimes times = { GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE };

  if (!GST_CLOCK_TIME_IS_VALID (worker->pts))
    return times;
  times.timestamp = worker->pts + samples_to_time (worker, sample);
  if (segment->format == GST_FORMAT_TIME) {
    times.stream_time = gst_segment_to_stream_time (segment, GST_FORMAT_TIME, times.timestamp);
    times.running_time = gst_segment_to_running_time (segment, GST_FORMAT_TIME, times.timestamp);
  }
  return times;
}

/* Length from the first audio of the run to its last: by timestamps where they run forward, else what was counted. */
static GstClockTime
run_duration (const GenreWorker *worker)
{
  const GstClockTime start = worker->run_start.timestamp, end = worker->run_end;

  if (GST_CLOCK_TIME_IS_VALID (start) && GST_CLOCK_TIME_IS_VALID (end) && end >= start)
    return end - start;
  return worker->run_length + samples_to_time (worker, worker->position);
}

/* --- results --------------------------------------------------------------------------------------------------- */

static void
begin_run (GenreWorker *worker)
{
  genre_stream_reset (worker->stream);
  worker->run_begun = FALSE;
  worker->run_start = (GenreTimes){ GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, 0 };
  worker->run_end = GST_CLOCK_TIME_NONE;
  worker->run_length = 0;
  worker->leader = G_MAXUINT;
}

static void
forget_tag (GenreWorker *worker)
{
  g_mutex_lock (&worker->lock);
  worker->tag = NULL;
  worker->tag_taken = NULL;
  g_mutex_unlock (&worker->lock);
}

/* Whether the aggregate has earned a tag, and which. */
static void
update_tag (GenreWorker *worker, const GenreResult *result, const GenreWorkerConfig *config)
{
  const guint leader = genre_probabilities_top (result->aggregate, genre_model_n_labels (worker->model));
  const GstClockTime now = worker->run_length + samples_to_time (worker, worker->position);

  if (result->windows == 0)
    return;
  if (leader != worker->leader) {
    worker->leader = leader;
    worker->leader_since = now;
  }
  if (result->windows < TAG_WINDOWS || result->aggregate[leader] < MAX (config->threshold, TAG_LEAST)
      || (!result->final && now - worker->leader_since < TAG_STEADY))
    return;
  g_mutex_lock (&worker->lock);
  if (result->final || !worker->tag)
    worker->tag = genre_model_labels (worker->model)[leader];
  g_mutex_unlock (&worker->lock);
}

static void
count (GenreWorker *worker, GstClockTime lag)
{
  g_mutex_lock (&worker->lock);
  worker->stats.windows++;
  worker->stats.inference_sum += worker->work;
  worker->stats.inference_max = MAX (worker->stats.inference_max, worker->work);
  worker->stats.lag = lag;
  worker->stats.lag_max = MAX (worker->stats.lag_max, lag);
  g_mutex_unlock (&worker->lock);
  worker->work = 0;
}

static void
post (GenreWorker *worker, const GenreResult *result, const GenreTimes *times)
{
  GenreWorkerConfig config;

  g_mutex_lock (&worker->lock);
  config = worker->config;
  g_mutex_unlock (&worker->lock);

  update_tag (worker, result, &config);
  if (!config.post_messages || genre_queue_epoch (worker->queue) != worker->epoch)
    return;
  if (worker->func) {
    worker->func (result, worker->user_data);
    return;
  }
  gst_element_post_message (worker->element,
      genre_message_new (GST_OBJECT_CAST (worker->element), worker->model, result, times, config.threshold));
}

static void
handle_answer (GenreWorker *worker, const GenreResult *result)
{
  GenreTimes times = times_at (worker, result->first_sample);

  times.duration = samples_to_time (worker, result->n_samples);
  count (worker, samples_to_time (worker, genre_queue_pending (worker->queue)));
  GST_LOG_OBJECT (worker->element, "window at %" GST_TIME_FORMAT " + %" GST_TIME_FORMAT,
      GST_TIME_ARGS (times.timestamp), GST_TIME_ARGS (times.duration));
  post (worker, result, &times);
}

static void
finish_run (GenreWorker *worker)
{
  const GenreResult *result = genre_stream_finish (worker->stream);
  GenreTimes times = worker->run_start;

  times.duration = worker->run_begun ? run_duration (worker) : 0;
  post (worker, result, &times);

  begin_run (worker);
  worker->position = 0;
}

/* --- the thread ------------------------------------------------------------------------------------------------ */

static void
apply_config (GenreWorker *worker)
{
  GenreStreamConfig config;

  g_mutex_lock (&worker->lock);
  config = worker->config.stream;
  g_mutex_unlock (&worker->lock);
  genre_stream_configure (worker->stream, &config);
}

static void
add_segment (GenreWorker *worker, const GstSegment *segment)
{
  const guint64 history = genre_stream_history (worker->stream);
  const SegmentStart start = { worker->position, *segment };

  /* Those that ended before any window that is still to come are not needed. */
  while (worker->segments->len > 1
      && g_array_index (worker->segments, SegmentStart, 1).sample + history < worker->position)
    g_array_remove_index (worker->segments, 0);
  g_array_append_val (worker->segments, start);
}

static void
handle_reset (GenreWorker *worker, const GenreMark *mark)
{
  worker->run_length += samples_to_time (worker, worker->position);
  if (mark->rate_hz == worker->rate_hz) {
    genre_stream_reset_window (worker->stream);
  } else if (genre_stream_set_rate (worker->stream, mark->rate_hz)) {
    worker->rate_hz = mark->rate_hz;
  } else {
    GST_ERROR_OBJECT (worker->element, "out of memory for a rate of %u Hz", mark->rate_hz);
    genre_stream_reset_window (worker->stream);
  }
  worker->deaf = worker->rate_hz != mark->rate_hz;
  worker->pts = mark->pts;
  worker->position = 0;
  g_array_set_size (worker->segments, 0);
  add_segment (worker, &mark->segment);
}

static void
handle_mark (GenreWorker *worker, const GenreMark *mark)
{
  switch (mark->type) {
    case GENRE_MARK_RESET:
      handle_reset (worker, mark);
      return;
    case GENRE_MARK_SEGMENT:
      add_segment (worker, &mark->segment);
      return;
    case GENRE_MARK_FINISH:
      finish_run (worker);
      return;
  }
}

static void
handle_samples (GenreWorker *worker, const float *samples, size_t n)
{
  if (worker->deaf)
    return;
  if (!worker->run_begun) {
    worker->run_begun = TRUE;
    worker->run_start = times_at (worker, worker->position);
    forget_tag (worker); /* not before: the streaming thread asks for it after the final */
  }
  for (;;) {
    const GenreResult *result;

    if (genre_queue_epoch (worker->queue) != worker->epoch)
      return;
    apply_config (worker);

    const gint64 before = g_get_monotonic_time ();
    const size_t taken = genre_stream_push (worker->stream, samples, n, &result);

    worker->work += (GstClockTime) (g_get_monotonic_time () - before) * GST_USECOND;
    worker->position += taken;
    samples += taken;
    n -= taken;
    if (GST_CLOCK_TIME_IS_VALID (worker->pts))
      worker->run_end = worker->pts + samples_to_time (worker, worker->position);
    if (!result)
      return;
    handle_answer (worker, result);
  }
}

static gpointer
work (gpointer data)
{
  GenreWorker *worker = data;

  for (;;) {
    const float *samples;
    size_t n;
    GenreMark mark;
    uint64_t epoch;
    const GenreQueueItem item = genre_queue_take (worker->queue, &samples, &n, &mark, &epoch);

    if (item == GENRE_QUEUE_STOPPED)
      return NULL;
    if (epoch != worker->epoch) {
      worker->epoch = epoch;
      begin_run (worker);
      worker->position = 0;
    }
    if (item == GENRE_QUEUE_SAMPLES) {
      handle_samples (worker, samples, n);
      genre_queue_release (worker->queue);
    } else {
      handle_mark (worker, &mark);
    }
  }
}

/* --- public ---------------------------------------------------------------------------------------------------- */

GenreWorker *
genre_worker_new (GstElement *element, GenreQueue *queue)
{
  GenreWorker *worker = g_new0 (GenreWorker, 1);

  worker->element = element;
  worker->queue = queue;
  worker->segments = g_array_new (FALSE, FALSE, sizeof (SegmentStart));
  g_mutex_init (&worker->lock);
  return worker;
}

void
genre_worker_free (GenreWorker *worker)
{
  if (!worker)
    return;
  g_assert (!worker->thread);
  g_array_unref (worker->segments);
  g_mutex_clear (&worker->lock);
  g_free (worker);
}

void
genre_worker_set_func (GenreWorker *worker, GenreWorkerFunc func, gpointer user_data)
{
  g_assert (!worker->thread);
  worker->func = func;
  worker->user_data = user_data;
}

gboolean
genre_worker_start (GenreWorker *worker, GenreModel *model, guint window_frames)
{
  GstSegment segment;
  GenreStreamConfig config;

  g_assert (!worker->thread);
  g_mutex_lock (&worker->lock);
  config = worker->config.stream;
  worker->stats = (GenreWorkerStats){ 0 };
  g_mutex_unlock (&worker->lock);
  worker->rate_hz = genre_model_frontend (model)->mel.sample_rate_hz;
  worker->stream = genre_stream_new (model, worker->rate_hz, window_frames, &config);
  if (!worker->stream)
    return FALSE;
  worker->model = genre_model_ref (model);
  worker->pts = GST_CLOCK_TIME_NONE;
  worker->position = 0;
  worker->work = 0;
  worker->deaf = FALSE;
  gst_segment_init (&segment, GST_FORMAT_UNDEFINED);
  g_array_set_size (worker->segments, 0);
  add_segment (worker, &segment);
  begin_run (worker);
  worker->epoch = genre_queue_epoch (worker->queue);
  worker->thread = g_thread_try_new ("genreclassify", work, worker, NULL);
  if (worker->thread)
    return TRUE;
  genre_worker_stop (worker);
  return FALSE;
}

void
genre_worker_stop (GenreWorker *worker)
{
  if (worker->thread)
    g_thread_join (g_steal_pointer (&worker->thread));
  g_clear_pointer (&worker->stream, genre_stream_free);
  forget_tag (worker); /* it is the model's */
  g_clear_pointer (&worker->model, genre_model_unref);
}

void
genre_worker_configure (GenreWorker *worker, const GenreWorkerConfig *config)
{
  g_mutex_lock (&worker->lock);
  worker->config = *config;
  g_mutex_unlock (&worker->lock);
}

void
genre_worker_get_stats (GenreWorker *worker, GenreWorkerStats *ret_stats)
{
  g_mutex_lock (&worker->lock);
  *ret_stats = worker->stats;
  g_mutex_unlock (&worker->lock);
}

gchar *
genre_worker_take_tag (GenreWorker *worker)
{
  gchar *tag = NULL;

  g_mutex_lock (&worker->lock);
  if (worker->tag && worker->tag != worker->tag_taken) {
    worker->tag_taken = worker->tag;
    tag = g_strdup (worker->tag);
  }
  g_mutex_unlock (&worker->lock);
  return tag;
}
