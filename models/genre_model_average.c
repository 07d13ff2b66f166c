/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/genre_model_average.h"

#include "models/genre_model_file.h"
#include "models/network_heads.h"
#include "models/network_spec.h"

/* What must be equal for weights to mean the same, as text. */
static void
describe (const GenreModel *model, GString *frontend, GString *network)
{
  gsize n_specs = 0;
  g_autofree NnLayerSpec *specs = genre_model_copy_specs (model, 1, &n_specs);

  genre_frontend_append (&model->frontend, frontend);
  network_spec_append (specs, n_specs, network);
  if (nn_network_n_heads (model->network) > 0)
    network_heads_append (model->network, network);
}

static bool
check_alike (const GenreModel *one, const char *one_name, const GenreModel *other, const char *name, GError **error)
{
  GString *texts[4];
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    texts[i] = g_string_new (NULL);
  describe (one, texts[0], texts[1]);
  describe (other, texts[2], texts[3]);

  const struct
  {
    bool equal;
    GenreModelError code;
    const char *what;
  } checks[] = {
    { g_strv_equal (genre_model_labels (one), genre_model_labels (other)), GENRE_MODEL_ERROR_LABELS, "labels" },
    { g_string_equal (texts[0], texts[2]), GENRE_MODEL_ERROR_FRONTEND, "frontend" },
    { g_string_equal (texts[1], texts[3]), GENRE_MODEL_ERROR_NETWORK, "network" },
    { one->window_frames == other->window_frames && one->min_frames == other->min_frames, GENRE_MODEL_ERROR_WINDOW,
        "window_frames and min_frames" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    g_string_free (texts[i], TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (checks); i++)
    if (!checks[i].equal)
      return genre_model_fail (error, (int) checks[i].code, "%s: %s: expected those of %s, found others", name,
          checks[i].what, one_name);
  return true;
}

/* values [n] of the tensor = their mean over the models, in the models' order. */
static void
fill_mean (NnTensor *tensor, gsize index, GenreModel *const *models, gsize n)
{
  for (gsize k = 0; k < nn_tensor_size (tensor); k++) {
    double sum = 0;
    for (gsize i = 0; i < n; i++)
      sum += (double) genre_model_tensor (models[i], index)->values[k];
    tensor->values[k] = (float) (sum / (double) n);
  }
}

GenreModel *
genre_model_average (GenreModel *const *models, const char *const *names, gsize n, const char *name, GError **error)
{
  for (gsize i = 1; i < n; i++)
    if (!check_alike (models[0], names[0], models[i], names[i], error))
      return NULL;

  NnNetwork *network = genre_model_copy_network (models[0], genre_model_temperature (models[0]), name, error);
  if (!network)
    return NULL;
  for (size_t i = 0; i < nn_network_n_tensors (network); i++)
    fill_mean (nn_network_tensor (network, i), i, models, n);
  return genre_model_new (genre_model_labels (models[0]), &models[0]->frontend, network, models[0]->window_frames,
      models[0]->min_frames, name, error);
}
