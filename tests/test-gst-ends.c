/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-ends.c - how the elements end when nobody ends them in order: stopped, removed or dropped by a handler
 * on their own worker, or dropped by anybody while they play.
 *
 * GStreamer answers the latter with a CRITICAL for each element, here expected by number, and leaks the pads: their
 * parent is gone and they are still active.  So nothing may stream then but what this program pushes itself.
 *
 * Layer:   tests; the elements.  The count of threads reads Linux's /proc.
 */
#include "tests/count_entries.h"
#include "tests/element_log.h"
#include "tests/watchdog.h"

enum
{
  ROUNDS = 20,
  BUFFERS = 37, /* of a tenth of a second */
};

/* --- criticals ------------------------------------------------------------------------------------------------- */

static gint disposals; /* in another state than NULL */

static void
on_log (const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer unused)
{
  (void) unused;
  if (strstr (text, "Trying to dispose element")) {
    g_atomic_int_inc (&disposals);
    return;
  }
  CHECK ((level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING | G_LOG_LEVEL_ERROR)) == 0, "%s: %s", domain, text);
}

/* --- a pipeline ------------------------------------------------------------------------------------------------ */

typedef struct Play
{
  void (*act) (struct Play *play); /* in the handler of the first message, on the worker */
  GstElement *pipeline;            /* genre ! fakesink; NULL: dropped */
  GstElement *genre;               /* no reference */
  GstPad *src;                     /* ours, linked to the genre's */
  GstPad *sink;                    /* the genre's */
  gboolean ragged;                 /* the first buffer is: the message is the warning of it */
  GMutex lock;                     /* of what follows */
  GCond changed;
  gboolean pushed;   /* the handler may go on */
  gboolean released; /* the same, where the test holds it back */
  guint messages;
  guint acted;
  gboolean gone; /* the genre is finalised */
} Play;

static void
set_flag (Play *play, gboolean *flag)
{
  g_mutex_lock (&play->lock);
  *flag = TRUE;
  g_cond_broadcast (&play->changed);
  g_mutex_unlock (&play->lock);
}

static void
wait_for (Play *play, const gboolean *flag)
{
  g_mutex_lock (&play->lock);
  while (!*flag)
    g_cond_wait (&play->changed, &play->lock);
  g_mutex_unlock (&play->lock);
}

static void
wait_for_messages (Play *play, guint n)
{
  g_mutex_lock (&play->lock);
  while (play->messages < n)
    g_cond_wait (&play->changed, &play->lock);
  g_mutex_unlock (&play->lock);
}

static GstBusSyncReply
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Play *play = user_data;
  const GstStructure *structure = gst_message_get_structure (message);
  const gboolean answer = GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT
      && gst_structure_has_name (structure, "genreclassify");
  gboolean first;

  (void) bus;
  if (play->ragged ? GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING : answer) {
    g_mutex_lock (&play->lock);
    first = play->messages++ == 0;
    g_cond_broadcast (&play->changed);
    g_mutex_unlock (&play->lock);
    if (first && play->act) {
      wait_for (play, &play->pushed);
      play->act (play);
      g_mutex_lock (&play->lock);
      play->acted++;
      g_cond_broadcast (&play->changed);
      g_mutex_unlock (&play->lock);
    }
  }
  gst_message_unref (message); /* those of states hold a reference to their source */
  return GST_BUS_DROP;
}

static void
on_gone (gpointer user_data, GObject *genre)
{
  Play *play = user_data;

  (void) genre;
  set_flag (play, &play->gone);
}

static gboolean
answer_live (GstPad *pad, GstObject *parent, GstQuery *query)
{
  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return gst_pad_query_default (pad, parent, query);
  gst_query_set_latency (query, TRUE, 0, GST_CLOCK_TIME_NONE);
  return TRUE;
}

/* A pipeline that takes what this program pushes: live, so that it never waits, and has room for ten seconds. */
static void
play_open (Play *play, const gchar *name, void (*act) (Play *))
{
  GstElement *fakesink = gst_element_factory_make ("fakesink", NULL);
  GstElement *genre = gst_element_factory_make (name, "genre");
  GstBus *bus;

  *play = (Play){ .act = act, .genre = genre };
  g_mutex_init (&play->lock);
  g_cond_init (&play->changed);
  g_object_set (genre, "model", g_getenv ("GENRE_TINY_MODEL"), "interval", (guint64) 1, NULL);
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (genre), "max-lag"))
    g_object_set (genre, "max-lag", 10 * GST_SECOND, NULL);
  g_object_set (fakesink, "async", FALSE, NULL);
  g_object_weak_ref (G_OBJECT (genre), on_gone, play);
  play->pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  gst_bin_add_many (GST_BIN (play->pipeline), genre, fakesink, NULL);
  gst_element_link (genre, fakesink);
  bus = gst_element_get_bus (play->pipeline);
  gst_bus_set_sync_handler (bus, on_message, play, NULL);
  gst_object_unref (bus);
  play->src = gst_object_ref_sink (gst_pad_new ("src", GST_PAD_SRC));
  gst_pad_set_query_function (play->src, answer_live);
  play->sink = gst_element_get_static_pad (genre, "sink");
  gst_pad_link (play->src, play->sink);
  gst_pad_set_active (play->src, TRUE);
}

static void
push_header (Play *play)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (play->src, gst_event_new_stream_start ("ends"));
  gst_pad_push_event (play->src, gst_event_new_caps (gst_caps_from_string (LOG_CAPS (22050))));
  gst_pad_push_event (play->src, gst_event_new_segment (&segment));
}

/* The tiny model's first answer is due after 3.5 s. */
static void
push_some (Play *play)
{
  push_header (play);
  if (play->ragged)
    CHECK (gst_pad_push (play->src, gst_buffer_new_allocate (NULL, 1002, NULL)) == GST_FLOW_OK, "push");
  for (guint i = 0; i < BUFFERS; i++)
    CHECK (gst_pad_push (play->src, audio (RATE / 10, i * GST_SECOND / 10, .3F, i)) == GST_FLOW_OK, "push");
}

/* The pads may have outlived their element. */
static void
drop_pads (Play *play)
{
  if (play->gone && GST_OBJECT_PARENT (play->sink))
    gst_object_unparent (GST_OBJECT (play->sink));
  gst_pad_set_active (play->src, FALSE);
  gst_pad_unlink (play->src, play->sink);
  gst_pad_set_active (play->sink, FALSE);
  gst_object_unref (play->src);
  gst_object_unref (play->sink);
}

/* All of the element is gone, its thread too. */
static void
play_close (Play *play, const gchar *what, guint expected_disposals, guint threads)
{
  wait_for (play, &play->gone);
  while (count_threads () > threads) /* a thread that comes back from its handler says nothing more */
    g_usleep (100);
  drop_pads (play);
  CHECK ((guint) g_atomic_int_get (&disposals) == expected_disposals,
      "%s: %d elements disposed of while they play, "
      "not %u",
      what, disposals, expected_disposals);
  g_atomic_int_set (&disposals, 0);
  g_cond_clear (&play->changed);
  g_mutex_clear (&play->lock);
}

/* --- by a handler ---------------------------------------------------------------------------------------------- */

static void
stop_pipeline (Play *play)
{
  CHECK (gst_element_set_state (play->pipeline, GST_STATE_NULL) == GST_STATE_CHANGE_SUCCESS, "NULL in the handler");
}

static void
restart_pipeline (Play *play)
{
  stop_pipeline (play);
  CHECK (gst_element_set_state (play->pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE, "PLAYING again");
}

static void
remove_stopped (Play *play)
{
  GstElement *genre = gst_object_ref (play->genre);

  CHECK (gst_bin_remove (GST_BIN (play->pipeline), genre), "remove");
  CHECK (gst_element_set_state (genre, GST_STATE_NULL) == GST_STATE_CHANGE_SUCCESS, "NULL in the handler");
  gst_object_unref (genre);
}

static void
remove_playing (Play *play)
{
  gst_bin_remove (GST_BIN (play->pipeline), play->genre);
}

static void
drop_pipeline (Play *play)
{
  gst_clear_object (&play->pipeline);
}

/* What a handler does to its element on the element's own worker, and what is to be expected.  genrescope posts no
 * answers, but warnings. */
typedef struct Act
{
  const gchar *name;
  void (*act) (Play *play);
  guint disposals;
  gboolean goes_on;
} Act;

static const Act acts[] = {
  { "set to NULL", stop_pipeline, 0, FALSE },
  { "set to NULL and PLAYING", restart_pipeline, 0, TRUE },
  { "removed and set to NULL", remove_stopped, 0, FALSE },
  { "removed while it plays", remove_playing, 1, FALSE },
  { "dropped", drop_pipeline, 3, FALSE },
};

static void
test_handler_ends (const gchar *name, const Act *act, gboolean ragged, guint threads)
{
  Play play;

  play_open (&play, name, act->act);
  play.ragged = ragged;
  gst_element_set_state (play.pipeline, GST_STATE_PLAYING);
  push_some (&play);
  set_flag (&play, &play.pushed);
  g_mutex_lock (&play.lock);
  while (play.acted == 0)
    g_cond_wait (&play.changed, &play.lock);
  const guint before = play.messages;
  g_mutex_unlock (&play.lock);
  CHECK (act->goes_on || before == 1, "%s: %u messages", act->name, before);
  if (act->goes_on) { /* on another thread, while the old one comes back */
    push_some (&play);
    if (!ragged)
      wait_for_messages (&play, before + 3);
  }
  if (play.pipeline) {
    gst_element_set_state (play.pipeline, GST_STATE_NULL);
    gst_clear_object (&play.pipeline);
  }
  play_close (&play, act->name, act->disposals, threads);
}

/* --- by anybody ------------------------------------------------------------------------------------------------ */

/* The last reference of a pipeline goes in that state, perhaps with audio before the worker. */
static void
test_dropped (const gchar *name, GstState state, gboolean with_audio, guint disposals_expected, guint threads)
{
  Play play;

  play_open (&play, name, NULL);
  gst_element_set_state (play.pipeline, state);
  if (with_audio)
    push_some (&play);
  gst_clear_object (&play.pipeline);
  play_close (&play, name, disposals_expected, threads);
}

/* An element alone, in a state that its owner forgets. */
static void
test_dropped_alone (const gchar *name, GstState state, guint threads)
{
  Play play;
  GstElement *genre;

  play_open (&play, name, NULL);
  genre = gst_object_ref (play.genre);
  gst_bin_remove (GST_BIN (play.pipeline), genre);
  gst_clear_object (&play.pipeline);
  gst_element_set_state (genre, state);
  gst_object_unref (genre);
  play_close (&play, name, state > GST_STATE_NULL, threads);
}

static void
hold_back (Play *play)
{
  wait_for (play, &play->released);
}

static gpointer
push_until_refused (gpointer data)
{
  Play *play = data;

  push_header (play);
  for (guint i = 0; gst_pad_push (play->src, audio (RATE / 10, i * GST_SECOND / 10, .3F, i)) == GST_FLOW_OK; i++)
    ;
  return NULL;
}

static GstPadProbeReturn
on_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  (void) pad;
  (void) info;
  g_atomic_int_inc ((gint *) user_data);
  return GST_PAD_PROBE_OK;
}

/* The last reference goes while the stream waits inside of the element for room: it holds one itself, and its end is
 * the element's. */
static void
test_dropped_by_stream (guint threads)
{
  Play play;
  gint in = 0, out = 0;
  GThread *thread;
  GstPad *src;

  play_open (&play, "genreclassify", hold_back);
  gst_pad_set_query_function (play.src, gst_pad_query_default); /* not live */
  src = gst_element_get_static_pad (play.genre, "src");
  gst_pad_add_probe (play.sink, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, &in, NULL);
  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, &out, NULL);
  gst_element_set_state (play.pipeline, GST_STATE_PLAYING);
  set_flag (&play, &play.pushed);
  thread = g_thread_new ("stream", push_until_refused, &play);
  for (guint still = 0, last = 0; still < 100; g_usleep (100)) { /* until one is inside, and stays there */
    const guint now = (guint) g_atomic_int_get (&in);

    still = now == last && now == (guint) g_atomic_int_get (&out) + 1 ? still + 1 : 0;
    last = now;
  }
  gst_clear_object (&play.pipeline);
  set_flag (&play, &play.released);
  g_thread_join (thread);
  gst_object_unref (src);
  play_close (&play, "dropped while it streams", 3, threads);
}

/* --- all ------------------------------------------------------------------------------------------------------- */

int
main (int argc, char **argv)
{
  Watchdog dog;
  guint threads;

  gst_init (&argc, &argv);
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR); /* whatever G_DEBUG says: criticals are counted */
  g_log_set_default_handler (on_log, NULL);

  GstElementFactory *scope = gst_element_factory_find ("genrescope");
  const gchar *const names[] = { "genreclassify", scope ? "genrescope" : NULL };

  watchdog_start (&dog, "first");
  threads = count_threads () + 8; /* of libraries that are loaded only now */
  test_dropped ("genreclassify", GST_STATE_PLAYING, TRUE, 3, threads);
  threads = count_threads ();
  for (guint round = 0; round < ROUNDS; round++) {
    for (guint i = 0; i < G_N_ELEMENTS (acts); i++) {
      watchdog_feed (&dog, acts[i].name);
      test_handler_ends ("genreclassify", &acts[i], FALSE, threads);
      for (guint k = 0; k < G_N_ELEMENTS (names) && names[k]; k++)
        test_handler_ends (names[k], &acts[i], TRUE, threads);
    }
    for (guint i = 0; i < G_N_ELEMENTS (names) && names[i]; i++) {
      watchdog_feed (&dog, names[i]);
      for (guint state = GST_STATE_NULL; state <= GST_STATE_PLAYING; state++)
        test_dropped_alone (names[i], (GstState) state, threads);
      test_dropped (names[i], GST_STATE_PAUSED, FALSE, 3, threads);
      test_dropped (names[i], GST_STATE_PLAYING, FALSE, 3, threads);
      test_dropped (names[i], GST_STATE_PLAYING, TRUE, 3, threads);
    }
    watchdog_feed (&dog, "dropped while it streams");
    test_dropped_by_stream (threads);
  }
  watchdog_stop (&dog);
  gst_clear_object (&scope);
  TEST_END ();
}
