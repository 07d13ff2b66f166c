/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/soak.c - hours of audio, as fast as it goes, through seeks, caps changes, holes, other streams and other models
 * at random moments: memory is flat, no answer and no final is missing, and every time is right.
 *
 *     GENRE_SOAK_HOURS=24 GENRE_SOAK_SEED=1 meson test -C build --benchmark soak --verbose
 *
 * Layer:   tests; the element, with the tiny model of tests/random_model.py at GENRE_TINY_MODEL.  glibc and Linux's
 *          /proc weigh the process.
 */
#include "tests/element.h"
#include "tests/watchdog.h"

#include <malloc.h>
#include <math.h>
#include <unistd.h>

enum
{
  DEFAULT_HOURS = 24,
  MAX_PIECES = 256, /* of one run */
  MAX_CHANNELS = 8,
  MAX_RATE = 192000,
  SECOND = 50, /* ticks */
  LAG = 3,     /* answers that a run may owe when it ends without a final: a second is queued, and what is in work */
  MOST_RESIDENT = 1000000, /* bytes that may be added after the warm-up, */
  MOST_HEAP = 16384,       /* and of them in use, without malloc()'s caches of each thread */
};

static const GstClockTime TICK = 20 * GST_MSECOND; /* a whole number of samples at each of the rates */
static const GstClockTime HOP = 78 * GST_MSECOND;  /* a window ends where the frame after its last is centred */
static const gint rates[] = { 8000, 16000, 22050, 32000, 44100, 48000, 96000, MAX_RATE };

/* Audio under one segment.  The first of a window, or joined to the one before. */
typedef struct Piece
{
  GstClockTime start, end;
  GstSegment segment;
  gboolean joined;
} Piece;

typedef struct Weight
{
  gint64 resident, heap; /* bytes */
} Weight;

typedef struct Soak
{
  GstHarness *harness;
  ElementListener listener;
  Watchdog dog;
  uint64_t seed;

  guint8 *sound; /* a second of noise in the present caps */
  gsize sound_size;
  GstAudioInfo info;
  GstSegment segment;
  guint stream; /* its id */
  gboolean tiny;
  GstClockTime now;   /* where the next buffer begins */
  GstClockTime audio; /* pushed in all */
  gboolean discont;   /* the next buffer says so */
  guint finals_due;
  guint seeks, changes_of_caps, restarts;
  gboolean warm;
  gint64 session_heap; /* when it had just begun */

  GMutex lock; /* guards the rest, which the worker's messages use */
  Piece pieces[MAX_PIECES];
  guint n_pieces;
  guint run;        /* the first piece of this run; before it: flushed ones, of which one answer may be on its way */
  gboolean may_lag; /* that one has not come */
  guint answers;    /* of this run */
  guint all_answers, finals;
} Soak;

static guint
draw (Soak *soak, guint n)
{
  return (guint) (test_random (&soak->seed) >> 33) % n;
}

/* --- what must be posted --------------------------------------------------------------------------------------- */

/* Answers to a window that is so long, the first after `first`: 3.49 s and half an FFT at most. */
static guint
answers_in (GstClockTime length, GstClockTime first)
{
  return length < first ? 0 : (guint) ((length - first) / GST_SECOND) + 1;
}

/* Those of the whole run must be there, but for some that are on their way. */
static void
check_answers (const Soak *soak, guint on_their_way)
{
  guint least = 0, most = 0;

  for (guint i = soak->run, last; i < soak->n_pieces; i = last + 1) {
    for (last = i; last + 1 < soak->n_pieces && soak->pieces[last + 1].joined; last++)
      ;
    GstClockTime length = 0;

    for (guint k = i; k <= last; k++)
      length += soak->pieces[k].end - soak->pieces[k].start;
    least += answers_in (length, 3700 * GST_MSECOND);
    most += answers_in (length, 3300 * GST_MSECOND);
  }
  CHECK (soak->answers + on_their_way >= least && soak->answers <= most, "%u answers, expected %u to %u", soak->answers,
      least, most);
}

static guint64
get_time (const GstStructure *message, const gchar *field)
{
  guint64 value = 12345;

  CHECK (gst_structure_get_uint64 (message, field, &value), "no %s", field);
  return value;
}

static void
check_segment (const GstStructure *message, const Piece *piece, GstClockTime timestamp)
{
  const guint64 stream_time = gst_segment_to_stream_time (&piece->segment, GST_FORMAT_TIME, timestamp);
  const guint64 running_time = gst_segment_to_running_time (&piece->segment, GST_FORMAT_TIME, timestamp);

  CHECK (get_time (message, "stream-time") == stream_time, "at %" GST_TIME_FORMAT, GST_TIME_ARGS (stream_time));
  CHECK (get_time (message, "running-time") == running_time, "at %" GST_TIME_FORMAT, GST_TIME_ARGS (running_time));
}

/* Its window lies within one stretch of what was pushed, in the segment that was in force where it begins. */
static void
check_answer (Soak *soak, const GstStructure *message, guint windows)
{
  const GstClockTime start = get_time (message, "timestamp"), length = get_time (message, "duration");
  guint i = soak->n_pieces;

  while (i-- > 0)
    if (soak->pieces[i].start <= start && start < soak->pieces[i].end)
      break;
  if (i == G_MAXUINT) {
    CHECK (FALSE, "an answer to %" GST_TIME_FORMAT ", which was not played", GST_TIME_ARGS (start));
    return;
  }
  check_segment (message, &soak->pieces[i], start);
  if (i < soak->run) {
    CHECK (soak->may_lag, "an answer of before the flush");
    soak->may_lag = FALSE;
  } else {
    soak->answers++;
    soak->all_answers++;
    CHECK (windows == soak->answers, "%u windows after %u answers", windows, soak->answers);
  }
  while (i + 1 < soak->n_pieces && soak->pieces[i + 1].joined)
    i++;
  CHECK (length > 3 * GST_SECOND && length < 11 * GST_SECOND && start + length < soak->pieces[i].end + HOP,
      "%" GST_TIME_FORMAT " + %" GST_TIME_FORMAT ", but audio ends at %" GST_TIME_FORMAT, GST_TIME_ARGS (start),
      GST_TIME_ARGS (length), GST_TIME_ARGS (soak->pieces[i].end));
}

/* It begins where the run does, and is as long; all answers are in it. */
static void
check_final (Soak *soak, const GstStructure *message, guint windows)
{
  const Piece *first = &soak->pieces[soak->run], *last = &soak->pieces[soak->n_pieces - 1];
  const guint64 start = get_time (message, "timestamp"), length = get_time (message, "duration");
  GstClockTime expected = 0;

  for (const Piece *piece = first; piece <= last; piece++)
    expected += piece->end - piece->start;
  CHECK (start == first->start, "at %" GST_TIME_FORMAT " instead of %" GST_TIME_FORMAT, GST_TIME_ARGS (start),
      GST_TIME_ARGS (first->start));
  check_segment (message, first, start);
  CHECK (length + MAX_PIECES >= expected && length <= expected + MAX_PIECES,
      "long %" GST_TIME_FORMAT " instead of %" GST_TIME_FORMAT, GST_TIME_ARGS (length), GST_TIME_ARGS (expected));
  /* What is too short for an answer may enter the final by itself. */
  CHECK (soak->answers > 0 ? windows == soak->answers : windows <= 1, "%u windows after %u answers", windows,
      soak->answers);
  check_answers (soak, 0);
  soak->finals++;
}

static void
check_distribution (const GstStructure *message, const gchar *field, guint n_labels)
{
  const GValue *array = gst_structure_get_value (message, field);
  gdouble sum = 0;

  for (guint i = 0; i < gst_value_array_get_size (array); i++)
    sum += g_value_get_double (gst_value_array_get_value (array, i));
  CHECK (gst_value_array_get_size (array) == n_labels && fabs (sum - 1) <= 1e-6, "%s: %u, of a sum of %g", field,
      gst_value_array_get_size (array), sum);
}

static void
check_message (const GstStructure *message, gpointer user_data)
{
  Soak *soak = user_data;
  gboolean final = FALSE;
  guint windows = 12345;

  gst_structure_get (message, "final", G_TYPE_BOOLEAN, &final, "windows", G_TYPE_UINT, &windows, NULL);
  check_distribution (message, "probabilities", soak->tiny ? 3 : 10);
  check_distribution (message, "smoothed", soak->tiny ? 3 : 10);
  g_mutex_lock (&soak->lock);
  if (final)
    check_final (soak, message, windows);
  else
    check_answer (soak, message, windows);
  g_mutex_unlock (&soak->lock);
}

/* --- what is pushed -------------------------------------------------------------------------------------------- */

/* What reaches the other side is kept there until it is taken. */
static void
drop_events (Soak *soak)
{
  for (GstEvent *event; (event = gst_harness_try_pull_event (soak->harness));)
    gst_event_unref (event);
  for (GstEvent *event; (event = gst_harness_try_pull_upstream_event (soak->harness));)
    gst_event_unref (event);
}

static void
push_event (Soak *soak, GstEvent *event)
{
  const gchar *name = GST_EVENT_TYPE_NAME (event);

  CHECK (gst_harness_push_event (soak->harness, event), "%s refused", name);
  drop_events (soak);
}

/* What comes next is under another segment, or the first of a window. */
static void
begin_piece (Soak *soak, gboolean joined)
{
  g_mutex_lock (&soak->lock);
  g_assert (soak->n_pieces < MAX_PIECES);
  soak->pieces[soak->n_pieces++] = (Piece){ soak->now, soak->now, soak->segment, joined };
  g_mutex_unlock (&soak->lock);
}

static void
lengthen_piece (Soak *soak, GstClockTime by)
{
  g_mutex_lock (&soak->lock);
  soak->now += by;
  soak->pieces[soak->n_pieces - 1].end = soak->now;
  g_mutex_unlock (&soak->lock);
}

/* The worker has nothing left to say. */
static void
end_run (Soak *soak)
{
  g_mutex_lock (&soak->lock);
  soak->n_pieces = soak->run = soak->answers = 0;
  soak->may_lag = FALSE;
  g_mutex_unlock (&soak->lock);
}

/* The run ends without a final: what it still owed is lost. */
static void
drop_run (Soak *soak)
{
  g_mutex_lock (&soak->lock);
  check_answers (soak, LAG);
  soak->run = soak->n_pieces;
  soak->answers = 0;
  soak->may_lag = TRUE;
  g_mutex_unlock (&soak->lock);
}

static void
push_buffer (Soak *soak, guint ticks)
{
  const gsize n_all = (gsize) GST_AUDIO_INFO_RATE (&soak->info), n = n_all * ticks / SECOND;
  const gsize first = n_all * draw (soak, SECOND - ticks + 1) / SECOND;
  const gsize bpf = (gsize) GST_AUDIO_INFO_BPF (&soak->info), bps = (gsize) GST_AUDIO_INFO_WIDTH (&soak->info) / 8;
  const gboolean planar = soak->info.layout == GST_AUDIO_LAYOUT_NON_INTERLEAVED;
  GstBuffer *buffer = planar
      ? gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, soak->sound, n_all * bpf, 0, n_all * bpf, NULL, NULL)
      : gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, soak->sound + first * bpf, n * bpf, 0, n * bpf, NULL,
          NULL);

  if (planar) {
    gsize offsets[MAX_CHANNELS];

    for (gsize c = 0; c < MAX_CHANNELS; c++)
      offsets[c] = (c * n_all + first) * bps;
    gst_buffer_add_audio_meta (buffer, &soak->info, n, offsets);
  }
  if (soak->discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  else if (draw (soak, 50) == 0)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP);
  /* Where it goes on, it need not say when. */
  if (soak->pieces[soak->n_pieces - 1].end == soak->pieces[soak->n_pieces - 1].start || soak->discont
      || draw (soak, 10) > 0)
    GST_BUFFER_PTS (buffer) = soak->now;
  soak->discont = FALSE;
  lengthen_piece (soak, ticks * TICK);
  soak->audio += ticks * TICK;
  CHECK (gst_harness_push (soak->harness, buffer) == GST_FLOW_OK, "refused");
}

static void
push_audio (Soak *soak, guint ticks)
{
  for (guint n; ticks > 0; ticks -= n) {
    n = 1 + draw (soak, MIN (ticks, SECOND));
    push_buffer (soak, n);
  }
}

/* The same noise in whatever format. */
static void
set_caps (Soak *soak, GstAudioFormat format, gint rate, gint channels, GstAudioLayout layout)
{
  const GstAudioFormatInfo *finfo = gst_audio_format_get_info (format);
  GstAudioInfo info;
  uint64_t seed = 1;

  gst_audio_info_init (&info);
  gst_audio_info_set_format (&info, format, rate, channels, NULL);
  info.layout = layout;

  const gsize n = (gsize) rate * (gsize) channels, bps = (gsize) GST_AUDIO_FORMAT_INFO_WIDTH (finfo) / 8;

  g_assert (n * bps <= soak->sound_size);
  for (gsize i = 0; i < n; i++) {
    const gdouble sample = .3 * (gdouble) test_noise (&seed);
    const gint32 integer = (gint32) (sample * G_MAXINT32);
    gconstpointer source = finfo->unpack_format == GST_AUDIO_FORMAT_F64 ? (gconstpointer) &sample : &integer;

    finfo->pack_func (finfo, GST_AUDIO_PACK_FLAG_NONE, source, soak->sound + i * bps, 1);
  }

  GstCaps *caps = gst_audio_info_to_caps (&info);

  soak->info = info;
  push_event (soak, gst_event_new_caps (caps));
  gst_caps_unref (caps);
}

static void
set_plain_caps (Soak *soak)
{
  set_caps (soak, GST_AUDIO_FORMAT_F32, 22050, 1, GST_AUDIO_LAYOUT_INTERLEAVED);
}

static void
set_other_caps (Soak *soak)
{
  const GstAudioInfo old = soak->info;

  do {
    const GstAudioFormat format = GST_AUDIO_FORMAT_S8 + draw (soak, GST_AUDIO_FORMAT_F64BE - GST_AUDIO_FORMAT_S8 + 1);
    const gint rate = rates[draw (soak, G_N_ELEMENTS (rates) - (draw (soak, 4) ? 2 : 0))];

    set_caps (soak, format, rate, draw (soak, 4) ? 1 + (gint) draw (soak, 2) : 1 + (gint) draw (soak, MAX_CHANNELS),
        draw (soak, 3) ? GST_AUDIO_LAYOUT_INTERLEAVED : GST_AUDIO_LAYOUT_NON_INTERLEAVED);
  } while (gst_audio_info_is_equal (&soak->info, &old));
  soak->changes_of_caps++;
}

/* Somewhere else, in a segment that begins there. */
static void
push_segment (Soak *soak)
{
  static const gdouble speeds[] = { 1, 1, 1, 1, 2, .5 };

  soak->now = draw (soak, 36000 * SECOND) * TICK;
  gst_segment_init (&soak->segment, GST_FORMAT_TIME);
  soak->segment.rate = speeds[draw (soak, G_N_ELEMENTS (speeds))];
  soak->segment.start = soak->segment.position = soak->now;
  soak->segment.time = draw (soak, 2) ? soak->now : draw (soak, 1000) * GST_SECOND;
  soak->segment.base = draw (soak, 1000) * GST_SECOND;
  push_event (soak, gst_event_new_segment (&soak->segment));
  begin_piece (soak, FALSE);
}

static void
push_stream_start (Soak *soak, gboolean other)
{
  soak->stream += other;

  gchar *id = g_strdup_printf ("%u", soak->stream);

  push_event (soak, gst_event_new_stream_start (id));
  g_free (id);
}

/* With an EOS, SEGMENT_DONE or STREAM_START. */
static void
expect_final (Soak *soak)
{
  soak->finals_due++;
  CHECK (soak->finals == soak->finals_due, "%u finals, expected %u", soak->finals, soak->finals_due);
  soak->finals = soak->finals_due;
  end_run (soak);
}

static void
push_eos (Soak *soak)
{
  push_event (soak, gst_event_new_eos ());
  expect_final (soak);
}

static Weight
weigh (void)
{
  Weight weight = { 0 };
  gchar *text = NULL;
  long long total = 0, resident = 0;

  malloc_trim (0);

  const struct mallinfo2 heap = mallinfo2 ();

  CHECK (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL)
          && sscanf (text, "%lld %lld", &total, &resident) == 2,
      "no /proc/self/statm");
  g_free (text);
  weight.resident = resident * sysconf (_SC_PAGESIZE);
  weight.heap = (gint64) (heap.uordblks + heap.hblkhd);
  return weight;
}

/* --- one thing after the other --------------------------------------------------------------------------------- */

/* The same each time, so that what the element then holds is too. */
static Weight
weigh_session (Soak *soak)
{
  push_audio (soak, 1);
  push_eos (soak);
  push_stream_start (soak, TRUE);
  set_plain_caps (soak);
  push_segment (soak);
  push_audio (soak, 12 * SECOND);
  push_eos (soak);

  const Weight weight = weigh ();

  push_stream_start (soak, TRUE);
  push_segment (soak);
  return weight;
}

static void
play (Soak *soak, gboolean tiny)
{
  soak->tiny = tiny;
  g_object_set (soak->harness->element, "model", tiny ? g_getenv ("GENRE_TINY_MODEL") : NULL, NULL);
  CHECK (gst_element_set_state (soak->harness->element, GST_STATE_PLAYING) == GST_STATE_CHANGE_SUCCESS, "cannot play");
  push_stream_start (soak, draw (soak, 2) == 0);
  set_plain_caps (soak);
  push_segment (soak);
  soak->session_heap = weigh_session (soak).heap;
}

/* In the middle of whatever goes on; back in READY nothing is in work. */
static void
stop (Soak *soak)
{
  const GstState state = draw (soak, 2) ? GST_STATE_READY : GST_STATE_NULL;

  CHECK (gst_element_set_state (soak->harness->element, state) == GST_STATE_CHANGE_SUCCESS, "cannot stop");
  drop_run (soak);
  end_run (soak);
  drop_events (soak);
}

static void
restart (Soak *soak, gboolean tiny)
{
  const gint64 grown = weigh_session (soak).heap - soak->session_heap;

  CHECK (!soak->warm || grown <= MOST_HEAP, "a session grew by %" G_GINT64_FORMAT " bytes", grown);
  push_audio (soak, 1 + draw (soak, 10 * SECOND));
  stop (soak);
  play (soak, tiny);
  soak->restarts++;
}

static void
push_gap (Soak *soak, guint ticks, gboolean missing)
{
  GstEvent *event = gst_event_new_gap (soak->now, ticks * TICK);

  if (missing)
    gst_event_set_gap_flags (event, GST_GAP_FLAG_MISSING_DATA);
  if (missing || ticks > 11 * SECOND) {
    push_event (soak, event);
    soak->now += ticks * TICK;
    begin_piece (soak, FALSE);
  } else {
    lengthen_piece (soak, ticks * TICK);
    push_event (soak, event);
  }
}

static void
change_something (Soak *soak)
{
  switch (draw (soak, 15)) {
    case 0: /* a seek with a flush */
      push_event (soak, gst_event_new_flush_start ());
      push_event (soak, gst_event_new_flush_stop (TRUE));
      drop_run (soak);
      push_segment (soak);
      soak->seeks++;
      return;
    case 1: /* and one without */
      push_segment (soak);
      soak->discont = draw (soak, 2);
      soak->seeks++;
      return;
    case 2: /* the same segment again */
      push_event (soak, gst_event_new_segment (&soak->segment));
      return;
    case 3: /* one that goes on with another base */
      soak->segment.base += draw (soak, 100) * GST_SECOND;
      push_event (soak, gst_event_new_segment (&soak->segment));
      begin_piece (soak, TRUE);
      return;
    case 4:
    case 5:
      set_other_caps (soak);
      begin_piece (soak, FALSE);
      return;
    case 6: /* a packet was lost, or none */
      lengthen_piece (soak, draw (soak, 2) * TICK);
      soak->discont = TRUE;
      return;
    case 13: /* none was, though time stamps say so */
      soak->now += (3 + draw (soak, SECOND - 3)) * TICK;
      begin_piece (soak, TRUE);
      return;
    case 7: /* many were */
      soak->now += (SECOND + 1 + draw (soak, 100 * SECOND)) * TICK;
      soak->discont = draw (soak, 2);
      begin_piece (soak, FALSE);
      return;
    case 8:
      push_gap (soak, 1 + draw (soak, 2 * SECOND), FALSE);
      return;
    case 9:
      push_gap (soak, 1 + draw (soak, 2 * SECOND), TRUE);
      return;
    case 10:
      push_gap (soak, 12 * SECOND, FALSE);
      return;
    case 11: /* the same stream, or another */
      if (draw (soak, 2)) {
        push_stream_start (soak, FALSE);
      } else {
        push_stream_start (soak, TRUE);
        expect_final (soak);
        push_segment (soak);
      }
      return;
    case 12:
      push_eos (soak);
      push_stream_start (soak, draw (soak, 2) == 0);
      push_segment (soak);
      return;
    default:
      push_event (soak, gst_event_new_segment_done (GST_FORMAT_TIME, (gint64) soak->now));
      expect_final (soak);
      push_segment (soak);
      return;
  }
}

static void
step (Soak *soak)
{
  watchdog_feed (&soak->dog, "a step");
  push_audio (soak, 1 + draw (soak, (draw (soak, 4) ? 10 : 60) * SECOND));
  if (soak->n_pieces > MAX_PIECES - 2) {
    push_eos (soak);
    push_stream_start (soak, TRUE);
    push_segment (soak);
  } else if (draw (soak, 80) == 0) {
    restart (soak, !soak->tiny);
  } else {
    change_something (soak);
  }
}

/* With the embedded model. */
static Weight
checkpoint (Soak *soak)
{
  watchdog_feed (&soak->dog, "a checkpoint");
  restart (soak, FALSE);
  return weigh_session (soak);
}

static void
soak_for (Soak *soak, GstClockTime length)
{
  const GstClockTime end = soak->audio + length;

  while (soak->audio < end && test_failures == 0)
    step (soak);
}

/* What FFTW, Orc, GLib and GStreamer keep once for every rate, format and model. */
static void
warm_up (Soak *soak)
{
  for (guint model = 0; model < 2; model++) {
    restart (soak, model == 0);
    for (guint i = 0; i < G_N_ELEMENTS (rates); i++) {
      watchdog_feed (&soak->dog, "warm-up");
      set_caps (soak, GST_AUDIO_FORMAT_F64, rates[i], MAX_CHANNELS, GST_AUDIO_LAYOUT_NON_INTERLEAVED);
      begin_piece (soak, FALSE);
      push_audio (soak, 5 * SECOND);
    }
  }
  for (GstAudioFormat format = GST_AUDIO_FORMAT_S8; format <= GST_AUDIO_FORMAT_F64BE; format++) {
    set_caps (soak, format, 22050, 2, GST_AUDIO_LAYOUT_INTERLEAVED);
    begin_piece (soak, FALSE);
    push_audio (soak, SECOND);
  }
  soak_for (soak, 3600 * GST_SECOND);
  restart (soak, FALSE);
  soak->warm = TRUE;
}

static void
report (const Soak *soak, GstClockTime since, const Weight *weight, const Weight *first)
{
  g_print ("%5.2f h: %u answers, %u finals, %u seeks, %u caps, %u restarts; resident %.2f MB, %+.3f; "
           "heap %.2f MB, %+.4f\n",
      (gdouble) (soak->audio - since) / (3600. * GST_SECOND), soak->all_answers, soak->finals, soak->seeks,
      soak->changes_of_caps, soak->restarts, (gdouble) weight->resident / 1e6,
      (gdouble) (weight->resident - first->resident) / 1e6, (gdouble) weight->heap / 1e6,
      (gdouble) (weight->heap - first->heap) / 1e6);
}

static void
check_flat (const Weight *weight, const Weight *first)
{
  CHECK (weight->heap - first->heap <= MOST_HEAP, "the heap grew by %" G_GINT64_FORMAT " bytes",
      weight->heap - first->heap);
  CHECK (weight->resident - first->resident <= MOST_RESIDENT, "memory grew by %" G_GINT64_FORMAT " bytes",
      weight->resident - first->resident);
}

int
main (int argc, char **argv)
{
  const gchar *hours = g_getenv ("GENRE_SOAK_HOURS"), *seed = g_getenv ("GENRE_SOAK_SEED");
  const gdouble seconds = (hours ? g_ascii_strtod (hours, NULL) : DEFAULT_HOURS) * 3600;
  static Soak soak;

  gst_init (&argc, &argv);
  if (!g_getenv ("GENRE_TINY_MODEL")) {
    g_printerr ("GENRE_TINY_MODEL must name the file that `random_model.py tiny FILE` writes\n");
    return 1;
  }
  soak.seed = 1 + (seed ? g_ascii_strtoull (seed, NULL, 10) : 0);
  soak.listener = (ElementListener){ .func = check_message, .user_data = &soak };
  soak.sound_size = MAX_RATE * MAX_CHANNELS * sizeof (gdouble);
  soak.sound = g_malloc (soak.sound_size);
  memset (soak.sound, 1, soak.sound_size); /* all of it is there from the start */
  g_mutex_init (&soak.lock);
  watchdog_start (&soak.dog, "start");
  soak.harness = element_harness (&soak.listener);
  gst_harness_set_drop_buffers (soak.harness, TRUE);
  gst_element_set_state (soak.harness->element, GST_STATE_READY);
  play (&soak, FALSE);
  warm_up (&soak);

  const Weight first = checkpoint (&soak);
  const GstClockTime begin = soak.audio, end = begin + (GstClockTime) (seconds * GST_SECOND);

  report (&soak, begin, &first, &first);
  while (soak.audio < end && test_failures == 0) {
    soak_for (&soak, MIN (3600 * GST_SECOND, end - soak.audio));

    const Weight weight = checkpoint (&soak);

    report (&soak, begin, &weight, &first);
    check_flat (&weight, &first);
  }
  CHECK (soak.listener.errors == 0 && soak.listener.warnings == 0, "%d errors, %d warnings", soak.listener.errors,
      soak.listener.warnings);
  gst_harness_teardown (soak.harness);
  watchdog_stop (&soak.dog);
  g_mutex_clear (&soak.lock);
  g_free (soak.sound);
  TEST_END ();
}
