/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/decode.h"

#include "gst/tools/complaint.h"
#include "gst/tools/downmix.h"
#include "gst/tools/handover.h"
#include "gst/tools/interrupt.h"
#include "gst/tools/pipeline_idle.h"

#include <gst/pbutils/pbutils.h>

enum
{
  IDLE_POLLS = 2,
};

static const GstClockTime POLL = 100 * GST_MSECOND;

/* How long to wait while nothing is read and no sample comes out.  A server may need long, and its source has a time
 * limit of its own; a disk has none. */
static const gint64 FILE_PATIENCE_US = 5 * G_USEC_PER_SEC, OTHER_PATIENCE_US = 60 * G_USEC_PER_SEC;

struct GenreDecoder
{
  char *wrong; /* what is known to be wrong before anything is decoded; NULL: nothing */
  char *path;  /* NULL: it is no file */
  GstElement *pipeline;
  GstBus *bus;
  ToolHandover *handover; /* of the sink's samples */
  GstPad *sinkpad;        /* the sink's */
  GstTagList *tags;
  gint no_audio;         /* atomic: all streams are known, and none is audio */
  gint reads;            /* atomic: buffers that the source has given */
  GstStructure *missing; /* of the first missing-plugin message that matters; NULL: none came */
  guint idle_polls;      /* polls in a row at which no task was running */

  ToolDownmix *downmix;
  gboolean playing; /* samples are asked for */
  gboolean heard;   /* at least one sample came */
  gboolean fresh;   /* the next stretch begins audio of another kind */
};

/* --- the pipeline ---------------------------------------------------------------------------------------------- */

static void
on_pad_added (GstElement *source, GstPad *pad, gpointer data)
{
  GenreDecoder *decoder = data;

  (void) source;
  if (!gst_pad_is_linked (decoder->sinkpad))
    gst_pad_link (pad, decoder->sinkpad); /* of several streams of audio, the first; others than audio do not fit */
}

static void
on_no_more_pads (GstElement *source, gpointer data)
{
  GenreDecoder *decoder = data;

  (void) source;
  if (!gst_pad_is_linked (decoder->sinkpad))
    g_atomic_int_set (&decoder->no_audio, TRUE);
}

static GstPadProbeReturn
on_read (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GenreDecoder *decoder = data;

  (void) pad, (void) info;
  g_atomic_int_inc (&decoder->reads);
  return GST_PAD_PROBE_OK;
}

/* source: filesrc or what else reads the URI */
static void
on_source_setup (GstElement *bin, GstElement *source, gpointer data)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (source, "src");

  (void) bin;
  if (pad)
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_read, data, NULL);
}

/* NULL: an error. */
static char *
uri_of (const char *location, char **ret_wrong)
{
  g_autoptr (GError) error = NULL;

  /* The name of an existing file may look like a URI. */
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
  decoder->downmix = tool_downmix_new ();
  g_autofree char *uri = uri_of (location, &decoder->wrong);
  if (!uri)
    return decoder;
  decoder->path = g_filename_from_uri (uri, NULL, NULL);

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
  g_object_set (sink, "caps", caps, "sync", FALSE, "enable-last-sample", FALSE, "wait-on-eos", FALSE, NULL);
  decoder->pipeline = gst_pipeline_new (NULL);
  decoder->bus = gst_element_get_bus (decoder->pipeline);
  decoder->handover = tool_handover_new (GST_APP_SINK (sink));
  decoder->sinkpad = sink->sinkpads->data;
  gst_bin_add_many (GST_BIN (decoder->pipeline), source, sink, NULL);
  g_signal_connect (source, "pad-added", G_CALLBACK (on_pad_added), decoder);
  g_signal_connect (source, "source-setup", G_CALLBACK (on_source_setup), decoder);
  g_signal_connect (source, "no-more-pads", G_CALLBACK (on_no_more_pads), decoder);
  gst_element_set_state (decoder->pipeline, GST_STATE_PAUSED); /* what fails is said on the bus */
  return decoder;
}

void
genre_decoder_free (GenreDecoder *decoder)
{
  if (!decoder)
    return;
  if (decoder->pipeline) {
    tool_handover_stop (decoder->handover);
    gst_element_set_state (decoder->pipeline, GST_STATE_NULL);
    gst_object_unref (decoder->bus);
    gst_object_unref (decoder->pipeline);
    tool_handover_free (decoder->handover);
  }
  g_clear_pointer (&decoder->missing, gst_structure_free);
  gst_tag_list_unref (decoder->tags);
  tool_downmix_free (decoder->downmix);
  g_free (decoder->wrong);
  g_free (decoder->path);
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

static gboolean
complain (const GenreDecoder *decoder, const GError *found, GError **error)
{
  g_autofree char *text = tool_complaint (decoder->path, found, decoder->missing);

  return fail (error, "%s", text);
}

static void
take_tags (GenreDecoder *decoder, GstMessage *message)
{
  GstTagList *tags = NULL;

  gst_message_parse_tag (message, &tags);
  gst_tag_list_insert (decoder->tags, tags, GST_TAG_MERGE_KEEP);
  gst_tag_list_unref (tags);
}

/* Of a film without a decoder for its pictures, the sound may be all that is wanted.  structure: of any message */
static gboolean
is_missed (const GstStructure *structure)
{
  g_autoptr (GstCaps) caps = NULL;

  if (!structure || !gst_structure_has_name (structure, "missing-plugin"))
    return FALSE;
  if (!gst_structure_get (structure, "detail", GST_TYPE_CAPS, &caps, NULL) || !caps || !gst_caps_is_fixed (caps))
    return TRUE;
  const GstPbUtilsCapsDescriptionFlags kinds = gst_pb_utils_get_caps_description_flags (caps);
  return kinds == 0
      || (kinds & (GST_PBUTILS_CAPS_DESCRIPTION_FLAG_CONTAINER | GST_PBUTILS_CAPS_DESCRIPTION_FLAG_AUDIO)) != 0;
}

/* Everything that is on the bus.  FALSE: an error was. */
static gboolean
read_bus (GenreDecoder *decoder, GError **error)
{
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
        if (!decoder->missing && is_missed (structure))
          decoder->missing = gst_structure_copy (structure);
        break;
      case GST_MESSAGE_ERROR:
        gst_message_parse_error (message, &found, NULL);
        break;
      default:
        break;
    }
    gst_message_unref (message);
    if (found)
      return complain (decoder, found, error);
  }
  return TRUE;
}

/* --- an end without a sample ----------------------------------------------------------------------------------- */

/* decodebin drops an error that a demuxer posts while it is being plugged: then nothing follows, no error, no stream
 * and no end.  But a task that has ended for any reason is paused, and while no task runs, nothing can follow. */
static gboolean
is_dead (GenreDecoder *decoder)
{
  if (!decoder->path || gst_pad_is_linked (decoder->sinkpad))
    return FALSE;
  decoder->idle_polls = tool_pipeline_is_idle (GST_BIN (decoder->pipeline)) ? decoder->idle_polls + 1 : 0;
  return decoder->idle_polls >= IDLE_POLLS;
}

/* Called when no sample came for a while.  FALSE: none will come.  reads, since_us: what had been read, and when
 * that was new */
static gboolean
may_wait (GenreDecoder *decoder, gint *reads, gint64 *since_us, GError **error)
{
  const gint64 now_us = g_get_monotonic_time (), patience_us = decoder->path ? FILE_PATIENCE_US : OTHER_PATIENCE_US;
  const gint now = g_atomic_int_get (&decoder->reads);

  if (now != *reads)
    *since_us = now_us;
  *reads = now;
  if (g_atomic_int_get (&decoder->no_audio)) {
    const GError none = { GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN, NULL }; /* as decodebin says it otherwise */
    return complain (decoder, &none, error);
  }
  if (is_dead (decoder))
    return complain (decoder, NULL, error);
  if (now_us - *since_us > patience_us)
    return fail (error, "no data was read and the decoder gave no audio for %d s",
        (int) (patience_us / G_USEC_PER_SEC));
  return TRUE;
}

/* --- samples --------------------------------------------------------------------------------------------------- */

/* Waits for the next sample of GStreamer's, which may be NULL: the end.  FALSE: none will come. */
static gboolean
pull (GenreDecoder *decoder, GstSample **ret_sample, GError **error)
{
  gint64 since_us = g_get_monotonic_time ();
  gint reads = g_atomic_int_get (&decoder->reads);

  if (decoder->wrong)
    return fail (error, "%s", decoder->wrong);
  if (!decoder->playing)
    gst_element_set_state (decoder->pipeline, GST_STATE_PLAYING);
  decoder->playing = TRUE;
  for (;;) {
    gboolean eos;
    g_autoptr (GstSample) sample = tool_handover_take (decoder->handover, POLL, &eos);

    if (tool_interrupted ())
      return fail (error, "interrupted");
    if (!read_bus (decoder, error))
      return FALSE;
    if (sample || eos) {
      *ret_sample = g_steal_pointer (&sample);
      return TRUE;
    }
    if (!may_wait (decoder, &reads, &since_us, error))
      return FALSE;
  }
}

gboolean
genre_decoder_next (GenreDecoder *decoder, GenreStretch *ret_stretch, GError **error)
{
  for (;;) {
    g_autoptr (GstSample) sample = NULL;
    g_autofree char *wrong = NULL;
    gsize n = 0;
    gboolean fresh = FALSE;

    if (!pull (decoder, &sample, error))
      return FALSE;
    if (sample && !tool_downmix_convert (decoder->downmix, sample, &n, &fresh, &wrong))
      return fail (error, "%s", wrong);
    decoder->fresh |= fresh;
    if (!sample && !decoder->heard)
      return fail (error, "it contains no audio samples");
    if (n > 0 || !sample) {
      decoder->heard = TRUE;
      *ret_stretch = (GenreStretch){ tool_downmix_mono (decoder->downmix), n, tool_downmix_rate (decoder->downmix),
        decoder->fresh };
      decoder->fresh = FALSE;
      return TRUE;
    }
  }
}

double
genre_decoder_duration (const GenreDecoder *decoder)
{
  gint64 duration_ns;

  if (!decoder->pipeline || !gst_element_query_duration (decoder->pipeline, GST_FORMAT_TIME, &duration_ns))
    return 0;
  return duration_ns > 0 ? (double) duration_ns / GST_SECOND : 0;
}

/* Until all is known that a seek needs.  No sample may be taken before one: an appsink of GStreamer 1.22 that is
 * flushed while its sample is in use says that it is not writable. */
static gboolean
wait_until_paused (GenreDecoder *decoder, GError **error)
{
  gint64 since_us = g_get_monotonic_time ();
  gint reads = g_atomic_int_get (&decoder->reads);

  if (decoder->wrong)
    return fail (error, "%s", decoder->wrong);
  for (;;) {
    const GstStateChangeReturn change = gst_element_get_state (decoder->pipeline, NULL, NULL, POLL);

    if (tool_interrupted ())
      return fail (error, "interrupted");
    if (!read_bus (decoder, error))
      return FALSE;
    if (change == GST_STATE_CHANGE_SUCCESS || change == GST_STATE_CHANGE_NO_PREROLL)
      return TRUE;
    if (!may_wait (decoder, &reads, &since_us, error))
      return FALSE;
  }
}

gboolean
genre_decoder_seek (GenreDecoder *decoder, double offset, double length, double *ret_offset, GError **error)
{
  if (!wait_until_paused (decoder, error))
    return FALSE;
  const double duration = genre_decoder_duration (decoder);
  if (duration > 0)
    offset = MAX (0, MIN (offset, duration - length));
  if (!gst_element_seek_simple (decoder->pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
          (gint64) (offset * GST_SECOND)))
    return fail (error,
        "expected a recording in which a position can be found, found a stream or a "
        "file without times");
  *ret_offset = offset;
  return TRUE;
}

gboolean
genre_decoder_cancelled (const GenreDecoder *decoder)
{
  return tool_downmix_cancelled (decoder->downmix);
}

const GstTagList *
genre_decoder_tags (const GenreDecoder *decoder)
{
  return decoder->tags;
}
