/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/pcm.h - audio of any GStreamer format and layout -> mono float.
 *
 * Layer:   gst; GStreamer's audio library.
 * Threads: pure functions.
 */
#ifndef GST_PCM_H
#define GST_PCM_H

#include <gst/audio/audio.h>

/* planes     [1] interleaved, [channels] non-interleaved (as GstAudioBuffer.planes): where sample frame 0 starts
 * first      sample frame to begin with
 * mono       [n_frames] out, the plain mean of all channels, full scale = [-1, 1).  NaN, Inf and what overflows float
 *            read as 0 per channel sample; below 1e-20 in magnitude is 0, so that no denormal number is computed with;
 *            beyond +-1 stays.
 *
 * Any format of GST_AUDIO_FORMATS_ALL, any number of channels, positions ignored.  Allocates nothing. */
void genre_pcm_to_mono (const GstAudioInfo *info, gpointer const *planes, gsize first, float *mono, gsize n_frames);

/* Of each channel by itself, read as above:
 *
 * sums  [channels] in and out, the sum of its samples is added
 * Returns the sum of the squares of all samples of all channels. */
gdouble genre_pcm_add_channels (const GstAudioInfo *info, gpointer const *planes, gsize first, gsize n_frames,
    gdouble *sums);

#endif
