/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-longrun.c - ten hours at a rate that divides nothing: every time is the formula's, to 1 ns.
 *
 * GENRE_LONGRUN_SECONDS makes it shorter, for sanitized builds.
 *
 * Layer:   tests; the element, with the tiny model of tests/random_model.py at GENRE_TINY_MODEL.
 */
#include "tests/element.h"

/* random_model.tiny_model() */
enum
{
  MODEL_RATE = 22050,
  HOP = 1708,
  N_FFT = 256,
  WINDOW = 129,
  LEAST = 45,
};

enum
{
  RATE = 44056,
  SECONDS = 36000,   /* ten hours */
  HALF_WINDOW = 256, /* half of 2 round (256 44056 / 44100) */
  BUFFER = 65521,    /* samples: prime, so that time stamps are rounded every way */
};

static const guint64 first_pts = 123456789;

/* The sample that frame t is centred on. */
static guint64
center (guint64 t)
{
  return (2 * t * HOP * RATE + MODEL_RATE) / (2 * MODEL_RATE);
}

static guint64
nanoseconds (guint64 samples)
{
  return gst_util_uint64_scale (samples, GST_SECOND, RATE);
}

typedef struct Expected
{
  guint64 k;    /* of the next answer */
  guint64 n;    /* samples pushed in all, known from the start */
  guint finals; /* seen */
} Expected;

static guint64
uint64_field (const GstStructure *message, const char *name)
{
  guint64 value = 0;

  CHECK (gst_structure_get_uint64 (message, name, &value), "no %s", name);
  return value;
}

static void
check_near (const GstStructure *message, const char *name, guint64 expected, guint64 k)
{
  const guint64 found = uint64_field (message, name);

  CHECK (found + 1 >= expected && found <= expected + 1,
      "%s of answer %" G_GUINT64_FORMAT ": %" G_GUINT64_FORMAT ", expected %" G_GUINT64_FORMAT, name, k, found,
      expected);
}

static void
check_message (const GstStructure *message, gpointer user_data)
{
  Expected *expected = user_data;
  gboolean final = FALSE;
  guint windows = 0;

  gst_structure_get (message, "final", G_TYPE_BOOLEAN, &final, "windows", G_TYPE_UINT, &windows, NULL);
  if (final) {
    expected->finals++;
    CHECK (windows == expected->k, "%u windows in the final, %" G_GUINT64_FORMAT " messages", windows, expected->k);
    check_near (message, "timestamp", first_pts, expected->k);
    check_near (message, "duration", nanoseconds (expected->n), expected->k);
    return;
  }

  /* One second is 22050 / 1708 hops; no pool over time, so that windows start on any frame. */
  const guint64 end = LEAST + expected->k * MODEL_RATE / HOP;
  const guint64 begin = end > WINDOW ? end - WINDOW : 0;
  const guint64 start = first_pts + nanoseconds (center (begin));
  const guint64 duration = nanoseconds (center (end) - center (begin));

  check_near (message, "timestamp", start, expected->k);
  check_near (message, "stream-time", start, expected->k);
  check_near (message, "running-time", start, expected->k);
  check_near (message, "duration", duration, expected->k);
  CHECK (windows == expected->k + 1, "%u windows at answer %" G_GUINT64_FORMAT, windows, expected->k);

  /* No drift: each answer ends within a hop of one second after the first. */
  const guint64 ideal = first_pts + nanoseconds (center (LEAST)) + expected->k * GST_SECOND;
  const guint64 hop = nanoseconds (center (1)) + 2;
  const guint64 stop = start + duration;

  CHECK (stop <= ideal + hop && stop + hop >= ideal,
      "answer %" G_GUINT64_FORMAT " ends at %" G_GUINT64_FORMAT ", expected about %" G_GUINT64_FORMAT, expected->k,
      stop, ideal);
  expected->k++;
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);

  const char *model = g_getenv ("GENRE_TINY_MODEL");

  if (!model) {
    g_printerr ("GENRE_TINY_MODEL must name the file that `random_model.py tiny FILE` writes\n");
    return 1;
  }

  const char *shorter = g_getenv ("GENRE_LONGRUN_SECONDS");
  const guint64 seconds = shorter ? g_ascii_strtoull (shorter, NULL, 10) : SECONDS;
  const guint64 total = seconds * RATE;
  Expected expected = { .n = total };
  ElementListener listener = { .func = check_message, .user_data = &expected };
  GstElement *element = element_new (&listener);

  g_object_set (element, "model", model, NULL);

  GstHarness *harness = element_play (element);
  float *noise = g_new (float, BUFFER);
  uint64_t seed = 1;

  gst_harness_set_src_caps_str (harness,
      "audio/x-raw, format=" GST_AUDIO_NE (F32) ", layout=interleaved, rate=44056, channels=1");
  gst_harness_set_drop_buffers (harness, TRUE);
  for (gsize i = 0; i < BUFFER; i++)
    noise[i] = .1f * test_noise (&seed);

  GstBuffer *sound = gst_buffer_new_wrapped (noise, BUFFER * sizeof *noise);

  for (guint64 first = 0; first < total; first += BUFFER) {
    const guint64 n = MIN (BUFFER, total - first);
    GstBuffer *buffer = gst_buffer_copy_region (sound, GST_BUFFER_COPY_MEMORY, 0, (gsize) n * sizeof *noise);

    GST_BUFFER_PTS (buffer) = first_pts + nanoseconds (first);
    GST_BUFFER_DURATION (buffer) = nanoseconds (first + n) - nanoseconds (first);
    CHECK (gst_harness_push (harness, buffer) == GST_FLOW_OK, "refused");
  }
  CHECK (gst_harness_push_event (harness, gst_event_new_eos ()), "EOS refused");

  guint64 answers = 0;

  while (center (LEAST + answers * MODEL_RATE / HOP - 1) + HALF_WINDOW <= total)
    answers++;
  CHECK (answers + 5 > seconds && seconds > 100, "the test expects %" G_GUINT64_FORMAT " answers", answers);
  CHECK (expected.k == answers, "%" G_GUINT64_FORMAT " messages, expected %" G_GUINT64_FORMAT, expected.k, answers);
  CHECK (expected.finals == 1, "%u finals", expected.finals);
  CHECK (listener.errors == 0 && listener.warnings == 0, "%d errors, %d warnings", listener.errors, listener.warnings);
  gst_buffer_unref (sound);
  gst_harness_teardown (harness);
  TEST_END ();
}
