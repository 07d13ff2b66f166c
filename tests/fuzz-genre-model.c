/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes are a model or an error; a model is written and read back as one that is written in the same bytes.
 *
 *   tests/fuzz.sh 600 genre-model
 */
#include "models/genre_model.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  GError *error = NULL;
  GenreModel *model = genre_model_parse (data, size, "fuzz", &error);
  if (!model != (error != NULL))
    abort ();
  if (model) {
    gsize length = 0;
    GBytes *bytes = genre_model_serialize (model, NULL);
    const guint8 *written = bytes ? g_bytes_get_data (bytes, &length) : NULL;
    GenreModel *back = bytes ? genre_model_parse (written, length, "written", NULL) : NULL;
    GBytes *again = back ? genre_model_serialize (back, NULL) : NULL;
    if (!again || !g_bytes_equal (bytes, again))
      abort ();
    g_bytes_unref (again);
    genre_model_unref (back);
    g_bytes_unref (bytes);
  }
  genre_model_unref (model);
  g_clear_error (&error);
  return 0;
}
