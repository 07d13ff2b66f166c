/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The product of nn/gemm.h by OpenBLAS, for processors that nn/simd.h has no vectors for, and on wish.  The vectors of
 * four for any processor take two thirds of its time on one without AVX2 (`bench-nn` under OPENBLAS_CORETYPE=Prescott),
 * and every process that loads OpenBLAS pays for a thread of it that spins on each further processor for a while.
 */
#include "nn/gemm.h"

#include <cblas.h>
#include <string.h>

/* OpenBLAS starts its threads above 2^18 multiply-adds a product: larger ones are cut into rows, so that the host
 * application's threads and cores are left alone. */
enum
{
  MAX_MULTIPLY_ADDS = 1 << 18
};

static void
blas_pack (const float *b, size_t rows, size_t n, float *packed)
{
  memcpy (packed, b, rows * n * sizeof *b);
}

/* out[m][n] += sum over k of a[m * lda + k] * b[k][n], with any number of rows and lda >= k */
static void
blas_accumulate (size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, float *out)
{
  size_t most = MAX_MULTIPLY_ADDS / (n * k);

  if (most == 0)
    most = 1;
  for (size_t i = 0; i < m; i += most) {
    const size_t rows = m - i < most ? m - i : most;

    /* out [rows][n] += a [rows][k] b [k][n]: M = rows, N = n, K = k */
    cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint) rows, (blasint) n, (blasint) k, 1.0F, a + i * lda,
        (blasint) lda, b, (blasint) n, 1.0F, out + i * n, (blasint) n);
  }
}

static void
blas_run (const NnGemmShape *shape, const float *const *a, const float *packed, const float *bias, bool relu,
    float *out)
{
  /* CBLAS wants rows that do not overlap: a longer k is cut at lda.  Where one row alone exceeds the limit, so is k. */
  const size_t limit = shape->n < MAX_MULTIPLY_ADDS ? MAX_MULTIPLY_ADDS / shape->n : 1;
  size_t step = shape->m > 1 && shape->lda < shape->k ? shape->lda : shape->k;

  if (step > limit)
    step = limit;
  for (size_t m = 0; m < shape->m; m++)
    memcpy (out + m * shape->n, bias, shape->n * sizeof *out);

  for (size_t s = 0; s < shape->segments; s++)
    for (size_t k = 0; k < shape->k; k += step) {
      const size_t depth = shape->k - k < step ? shape->k - k : step;
      const size_t lda = shape->lda < depth ? depth : shape->lda;

      blas_accumulate (shape->m, shape->n, depth, a[s] + k, lda, packed + (s * shape->k + k) * shape->n, out);
    }

  if (relu)
    for (size_t i = 0; i < shape->m * shape->n; i++)
      out[i] = out[i] > 0 ? out[i] : 0;
}

/* Threads apart, which one product may take: as in blas_run(), and k is cut where rows of a overlap. */
static void
blas_sum (const NnGemmSum *shape, const float *const *a, const float *const *b, float *out)
{
  const size_t step = shape->m > 1 && shape->lda < shape->k ? shape->lda : shape->k;
  size_t most = MAX_MULTIPLY_ADDS / (shape->n * step);

  if (most == 0)
    most = 1;
  for (size_t s = 0; s < shape->segments; s++)
    for (size_t m = 0; m < shape->m; m += most)
      for (size_t k = 0; k < shape->k; k += step) {
        const size_t rows = shape->m - m < most ? shape->m - m : most;
        const size_t depth = shape->k - k < step ? shape->k - k : step;
        const size_t lda = shape->lda < depth ? depth : shape->lda;

        /* out [depth][n] += a [rows][depth], transposed, b [rows][n]: M = depth, N = n, K = rows */
        cblas_sgemm (CblasRowMajor, CblasTrans, CblasNoTrans, (blasint) depth, (blasint) shape->n, (blasint) rows, 1.0F,
            a[s] + m * shape->lda + k, (blasint) lda, b[s] + m * shape->ldb, (blasint) shape->ldb, 1.0F,
            out + k * shape->ldo, (blasint) shape->ldo);
      }
}

const NnGemm nn_gemm_openblas = {
  .name = "openblas",
  .panel = 1,
  .pack = blas_pack,
  .run = blas_run,
  .sum = blas_sum,
  .pixels = &nn_pixels_plain,
};
