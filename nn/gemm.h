/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/gemm.h - the one product behind convolution, dense and recurrent layers, and its kernels.
 *
 * Layer:   nn; gemm_openblas.c alone includes CBLAS.
 * Threads: kernels are constant and work on the caller's arrays only; no product uses more than the calling thread.
 */
#ifndef NN_GEMM_H
#define NN_GEMM_H

#include "nn/pixels.h"

#include <stdbool.h>
#include <stddef.h>

/* out[m][n] = bias[n] + sum over s, k of a[s][m * lda + k] * b[s][k][n], then max (0, .) if relu
 *
 * A convolution over columns that lie channels-last is this product with one segment s per column of the kernel and
 * rows that overlap (lda < k): no im2col.
 *
 * a     [segments] -> [m][k] with row stride lda; rows may overlap
 * b     packed by the same kernel
 * bias  packed by the same kernel's pack_bias
 * out   [m][n], row stride n, must not overlap a
 */
typedef struct NnGemmShape
{
  size_t m, n, k;
  size_t segments;
  size_t lda;
} NnGemmShape;

/* out[k][n] += sum over s, m of a[s][m * lda + k] * b[s][m * ldb + n]
 *
 * The gradient of the weights of the product above.
 *
 * a    [segments] -> [m][k] with row stride lda; rows may overlap
 * b    [segments] -> [m][n] with row stride ldb; NN_GEMM_SLACK values behind the last are read, and have no effect
 * out  [k][n], row stride ldo, must not overlap a and b
 */
typedef struct NnGemmSum
{
  size_t m, n, k;
  size_t segments;
  size_t lda, ldb, ldo;
} NnGemmSum;

typedef struct NnGemm NnGemm;

enum
{
  NN_GEMM_SLACK = 15 /* values, so that a kernel may start on the next 64 bytes */
};

struct NnGemm
{
  const char *name;
  size_t panel; /* n is padded to a multiple of it in what is packed */

  /* b [rows][n] row-major, rows = segments * k -> packed [rows * padded n + NN_GEMM_SLACK], zeros before */
  void (*pack) (const float *b, size_t rows, size_t n, float *packed);
  void (*run) (const NnGemmShape *shape, const float *const *a, const float *packed, const float *bias, bool relu,
      float *out);
  void (*sum) (const NnGemmSum *shape, const float *const *a, const float *const *b, float *out);
  const NnPixels *pixels; /* for the same instruction set */
};

/* The fastest kernel that this processor can run. */
const NnGemm *nn_gemm_best (void);

/* Every kernel that this processor can run, NULL at and after the end: for tests and benchmarks. */
const NnGemm *nn_gemm_nth (size_t index);

/* n rounded up to whole panels. */
size_t nn_gemm_padded (const NnGemm *gemm, size_t n);

/* Allocates and packs.  b [rows][n]; NULL: out of memory.  Free with free(). */
float *nn_gemm_pack (const NnGemm *gemm, const float *b, size_t rows, size_t n);

/* Floats of the array that nn_gemm_pack() allocates. */
size_t nn_gemm_packed_values (const NnGemm *gemm, size_t rows, size_t n);

/* Packs into *packed, which nn_gemm_pack() made for the same sizes, or allocates it where it is NULL.
 * False: out of memory. */
bool nn_gemm_repack (const NnGemm *gemm, const float *b, size_t rows, size_t n, float **packed);

/* bias [n], or NULL for zeros -> [padded n]; NULL: out of memory.  Free with free(). */
float *nn_gemm_pack_bias (const NnGemm *gemm, const float *bias, size_t n);

/* a [rows][columns] -> out [columns][rows], not overlapping */
void nn_transpose (const float *a, size_t rows, size_t columns, float *out);

/* out[n] += sum over m of a[m][n], a [rows][n]: the gradient of a bias */
void nn_add_rows (const float *a, size_t rows, size_t n, float *out);

/* The same sum as its definition, b [segments * k][n] not packed, bias [n] or NULL. */
void nn_gemm_ref (const NnGemmShape *shape, const float *const *a, const float *b, const float *bias, bool relu,
    float *out);

void nn_gemm_sum_ref (const NnGemmSum *shape, const float *const *a, const float *const *b, float *out);

/* gemm_simd.c and gemm_sum_simd.c: the first for any processor, the next two on x86-64 only, the last on 64-bit ARM
 * only. */
void nn_gemm_sum_plain (const NnGemmSum *shape, const float *const *a, const float *const *b, float *out);
void nn_gemm_sum_avx512 (const NnGemmSum *shape, const float *const *a, const float *const *b, float *out);
void nn_gemm_sum_avx2 (const NnGemmSum *shape, const float *const *a, const float *const *b, float *out);
void nn_gemm_sum_neon (const NnGemmSum *shape, const float *const *a, const float *const *b, float *out);
extern const NnGemm nn_gemm_plain;
extern const NnGemm nn_gemm_avx512;
extern const NnGemm nn_gemm_avx2;
extern const NnGemm nn_gemm_neon;

extern const NnGemm nn_gemm_openblas; /* gemm_openblas.c, where the build has it */

#endif
