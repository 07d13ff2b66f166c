/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst-genre-1.0 inspect - what is in a model or a feature set, to read or as JSON.
 */
#include "gst/tools/inspect_model.h"
#include "gst/tools/inspect_set.h"
#include "gst/tools/tool.h"
#include "models/file/regular_file.h"
#include "models/file/safetensors.h"

#include <stdio.h>

/* What the file says it is.  FALSE: an error. */
static gboolean
show_bytes (GBytes *bytes, const char *name, gboolean json, GError **error)
{
  const SafetensorsLimits limits = { FEATURE_SET_MAX_BYTES, FEATURE_SET_MAX_HEADER };
  g_autoptr (Safetensors) file = safetensors_new_limited (bytes, name, &limits, error);
  if (!file)
    return FALSE;

  if (g_strcmp0 (safetensors_metadata (file, "format"), "genre-features") == 0) {
    g_autoptr (GenreFeatureSet) set = genre_feature_set_parse (bytes, name, error);
    if (set)
      tool_inspect_set (set, json);
    return set != NULL;
  }
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  GenreModel *model = genre_model_parse (data, size, name, error);
  if (!model)
    return FALSE;
  tool_inspect_model (name, model, json);
  genre_model_unref (model);
  return TRUE;
}

static gboolean
show_file (const char *path, gboolean json, GError **error)
{
  g_autoptr (GBytes) bytes = regular_file_read (path, FEATURE_SET_MAX_BYTES, error);
  g_autofree char *name = g_filename_display_name (path);
  return bytes && show_bytes (bytes, name, json, error);
}

static gboolean
show_default (gboolean json, GError **error)
{
  GenreModel *model = genre_model_default (error);
  if (!model)
    return FALSE;
  tool_inspect_model ("default model", model, json);
  genre_model_unref (model);
  return TRUE;
}

static const char text[] =
    "Prints labels, front end, layers with what they cost, and training of a model; clips, labels\n"
    "and teacher of a feature set.  --json prints one object per line.\n"
    "\n"
    "  gst-genre-1.0 inspect mine.safetensors\n"
    "  gst-genre-1.0 inspect --default --json\n";

ToolStatus
tool_inspect (int n, char **arguments)
{
  gboolean json = FALSE, embedded = FALSE;
  g_auto (GStrv) files = NULL;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print one JSON object per line", NULL },
    { "default", 0, 0, G_OPTION_ARG_NONE, &embedded, "Show the embedded model, after the files", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };

  ToolStatus status = TOOL_OK;
  if (!tool_parse_options ("inspect", "FILE...", text, entries, n, arguments, &status))
    return status;
  if (!embedded && (!files || !files[0]))
    return tool_usage_error ("inspect", "expected a model or a feature set, found none");

  const gsize n_files = files ? g_strv_length (files) : 0;
  for (gsize i = 0; i < n_files + (embedded ? 1 : 0); i++) {
    g_autoptr (GError) error = NULL;
    if (i > 0 && !json)
      putchar ('\n');
    if (!(i < n_files ? show_file (files[i], json, &error) : show_default (json, &error)))
      status = tool_fail ("%s", error->message);
  }
  return status;
}
