/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/pcm.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Samples at a time: what is unpacked or realigned lies on the stack. */
enum
{
  BLOCK = 512
};

/* 400 dB below full scale, and far above the smallest normal float. */
#define LEAST 1e-20

/* Bytes a sample takes.  GST_AUDIO_INFO_BPS is made of the depth: too few for S24_32, S20 and S18. */
static gsize
sample_bytes (const GstAudioInfo *info)
{
  return (gsize) GST_AUDIO_INFO_WIDTH (info) / 8;
}

/* --- Fast loops: native, interleaved, aligned, one or two channels ---------------------------------------------- */

/* As bits, whose order is that of the magnitudes: with comparisons of floats gcc finds no vector code, and stereo takes
 * three times as long. */
static float
clean_float (float x)
{
  const gint32 least = 0x1e3ce508, infinity = 0x7f800000; /* LEAST, INFINITY */
  guint32 bits;

  memcpy (&bits, &x, sizeof bits);
  const gint32 magnitude = (gint32) (bits & 0x7fffffff);
  bits &= -(guint32) ((magnitude >= least) & (magnitude < infinity));
  memcpy (&x, &bits, sizeof x);
  return x;
}

VECTOR_CLONES static void
mono_s16 (const gint16 *in, float *mono, gsize n)
{
  for (gsize i = 0; i < n; i++)
    mono[i] = (float) in[i] * 0x1p-15f;
}

VECTOR_CLONES static void
stereo_s16 (const gint16 *in, float *mono, gsize n)
{
  for (gsize i = 0; i < n; i++)
    mono[i] = (float) (in[2 * i] + in[2 * i + 1]) * 0x1p-16f;
}

VECTOR_CLONES static void
mono_s32 (const gint32 *in, float *mono, gsize n)
{
  for (gsize i = 0; i < n; i++)
    mono[i] = (float) in[i] * 0x1p-31f;
}

/* The mean rounded down to a whole number, without overflow: half a step of 2^-31 is lost. */
VECTOR_CLONES static void
stereo_s32 (const gint32 *in, float *mono, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    const gint32 l = in[2 * i], r = in[2 * i + 1];

    mono[i] = (float) ((l >> 1) + (r >> 1) + (l & r & 1)) * 0x1p-31f;
  }
}

VECTOR_CLONES static void
mono_f32 (const float *in, float *mono, gsize n)
{
  for (gsize i = 0; i < n; i++)
    mono[i] = clean_float (in[i]);
}

/* Halves first: the sum of two floats may overflow. */
VECTOR_CLONES static void
stereo_f32 (const float *in, float *mono, gsize n)
{
  for (gsize i = 0; i < n; i++)
    mono[i] = clean_float (.5f * clean_float (in[2 * i]) + .5f * clean_float (in[2 * i + 1]));
}

/* in  n sample frames, aligned.  FALSE: there is no loop for this kind of audio. */
static gboolean
convert_fast (const GstAudioInfo *info, gconstpointer in, float *mono, gsize n)
{
  const gboolean stereo = GST_AUDIO_INFO_CHANNELS (info) == 2;

  switch (GST_AUDIO_INFO_FORMAT (info)) {
    case GST_AUDIO_FORMAT_S16:
      (stereo ? stereo_s16 : mono_s16) (in, mono, n);
      return TRUE;
    case GST_AUDIO_FORMAT_S32:
      (stereo ? stereo_s32 : mono_s32) (in, mono, n);
      return TRUE;
    case GST_AUDIO_FORMAT_F32:
      (stereo ? stereo_f32 : mono_f32) (in, mono, n);
      return TRUE;
    default:
      return FALSE;
  }
}

/* --- Any format, in doubles ------------------------------------------------------------------------------------- */

static double
clean_double (double x)
{
  const double magnitude = fabs (x);

  return magnitude >= LEAST && magnitude <= (double) FLT_MAX ? x : 0.;
}

/* in     n samples, at any address
 * aligned  [BLOCK] room for them, as wide as the widest format
 * Returns `in` itself where GStreamer's functions may read it as numbers. */
static gconstpointer
align (const GstAudioInfo *info, const guint8 *in, double *aligned, gsize n)
{
  const gsize bps = sample_bytes (info);

  /* Samples of three bytes are read as bytes. */
  if (bps == 3 || (guintptr) in % bps == 0)
    return in;
  memcpy (aligned, in, n * bps);
  return aligned;
}

/* in   n samples, n <= BLOCK
 * out  [n] finite, full scale = [-1, 1) */
static void
unpack (const GstAudioInfo *info, const guint8 *in, double *out, gsize n)
{
  const GstAudioFormatInfo *format = info->finfo;
  double aligned[BLOCK];
  gint32 integers[BLOCK];
  gconstpointer readable = align (info, in, aligned, n);

  if (format->unpack_format == GST_AUDIO_FORMAT_F64) {
    format->unpack_func (format, GST_AUDIO_PACK_FLAG_NONE, out, readable, (gint) n);
    for (gsize i = 0; i < n; i++)
      out[i] = clean_double (out[i]);
  } else {
    /* Left-aligned; the flag leaves the lower bits zero, so that narrow formats keep their exact values. */
    format->unpack_func (format, GST_AUDIO_PACK_FLAG_TRUNCATE_RANGE, integers, readable, (gint) n);
    for (gsize i = 0; i < n; i++)
      out[i] = (double) integers[i] * 0x1p-31;
  }
}

static float
mean (double sum, gsize channels)
{
  return (float) clean_double (sum / (double) channels);
}

/* Blocks need not end with a sample frame: there may be more channels than samples in one. */
static void
convert_interleaved (const GstAudioInfo *info, const guint8 *in, float *mono, gsize n_frames)
{
  const gsize channels = (gsize) GST_AUDIO_INFO_CHANNELS (info), bps = sample_bytes (info);
  const gsize n_samples = n_frames * channels;
  double block[BLOCK], sum = 0.;
  gsize channel = 0;

  for (gsize done = 0, n; done < n_samples; done += n) {
    n = MIN (n_samples - done, BLOCK);
    unpack (info, in + done * bps, block, n);
    for (gsize i = 0; i < n; i++) {
      sum += block[i];
      if (++channel == channels) {
        *mono++ = mean (sum, channels);
        sum = 0.;
        channel = 0;
      }
    }
  }
}

static void
convert_planar (const GstAudioInfo *info, gpointer const *planes, gsize first, float *mono, gsize n_frames)
{
  const gsize channels = (gsize) GST_AUDIO_INFO_CHANNELS (info), bps = sample_bytes (info);

  for (gsize done = 0, n; done < n_frames; done += n) {
    double block[BLOCK], sum[BLOCK] = { 0. };

    n = MIN (n_frames - done, BLOCK);
    for (gsize channel = 0; channel < channels; channel++) {
      unpack (info, (const guint8 *) planes[channel] + (first + done) * bps, block, n);
      for (gsize i = 0; i < n; i++)
        sum[i] += block[i];
    }
    for (gsize i = 0; i < n; i++)
      mono[done + i] = mean (sum[i], channels);
  }
}

void
genre_pcm_to_mono (const GstAudioInfo *info, gpointer const *planes, gsize first, float *mono, gsize n_frames)
{
  const gint channels = GST_AUDIO_INFO_CHANNELS (info);
  const gboolean interleaved = channels == 1 || GST_AUDIO_INFO_LAYOUT (info) == GST_AUDIO_LAYOUT_INTERLEAVED;

  if (!interleaved) {
    convert_planar (info, planes, first, mono, n_frames);
    return;
  }

  const guint8 *in = (const guint8 *) planes[0] + first * sample_bytes (info) * (gsize) channels;
  const gboolean aligned = (guintptr) in % sample_bytes (info) == 0;

  if (channels > 2 || !aligned || !convert_fast (info, in, mono, n_frames))
    convert_interleaved (info, in, mono, n_frames);
}

/* in    n samples, the first of `channel`, the next of the next of n_channels
 * sums  [n_channels] in and out
 * Returns the sum of their squares. */
static gdouble
add_samples (const GstAudioInfo *info, const guint8 *in, gsize n, gsize channel, gsize n_channels, gdouble *sums)
{
  const gsize bps = sample_bytes (info);
  gdouble square = 0;

  for (gsize done = 0, some; done < n; done += some) {
    double block[BLOCK];

    some = MIN (n - done, BLOCK);
    unpack (info, in + done * bps, block, some);
    for (gsize i = 0; i < some; i++) {
      sums[channel] += block[i];
      square += block[i] * block[i];
      if (++channel == n_channels)
        channel = 0;
    }
  }
  return square;
}

gdouble
genre_pcm_add_channels (const GstAudioInfo *info, gpointer const *planes, gsize first, gsize n_frames, gdouble *sums)
{
  const gsize channels = (gsize) GST_AUDIO_INFO_CHANNELS (info), bps = sample_bytes (info);
  gdouble square = 0;

  if (GST_AUDIO_INFO_LAYOUT (info) == GST_AUDIO_LAYOUT_INTERLEAVED)
    return add_samples (info, (const guint8 *) planes[0] + first * bps * channels, n_frames * channels, 0, channels,
        sums);
  for (gsize c = 0; c < channels; c++)
    square += add_samples (info, (const guint8 *) planes[c] + first * bps, n_frames, 0, 1, sums + c);
  return square;
}
