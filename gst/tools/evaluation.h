/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/evaluation.h - a model heard on all tracks of a feature set, several at once, and the figures of that.
 *
 * Layer:   gst; models/sets/genre_tracks, models/sets/metrics.
 * Threads: the main thread; it starts the jobs.
 */
#ifndef GST_TOOLS_EVALUATION_H
#define GST_TOOLS_EVALUATION_H

#include "models/sets/genre_tracks.h"
#include "models/sets/metrics.h"

typedef struct ToolEvaluationConfig
{
  guint jobs;     /* at least 1 */
  gboolean quiet; /* no progress */
} ToolEvaluationConfig;

/* A *case* is a track with at least one answer. */
typedef struct ToolEvaluation
{
  GenreModel *model;
  char *name; /* of the model, UTF-8 */
  const GenreFeatureSet *set;
  GenreTracks *tracks;
  GenreHearing **hearings; /* [tracks->n_tracks] */

  gsize n_cases;
  gsize *cases;            /* [n_cases]  index into tracks */
  unsigned *truth;         /* [n_cases] */
  double *probabilities;   /* [n_cases][n_labels]  the aggregate */
  gsize n_clips;           /* of the cases */
  gsize too_short, silent; /* tracks without an answer, */
  gsize not_music;         /* and those that the model takes for no music */
  Metrics *by_track, *by_window;
} ToolEvaluation;

/* model  a reference is taken
 * set    outlives the evaluation
 * what   "evaluate", for the progress line
 *
 * The same to the bit for any number of jobs.  NULL: what is wrong with model and set together, no track long enough
 * for an answer, or an interruption: "interrupted". */
ToolEvaluation *tool_evaluation_new (GenreModel *model, const char *name, const GenreFeatureSet *set, double gain_db,
    const char *what, const ToolEvaluationConfig *config, GError **error);
void tool_evaluation_free (ToolEvaluation *evaluation); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolEvaluation, tool_evaluation_free)

/* --- further figures --- */

/* part / whole; NaN of nothing */
double tool_rate (guint64 part, gsize whole);

/* Accuracy of the aggregates after so many seconds of each track. */
typedef struct ToolSeconds
{
  double seconds;
  gsize n_cases; /* that had an answer by then; the others do not count */
  guint64 right;
} ToolSeconds;

enum
{
  TOOL_N_SECONDS = 7
};

/* seconds [TOOL_N_SECONDS]  out, for 3.5, 5, 7, 10, 15, 20 and 30 s */
void tool_evaluation_seconds (const ToolEvaluation *evaluation, ToolSeconds *seconds);

/* What a threshold of confidence buys: the tracks that are as sure as that, and how many of them are right. */
typedef struct ToolCoverage
{
  double threshold;
  gsize n_cases;
  guint64 right;
} ToolCoverage;

enum
{
  TOOL_N_COVERAGES = 8
};

/* coverage [TOOL_N_COVERAGES]  out, for confidences of at least 0, .3, .4, ... .9 of the aggregate */
void tool_evaluation_coverage (const ToolEvaluation *evaluation, ToolCoverage *coverage);

/* The same tracks, louder or softer. */
typedef struct ToolGain
{
  double gain_db;
  gsize n_cases, changed; /* tracks with an answer at both levels; those that get another label */
  gsize n_judged;         /* tracks with an answer at this level */
  guint64 right;          /* of them */
  double accuracy;
} ToolGain;

enum
{
  TOOL_N_GAINS = 5
};

/* gains [TOOL_N_GAINS]  out, for -30, -20, -12, -6 and +6 dB.  FALSE: an interruption, or no memory. */
gboolean tool_evaluation_gains (const ToolEvaluation *evaluation, const ToolEvaluationConfig *config, ToolGain *gains,
    GError **error);

/* metrics_ece_chance() of the tracks. */
double tool_evaluation_ece_chance (const ToolEvaluation *evaluation);

/* Two models on the tracks that both were judged by. */
typedef struct ToolComparison
{
  gsize n_cases;
  guint64 first_right, second_right;
  guint64 only_first, only_second; /* right with one of them */
  double p;                        /* metrics_mcnemar() */
} ToolComparison;

ToolComparison tool_evaluation_compare (const ToolEvaluation *first, const ToolEvaluation *second);

/* The same model on one set or more; by what its temperature is to be multiplied.  Each track weighs alike. */
double tool_evaluation_fit (ToolEvaluation *const *evaluations, gsize n);

#endif
