/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/gemm.h: every kernel of nn_gemm_nth() against nn_gemm_ref(), and nn_gemm_ref() against numbers by hand; every
 * vector kernel, bit for bit, against the chain of multiply-adds that it is, whatever the compiler.
 */
#include "nn/gemm.h"
#include "tests/nn_random.h"

#include <stdlib.h>

enum
{
  MAX_SEGMENTS = 5,
  GUARD = 32, /* values behind the output that must stay */
};

/* Random operands, each in an allocation of exactly its size: what reads past it is found by a sanitizer. */
typedef struct Operands
{
  NnGemmShape shape;
  float *segments[MAX_SEGMENTS];
  const float *a[MAX_SEGMENTS];
  float *b;        /* [segments * k][n] */
  float *bias;     /* [n] */
  float *expected; /* [m][n] */
  float *chain;    /* [m][n] */
  float *out;      /* [m][n], then the guard */
} Operands;

static float *
random_new (uint64_t *seed, size_t n)
{
  float *x = malloc (n * sizeof *x);

  if (!x)
    abort ();
  nn_random_array (seed, 1, x, n);
  return x;
}

static Operands
operands_new (uint64_t *seed, NnGemmShape shape)
{
  Operands ops = { .shape = shape };

  for (size_t s = 0; s < shape.segments; s++)
    ops.a[s] = ops.segments[s] = random_new (seed, (shape.m - 1) * shape.lda + shape.k);
  ops.b = random_new (seed, shape.segments * shape.k * shape.n);
  ops.bias = random_new (seed, shape.n);
  ops.expected = random_new (seed, shape.m * shape.n);
  ops.chain = random_new (seed, shape.m * shape.n);
  ops.out = random_new (seed, shape.m * shape.n + GUARD);
  return ops;
}

static void
operands_free (Operands *ops)
{
  for (size_t s = 0; s < ops->shape.segments; s++)
    free (ops->segments[s]);
  free (ops->b);
  free (ops->bias);
  free (ops->expected);
  free (ops->chain);
  free (ops->out);
}

/* As the kernel does it: rounded once, but for "plain". */
static float
multiply_add (const NnGemm *gemm, float a, float b, float c)
{
  return gemm == &nn_gemm_plain ? a * b + c : fmaf (a, b, c);
}

/* One chain a value, in the order of s and k: a row does not depend on the rows around it. */
static void
chain (const NnGemm *gemm, const Operands *ops, bool with_bias, bool relu, float *out)
{
  const NnGemmShape *shape = &ops->shape;

  for (size_t m = 0; m < shape->m; m++)
    for (size_t n = 0; n < shape->n; n++) {
      float sum = with_bias ? ops->bias[n] : 0;

      for (size_t s = 0; s < shape->segments; s++)
        for (size_t k = 0; k < shape->k; k++)
          sum = multiply_add (gemm, ops->a[s][m * shape->lda + k], ops->b[(s * shape->k + k) * shape->n + n], sum);
      out[m * shape->n + n] = relu && !(sum > 0) ? 0 : sum;
    }
}

/* ops->expected is of the same product. */
static void
check_kernel (const NnGemm *gemm, const Operands *ops, bool with_bias, bool relu)
{
  const NnGemmShape *shape = &ops->shape;
  const size_t size = shape->m * shape->n;
  const float *bias = with_bias ? ops->bias : NULL;
  float *packed = nn_gemm_pack (gemm, ops->b, shape->segments * shape->k, shape->n);
  float *packed_bias = nn_gemm_pack_bias (gemm, bias, shape->n);
  float guard[GUARD];

  if (!packed || !packed_bias)
    abort ();
  memcpy (guard, ops->out + size, sizeof guard);
  gemm->run (shape, ops->a, packed, packed_bias, relu, ops->out);
  chain (gemm, ops, with_bias, relu, ops->chain);

  const double error = nn_relative_error (ops->out, ops->expected, size);

  CHECK (error <= 1e-5, "%s: m %zu n %zu k %zu segments %zu lda %zu bias %d relu %d: %g", gemm->name, shape->m,
      shape->n, shape->k, shape->segments, shape->lda, with_bias, relu, error);
  CHECK (memcmp (guard, ops->out + size, sizeof guard) == 0, "%s: m %zu n %zu: wrote behind the output", gemm->name,
      shape->m, shape->n);
  CHECK (strcmp (gemm->name, "openblas") == 0 || memcmp (ops->out, ops->chain, size * sizeof *ops->out) == 0,
      "%s: m %zu n %zu k %zu segments %zu lda %zu: not the bits of the chain", gemm->name, shape->m, shape->n, shape->k,
      shape->segments, shape->lda);
  free (packed);
  free (packed_bias);
}

static void
check_shape (uint64_t *seed, NnGemmShape shape)
{
  const NnGemm *gemm;
  Operands ops = operands_new (seed, shape);

  for (int choice = 0; choice < 4; choice++) {
    nn_gemm_ref (&ops.shape, ops.a, ops.b, choice & 1 ? ops.bias : NULL, choice & 2, ops.expected);
    for (size_t i = 0; (gemm = nn_gemm_nth (i)) != NULL; i++)
      check_kernel (gemm, &ops, choice & 1, choice & 2);
  }
  operands_free (&ops);
}

static void
test_random_shapes (void)
{
  uint64_t seed = 1;

  for (int i = 0; i < 80; i++) {
    NnGemmShape shape = {
      .m = nn_random_size (&seed, 1, i % 3 == 0 ? 70 : 17),
      .n = nn_random_size (&seed, 1, i % 2 == 0 ? 200 : 40),
      .k = nn_random_size (&seed, 1, i % 5 == 0 ? 650 : 80),
      .segments = nn_random_size (&seed, 1, i % 5 == 0 ? 2 : MAX_SEGMENTS),
    };

    /* Rows that overlap, that touch, that lie apart. */
    shape.lda = nn_random_size (&seed, 1, 2 * shape.k);
    check_shape (&seed, shape);
  }
}

/* Every height of a tile with every number of panels, and one value more or less. */
static void
test_edges (void)
{
  uint64_t seed = 2;

  for (size_t m = 1; m <= 17; m++)
    for (size_t n = 1; n <= (m == 1 ? 16 * 17 : 16 * 7); n += n % 8 == 0 || n % 8 == 7 ? 1 : 6)
      check_shape (&seed, (NnGemmShape){ .m = m, .n = n, .k = 3, .segments = 2, .lda = 1 });
}

/* Beyond 2^18 multiply-adds in m, in n * k, in n alone: OpenBLAS gets it in pieces. */
static void
test_large (void)
{
  static const NnGemmShape shapes[] = {
    { .m = 17, .n = 200, .k = 650, .segments = 3, .lda = 650 },
    { .m = 9, .n = 200, .k = 650, .segments = 2, .lda = 650 / 3 },
    { .m = 3, .n = 700, .k = 500, .segments = 1, .lda = 500 },
    { .m = 1, .n = 1000, .k = 1100, .segments = 2, .lda = 1100 },
    { .m = 2, .n = 3000, .k = 200, .segments = 2, .lda = 200 },
    { .m = 2, .n = (1 << 18) + 5, .k = 2, .segments = 1, .lda = 1 },
  };
  uint64_t seed = 3;

  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    check_shape (&seed, shapes[i]);
}

/* Two rows that overlap, two segments, by hand. */
static void
test_definition (void)
{
  static const float a0[] = { 1, 2, 3 }, a1[] = { 10, 20, 30 };
  static const float *const a[] = { a0, a1 };
  static const float b[4][2] = { { 1, -1 }, { 2, 0 }, { .5F, 1 }, { 0, 1 } };
  static const float bias[] = { 100, -32 };
  static const float expected[2][2] = { { 1 + 4 + 5 + 100, -1 + 10 + 20 - 32 },
    { 2 + 6 + 10 + 100, -2 + 20 + 30 - 32 } };
  const NnGemmShape shape = { .m = 2, .n = 2, .k = 2, .segments = 2, .lda = 1 };
  float out[2][2];

  nn_gemm_ref (&shape, a, b[0], bias, false, out[0]);
  CHECK (memcmp (out, expected, sizeof out) == 0, "%g %g %g %g", (double) out[0][0], (double) out[0][1],
      (double) out[1][0], (double) out[1][1]);
  nn_gemm_ref (&shape, a, b[0], bias, true, out[0]);
  CHECK (out[0][0] == expected[0][0] && out[0][1] == 0, "%g %g", (double) out[0][0], (double) out[0][1]);
}

/* out + one chain a value, in the order of s and m; shape->ldo is n. */
static void
sum_chain (const NnGemm *gemm, const NnGemmSum *shape, const float *const *a, const float *const *b, float *out)
{
  for (size_t k = 0; k < shape->k; k++)
    for (size_t n = 0; n < shape->n; n++) {
      float sum = 0;

      for (size_t s = 0; s < shape->segments; s++)
        for (size_t m = 0; m < shape->m; m++)
          sum = multiply_add (gemm, a[s][m * shape->lda + k], b[s][m * shape->ldb + n], sum);
      out[k * shape->n + n] += sum;
    }
}

static void
check_sum (uint64_t *seed, const NnGemmSum *shape)
{
  const size_t size = shape->k * shape->n;
  float *a[MAX_SEGMENTS], *b[MAX_SEGMENTS], *before = random_new (seed, size), *out = random_new (seed, size);
  float *expected = random_new (seed, size);
  const NnGemm *gemm;

  for (size_t s = 0; s < shape->segments; s++) {
    a[s] = random_new (seed, (shape->m - 1) * shape->lda + shape->k);
    b[s] = random_new (seed, shape->m * shape->ldb + NN_GEMM_SLACK);
  }
  for (size_t i = 0; (gemm = nn_gemm_nth (i)) != NULL; i++) {
    if (strcmp (gemm->name, "openblas") == 0)
      continue;
    memcpy (expected, before, size * sizeof *before);
    sum_chain (gemm, shape, (const float *const *) a, (const float *const *) b, expected);
    memcpy (out, before, size * sizeof *before);
    gemm->sum (shape, (const float *const *) a, (const float *const *) b, out);
    CHECK (memcmp (out, expected, size * sizeof *out) == 0,
        "%s: sum of m %zu n %zu k %zu segments %zu lda %zu ldb %zu: not the bits of the chain", gemm->name, shape->m,
        shape->n, shape->k, shape->segments, shape->lda, shape->ldb);
  }
  for (size_t s = 0; s < shape->segments; s++) {
    free (a[s]);
    free (b[s]);
  }
  free (before);
  free (out);
  free (expected);
}

static void
test_sum_bits (void)
{
  uint64_t seed = 4;

  for (size_t k = 1; k <= 17; k++)
    for (size_t n = 1; n <= 16 * 7; n += n % 8 == 0 || n % 8 == 7 ? 1 : 6) {
      NnGemmSum shape = { .n = n, .k = k, .ldo = n };

      shape.m = nn_random_size (&seed, 1, 40);
      shape.segments = nn_random_size (&seed, 1, MAX_SEGMENTS);
      shape.lda = nn_random_size (&seed, 1, 2 * k);
      shape.ldb = nn_random_size (&seed, n, n + 9);
      check_sum (&seed, &shape);
    }
}

static void
test_list (void)
{
  size_t n = 0;

  while (nn_gemm_nth (n))
    n++;
  CHECK (n >= 1 && nn_gemm_nth (n - 1) == &nn_gemm_plain, "%zu kernels", n);
  CHECK (nn_gemm_best () == nn_gemm_nth (0), "the best is not the first");
  CHECK (!nn_gemm_nth (n + 1) && !nn_gemm_nth (SIZE_MAX), "a kernel behind the last");
  for (size_t i = 0; i < n; i++) {
    const NnGemm *gemm = nn_gemm_nth (i);

    CHECK (nn_gemm_padded (gemm, 1) == gemm->panel && nn_gemm_padded (gemm, gemm->panel) == gemm->panel
            && nn_gemm_padded (gemm, gemm->panel + 1) == 2 * gemm->panel,
        "%s", gemm->name);
  }
}

int
main (void)
{
  test_definition ();
  test_list ();
  test_edges ();
  test_random_shapes ();
  test_large ();
  test_sum_bits ();
  TEST_END ();
}
