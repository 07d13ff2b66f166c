/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/train_sources.h - what train is given: looked through at once, then made feature sets of.
 *
 * Layer:   gst; extraction, outputs, models/training/train_recipe.
 * Threads: the main thread.  gst_init() has been called.
 */
#ifndef GST_TOOLS_TRAIN_SOURCES_H
#define GST_TOOLS_TRAIN_SOURCES_H

#include "gst/tools/extraction.h"
#include "gst/tools/outputs.h"
#include "models/training/training_data.h"

/* An argument. */
typedef struct ToolTrainSource
{
  char *path;       /* as it was given */
  ToolFiles *files; /* of a directory; NULL: it is a feature set */
  char *set;        /* the feature set: it, or the one that is made of it */
  TrainingRole role;
} ToolTrainSource;

typedef struct ToolTrainSources
{
  const TrainRecipe *recipe;
  GPtrArray *list;    /* of ToolTrainSource, those that validate last */
  gboolean validates; /* there is one that does */
  ToolExtractionConfig config;
  GenreModel *initial; /* whose front end it is; NULL: the recipe's own */
} ToolTrainSources;

/* Lists the files of directories.
 *
 * paths       ends in NULL
 * not_music   what is not music, ends in NULL; or NULL
 * validation  ends in NULL; or NULL
 * stem        of the model's path: the set of a directory is STEM-DIRECTORY.features.safetensors; of a second directory
 *             of that name, STEM-DIRECTORY-2...
 * jobs, quiet, cache  as ToolExtractionConfig has them
 *
 * NULL: said on stderr. */
ToolTrainSources *tool_train_sources_new (const TrainRecipe *recipe, char *const *paths, char *const *not_music,
    char *const *validation, const char *stem, guint jobs, gboolean quiet, ToolRecordingCache *cache);
void tool_train_sources_free (ToolTrainSources *sources); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolTrainSources, tool_train_sources_free)

static inline const ToolTrainSource *
tool_train_source_of (const ToolTrainSources *sources, guint index)
{
  return g_ptr_array_index (sources->list, index);
}

/* Of a source that is recordings. */
static inline const ToolFile *
tool_train_file_of (const ToolTrainSource *source, guint index)
{
  return g_ptr_array_index (source->files->files, index);
}

/* As training_data_load() takes them.  [list->len], freed with g_free(); valid as long as the sources. */
TrainingSource *tool_train_sources_list (const ToolTrainSources *sources);

/* What is read, each file once, and which sets are written.  FALSE: one would be read twice, said on stderr. */
gboolean tool_train_sources_add_to (const ToolTrainSources *sources, ToolOutputs *outputs);

/* Whether the recipe can learn from them, as far as can be told without decoding.  FALSE: said on stderr. */
gboolean tool_train_sources_check (const ToolTrainSources *sources);

/* What stands for all the files, by their names, sizes and times.  Freed with g_free(). */
char *tool_train_sources_digest (const ToolTrainSources *sources);

/* Decodes the directories.  FALSE: said on stderr.  some_failed is set if some files could not be used. */
gboolean tool_train_sources_decode (const ToolTrainSources *sources, gboolean *some_failed);

#endif
