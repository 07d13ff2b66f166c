/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/expect_error.h - what every test of a rejection asks of the GError.
 *
 * Layer:   tests; uses GLib and tests/test.h.
 * Threads: as tests/test.h.
 */
#ifndef TESTS_EXPECT_ERROR_H
#define TESTS_EXPECT_ERROR_H

#include "models/file/error.h"
#include "tests/test.h"

#include <string.h>

/* Takes `error`: it must have this code, and one line with all words, which are separated by '|'. */
static inline void
expect_error (GError *error, GenreModelError code, const char *words, const char *name)
{
  CHECK (error != NULL, "%s: accepted", name);
  if (!error)
    return;
  CHECK (error->domain == GENRE_MODEL_ERROR && error->code == (int) code, "%s: code %d instead of %d: %s", name,
      error->code, (int) code, error->message);
  CHECK (!strchr (error->message, '\n') && g_utf8_validate (error->message, -1, NULL) && strlen (error->message) < 600,
      "%s: %s", name, error->message);

  char **list = g_strsplit (words, "|", -1);
  for (char **word = list; *word; word++)
    CHECK (strstr (error->message, *word), "%s: no '%s' in: %s", name, *word, error->message);
  g_strfreev (list);
  g_error_free (error);
}

#endif
