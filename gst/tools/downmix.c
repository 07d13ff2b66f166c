/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/downmix.h"

#include "gst/channels.h"
#include "gst/pcm.h"
#include "models/genre_stream.h"

#include <gst/audio/audio.h>
#include <math.h>
#include <string.h>

enum
{
  MAX_CHANNELS = 64, /* whose mean is watched */
};

struct ToolDownmix
{
  GstCaps *caps; /* what `info` was read from */
  GstAudioInfo info;
  float *mono; /* [room] */
  gsize room;
  GenreChannels *channels; /* since the caps changed */
  gboolean watches;        /* so few channels that they are looked at */
  gboolean cancelled;      /* they were silent in their mean, before the caps changed */
};

ToolDownmix *
tool_downmix_new (void)
{
  ToolDownmix *downmix = g_new0 (ToolDownmix, 1);

  gst_audio_info_init (&downmix->info);
  downmix->channels = genre_channels_new ();
  return downmix;
}

void
tool_downmix_free (ToolDownmix *downmix)
{
  if (!downmix)
    return;
  gst_clear_caps (&downmix->caps);
  genre_channels_free (downmix->channels);
  g_free (downmix->mono);
  g_free (downmix);
}

/* wrong  taken */
static gboolean
fail (char **ret_wrong, char *wrong)
{
  *ret_wrong = wrong;
  return FALSE;
}

/* Of the audio since the caps changed. */
static gboolean
channels_cancel (const ToolDownmix *downmix)
{
  const double n = (double) genre_channels_samples (downmix->channels);
  const double silence = n * pow (10, GENRE_STREAM_SILENCE_DB / 10.);

  return n > 0 && genre_channels_mean_energy (downmix->channels) < silence
      && genre_channels_energy (downmix->channels) >= silence && genre_channels_cancel (downmix->channels);
}

static gboolean
take_caps (ToolDownmix *downmix, GstCaps *caps, gboolean *ret_fresh, char **ret_wrong)
{
  const GstAudioInfo before = downmix->info;
  downmix->cancelled |= channels_cancel (downmix);
  if (!caps || !gst_audio_info_from_caps (&downmix->info, caps))
    return fail (ret_wrong, g_strdup ("GStreamer does not describe this audio format"));
  const int rate = GST_AUDIO_INFO_RATE (&downmix->info);
  if (rate < GENRE_STREAM_MIN_RATE || rate > GENRE_STREAM_MAX_RATE)
    return fail (ret_wrong,
        g_strdup_printf ("expected a sample rate from %d to %d Hz, found %d", GENRE_STREAM_MIN_RATE,
            GENRE_STREAM_MAX_RATE, rate));
  *ret_fresh = !downmix->caps || !gst_audio_info_is_equal (&before, &downmix->info);
  gst_caps_replace (&downmix->caps, caps);
  const int channels = GST_AUDIO_INFO_CHANNELS (&downmix->info);
  downmix->watches = channels > 1 && channels <= MAX_CHANNELS;
  genre_channels_set_count (downmix->channels, downmix->watches ? (guint) channels : 0);
  return TRUE;
}

gboolean
tool_downmix_convert (ToolDownmix *downmix, GstSample *sample, gsize *ret_n, gboolean *ret_fresh, char **ret_wrong)
{
  GstCaps *caps = gst_sample_get_caps (sample);
  if (caps != downmix->caps && !take_caps (downmix, caps, ret_fresh, ret_wrong))
    return FALSE;

  const GstAudioInfo *info = &downmix->info;
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
    if (n > downmix->room) {
      downmix->room = n;
      downmix->mono = g_renew (float, downmix->mono, n);
    }
    if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP)) {
      memset (downmix->mono, 0, n * sizeof *downmix->mono);
    } else {
      genre_pcm_to_mono (info, audio.planes, 0, downmix->mono, n);
      if (downmix->watches)
        genre_channels_add (downmix->channels, info, audio.planes, 0, downmix->mono, n);
    }
    gst_audio_buffer_unmap (&audio);
    *ret_n = n;
  } else {
    ok = fail (ret_wrong, g_strdup ("a buffer of audio cannot be read"));
  }
  gst_buffer_unref (buffer);
  return ok;
}

const float *
tool_downmix_mono (const ToolDownmix *downmix)
{
  return downmix->mono;
}

guint
tool_downmix_rate (const ToolDownmix *downmix)
{
  return (guint) GST_AUDIO_INFO_RATE (&downmix->info);
}

gboolean
tool_downmix_cancelled (const ToolDownmix *downmix)
{
  return downmix->cancelled || channels_cancel (downmix);
}
