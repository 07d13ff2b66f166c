/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/envelope.h - samples in any number -> the least, the greatest and the RMS of each stretch of time.
 *
 * Layer:   models; plain C.
 * Threads: one object serves one thread at a time.
 *
 * Memory does not grow: where the blocks do not suffice, two neighbours become one.
 */
#ifndef MODELS_ENVELOPE_H
#define MODELS_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of some samples. */
typedef struct GenreExtent
{
  float min, max;
  double rms;
} GenreExtent;

typedef struct GenreEnvelope GenreEnvelope;

/* rate_hz  a block begins as one sample at this rate
 * most     blocks, at least 2
 * NULL: out of memory. */
GenreEnvelope *genre_envelope_new (unsigned rate_hz, size_t most);
void genre_envelope_free (GenreEnvelope *envelope); /* NULL is a no-op */

/* As fresh. */
void genre_envelope_reset (GenreEnvelope *envelope);

/* The samples from here on have another rate. */
void genre_envelope_set_rate (GenreEnvelope *envelope, unsigned rate_hz);

/* samples [n]  finite */
void genre_envelope_push (GenreEnvelope *envelope, const float *samples, size_t n);

double genre_envelope_block_seconds (const GenreEnvelope *envelope); /* how long a block is at present */

/* Of all blocks that have a part in [begin, end) seconds.  False, and nothing written, where there are none. */
bool genre_envelope_extent (const GenreEnvelope *envelope, double begin, double end, GenreExtent *ret_extent);

#endif
