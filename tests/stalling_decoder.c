/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A plugin for test-e2e-bad-files: a decoder of FLAC, before all others, that takes what comes and gives nothing.
 */
#include <gst/gst.h>

#define TYPE_STALLING_DECODER stalling_decoder_get_type ()
G_DECLARE_FINAL_TYPE (StallingDecoder, stalling_decoder, STALLING, DECODER, GstElement)

struct _StallingDecoder
{
  GstElement parent;
};

G_DEFINE_TYPE (StallingDecoder, stalling_decoder, GST_TYPE_ELEMENT)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("audio/x-flac"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("audio/x-raw"));

static GstFlowReturn
stall (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  (void) parent;
  gst_buffer_unref (buffer);
  while (!GST_PAD_IS_FLUSHING (pad))
    g_usleep (10000);
  return GST_FLOW_FLUSHING;
}

static void
stalling_decoder_init (StallingDecoder *decoder)
{
  GstPad *sink = gst_pad_new_from_static_template (&sink_template, "sink");

  gst_pad_set_chain_function (sink, stall);
  gst_element_add_pad (GST_ELEMENT (decoder), sink);
  gst_element_add_pad (GST_ELEMENT (decoder), gst_pad_new_from_static_template (&src_template, "src"));
}

static void
stalling_decoder_class_init (StallingDecoderClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Stalling decoder", "Codec/Decoder/Audio",
      "Takes FLAC and gives nothing", "genreclassify");
}

static gboolean
plugin_init (GstPlugin *plugin)
{
  return gst_element_register (plugin, "stallingdecoder", GST_RANK_PRIMARY + 100, TYPE_STALLING_DECODER);
}

/* The macro casts string literals. */
#pragma GCC diagnostic ignored "-Wcast-qual"

#define PACKAGE "genreclassify"
GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, stalling, "a decoder that stalls", plugin_init, "0", "LGPL",
    "genreclassify", "https://example.invalid/")
