/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/train_sources.h"

#include "models/sets/feature_set.h"
#include "models/training/training_data.h"

#include <glib/gstdio.h>
#include <string.h>

/* --- construction ---------------------------------------------------------------------------------------------- */

static void
free_source (gpointer data)
{
  ToolTrainSource *source = data;
  tool_files_free (source->files);
  g_free (source->path);
  g_free (source->set);
  g_free (source);
}

/* Where the set of a directory goes: a name that no source has. */
static char *
name_set (const ToolTrainSources *sources, const char *directory, const char *stem)
{
  g_autofree char *full = g_canonicalize_filename (directory, NULL), *base = g_path_get_basename (full);

  for (guint n = 1;; n++) {
    g_autofree char *number = n == 1 ? g_strdup ("") : g_strdup_printf ("-%u", n);
    g_autofree char *path = g_strdup_printf ("%s-%s%s.features.safetensors", stem, base, number);
    gboolean free = TRUE;
    for (guint i = 0; i < sources->list->len; i++)
      free &= strcmp (((const ToolTrainSource *) g_ptr_array_index (sources->list, i))->set, path) != 0;
    if (free)
      return g_steal_pointer (&path);
  }
}

/* What is not music has no genres. */
static ToolLayout
layout_of (TrainingRole role)
{
  return role == TRAINING_ROLE_NOT_MUSIC ? TOOL_LAYOUT_FLAT : TOOL_LAYOUT_GENRES;
}

static gboolean
add (ToolTrainSources *sources, const char *path, TrainingRole role, const char *stem)
{
  ToolExtractionConfig config = sources->config;
  g_autofree char *shown = g_filename_display_name (path);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return tool_reject ("%s: no such file or directory", shown);
  ToolTrainSource *source = g_new0 (ToolTrainSource, 1);
  source->path = g_strdup (path);
  source->role = role;
  config.layout = layout_of (role);
  if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
    source->files = tool_extraction_scan (&config, path);
    if (!source->files) {
      free_source (source);
      return FALSE;
    }
  }
  source->set = source->files ? name_set (sources, path, stem) : g_strdup (path);
  g_ptr_array_add (sources->list, source);
  return TRUE;
}

/* The recipe's spectrogram, or that of the model to begin with.  FALSE: said on stderr. */
static gboolean
choose_frontend (ToolTrainSources *sources)
{
  const TrainRecipe *recipe = sources->recipe;
  g_autoptr (GError) error = NULL;

  sources->config.recipe = &recipe->frontend;
  if (!recipe->initial)
    return TRUE;
  sources->initial = strcmp (recipe->initial, "default") == 0 ? genre_model_default (&error)
                                                              : genre_model_load (recipe->initial, &error);
  if (!sources->initial)
    return tool_reject ("%s", error->message);
  if (!recipe->has_spectrogram)
    sources->config.recipe = genre_model_frontend (sources->initial);
  return TRUE;
}

static gboolean
add_all (ToolTrainSources *sources, char *const *paths, TrainingRole role, const char *stem)
{
  for (gsize i = 0; paths && paths[i]; i++)
    if (!add (sources, paths[i], role, stem))
      return FALSE;
  return TRUE;
}

ToolTrainSources *
tool_train_sources_new (const TrainRecipe *recipe, char *const *paths, char *const *not_music, char *const *validation,
    const char *stem, guint jobs, gboolean quiet, ToolRecordingCache *cache)
{
  g_autoptr (ToolTrainSources) sources = g_new0 (ToolTrainSources, 1);
  sources->recipe = recipe;
  sources->list = g_ptr_array_new_with_free_func (free_source);
  sources->config = (ToolExtractionConfig){
    .min_frames = recipe->min_frames,
    .type = SAFETENSORS_U8,
    .jobs = jobs,
    .quiet = quiet,
    .cache = cache,
  };
  if (!choose_frontend (sources) || !add_all (sources, paths, TRAINING_ROLE_LEARNS, stem)
      || !add_all (sources, not_music, TRAINING_ROLE_NOT_MUSIC, stem)
      || !add_all (sources, validation, TRAINING_ROLE_VALIDATES, stem))
    return NULL;
  sources->validates = validation && validation[0];
  return g_steal_pointer (&sources);
}

void
tool_train_sources_free (ToolTrainSources *sources)
{
  if (!sources)
    return;
  g_ptr_array_unref (sources->list);
  genre_model_unref (sources->initial);
  g_free (sources);
}

TrainingSource *
tool_train_sources_list (const ToolTrainSources *sources)
{
  TrainingSource *list = g_new (TrainingSource, sources->list->len);
  for (guint i = 0; i < sources->list->len; i++)
    list[i] = (TrainingSource){ tool_train_source_of (sources, i)->set, tool_train_source_of (sources, i)->role };
  return list;
}

/* --- files ----------------------------------------------------------------------------------------------------- */

/* Whether no file is below two of the directories.  FALSE: said on stderr. */
static gboolean
check_apart (const ToolTrainSources *sources)
{
  g_autoptr (GHashTable) before = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < sources->list->len; i++) {
    const ToolTrainSource *source = tool_train_source_of (sources, i);
    const guint n = source->files ? source->files->files->len : 0;
    g_auto (GStrv) identities = g_new0 (char *, n + 1);
    for (guint k = 0; k < n; k++) {
      identities[k] = tool_outputs_identity (tool_train_file_of (source, k)->path);
      const char *other = g_hash_table_lookup (before, identities[k]);
      if (!other)
        continue;
      g_autofree char *shown = g_filename_display_name (tool_train_file_of (source, k)->path);
      g_autofree char *shown_other = g_filename_display_name (other);
      if (strcmp (shown, shown_other) == 0)
        return tool_reject ("%s lies in two of the directories: each file may be used once", shown);
      return tool_reject ("%s is the same file as %s: each may be used once", shown, shown_other);
    }
    for (guint k = 0; k < n; k++)
      g_hash_table_insert (before, g_strdup (identities[k]), tool_train_file_of (source, k)->path);
  }
  return TRUE;
}

gboolean
tool_train_sources_add_to (const ToolTrainSources *sources, ToolOutputs *outputs)
{
  for (guint i = 0; i < sources->list->len; i++) {
    const ToolTrainSource *source = tool_train_source_of (sources, i);
    if (!tool_outputs_reads_once (outputs, source->path))
      return FALSE;
    for (guint k = 0; source->files && k < source->files->files->len; k++)
      tool_outputs_reads (outputs, tool_train_file_of (source, k)->path);
  }
  if (!check_apart (sources))
    return FALSE;
  for (guint i = 0; i < sources->list->len; i++)
    if (tool_train_source_of (sources, i)->files)
      tool_outputs_writes (outputs, tool_train_source_of (sources, i)->set, TOOL_KIND_SET);
  return TRUE;
}

static void
add_file (GChecksum *sum, const char *path)
{
  g_autofree char *full = g_canonicalize_filename (path, NULL);
  GStatBuf status = { 0 };
  g_stat (path, &status);
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT, (gint64) status.st_size,
      (gint64) status.st_mtime);
  g_checksum_update (sum, (const guchar *) full, (gssize) strlen (full) + 1);
  g_checksum_update (sum, (const guchar *) text, (gssize) strlen (text) + 1);
}

char *
tool_train_sources_digest (const ToolTrainSources *sources)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  for (guint i = 0; i < sources->list->len; i++) {
    const ToolTrainSource *source = tool_train_source_of (sources, i);
    static const char *const letters[] = {
      [TRAINING_ROLE_LEARNS] = "l",
      [TRAINING_ROLE_NOT_MUSIC] = "n",
      [TRAINING_ROLE_VALIDATES] = "v",
    };
    g_checksum_update (sum, (const guchar *) letters[source->role], 1);
    if (!source->files)
      add_file (sum, source->path);
    for (guint k = 0; source->files && k < source->files->files->len; k++)
      add_file (sum, tool_train_file_of (source, k)->path);
  }
  return g_strdup (g_checksum_get_string (sum));
}

gboolean
tool_train_sources_decode (const ToolTrainSources *sources, gboolean *some_failed)
{
  for (guint i = 0; i < sources->list->len; i++) {
    const ToolTrainSource *source = tool_train_source_of (sources, i);
    ToolExtractionConfig config = sources->config;
    gboolean written = TRUE;
    if (!source->files)
      continue;
    config.layout = layout_of (source->role);
    *some_failed |= tool_extraction_run (&config, source->files, source->path, source->set, NULL, &written) != TOOL_OK;
    if (!written)
      return FALSE;
  }
  return TRUE;
}
