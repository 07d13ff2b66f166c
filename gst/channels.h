/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/channels.h - whether channels cancel each other in their mean, which is what is analysed.
 *
 * Layer:   gst; uses pcm.
 * Threads: one object serves one thread at a time.
 *
 * Levels are those of the samples less their mean over what was added: a constant is no sound.
 */
#ifndef GST_CHANNELS_H
#define GST_CHANNELS_H

#include <gst/audio/audio.h>

typedef struct GenreChannels GenreChannels;

GenreChannels *genre_channels_new (void);
void genre_channels_free (GenreChannels *channels); /* NULL is a no-op */

/* Starts again, for audio of n channels. */
void genre_channels_set_count (GenreChannels *channels, guint n_channels);
void genre_channels_reset (GenreChannels *channels);

/* planes, first, mono [n]  as genre_pcm_to_mono() took and gave them, of the channels set; no planes: zeros
 *
 * What is quiet enough to be a mean that channels cancel each other in is added; anything else empties.  One channel is
 * never compared.  Allocates nothing. */
void genre_channels_add (GenreChannels *channels, const GstAudioInfo *info, gpointer const *planes, gsize first,
    const float *mono, gsize n);

/* Sample frames added. */
guint64 genre_channels_samples (const GenreChannels *channels);

/* Sum over the sample frames of the mean square of the channels. */
gdouble genre_channels_energy (const GenreChannels *channels);

/* The same of the mean. */
gdouble genre_channels_mean_energy (const GenreChannels *channels);

/* Whether the channels cancel each other.  The mean of n unrelated channels has 1/n of their power; this is TRUE
 * below a tenth of that. */
gboolean genre_channels_cancel (const GenreChannels *channels);

#endif
