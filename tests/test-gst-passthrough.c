/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-passthrough.c - the audio after the element is the audio before it, and how it comes in pieces does
 * not matter: the very same buffers for every format and layout; byte-identical messages for any split.
 *
 * Layer:   tests; the element.
 */
#include "tests/element.h"

#include <math.h>
#include <string.h>

/* --- The same buffers --- */

static void
ignore_message (const GstStructure *message, gpointer user_data)
{
  (void) message;
  (void) user_data;
}

static void
count_message (const GstStructure *message, gpointer user_data)
{
  (void) message;
  g_atomic_int_inc ((gint *) user_data);
}

/* Random bytes: NaN, Inf and denormal numbers in the float formats. */
static GstBuffer *
random_buffer (const GstAudioInfo *info, gsize n_frames, uint64_t *seed, guint8 **ret_copy)
{
  const gsize size = n_frames * (gsize) GST_AUDIO_INFO_BPF (info);
  guint8 *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = (guint8) (test_random (seed) >> 40);
  *ret_copy = g_memdup2 (data, size);

  GstBuffer *buffer = gst_buffer_new_wrapped (data, size);

  if (GST_AUDIO_INFO_LAYOUT (info) == GST_AUDIO_LAYOUT_NON_INTERLEAVED)
    gst_buffer_add_audio_meta (buffer, info, n_frames, NULL);
  return buffer;
}

/* A buffer that somebody else holds too must not be copied, and one that nobody holds must not be written to. */
static void
check_buffer (GstHarness *harness, const GstAudioInfo *info, gsize n_frames, bool shared, uint64_t *seed)
{
  guint8 *copy;
  GstBuffer *buffer = random_buffer (info, n_frames, seed, &copy);
  const gpointer memory = gst_buffer_peek_memory (buffer, 0);
  const gsize size = gst_buffer_get_size (buffer);

  GST_BUFFER_PTS (buffer) = 0;
  if (shared)
    gst_buffer_ref (buffer);

  const GstFlowReturn flow = gst_harness_push (harness, buffer);
  GstBuffer *out = gst_harness_try_pull (harness);
  const char *name = GST_AUDIO_INFO_NAME (info);

  CHECK (flow == GST_FLOW_OK, "%s: %s", name, gst_flow_get_name (flow));
  CHECK (out == buffer, "%s, %d channels: another buffer comes out", name, GST_AUDIO_INFO_CHANNELS (info));
  if (out) {
    CHECK (gst_buffer_n_memory (out) == 1 && gst_buffer_peek_memory (out, 0) == memory, "%s: another memory", name);
    CHECK (gst_buffer_get_size (out) == size && gst_buffer_memcmp (out, 0, copy, size) == 0, "%s: changed", name);
    CHECK (GST_BUFFER_PTS (out) == 0, "%s: time stamp changed", name);
    gst_buffer_unref (out);
  }
  if (shared)
    gst_buffer_unref (buffer);
  g_free (copy);
}

static void
check_format (GstAudioFormat format, GstAudioLayout layout, gint channels, gint rate, uint64_t *seed)
{
  GstAudioChannelPosition unpositioned[64];
  ElementListener listener = { .func = ignore_message };
  GstAudioInfo info;

  for (gsize i = 0; i < G_N_ELEMENTS (unpositioned); i++)
    unpositioned[i] = GST_AUDIO_CHANNEL_POSITION_NONE;
  gst_audio_info_init (&info);
  gst_audio_info_set_format (&info, format, rate, channels, channels > 2 ? unpositioned : NULL);
  info.layout = layout;

  GstHarness *harness = element_harness (&listener);

  gst_harness_set_src_caps (harness, gst_audio_info_to_caps (&info));
  for (unsigned i = 0; i < 6; i++)
    check_buffer (harness, &info, (gsize[]){ 1, 441, 64, 1024, 4096, 333 }[i], i % 2 == 1, seed);
  CHECK (gst_harness_push_event (harness, gst_event_new_eos ()), "EOS refused");
  CHECK (listener.errors == 0 && listener.warnings == 0, "%s: %d errors, %d warnings", GST_AUDIO_INFO_NAME (&info),
      listener.errors, listener.warnings);
  gst_harness_teardown (harness);
}

static void
test_same_buffers (void)
{
  gchar **names = g_strsplit_set (GST_AUDIO_FORMATS_ALL, "{, }", -1);
  uint64_t seed = 1;
  unsigned n_formats = 0;

  for (gchar **name = names; *name; name++) {
    if (!**name)
      continue;

    const GstAudioFormat format = gst_audio_format_from_string (*name);

    CHECK (format != GST_AUDIO_FORMAT_UNKNOWN, "no format %s", *name);
    n_formats++;
    for (unsigned i = 0; i < 4; i++) {
      const gint channels = (gint[]){ 1, 2, 7, 64 }[i];
      const gint rate = (gint[]){ 8000, 44100, 48000, 192000 }[i];

      check_format (format, GST_AUDIO_LAYOUT_INTERLEAVED, channels, rate, &seed);
      check_format (format, GST_AUDIO_LAYOUT_NON_INTERLEAVED, channels, rate, &seed);
    }
  }
  CHECK (n_formats >= 29, "only %u formats", n_formats);
  g_strfreev (names);
}

/* --- Any split --- */

enum
{
  RATE = 44100,
  CHANNELS = 2,
  N_FRAMES = 20 * RATE + 12345,
};

static void
append_text (const GstStructure *message, gpointer user_data)
{
  gchar *text = gst_structure_to_string (message);

  g_string_append_printf (user_data, "%s\n", text);
  g_free (text);
}

/* Chords, a beat and noise, with a silent stretch; [N_FRAMES][CHANNELS] */
static gint16 *
make_sound (void)
{
  gint16 *sound = g_new (gint16, (gsize) N_FRAMES * CHANNELS);
  uint64_t seed = 7;

  for (gsize i = 0; i < N_FRAMES; i++) {
    const double t = (double) i / RATE;
    const double beat = exp (-6 * (2 * t - floor (2 * t)));
    const double tone = sin (1382 * t) + sin (1741 * t) * sin (3 * t) + sin (2072 * t + 100 * sin (t));
    const bool quiet = t > 9 && t < 13.5;

    for (gsize c = 0; c < CHANNELS; c++) {
      const double noise = beat * (double) test_noise (&seed);

      sound[i * CHANNELS + c] = quiet ? 0 : (gint16) (4000 * tone + 9000 * noise);
    }
  }
  return sound;
}

static GstBuffer *
piece_of_sound (const gint16 *sound, gsize first, gsize n_frames, bool planar)
{
  const gsize size = n_frames * CHANNELS * sizeof *sound;
  gint16 *data = g_malloc (size);

  for (gsize i = 0; i < n_frames; i++)
    for (gsize c = 0; c < CHANNELS; c++)
      data[planar ? c * n_frames + i : i * CHANNELS + c] = sound[(first + i) * CHANNELS + c];

  GstBuffer *buffer = gst_buffer_new_wrapped (data, size);

  GST_BUFFER_PTS (buffer) = GST_SECOND / 3 + gst_util_uint64_scale (first, GST_SECOND, RATE);
  GST_BUFFER_DURATION (buffer) = gst_util_uint64_scale (n_frames, GST_SECOND, RATE);
  return buffer;
}

typedef struct Split
{
  const char *name;
  gsize least, most; /* samples of a buffer; drawn evenly on a logarithmic scale */
  bool empties;      /* empty buffers between */
  bool planar;
  GstClockTime window;
  gsize n_frames; /* of the sound, so that single samples do not take for ever */
} Split;

static gsize
draw_length (const Split *split, uint64_t *seed)
{
  const double even = (double) (test_random (seed) >> 11) * 0x1p-53;
  const double least = (double) split->least, most = (double) split->most;

  return (gsize) (least * pow ((most + 1) / least, even));
}

/* All messages as one text. */
static GString *
classify_split (const gint16 *sound, const Split *split, uint64_t *seed)
{
  GString *text = g_string_new (NULL);
  ElementListener listener = { .func = append_text, .user_data = text };
  GstElement *element = element_new (&listener);

  g_object_set (element, "interval", GST_SECOND / 3, "window", split->window, NULL);

  GstHarness *harness = element_play (element);
  GstAudioInfo info;

  gst_audio_info_init (&info);
  gst_audio_info_set_format (&info, GST_AUDIO_FORMAT_S16, RATE, CHANNELS, NULL);
  info.layout = split->planar ? GST_AUDIO_LAYOUT_NON_INTERLEAVED : GST_AUDIO_LAYOUT_INTERLEAVED;
  gst_harness_set_src_caps (harness, gst_audio_info_to_caps (&info));
  gst_harness_set_drop_buffers (harness, TRUE);
  for (gsize first = 0, n; first < split->n_frames; first += n) {
    const gsize drawn = draw_length (split, seed);

    n = MIN (drawn, split->n_frames - first);
    if (split->empties && test_random (seed) % 3 == 0)
      CHECK (gst_harness_push (harness, gst_buffer_new ()) == GST_FLOW_OK, "%s: empty buffer refused", split->name);

    GstBuffer *buffer = piece_of_sound (sound, first, n, split->planar);

    if (split->planar)
      gst_buffer_add_audio_meta (buffer, &info, n, NULL);
    CHECK (gst_harness_push (harness, buffer) == GST_FLOW_OK, "%s: refused", split->name);
  }
  CHECK (gst_harness_push_event (harness, gst_event_new_eos ()), "%s: EOS refused", split->name);
  CHECK (listener.errors == 0, "%s: %d errors", split->name, listener.errors);
  gst_harness_teardown (harness);
  return text;
}

static guint
count_lines (const GString *text)
{
  guint n = 0;

  for (gsize i = 0; i < text->len; i++)
    n += text->str[i] == '\n';
  return n;
}

/* Shows the first line that differs. */
static void
check_same (const GString *found, const GString *expected, const char *name)
{
  gchar **a = g_strsplit (found->str, "\n", -1), **b = g_strsplit (expected->str, "\n", -1);
  guint i = 0;

  while (a[i] && b[i] && strcmp (a[i], b[i]) == 0)
    i++;
  CHECK (!a[i] && !b[i], "%s: message %u is\n%s\ninstead of\n%s", name, i, a[i], b[i]);
  g_strfreev (a);
  g_strfreev (b);
}

static void
check_splits (const gint16 *sound, const Split *splits, gsize n_splits, guint least_messages)
{
  uint64_t seed = 99;
  GString *whole = NULL;

  for (gsize i = 0; i < n_splits; i++) {
    GString *text = classify_split (sound, &splits[i], &seed);

    if (!whole) {
      whole = text;
      CHECK (count_lines (text) >= least_messages, "%u messages", count_lines (text));
      CHECK (strstr (text->str, "final=(boolean)true"), "no final: %s", text->str);
      CHECK (splits->window == 0 || strstr (text->str, "silence"), "nothing is silent: %s", text->str);
      continue;
    }
    check_same (text, whole, splits[i].name);
    g_string_free (text, TRUE);
  }
  g_string_free (whole, TRUE);
}

static void
test_splits (void)
{
  gint16 *sound = make_sound ();
  const Split all[] = {
    { "one buffer", N_FRAMES, N_FRAMES, .n_frames = N_FRAMES },
    { "1 to 70000 samples", 1, 70000, .n_frames = N_FRAMES },
    { "1 to 70000 samples again, empty ones between", 1, 70000, .empties = true, .n_frames = N_FRAMES },
    { "around one hop", 3000, 4000, .empties = true, .n_frames = N_FRAMES },
    { "over a second", 45000, 70000, .empties = true, .n_frames = N_FRAMES },
    { "10 ms, planar", 441, 441, .planar = true, .n_frames = N_FRAMES },
    { "1 to 70000 samples, planar", 1, 70000, .planar = true, .n_frames = N_FRAMES },
  };
  /* The shortest windows, which slide over the silent stretch. */
  const Split brief[] = {
    { "one buffer of 14 s", 14 * RATE, 14 * RATE, .n_frames = 14 * RATE, .window = 1 },
    { "single samples", 1, 1, .n_frames = 14 * RATE, .window = 1 },
    { "1 to 20 samples", 1, 20, .empties = true, .n_frames = 14 * RATE, .window = 1 },
  };

  check_splits (sound, all, G_N_ELEMENTS (all), 3 * 16);
  check_splits (sound, brief, G_N_ELEMENTS (brief), 3 * 10);
  g_free (sound);
}

/* Nothing that a pipeline may do without caps can hurt. */
static void
test_no_caps (void)
{
  gint messages = 0;
  ElementListener listener = { .func = count_message, .user_data = &messages };
  GstHarness *harness = element_harness (&listener);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 1000, NULL);

  gst_harness_play (harness);
  gst_harness_push_event (harness, gst_event_new_stream_start ("no caps"));

  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  gst_buffer_ref (buffer);
  CHECK (gst_harness_push (harness, buffer) == GST_FLOW_OK, "a buffer without caps is refused");

  GstBuffer *out = gst_harness_try_pull (harness);

  CHECK (out == buffer, "a buffer without caps does not come out");
  gst_clear_buffer (&out);
  gst_buffer_unref (buffer);
  gst_harness_push_event (harness, gst_event_new_eos ());
  CHECK (listener.errors == 0, "%d errors", listener.errors);
  CHECK (messages == 1, "%d messages of an empty run, expected its final", messages);
  gst_harness_teardown (harness);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_same_buffers ();
  test_splits ();
  test_no_caps ();
  gst_deinit ();
  TEST_END ();
}
