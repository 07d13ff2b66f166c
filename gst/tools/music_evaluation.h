/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/music_evaluation.h - how well a model tells music from what is none.
 *
 * Layer:   gst; jobs, models/sets/genre_listener, models/sets/metrics.
 * Threads: the main thread; it starts the jobs.
 *
 * A *case* is a track of music, or one clip of what is not music: of that, a recording is only a voice or a folder of
 * sounds.  It is called what the mean over its windows, weighted by their frames, says: music from .5 on.  A *short
 * window* is one of the fewest frames that the model accepts, 3.5 s of the default one, called by itself.  Silent
 * windows, and cases that have no others, do not count.
 */
#ifndef GST_TOOLS_MUSIC_EVALUATION_H
#define GST_TOOLS_MUSIC_EVALUATION_H

#include "gst/tools/evaluation.h"

typedef struct ToolMusicRate
{
  gsize n, wrong; /* called what they are not */
} ToolMusicRate;

/* Of one feature set. */
typedef struct ToolMusicSet
{
  const GenreFeatureSet *set;
  ToolMusicRate cases, windows; /* windows: the short ones */
  double auc;                   /* of music above these cases; NaN: there is none of one of them */
  ToolMusicRate *kinds;         /* [genre_feature_set_n_kinds()] of the cases */
} ToolMusicSet;

typedef struct ToolMusic
{
  ToolMusicSet music;
  ToolMusicSet *others; /* [n_others] */
  gsize n_others;
} ToolMusic;

/* model     has a head "music"
 * music     a set whose clips that are music are meant
 * others    [n_others]  sets whose clips that are not music are meant; if a set does not say, all of them
 *
 * The same to the bit for any number of jobs.  NULL: a set is no input for the model, or has no such clips that are
 * long enough; or an interruption: "interrupted". */
ToolMusic *tool_music_new (GenreModel *model, const GenreFeatureSet *music, const GenreFeatureSet *const *others,
    gsize n_others, const ToolEvaluationConfig *config, GError **error);
void tool_music_free (ToolMusic *music); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolMusic, tool_music_free)

#endif
