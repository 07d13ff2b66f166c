/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/planes.h - where the samples of a mapped buffer are.
 *
 * Layer:   gst; GStreamer's audio library; uses warning.
 * Threads: pure functions.
 */
#ifndef GST_PLANES_H
#define GST_PLANES_H

#include "gst/warning.h"

#include <gst/audio/audio.h>

/* buffer, map  of audio as `info` says, of at least one byte
 * planes       [1] interleaved, [channels] non-interleaved: out, where sample frame 0 starts, for genre_pcm_to_mono()
 * ret_n        out, sample frames; 0 if the buffer's GstAudioMeta says so
 * ret_warning  out, on FALSE: why it cannot be read; then ret_n is as it was and planes are not to be read */
gboolean genre_planes_find (const GstAudioInfo *info, GstBuffer *buffer, const GstMapInfo *map, gpointer *planes,
    gsize *ret_n, GenreWarning *ret_warning);

#endif
