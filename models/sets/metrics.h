/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/sets/metrics.h - how good predictions are: rates, confusion, calibration error, intervals, a test of two
 * models.
 *
 * Layer:   models/sets; uses GLib.
 * Threads: no state.
 *
 * A *case* is what is judged: a track, or a window.  The prediction is the first of its largest probabilities.  Rates
 * are fractions; one that has nothing to divide by is NaN.
 */
#ifndef MODELS_SETS_METRICS_H
#define MODELS_SETS_METRICS_H

#include <glib.h>

enum
{
  METRICS_ECE_BINS = 15
};

/* Of one label. */
typedef struct MetricsClass
{
  guint64 support;   /* cases that have it */
  guint64 predicted; /* cases that got it */
  guint64 right;     /* both */
  double precision;  /* right / predicted; NaN: never predicted */
  double recall;     /* right / support; NaN: no case has it */
  double f1;         /* 2 right / (predicted + support); NaN: neither */
} MetricsClass;

typedef struct Metrics
{
  gsize n_cases, n_labels;
  guint64 right;
  guint64 right_top2;    /* the truth is among the two most probable */
  double accuracy;       /* right / n_cases */
  double wilson[2];      /* its 95 % interval */
  double top2;           /* right_top2 / n_cases */
  double macro_f1;       /* mean f1 of the labels that any case has */
  double mean_recall;    /* mean recall of the same */
  double ece;            /* expected calibration error, below */
  double nll;            /* mean -ln max (p[truth], 1e-12) */
  MetricsClass *classes; /* [n_labels] */
  guint64 *confusion;    /* [n_labels][n_labels]  [true][predicted] */
} Metrics;

/* truth          [n_cases]  0 ... n_labels - 1
 * probabilities  [n_cases][n_labels]
 *
 * n_cases may be 0: all rates are NaN. */
Metrics *metrics_new (const unsigned *truth, const double *probabilities, gsize n_cases, gsize n_labels);
void metrics_free (Metrics *metrics); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Metrics, metrics_free)

/* Expected calibration error: sum over bins b of n_b / n |right_b / n_b - mean confidence_b|, where bin b of
 * METRICS_ECE_BINS holds the confidences in (b / bins, (b + 1) / bins]  (Guo et al. 2017).
 *
 * confidence  [n]  0 to 1
 * right       [n] */
double metrics_ece (const double *confidence, const gboolean *right, gsize n);

/* What metrics_ece() is on average of a perfectly calibrated model, one that is right with the probability of its
 * confidence, case by case independently: so much of an error is chance, the more the fewer the cases.  Exact, in
 * O(n^2).
 *
 * confidence  [n]  0 to 1
 *
 * NaN of no case. */
double metrics_ece_chance (const double *confidence, gsize n);

/* The area under the ROC curve of a score that tells two kinds apart, by Mann and Whitney: how often one of the first
 * kind is above one of the second; ties count half.
 *
 * first  [n_first], second [n_second]
 *
 * NaN: there is none of one kind. */
double metrics_auc (const double *first, gsize n_first, const double *second, gsize n_second);

/* Wilson's score interval of 95 % for `hits` of n >= 1. */
void metrics_wilson (guint64 hits, guint64 n, double *ret_low, double *ret_high);

/* McNemar's test of two models on the same cases: only_first were right with the first model only.
 * Two-sided p of "both are as good".  Up to METRICS_EXACT discordant cases the exact binomial, above it chi-square of
 * one degree of freedom with continuity correction. */
enum
{
  METRICS_EXACT = 50
};
double metrics_mcnemar (guint64 only_first, guint64 only_second);

/* The temperature by which to divide log-probabilities so that their softmax fits the truth best: it minimises
 * sum over cases of -ln softmax (x / t)[truth], which has one minimum.
 *
 * log_probabilities  [n_cases][n_labels], up to any constant a case, finite
 *
 * 1/64 to 64; one of these two: there is no minimum between, the cases are all right, or no better than chance. */
double metrics_fit_temperature (const unsigned *truth, const double *log_probabilities, gsize n_cases, gsize n_labels);

#endif
