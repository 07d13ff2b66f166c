/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/silent_edges.h - where the sound of a recording begins and ends: librosa's `effects.trim`.
 *
 * Layer:   models; uses dsp/framer.
 * Threads: one object serves one thread at a time; construct and free on any.
 *
 * Frames of 2048 samples at 22050 Hz, one each 512, as long at any rate.  The level of a frame is its RMS, zeros beyond
 * the edges included; silence is what lies 60 dB or more below the loudest frame.  Levels are kept to .01 dB, so that
 * memory does not grow.
 */
#ifndef MODELS_SILENT_EDGES_H
#define MODELS_SILENT_EDGES_H

#include <stddef.h>
#include <stdint.h>

typedef struct GenreSilentEdges GenreSilentEdges;

/* rate_hz: 2000 to 1000000.  NULL: out of memory. */
GenreSilentEdges *genre_silent_edges_new (unsigned rate_hz);
void genre_silent_edges_free (GenreSilentEdges *edges); /* NULL is a no-op */

/* As fresh. */
void genre_silent_edges_reset (GenreSilentEdges *edges);

/* samples [n]  mono, finite */
void genre_silent_edges_push (GenreSilentEdges *edges, const float *samples, size_t n);

/* No more samples follow, but for a reset.
 *
 * ret_begin, ret_end  samples: what is between them is to stay; all of it where everything is silent alike */
void genre_silent_edges_finish (GenreSilentEdges *edges, uint64_t *ret_begin, uint64_t *ret_end);

#endif
