/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-changes.c - properties that change while it plays never silence the element: messages are counted.
 *
 * Layer:   tests; the element.
 */
#include "tests/element_log.h"

enum
{
  SECONDS = 40,
};

static const GstClockTime FOREVER = 3600 * GST_SECOND;

static guint
windows_after (GstClockTime before, GstClockTime after)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);

  g_object_set (harness->element, "interval", before, NULL);
  push_seconds (harness, 10, 0, .3F);

  const guint n = log_count (&log, FALSE);

  g_object_set (harness->element, "interval", after, NULL);
  push_seconds (harness, 10, 10 * GST_SECOND, .3F);
  push_eos (harness);

  const guint in_all = log_count (&log, FALSE);

  CHECK (get_windows (log_last (&log)) == in_all, "%u windows in the final, %u messages", get_windows (log_last (&log)),
      in_all);
  log_close (&log);
  return in_all - n;
}

/* The next answer may lie behind what has been heard since the last one.  The worker is up to a second behind. */
static void
test_interval_lowered (void)
{
  guint n = windows_after (FOREVER, 300 * GST_MSECOND);

  CHECK (n >= 10 / .3775 && n <= 11 / .3 + 2, "%u answers in 10 s, one each .3 s", n);
  n = windows_after (10 * GST_SECOND, GST_SECOND);
  CHECK (n >= 9 && n <= 12, "%u answers in 10 s, one a second", n);
  n = windows_after (FOREVER, 1);
  CHECK (n >= 129 && n <= 144, "%u answers in 10 s, one a hop", n);
}

static void
set_random (GObject *element, GParamSpec *spec, uint64_t *seed)
{
  GValue value = G_VALUE_INIT;
  const gdouble share = (gdouble) (test_random (seed) % 1001) / 1000;

  g_value_init (&value, spec->value_type);
  if (G_IS_PARAM_SPEC_BOOLEAN (spec)) {
    g_value_set_boolean (&value, share < .5);
  } else if (G_IS_PARAM_SPEC_DOUBLE (spec)) {
    const GParamSpecDouble *range = G_PARAM_SPEC_DOUBLE (spec);

    g_value_set_double (&value, range->minimum + share * (range->maximum - range->minimum));
  } else if (G_IS_PARAM_SPEC_UINT64 (spec)) {
    g_value_set_uint64 (&value, 1 + (guint64) (share * 2 * GST_SECOND));
  } else {
    g_error ("%s: a type that this test does not know", spec->name);
  }
  g_object_set_property (element, spec->name, &value);
  g_value_unset (&value);
}

/* Ten times a second another value: with any but the interval, one answer a second all the same; with that, one each
 * two seconds and a hop at the least. */
static void
check_changes (GParamSpec *spec)
{
  const gboolean interval = g_str_equal (spec->name, "interval");
  uint64_t seed = g_str_hash (spec->name);
  Log log;
  GstHarness *harness = log_open_audio (&log);

  for (guint i = 0; i < 10 * SECONDS; i++) {
    push (harness, audio (RATE / 10, i * GST_SECOND / 10, .3F, i));
    set_random (G_OBJECT (harness->element), spec, &seed);
  }
  push_eos (harness);

  const guint n = log_count (&log, FALSE), steady = SECONDS - 3;

  CHECK (interval ? n >= (SECONDS - 4) / 2.08 : n == steady, "%s: %u answers in %d s", spec->name, n, SECONDS);
  CHECK (log_count (&log, TRUE) == 1, "%s: %u finals", spec->name, log_count (&log, TRUE));
  log_close (&log);
}

static void
test_all_that_may_change (void)
{
  GstElement *element = gst_element_factory_make ("genreclassify", NULL);
  guint n, n_mutable = 0;
  GParamSpec **specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);

  for (guint i = 0; i < n; i++)
    if ((specs[i]->flags & GST_PARAM_MUTABLE_PLAYING) && !g_str_equal (specs[i]->name, "post-messages")) {
      check_changes (specs[i]);
      n_mutable++;
    }
  CHECK (n_mutable >= 5, "%u properties", n_mutable);
  g_free (specs);
  gst_object_unref (element);
}

/* Off for twenty seconds and on again, the worker being up to a second behind. */
static void
test_messages_again (void)
{
  Log log;
  GstHarness *harness = log_open_audio (&log);

  g_object_set (harness->element, "post-messages", FALSE, NULL);
  push_seconds (harness, 20, 0, .3F);
  CHECK (log.n == 0, "%u messages although they are off", log.n);
  g_object_set (harness->element, "post-messages", TRUE, NULL);
  push_seconds (harness, 20, 20 * GST_SECOND, .3F);
  push_eos (harness);
  CHECK (log_count (&log, FALSE) >= 20 && log_count (&log, FALSE) <= 21, "%u messages in 20 s",
      log_count (&log, FALSE));
  log_close (&log);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_interval_lowered ();
  test_all_that_may_change ();
  test_messages_again ();
  TEST_END ();
}
