/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/model_builder.h"

#include "models/frontend.h"
#include "models/network_heads.h"
#include "models/network_spec.h"
#include "models/file/safetensors_writer.h"

#include <math.h>
#include <string.h>

typedef struct Entry
{
  char *key;
  char *value;
} Entry;

typedef struct Tensor
{
  char *name;
  SafetensorsType type;
  unsigned rank;
  gsize dim[SAFETENSORS_MAX_RANK];
  GByteArray *values;
} Tensor;

struct ModelBuilder
{
  GPtrArray *metadata; /* of Entry */
  GPtrArray *tensors;  /* of Tensor */
};

static const struct
{
  const char *key;
  const char *value;
} tiny[] = {
  { "format", "genre-model" },
  { "version", "1" },
  { "labels", "[\"low\",\"middle\",\"high\"]" },
  { "frontend",
      "{\"sample_rate\":8000,\"n_fft\":256,\"hop_length\":128,\"window\":\"hann\",\"n_mels\":8,\"band_pool\":2,"
      "\"fmin\":0,\"fmax\":4000,\"mel_scale\":\"slaney\",\"mel_norm\":\"slaney\",\"power\":2,\"ref\":1,\"amin\":0.0001,"
      "\"top_db\":null,\"normalize\":{\"mean\":[-1.5,-2.25,-3,-4.1],\"std\":[10.5,11,12.25,9.9]}}" },
  { "network",
      "[{\"type\":\"conv2d\",\"name\":\"conv\",\"filters\":3,\"kernel\":[3,3],\"padding\":[\"same\",\"valid\"],"
      "\"use_bias\":false},{\"type\":\"batch_norm\",\"name\":\"bn\",\"epsilon\":0.001},{\"type\":\"relu\"},"
      "{\"type\":\"max_pool2d\",\"pool\":[2,2]},{\"type\":\"to_sequence\"},{\"type\":\"dropout\",\"rate\":0.25},"
      "{\"type\":\"gru\",\"name\":\"gru\",\"units\":4,\"return_sequences\":true},"
      "{\"type\":\"temporal_pool\",\"stats\":[\"mean\",\"max\"]},{\"type\":\"dense\",\"name\":\"dense\",\"units\":3},"
      "{\"type\":\"softmax\",\"temperature\":1}]" },
  { "window_frames", "20" },
  { "min_frames", "8" },
  { "training", "{\"seed\":1}" },
};

static void
free_entry (gpointer data)
{
  Entry *entry = data;
  g_free (entry->key);
  g_free (entry->value);
  g_free (entry);
}

static void
free_tensor (gpointer data)
{
  Tensor *tensor = data;
  g_free (tensor->name);
  g_byte_array_unref (tensor->values);
  g_free (tensor);
}

ModelBuilder *
model_builder_new (void)
{
  ModelBuilder *builder = g_new0 (ModelBuilder, 1);
  builder->metadata = g_ptr_array_new_with_free_func (free_entry);
  builder->tensors = g_ptr_array_new_with_free_func (free_tensor);
  for (gsize i = 0; i < G_N_ELEMENTS (tiny); i++)
    model_builder_set (builder, tiny[i].key, tiny[i].value);
  model_builder_fill (builder, 1);
  return builder;
}

void
model_builder_free (ModelBuilder *builder)
{
  if (!builder)
    return;
  g_ptr_array_unref (builder->metadata);
  g_ptr_array_unref (builder->tensors);
  g_free (builder);
}

/* NULL: there is none. */
static Entry *
find_entry (const ModelBuilder *builder, const char *key)
{
  for (guint i = 0; i < builder->metadata->len; i++) {
    Entry *entry = builder->metadata->pdata[i];
    if (strcmp (entry->key, key) == 0)
      return entry;
  }
  return NULL;
}

void
model_builder_set (ModelBuilder *builder, const char *key, const char *value)
{
  Entry *entry = find_entry (builder, key);
  if (!entry) {
    entry = g_new0 (Entry, 1);
    entry->key = g_strdup (key);
    g_ptr_array_add (builder->metadata, entry);
  }
  g_free (entry->value);
  entry->value = g_strdup (value);
}

/* text [size] with the only occurrence of `from` replaced */
static GString *
replace_once (const char *text, gsize size, const char *from, const char *to)
{
  GString *result = g_string_new_len (text, (gssize) size);
  guint n = g_string_replace (result, from, to, 0);
  if (n != 1)
    g_error ("%u times '%s' in '%s'", n, from, text);
  return result;
}

void
model_builder_replace (ModelBuilder *builder, const char *key, const char *from, const char *to)
{
  Entry *entry = find_entry (builder, key);
  GString *value = replace_once (entry->value, strlen (entry->value), from, to);
  g_free (entry->value);
  entry->value = g_string_free (value, FALSE);
}

/* NULL: there is none. */
static Tensor *
find_tensor (const ModelBuilder *builder, const char *name)
{
  for (guint i = 0; i < builder->tensors->len; i++) {
    Tensor *tensor = builder->tensors->pdata[i];
    if (strcmp (tensor->name, name) == 0)
      return tensor;
  }
  return NULL;
}

void
model_builder_set_tensor (ModelBuilder *builder, const char *name, SafetensorsType type, unsigned rank,
    const gsize *dim, const void *values)
{
  Tensor *tensor = find_tensor (builder, name);
  if (!tensor) {
    tensor = g_new0 (Tensor, 1);
    tensor->name = g_strdup (name);
    tensor->values = g_byte_array_new ();
    g_ptr_array_add (builder->tensors, tensor);
  }
  gsize size = safetensors_type_bits (type) / 8;
  for (unsigned i = 0; i < rank; i++) {
    tensor->dim[i] = dim[i];
    size *= dim[i];
  }
  tensor->type = type;
  tensor->rank = rank;
  g_byte_array_set_size (tensor->values, 0);
  g_byte_array_append (tensor->values, values, (guint) size);
}

void
model_builder_remove_tensor (ModelBuilder *builder, const char *name)
{
  Tensor *tensor = find_tensor (builder, name);
  if (!tensor)
    g_error ("no tensor '%s'", name);
  g_ptr_array_remove (builder->tensors, tensor);
}

void
model_builder_set_value (ModelBuilder *builder, const char *tensor, gsize index, float value)
{
  Tensor *found = find_tensor (builder, tensor);
  if (!found || found->type != SAFETENSORS_F32 || found->values->len < 4 * (index + 1))
    g_error ("no value %" G_GSIZE_FORMAT " of an F32 tensor '%s'", index, tensor);
  memcpy (found->values->data + 4 * index, &value, sizeof value);
}

static void
fill_tensor (ModelBuilder *builder, const NnTensor *tensor, GRand *random)
{
  gsize dim[G_N_ELEMENTS (tensor->dim)], n = 1;
  for (unsigned i = 0; i < tensor->rank; i++) {
    dim[i] = tensor->dim[i];
    n *= dim[i];
  }
  /* As far as one value's inputs reach: keeps activations near 1. */
  float scale = tensor->rank > 1 ? sqrtf (3.0f * (float) dim[tensor->rank - 1] / (float) n) : 0.2f;
  float offset = g_str_has_suffix (tensor->name, "/gamma") || g_str_has_suffix (tensor->name, "/moving_variance");

  g_autofree float *values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = offset + scale * (float) g_rand_double_range (random, -1, 1);
  model_builder_set_tensor (builder, tensor->name, SAFETENSORS_F32, tensor->rank, dim, values);
}

void
model_builder_add_music (ModelBuilder *builder)
{
  model_builder_set (builder, "version", "2");
  model_builder_set (builder, "heads",
      "{\"music\":[{\"type\":\"dense\",\"name\":\"music\",\"units\":1},{\"type\":\"sigmoid\"}]}");
  model_builder_fill (builder, 1);
}

void
model_builder_fill (ModelBuilder *builder, guint32 seed)
{
  GError *error = NULL;
  GenreFrontend frontend;
  gsize n_layers = 0;
  if (!genre_frontend_parse (find_entry (builder, "frontend")->value, "builder", &frontend, &error))
    g_error ("%s", error->message);
  g_autofree NnLayerSpec *specs = network_spec_parse (find_entry (builder, "network")->value, "builder", &n_layers,
      &error);
  if (!specs)
    g_error ("%s", error->message);

  NnNetwork *network = NULL;
  NnIssue issue = { 0 };
  if (nn_network_new (specs, n_layers, frontend.bands,
          (size_t) g_ascii_strtoull (find_entry (builder, "min_frames")->value, NULL, 10),
          (size_t) g_ascii_strtoull (find_entry (builder, "window_frames")->value, NULL, 10), &network, &issue)
      != NN_OK)
    g_error ("layer %" G_GSIZE_FORMAT ": %s", (gsize) issue.layer, issue.text);

  const Entry *heads = find_entry (builder, "heads");
  if (heads && heads->value && !network_heads_parse (heads->value, "builder", network, &error))
    g_error ("%s", error->message);

  GRand *random = g_rand_new_with_seed (seed);
  g_ptr_array_set_size (builder->tensors, 0);
  for (size_t i = 0; i < nn_network_n_tensors (network); i++)
    fill_tensor (builder, nn_network_tensor (network, i), random);
  g_rand_free (random);
  nn_network_free (network);
  genre_frontend_clear (&frontend);
}

GBytes *
model_builder_build (const ModelBuilder *builder)
{
  g_autoptr (SafetensorsWriter) writer = safetensors_writer_new ();
  for (guint i = 0; i < builder->metadata->len; i++) {
    const Entry *entry = builder->metadata->pdata[i];
    if (entry->value)
      safetensors_writer_add_metadata (writer, entry->key, entry->value);
  }
  for (guint i = 0; i < builder->tensors->len; i++) {
    const Tensor *tensor = builder->tensors->pdata[i];
    safetensors_writer_add_tensor (writer, tensor->name, tensor->type, tensor->dim, tensor->rank, tensor->values->data);
  }
  GError *error = NULL;
  GBytes *bytes = safetensors_writer_finish (writer, &error);
  if (!bytes)
    g_error ("%s", error->message);
  return bytes;
}

GenreModel *
model_builder_parse (const ModelBuilder *builder)
{
  g_autoptr (GBytes) bytes = model_builder_build (builder);
  GError *error = NULL;
  GenreModel *model = genre_model_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "test model",
      &error);

  if (!model)
    g_error ("%s", error->message);
  return model;
}

GBytes *
model_builder_container (const char *header, gsize header_size, const guint8 *data, gsize data_size)
{
  GByteArray *file = g_byte_array_new ();
  guint64 length = GUINT64_TO_LE ((guint64) header_size);
  g_byte_array_append (file, (const guint8 *) &length, sizeof length);
  g_byte_array_append (file, (const guint8 *) header, (guint) header_size);
  if (data_size > 0)
    g_byte_array_append (file, data, (guint) data_size);
  return g_byte_array_free_to_bytes (file);
}

GBytes *
model_builder_edit (GBytes *file, const char *from, const char *to)
{
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (file, &size);
  guint64 length = 0;
  memcpy (&length, data, sizeof length);
  length = GUINT64_FROM_LE (length);

  GString *header = replace_once ((const char *) data + 8, (gsize) length, from, to);
  GBytes *edited = model_builder_container (header->str, header->len, data + 8 + length, size - 8 - (gsize) length);
  g_string_free (header, TRUE);
  return edited;
}
