/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/activation.h: nn_activation_apply() against the definition over the whole range of float; and its definition.
 */
#include "nn/activation.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  STRIDE = 997, /* every 997th float */
  BLOCK = 61,   /* values an apply(): odd, so that vectors and what is left over see all sorts */
};

static const char *const names[] = { "tanh", "sigmoid", "hard_sigmoid", "relu" };

/* The n-th finite float from the most negative on; n below 2 * 0x7f800000. */
static float
nth_float (uint32_t n)
{
  const uint32_t bits = n < 0x7f800000 ? 0xff7fffff - n : n - 0x7f800000;
  float x;

  memcpy (&x, &bits, sizeof x);
  return x;
}

/* Values ascend. */
static void
check_block (NnActivation activation, const float *x, size_t n, float *last)
{
  float y[BLOCK];

  memcpy (y, x, n * sizeof *y);
  nn_activation_apply (activation, y, n);
  for (size_t i = 0; i < n; i++) {
    const double exact = nn_activation_ref (activation, (double) x[i]);
    const double error = fabs ((double) y[i] - exact);

    CHECK (error <= (activation == NN_ACTIVATION_RELU ? 0 : 3e-7), "%s (%.9g) = %.9g, not %.9g", names[activation],
        (double) x[i], (double) y[i], exact);
    CHECK (y[i] >= *last, "%s falls at %.9g: %.9g to %.9g", names[activation], (double) x[i], (double) *last,
        (double) y[i]);
    *last = y[i];
  }
}

static void
test_all_floats (NnActivation activation)
{
  float x[BLOCK], last = -INFINITY;
  size_t n = 0;

  for (uint32_t i = 0; i < 2 * UINT32_C (0x7f800000); i += STRIDE) {
    x[n++] = nth_float (i);
    if (n == BLOCK || i + STRIDE >= 2 * UINT32_C (0x7f800000)) {
      check_block (activation, x, n, &last);
      n = 0;
    }
  }
}

/* Where it bends: -20 to 20 by 1/4096. */
static void
test_dense_sweep (NnActivation activation)
{
  float x[BLOCK], last = -INFINITY;
  size_t n = 0;

  for (int i = -20 * 4096; i <= 20 * 4096; i++) {
    x[n++] = (float) i / 4096;
    if (n == BLOCK || i == 20 * 4096) {
      check_block (activation, x, n, &last);
      n = 0;
    }
  }
}

/* Every value is a function of itself alone, whatever the array's length and alignment. */
static void
test_lengths (NnActivation activation)
{
  uint64_t seed = 5;
  float x[80], whole[80], part[80];

  for (size_t i = 0; i < 80; i++)
    x[i] = whole[i] = 8 * test_noise (&seed);
  nn_activation_apply (activation, whole, 80);
  for (size_t first = 0; first < 8; first++)
    for (size_t n = 0; n < 72; n++) {
      memcpy (part, x, sizeof part);
      nn_activation_apply (activation, part + first, n);
      CHECK (memcmp (part + first, whole + first, n * sizeof *part) == 0, "%s: %zu values from %zu on",
          names[activation], n, first);
      CHECK (memcmp (part, x, first * sizeof *part) == 0, "%s: wrote before", names[activation]);
      CHECK (memcmp (part + first + n, x + first + n, (80 - first - n) * sizeof *part) == 0, "%s: wrote behind",
          names[activation]);
    }
}

static void
test_definition (void)
{
  static const struct
  {
    NnActivation activation;
    double x, y;
  } rows[] = {
    { NN_ACTIVATION_TANH, 0, 0 },
    { NN_ACTIVATION_TANH, 1, 0.76159415595576489 },
    { NN_ACTIVATION_TANH, -1, -0.76159415595576489 },
    { NN_ACTIVATION_TANH, 1e30, 1 },
    { NN_ACTIVATION_SIGMOID, 0, .5 },
    { NN_ACTIVATION_SIGMOID, 1, 0.73105857863000488 },
    { NN_ACTIVATION_SIGMOID, -100, 3.7200759760208361e-44 },
    { NN_ACTIVATION_SIGMOID, 1e30, 1 },
    { NN_ACTIVATION_HARD_SIGMOID, 0, .5 },
    { NN_ACTIVATION_HARD_SIGMOID, 1, .7 },
    { NN_ACTIVATION_HARD_SIGMOID, 2.6, 1 },
    { NN_ACTIVATION_HARD_SIGMOID, -2.6, 0 },
    { NN_ACTIVATION_RELU, -3, 0 },
    { NN_ACTIVATION_RELU, 3, 3 },
  };

  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const double y = nn_activation_ref (rows[i].activation, rows[i].x);

    CHECK (fabs (y - rows[i].y) <= 1e-15, "%s (%g) = %.17g", names[rows[i].activation], rows[i].x, y);
  }
}

int
main (void)
{
  test_definition ();
  for (int i = NN_ACTIVATION_TANH; i <= NN_ACTIVATION_RELU; i++) {
    test_all_floats ((NnActivation) i);
    test_dense_sweep ((NnActivation) i);
    test_lengths ((NnActivation) i);
  }
  TEST_END ();
}
