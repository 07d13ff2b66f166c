/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/genre_aggregate.h - the distributions of many windows -> one of the whole.
 *
 * Layer:   models; plain C, links nothing by itself.
 * Threads: one object serves one thread at a time.
 */
#ifndef MODELS_GENRE_AGGREGATE_H
#define MODELS_GENRE_AGGREGATE_H

#include <stdint.h>

typedef struct GenreAggregate GenreAggregate;

/* NULL: out of memory. */
GenreAggregate *genre_aggregate_new (unsigned n_labels);
void genre_aggregate_free (GenreAggregate *aggregate); /* NULL is a no-op */

/* As fresh. */
void genre_aggregate_reset (GenreAggregate *aggregate);

/* probabilities [n_labels]  of a window of so many frames, at least 1 */
void genre_aggregate_add (GenreAggregate *aggregate, const double *probabilities, uint64_t n_frames);

/* Windows since the last reset. */
unsigned genre_aggregate_windows (const GenreAggregate *aggregate);

/* [n_labels]  softmax of the mean, weighted by frames, of ln max (p, 1e-12); uniform if there were no windows.
 * Valid until the next call on the object. */
const double *genre_aggregate_probabilities (GenreAggregate *aggregate);

/* p [n] of values from 0 to 1, not all 0  -> sum 1, in place.
 *
 * The sum is taken in units of 2^-47, so that it does not depend on the order of the labels: a model with its outputs
 * in another order gives the very same values. */
void genre_probabilities_normalize (double *p, unsigned n);

/* Index of the largest of p [n], the first of equals. */
unsigned genre_probabilities_top (const double *p, unsigned n);

#endif
