/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/evaluation.h"

#include "gst/tools/interrupt.h"
#include "gst/tools/progress.h"
#include "models/genre_aggregate.h"

#include <math.h>

static const double seconds_heard[TOOL_N_SECONDS] = { 3.5, 5, 7, 10, 15, 20, 30 };

/* --- jobs ------------------------------------------------------------------------------------------------------ */

typedef struct Work
{
  ToolEvaluation *evaluation;
  double gain_db;
  gint next; /* atomic: the track that nobody has taken */
  gint done; /* atomic */

  GMutex lock;
  GCond ended;
  guint running; /* under the lock */
  gboolean no_memory;
} Work;

static gpointer
work (gpointer data)
{
  Work *work = data;
  ToolEvaluation *evaluation = work->evaluation;
  const GenreTracks *tracks = evaluation->tracks;
  GenreListener *listener = genre_listener_new (evaluation->model, GENRE_LISTENER_INTERVAL_NS);

  while (listener && !tool_interrupted ()) {
    const gsize i = (gsize) g_atomic_int_add (&work->next, 1);
    if (i >= tracks->n_tracks)
      break;
    evaluation->hearings[i] = genre_track_hear (&tracks->tracks[i], evaluation->set, listener, work->gain_db);
    g_atomic_int_inc (&work->done);
  }
  g_mutex_lock (&work->lock);
  work->no_memory |= !listener;
  work->running--;
  g_cond_signal (&work->ended);
  g_mutex_unlock (&work->lock);
  genre_listener_free (listener);
  return NULL;
}

/* Fills the hearings.  FALSE: not all of them. */
static gboolean
hear_all (ToolEvaluation *evaluation, double gain_db, const char *what, const ToolEvaluationConfig *config,
    GError **error)
{
  const gsize n_tracks = evaluation->tracks->n_tracks;
  const guint jobs = (guint) MIN (config->jobs, n_tracks);
  g_autoptr (ToolProgress) progress = tool_progress_new (what, n_tracks, config->quiet);
  g_autofree GThread **threads = g_new (GThread *, jobs);
  Work shared = { .evaluation = evaluation, .gain_db = gain_db, .running = jobs };

  g_mutex_init (&shared.lock);
  g_cond_init (&shared.ended);
  for (guint i = 0; i < jobs; i++)
    threads[i] = g_thread_new ("evaluate", work, &shared);
  g_mutex_lock (&shared.lock);
  while (shared.running > 0) {
    g_cond_wait_until (&shared.ended, &shared.lock, g_get_monotonic_time () + G_USEC_PER_SEC / 10);
    tool_progress_update (progress, (guint64) g_atomic_int_get (&shared.done), NULL);
  }
  g_mutex_unlock (&shared.lock);
  for (guint i = 0; i < jobs; i++)
    g_thread_join (threads[i]);
  g_cond_clear (&shared.ended);
  g_mutex_clear (&shared.lock);

  if ((gsize) shared.done == n_tracks)
    return TRUE;
  g_set_error_literal (error, G_FILE_ERROR, shared.no_memory ? G_FILE_ERROR_NOMEM : G_FILE_ERROR_INTR,
      shared.no_memory ? "out of memory" : "interrupted");
  return FALSE;
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
      evaluation->too_short++;
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

double
tool_evaluation_ece_chance (const ToolEvaluation *evaluation)
{
  const unsigned n_labels = genre_model_n_labels (evaluation->model);
  g_autofree double *confidence = g_new (double, evaluation->n_cases);

  for (gsize k = 0; k < evaluation->n_cases; k++)
    confidence[k] = evaluation->probabilities[k * n_labels + predicted (evaluation, k)];
  return metrics_ece_chance (confidence, evaluation->n_cases);
}

gsize
tool_evaluation_changes (const ToolEvaluation *evaluation, const ToolEvaluation *other)
{
  gsize changes = 0;

  for (gsize k = 0; k < evaluation->n_cases; k++)
    changes += predicted (evaluation, k) != predicted (other, k) ? 1 : 0;
  return changes;
}

ToolComparison
tool_evaluation_compare (const ToolEvaluation *first, const ToolEvaluation *second)
{
  ToolComparison comparison = { 0 };

  /* Both go up with the tracks of the set. */
  for (gsize i = 0, k = 0; i < first->n_cases && k < second->n_cases;) {
    const gsize id = first->tracks->tracks[first->cases[i]].id, other = second->tracks->tracks[second->cases[k]].id;
    if (id == other) {
      const gboolean a = predicted (first, i) == first->truth[i], b = predicted (second, k) == second->truth[k];
      comparison.n_cases++;
      comparison.first_right += a ? 1 : 0;
      comparison.second_right += b ? 1 : 0;
      comparison.only_first += a && !b ? 1 : 0;
      comparison.only_second += b && !a ? 1 : 0;
    }
    i += id <= other ? 1 : 0;
    k += other <= id ? 1 : 0;
  }
  comparison.p = metrics_mcnemar (comparison.only_first, comparison.only_second);
  return comparison;
}

double
tool_evaluation_fit (const ToolEvaluation *evaluation)
{
  const unsigned n_labels = genre_model_n_labels (evaluation->model);
  g_autofree double *log_probabilities = g_new (double, evaluation->n_cases *n_labels);

  for (gsize k = 0; k < evaluation->n_cases; k++)
    genre_hearing_mean_log (evaluation->hearings[evaluation->cases[k]], log_probabilities + k * n_labels);
  return metrics_fit_temperature (evaluation->truth, log_probabilities, evaluation->n_cases, n_labels);
}
