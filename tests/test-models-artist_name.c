/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/sets/artist_name: one artist, one key, however it is tagged; nobody has none.
 */
#include "models/sets/artist_name.h"

#include "tests/test.h"

/* Lines of names that are one artist's. */
static const char *const artists[][8] = {
  { "Queen", "queen", " QUEEN ", "Queen feat. David Bowie", "Queen & David Bowie", "Queen (ft. X)",
      "Queen; David Bowie", "Queen/David Bowie" },
  { "The Beatles", "Beatles, The", "the beatles", "BEATLES", "The Beatles featuring Billy Preston",
      "The Beatles with Tony Sheridan", "\"Beatles\"", "The  Beatles" },
  { "Bj\xc3\xb6rk", "Bjo\xcc\x88rk", "BJ\xc3\x96RK", "Bjork", "bj\xc3\xb6rk, Thom Yorke",
      "Bj\xc3\xb6rk + Dirty Projectors", "\xef\xbc\xa2j\xc3\xb6rk", "Bj\xc3\xb6rk vs. Sigur R\xc3\xb3s" },
  { "AC/DC", "ac/dc", "AC / DC", "AC/DC", "AC/DC", "AC/DC", "AC/DC", "AC/DC" },
  { "Stra\xc3\x9f"
    "e",
      "STRASSE", "strasse", "Strasse", "Strasse", "Strasse", "Strasse", "Strasse" },
  { "The The", "THE THE", "the the", "The The", "The The", "The The", "The The", "The The feat. Sinead" },
  { "!!!", "!!! ", " !!!", "!!!", "!!!", "!!!", "!!!", "!!!" },
  { "+44", "44", "+44", "+44", "+44", "+44", "+44", "+44 & X" },
  { "And One", "and one", "AND ONE", "And One", "And One", "And One", "And One", "And One feat. X" },
  { "Featherstone", "FEATHERSTONE", "Featherstone", "Featherstone", "Featherstone", "Featherstone", "Featherstone",
      "Featherstone & Band" },
  { "\xd0\x9a\xd0\xb8\xd0\xbd\xd0\xbe", "\xd0\xba\xd0\xb8\xd0\xbd\xd0\xbe", "\xd0\x9a\xd0\x98\xd0\x9d\xd0\x9e",
      "\xd0\x9a\xd0\xb8\xd0\xbd\xd0\xbe", "\xd0\x9a\xd0\xb8\xd0\xbd\xd0\xbe", "\xd0\x9a\xd0\xb8\xd0\xbd\xd0\xbe",
      "\xd0\x9a\xd0\xb8\xd0\xbd\xd0\xbe", "\xd0\x9a\xd0\xb8\xd0\xbd\xd0\xbe feat. X" },
};

static const char *
word (const char *key)
{
  return key ? key : "nobody";
}

static void
test_same (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (artists); i++) {
    g_autofree char *key = artist_name_key (artists[i][0]);
    for (gsize k = 0; k < G_N_ELEMENTS (artists[i]); k++) {
      g_autofree char *other = artist_name_key (artists[i][k]);
      g_autofree char *again = other ? artist_name_key (other) : NULL;
      CHECK (key && g_strcmp0 (key, other) == 0, "%s is %s, %s is %s", artists[i][0], word (key), artists[i][k],
          word (other));
      CHECK (g_strcmp0 (other, again) == 0, "the key of %s is %s", word (other), word (again));
    }
    for (gsize k = 0; k < i; k++) {
      g_autofree char *other = artist_name_key (artists[k][0]);
      CHECK (g_strcmp0 (key, other) != 0, "%s and %s are one", artists[i][0], artists[k][0]);
    }
  }
}

static void
test_keys (void)
{
  static const char *const pairs[][2] = {
    { "Beyonc\xc3\xa9 & JAY-Z", "beyonce" }, { "The Beatles", "beatles" }, { "AC/DC", "ac" },
    { "Nick Cave & the Bad Seeds", "nickcave" }, { "Andrew Bird", "andrewbird" }, /* no word "and" */
    { "2Pac", "2pac" },
    { "\xe0\xa4\xb0\xe0\xa4\xbe\xe0\xa4\xae", "\xe0\xa4\xb0\xe0\xa4\xbe\xe0\xa4\xae" }, /* its vowel is a mark */
  };
  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++) {
    g_autofree char *key = artist_name_key (pairs[i][0]);
    CHECK (g_strcmp0 (key, pairs[i][1]) == 0, "%s: \"%s\" instead of \"%s\"", pairs[i][0], key, pairs[i][1]);
  }
}

static void
test_nobody (void)
{
  static const char *const names[] = { "", "  ", "Unknown Artist", "<unknown>", "[Unknown]", "Various",
    "VARIOUS ARTISTS", "V.A.", "n/a", "Verschiedene Interpreten" };
  CHECK (!artist_name_key (NULL), "NULL");
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *key = artist_name_key (names[i]);
    CHECK (!key, "%s is \"%s\"", names[i], key);
  }
}

/* Any text of any characters has a key that is its own key, or none. */
static void
test_any (void)
{
  static const char *const parts[] = { "a", "The ", " & ", "feat.", ";", "\xc3\xa9", "\xcc\x81", " ", "\xe3\x81\x8c",
    "\xf0\x9f\x8e\xb5", "B", "and", "/" };
  uint64_t state = 5;
  for (unsigned i = 0; i < 20000; i++) {
    GString *name = g_string_new (NULL);
    for (unsigned n = (unsigned) (test_random (&state) >> 32) % 8; n > 0; n--)
      g_string_append (name, parts[(test_random (&state) >> 32) % G_N_ELEMENTS (parts)]);
    g_autofree char *key = artist_name_key (name->str);
    CHECK (!key || (key[0] != '\0' && g_utf8_validate (key, -1, NULL)), "\"%s\" is \"%s\"", name->str, key);
    g_string_free (name, TRUE);
  }
}

int
main (void)
{
  test_same ();
  test_keys ();
  test_nobody ();
  test_any ();
  TEST_END ();
}
