/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/genre_model_file.h"
#include "models/model_path.h"

#include "models/embedded.h"
#include "models/file/regular_file.h"
#include "models/network_heads.h"

#include <string.h>

/* Models by sha256, so that elements with the same file share one.  It holds no references: the last unref takes the
 * model out.  NULL while there is none. */
static GMutex cache_lock;
static GHashTable *cache;

/* --- shared models --------------------------------------------------------------------------------------------- */

static void
free_model (GenreModel *model)
{
  g_free (model->sha256);
  g_strfreev (model->labels);
  genre_frontend_clear (&model->frontend);
  nn_network_free (model->network);
  g_free (model->training);
  g_free (model);
}

/* A new model with one reference, outside of the cache. */
static GenreModel *
new_model (GBytes *bytes, const char *name, const char *sha256, GError **error)
{
  g_autoptr (Safetensors) file = safetensors_new (bytes, name, error);
  if (!file)
    return NULL;

  GenreModel *model = g_new0 (GenreModel, 1);
  model->references = 1;
  model->sha256 = g_strdup (sha256);
  if (genre_model_read (model, file, error))
    return model;
  free_model (model);
  return NULL;
}

/* A new reference to the model with this hash, or NULL. */
static GenreModel *
look_up (const char *sha256)
{
  g_mutex_lock (&cache_lock);
  GenreModel *model = cache ? g_hash_table_lookup (cache, sha256) : NULL;
  if (model)
    genre_model_ref (model);
  g_mutex_unlock (&cache_lock);
  return model;
}

/* Takes `model` and gives back it, or the one that another thread has made of the same bytes meanwhile. */
static GenreModel *
insert (GenreModel *model)
{
  g_mutex_lock (&cache_lock);
  if (!cache)
    cache = g_hash_table_new (g_str_hash, g_str_equal);
  GenreModel *present = g_hash_table_lookup (cache, model->sha256);
  if (present)
    genre_model_ref (present);
  else
    g_hash_table_insert (cache, model->sha256, model);
  g_mutex_unlock (&cache_lock);

  if (!present)
    return model;
  free_model (model);
  return present;
}

static GenreModel *
shared_model (GBytes *bytes, const char *name, const char *sha256, GError **error)
{
  GenreModel *model = look_up (sha256);
  if (model)
    return model;
  model = new_model (bytes, name, sha256, error);
  return model ? insert (model) : NULL;
}

GenreModel *
genre_model_ref (GenreModel *model)
{
  g_atomic_int_inc (&model->references);
  return model;
}

void
genre_model_unref (GenreModel *model)
{
  if (!model)
    return;
  for (;;) {
    gint references = g_atomic_int_get (&model->references);
    if (references == 1)
      break;
    if (g_atomic_int_compare_and_exchange (&model->references, references, references - 1))
      return;
  }

  /* This may be the last reference.  look_up() takes references under the same lock, so that it never finds a model
   * without any. */
  g_mutex_lock (&cache_lock);
  bool last = g_atomic_int_dec_and_test (&model->references);
  if (last && model->sha256) {
    g_hash_table_remove (cache, model->sha256);
    if (g_hash_table_size (cache) == 0)
      g_clear_pointer (&cache, g_hash_table_unref);
  }
  g_mutex_unlock (&cache_lock);
  if (last)
    free_model (model);
}

/* --- constructors ---------------------------------------------------------------------------------------------- */

static GenreModel *
model_from_bytes (GBytes *bytes, const char *name, GError **error)
{
  g_autofree char *sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  return shared_model (bytes, name, sha256, error);
}

/* Where a model of that name would have been. */
static void
explain_lost (const char *path, GError *error)
{
  if (!genre_model_is_name (path) || !g_error_matches (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_NOT_FOUND))
    return;
  g_autofree char *places = genre_model_places ();
  char *message = g_strdup_printf ("%s, nor a model of that name in %s", error->message, places);
  g_free (error->message);
  error->message = message;
}

GenreModel *
genre_model_load (const char *path, GError **error)
{
  g_autofree char *file = genre_model_find (path);
  g_autoptr (GError) failure = NULL;
  g_autoptr (GBytes) bytes = regular_file_read (file, SAFETENSORS_MAX_BYTES, &failure);
  if (!bytes) {
    explain_lost (path, failure);
    g_propagate_error (error, g_steal_pointer (&failure));
    return NULL;
  }
  g_autofree char *name = g_filename_display_name (file);
  return model_from_bytes (bytes, name, error);
}

GenreModel *
genre_model_parse (const guint8 *data, gsize size, const char *name, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  return model_from_bytes (bytes, name, error);
}

GenreModel *
genre_model_default (GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (models_embedded_words, models_embedded_size);
  return shared_model (bytes, "default model", models_embedded_sha256, error);
}

/* All but the network. */
static GenreModel *
model_without_file (const char *const *labels, const GenreFrontend *frontend, unsigned window_frames,
    unsigned min_frames)
{
  const gsize bytes = frontend->bands * sizeof (float);
  GenreModel *model = g_new0 (GenreModel, 1);

  model->references = 1;
  while (labels[model->n_labels])
    model->n_labels++;
  model->labels = g_new0 (char *, (gsize) model->n_labels + 1);
  for (guint i = 0; i < model->n_labels; i++)
    model->labels[i] = g_strdup (labels[i]);
  model->frontend = *frontend;
  model->frontend.mean = g_memdup2 (frontend->mean, bytes);
  model->frontend.std = g_memdup2 (frontend->std, bytes);
  model->window_frames = window_frames;
  model->min_frames = min_frames;
  model->training = g_strdup ("{}");
  return model;
}

GenreModel *
genre_model_new (const char *const *labels, const GenreFrontend *frontend, NnNetwork *network, unsigned window_frames,
    unsigned min_frames, const char *name, GError **error)
{
  GenreModel *model = model_without_file (labels, frontend, window_frames, min_frames);

  model->network = network;
  if (genre_model_finish (model, name, error))
    return model;
  free_model (model);
  return NULL;
}

NnNetwork *
genre_model_copy_network (const GenreModel *model, double temperature, const char *name, GError **error)
{
  gsize n_specs = 0;
  g_autofree NnLayerSpec *specs = genre_model_copy_specs (model, temperature, &n_specs);
  NnNetwork *network = genre_model_make_network (model, specs, n_specs, name, error);

  if (!network)
    return NULL;
  if (!network_heads_copy (model->network, network)) {
    nn_network_free (network);
    g_set_error (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_SIZE, "%s: no memory for its network", name);
    return NULL;
  }
  for (size_t i = 0; i < nn_network_n_tensors (network); i++) {
    NnTensor *tensor = nn_network_tensor (network, i);
    memcpy (tensor->values, genre_model_tensor (model, i)->values, nn_tensor_size (tensor) * sizeof *tensor->values);
  }
  return network;
}

GenreModel *
genre_model_temper (const GenreModel *model, double temperature, const char *name, GError **error)
{
  NnNetwork *network = genre_model_copy_network (model, temperature, name, error);
  return network ? genre_model_new (genre_model_labels (model), &model->frontend, network, model->window_frames,
             model->min_frames, name, error)
                 : NULL;
}

/* --- questions ------------------------------------------------------------------------------------------------- */

const char *const *
genre_model_labels (const GenreModel *model)
{
  return (const char *const *) model->labels;
}

unsigned
genre_model_n_labels (const GenreModel *model)
{
  return model->n_labels;
}

const GenreFrontend *
genre_model_frontend (const GenreModel *model)
{
  return &model->frontend;
}

const NnNetwork *
genre_model_network (const GenreModel *model)
{
  return model->network;
}

gsize
genre_model_n_parameters (const GenreModel *model)
{
  return nn_network_n_parameters (model->network);
}

const NnTensor *
genre_model_tensor (const GenreModel *model, gsize index)
{
  return nn_network_tensor (model->network, index);
}

gboolean
genre_model_has_music (const GenreModel *model)
{
  return network_heads_music (model->network) >= 0;
}

unsigned
genre_model_window_frames (const GenreModel *model)
{
  return model->window_frames;
}

unsigned
genre_model_min_frames (const GenreModel *model)
{
  return model->min_frames;
}

const char *
genre_model_sha256 (const GenreModel *model)
{
  return model->sha256;
}

const char *
genre_model_training (const GenreModel *model)
{
  return model->training;
}

unsigned
genre_model_grid (const GenreModel *model)
{
  return model->min_frames == model->window_frames ? 1 : (unsigned) nn_network_time_stride (model->network);
}

gboolean
genre_model_shares_columns (const GenreModel *model)
{
  return model->min_frames < model->window_frames && model->frontend.ref > 0 && model->frontend.top_db < 0
      && nn_network_can_share (model->network);
}
