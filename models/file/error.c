/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/error.h"

GQuark
genre_model_error_quark (void)
{
  return g_quark_from_static_string ("genre-model-error-quark");
}
