/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/channels.h"

#include "gst/pcm.h"

#include <math.h>

struct GenreChannels
{
  guint n_channels;
  gdouble *sums;  /* [n_channels] of the samples */
  gdouble square; /* of all channels */
  gdouble mono_sum, mono_square;
  guint64 n;
};

static const gdouble LEAST = .1; /* of what is left of unrelated channels */

/* The mean of cancelling channels stays close to its first sample: within this, 40 dB below full scale.  A louder
 * block is recognised at its first sample, at no cost. */
static const float QUIET = .01F;

GenreChannels *
genre_channels_new (void)
{
  return g_new0 (GenreChannels, 1);
}

void
genre_channels_free (GenreChannels *channels)
{
  if (!channels)
    return;
  g_free (channels->sums);
  g_free (channels);
}

void
genre_channels_set_count (GenreChannels *channels, guint n_channels)
{
  channels->n_channels = n_channels;
  channels->sums = g_renew (gdouble, channels->sums, n_channels);
  genre_channels_reset (channels);
}

void
genre_channels_reset (GenreChannels *channels)
{
  for (guint c = 0; c < channels->n_channels; c++)
    channels->sums[c] = 0;
  channels->square = 0;
  channels->mono_sum = channels->mono_square = 0;
  channels->n = 0;
}

static gboolean
is_quiet (const float *mono, gsize n)
{
  for (gsize i = 1; i < n; i++)
    if (fabsf (mono[i] - mono[0]) > QUIET)
      return FALSE;
  return TRUE;
}

void
genre_channels_add (GenreChannels *channels, const GstAudioInfo *info, gpointer const *planes, gsize first,
    const float *mono, gsize n)
{
  if (channels->n_channels == 1)
    return;
  if (!planes || !is_quiet (mono, n)) {
    genre_channels_reset (channels);
    return;
  }
  channels->square += genre_pcm_add_channels (info, planes, first, n, channels->sums);
  for (gsize i = 0; i < n; i++) {
    channels->mono_sum += (gdouble) mono[i];
    channels->mono_square += (gdouble) mono[i] * (gdouble) mono[i];
  }
  channels->n += n;
}

guint64
genre_channels_samples (const GenreChannels *channels)
{
  return channels->n;
}

/* sum (x - mean)^2 = sum x^2 - (sum x)^2 / n */
gdouble
genre_channels_energy (const GenreChannels *channels)
{
  gdouble constant = 0;

  if (channels->n == 0)
    return 0;
  for (guint c = 0; c < channels->n_channels; c++)
    constant += channels->sums[c] * channels->sums[c] / (gdouble) channels->n;
  return MAX (0, channels->square - constant) / channels->n_channels;
}

gdouble
genre_channels_mean_energy (const GenreChannels *channels)
{
  if (channels->n == 0)
    return 0;
  return MAX (0, channels->mono_square - channels->mono_sum * channels->mono_sum / (gdouble) channels->n);
}

gboolean
genre_channels_cancel (const GenreChannels *channels)
{
  return genre_channels_mean_energy (channels) * channels->n_channels < LEAST * genre_channels_energy (channels);
}
