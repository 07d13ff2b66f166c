/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/sets/metrics.h"

#include "models/genre_aggregate.h"

#include <math.h>

static double
ratio (guint64 part, guint64 whole)
{
  return whole > 0 ? (double) part / (double) whole : (double) NAN;
}

/* Whether at most one label goes before `label`: a larger probability, or an equal one of a lower index. */
static gboolean
is_among_two (const double *probabilities, gsize n_labels, unsigned label)
{
  unsigned before = 0;

  for (unsigned i = 0; i < n_labels; i++)
    before += probabilities[i] > probabilities[label] || (probabilities[i] == probabilities[label] && i < label);
  return before < 2;
}

static int
ece_bin (double confidence)
{
  return CLAMP ((int) ceil (confidence * METRICS_ECE_BINS) - 1, 0, METRICS_ECE_BINS - 1);
}

double
metrics_ece (const double *confidence, const gboolean *right, gsize n)
{
  double sum[METRICS_ECE_BINS] = { 0 };
  guint64 hits[METRICS_ECE_BINS] = { 0 };
  double error = 0;

  for (gsize i = 0; i < n; i++) {
    const int bin = ece_bin (confidence[i]);
    sum[bin] += confidence[i];
    hits[bin] += right[i] ? 1 : 0;
  }
  /* n_b / n |right_b / n_b - sum_b / n_b| = |right_b - sum_b| / n */
  for (int bin = 0; bin < METRICS_ECE_BINS; bin++)
    error += fabs ((double) hits[bin] - sum[bin]);
  return n > 0 ? error / (double) n : (double) NAN;
}

/* Hits of a bin are a sum of independent coins: their distribution is built coin by coin. */
double
metrics_ece_chance (const double *confidence, gsize n)
{
  g_autofree double *hits = g_new (double, n + 1); /* [m + 1] probability of so many */
  double error = 0;

  for (int bin = 0; bin < METRICS_ECE_BINS; bin++) {
    gsize m = 0;
    double sum = 0;
    hits[0] = 1;
    for (gsize i = 0; i < n; i++) {
      const double p = confidence[i];
      if (ece_bin (p) != bin)
        continue;
      sum += p;
      hits[++m] = 0;
      for (gsize k = m; k > 0; k--)
        hits[k] = hits[k] * (1 - p) + hits[k - 1] * p;
      hits[0] *= 1 - p;
    }
    for (gsize k = 0; k <= m; k++)
      error += hits[k] * fabs ((double) k - sum);
  }
  return n > 0 ? error / (double) n : (double) NAN;
}

double
metrics_auc (const double *first, gsize n_first, const double *second, gsize n_second)
{
  double above = 0;
  for (gsize i = 0; i < n_first; i++)
    for (gsize k = 0; k < n_second; k++)
      above += first[i] > second[k] ? 1 : first[i] < second[k] ? 0 : .5;
  return n_first > 0 && n_second > 0 ? above / ((double) n_first * (double) n_second) : (double) NAN;
}

void
metrics_wilson (guint64 hits, guint64 n, double *ret_low, double *ret_high)
{
  const double z = 1.959963984540054; /* the normal distribution's quantile of .975 */
  const double p = (double) hits / (double) n, m = (double) n;
  const double centre = (p + z * z / (2 * m)) / (1 + z * z / m);
  const double half = z / (1 + z * z / m) * sqrt (p * (1 - p) / m + z * z / (4 * m * m));

  *ret_low = hits > 0 ? fmax (centre - half, 0) : 0;
  *ret_high = hits < n ? fmin (centre + half, 1) : 1;
}

double
metrics_mcnemar (guint64 only_first, guint64 only_second)
{
  const guint64 n = only_first + only_second, least = MIN (only_first, only_second);

  if (n > METRICS_EXACT) {
    const double apart = fmax ((double) (n - 2 * least) - 1, 0);
    return erfc (sqrt (apart * apart / (double) n / 2));
  }
  /* 2 sum over i = 0 ... least of binomial (n, i) / 2^n */
  double term = pow (.5, (double) n), sum = 0;
  for (guint64 i = 0; i <= least; i++) {
    sum += term;
    term *= (double) (n - i) / (double) (i + 1);
  }
  return fmin (2 * sum, 1);
}

/* --- temperature ----------------------------------------------------------------------------------------------- */

/* sum over cases of -ln softmax (x / t)[truth] */
static double
tempered_nll (const unsigned *truth, const double *x, gsize n_cases, gsize n_labels, double t)
{
  double nll = 0;

  for (gsize k = 0; k < n_cases; k++, x += n_labels) {
    const double max = x[genre_probabilities_top (x, (unsigned) n_labels)];
    double sum = 0;
    for (gsize i = 0; i < n_labels; i++)
      sum += exp ((x[i] - max) / t);
    nll += log (sum) - (x[truth[k]] - max) / t;
  }
  return nll;
}

/* Golden section over ln t: the sum is convex in 1 / t, so that there is one valley. */
double
metrics_fit_temperature (const unsigned *truth, const double *log_probabilities, gsize n_cases, gsize n_labels)
{
  enum
  {
    STEPS = 48 /* .618^48 of the range is 1e-9 */
  };
  const double golden = (sqrt (5) - 1) / 2, bound = log (64);
  double low = -bound, high = bound;
  double at[2] = { high - golden * (high - low), low + golden * (high - low) };
  double nll[2];

  for (int i = 0; i < 2; i++)
    nll[i] = tempered_nll (truth, log_probabilities, n_cases, n_labels, exp (at[i]));
  for (int step = 0; step < STEPS; step++) {
    const int worse = nll[0] > nll[1] ? 0 : 1, better = 1 - worse;
    if (worse == 0)
      low = at[0];
    else
      high = at[1];
    at[worse] = at[better];
    nll[worse] = nll[better];
    at[better] = worse == 0 ? low + golden * (high - low) : high - golden * (high - low);
    nll[better] = tempered_nll (truth, log_probabilities, n_cases, n_labels, exp (at[better]));
  }
  const double best = (low + high) / 2;
  if (fabs (best) > bound - 1e-3)
    return best > 0 ? 64 : 1. / 64;
  return exp (best);
}

/* --- all of them ----------------------------------------------------------------------------------------------- */

static void
fill_classes (Metrics *metrics)
{
  const gsize n = metrics->n_labels;
  gsize present = 0;
  double f1 = 0, recall = 0;

  for (gsize i = 0; i < n; i++) {
    MetricsClass *class = &metrics->classes[i];
    for (gsize k = 0; k < n; k++) {
      class->support += metrics->confusion[i * n + k];
      class->predicted += metrics->confusion[k * n + i];
    }
    class->right = metrics->confusion[i * n + i];
    class->precision = ratio (class->right, class->predicted);
    class->recall = ratio (class->right, class->support);
    class->f1 = ratio (2 * class->right, class->predicted + class->support);
    if (class->support == 0)
      continue;
    f1 += class->f1;
    recall += class->recall;
    present++;
  }
  metrics->macro_f1 = present > 0 ? f1 / (double) present : (double) NAN;
  metrics->mean_recall = present > 0 ? recall / (double) present : (double) NAN;
}

Metrics *
metrics_new (const unsigned *truth, const double *probabilities, gsize n_cases, gsize n_labels)
{
  Metrics *metrics = g_new0 (Metrics, 1);
  g_autofree double *confidence = g_new (double, n_cases);
  g_autofree gboolean *right = g_new (gboolean, n_cases);
  double nll = 0;

  metrics->n_cases = n_cases;
  metrics->n_labels = n_labels;
  metrics->classes = g_new0 (MetricsClass, n_labels);
  metrics->confusion = g_new0 (guint64, n_labels * n_labels);
  for (gsize k = 0; k < n_cases; k++) {
    const double *p = probabilities + k * n_labels;
    const unsigned top = genre_probabilities_top (p, (unsigned) n_labels);
    confidence[k] = p[top];
    right[k] = top == truth[k];
    metrics->right += right[k] ? 1 : 0;
    metrics->right_top2 += is_among_two (p, n_labels, truth[k]) ? 1 : 0;
    metrics->confusion[truth[k] * n_labels + top]++;
    nll -= log (fmax (p[truth[k]], 1e-12));
  }
  metrics->accuracy = ratio (metrics->right, n_cases);
  metrics->top2 = ratio (metrics->right_top2, n_cases);
  metrics->nll = n_cases > 0 ? nll / (double) n_cases : (double) NAN;
  metrics->ece = metrics_ece (confidence, right, n_cases);
  metrics->wilson[0] = metrics->wilson[1] = (double) NAN;
  if (n_cases > 0)
    metrics_wilson (metrics->right, n_cases, &metrics->wilson[0], &metrics->wilson[1]);
  fill_classes (metrics);
  return metrics;
}

void
metrics_free (Metrics *metrics)
{
  if (!metrics)
    return;
  g_free (metrics->classes);
  g_free (metrics->confusion);
  g_free (metrics);
}
