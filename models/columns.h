/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/columns.h - rows of values in any number -> at most so many columns, each the mean of those that it covers.
 *
 * Layer:   models; plain C.
 * Threads: one object serves one thread at a time.
 *
 * Where the columns do not suffice, two neighbours become one: memory does not grow, and nothing need be known of the
 * length before.
 */
#ifndef MODELS_COLUMNS_H
#define MODELS_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct GenreColumns GenreColumns;

/* n_values  of a row
 * most      columns, at least 2
 * NULL: out of memory. */
GenreColumns *genre_columns_new (size_t n_values, size_t most);
void genre_columns_free (GenreColumns *columns); /* NULL is a no-op */

/* As fresh. */
void genre_columns_reset (GenreColumns *columns);

/* The column that row `index` belongs to at present.  Rows of one column may be added as their mean, in one call. */
uint64_t genre_columns_column (const GenreColumns *columns, uint64_t index);

/* index  of the row, not less than that of the one before; indices may be left out, or come again
 * mean   [n_values]  in, finite; of the `n` rows from this one on that belong to its column */
void genre_columns_add (GenreColumns *columns, uint64_t index, const float *mean, uint64_t n);

/* One more than the last index; 0: nothing was added. */
uint64_t genre_columns_length (const GenreColumns *columns);

/* How many indices a column covers: a power of 2. */
uint64_t genre_columns_width (const GenreColumns *columns);

/* begin, end  in indices: row i covers [i, i + 1); what lies outside of [0, length) is taken as its nearest row
 * mean        [n_values]  out: of all rows in between, by how much of each is; of a column that is cut, a part
 *
 * False, and nothing written, where there are none. */
bool genre_columns_mean (const GenreColumns *columns, double begin, double end, float *mean);

/* The same of one array: the mean of cells [n] over [begin, end), cell i covering [i, i + 1).  n at least 1 */
float genre_cells_mean (const float *cells, size_t n, double begin, double end);

#endif
