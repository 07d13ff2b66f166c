/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * In place of tag_file.cc where there is no TagLib.
 */
#include "gst/tools/tag_file.h"

gboolean
tool_tag_file_is_available (void)
{
  return FALSE;
}

char **
tool_tag_file_genres (const char *path, ToolTagFormat format)
{
  (void) path;
  (void) format;
  return NULL;
}

guint8
tool_tag_file_genre_number (const char *name)
{
  (void) name;
  return 255;
}

gboolean
tool_tag_file_set_comments (const char *path, GBytes *packet)
{
  (void) path;
  (void) packet;
  return FALSE;
}

gboolean
tool_tag_file_set_atoms (const char *path, const char *const *names)
{
  (void) path;
  (void) names;
  return FALSE;
}
