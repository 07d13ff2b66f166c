/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The sum of nn/gemm.h in vectors of GCC and clang, compiled once for each instruction set (nn/simd.h).
 *
 * A tile of R values of k and up to 3 panels of n stays in registers while s and m run; each step loads 3 vectors of b
 * and broadcasts R values of a.  The caller ensures that the parts of a and b of one call fit in the cache.
 */
#include "nn/gemm.h"
#include "nn/simd.h"

#include <string.h>

enum
{
  PANEL = LANES,
  GROUP = 3,
  MAX_SUMS = GROUP * TILE_ROWS,
};

/* The arguments of the public function. */
typedef struct Sum
{
  const NnGemmSum *shape;
  const float *const *a;
  const float *const *b;
  float *out;
} Sum;

/* Values [k, k + rows) of k, `group` panels from n on.  The last two are constants at each call, so that the compiler
 * unrolls the loops and keeps `sum` in registers. */
INLINE void
tile (const Sum *call, size_t k, size_t n, const size_t rows, const size_t group)
{
  const NnGemmSum *shape = call->shape;
  const size_t lda = shape->lda, ldb = shape->ldb;
  Vector sum[MAX_SUMS];

  UNROLL
  for (size_t i = 0; i < rows * group; i++)
    sum[i] = (Vector){ 0 };

  for (size_t s = 0; s < shape->segments; s++) {
    const float *a = call->a[s] + k, *b = call->b[s] + n;

    for (size_t m = 0; m < shape->m; m++, a += lda, b += ldb) {
      Vector v[GROUP];

      UNROLL
      for (size_t p = 0; p < group; p++)
        v[p] = *(const Stored *) (b + p * PANEL);
      UNROLL
      for (size_t r = 0; r < rows; r++) {
        const Vector x = splat (a[r]);

        UNROLL
        for (size_t p = 0; p < group; p++)
          sum[r * group + p] = multiply_add (v[p], x, sum[r * group + p]);
      }
    }
  }

  UNROLL
  for (size_t r = 0; r < rows; r++) {
    UNROLL
    for (size_t p = 0; p < group; p++) {
      const size_t first = n + p * PANEL, left = shape->n - first;
      float *out = call->out + (k + r) * shape->ldo + first;
      Vector value = { 0 };

      if (left >= PANEL) {
        *(Stored *) out += sum[r * group + p];
        continue;
      }
      memcpy (&value, out, left * sizeof *out);
      value += sum[r * group + p];
      memcpy (out, &value, left * sizeof *out);
    }
  }
}

#define ROWS_CASE(rows, group)                                                                                         \
  case rows:                                                                                                           \
    tile (call, k, n, rows, group);                                                                                    \
    break

/* All of k for some panels, in blocks of nearly equal height. */
INLINE void
strip (const Sum *call, size_t n, const size_t group)
{
  const size_t height = call->shape->k, blocks = (height + TILE_ROWS - 1) / TILE_ROWS;

  for (size_t block = 0; block < blocks; block++) {
    const size_t k = height * block / blocks;

    switch (height * (block + 1) / blocks - k) {
      ROWS_CASE (1, group);
      ROWS_CASE (2, group);
      ROWS_CASE (3, group);
      ROWS_CASE (4, group);
#if TILE_ROWS > 4
      ROWS_CASE (5, group);
      ROWS_CASE (6, group);
      ROWS_CASE (7, group);
      ROWS_CASE (8, group);
#endif
    }
  }
}

void
SIMD (nn_gemm_sum) (const NnGemmSum *shape, const float *const *a, const float *const *b, float *out)
{
  const Sum call = { shape, a, b, out };
  const size_t panels = (shape->n + PANEL - 1) / PANEL;

  for (size_t panel = 0, group; panel < panels; panel += group) {
    /* Never a single one behind one of 3: its sums would wait for each other. */
    group = panels - panel == GROUP + 1 ? 2 : panels - panel < GROUP ? panels - panel : GROUP;
    switch (group) {
      case 1:
        strip (&call, panel * PANEL, 1);
        break;
      case 2:
        strip (&call, panel * PANEL, 2);
        break;
      case 3:
        strip (&call, panel * PANEL, 3);
        break;
    }
  }
}
