/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * examples/listen.c - says which genre plays in recordings, as a program of your own might.
 *
 * Layer:   an application: GStreamer's core and our public header, nothing else of ours.
 * Threads: one; GStreamer's own put their messages on the bus, where we fetch them.
 *
 *   listen URI-or-FILE...
 */
#include <gst/genreclassify/genremessage.h>
#include <locale.h>

/* Of whatever there is in the file only the audio is decoded. */
#define PIPELINE                                                                                                       \
  "uridecodebin name=source caps=audio/x-raw expose-all-streams=false ! audioconvert ! genreclassify ! fakesink"

/* One line for a window: where it ends in the recording, and what is heard there. */
static void
print_window (const GstGenreMessage *genre)
{
  if (GST_CLOCK_TIME_IS_VALID (genre->stream_time))
    g_print ("%7.1f s  %s\n", (gdouble) (genre->stream_time + genre->duration) / GST_SECOND, genre->summary);
  else
    g_print ("        -  %s\n", genre->summary); /* a source that does not know where it is */
}

/* The last message of a recording is about all of it. */
static void
print_final (const gchar *name, const GstGenreMessage *genre)
{
  g_print ("%s: %s\n", name, genre->summary);
  if (genre->state != GST_GENRE_STATE_OK)
    return;
  for (guint i = 0; i < genre->n_labels; i++)
    g_print ("    %-12s %5.1f %%\n", gst_genre_message_label (genre, i),
        100 * gst_genre_message_probability (genre, i));
}

/* Returns when the recording is over.  FALSE: it could not be read. */
static gboolean
listen_to (GstElement *pipeline, const gchar *name)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  gboolean running = TRUE, ok = TRUE;

  gst_element_set_state (pipeline, GST_STATE_PLAYING); /* if this fails, the bus says why */
  while (running) {
    GstMessage *message = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE,
        (GstMessageType) (GST_MESSAGE_ELEMENT | GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
    GstGenreMessage genre;

    if (gst_genre_message_parse (message, &genre)) { /* FALSE for messages of other elements */
      if (genre.final)
        print_final (name, &genre);
      else
        print_window (&genre);
    } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
      GError *error = NULL;

      gst_message_parse_error (message, &error, NULL);
      g_printerr ("%s: %s\n", name, error->message);
      g_clear_error (&error);
      running = ok = FALSE;
    } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS) {
      running = FALSE;
    }
    gst_message_unref (message);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  return ok;
}

/* A name may look like a URI and be a file's: "Live: one.mp3". */
static gchar *
to_uri (const gchar *argument, GError **error)
{
  if (!g_file_test (argument, G_FILE_TEST_EXISTS) && gst_uri_is_valid (argument))
    return g_strdup (argument);
  return gst_filename_to_uri (argument, error);
}

static gboolean
listen_to_uri_or_file (const gchar *argument)
{
  GError *error = NULL;
  gchar *name = g_filename_display_name (argument); /* a file's name may be in any encoding */
  gchar *uri = to_uri (argument, &error);
  GstElement *pipeline = uri ? gst_parse_launch (PIPELINE, &error) : NULL;
  gboolean ok = FALSE;

  if (error) { /* no such element: is GST_PLUGIN_PATH set? */
    g_printerr ("%s: %s\n", name, error->message);
  } else {
    GstElement *source = gst_bin_get_by_name (GST_BIN (pipeline), "source");

    g_object_set (source, "uri", uri, NULL);
    gst_object_unref (source);
    ok = listen_to (pipeline, name);
  }
  g_clear_object (&pipeline);
  g_clear_error (&error);
  g_free (uri);
  g_free (name);
  return ok;
}

int
main (int argc, char **argv)
{
  gboolean ok = TRUE;

  setlocale (LC_ALL, ""); /* g_print() converts to the locale's encoding, which is ASCII without this */
  gst_init (&argc, &argv);
  if (argc < 2) {
    g_printerr ("usage: %s URI-or-FILE...\n", argv[0]);
    return 2;
  }
  for (int i = 1; i < argc; i++)
    ok &= listen_to_uri_or_file (argv[i]);
  return ok ? 0 : 1;
}
