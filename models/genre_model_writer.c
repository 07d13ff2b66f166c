/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A file from a model: the half of genre_model_file.h that writes.
 */
#include "models/genre_model_file.h"

#include "models/file/json_write.h"
#include "models/file/safetensors_writer.h"
#include "models/network_heads.h"
#include "models/network_spec.h"

#include <string.h>

static void
add_frames (SafetensorsWriter *writer, const char *key, unsigned frames)
{
  g_autofree char *text = g_strdup_printf ("%u", frames);
  safetensors_writer_add_metadata (writer, key, text);
}

/* specs [n_specs] of the network that is written */
static GBytes *
serialize (const GenreModel *model, const NnLayerSpec *specs, gsize n_specs, const char *training, GError **error)
{
  g_autoptr (SafetensorsWriter) writer = safetensors_writer_new ();
  const bool has_heads = nn_network_n_heads (model->network) > 0;
  GString *json = g_string_new (NULL);

  safetensors_writer_add_metadata (writer, "format", "genre-model");
  safetensors_writer_add_metadata (writer, "version", has_heads ? "2" : "1");
  json_add_strings (json, NULL, genre_model_labels (model), model->n_labels);
  safetensors_writer_add_metadata (writer, "labels", json->str);
  g_string_truncate (json, 0);
  genre_frontend_append (&model->frontend, json);
  safetensors_writer_add_metadata (writer, "frontend", json->str);
  g_string_truncate (json, 0);
  network_spec_append (specs, n_specs, json);
  safetensors_writer_add_metadata (writer, "network", json->str);
  g_string_truncate (json, 0);
  if (has_heads) {
    network_heads_append (model->network, json);
    safetensors_writer_add_metadata (writer, "heads", json->str);
  }
  add_frames (writer, "window_frames", model->window_frames);
  add_frames (writer, "min_frames", model->min_frames);
  safetensors_writer_add_metadata (writer, "training", training);
  g_string_free (json, TRUE);

  for (size_t i = 0; i < nn_network_n_tensors (model->network); i++) {
    const NnTensor *tensor = nn_network_tensor (model->network, i);
    gsize dim[G_N_ELEMENTS (tensor->dim)];
    for (unsigned k = 0; k < tensor->rank; k++)
      dim[k] = tensor->dim[k];
    safetensors_writer_add_tensor (writer, tensor->name, SAFETENSORS_F32, dim, tensor->rank, tensor->values);
  }
  return safetensors_writer_finish (writer, error);
}

NnLayerSpec *
genre_model_copy_specs (const GenreModel *model, double temperature, gsize *ret_n)
{
  const gsize n = nn_network_n_layers (model->network);
  NnLayerSpec *specs = g_new (NnLayerSpec, n);

  for (gsize i = 0; i < n; i++)
    specs[i] = *nn_network_spec (model->network, i);
  specs[n - 1].temperature = temperature;
  *ret_n = n;
  return specs;
}

double
genre_model_temperature (const GenreModel *model)
{
  return nn_network_spec (model->network, nn_network_n_layers (model->network) - 1)->temperature;
}

GBytes *
genre_model_serialize (const GenreModel *model, GError **error)
{
  return genre_model_serialize_tempered (model, genre_model_temperature (model), model->training, error);
}

GBytes *
genre_model_serialize_tempered (const GenreModel *model, double temperature, const char *training, GError **error)
{
  gsize n = 0;
  g_autofree NnLayerSpec *specs = genre_model_copy_specs (model, temperature, &n);

  return serialize (model, specs, n, training, error);
}

char *
genre_model_weights_sha256 (const GenreModel *model)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  for (size_t i = 0; i < nn_network_n_tensors (model->network); i++) {
    const NnTensor *tensor = nn_network_tensor (model->network, i);
    for (size_t k = 0; k < nn_tensor_size (tensor); k++) {
      guint32 bits;
      memcpy (&bits, &tensor->values[k], sizeof bits);
      bits = GUINT32_TO_LE (bits);
      g_checksum_update (checksum, (const guchar *) &bits, sizeof bits);
    }
  }
  return g_strdup (g_checksum_get_string (checksum));
}
