/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-formats.c - every format, layout, number of channels and rate that caps can carry passes; and where
 * the sound is the same, so is the answer.
 *
 * Each kind of integer and float is read by itself in test-gst-pcm.
 *
 * Layer:   tests; the element.
 */
#include "tests/element_log.h"

enum
{
  MAX_CHANNELS = 64,
  MAX_POSITIONED = 28, /* the positions that a channel mask has */
  MAX_FORMATS = 64,
  SECONDS = 4, /* the shortest window and a bit */
};

static GstAudioFormat formats[MAX_FORMATS];
static guint n_formats;

static void
find_formats (void)
{
  gchar **names = g_strsplit_set (GST_AUDIO_FORMATS_ALL, "{, }", -1);

  for (gchar **name = names; *name; name++)
    if (**name)
      formats[n_formats++] = gst_audio_format_from_string (*name);
  CHECK (n_formats >= 30, "only %u formats", n_formats);
  g_strfreev (names);
}

/* positioned: channels at the first places that GStreamer knows, of which there must be so many. */
static GstAudioInfo
make_info (GstAudioFormat format, GstAudioLayout layout, guint rate, guint channels, gboolean positioned)
{
  GstAudioChannelPosition positions[MAX_CHANNELS];
  GstAudioInfo info;

  for (guint i = 0; i < MAX_CHANNELS; i++)
    positions[i] = GST_AUDIO_CHANNEL_POSITION_NONE;
  if (positioned && channels == 1)
    positions[0] = GST_AUDIO_CHANNEL_POSITION_MONO;
  else if (positioned)
    g_assert (
        gst_audio_channel_positions_from_mask ((gint) channels, (G_GUINT64_CONSTANT (1) << channels) - 1, positions));
  gst_audio_info_init (&info);
  gst_audio_info_set_format (&info, format, (gint) rate, (gint) channels, positions);
  info.layout = layout;
  return info;
}

static gchar *
info_name (const GstAudioInfo *info)
{
  return g_strdup_printf ("%s, %s, %d channels%s, %d Hz", GST_AUDIO_INFO_NAME (info),
      info->layout == GST_AUDIO_LAYOUT_INTERLEAVED ? "interleaved" : "planar", GST_AUDIO_INFO_CHANNELS (info),
      GST_AUDIO_INFO_IS_UNPOSITIONED (info) ? " without positions" : "", GST_AUDIO_INFO_RATE (info));
}

/* As gst_harness_set_src_caps(), without a new segment. */
static void
push_caps (GstHarness *harness, const GstAudioInfo *info)
{
  GstCaps *caps = gst_audio_info_to_caps (info);
  gchar *name = info_name (info);

  CHECK (gst_harness_push_event (harness, gst_event_new_caps (caps)), "%s: caps refused", name);
  g_free (name);
  gst_caps_unref (caps);
}

/* --- all of them pass ------------------------------------------------------------------------------------------ */

/* The very buffer comes out, whether somebody else holds it too or not.  Its bytes are random: NaN, infinities and
 * denormals in float formats. */
static void
check_passes (GstHarness *harness, const GstAudioInfo *info, gsize n, uint64_t *seed)
{
  const gsize size = n * (gsize) GST_AUDIO_INFO_BPF (info);
  guint8 *bytes = g_malloc (size), *copy;

  for (gsize i = 0; i < size; i++)
    bytes[i] = (guint8) (test_random (seed) >> 40);
  copy = g_memdup2 (bytes, size);

  GstBuffer *buffer = gst_buffer_new_wrapped (bytes, size);
  const gpointer memory = gst_buffer_peek_memory (buffer, 0);
  const gboolean shared = test_random (seed) >> 63;
  gchar *name = info_name (info);

  GST_BUFFER_PTS (buffer) = 0;
  if (info->layout == GST_AUDIO_LAYOUT_NON_INTERLEAVED)
    gst_buffer_add_audio_meta (buffer, info, n, NULL);
  if (shared)
    gst_buffer_ref (buffer);
  CHECK (gst_harness_push (harness, buffer) == GST_FLOW_OK, "%s: refused", name);

  GstBuffer *out = gst_harness_try_pull (harness);

  CHECK (out == buffer && gst_buffer_get_size (out) == size && gst_buffer_memcmp (out, 0, copy, size) == 0,
      "%s: not the buffer that came in", name);
  if (out) {
    CHECK (gst_buffer_n_memory (out) == 1 && gst_buffer_peek_memory (out, 0) == memory, "%s: another memory", name);
    CHECK (GST_BUFFER_PTS (out) == 0, "%s: another time stamp", name);
    gst_buffer_unref (out);
  }
  if (shared)
    gst_buffer_unref (buffer);
  g_free (name);
  g_free (copy);
}

/* Too little for an answer, and none is given. */
static void
close_without_answer (Log *log, const gchar *what, gint warnings)
{
  push_eos (log->harness);
  CHECK (log->n == 1, "%s: %u messages", what, log->n);
  check_string (log_last (log), "state", "too-short");
  check_string (log_last (log), "label", "unknown");
  check_distributions (log_last (log));
  CHECK (get_windows (log_last (log)) == 0, "%s: %u windows", what, get_windows (log_last (log)));
  CHECK (log->listener.warnings == warnings && log->listener.errors == 0, "%s: %d warnings, %d errors", what,
      log->listener.warnings, log->listener.errors);
  log_close (log);
}

/* Formats x layouts x 1 to 64 channels, with positions and without, each after the other in one stream. */
static void
test_everything_passes (void)
{
  uint64_t seed = 1;

  for (guint f = 0; f < n_formats; f++) {
    Log log;
    GstHarness *harness = log_open_audio (&log);

    for (gint planar = 0; planar < 2; planar++)
      for (guint channels = 1; channels <= MAX_CHANNELS; channels++)
        for (gint positioned = 0; positioned <= (channels <= MAX_POSITIONED); positioned++) {
          const GstAudioInfo info = make_info (formats[f],
              planar ? GST_AUDIO_LAYOUT_NON_INTERLEAVED : GST_AUDIO_LAYOUT_INTERLEAVED, 48000, channels, positioned);

          push_caps (harness, &info);
          check_passes (harness, &info, 37, &seed);
        }
    close_without_answer (&log, gst_audio_format_to_string (formats[f]), 0);
  }
}

/* Whatever a rate is, audio passes; where it is not analysed one warning says so. */
static void
test_every_rate_passes (void)
{
  static const guint rates[] = { 1, 2, 1999, 2000, 1000000, 1000001, G_MAXINT };
  uint64_t seed = 2;

  for (guint f = 0; f < n_formats; f++)
    for (gint planar = 0; planar < 2; planar++)
      for (guint r = 0; r < G_N_ELEMENTS (rates); r++) {
        const GstAudioInfo info = make_info (formats[f],
            planar ? GST_AUDIO_LAYOUT_NON_INTERLEAVED : GST_AUDIO_LAYOUT_INTERLEAVED, rates[r], 2, TRUE);
        Log log;
        GstHarness *harness = log_open (&log);
        gchar *name = info_name (&info);

        gst_harness_set_src_caps (harness, gst_audio_info_to_caps (&info));
        for (guint i = 0; i < 3; i++)
          check_passes (harness, &info, 1000, &seed);
        close_without_answer (&log, name, rates[r] < 2000 || rates[r] > 1000000);
        g_free (name);
      }
  for (guint r = 0; r < G_N_ELEMENTS (rates); r++) /* nor is what can be heard, where it is outside */
    if (rates[r] < 2000 || rates[r] > 1000000) {
      const GstAudioInfo info = make_info (GST_AUDIO_FORMAT_F32, GST_AUDIO_LAYOUT_INTERLEAVED, rates[r], 1, TRUE);
      Log log;
      GstHarness *harness = log_open (&log);

      gst_harness_set_src_caps (harness, gst_audio_info_to_caps (&info));
      push_seconds (harness, 2, GST_CLOCK_TIME_NONE, .3F);
      close_without_answer (&log, "audible", 1);
    }
}

/* So many channels that the bytes of a sample frame overflow an int: GStreamer says 0, or half as many, or fewer than
 * none.  And with S8, where it is right, pointers to the planes would take 16 GiB. */
static void
test_channels_beyond_measure (void)
{
  static const gchar *const caps[] = {
    "audio/x-raw, format=" GST_AUDIO_NE (F64) ", layout=interleaved, rate=22050, channels=67108864",
    "audio/x-raw, format=" GST_AUDIO_NE (F32) ", layout=interleaved, rate=22050, channels=134217729",
    "audio/x-raw, format=" GST_AUDIO_NE (F64) ", layout=interleaved, rate=22050, channels=2147483647",
    "audio/x-raw, format=" GST_AUDIO_NE (F64) ", layout=non-interleaved, rate=22050, channels=2147483647",
    "audio/x-raw, format=S8, layout=non-interleaved, rate=22050, channels=2147483647",
    "audio/x-raw, format=S8, layout=interleaved, rate=22050, channels=65537",
  };

  for (guint i = 0; i < G_N_ELEMENTS (caps); i++) {
    Log log;
    GstHarness *harness = log_open (&log);
    GstCaps *full = gst_caps_from_string (caps[i]);

    gst_caps_set_simple (full, "channel-mask", GST_TYPE_BITMASK, (guint64) 0, NULL);
    gst_harness_set_src_caps (harness, full);
    for (guint k = 0; k < 3; k++)
      push (harness, audio (1000, k * GST_SECOND, .3F, k));
    close_without_answer (&log, caps[i], 1);
  }
}

/* --- the same sound, the same answer --------------------------------------------------------------------------- */

static guint pitch_hz; /* of the song, chosen below */

/* A song that ends below 11 kHz, so that every rate from 22.05 kHz on can hold all of it; at second t. */
static gdouble
song_at (gdouble t)
{
  const gdouble beat = exp (4 * (cos (4 * G_PI * t) - 1)), slow = .5 + .5 * sin (3.1 * t);
  gdouble sum = 0;

  for (guint k = 1; k * pitch_hz < 10500; k++)
    sum += sin (2 * G_PI * pitch_hz * k * t + k * k) * (k % 3 == 0 ? beat : k % 3 == 1 ? slow : .4) / sqrt (k);
  return .04 * (sum + 3 * sin (2 * G_PI * 110 * t + 2 * sin (5 * t)));
}

/* [SECONDS * rate]; free it */
static gdouble *
make_song (guint rate)
{
  gdouble *song = g_new (gdouble, SECONDS * rate);

  for (gsize i = 0; i < (gsize) SECONDS * rate; i++)
    song[i] = song_at ((gdouble) i / rate);
  return song;
}

/* What a format can hold of the song: its numbers, as floats, where it is rounded to them. */
static void
quantise (const GstAudioFormatInfo *finfo, const gdouble *song, gsize n, guint8 *packed, gfloat *mono)
{
  gdouble *doubles = g_new (gdouble, n);
  gint32 *ints = g_new (gint32, n);
  const gboolean is_float = finfo->unpack_format == GST_AUDIO_FORMAT_F64;
  gpointer numbers = is_float ? (gpointer) doubles : (gpointer) ints;

  for (gsize i = 0; i < n; i++) {
    doubles[i] = song[i];
    ints[i] = (gint32) (song[i] * 0x1p31);
  }
  finfo->pack_func (finfo, GST_AUDIO_PACK_FLAG_NONE, numbers, packed, (gint) n);
  finfo->unpack_func (finfo, GST_AUDIO_PACK_FLAG_TRUNCATE_RANGE, numbers, packed, (gint) n);
  for (gsize i = 0; i < n; i++)
    mono[i] = (gfloat) (is_float ? doubles[i] : ints[i] * 0x1p-31);
  g_free (doubles);
  g_free (ints);
}

/* Sample frames [0, n) at `packed`, each in every channel. */
static GstBuffer *
spread (const GstAudioInfo *info, const guint8 *packed, gsize n)
{
  const gsize bytes = (gsize) GST_AUDIO_INFO_WIDTH (info) / 8, channels = (gsize) GST_AUDIO_INFO_CHANNELS (info);
  const gboolean planar = info->layout == GST_AUDIO_LAYOUT_NON_INTERLEAVED;
  guint8 *data = g_malloc (n * channels * bytes);

  for (gsize c = 0; c < channels; c++) {
    if (planar) {
      memcpy (data + c * n * bytes, packed, n * bytes);
      continue;
    }
    for (gsize i = 0; i < n; i++)
      memcpy (data + (i * channels + c) * bytes, packed + i * bytes, bytes);
  }

  GstBuffer *buffer = gst_buffer_new_wrapped (data, n * channels * bytes);

  if (planar)
    gst_buffer_add_audio_meta (buffer, info, n, NULL);
  return buffer;
}

/* The whole song in tenths of a second, `packed` in the format; ends with EOS. */
static void
play (Log *log, const GstAudioInfo *info, const guint8 *packed)
{
  const gsize bytes = (gsize) GST_AUDIO_INFO_WIDTH (info) / 8, n = (gsize) GST_AUDIO_INFO_RATE (info) / 10;
  GstHarness *harness = log_open (log);

  g_object_set (harness->element, "silence-threshold", -200., NULL);
  gst_harness_set_src_caps (harness, gst_audio_info_to_caps (info));
  for (gsize i = 0; i < 10 * SECONDS; i++) {
    GstBuffer *buffer = spread (info, packed + i * n * bytes, n);

    GST_BUFFER_PTS (buffer) = i * GST_SECOND / 10;
    push (harness, buffer);
  }
  push_eos (harness);
}

static void
play_mono (Log *log, guint rate, const gfloat *mono)
{
  const GstAudioInfo info = make_info (GST_AUDIO_FORMAT_F32, GST_AUDIO_LAYOUT_INTERLEAVED, rate, 1, TRUE);

  play (log, &info, (const guint8 *) mono);
}

/* No genre's probability differs by more than .02, in any message. */
static void
check_near (const gchar *what, Log *log, Log *original)
{
  gdouble most = 0;

  CHECK (log->n == original->n && log->n >= 2, "%s: %u messages, %u of the original", what, log->n, original->n);
  for (guint m = 0; m < MIN (log->n, original->n); m++) {
    const GValue *p = gst_structure_get_value (log->messages[m], "probabilities");
    const GValue *q = gst_structure_get_value (original->messages[m], "probabilities");

    check_distributions (log->messages[m]);
    for (guint i = 0; i < gst_value_array_get_size (p); i++)
      most = MAX (most,
          fabs (g_value_get_double (gst_value_array_get_value (p, i))
              - g_value_get_double (gst_value_array_get_value (q, i))));
  }
  CHECK (most <= .02, "%s: off by %.4f", what, most);
}

/* Makes it a song of which the model is not sure, so that what is read wrongly shows. */
static void
choose_song (void)
{
  gdouble confidence = 1;

  for (pitch_hz = 450; confidence > .9 && pitch_hz >= 250; pitch_hz -= 40) {
    gdouble *song = make_song (RATE);
    gfloat *mono = g_new (gfloat, SECONDS * RATE);
    Log log;

    for (gsize i = 0; i < SECONDS * RATE; i++)
      mono[i] = (gfloat) song[i];
    play_mono (&log, RATE, mono);
    gst_structure_get (log_last (&log), "confidence", G_TYPE_DOUBLE, &confidence, NULL);
    log_close (&log);
    g_free (mono);
    g_free (song);
  }
  pitch_hz += 40;
  CHECK (confidence <= .9, "the model is too sure of every song: %g", confidence);
}

/* 1 to 64 equal channels, with and without positions, in both layouts, the formats in turn: what is heard is, bit for
 * bit, what F32 of the same numbers says, and, from 16 bit on, what the original says. */
static void
test_equal_channels (void)
{
  gdouble *song = make_song (RATE);
  gfloat *mono = g_new (gfloat, SECONDS * RATE);
  guint8 *packed = g_malloc (SECONDS * RATE * sizeof (gdouble));
  Log original, same[MAX_FORMATS], log;
  guint turn = 0;

  for (gsize i = 0; i < SECONDS * RATE; i++)
    mono[i] = (gfloat) song[i];
  play_mono (&original, RATE, mono);
  for (guint f = 0; f < n_formats; f++) {
    const GstAudioFormatInfo *finfo = gst_audio_format_get_info (formats[f]);

    quantise (finfo, song, SECONDS * RATE, packed, mono);
    play_mono (&same[f], RATE, mono);
    if (GST_AUDIO_FORMAT_INFO_DEPTH (finfo) >= 16)
      check_near (finfo->name, &same[f], &original);
  }
  for (gint planar = 0; planar < 2; planar++)
    for (guint channels = 1; channels <= MAX_CHANNELS; channels++)
      for (gint positioned = 0; positioned <= (channels <= MAX_POSITIONED); positioned++) {
        const guint f = turn++ % n_formats;
        const GstAudioInfo info = make_info (formats[f],
            planar ? GST_AUDIO_LAYOUT_NON_INTERLEAVED : GST_AUDIO_LAYOUT_INTERLEAVED, RATE, channels, positioned);
        gchar *name = info_name (&info);

        quantise (info.finfo, song, SECONDS * RATE, packed, mono);
        play (&log, &info, packed);
        CHECK (log.n == same[f].n, "%s: %u messages, expected %u", name, log.n, same[f].n);
        for (guint m = 0; m < MIN (log.n, same[f].n); m++)
          check_same_sound (name, log.messages[m], same[f].messages[m]);
        log_close (&log);
        g_free (name);
      }
  for (guint f = 0; f < n_formats; f++)
    log_close (&same[f]);
  log_close (&original);
  g_free (packed);
  g_free (mono);
  g_free (song);
}

/* The same song at other rates.  2 kHz and 1 MHz, the last that are analysed, only have to say something: at 2 kHz it
 * is another sound. */
static void
test_rates (void)
{
  static const guint rates[] = { 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000, 176400, 192000, 1000000,
    2000 };
  Log original, log;

  for (guint r = 0; r < G_N_ELEMENTS (rates); r++) {
    const guint rate = rates[r];
    gdouble *song = make_song (rate);
    gfloat *mono = g_new (gfloat, SECONDS * rate);
    gchar *name = g_strdup_printf ("%u Hz", rate);

    for (gsize i = 0; i < (gsize) SECONDS * rate; i++)
      mono[i] = (gfloat) song[i];
    play_mono (r == 0 ? &original : &log, rate, mono);
    if (rate == 2000) {
      CHECK (log.n == original.n, "%s: %u messages", name, log.n);
      check_distributions (log_last (&log));
    } else if (r > 0) {
      check_near (name, &log, &original);
    }
    if (r > 0)
      log_close (&log);
    g_free (name);
    g_free (mono);
    g_free (song);
  }
  log_close (&original);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  find_formats ();
  test_everything_passes ();
  test_every_rate_passes ();
  test_channels_beyond_measure ();
  choose_song ();
  test_equal_channels ();
  test_rates ();
  TEST_END ();
}
