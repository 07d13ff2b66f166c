/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/evaluate_source.h"

#include "gst/tools/interrupt.h"
#include "models/file/regular_file.h"

#include <glib/gstdio.h>

/* Whether any folder has a name that the model knows.  FALSE: said on stderr. */
static gboolean
check_labels (const ToolEvaluateSource *source, const GenreModel *model)
{
  g_autofree char *shown = g_filename_display_name (source->path);

  if (source->files->labels->len == 0)
    return tool_reject ("%s: expected one folder per genre, found %u files in no folder", shown,
        source->files->files->len);
  for (guint i = 0; i < source->files->labels->len; i++)
    if (g_strv_contains (genre_model_labels (model), g_ptr_array_index (source->files->labels, i)))
      return TRUE;
  return tool_reject ("%s: expected folders named like labels of the model, such as \"%s\", found \"%s\"", shown,
      genre_model_labels (model)[0], (const char *) g_ptr_array_index (source->files->labels, 0));
}

static ToolExtractionConfig
config_of (const ToolEvaluateSource *source, const ToolExtractionConfig *config)
{
  ToolExtractionConfig own = *config;
  own.layout = source->not_music ? TOOL_LAYOUT_FLAT : TOOL_LAYOUT_GENRES;
  return own;
}

gboolean
tool_evaluate_source_look (ToolEvaluateSource *source, const GenreModel *model, const ToolExtractionConfig *config)
{
  const ToolExtractionConfig own = config_of (source, config);
  g_autoptr (GError) error = NULL;

  if (g_file_test (source->path, G_FILE_TEST_IS_DIR)) {
    source->files = tool_extraction_scan (&own, source->path);
    return source->files && (source->not_music || check_labels (source, model));
  }
  source->set = genre_feature_set_load (source->path, &error);
  if (!source->set)
    tool_fail ("%s", error->message);
  return source->set != NULL;
}

static void
remove_set (char *directory, char *path)
{
  g_unlink (path);
  g_rmdir (directory);
  tool_leftover_forget (path);
  tool_leftover_forget (directory);
  g_free (path);
  g_free (directory);
}

gboolean
tool_evaluate_source_decode (ToolEvaluateSource *source, const ToolExtractionConfig *config)
{
  g_autoptr (GError) error = NULL;
  if (source->set)
    return TRUE;
  char *folder = g_dir_make_tmp ("gst-genre-XXXXXX", &error);
  if (!folder)
    return tool_reject ("%s", error->message);
  char *path = g_build_filename (folder, "set.safetensors", NULL);
  tool_leftover_add (path);
  tool_leftover_add (folder);
  g_autofree char *name = g_filename_display_name (source->path);
  g_autoptr (GBytes) bytes = NULL;
  const ToolExtractionConfig own = config_of (source, config);
  gboolean written = FALSE;

  source->incomplete = tool_extraction_run (&own, source->files, source->path, path, name, &written) != TOOL_OK;
  if (written)
    bytes = regular_file_read (path, FEATURE_SET_MAX_BYTES, &error);
  remove_set (folder, path);
  if (bytes)
    source->set = genre_feature_set_parse (bytes, name, &error);
  if (error)
    tool_fail ("%s", error->message);
  return source->set != NULL;
}

void
tool_evaluate_source_clear (ToolEvaluateSource *source)
{
  tool_files_free (source->files);
  genre_feature_set_free (source->set);
}
