/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-models-columns.c - columns are the means of their rows, however many come; any part of them has the mean
 * of what is in it; a reset object equals a fresh one; the k-th allocation fails for every k.
 *
 * Layer:   tests; models.  Link with -Wl,--wrap=malloc,--wrap=calloc.
 * Threads: one.
 */
#include "models/columns.h"
#include "tests/allocations_left.h"
#include "tests/test.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

enum
{
  VALUES = 3,
};

static float
value (uint64_t row, size_t i)
{
  return (float) (row % 97) * (float) (i + 1) + (float) row * .01f;
}

static void
fill (GenreColumns *columns, uint64_t n)
{
  for (uint64_t row = 0; row < n; row++) {
    const float values[VALUES] = { value (row, 0), value (row, 1), value (row, 2) };
    genre_columns_add (columns, row, values, 1);
  }
}

/* The mean over [begin, end), by definition: row r covers [r, r + 1). */
static double
expected (double begin, double end, size_t i)
{
  double sum = 0;
  for (uint64_t row = (uint64_t) begin; (double) row < end; row++)
    sum += (fmin (end, (double) row + 1) - fmax (begin, (double) row)) * (double) value (row, i);
  return sum / (end - begin);
}

static void
test_means (size_t most, uint64_t n)
{
  GenreColumns *columns = genre_columns_new (VALUES, most);
  float mean[VALUES];

  fill (columns, n);
  const double width = (double) genre_columns_width (columns);
  CHECK (genre_columns_length (columns) == n, "%zu: %g", most, (double) genre_columns_length (columns));
  CHECK ((double) n <= width * (double) most && (width <= 1 || (double) n > width * (double) most / 2), "width %g",
      width);
  for (double begin = 0; begin < (double) n; begin += width) { /* whole columns, then all that follows */
    const double ends[] = { fmin (begin + width, (double) n), (double) n };
    for (size_t k = 0; k < 2; k++) {
      CHECK (genre_columns_mean (columns, begin, ends[k], mean), "%g: none", begin);
      for (size_t i = 0; i < VALUES; i++) {
        const double wanted = expected (begin, ends[k], i);
        CHECK (fabs ((double) mean[i] - wanted) <= 1e-5 * (1 + wanted), "%zu, %g to %g: %g, not %g", most, begin,
            ends[k], (double) mean[i], wanted);
      }
    }
  }
  genre_columns_free (columns);
}

/* While a column is a row, parts of it count by their length. */
static void
test_parts (void)
{
  GenreColumns *columns = genre_columns_new (VALUES, 100);
  float mean[VALUES];

  fill (columns, 50);
  for (double begin = 0; begin < 40; begin += .37) {
    genre_columns_mean (columns, begin, begin + 2.3, mean);
    CHECK (fabs ((double) mean[1] - expected (begin, begin + 2.3, 1)) < 1e-3, "%g", begin);
  }
  genre_columns_mean (columns, -3, -2, mean);
  CHECK (mean[2] == value (0, 2), "before the first: %g", (double) mean[2]);
  genre_columns_mean (columns, 70, 71, mean);
  CHECK (mean[2] == value (49, 2), "behind the last: %g", (double) mean[2]);
  genre_columns_free (columns);
}

/* Rows may come together, and some may never come. */
static void
test_gaps (void)
{
  GenreColumns *columns = genre_columns_new (1, 8);
  const float one = 1, three = 3;
  float mean = -1;

  CHECK (!genre_columns_mean (columns, 0, 1, &mean) && mean == -1, "of nothing: %g", (double) mean);
  genre_columns_add (columns, 0, &one, 1);
  genre_columns_add (columns, 4, &three, 1);
  genre_columns_add (columns, 5, &three, 1);
  CHECK (!genre_columns_mean (columns, 2, 3, &mean) && mean == -1, "in the gap: %g", (double) mean);
  CHECK (genre_columns_mean (columns, 0, 5, &mean) && mean == 2, "of both: %g", (double) mean);
  genre_columns_add (columns, 1000, &one, 1);
  CHECK (genre_columns_column (columns, 1000) < 8, "%g", (double) genre_columns_column (columns, 1000));
  CHECK (genre_columns_mean (columns, 0, 6, &mean) && fabsf (mean - 7 / 3.f) < 1e-6f, "%g", (double) mean);
  genre_columns_free (columns);
}

static void
test_reset (void)
{
  GenreColumns *columns = genre_columns_new (VALUES, 8), *fresh = genre_columns_new (VALUES, 8);
  float mean[VALUES], other[VALUES];

  fill (columns, 1000);
  genre_columns_reset (columns);
  CHECK (genre_columns_length (columns) == 0 && genre_columns_width (columns) == 1, "not fresh");
  fill (columns, 21);
  fill (fresh, 21);
  for (double begin = 0; begin < 20; begin += 1.5) {
    genre_columns_mean (columns, begin, begin + 1.5, mean);
    genre_columns_mean (fresh, begin, begin + 1.5, other);
    CHECK (mean[0] == other[0] && mean[2] == other[2], "%g", begin);
  }
  genre_columns_free (columns);
  genre_columns_free (fresh);
}

static void
test_cells (void)
{
  const float cells[] = { 1, 2, 4 };

  CHECK (genre_cells_mean (cells, 3, 0, 3) == 7 / 3.f, "%g", (double) genre_cells_mean (cells, 3, 0, 3));
  CHECK (genre_cells_mean (cells, 3, .5, 1.5) == 1.5f, "%g", (double) genre_cells_mean (cells, 3, .5, 1.5));
  CHECK (genre_cells_mean (cells, 3, 1.2, 1.3) == 2, "%g", (double) genre_cells_mean (cells, 3, 1.2, 1.3));
  CHECK (genre_cells_mean (cells, 3, -2, -1) == 1, "%g", (double) genre_cells_mean (cells, 3, -2, -1));
  CHECK (genre_cells_mean (cells, 3, 2.5, 9) == 4, "%g", (double) genre_cells_mean (cells, 3, 2.5, 9));
  CHECK (genre_cells_mean (cells, 3, 9, 10) == 4, "%g", (double) genre_cells_mean (cells, 3, 9, 10));
}

static void
test_no_memory (void)
{
  GenreColumns *columns = NULL;
  int n = 0;

  for (; !columns && n < 100; n++) {
    allocations_left = n;
    columns = genre_columns_new (VALUES, 8);
  }
  allocations_left = INT_MAX;
  CHECK (n > 3, "only %d allocations", n);
  genre_columns_free (columns);
}

int
main (void)
{
  test_means (2, 1);
  test_means (2, 100);
  test_means (8, 8);
  test_means (8, 9);
  test_means (9, 1000);
  test_means (64, 10000);
  test_parts ();
  test_gaps ();
  test_reset ();
  test_cells ();
  test_no_memory ();
  TEST_END ();
}
