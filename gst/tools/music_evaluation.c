/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/music_evaluation.h"

#include "gst/tools/jobs.h"
#include "gst/tools/progress.h"
#include "models/file/error.h"
#include "models/genre_stream.h"

#include <math.h>

static const double threshold = GENRE_STREAM_MUSIC_THRESHOLD;

/* What was heard of a clip, and in the end of a case. */
typedef struct Heard
{
  double music, n_frames; /* sum of the windows' probabilities times their frames, and of these */
  ToolMusicRate windows;  /* the short ones; wrong: called not music */
} Heard;

typedef struct Work
{
  GenreModel *model;
  const GenreFeatureSet *set;
  const gsize *clips; /* [n] */
  Heard *heard;       /* [n] */
} Work;

/* --- jobs ------------------------------------------------------------------------------------------------------ */

static gpointer
begin_hearing (gpointer data)
{
  const Work *work = data;

  return genre_listener_new (work->model, GENRE_LISTENER_INTERVAL_NS, 0);
}

/* The clip by the schedule, and in short windows one behind the other. */
static gpointer
hear_clip (gpointer data, gpointer listener, gsize index)
{
  const Work *work = data;
  const gsize clip = work->clips[index], n_frames = genre_feature_set_clip_frames (work->set, clip);
  const gsize least = genre_model_min_frames (work->model);
  const GenrePassage whole = { .clip = clip, .n_frames = n_frames };
  Heard *heard = g_new0 (Heard, 1);

  genre_listener_hear (listener, work->set, &whole, 0);
  GenreHearing *hearing = genre_listener_take (listener);
  for (gsize i = 0; i < hearing->n_answers; i++) {
    heard->music += hearing->music[i] * (double) hearing->n_frames[i];
    heard->n_frames += (double) hearing->n_frames[i];
  }
  genre_hearing_free (hearing);

  for (gsize first = 0; first + least <= n_frames; first += least) {
    const GenrePassage passage = { clip, first, least, TRUE };
    genre_listener_hear (listener, work->set, &passage, 0);
  }
  hearing = genre_listener_take (listener);
  heard->windows.n = hearing->n_answers;
  for (gsize i = 0; i < hearing->n_answers; i++)
    heard->windows.wrong += hearing->music[i] < threshold ? 1 : 0;
  genre_hearing_free (hearing);
  return heard;
}

static gboolean
take_clip (gpointer data, gsize index, gpointer heard)
{
  const Work *work = data;

  work->heard[index] = *(Heard *) heard;
  g_free (heard);
  return TRUE;
}

/* heard [n]  out.  FALSE: not all of them. */
static gboolean
hear_clips (GenreModel *model, const GenreFeatureSet *set, const GArray *clips, const ToolEvaluationConfig *config,
    Heard *heard, GError **error)
{
  g_autoptr (ToolProgress) progress = tool_progress_new ("music", clips->len, config->quiet);
  Work work = { model, set, (const gsize *) (gpointer) clips->data, heard };
  const ToolJobs jobs = {
    .n_jobs = clips->len,
    .n_threads = config->jobs,
    .data = &work,
    .begin = begin_hearing,
    .end = (GDestroyNotify) genre_listener_free,
    .work = hear_clip,
    .take = take_clip,
    .drop = g_free,
    .shown = progress,
  };
  return tool_jobs_run_all (&jobs, error);
}

/* --- cases ----------------------------------------------------------------------------------------------------- */

/* Clips of gsize that are music, or are not: all where the set has no other. */
static GArray *
choose_clips (const GenreFeatureSet *set, gboolean music)
{
  GArray *clips = g_array_new (FALSE, FALSE, sizeof (gsize));
  const gboolean says = genre_feature_set_says_music (set);
  for (gsize i = 0; i < genre_feature_set_n_clips (set); i++)
    if (genre_feature_set_music (set, i) == music || (!music && !says))
      g_array_append_val (clips, i);
  return clips;
}

/* Judges the cases of a set.
 *
 * means  of double, out: the mean of each case */
static gboolean
judge (GenreModel *model, const GenreFeatureSet *set, gboolean music, const ToolEvaluationConfig *config,
    ToolMusicSet *ret_set, GArray *means, GError **error)
{
  g_autoptr (GArray) clips = choose_clips (set, music);
  const gsize n_cases = music ? genre_feature_set_n_tracks (set) : genre_feature_set_n_clips (set);
  g_autofree Heard *heard = g_new0 (Heard, clips->len + 1);
  g_autofree Heard *cases = g_new0 (Heard, n_cases);

  ret_set->set = set;
  ret_set->auc = (double) NAN;
  ret_set->kinds = g_new0 (ToolMusicRate, genre_feature_set_n_kinds (set) + 1);
  if (!genre_feature_set_fits (set, genre_model_frontend (model), error)
      || !hear_clips (model, set, clips, config, heard, error))
    return FALSE;
  for (guint i = 0; i < clips->len; i++) {
    const gsize clip = g_array_index (clips, gsize, i);
    Heard *one = &cases[music ? genre_feature_set_track (set, clip) : clip];
    one->music += heard[i].music;
    one->n_frames += heard[i].n_frames;
    one->windows.n += heard[i].windows.n;
    one->windows.wrong += music ? heard[i].windows.wrong : heard[i].windows.n - heard[i].windows.wrong;
  }
  for (gsize i = 0; i < n_cases; i++) {
    if (!(cases[i].n_frames > 0))
      continue;
    const double mean = cases[i].music / cases[i].n_frames;
    const gsize wrong = (mean >= threshold) != music ? 1 : 0;
    const int kind = music ? -1 : genre_feature_set_kind (set, i);
    g_array_append_val (means, mean);
    ret_set->cases.n++;
    ret_set->cases.wrong += wrong;
    ret_set->windows.n += cases[i].windows.n;
    ret_set->windows.wrong += cases[i].windows.wrong;
    if (kind >= 0) {
      ret_set->kinds[kind].n++;
      ret_set->kinds[kind].wrong += wrong;
    }
  }
  if (ret_set->cases.n > 0)
    return TRUE;
  return genre_model_fail (error, GENRE_MODEL_ERROR_CLIPS,
      "%s: expected clips of %u frames or more that are %smusic, found none", genre_feature_set_name (set),
      genre_model_min_frames (model), music ? "" : "not ");
}

ToolMusic *
tool_music_new (GenreModel *model, const GenreFeatureSet *music, const GenreFeatureSet *const *others, gsize n_others,
    const ToolEvaluationConfig *config, GError **error)
{
  g_autoptr (ToolMusic) all = g_new0 (ToolMusic, 1);
  g_autoptr (GArray) means = g_array_new (FALSE, FALSE, sizeof (double));

  all->others = g_new0 (ToolMusicSet, n_others);
  all->n_others = n_others;
  if (!judge (model, music, TRUE, config, &all->music, means, error))
    return NULL;
  for (gsize i = 0; i < n_others; i++) {
    g_autoptr (GArray) other = g_array_new (FALSE, FALSE, sizeof (double));
    if (!judge (model, others[i], FALSE, config, &all->others[i], other, error))
      return NULL;
    all->others[i].auc = metrics_auc ((const double *) (gpointer) means->data, means->len,
        (const double *) (gpointer) other->data, other->len);
  }
  return g_steal_pointer (&all);
}

void
tool_music_free (ToolMusic *music)
{
  if (!music)
    return;
  for (gsize i = 0; i < music->n_others; i++)
    g_free (music->others[i].kinds);
  g_free (music->others);
  g_free (music->music.kinds);
  g_free (music);
}
