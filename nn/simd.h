/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/simd.h - the vectors of one instruction set, for the *_simd.c, which are compiled once for each.
 *
 * Layer:   nn; libc, and the compiler's intrinsics.
 * Threads: pure functions.
 *
 * The build names the set by NN_SIMD_AVX512, NN_SIMD_AVX2 or NN_SIMD_NEON and gives the compiler its flags; without one
 * these are vectors of four for any processor, and their multiply_add() rounds twice.
 *
 * A product and its sum are always multiply_add(), never a * b + c: which of those a compiler makes one instruction of
 * depends on the compiler, its version and the loop around (GCC 13 and newer take chains of them apart again), and with
 * it the last bit of a sum.  So the whole tree is compiled with -ffp-contract=off.
 */
#ifndef NN_SIMD_H
#define NN_SIMD_H

#include <stdint.h>

#if defined NN_SIMD_AVX512
#include <immintrin.h>
#define SIMD_NAME "avx512"
#define SIMD(name) name##_avx512
enum
{
  LANES = 16
};
#elif defined NN_SIMD_AVX2
#include <immintrin.h>
#define SIMD_NAME "avx2"
#define SIMD(name) name##_avx2
enum
{
  LANES = 8
};
#elif defined NN_SIMD_NEON
#include <arm_neon.h>
#define SIMD_NAME "neon"
#define SIMD(name) name##_neon
enum
{
  LANES = 4
};
#else
#define SIMD_NAME "plain"
#define SIMD(name) name##_plain
enum
{
  LANES = 4
};
#endif

/* Rows of a tile of 3 vectors: so many sums, 3 weights and an input stay in registers. */
#ifdef NN_SIMD_AVX2
#define TILE_ROWS 4 /* all 16 */
#else
#define TILE_ROWS 8 /* 28 of 32 */
#endif

#define INLINE static inline __attribute__ ((always_inline))

/* Of the loop that follows, so that the elements of arrays become registers. */
#ifdef __clang__
#define UNROLL _Pragma ("clang loop unroll(full)")
#else
#define UNROLL _Pragma ("GCC unroll 24")
#endif

typedef float Vector __attribute__ ((vector_size (LANES * sizeof (float))));
typedef int32_t Mask __attribute__ ((vector_size (LANES * sizeof (float))));

/* One in memory, aligned as a float: anywhere.  Of no variable: GCC 14 for ARM cannot pass such a value on. */
typedef float Stored __attribute__ ((vector_size (LANES * sizeof (float)), aligned (sizeof (float)), may_alias));

/* x in every lane. */
INLINE Vector
splat (float x)
{
#if defined NN_SIMD_AVX512
  return (Vector) _mm512_set1_ps (x);
#elif defined NN_SIMD_AVX2
  return (Vector) _mm256_set1_ps (x);
#elif defined NN_SIMD_NEON
  return (Vector) vdupq_n_f32 (x);
#else
  return (Vector){ x, x, x, x };
#endif
}

/* a b + c in each lane, rounded once. */
INLINE Vector
multiply_add (Vector a, Vector b, Vector c)
{
#if defined NN_SIMD_AVX512
  return (Vector) _mm512_fmadd_ps ((__m512) a, (__m512) b, (__m512) c);
#elif defined NN_SIMD_AVX2
  return (Vector) _mm256_fmadd_ps ((__m256) a, (__m256) b, (__m256) c);
#elif defined NN_SIMD_NEON
  return (Vector) vfmaq_f32 ((float32x4_t) c, (float32x4_t) a, (float32x4_t) b);
#else
  return a * b + c;
#endif
}

#endif
