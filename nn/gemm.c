/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/gemm.h"

#include <stdlib.h>
#include <string.h>

void
nn_gemm_ref (const NnGemmShape *shape, const float *const *a, const float *b, const float *bias, bool relu, float *out)
{
  for (size_t m = 0; m < shape->m; m++)
    for (size_t n = 0; n < shape->n; n++) {
      double sum = bias ? (double) bias[n] : 0;

      for (size_t s = 0; s < shape->segments; s++)
        for (size_t k = 0; k < shape->k; k++)
          sum += (double) a[s][m * shape->lda + k] * (double) b[(s * shape->k + k) * shape->n + n];
      out[m * shape->n + n] = relu && sum < 0 ? 0 : (float) sum;
    }
}

void
nn_gemm_sum_ref (const NnGemmSum *shape, const float *const *a, const float *const *b, float *out)
{
  for (size_t k = 0; k < shape->k; k++)
    for (size_t n = 0; n < shape->n; n++) {
      double sum = (double) out[k * shape->ldo + n];

      for (size_t s = 0; s < shape->segments; s++)
        for (size_t m = 0; m < shape->m; m++)
          sum += (double) a[s][m * shape->lda + k] * (double) b[s][m * shape->ldb + n];
      out[k * shape->ldo + n] = (float) sum;
    }
}

const NnGemm *
nn_gemm_nth (size_t index)
{
  const NnGemm *kernels[4];
  size_t n = 0;

#if defined __x86_64__ && defined __GNUC__
  if (__builtin_cpu_supports ("avx512f"))
    kernels[n++] = &nn_gemm_avx512;
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
    kernels[n++] = &nn_gemm_avx2;
#endif
#ifdef __aarch64__
  kernels[n++] = &nn_gemm_neon; /* on every processor of this family */
#endif
#ifdef NN_OPENBLAS
  kernels[n++] = &nn_gemm_openblas;
#endif
  kernels[n++] = &nn_gemm_plain;
  return index < n ? kernels[index] : NULL;
}

const NnGemm *
nn_gemm_best (void)
{
  return nn_gemm_nth (0);
}

size_t
nn_gemm_padded (const NnGemm *gemm, size_t n)
{
  return (n + gemm->panel - 1) / gemm->panel * gemm->panel;
}

size_t
nn_gemm_packed_values (const NnGemm *gemm, size_t rows, size_t n)
{
  return rows * nn_gemm_padded (gemm, n) + NN_GEMM_SLACK;
}

float *
nn_gemm_pack (const NnGemm *gemm, const float *b, size_t rows, size_t n)
{
  float *packed = calloc (nn_gemm_packed_values (gemm, rows, n), sizeof *packed);

  if (packed)
    gemm->pack (b, rows, n, packed);
  return packed;
}

bool
nn_gemm_repack (const NnGemm *gemm, const float *b, size_t rows, size_t n, float **packed)
{
  if (!*packed)
    return (*packed = nn_gemm_pack (gemm, b, rows, n)) != NULL;
  gemm->pack (b, rows, n, *packed);
  return true;
}

float *
nn_gemm_pack_bias (const NnGemm *gemm, const float *bias, size_t n)
{
  float *packed = calloc (nn_gemm_padded (gemm, n), sizeof *packed);

  if (packed && bias)
    memcpy (packed, bias, n * sizeof *bias);
  return packed;
}

void
nn_transpose (const float *a, size_t rows, size_t columns, float *out)
{
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++)
      out[c * rows + r] = a[r * columns + c];
}

void
nn_add_rows (const float *a, size_t rows, size_t n, float *out)
{
  for (size_t r = 0; r < rows; r++)
    for (size_t i = 0; i < n; i++)
      out[i] += a[r * n + i];
}
