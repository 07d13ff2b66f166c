/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/sets/artist_name.h"

#include <string.h>

static const char separators[] = ";/,&+";

/* Words that join artists, folded. */
static const char *const joints[] = { "feat", "ft", "featuring", "with", "vs", "and" };

/* What stands where a tagger knew no artist, or more than one; folded. */
static const char *const nobody[] = { "", "unknown", "unknownartist", "artist", "various", "variousartists",
  "variousartist", "va", "na", "none", "noartist", "divers", "diverse", "verschiedene", "verschiedeneinterpreten",
  "artistesdivers", "variosartistas", "artistivari" };

static gboolean
is_one_of (const char *text, const char *const *list, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    if (strcmp (text, list[i]) == 0)
      return TRUE;
  }
  return FALSE;
}

/* Bytes of the character that begins here. */
static gsize
utf8_length (const char *c)
{
  return (gsize) g_utf8_skip[*(const guchar *) c];
}

/* The accents of Latin, Greek and Cyrillic, which NFKD takes off their letters.  Marks of other scripts are vowels. */
static gboolean
is_accent (gunichar c)
{
  return c >= 0x300 && c <= 0x36f;
}

/* The first n bytes, which are NFKD without case, but for all that is neither letter nor digit nor mark. */
static char *
squeeze (const char *text, gsize n)
{
  GString *out = g_string_new (NULL);
  for (const char *c = text; c < text + n; c += utf8_length (c)) {
    const gunichar letter = g_utf8_get_char (c);
    if (!is_accent (letter) && (g_unichar_isalnum (letter) || g_unichar_ismark (letter)))
      g_string_append_unichar (out, letter);
  }
  return g_string_free (out, FALSE);
}

/* The word that begins here ends at the first blank or punctuation. */
static gsize
word_length (const char *text)
{
  const char *c = text;
  while (*c && (g_unichar_isalnum (g_utf8_get_char (c)) || g_unichar_ismark (g_utf8_get_char (c))))
    c += utf8_length (c);
  return (gsize) (c - text);
}

/* Bytes before what joins the first artist to the next. */
static gsize
first_length (const char *text)
{
  for (const char *c = text; *c;) {
    const gsize n = word_length (c);
    g_autofree char *word = g_strndup (c, n);
    if ((n == 0 && strchr (separators, *c)) || (n > 0 && is_one_of (word, joints, G_N_ELEMENTS (joints)))) {
      g_autofree char *before = squeeze (text, (gsize) (c - text));
      if (before[0] != '\0')
        return (gsize) (c - text);
    }
    c += n > 0 ? n : utf8_length (c);
  }
  return strlen (text);
}

char *
artist_name_key (const char *name)
{
  if (!name)
    return NULL;
  g_autofree char *folded = g_utf8_casefold (name, -1);
  g_autofree char *text = g_utf8_normalize (folded, -1, G_NORMALIZE_ALL);
  if (!text)
    return NULL;
  g_autofree char *whole = squeeze (text, strlen (text));
  if (whole[0] == '\0')
    return g_strstrip (text)[0] == '\0' ? NULL : g_strdup (text); /* "!!!" is a band */
  if (is_one_of (whole, nobody, G_N_ELEMENTS (nobody)))
    return NULL;

  const char *first = text;
  while (word_length (first) == 0)
    first += utf8_length (first);
  const gsize article = word_length (first);
  if (article == 3 && memcmp (first, "the", 3) == 0) {
    g_autofree char *rest = squeeze (first + 3, first_length (first + 3));
    if (rest[0] != '\0')
      return g_steal_pointer (&rest);
  }
  return squeeze (first, first_length (first));
}
