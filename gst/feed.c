/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/feed.h"

#include "gst/mark.h"
#include "gst/pcm.h"
#include "models/genre_stream.h"

GST_DEBUG_CATEGORY_EXTERN (gst_genre_classify_debug);
#define GST_CAT_DEFAULT gst_genre_classify_debug

/* As GstAudioStreamAlign has them in audiobuffersplit and the sinks. */
static const GstClockTime ALIGNMENT = 40 * GST_MSECOND;
static const GstClockTime DISCONT_WAIT = GST_SECOND;

struct GenreFeed
{
  GstPad *sinkpad;
  GenreQueue *queue;

  /* since start */
  DspLogMelConfig recipe;
  guint window_frames;
  GstClockTime max_lag;
  gchar *stream_id;

  /* of the present caps */
  GstAudioInfo info; /* rate 0: none yet */
  gboolean usable;   /* its rate is one that is analysed */
  gpointer *planes;  /* [channels] */
  gsize limit;       /* samples that may be queued; 0: to be found out */
  gboolean ask_live;

  GstSegment segment;
  gboolean segment_is_new; /* the worker does not know it yet */

  gboolean reset;          /* what comes next begins a window */
  GstClockTime base;       /* time of the first sample since the last reset */
  guint64 samples;         /* queued since then */
  GstClockTime position;   /* where the last audio ended; NONE: unknown */
  GstClockTime drift_from; /* since when timestamps have been off by more than ALIGNMENT; NONE: they are not */
  gboolean skipping;       /* live and full: until half of the room is free */
  gboolean warned;         /* of odd buffers, once since start */

  gboolean run_open;  /* an EOS posts a final even without audio */
  gboolean run_audio; /* audio has come since the run began */

  GMutex lock; /* guards the rest, which others read */
  GstClockTime skipped;
  gboolean live;
};

/* A stretch of audio to queue. */
typedef struct Stretch
{
  gpointer const *planes; /* NULL: zeros */
  gsize first;            /* sample frame in planes */
  gsize n;
  GstClockTime pts;
  gboolean discont;
} Stretch;

GenreFeed *
genre_feed_new (GstPad *sinkpad, GenreQueue *queue)
{
  GenreFeed *feed = g_new0 (GenreFeed, 1);

  feed->sinkpad = sinkpad;
  feed->queue = queue;
  gst_audio_info_init (&feed->info);
  gst_segment_init (&feed->segment, GST_FORMAT_UNDEFINED);
  g_mutex_init (&feed->lock);
  return feed;
}

void
genre_feed_free (GenreFeed *feed)
{
  if (!feed)
    return;
  g_free (feed->stream_id);
  g_free (feed->planes);
  g_mutex_clear (&feed->lock);
  g_free (feed);
}

static void
begin_run (GenreFeed *feed)
{
  feed->run_open = TRUE;
  feed->run_audio = FALSE;
  feed->reset = TRUE;
  feed->skipping = FALSE;
}

void
genre_feed_start (GenreFeed *feed, const GenreModel *model, guint window_frames, GstClockTime max_lag)
{
  feed->recipe = genre_model_frontend (model)->mel;
  feed->window_frames = window_frames;
  feed->max_lag = max_lag;
  g_clear_pointer (&feed->stream_id, g_free);
  gst_audio_info_init (&feed->info);
  feed->usable = FALSE;
  feed->ask_live = TRUE;
  feed->limit = 0;
  gst_segment_init (&feed->segment, GST_FORMAT_UNDEFINED);
  feed->position = GST_CLOCK_TIME_NONE;
  feed->warned = FALSE;
  begin_run (feed);
  g_mutex_lock (&feed->lock);
  feed->skipped = 0;
  feed->live = FALSE;
  g_mutex_unlock (&feed->lock);
}

/* --- helpers --------------------------------------------------------------------------------------------------- */

static GstClockTime
samples_to_time (const GenreFeed *feed, guint64 samples)
{
  return gst_util_uint64_scale (samples, GST_SECOND, (guint64) GST_AUDIO_INFO_RATE (&feed->info));
}

static guint64
time_to_samples (const GenreFeed *feed, GstClockTime time)
{
  return gst_util_uint64_scale_round (time, (guint64) GST_AUDIO_INFO_RATE (&feed->info), GST_SECOND);
}

/* frames of the recipe's hop, in samples at the present rate */
static guint64
hops_to_samples (const GenreFeed *feed, guint frames)
{
  return gst_util_uint64_scale ((guint64) frames * feed->recipe.hop_length, (guint64) GST_AUDIO_INFO_RATE (&feed->info),
      feed->recipe.sample_rate_hz);
}

static void
warn_once (GenreFeed *feed, const gchar *what)
{
  if (feed->warned)
    return;
  feed->warned = TRUE;
  GST_WARNING_OBJECT (feed->sinkpad, "%s: passed on, not analysed", what);
}

GstClockTime
genre_feed_get_skipped (GenreFeed *feed)
{
  g_mutex_lock (&feed->lock);
  const GstClockTime skipped = feed->skipped;
  g_mutex_unlock (&feed->lock);
  return skipped;
}

gboolean
genre_feed_is_live (GenreFeed *feed)
{
  g_mutex_lock (&feed->lock);
  const gboolean live = feed->live;
  g_mutex_unlock (&feed->lock);
  return live;
}

/* --- room ------------------------------------------------------------------------------------------------------ */

static gboolean
peer_is_live (GenreFeed *feed)
{
  GstQuery *query = gst_query_new_latency ();
  gboolean live = FALSE;

  if (gst_pad_peer_query (feed->sinkpad, query))
    gst_query_parse_latency (query, &live, NULL, NULL);
  gst_query_unref (query);
  return live;
}

/* One second, so that the worker has always something to do, or what may lag behind. */
static gboolean
make_room (GenreFeed *feed, gsize at_least)
{
  const gboolean live = genre_feed_is_live (feed);
  const guint64 second = (guint64) GST_AUDIO_INFO_RATE (&feed->info), lag = time_to_samples (feed, feed->max_lag);
  const gsize limit = MAX ((gsize) (live ? lag : second), at_least);
  /* Live, there must be room for more while it waits for a hop. */
  const gsize wake = MAX (1, MIN (live ? limit / 2 : limit, (gsize) hops_to_samples (feed, 1)));

  if (!genre_queue_resize (feed->queue, limit, limit, wake))
    return FALSE;
  feed->limit = limit;
  return TRUE;
}

static gboolean
write_mark (GenreFeed *feed, GenreMarkType type)
{
  const GenreMark mark = {
    .type = type,
    .rate_hz = (guint) GST_AUDIO_INFO_RATE (&feed->info),
    .pts = feed->base,
    .segment = feed->segment,
  };

  return genre_queue_mark (feed->queue, &mark, type == GENRE_MARK_FINISH || !genre_feed_is_live (feed));
}

/* The worker leaves less than a hop alone until more comes or a mark: as nothing more comes, a mark. */
static void
begin_skipping (GenreFeed *feed)
{
  if (feed->skipping)
    return;
  feed->skipping = TRUE;
  GST_WARNING_OBJECT (feed->sinkpad, "%" G_GSIZE_FORMAT " samples behind, skipping", genre_queue_pending (feed->queue));
  write_mark (feed, GENRE_MARK_SEGMENT);
}

static gboolean
ask_live (GenreFeed *feed)
{
  const gboolean live = peer_is_live (feed);

  if (feed->limit == 0 || live != genre_feed_is_live (feed)) {
    feed->limit = 0;
    g_mutex_lock (&feed->lock);
    feed->live = live;
    g_mutex_unlock (&feed->lock);
    GST_INFO_OBJECT (feed->sinkpad, "%s", live ? "live: never blocks, skips what exceeds max-lag" : "not live");
    /* To change the room may wait for the worker; live, that is not allowed. */
    if (live && genre_queue_pending (feed->queue) > 0) {
      begin_skipping (feed);
      return FALSE;
    }
    if (!make_room (feed, 1))
      return FALSE;
  }
  feed->ask_live = FALSE;
  return TRUE;
}

static gboolean
write_stretch (GenreFeed *feed, const Stretch *stretch)
{
  for (gsize done = 0; done < stretch->n;) {
    float *span;
    const gsize n = genre_queue_reserve (feed->queue, stretch->n - done, TRUE, &span);

    if (n == 0)
      return FALSE;
    if (stretch->planes)
      genre_pcm_to_mono (&feed->info, stretch->planes, stretch->first + done, span, n);
    else
      memset (span, 0, n * sizeof *span);
    genre_queue_commit (feed->queue, n);
    done += n;
  }
  feed->samples += stretch->n;
  return TRUE;
}

/* Whether so many samples can be queued without waiting, where one may not wait. */
static gboolean
has_room (GenreFeed *feed, gsize n)
{
  if (!genre_feed_is_live (feed))
    return TRUE;

  const gsize pending = genre_queue_pending (feed->queue);

  if (n > feed->limit && pending == 0 && !make_room (feed, n))
    return FALSE;
  if (pending + n > feed->limit || (feed->skipping && pending > feed->limit / 2)) {
    begin_skipping (feed);
    return FALSE;
  }
  feed->skipping = FALSE;
  return TRUE;
}

static void
skip (GenreFeed *feed, guint64 n)
{
  feed->reset = TRUE;
  g_mutex_lock (&feed->lock);
  feed->skipped += samples_to_time (feed, n);
  g_mutex_unlock (&feed->lock);
}

/* --- continuity ------------------------------------------------------------------------------------------------ */

/* Decides whether the stretch goes on where the last one ended.  ret_fill: zeros to insert, lost samples. */
static gboolean
continues (GenreFeed *feed, const Stretch *stretch, guint64 *ret_fill)
{
  *ret_fill = 0;
  if (feed->reset)
    return FALSE;
  if (!GST_CLOCK_TIME_IS_VALID (stretch->pts))
    return !stretch->discont;
  if (!GST_CLOCK_TIME_IS_VALID (feed->base))
    return FALSE;

  const GstClockTime expected = feed->base + samples_to_time (feed, feed->samples);
  const GstClockTimeDiff jump = GST_CLOCK_DIFF (expected, stretch->pts);
  const GstClockTime distance = (GstClockTime) ABS (jump);

  if (stretch->discont) {
    feed->drift_from = GST_CLOCK_TIME_NONE;
    /* Timestamps are rounded: less than a sample backwards is none. */
    if (jump < -(GstClockTimeDiff) samples_to_time (feed, 1) || distance > ALIGNMENT)
      return FALSE;
    *ret_fill = jump > 0 ? time_to_samples (feed, distance) : 0;
    return TRUE;
  }
  if (distance <= ALIGNMENT) {
    feed->drift_from = GST_CLOCK_TIME_NONE;
    return TRUE;
  }
  if (!GST_CLOCK_TIME_IS_VALID (feed->drift_from))
    feed->drift_from = stretch->pts;
  return distance <= DISCONT_WAIT
      && (GstClockTime) ABS (GST_CLOCK_DIFF (feed->drift_from, stretch->pts)) < DISCONT_WAIT;
}

static gboolean
begin_window (GenreFeed *feed, GstClockTime pts)
{
  if (GST_CLOCK_TIME_IS_VALID (pts))
    feed->base = pts;
  else if (GST_CLOCK_TIME_IS_VALID (feed->position))
    feed->base = feed->position;
  else
    feed->base = feed->segment.format == GST_FORMAT_TIME ? feed->segment.start : GST_CLOCK_TIME_NONE;
  feed->samples = 0;
  feed->drift_from = GST_CLOCK_TIME_NONE;
  feed->reset = !write_mark (feed, GENRE_MARK_RESET);
  if (!feed->reset)
    feed->segment_is_new = FALSE;
  return !feed->reset;
}

static void
advance (GenreFeed *feed, const Stretch *stretch)
{
  if (!feed->reset && GST_CLOCK_TIME_IS_VALID (feed->base))
    feed->position = feed->base + samples_to_time (feed, feed->samples);
  else if (GST_CLOCK_TIME_IS_VALID (stretch->pts))
    feed->position = stretch->pts + samples_to_time (feed, stretch->n);
  else if (GST_CLOCK_TIME_IS_VALID (feed->position))
    feed->position += samples_to_time (feed, stretch->n);
}

/* Queues a stretch with all that has to go before it. */
static void
feed_stretch (GenreFeed *feed, const Stretch *stretch)
{
  guint64 fill;

  const gboolean goes_on = continues (feed, stretch, &fill);

  if (!has_room (feed, stretch->n + (gsize) fill)) {
    skip (feed, stretch->n);
  } else {
    gboolean queued = TRUE;

    if (!goes_on) {
      queued = begin_window (feed, stretch->pts);
    } else if (feed->segment_is_new) {
      queued = write_mark (feed, GENRE_MARK_SEGMENT);
      feed->segment_is_new = !queued;
    }
    if (queued && fill > 0)
      queued = write_stretch (feed, &(Stretch){ .n = (gsize) fill });
    if (!queued || !write_stretch (feed, stretch))
      feed->reset = TRUE;
  }
  advance (feed, stretch);
}

/* Leaves the part that lies in the segment; FALSE: there is none. */
static gboolean
clip (const GenreFeed *feed, Stretch *stretch)
{
  guint64 start, stop;

  if (feed->segment.format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID (stretch->pts))
    return TRUE;
  if (!gst_segment_clip (&feed->segment, GST_FORMAT_TIME, stretch->pts,
          stretch->pts + samples_to_time (feed, stretch->n), &start, &stop))
    return FALSE;

  const guint64 before = time_to_samples (feed, start - stretch->pts);
  const guint64 end = MIN (time_to_samples (feed, stop - stretch->pts), stretch->n);

  if (before >= end)
    return FALSE;
  stretch->first += before;
  stretch->n = (gsize) (end - before);
  stretch->pts = start;
  return TRUE;
}

/* --- buffers --------------------------------------------------------------------------------------------------- */

/* Where each plane of the mapped buffer starts.  Returns its length in sample frames, 0 if it cannot be read. */
static gsize
find_planes (GenreFeed *feed, GstBuffer *buffer, const GstMapInfo *map)
{
  const GstAudioInfo *info = &feed->info;
  const GstAudioMeta *meta = gst_buffer_get_audio_meta (buffer);
  const gboolean planar = GST_AUDIO_INFO_LAYOUT (info) == GST_AUDIO_LAYOUT_NON_INTERLEAVED;
  const gsize bps = (gsize) GST_AUDIO_INFO_WIDTH (info) / 8, bpf = (gsize) GST_AUDIO_INFO_BPF (info);
  const guint n_planes = planar ? (guint) GST_AUDIO_INFO_CHANNELS (info) : 1;
  const gsize step = planar ? bps : bpf;
  gsize n = map->size / bpf;

  if (planar && !meta) {
    warn_once (feed, "planar audio without GstAudioMeta");
    return 0;
  }
  if (!meta) {
    if (map->size % bpf != 0)
      warn_once (feed, "the rest of a buffer that ends within a sample frame");
    feed->planes[0] = map->data;
    return n;
  }
  if (planar && GST_AUDIO_INFO_CHANNELS (&meta->info) != GST_AUDIO_INFO_CHANNELS (info)) {
    warn_once (feed, "planar audio whose GstAudioMeta has other channels than the caps");
    return 0;
  }
  n = meta->samples;
  for (guint c = 0; c < n_planes; c++) {
    const gsize offset = meta->offsets ? meta->offsets[c] : 0;

    if (offset > map->size || n > (map->size - offset) / step) {
      warn_once (feed, "a GstAudioMeta that points outside of its buffer");
      return 0;
    }
    feed->planes[c] = map->data + offset;
  }
  return n;
}

/* Not live, a stretch that is longer than the ring waits for room as often as it must; all else goes in at once. */
void
genre_feed_buffer (GenreFeed *feed, GstBuffer *buffer)
{
  GstMapInfo map;
  Stretch stretch = { .pts = GST_BUFFER_PTS (buffer), .discont = GST_BUFFER_IS_DISCONT (buffer) };

  if (gst_buffer_get_size (buffer) == 0)
    return;
  feed->run_audio = TRUE;
  if (!feed->usable) {
    warn_once (feed, GST_AUDIO_INFO_RATE (&feed->info) ? "audio of this rate" : "audio before caps");
    return;
  }
  if (feed->segment.rate < 0) {
    warn_once (feed, "reverse playback");
    feed->reset = TRUE;
    return;
  }
  if (feed->ask_live && !ask_live (feed)) {
    skip (feed, gst_buffer_get_size (buffer) / (gsize) GST_AUDIO_INFO_BPF (&feed->info));
    return;
  }
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    warn_once (feed, "a buffer that cannot be mapped");
    feed->reset = TRUE;
    return;
  }
  stretch.n = find_planes (feed, buffer, &map);
  if (stretch.n == 0) {
    feed->reset = TRUE;
  } else if (clip (feed, &stretch)) {
    if (!GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP))
      stretch.planes = feed->planes;
    feed_stretch (feed, &stretch);
  } else if (stretch.discont) {
    feed->reset = TRUE; /* nobody else will know */
  }
  gst_buffer_unmap (buffer, &map);
}

/* --- events ---------------------------------------------------------------------------------------------------- */

gboolean
genre_feed_set_info (GenreFeed *feed, const GstAudioInfo *info)
{
  const guint rate = (guint) GST_AUDIO_INFO_RATE (info);

  if (GST_AUDIO_INFO_RATE (&feed->info) && gst_audio_info_is_equal (info, &feed->info))
    return feed->usable;
  if (rate != (guint) GST_AUDIO_INFO_RATE (&feed->info))
    feed->limit = 0;
  feed->info = *info;
  feed->usable = rate >= GENRE_STREAM_MIN_RATE && rate <= GENRE_STREAM_MAX_RATE;
  feed->planes = g_renew (gpointer, feed->planes, GST_AUDIO_INFO_CHANNELS (info));
  feed->ask_live = TRUE;
  feed->reset = TRUE;
  return feed->usable;
}

void
genre_feed_segment (GenreFeed *feed, const GstSegment *segment)
{
  if (gst_segment_is_equal (segment, &feed->segment))
    return;
  feed->segment = *segment;
  feed->segment_is_new = TRUE;
}

gboolean
genre_feed_stream_start (GenreFeed *feed, const gchar *stream_id)
{
  feed->ask_live = TRUE;
  if (g_strcmp0 (stream_id, feed->stream_id) == 0)
    return FALSE;
  g_free (feed->stream_id);
  feed->stream_id = g_strdup (stream_id);
  genre_feed_next_run (feed);
  feed->position = GST_CLOCK_TIME_NONE;
  return TRUE;
}

void
genre_feed_next_run (GenreFeed *feed)
{
  if (feed->run_audio)
    genre_feed_finish (feed);
  begin_run (feed);
}

void
genre_feed_gap (GenreFeed *feed, GstClockTime pts, GstClockTime duration, gboolean missing)
{
  Stretch stretch = { .pts = pts };

  if (feed->usable
      && (missing || feed->segment.rate < 0 || !GST_CLOCK_TIME_IS_VALID (duration)
          || time_to_samples (feed, duration) > hops_to_samples (feed, feed->window_frames)))
    feed->reset = TRUE;
  if (!feed->usable || feed->reset) {
    if (GST_CLOCK_TIME_IS_VALID (pts) && GST_CLOCK_TIME_IS_VALID (duration))
      feed->position = pts + duration;
    return;
  }
  stretch.n = (gsize) time_to_samples (feed, duration);
  if (stretch.n > 0 && clip (feed, &stretch))
    feed_stretch (feed, &stretch);
}

void
genre_feed_flush_stop (GenreFeed *feed)
{
  gst_segment_init (&feed->segment, GST_FORMAT_UNDEFINED);
  feed->position = GST_CLOCK_TIME_NONE;
  begin_run (feed);
}

void
genre_feed_finish (GenreFeed *feed)
{
  if (feed->run_open || feed->run_audio) {
    if (write_mark (feed, GENRE_MARK_FINISH))
      genre_queue_drain (feed->queue);
  }
  feed->run_open = FALSE;
  feed->run_audio = FALSE;
  feed->reset = TRUE;
}
