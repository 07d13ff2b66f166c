/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * metrics: small cases worked out by hand, and what must hold for any.
 */
#include "models/genre_aggregate.h"
#include "models/sets/metrics.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

static bool
near (double a, double b)
{
  return fabs (a - b) <= 1e-9 * fmax (1, fabs (b));
}

/* Four cases of three labels: right, right in second place, wrong, a tie that goes to the first. */
static void
test_by_hand (void)
{
  const unsigned truth[] = { 0, 0, 1, 1 };
  const double p[] = { .8, .1, .1, /**/ .3, .6, .1, /**/ .3, .1, .6, /**/ .2, .4, .4 };
  g_autoptr (Metrics) metrics = metrics_new (truth, p, 4, 3);
  const guint64 confusion[] = { 1, 1, 0, 0, 1, 1, 0, 0, 0 };

  CHECK (metrics->right == 2 && near (metrics->accuracy, .5), "accuracy %g", metrics->accuracy);
  CHECK (metrics->right_top2 == 3 && near (metrics->top2, .75), "top 2 %g", metrics->top2);
  for (int i = 0; i < 9; i++)
    CHECK (metrics->confusion[i] == confusion[i], "confusion %d is %d", i, (int) metrics->confusion[i]);

  /* label 0: 1 of 2 found, 1 of 1 right; label 1: 1 of 2, 1 of 2; label 2: no case */
  CHECK (near (metrics->classes[0].precision, 1) && near (metrics->classes[0].recall, .5), "label 0");
  CHECK (near (metrics->classes[0].f1, 2. / 3), "F1 %g", metrics->classes[0].f1);
  CHECK (near (metrics->classes[1].precision, .5) && near (metrics->classes[1].recall, .5), "label 1");
  CHECK (near (metrics->classes[2].precision, 0) && isnan (metrics->classes[2].recall), "label 2");
  CHECK (near (metrics->macro_f1, (2. / 3 + .5) / 2), "macro F1 %g", metrics->macro_f1);

  /* bins of 1/15: .8 (bin 11) right; .6 twice (bin 8) wrong; .4 (bin 5) right */
  CHECK (near (metrics->ece, (.2 + 1.2 + .6) / 4), "ECE %g", metrics->ece);
  CHECK (near (metrics->nll, -(log (.8) + log (.3) + log (.1) + log (.4)) / 4), "NLL %g", metrics->nll);
}

static void
test_nothing (void)
{
  g_autoptr (Metrics) metrics = metrics_new (NULL, NULL, 0, 2);

  CHECK (isnan (metrics->accuracy) && isnan (metrics->macro_f1) && isnan (metrics->ece) && isnan (metrics->wilson[0]),
      "no cases");
  metrics_free (NULL);
}

/* Each edge belongs to the bin below it. */
static void
test_ece_bins (void)
{
  const gboolean right[] = { TRUE, FALSE };

  for (int bin = 0; bin < METRICS_ECE_BINS; bin++) {
    const double edge = (bin + 1.) / METRICS_ECE_BINS;
    const double inside[] = { edge - 1e-6, edge - 2e-6 }, across[] = { edge + 1e-6, edge - 1e-6 };
    CHECK (near (metrics_ece (inside, right, 2), fabs (1 - 2 * edge + 3e-6) / 2), "within bin %d", bin);
    if (bin + 1 < METRICS_ECE_BINS)
      CHECK (near (metrics_ece (across, right, 2), (1 - edge - 1e-6 + edge - 1e-6) / 2), "across edge %d", bin);
  }
  const double certain[] = { 1, 1 }, none[] = { 0, 0 };
  CHECK (near (metrics_ece (certain, right, 2), .5), "all certain");
  CHECK (near (metrics_ece (none, right, 2), .5), "confidence 0");
}

/* The definition: the mean of metrics_ece() over all that may happen, each outcome with its probability. */
static void
test_ece_chance (void)
{
  enum
  {
    N = 10
  };
  const double confidence[N] = { .31, .33, .32, .58, .6, 1, .95, .94, .98, .12 };
  double mean = 0;

  for (unsigned outcome = 0; outcome < 1u << N; outcome++) {
    gboolean right[N];
    double probability = 1;
    for (unsigned i = 0; i < N; i++) {
      right[i] = (outcome >> i & 1) != 0;
      probability *= right[i] ? confidence[i] : 1 - confidence[i];
    }
    mean += probability * metrics_ece (confidence, right, N);
  }
  CHECK (near (metrics_ece_chance (confidence, N), mean), "chance %g, by definition %g",
      metrics_ece_chance (confidence, N), mean);

  /* One case of confidence p is off by 1 - p with p, by p with 1 - p. */
  CHECK (near (metrics_ece_chance (confidence, 1), 2 * .31 * .69), "one case");
  const double certain[] = { 1, 1, 0 };
  CHECK (near (metrics_ece_chance (certain, 3), 0), "nothing is left to chance");
  CHECK (isnan (metrics_ece_chance (NULL, 0)), "no cases");
}

/* Wilson's bounds p solve (hits / n - p)^2 = z^2 p (1 - p) / n. */
static void
test_wilson (void)
{
  const double z = 1.959963984540054;
  double low, high;

  for (guint64 n = 1; n <= 300; n += 13) {
    for (guint64 hits = 0; hits <= n; hits += 1 + n / 7) {
      metrics_wilson (hits, n, &low, &high);
      const double rate = (double) hits / (double) n;
      CHECK (0 <= low && low <= rate && rate <= high && high <= 1, "%d of %d: %g %g", (int) hits, (int) n, low, high);
      for (int i = 0; i < 2; i++) {
        const double p = i ? high : low;
        CHECK (fabs ((rate - p) * (rate - p) - z * z * p * (1 - p) / (double) n) < 1e-12, "%d of %d: bound %g",
            (int) hits, (int) n, p);
      }
    }
  }
  metrics_wilson (128, 197, &low, &high);
  CHECK (fabs (low - .58086) < 1e-4 && fabs (high - .71291) < 1e-4, "128 of 197: %.5f %.5f", low, high);
}

/* The exact test as its definition: all outcomes of n fair coins at least as lopsided. */
static double
exact_mcnemar (unsigned b, unsigned c)
{
  const unsigned n = b + c;
  const double apart = fabs ((double) b - (double) c);
  double sum = 0;

  for (unsigned i = 0; i <= n; i++)
    if (fabs (2. * i - n) >= apart)
      sum += exp (lgamma (n + 1.) - lgamma (i + 1.) - lgamma (n - i + 1.) - n * log (2));
  return fmin (sum, 1);
}

static void
test_mcnemar (void)
{
  for (unsigned b = 0; b <= METRICS_EXACT; b++)
    for (unsigned c = 0; b + c <= METRICS_EXACT; c++) {
      CHECK (near (metrics_mcnemar (b, c), exact_mcnemar (b, c)), "%u against %u: %g", b, c, metrics_mcnemar (b, c));
      CHECK (metrics_mcnemar (b, c) == metrics_mcnemar (c, b), "%u against %u, the other way", b, c);
    }
  CHECK (metrics_mcnemar (0, 0) == 1, "the same model");
  CHECK (near (metrics_mcnemar (1, 7), 18. / 256), "1 against 7: %g", metrics_mcnemar (1, 7));
  CHECK (metrics_mcnemar (40, 40) == 1, "as many each: %g", metrics_mcnemar (40, 40));
  /* (|80 - 50| - 1)^2 / 130 = 6.4692, p of chi-square with one degree of freedom */
  CHECK (fabs (metrics_mcnemar (80, 50) - .010978) < 1e-5, "80 against 50: %g", metrics_mcnemar (80, 50));

  /* The two ways agree where one takes over. */
  for (unsigned b = 0; b <= 25; b++) {
    const double approximate = metrics_mcnemar (b, METRICS_EXACT + 1 - b),
                 exact = exact_mcnemar (b, METRICS_EXACT + 1 - b);
    CHECK (fabs (approximate - exact) < .02, "%u of 51: %g, exactly %g", b, approximate, exact);
  }
}

/* Truth drawn from softmax (x): it fits at 1; x times a fits at a; the least of a fine grid is no better. */
static void
test_temperature (void)
{
  enum
  {
    N = 4000,
    LABELS = 4
  };
  const double scales[] = { 1, .3, 3.7 };
  double *x = malloc (sizeof *x * N * LABELS), *scaled = malloc (sizeof *x * N * LABELS);
  unsigned *truth = malloc (sizeof *truth * N);
  uint64_t state = 5;
  double fitted = 0;

  for (int k = 0; k < N; k++) {
    double p[LABELS], sum = 0, u = ((double) test_noise (&state) + 1) / 2;
    for (int i = 0; i < LABELS; i++) {
      x[k * LABELS + i] = 3 * (double) test_noise (&state);
      sum += p[i] = exp (x[k * LABELS + i]);
    }
    for (truth[k] = 0; truth[k] < LABELS - 1 && (u -= p[truth[k]] / sum) > 0;)
      truth[k]++;
  }
  for (int s = 0; s < 3; s++) {
    for (int i = 0; i < N * LABELS; i++)
      scaled[i] = scales[s] * x[i] + i / LABELS; /* a constant a case changes nothing */
    const double t = metrics_fit_temperature (truth, scaled, N, LABELS);
    if (s == 0)
      fitted = t;
    CHECK (fabs (fitted - 1) < .1, "fits at %g", fitted);
    CHECK (fabs (t / scales[s] - fitted) < 1e-5, "times %g fits at %g", scales[s], t);
  }
  for (int k = 0; k < N; k++)
    truth[k] = genre_probabilities_top (x + k * LABELS, LABELS);
  CHECK (metrics_fit_temperature (truth, x, N, LABELS) <= 1. / 32, "all right");
  for (int i = 0; i < N * LABELS; i++)
    scaled[i] = -x[i];
  CHECK (metrics_fit_temperature (truth, scaled, N, LABELS) == 64, "worse than chance");
  free (x);
  free (scaled);
  free (truth);
}

/* Random cases: sums, ranges, and that the order of the cases does not matter. */
static void
test_properties (void)
{
  enum
  {
    N = 500,
    LABELS = 7
  };
  static double p[N * LABELS], turned[N * LABELS];
  unsigned truth[N], turned_truth[N];
  uint64_t state = 9;

  for (int k = 0; k < N; k++) {
    double sum = 0;
    for (int i = 0; i < LABELS; i++)
      sum += p[k * LABELS + i] = exp (2 * (double) test_noise (&state));
    for (int i = 0; i < LABELS; i++)
      turned[(N - 1 - k) * LABELS + i] = p[k * LABELS + i] /= sum;
    turned_truth[N - 1 - k] = truth[k] = (unsigned) (test_random (&state) % LABELS);
  }
  g_autoptr (Metrics) metrics = metrics_new (truth, p, N, LABELS);
  g_autoptr (Metrics) other = metrics_new (turned_truth, turned, N, LABELS);
  guint64 sum = 0, trace = 0, support = 0, predicted = 0;

  for (int i = 0; i < LABELS * LABELS; i++) {
    sum += metrics->confusion[i];
    trace += i % (LABELS + 1) == 0 ? metrics->confusion[i] : 0;
    CHECK (metrics->confusion[i] == other->confusion[i], "confusion %d in another order", i);
  }
  for (int i = 0; i < LABELS; i++) {
    support += metrics->classes[i].support;
    predicted += metrics->classes[i].predicted;
  }
  CHECK (sum == N && support == N && predicted == N && trace == metrics->right, "sums");
  CHECK (metrics->top2 >= metrics->accuracy && metrics->top2 <= 1, "top 2 %g", metrics->top2);
  CHECK (metrics->wilson[0] < metrics->accuracy && metrics->accuracy < metrics->wilson[1], "interval");
  CHECK (metrics->ece >= 0 && metrics->ece <= 1 && near (metrics->ece, other->ece), "ECE %g", metrics->ece);
  CHECK (near (metrics->nll, other->nll) && near (metrics->macro_f1, other->macro_f1), "another order");
}

/* Every pair looked at: 0 is below all, 1 above all, a tie counts half. */
static void
test_auc (void)
{
  static const double high[] = { .9, .5, .7 }, low[] = { .1, .5 };
  CHECK (near (metrics_auc (high, 3, low, 2), 5.5 / 6) && near (metrics_auc (low, 2, high, 3), .5 / 6),
      "three and two");
  CHECK (near (metrics_auc (high, 3, high, 3), .5), "the same twice");
  CHECK (isnan (metrics_auc (high, 0, low, 2)) && isnan (metrics_auc (high, 3, low, 0)), "none of one kind");
}

int
main (void)
{
  test_auc ();
  test_by_hand ();
  test_nothing ();
  test_ece_bins ();
  test_ece_chance ();
  test_wilson ();
  test_mcnemar ();
  test_temperature ();
  test_properties ();
  TEST_END ();
}
