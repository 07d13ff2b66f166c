/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/error.h"

GQuark
genre_model_error_quark (void)
{
  return g_quark_from_static_string ("genre-model-error-quark");
}

gboolean
genre_model_fail (GError **error, GenreModelError code, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autoptr (GError) failure = g_error_new_valist (GENRE_MODEL_ERROR, (int) code, format, arguments);
  va_end (arguments);
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}
