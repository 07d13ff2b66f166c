/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/feed.h"

#include "gst/channels.h"
#include "gst/mark.h"
#include "gst/pcm.h"
#include "gst/planes.h"
#include "gst/timeline.h"
#include "models/genre_stream.h"

GST_DEBUG_CATEGORY_EXTERN (gst_genre_classify_debug);
#define GST_CAT_DEFAULT gst_genre_classify_debug

struct GenreFeed
{
  GstPad *sinkpad;
  GenreQueue *queue;

  /* since start */
  const GenreFrontend *frontend; /* the model's, which outlives the streaming */
  guint window_frames;
  GstClockTime max_lag;
  gchar *stream_id;

  /* of the present caps */
  GstAudioInfo info;       /* rate 0: none yet */
  gboolean usable;         /* its rate is one that is analysed */
  gpointer *planes;        /* [channels] */
  GenreChannels *channels; /* since the mean has been quiet */
  gsize limit;             /* samples that the worker may lag behind; 0: not yet known */
  gsize room;              /* samples that may be queued */
  gboolean ask_live;

  GenreTimeline timeline;  /* `end`: where the last audio ended; `samples`: those that were queued */
  gboolean segment_is_new; /* the worker does not know it yet */

  gboolean reset;    /* what comes next begins a window */
  gboolean discont;  /* a buffer that was not used had the flag: it counts for the next one */
  gboolean skipping; /* live, and the worker lagged too far behind: lasts until it is half of that */
  guint warned;      /* bit of each GenreWarning since start */

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
  gboolean counted; /* zeros, written as a mark with their number and not as samples */
} Stretch;

GenreFeed *
genre_feed_new (GstPad *sinkpad, GenreQueue *queue)
{
  GenreFeed *feed = g_new0 (GenreFeed, 1);

  feed->sinkpad = sinkpad;
  feed->queue = queue;
  feed->channels = genre_channels_new ();
  gst_audio_info_init (&feed->info);
  genre_timeline_reset (&feed->timeline);
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
  genre_channels_free (feed->channels);
  g_mutex_clear (&feed->lock);
  g_free (feed);
}

static void
begin_run (GenreFeed *feed)
{
  feed->run_open = TRUE;
  feed->run_audio = FALSE;
  feed->reset = TRUE;
  feed->discont = FALSE;
  feed->skipping = FALSE;
}

void
genre_feed_start (GenreFeed *feed, const GenreModel *model, guint window_frames, GstClockTime max_lag)
{
  feed->frontend = genre_model_frontend (model);
  feed->window_frames = window_frames;
  feed->max_lag = max_lag;
  g_clear_pointer (&feed->stream_id, g_free);
  gst_audio_info_init (&feed->info);
  feed->usable = FALSE;
  feed->ask_live = TRUE;
  feed->limit = 0;
  genre_timeline_reset (&feed->timeline);
  feed->warned = 0;
  begin_run (feed);
  g_mutex_lock (&feed->lock);
  feed->skipped = 0;
  feed->live = FALSE;
  g_mutex_unlock (&feed->lock);
}

/* --- helpers --------------------------------------------------------------------------------------------------- */

/* hops of the model, in samples at the present rate */
static guint64
hops_to_samples (const GenreFeed *feed, guint n)
{
  return genre_frontend_samples (feed->frontend, n, (unsigned) GST_AUDIO_INFO_RATE (&feed->info));
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

/* The worker sleeps until an answer is due.  Answers come once a second, rounded up to a hop, unless somebody wants
 * them otherwise: more than that never waits.  Not live, no more than a second does while the worker is awake; live, as
 * much as it may lag behind, for which what it let wait does not count. */
static gboolean
make_room (GenreFeed *feed, gsize at_least)
{
  const gboolean live = genre_feed_is_live (feed);
  const gsize second = (gsize) GST_AUDIO_INFO_RATE (&feed->info);
  const gsize patience = second + (gsize) hops_to_samples (feed, 1);
  const gsize limit = live ? (gsize) genre_timeline_to_samples (&feed->timeline, feed->max_lag) : second;
  const gsize room = MAX (live ? limit + patience : limit, at_least);

  if (!genre_queue_resize (feed->queue, MAX (room, patience), room, patience))
    return FALSE;
  genre_queue_set_rate (feed->queue, second);
  feed->limit = limit;
  feed->room = room;
  return TRUE;
}

static gboolean
write_mark (GenreFeed *feed, const GenreMark *mark)
{
  const gboolean block = mark->type == GENRE_MARK_FINISH || !genre_feed_is_live (feed);

  return genre_queue_mark (feed->queue, mark, mark->type == GENRE_MARK_ZEROS ? mark->samples : 0, block);
}

/* For marks that change when the next answer is due, or that are to be posted. */
static gboolean
write_urgent_mark (GenreFeed *feed, const GenreMark *mark)
{
  if (!write_mark (feed, mark))
    return FALSE;
  genre_queue_hurry (feed->queue);
  return TRUE;
}

static gboolean
write_segment (GenreFeed *feed)
{
  return write_mark (feed, &(GenreMark){ .type = GENRE_MARK_SEGMENT, .segment = feed->timeline.segment });
}

/* The worker posts it.  If there is no room for the mark, the next warning of the same kind is written instead. */
static void
warn_once (GenreFeed *feed, GenreWarning warning)
{
  const guint bit = 1U << warning;

  if (!(feed->warned & bit) && write_urgent_mark (feed, &(GenreMark){ .type = GENRE_MARK_WARNING, .warning = warning }))
    feed->warned |= bit;
}

/* No samples follow now: the worker is not to wait for them. */
static void
begin_skipping (GenreFeed *feed)
{
  if (feed->skipping)
    return;
  feed->skipping = TRUE;
  GST_WARNING_OBJECT (feed->sinkpad, "%" G_GSIZE_FORMAT " samples behind, skipping", genre_queue_pending (feed->queue));
  genre_queue_hurry (feed->queue);
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
    /* Changing the size of the ring may wait for the worker; in a live pipeline nothing may wait. */
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
write_zeros (GenreFeed *feed, guint64 n)
{
  if (n > 0 && !write_mark (feed, &(GenreMark){ .type = GENRE_MARK_ZEROS, .samples = n }))
    return FALSE;
  genre_timeline_count (&feed->timeline, n);
  return TRUE;
}

/* Once a hop, and only if the channels cancel each other.  Live, a mark that finds no room is lost; the next hop
 * writes another. */
static void
tell_cancelled (GenreFeed *feed)
{
  const guint64 n = genre_channels_samples (feed->channels);

  if (n == 0 || n < hops_to_samples (feed, 1))
    return;
  if (genre_channels_cancel (feed->channels)) {
    const GenreMark mark = {
      .type = GENRE_MARK_CANCEL,
      .samples = n,
      .energy = genre_channels_energy (feed->channels),
    };

    write_mark (feed, &mark);
  }
  genre_channels_reset (feed->channels);
}

static gboolean
write_stretch (GenreFeed *feed, const Stretch *stretch)
{
  if (stretch->counted)
    return write_zeros (feed, stretch->n);
  for (gsize done = 0; done < stretch->n;) {
    float *span;
    const gsize n = genre_queue_reserve (feed->queue, stretch->n - done, TRUE, &span);

    if (n == 0)
      return FALSE;
    if (stretch->planes)
      genre_pcm_to_mono (&feed->info, stretch->planes, stretch->first + done, span, n);
    else
      memset (span, 0, n * sizeof *span);
    genre_channels_add (feed->channels, &feed->info, stretch->planes, stretch->first + done, span, n);
    genre_queue_commit (feed->queue, n);
    tell_cancelled (feed);
    done += n;
  }
  genre_timeline_count (&feed->timeline, stretch->n);
  return TRUE;
}

/* Whether n samples can be queued now.  Not live, always: the thread may wait for room. */
static gboolean
has_room (GenreFeed *feed, gsize n)
{
  if (!genre_feed_is_live (feed))
    return TRUE;

  const gsize pending = genre_queue_pending (feed->queue), lag = genre_queue_lag (feed->queue);

  if (n > feed->room && pending == 0 && !make_room (feed, n))
    return FALSE;
  /* A buffer that is longer than what may lag is no lag by itself. */
  if (lag > 0 ? lag + n > feed->limit || (feed->skipping && lag > feed->limit / 2) : pending + n > feed->room) {
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
  feed->skipped += genre_timeline_to_time (&feed->timeline, n);
  g_mutex_unlock (&feed->lock);
}

/* --- stretches ------------------------------------------------------------------------------------------------- */

static gboolean
begin_window (GenreFeed *feed, const Stretch *stretch)
{
  const GenreMark mark = {
    .type = GENRE_MARK_RESET,
    .rate_hz = (guint) GST_AUDIO_INFO_RATE (&feed->info),
    .pts = genre_timeline_first_time (&feed->timeline, stretch->pts),
    .segment = feed->timeline.segment,
  };

  if (!write_urgent_mark (feed, &mark))
    return FALSE;
  genre_channels_reset (feed->channels);
  genre_timeline_begin (&feed->timeline, mark.pts);
  feed->segment_is_new = FALSE;
  feed->reset = FALSE;
  return TRUE;
}

/* If the time stamp differs from the counted time by more than rounding and jitter, count from the time stamp.
 * Live, there may be no room for the mark; then the next buffer's time stamp does the same. */
static void
follow_pts (GenreFeed *feed, GstClockTime pts)
{
  const GstClockTime counted = genre_timeline_now (&feed->timeline);

  if (genre_time_agrees (counted, pts) || !write_mark (feed, &(GenreMark){ .type = GENRE_MARK_PTS, .pts = pts }))
    return;
  GST_DEBUG_OBJECT (feed->sinkpad, "%" GST_TIME_FORMAT " by count is %" GST_TIME_FORMAT " by time stamp",
      GST_TIME_ARGS (counted), GST_TIME_ARGS (pts));
  genre_timeline_follow (&feed->timeline, pts);
}

/* Marks and zeros before a stretch that continues the last one. */
static gboolean
go_on (GenreFeed *feed, const Stretch *stretch, GstClockTime hole)
{
  if (hole >= GENRE_TIMELINE_JITTER)
    GST_WARNING_OBJECT (feed->sinkpad, "%" GST_TIME_FORMAT " is missing at %" GST_TIME_FORMAT ", taken for silence",
        GST_TIME_ARGS (hole), GST_TIME_ARGS (feed->timeline.end));
  if (!write_zeros (feed, genre_timeline_to_samples (&feed->timeline, hole)))
    return FALSE;
  if (feed->segment_is_new && !write_segment (feed))
    return FALSE;
  feed->segment_is_new = FALSE;
  follow_pts (feed, stretch->pts);
  return TRUE;
}

/* Queues a stretch, after the marks that belong before it. */
static void
feed_stretch (GenreFeed *feed, const Stretch *stretch)
{
  const GstClockTime length = genre_timeline_to_time (&feed->timeline, stretch->n);
  GstClockTime hole;
  const gboolean goes_on = genre_timeline_goes_on (&feed->timeline, stretch->pts, length, stretch->discont, &hole)
      && !feed->reset;

  feed->discont = FALSE;
  if (!stretch->counted && !has_room (feed, stretch->n))
    skip (feed, stretch->n);
  else if (!(goes_on ? go_on (feed, stretch, hole) : begin_window (feed, stretch)) || !write_stretch (feed, stretch))
    feed->reset = TRUE;

  genre_timeline_advance (&feed->timeline, stretch->pts, length);
  /* Without time stamps, time is counted in samples, so that rounding errors do not add up. */
  if (!GST_CLOCK_TIME_IS_VALID (stretch->pts) && !feed->reset)
    genre_timeline_end_by_count (&feed->timeline);
}

/* FALSE: nothing of it lies in the segment. */
static gboolean
clip (const GenreTimeline *timeline, Stretch *stretch)
{
  return genre_timeline_clip (timeline, &stretch->pts, &stretch->first, &stretch->n);
}

/* --- buffers --------------------------------------------------------------------------------------------------- */

/* Whether the buffer can be analysed: it has samples, its caps are analysed, the segment plays forwards, and the
 * size of the ring is known. */
static gboolean
can_hear (GenreFeed *feed, GstBuffer *buffer)
{
  if (gst_buffer_get_size (buffer) == 0) {
    warn_once (feed, GENRE_WARNING_EMPTY);
    feed->discont |= GST_BUFFER_IS_DISCONT (buffer); /* the next buffer may not have the flag */
    return FALSE;
  }
  feed->run_audio = TRUE;
  if (!feed->usable) {
    if (GST_AUDIO_INFO_RATE (&feed->info) == 0)
      warn_once (feed, GENRE_WARNING_NO_CAPS);
    return FALSE;
  }
  if (feed->timeline.segment.rate < 0) {
    feed->reset = TRUE;
    return FALSE;
  }
  if (feed->ask_live && !ask_live (feed)) {
    skip (feed, gst_buffer_get_size (buffer) / (gsize) GST_AUDIO_INFO_BPF (&feed->info));
    return FALSE;
  }
  return TRUE;
}

/* Not live, a stretch that is longer than the ring is written in pieces and waits for room before each. */
void
genre_feed_buffer (GenreFeed *feed, GstBuffer *buffer)
{
  GstMapInfo map;
  GenreWarning warning;
  Stretch stretch = { .pts = GST_BUFFER_PTS (buffer) };

  if (!can_hear (feed, buffer))
    return;
  stretch.discont = GST_BUFFER_IS_DISCONT (buffer) || feed->discont;
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    warn_once (feed, GENRE_WARNING_UNREADABLE);
    feed->reset = TRUE;
    return;
  }
  if (!genre_planes_find (&feed->info, buffer, &map, feed->planes, &stretch.n, &warning))
    warn_once (feed, warning);
  if (stretch.n == 0) {
    feed->reset = TRUE;
  } else if (clip (&feed->timeline, &stretch)) {
    if (!GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP))
      stretch.planes = feed->planes;
    feed_stretch (feed, &stretch);
  } else {
    feed->discont = stretch.discont;
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
  feed->timeline.rate_hz = rate;
  feed->usable = rate >= GENRE_STREAM_MIN_RATE && rate <= GENRE_STREAM_MAX_RATE
      && GST_AUDIO_INFO_CHANNELS (info) <= GENRE_FEED_MAX_CHANNELS;
  if (feed->usable) {
    feed->planes = g_renew (gpointer, feed->planes, GST_AUDIO_INFO_CHANNELS (info));
    genre_channels_set_count (feed->channels, (guint) GST_AUDIO_INFO_CHANNELS (info));
  }
  feed->ask_live = TRUE;
  feed->reset = TRUE;
  return feed->usable;
}

void
genre_feed_segment (GenreFeed *feed, const GstSegment *segment)
{
  if (gst_segment_is_equal (segment, &feed->timeline.segment))
    return;
  feed->timeline.segment = *segment;
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
  genre_timeline_forget (&feed->timeline);
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
  Stretch stretch = { .pts = pts, .discont = feed->discont, .counted = TRUE };

  if (feed->usable
      && (missing || feed->timeline.segment.rate < 0 || !GST_CLOCK_TIME_IS_VALID (duration)
          || genre_timeline_to_samples (&feed->timeline, duration) > hops_to_samples (feed, feed->window_frames)))
    feed->reset = TRUE;
  if (!feed->usable || feed->reset) {
    if (GST_CLOCK_TIME_IS_VALID (duration))
      genre_timeline_advance (&feed->timeline, pts, duration);
    return;
  }
  stretch.n = (gsize) genre_timeline_to_samples (&feed->timeline, duration);
  if (stretch.n > 0 && clip (&feed->timeline, &stretch))
    feed_stretch (feed, &stretch);
}

void
genre_feed_flush_stop (GenreFeed *feed)
{
  genre_timeline_reset (&feed->timeline);
  begin_run (feed);
}

void
genre_feed_finish (GenreFeed *feed)
{
  if (feed->run_open || feed->run_audio) {
    if (write_urgent_mark (feed, &(GenreMark){ .type = GENRE_MARK_FINISH }))
      genre_queue_drain (feed->queue);
  }
  feed->run_open = FALSE;
  feed->run_audio = FALSE;
  feed->reset = TRUE;
}
