/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/decode.h - anything that GStreamer reads -> mono float at its own rate, stretch by stretch.
 *
 * Layer:   gst; GStreamer, gst/pcm, complaint.
 * Threads: one object serves one thread; any number may be at work.  gst_init() has been called.
 *
 * Nothing is resampled, and samples become mono by genre_pcm_to_mono(), from the decoder's own format: what comes out
 * is what the element would analyse behind the same decoder.
 */
#ifndef GST_TOOLS_DECODE_H
#define GST_TOOLS_DECODE_H

#include <gst/gst.h>

typedef struct GenreDecoder GenreDecoder;

/* location: a file's path, or a URI.  Returns at once: what is wrong with it comes with the first stretch. */
GenreDecoder *genre_decoder_new (const char *location);
void genre_decoder_free (GenreDecoder *decoder); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GenreDecoder, genre_decoder_free)

/* Before the first stretch, or not at all: where it begins.
 *
 * offset, length  seconds; a recording that is shorter than both together is heard from `length` before its end, or
 *                 from its beginning
 * ret_offset      where that is
 *
 * FALSE: as genre_decoder_next(). */
gboolean genre_decoder_seek (GenreDecoder *decoder, double offset, double length, double *ret_offset, GError **error);

/* Seconds that the file says it is long, which need not be true; 0: it does not say.  Once a stretch has come. */
double genre_decoder_duration (const GenreDecoder *decoder);

typedef struct GenreStretch
{
  const float *mono; /* [n], finite; valid until the next call */
  gsize n;           /* 0: the end */
  guint rate_hz;     /* 2000 ... 1000000; may change from stretch to stretch */
  gboolean fresh;    /* it begins audio of another rate, number of channels or format; TRUE for the first */
} GenreStretch;

/* Waits for the next stretch.  FALSE: it could not be decoded, had no audio, or tool_interrupted(); `error` says so in
 * one line, without the name of the file.  Only free, and the tags, may follow then or after the end. */
gboolean genre_decoder_next (GenreDecoder *decoder, GenreStretch *ret_stretch, GError **error);

/* At the end: whether in some stretch of one format nothing was left of the channels but silence, as they cancel each
 * other in their mean. */
gboolean genre_decoder_cancelled (const GenreDecoder *decoder);

/* How a message says that. */
#define GENRE_DECODER_CANCELLED                                                                                        \
  "its channels cancel each other in their mean, which is silence: change the sign of one or leave it out"

/* What has been seen so far, all of them at the end; the first of each that came.  Never NULL. */
const GstTagList *genre_decoder_tags (const GenreDecoder *decoder);

#endif
