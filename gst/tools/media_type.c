/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/media_type.h"

#include <glib/gstdio.h>
#include <gst/base/gsttypefindhelper.h>
#include <stdio.h>

enum
{
  FIRST_BYTES = 1 << 16,
};

char *
tool_media_type (const char *path, GstTypeFindProbability *ret_probability)
{
  FILE *file = g_fopen (path, "rb");
  if (!file)
    return NULL;
  g_autofree guint8 *bytes = g_malloc (FIRST_BYTES);
  const gsize n = fread (bytes, 1, FIRST_BYTES, file);
  fclose (file);

  GstTypeFindProbability probability = GST_TYPE_FIND_NONE;
  g_autoptr (GstCaps) caps = n > 0 ? gst_type_find_helper_for_data (NULL, bytes, n, &probability) : NULL;
  if (!caps)
    return NULL;
  if (ret_probability)
    *ret_probability = probability;
  return g_strdup (gst_structure_get_name (gst_caps_get_structure (caps, 0)));
}
