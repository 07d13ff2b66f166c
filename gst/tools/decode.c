/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/decode.h"

#include "gst/pcm.h"
#include "gst/tools/interrupt.h"

#include <gst/app/app.h>
#include <gst/audio/audio.h>
#include <string.h>

enum
{
  MAX_BUFFERS = 16, /* decoded ahead */
  MIN_RATE = 2000,
  MAX_RATE = 1000000,
};

static const GstClockTime POLL = 100 * GST_MSECOND;
static const gint64 PATIENCE_US = 60 * G_USEC_PER_SEC; /* without a sample, an error or the end */

struct GenreDecoder
{
  char *wrong; /* what is known to be wrong before anything is decoded; NULL: nothing */
  GstElement *pipeline;
  GstBus *bus;
  GstAppSink *sink;
  GstTagList *tags;
  gint no_audio; /* atomic: all streams are known, and none is audio */

  GstCaps *caps; /* what `info` was read from */
  GstAudioInfo info;
  float *mono; /* [room] */
  gsize room;
  gboolean heard; /* at least one sample came */
};

/* --- the pipeline ---------------------------------------------------------------------------------------------- */

static void
on_pad_added (GstElement *source, GstPad *pad, gpointer data)
{
  GenreDecoder *decoder = data;
  g_autoptr (GstPad) sinkpad = gst_element_get_static_pad (GST_ELEMENT (decoder->sink), "sink");

  (void) source;
  if (!gst_pad_is_linked (sinkpad))
    gst_pad_link (pad, sinkpad); /* of several streams of audio, the first; others than audio do not fit */
}

static void
on_no_more_pads (GstElement *source, gpointer data)
{
  GenreDecoder *decoder = data;
  g_autoptr (GstPad) sinkpad = gst_element_get_static_pad (GST_ELEMENT (decoder->sink), "sink");

  (void) source;
  if (!gst_pad_is_linked (sinkpad))
    g_atomic_int_set (&decoder->no_audio, TRUE);
}

/* NULL: an error. */
static char *
uri_of (const char *location, char **ret_wrong)
{
  g_autoptr (GError) error = NULL;

  /* What is there as a file is one, whatever its name looks like. */
  if (!g_file_test (location, G_FILE_TEST_EXISTS) && gst_uri_is_valid (location))
    return g_strdup (location);
  if (!g_file_test (location, G_FILE_TEST_EXISTS)) {
    *ret_wrong = g_strdup ("no such file");
    return NULL;
  }
  if (!g_file_test (location, G_FILE_TEST_IS_REGULAR)) {
    *ret_wrong = g_strdup ("not a regular file");
    return NULL;
  }
  char *uri = gst_filename_to_uri (location, &error);
  if (!uri)
    *ret_wrong = g_strdup (error->message);
  return uri;
}

GenreDecoder *
genre_decoder_new (const char *location)
{
  GenreDecoder *decoder = g_new0 (GenreDecoder, 1);
  decoder->tags = gst_tag_list_new_empty ();
  g_autofree char *uri = uri_of (location, &decoder->wrong);
  if (!uri)
    return decoder;

  GstElement *source = gst_element_factory_make ("uridecodebin", NULL);
  GstElement *sink = gst_element_factory_make ("appsink", NULL);
  if (!source || !sink) {
    decoder->wrong = g_strdup_printf ("GStreamer has no element %s: are its base plugins installed?",
        source ? "appsink" : "uridecodebin");
    g_clear_pointer (&source, gst_object_unref);
    g_clear_pointer (&sink, gst_object_unref);
    return decoder;
  }

  /* Other streams than audio are not decoded. */
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("audio/x-raw");
  g_object_set (source, "uri", uri, "caps", caps, "expose-all-streams", FALSE, NULL);
  g_object_set (sink, "caps", caps, "sync", FALSE, "max-buffers", (guint) MAX_BUFFERS, "enable-last-sample", FALSE,
      "wait-on-eos", FALSE, NULL);
  decoder->pipeline = gst_pipeline_new (NULL);
  decoder->bus = gst_element_get_bus (decoder->pipeline);
  decoder->sink = GST_APP_SINK (gst_object_ref (sink));
  gst_bin_add_many (GST_BIN (decoder->pipeline), source, sink, NULL);
  g_signal_connect (source, "pad-added", G_CALLBACK (on_pad_added), decoder);
  g_signal_connect (source, "no-more-pads", G_CALLBACK (on_no_more_pads), decoder);
  gst_element_set_state (decoder->pipeline, GST_STATE_PLAYING); /* what fails is said on the bus */
  return decoder;
}

void
genre_decoder_free (GenreDecoder *decoder)
{
  if (!decoder)
    return;
  if (decoder->pipeline) {
    gst_element_set_state (decoder->pipeline, GST_STATE_NULL);
    gst_object_unref (decoder->sink);
    gst_object_unref (decoder->bus);
    gst_object_unref (decoder->pipeline);
  }
  gst_clear_caps (&decoder->caps);
  gst_tag_list_unref (decoder->tags);
  g_free (decoder->mono);
  g_free (decoder->wrong);
  g_free (decoder);
}

/* --- what the pipeline has to say ------------------------------------------------------------------------------ */

static gboolean
fail (GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  g_strdelimit (text, "\r\n\t", ' ');
  g_set_error_literal (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, g_strstrip (text));
  return FALSE;
}

static void
take_tags (GenreDecoder *decoder, GstMessage *message)
{
  GstTagList *tags = NULL;

  gst_message_parse_tag (message, &tags);
  gst_tag_list_insert (decoder->tags, tags, GST_TAG_MERGE_KEEP);
  gst_tag_list_unref (tags);
}

/* Everything that is on the bus.  FALSE: an error was. */
static gboolean
read_bus (GenreDecoder *decoder, GError **error)
{
  g_autofree char *missing = NULL;
  GstMessage *message;

  while ((message = gst_bus_pop (decoder->bus))) {
    g_autoptr (GError) found = NULL;
    const GstStructure *structure;

    switch (GST_MESSAGE_TYPE (message)) {
      case GST_MESSAGE_TAG:
        take_tags (decoder, message);
        break;
      case GST_MESSAGE_ELEMENT:
        structure = gst_message_get_structure (message);
        if (structure && gst_structure_has_name (structure, "missing-plugin") && !missing)
          missing = g_strdup (gst_structure_get_string (structure, "name"));
        break;
      case GST_MESSAGE_ERROR:
        gst_message_parse_error (message, &found, NULL);
        if (missing)
          fail (error, "%s (missing: %s)", found->message, missing);
        else if (g_error_matches (found, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN))
          fail (error, "there is no audio in it"); /* decodebin looked for an exposed stream, and found none */
        else
          fail (error, "%s", found->message);
        break;
      default:
        break;
    }
    gst_message_unref (message);
    if (found)
      return FALSE;
  }
  return TRUE;
}

/* --- samples --------------------------------------------------------------------------------------------------- */

static gboolean
take_caps (GenreDecoder *decoder, GstCaps *caps, GError **error)
{
  if (!caps || !gst_audio_info_from_caps (&decoder->info, caps))
    return fail (error, "audio of a kind that GStreamer cannot describe");
  const int rate = GST_AUDIO_INFO_RATE (&decoder->info);
  if (rate < MIN_RATE || rate > MAX_RATE)
    return fail (error, "expected a sample rate from %d to %d Hz, found %d", MIN_RATE, MAX_RATE, rate);
  gst_caps_replace (&decoder->caps, caps);
  return TRUE;
}

/* Fills mono; *ret_n is 0 if nothing of the buffer lies in the segment. */
static gboolean
convert (GenreDecoder *decoder, GstSample *sample, gsize *ret_n, GError **error)
{
  GstCaps *caps = gst_sample_get_caps (sample);
  if (caps != decoder->caps && !take_caps (decoder, caps, error))
    return FALSE;

  const GstAudioInfo *info = &decoder->info;
  const GstSegment *segment = gst_sample_get_segment (sample);
  GstBuffer *buffer = gst_buffer_ref (gst_sample_get_buffer (sample));
  if (segment->format == GST_FORMAT_TIME)
    buffer = gst_audio_buffer_clip (buffer, segment, GST_AUDIO_INFO_RATE (info), GST_AUDIO_INFO_BPF (info));
  *ret_n = 0;
  if (!buffer)
    return TRUE;

  GstAudioBuffer audio;
  gboolean ok = gst_audio_buffer_map (&audio, info, buffer, GST_MAP_READ);
  if (ok) {
    const gsize n = audio.n_samples;
    if (n > decoder->room) {
      decoder->room = n;
      decoder->mono = g_renew (float, decoder->mono, n);
    }
    if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP))
      memset (decoder->mono, 0, n * sizeof *decoder->mono);
    else
      genre_pcm_to_mono (info, audio.planes, 0, decoder->mono, n);
    gst_audio_buffer_unmap (&audio);
    *ret_n = n;
  } else {
    ok = fail (error, "a buffer of audio cannot be read");
  }
  gst_buffer_unref (buffer);
  return ok;
}

gboolean
genre_decoder_next (GenreDecoder *decoder, GenreStretch *ret_stretch, GError **error)
{
  if (decoder->wrong)
    return fail (error, "%s", decoder->wrong);

  for (gint64 waiting_since = g_get_monotonic_time ();;) {
    gsize n = 0;
    GstSample *sample = gst_app_sink_try_pull_sample (decoder->sink, POLL);
    const gboolean eos = !sample && gst_app_sink_is_eos (decoder->sink);
    gboolean ok = sample ? convert (decoder, sample, &n, error) : TRUE;

    g_clear_pointer (&sample, gst_sample_unref);
    if (ok && tool_interrupted ())
      ok = fail (error, "interrupted");
    if (!ok || !read_bus (decoder, error))
      return FALSE;
    if (eos && !decoder->heard)
      return fail (error, "there is no sound in it");
    if (n > 0 || eos) {
      decoder->heard = TRUE;
      *ret_stretch = (GenreStretch){ decoder->mono, n, (guint) GST_AUDIO_INFO_RATE (&decoder->info) };
      return TRUE;
    }
    if (g_atomic_int_get (&decoder->no_audio))
      return fail (error, "there is no audio in it");
    if (g_get_monotonic_time () - waiting_since > PATIENCE_US)
      return fail (error, "nothing came out of the decoder for %d s", (int) (PATIENCE_US / G_USEC_PER_SEC));
  }
}

const GstTagList *
genre_decoder_tags (const GenreDecoder *decoder)
{
  return decoder->tags;
}
