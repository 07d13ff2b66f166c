/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/genre_name.h"

#include <string.h>

static const struct
{
  const char *key, *name;
} known[] = {
  { "edm", "EDM" },
  { "hiphop", "Hip-Hop" },
  { "idm", "IDM" },
  { "rnb", "R&B" },
  { "drumandbass", "Drum and Bass" },
};

char *
tool_genre_key (const char *name)
{
  g_autofree char *folded = g_utf8_casefold (name, -1);
  GString *key = g_string_new (NULL);

  for (const char *c = folded; *c; c += g_utf8_skip[*(const guchar *) c]) {
    if (g_unichar_isalnum (g_utf8_get_char (c)))
      g_string_append_unichar (key, g_utf8_get_char (c));
  }
  return g_string_free (key, FALSE);
}

char *
tool_genre_name (const char *label)
{
  g_autofree char *key = tool_genre_key (label);
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++) {
    if (strcmp (key, known[i].key) == 0)
      return g_strdup (known[i].name);
  }

  GString *name = g_string_new (NULL);
  gboolean starts = TRUE; /* a word */
  for (const char *c = label; *c; c += g_utf8_skip[*(const guchar *) c]) {
    const gunichar letter = *c == '_' ? ' ' : g_utf8_get_char (c);
    g_string_append_unichar (name, starts ? g_unichar_totitle (letter) : letter);
    starts = letter == ' ' || letter == '-' || letter == '/';
  }
  return g_string_free (name, FALSE);
}
