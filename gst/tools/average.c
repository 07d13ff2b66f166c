/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst-genre-1.0 average - one model that has the mean of the weights of several.
 */
#include "gst/tools/commit.h"
#include "gst/tools/output.h"
#include "gst/tools/outputs.h"
#include "gst/tools/tool.h"
#include "models/file/json_write.h"
#include "models/genre_model_average.h"

/* models [n], one a path; stops at the first that cannot be read. */
static gboolean
load (char **paths, GPtrArray *models, GError **error)
{
  for (; *paths; paths++) {
    GenreModel *model = genre_model_load (*paths, error);
    if (!model)
      return FALSE;
    g_ptr_array_add (models, model);
  }
  return TRUE;
}

/* The metadata of that name: what was averaged. */
static char *
describe (GPtrArray *models)
{
  GString *json = g_string_new ("{");
  json_add_string (json, "commit", tool_commit);
  json_open (json, "average_of", '[');
  for (guint i = 0; i < models->len; i++) {
    g_autofree char *weights = genre_model_weights_sha256 (g_ptr_array_index (models, i));
    json_add_string (json, NULL, weights);
  }
  g_string_append (json, "]}");
  return g_string_free (json, FALSE);
}

/* Names of the files as messages show them: [n], then NULL. */
static GStrv
display_names (char **paths)
{
  GStrv names = g_new0 (char *, g_strv_length (paths) + 1);
  for (gsize i = 0; paths[i]; i++)
    names[i] = g_filename_display_name (paths[i]);
  return names;
}

static gboolean
average (char **paths, const char *output, GError **error)
{
  g_autoptr (GPtrArray) models = g_ptr_array_new_with_free_func ((GDestroyNotify) genre_model_unref);
  g_auto (GStrv) names = display_names (paths);
  if (!load (paths, models, error))
    return FALSE;
  GenreModel *mean = genre_model_average ((GenreModel *const *) models->pdata, (const char *const *) names, models->len,
      "average", error);
  if (!mean)
    return FALSE;

  g_autofree char *training = describe (models);
  g_autoptr (GBytes) bytes = genre_model_serialize_tempered (mean, genre_model_temperature (mean), training, error);
  genre_model_unref (mean);
  if (!bytes)
    return FALSE;
  gsize size = 0;
  const char *data = g_bytes_get_data (bytes, &size);
  return tool_output_save (output, data, size);
}

static ToolStatus
check (char **paths, const char *output)
{
  if (!paths || !paths[0] || !paths[1])
    return tool_usage_error ("average", "expected two models or more, found %s", paths && paths[0] ? "one" : "none");
  if (!output)
    return tool_usage_error ("average", "expected -o MODEL, found none");

  g_autoptr (ToolOutputs) outputs = tool_outputs_new ();
  for (gsize i = 0; paths[i]; i++)
    tool_outputs_reads (outputs, paths[i]);
  tool_outputs_writes (outputs, output, TOOL_KIND_MODEL);
  return tool_outputs_check (outputs);
}

static const char text[] =
    "Writes a model whose weights are the mean of those of the given ones, which must have been\n"
    "trained from the same model (train --initial) by the same recipe with different seeds.  The\n"
    "mean is often better than each of them.  Its confidence is not calibrated: see evaluate\n"
    "--calibrate; a recipe whose only stage has heads_only trains its last layers again.\n"
    "\n"
    "  gst-genre-1.0 average seed-0.safetensors seed-1.safetensors -o mean.safetensors\n"
    "  gst-genre-1.0 average seed-?.safetensors -o mean.safetensors\n";

ToolStatus
tool_average (int n, char **arguments)
{
  g_autofree char *output = NULL;
  g_auto (GStrv) paths = NULL;
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "The model to write", "MODEL" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };

  ToolStatus status = TOOL_OK;
  if (!tool_parse_options ("average", "MODEL MODEL... -o MODEL", text, entries, n, arguments, &status))
    return status;
  status = check (paths, output);
  if (status != TOOL_OK)
    return status;

  g_autoptr (GError) error = NULL;
  if (average (paths, output, &error))
    return TOOL_OK;
  return error ? tool_fail ("%s", error->message) : TOOL_FAILED; /* what cannot be written has been said */
}
