/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-sound.c - how samples are read: formats, channels, odd numbers, odd buffers.
 *
 * Layer:   tests; the element.
 */
#include "tests/element_log.h"

enum
{
  SECONDS = 6,
};

/* --- formats --------------------------------------------------------------------------------------------------- */

/* A buffer with the sound of push_song(), whose channels differ, though their mean does not. */
static GstBuffer *
pack (const GstAudioInfo *info, gsize n, GstClockTime pts, uint64_t seed)
{
  const GstAudioFormatInfo *finfo = info->finfo;
  const guint channels = (guint) GST_AUDIO_INFO_CHANNELS (info);
  const gboolean planar = info->layout == GST_AUDIO_LAYOUT_NON_INTERLEAVED;
  GstBuffer *mono = audio (n, pts, .05F, seed);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, n * (gsize) GST_AUDIO_INFO_BPF (info), NULL);
  gdouble *doubles = g_new (gdouble, n * channels);
  gint32 *ints = g_new (gint32, n * channels);
  GstMapInfo in, out;

  gst_buffer_map (mono, &in, GST_MAP_READ);
  gst_buffer_map (buffer, &out, GST_MAP_WRITE);
  for (gsize i = 0; i < n; i++)
    for (guint c = 0; c < channels; c++) {
      const gdouble gain = channels == 1 ? 1 : 2. * c / (channels - 1); /* 0 to 2 */
      const gsize at = planar ? c * n + i : i * channels + c;

      doubles[at] = gain * (gdouble) ((const gfloat *) (const void *) in.data)[i];
      ints[at] = (gint32) (doubles[at] * 2147483647);
    }
  g_assert (finfo->unpack_format == GST_AUDIO_FORMAT_F64 || finfo->unpack_format == GST_AUDIO_FORMAT_S32);
  finfo->pack_func (finfo, GST_AUDIO_PACK_FLAG_NONE,
      finfo->unpack_format == GST_AUDIO_FORMAT_F64 ? (gpointer) doubles : (gpointer) ints, out.data,
      (gint) (n * channels));
  gst_buffer_unmap (buffer, &out);
  gst_buffer_unmap (mono, &in);
  gst_buffer_unref (mono);
  g_free (doubles);
  g_free (ints);
  if (planar)
    gst_buffer_add_audio_meta (buffer, info, n, NULL);
  GST_BUFFER_PTS (buffer) = pts;
  return buffer;
}

static GstHarness *
open_format (Log *log, GstAudioInfo *info, GstAudioFormat format, GstAudioLayout layout, gint channels)
{
  GstAudioChannelPosition unpositioned[64];
  GstHarness *harness = log_open (log);

  for (gsize i = 0; i < G_N_ELEMENTS (unpositioned); i++)
    unpositioned[i] = GST_AUDIO_CHANNEL_POSITION_NONE;
  gst_audio_info_init (info);
  gst_audio_info_set_format (info, format, RATE, channels, channels > 2 ? unpositioned : NULL);
  info->layout = layout;
  gst_harness_set_src_caps (harness, gst_audio_info_to_caps (info));
  return harness;
}

static void
play_format (Log *log, GstAudioFormat format, GstAudioLayout layout, gint channels)
{
  GstAudioInfo info;
  GstHarness *harness = open_format (log, &info, format, layout, channels);

  for (guint i = 0; i < 10 * SECONDS; i++)
    push (harness, pack (&info, RATE / 10, i * GST_SECOND / 10, 1000 + i));
  push_eos (harness);
}

static gdouble
farthest (const GstStructure *a, const GstStructure *b)
{
  const GValue *p = gst_structure_get_value (a, "probabilities"), *q = gst_structure_get_value (b, "probabilities");
  gdouble most = 0;

  for (guint i = 0; i < gst_value_array_get_size (p); i++) {
    const gdouble d = fabs (
        g_value_get_double (gst_value_array_get_value (p, i)) - g_value_get_double (gst_value_array_get_value (q, i)));

    most = d > most ? d : most;
  }
  return most;
}

/* spectrum reads S24 wrongly when it mixes: 11.9 dB off. */
static void
test_formats_sound_alike (void)
{
  gchar **names = g_strsplit_set (GST_AUDIO_FORMATS_ALL, "{, }", -1);
  Log mono, log;

  play_format (&mono, GST_AUDIO_FORMAT_F32, GST_AUDIO_LAYOUT_INTERLEAVED, 1);
  for (gchar **name = names; *name; name++) {
    const GstAudioFormat format = **name ? gst_audio_format_from_string (*name) : GST_AUDIO_FORMAT_UNKNOWN;

    if (format == GST_AUDIO_FORMAT_UNKNOWN || GST_AUDIO_FORMAT_INFO_DEPTH (gst_audio_format_get_info (format)) < 16)
      continue;
    for (gint planar = 0; planar < 2; planar++) {
      play_format (&log, format, planar ? GST_AUDIO_LAYOUT_NON_INTERLEAVED : GST_AUDIO_LAYOUT_INTERLEAVED,
          planar ? 3 : 2);
      CHECK (log.n == 4 && mono.n == 4, "%s: %u messages", *name, log.n);
      CHECK (farthest (log_last (&log), log_last (&mono)) <= .02, "%s, planar %d: %g off", *name, planar,
          farthest (log_last (&log), log_last (&mono)));
      log_close (&log);
    }
  }
  log_close (&mono);
  g_strfreev (names);
}

/* A buffer that spans several windows, of several channels; more samples than anybody expects. */
static void
test_buffers_that_span_windows (void)
{
  Log pieces, whole;
  GstAudioInfo info;
  GstBuffer *all = gst_buffer_new ();
  GstHarness *harness = open_format (&pieces, &info, GST_AUDIO_FORMAT_S16LE, GST_AUDIO_LAYOUT_INTERLEAVED, 5);

  for (guint i = 0; i < 10 * 15; i++) {
    GstBuffer *buffer = pack (&info, RATE / 10, i * GST_SECOND / 10, 1000 + i);

    all = gst_buffer_append (all, gst_buffer_ref (buffer));
    push (harness, buffer);
  }
  push_eos (harness);
  harness = open_format (&whole, &info, GST_AUDIO_FORMAT_S16LE, GST_AUDIO_LAYOUT_INTERLEAVED, 5);
  GST_BUFFER_PTS (all) = 0;
  push (harness, all); /* one buffer of 150 memories */
  push_eos (harness);
  CHECK (pieces.n == 13 && whole.n == 13, "%u and %u messages", pieces.n, whole.n);
  for (guint i = 0; i < pieces.n && i < whole.n; i++)
    check_same_sound ("one buffer", whole.messages[i], pieces.messages[i]);
  log_close (&whole);
  log_close (&pieces);
}

/* --- odd buffers and numbers ----------------------------------------------------------------------------------- */

/* The buffer passes, and nobody holds a map of it afterwards: then it could not be mapped for writing in place. */
static void
check_unmapped (const gchar *what, GstHarness *harness, GstBuffer *buffer)
{
  const gpointer memory = gst_buffer_peek_memory (buffer, 0);
  GstMapInfo map;

  CHECK (gst_harness_push (harness, buffer) == GST_FLOW_OK, "%s: refused", what);

  GstBuffer *out = gst_harness_pull (harness);

  CHECK (gst_buffer_map (out, &map, GST_MAP_WRITE) && map.memory == memory, "%s: still mapped", what);
  gst_buffer_unmap (out, &map);
  gst_buffer_unref (out);
}

/* Early returns that forget to unmap. */
static void
test_odd_buffers (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);
  GstAudioInfo info, other;

  check_unmapped ("in order", harness, audio (100, 0, .3F, 1));
  check_unmapped ("ends within a sample", harness, gst_buffer_new_allocate (NULL, 4001, NULL));
  check_unmapped ("less than a sample", harness, gst_buffer_new_allocate (NULL, 1, NULL));
  push_segment (harness, GST_SECOND, 0, 0);
  check_unmapped ("outside of the segment", harness, audio (100, 0, .3F, 1));
  push_eos (harness);
  CHECK (log.n == 1, "%u messages", log.n);
  check_string (log_last (&log), "state", "too-short");
  log_close (&log);

  harness = open_format (&log, &info, GST_AUDIO_FORMAT_F32, GST_AUDIO_LAYOUT_NON_INTERLEAVED, 2);
  check_unmapped ("planar without meta", harness, gst_buffer_new_allocate (NULL, 8000, NULL));

  GstBuffer *buffer = pack (&info, 1000, 0, 1);
  GstAudioMeta *meta = gst_buffer_get_audio_meta (buffer);

  meta->offsets[1] = 4001 * sizeof (gfloat);
  check_unmapped ("a plane outside of the buffer", harness, buffer);
  buffer = pack (&info, 1000, 0, 1);
  gst_buffer_get_audio_meta (buffer)->samples = G_MAXSIZE;
  check_unmapped ("more samples than fit", harness, buffer);
  gst_audio_info_init (&other);
  gst_audio_info_set_format (&other, GST_AUDIO_FORMAT_F32, RATE, 1, NULL);
  other.layout = GST_AUDIO_LAYOUT_NON_INTERLEAVED;
  check_unmapped ("a meta of fewer channels", harness, pack (&other, 1000, 0, 1));
  push_eos (harness);
  CHECK (log.n == 1, "%u messages", log.n);
  check_string (log_last (&log), "state", "too-short");
  log_close (&log);
}

/* Bytes short of a whole number of sample frames, or planes whose meta says more than there is. */
static GstBuffer *
ragged (const GstAudioInfo *info, guint i)
{
  GstBuffer *buffer = pack (info, RATE / 10, i * GST_SECOND / 10, i);

  if (info->layout == GST_AUDIO_LAYOUT_NON_INTERLEAVED)
    gst_buffer_get_audio_meta (buffer)->samples++;
  else
    gst_buffer_set_size (buffer, (gssize) gst_buffer_get_size (buffer) - 1);
  return buffer;
}

/* Buffers that end within a sample frame pass and none of them is heard, whole frames or not; one message says so. */
static void
check_ragged (GstAudioLayout layout)
{
  Log log;
  GstAudioInfo info;
  GstHarness *harness = open_format (&log, &info, GST_AUDIO_FORMAT_S16, layout, 2);

  for (guint i = 0; i < 100; i++)
    push (harness, ragged (&info, i));
  push_eos (harness);
  CHECK (log.n == 1 && log.listener.warnings == 1, "%u messages, %d warnings", log.n, log.listener.warnings);
  check_string (log_last (&log), "state", "too-short");
  CHECK (get_time (log_last (&log), "duration") == 0, "something was heard");
  gst_harness_push_event (harness, gst_event_new_stream_start ("another"));
  push_segment (harness, 0, 0, 0);
  for (guint i = 0; i < 60; i++)
    push (harness, pack (&info, RATE / 10, i * GST_SECOND / 10, i));
  push (harness, ragged (&info, 60)); /* what comes after it is another window */
  for (guint i = 61; i < 110; i++)
    push (harness, pack (&info, RATE / 10, i * GST_SECOND / 10, i));
  push_eos (harness);
  CHECK (log.n == 7 && log.listener.warnings == 1, "%u messages, %d warnings", log.n, log.listener.warnings);
  CHECK (get_time (log_nth (&log, FALSE, 3), "timestamp") == 6100 * GST_MSECOND, "the window goes on");
  log_close (&log);
}

/* One message for each cause, however often it comes. */
static void
test_each_cause_warns (void)
{
  Log log;
  GstHarness *harness = log_open (&log);
  GstAudioInfo info, other;

  gst_harness_push_event (harness, gst_event_new_stream_start ("without caps"));
  push_segment (harness, 0, 0, 0);
  for (guint i = 0; i < 3; i++)
    push (harness, audio (100, GST_CLOCK_TIME_NONE, .3F, 1)); /* before caps */
  push_eos (harness);
  CHECK (log.listener.warnings == 1, "without caps: %d warnings", log.listener.warnings);
  log_close (&log);

  harness = open_format (&log, &info, GST_AUDIO_FORMAT_F32, GST_AUDIO_LAYOUT_NON_INTERLEAVED, 2);
  gst_audio_info_init (&other);
  gst_audio_info_set_format (&other, GST_AUDIO_FORMAT_F32, RATE, 1, NULL);
  other.layout = GST_AUDIO_LAYOUT_NON_INTERLEAVED;
  for (guint i = 0; i < 3; i++)
    push (harness, gst_buffer_new ());
  for (guint i = 0; i < 3; i++)
    push (harness, gst_buffer_new_allocate (NULL, 8000, NULL)); /* planar without meta */
  for (guint i = 0; i < 3; i++)
    push (harness, ragged (&info, i));
  for (guint i = 0; i < 3; i++)
    push (harness, pack (&other, 1000, 0, 1)); /* the cause is the meta, as before */
  push_eos (harness);
  CHECK (log.listener.warnings == 3, "%d warnings", log.listener.warnings);
  log_close (&log);

  check_ragged (GST_AUDIO_LAYOUT_INTERLEAVED);
  check_ragged (GST_AUDIO_LAYOUT_NON_INTERLEAVED);
}

/* Six seconds in which every 1000th sample is `odd`, the others scaled. */
static void
play_odd (Log *log, gfloat odd, gfloat scale)
{
  GstHarness *harness = log_open_audio (log);

  for (guint i = 0; i < 10 * SECONDS; i++) {
    GstBuffer *buffer = audio (RATE / 10, i * GST_SECOND / 10, scale, 1000 + i);
    GstMapInfo map;

    gst_buffer_map (buffer, &map, GST_MAP_WRITE);
    for (gsize k = 0; k < RATE / 10; k += 1000)
      ((gfloat *) (void *) map.data)[k] = odd;
    gst_buffer_unmap (buffer, &map);
    push (harness, buffer);
  }
  push_eos (harness);
  CHECK (log->n == 4, "%u messages", log->n);
  for (guint i = 0; i < log->n; i++)
    check_distributions (log->messages[i]);
}

/* One NaN, and everything is NaN from there on. */
static void
test_nan_is_zero (void)
{
  static const gfloat odd[] = { NAN, -NAN, INFINITY, -INFINITY };
  Log zeros, log;

  play_odd (&zeros, 0, .3F);
  for (guint i = 0; i < G_N_ELEMENTS (odd); i++) {
    play_odd (&log, odd[i], .3F);
    for (guint k = 0; k < log.n; k++)
      check_same_sound ("NaN or Inf", log.messages[k], zeros.messages[k]);
    log_close (&log);
  }
  log_close (&zeros);
  play_odd (&log, 3e38F, .3F); /* louder than loud, whose power is no float */
  log_close (&log);
}

/* Underflow, the logarithm of nothing, the shift of a negative number. */
static void
test_denormals_and_extremes (void)
{
  Log log;
  GstAudioInfo info;

  play_odd (&log, 1e-42F, 1e-40F);
  for (guint i = 0; i < log.n; i++)
    check_string (log.messages[i], "state", "silence");
  log_close (&log);

  GstHarness *harness = open_format (&log, &info, GST_AUDIO_FORMAT_S16, GST_AUDIO_LAYOUT_INTERLEAVED, 2);

  g_object_set (harness->element, "silence-threshold", -200., NULL);
  for (guint i = 0; i < 10 * SECONDS; i++) {
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, RATE / 10 * 4, NULL);
    GstMapInfo map;

    gst_buffer_map (buffer, &map, GST_MAP_WRITE);
    for (gsize k = 0; k < RATE / 10 * 2; k++)
      ((gint16 *) (void *) map.data)[k] = i < 20 ? 0 : G_MININT16; /* silence, then all that the format can hold */
    gst_buffer_unmap (buffer, &map);
    push (harness, buffer);
  }
  push_eos (harness);
  CHECK (log.n == 4, "%u messages", log.n);
  for (guint i = 0; i < log.n; i++) {
    check_distributions (log.messages[i]);
    check_string (log.messages[i], "state", "ok");
  }
  log_close (&log);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_formats_sound_alike ();
  test_buffers_that_span_windows ();
  test_odd_buffers ();
  test_each_cause_warns ();
  test_nan_is_zero ();
  test_denormals_and_extremes ();
  TEST_END ();
}
