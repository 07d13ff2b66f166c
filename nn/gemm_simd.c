/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The product of nn/gemm.h in vectors of GCC and clang, compiled once for each instruction set (nn/simd.h);
 * nn_gemm_nth() checks the processor before it hands a kernel out.
 *
 * Weights lie in panels of one vector of outputs, up to 3 panels side by side: [group][rows][3][PANEL], the last two
 * groups narrower where n asks for it.  A tile of R rows and 3 panels stays in 3 R registers while s and k run; each
 * step loads 3 weight vectors and broadcasts R inputs.  A single row (dense, recurrent) takes 4 groups at once instead,
 * so that enough sums are under way to hide the latency.  Groups and not single panels: 12 streams of weights a
 * multiple of 4096 bytes apart would compete for the same lines of the cache (measured: a third slower).
 * Every output is one chain of multiply_add() in the order of s and k, whatever the tile: results do not depend on m,
 * nor on the instruction set.
 */
#include "nn/gemm.h"
#include "nn/simd.h"

#include <string.h>

enum
{
  PANEL = LANES,
  GROUP = 3,
  SINGLE_ROW_GROUPS = 4,
  MAX_SUMS = GROUP * (TILE_ROWS > SINGLE_ROW_GROUPS ? TILE_ROWS : SINGLE_ROW_GROUPS),
};

/* Panels of the next group of `left`: never a single one behind one of 3, its sums would wait for each other. */
static inline size_t
group_of (size_t left)
{
  if (left == GROUP + 1)
    return 2;
  return left < GROUP ? left : GROUP;
}

/* Values to the next cache line: a vector that lies across two takes two loads. */
static inline size_t
values_to_line (const float *packed)
{
  return (size_t) (-(uintptr_t) packed % 64) / sizeof *packed;
}

static void
simd_pack (const float *b, size_t rows, size_t n, float *packed)
{
  const size_t panels = (n + PANEL - 1) / PANEL;

  packed += values_to_line (packed);
  for (size_t panel = 0, group; panel < panels; panel += group) {
    group = group_of (panels - panel);

    const size_t first = panel * PANEL, left = n - first;
    const size_t width = left < group * PANEL ? left : group * PANEL;

    for (size_t r = 0; r < rows; r++, packed += group * PANEL)
      memcpy (packed, b + r * n + first, width * sizeof *b);
  }
}

/* The arguments of simd_run(). */
typedef struct Product
{
  const NnGemmShape *shape;
  const float *const *a;
  const float *packed; /* on a cache line */
  const float *bias;
  bool relu;
  float *out;
} Product;

/* Rows [row, row + rows) of `groups` groups of `group` panels from `panel` on.  The last three are constants at each
 * call, so that the compiler unrolls the loops and keeps `sum` in registers. */
INLINE void
tile (const Product *product, size_t row, size_t panel, const size_t rows, const size_t groups, const size_t group)
{
  const NnGemmShape *shape = product->shape;
  const size_t stride = shape->segments * shape->k * group * PANEL, panels = groups * group;
  const float *weights = product->packed + panel * shape->segments * shape->k * PANEL;
  Vector sum[MAX_SUMS];

  UNROLL
  for (size_t r = 0; r < rows; r++) {
    UNROLL
    for (size_t p = 0; p < panels; p++)
      sum[r * panels + p] = *(const Stored *) (product->bias + (panel + p) * PANEL);
  }

  for (size_t s = 0; s < shape->segments; s++) {
    const float *in = product->a[s] + row * shape->lda;

    for (size_t k = 0; k < shape->k; k++, weights += group * PANEL) {
      Vector w[GROUP * SINGLE_ROW_GROUPS];

      UNROLL
      for (size_t p = 0; p < panels; p++)
        w[p] = *(const Stored *) (weights + p / group * stride + p % group * PANEL);
      UNROLL
      for (size_t r = 0; r < rows; r++) {
        const Vector x = splat (in[r * shape->lda + k]);

        UNROLL
        for (size_t p = 0; p < panels; p++)
          sum[r * panels + p] = multiply_add (w[p], x, sum[r * panels + p]);
      }
    }
  }

  UNROLL
  for (size_t r = 0; r < rows; r++) {
    UNROLL
    for (size_t p = 0; p < panels; p++) {
      const size_t first = (panel + p) * PANEL, left = shape->n - first;
      float *out = product->out + (row + r) * shape->n + first;
      Vector value = sum[r * panels + p];

      if (product->relu)
        value = (Vector) ((Mask) value & (Mask) (value > 0));
      if (left >= PANEL)
        *(Stored *) out = value;
      else
        memcpy (out, &value, left * sizeof *out);
    }
  }
}

#define ROWS_CASE(rows, group)                                                                                         \
  case rows:                                                                                                           \
    tile (product, row, panel, rows, 1, group);                                                                        \
    break

/* All rows of one group, in blocks of nearly equal height. */
INLINE void
strip (const Product *product, size_t panel, const size_t group)
{
  const size_t m = product->shape->m, blocks = (m + TILE_ROWS - 1) / TILE_ROWS;

  for (size_t block = 0; block < blocks; block++) {
    const size_t row = m * block / blocks;

    switch (m * (block + 1) / blocks - row) {
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

static void
simd_run (const NnGemmShape *shape, const float *const *a, const float *packed, const float *bias, bool relu,
    float *out)
{
  const Product product = { shape, a, packed + values_to_line (packed), bias, relu, out };
  const size_t panels = (shape->n + PANEL - 1) / PANEL, several = GROUP * SINGLE_ROW_GROUPS;
  size_t panel = 0;

  /* As long as the groups ahead are whole ones. */
  if (shape->m == 1)
    for (; panels - panel == several || panels - panel > several + 1; panel += several)
      tile (&product, 0, panel, 1, SINGLE_ROW_GROUPS, GROUP);

  for (size_t group; panel < panels; panel += group) {
    group = group_of (panels - panel);
    switch (group) {
      case 1:
        strip (&product, panel, 1);
        break;
      case 2:
        strip (&product, panel, 2);
        break;
      case 3:
        strip (&product, panel, 3);
        break;
    }
  }
}

const NnGemm SIMD (nn_gemm) = {
  .name = SIMD_NAME,
  .panel = PANEL,
  .pack = simd_pack,
  .run = simd_run,
  .sum = SIMD (nn_gemm_sum),
  .pixels = &SIMD (nn_pixels),
};
