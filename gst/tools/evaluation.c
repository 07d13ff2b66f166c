/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/evaluation.h"

#include "gst/tools/jobs.h"
#include "gst/tools/progress.h"
#include "models/genre_aggregate.h"
#include "models/genre_stream.h"

#include <math.h>

static const double gains_db[TOOL_N_GAINS] = { -30, -20, -12, -6, 6 };
static const double seconds_heard[TOOL_N_SECONDS] = { 3.5, 5, 7, 10, 15, 20, 30 };

/* --- jobs ------------------------------------------------------------------------------------------------------ */

typedef struct Work
{
  ToolEvaluation *evaluation;
  double gain_db;
} Work;

static gpointer
begin_hearing (gpointer data)
{
  const Work *work = data;

  return genre_listener_new (work->evaluation->model, GENRE_LISTENER_INTERVAL_NS, GENRE_STREAM_MUSIC_THRESHOLD);
}

static gpointer
hear_track (gpointer data, gpointer listener, gsize index)
{
  const Work *work = data;
  const ToolEvaluation *evaluation = work->evaluation;

  return genre_track_hear (&evaluation->tracks->tracks[index], evaluation->set, listener, work->gain_db);
}

static gboolean
take_hearing (gpointer data, gsize index, gpointer hearing)
{
  const Work *work = data;

  work->evaluation->hearings[index] = hearing;
  return TRUE;
}

/* Fills the hearings.  FALSE: not all of them. */
static gboolean
hear_all (ToolEvaluation *evaluation, double gain_db, const char *what, const ToolEvaluationConfig *config,
    GError **error)
{
  g_autoptr (ToolProgress) progress = tool_progress_new (what, evaluation->tracks->n_tracks, config->quiet);
  Work work = { evaluation, gain_db };
  const ToolJobs jobs = {
    .n_jobs = evaluation->tracks->n_tracks,
    .n_threads = config->jobs,
    .data = &work,
    .begin = begin_hearing,
    .end = (GDestroyNotify) genre_listener_free,
    .work = hear_track,
    .take = take_hearing,
    .drop = (GDestroyNotify) genre_hearing_free,
    .shown = progress,
  };
  return tool_jobs_run_all (&jobs, error);
}

/* --- figures --------------------------------------------------------------------------------------------------- */

static GenreAggregate *
new_aggregate (unsigned n_labels)
{
  GenreAggregate *aggregate = genre_aggregate_new (n_labels);

  if (!aggregate)
    g_error ("out of memory"); /* as GLib's own */
  return aggregate;
}

/* Where a track without an answer is counted, by why there is none. */
static gsize *
count_of (ToolEvaluation *evaluation, const GenreHearing *hearing)
{
  if (hearing->n_not_music > 0)
    return &evaluation->not_music;
  return hearing->n_silent > 0 ? &evaluation->silent : &evaluation->too_short;
}

static void
judge_tracks (ToolEvaluation *evaluation)
{
  const GenreTracks *tracks = evaluation->tracks;
  const unsigned n_labels = genre_model_n_labels (evaluation->model);
  GenreAggregate *aggregate = new_aggregate (n_labels);

  evaluation->cases = g_new (gsize, tracks->n_tracks);
  evaluation->truth = g_new (unsigned, tracks->n_tracks);
  evaluation->probabilities = g_new (double, tracks->n_tracks *n_labels);
  for (gsize i = 0; i < tracks->n_tracks; i++) {
    const double *p = genre_hearing_aggregate (evaluation->hearings[i], HUGE_VAL, aggregate);
    if (!p) {
      *count_of (evaluation, evaluation->hearings[i]) += 1;
      continue;
    }
    double *out = evaluation->probabilities + evaluation->n_cases * n_labels;
    for (unsigned k = 0; k < n_labels; k++)
      out[k] = p[k];
    evaluation->truth[evaluation->n_cases] = tracks->tracks[i].truth;
    evaluation->n_clips += tracks->tracks[i].n_clips;
    evaluation->cases[evaluation->n_cases++] = i;
  }
  genre_aggregate_free (aggregate);
  evaluation->by_track = metrics_new (evaluation->truth, evaluation->probabilities, evaluation->n_cases, n_labels);
}

static void
judge_windows (ToolEvaluation *evaluation)
{
  const GenreTracks *tracks = evaluation->tracks;
  const unsigned n_labels = genre_model_n_labels (evaluation->model);
  g_autoptr (GArray) truth = g_array_new (FALSE, FALSE, sizeof (unsigned));
  g_autoptr (GArray) probabilities = g_array_new (FALSE, FALSE, sizeof (double));

  for (gsize i = 0; i < tracks->n_tracks; i++) {
    const GenreHearing *hearing = evaluation->hearings[i];
    for (gsize k = 0; k < hearing->n_answers; k++) {
      g_array_append_val (truth, tracks->tracks[i].truth);
      g_array_append_vals (probabilities, hearing->probabilities + k * n_labels, n_labels);
    }
  }
  evaluation->by_window = metrics_new ((const unsigned *) (gpointer) truth->data,
      (const double *) (gpointer) probabilities->data, truth->len, n_labels);
}

ToolEvaluation *
tool_evaluation_new (GenreModel *model, const char *name, const GenreFeatureSet *set, double gain_db, const char *what,
    const ToolEvaluationConfig *config, GError **error)
{
  GenreTracks *tracks = genre_tracks_new (set, model, name, error);
  if (!tracks)
    return NULL;

  ToolEvaluation *evaluation = g_new0 (ToolEvaluation, 1);
  evaluation->model = genre_model_ref (model);
  evaluation->name = g_strdup (name);
  evaluation->set = set;
  evaluation->tracks = tracks;
  evaluation->hearings = g_new0 (GenreHearing *, tracks->n_tracks);
  if (!hear_all (evaluation, gain_db, what, config, error))
    goto fail;

  judge_tracks (evaluation);
  if (evaluation->n_cases == 0) {
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_CLIPS,
        "%s: expected clips of %u frames or more, as %s needs, found none with a label", genre_feature_set_name (set),
        genre_model_min_frames (model), name);
    goto fail;
  }
  judge_windows (evaluation);
  return evaluation;

fail:
  tool_evaluation_free (evaluation);
  return NULL;
}

void
tool_evaluation_free (ToolEvaluation *evaluation)
{
  if (!evaluation)
    return;
  for (gsize i = 0; i < evaluation->tracks->n_tracks; i++)
    genre_hearing_free (evaluation->hearings[i]);
  g_free (evaluation->hearings);
  genre_tracks_free (evaluation->tracks);
  g_free (evaluation->cases);
  g_free (evaluation->truth);
  g_free (evaluation->probabilities);
  metrics_free (evaluation->by_track);
  metrics_free (evaluation->by_window);
  g_free (evaluation->name);
  genre_model_unref (evaluation->model);
  g_free (evaluation);
}

double
tool_rate (guint64 part, gsize whole)
{
  return whole > 0 ? (double) part / (double) whole : (double) NAN;
}

void
tool_evaluation_seconds (const ToolEvaluation *evaluation, ToolSeconds *seconds)
{
  const unsigned n_labels = genre_model_n_labels (evaluation->model);
  GenreAggregate *aggregate = new_aggregate (n_labels);

  for (gsize i = 0; i < TOOL_N_SECONDS; i++) {
    seconds[i] = (ToolSeconds){ .seconds = seconds_heard[i] };
    for (gsize k = 0; k < evaluation->n_cases; k++) {
      const double *p = genre_hearing_aggregate (evaluation->hearings[evaluation->cases[k]], seconds_heard[i],
          aggregate);
      seconds[i].n_cases += p ? 1 : 0;
      seconds[i].right += p && genre_probabilities_top (p, n_labels) == evaluation->truth[k] ? 1 : 0;
    }
  }
  genre_aggregate_free (aggregate);
}

static unsigned
predicted (const ToolEvaluation *evaluation, gsize index)
{
  const unsigned n_labels = genre_model_n_labels (evaluation->model);

  return genre_probabilities_top (evaluation->probabilities + index * n_labels, n_labels);
}

void
tool_evaluation_coverage (const ToolEvaluation *evaluation, ToolCoverage *coverage)
{
  const unsigned n_labels = genre_model_n_labels (evaluation->model);

  for (gsize i = 0; i < TOOL_N_COVERAGES; i++) {
    coverage[i] = (ToolCoverage){ .threshold = i == 0 ? 0 : (double) (i + 2) / 10 };
    for (gsize k = 0; k < evaluation->n_cases; k++) {
      const unsigned label = predicted (evaluation, k);
      if (evaluation->probabilities[k * n_labels + label] < coverage[i].threshold)
        continue;
      coverage[i].n_cases++;
      coverage[i].right += label == evaluation->truth[k] ? 1 : 0;
    }
  }
}

double
tool_evaluation_ece_chance (const ToolEvaluation *evaluation)
{
  const unsigned n_labels = genre_model_n_labels (evaluation->model);
  g_autofree double *confidence = g_new (double, evaluation->n_cases);

  for (gsize k = 0; k < evaluation->n_cases; k++)
    confidence[k] = evaluation->probabilities[k * n_labels + predicted (evaluation, k)];
  return metrics_ece_chance (confidence, evaluation->n_cases);
}

/* The next track that both were judged by, from these cases on.  FALSE: there is none. */
static gboolean
find_common (const ToolEvaluation *first, gsize *i, const ToolEvaluation *second, gsize *k)
{
  while (*i < first->n_cases && *k < second->n_cases) {
    /* Both go up with the tracks of the set. */
    const gsize id = first->tracks->tracks[first->cases[*i]].id, other = second->tracks->tracks[second->cases[*k]].id;
    if (id == other)
      return TRUE;
    *(id < other ? i : k) += 1;
  }
  return FALSE;
}

/* Tracks that get another label than in `other`, an evaluation of the same set and model, of those that have an answer
 * in both: *ret_n_cases. */
static gsize
count_changes (const ToolEvaluation *evaluation, const ToolEvaluation *other, gsize *ret_n_cases)
{
  gsize changes = 0, n = 0;

  for (gsize i = 0, k = 0; find_common (evaluation, &i, other, &k); i++, k++, n++)
    changes += predicted (evaluation, i) != predicted (other, k) ? 1 : 0;
  *ret_n_cases = n;
  return changes;
}

gboolean
tool_evaluation_gains (const ToolEvaluation *evaluation, const ToolEvaluationConfig *config, ToolGain *gains,
    GError **error)
{
  for (gsize i = 0; i < TOOL_N_GAINS; i++) {
    g_autoptr (ToolEvaluation) louder = tool_evaluation_new (evaluation->model, evaluation->name, evaluation->set,
        gains_db[i], "gain", config, error);
    if (!louder)
      return FALSE;
    gains[i] = (ToolGain){ .gain_db = gains_db[i],
      .n_judged = louder->n_cases,
      .right = louder->by_track->right,
      .accuracy = louder->by_track->accuracy };
    gains[i].changed = count_changes (louder, evaluation, &gains[i].n_cases);
  }
  return TRUE;
}

ToolComparison
tool_evaluation_compare (const ToolEvaluation *first, const ToolEvaluation *second)
{
  ToolComparison comparison = { 0 };

  for (gsize i = 0, k = 0; find_common (first, &i, second, &k); i++, k++) {
    const gboolean a = predicted (first, i) == first->truth[i], b = predicted (second, k) == second->truth[k];
    comparison.n_cases++;
    comparison.first_right += a ? 1 : 0;
    comparison.second_right += b ? 1 : 0;
    comparison.only_first += a && !b ? 1 : 0;
    comparison.only_second += b && !a ? 1 : 0;
  }
  comparison.p = metrics_mcnemar (comparison.only_first, comparison.only_second);
  return comparison;
}

double
tool_evaluation_fit (ToolEvaluation *const *evaluations, gsize n)
{
  const unsigned n_labels = genre_model_n_labels (evaluations[0]->model);
  gsize n_cases = 0, at = 0;

  for (gsize i = 0; i < n; i++)
    n_cases += evaluations[i]->n_cases;
  g_autofree double *log_probabilities = g_new (double, n_cases *n_labels);
  g_autofree unsigned *truth = g_new (unsigned, n_cases);
  for (gsize i = 0; i < n; i++) {
    for (gsize k = 0; k < evaluations[i]->n_cases; k++, at++) {
      genre_hearing_mean_log (evaluations[i]->hearings[evaluations[i]->cases[k]], log_probabilities + at * n_labels);
      truth[at] = evaluations[i]->truth[k];
    }
  }
  return metrics_fit_temperature (truth, log_probabilities, n_cases, n_labels);
}
