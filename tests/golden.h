/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/golden.h - reads the safetensors files of tests/golden, which our own scripts wrote: float32, no blanks.
 *
 * Layer:   tests; libc only, so that dsp and nn can be tested without the reader of models/.
 * Threads: one.
 */
#ifndef TESTS_GOLDEN_H
#define TESTS_GOLDEN_H

#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

typedef struct Golden
{
  char *header;
  float *values; /* [n_values] */
  size_t n_values;
} Golden;

static inline void
golden_free (Golden *golden)
{
  free (golden->header);
  free (golden->values);
  *golden = (Golden){ .header = NULL };
}

/* GENRE_TEST_DATA/golden/FILE, to be freed with golden_free(); ends the program if it cannot be read. */
static inline Golden
golden_load (const char *name)
{
  const char *tests = getenv ("GENRE_TEST_DATA");
  char path[4096];
  snprintf (path, sizeof path, "%s/golden/%s", tests ? tests : "tests", name);
  FILE *file = fopen (path, "rb");
  if (!file) {
    perror (path);
    exit (1);
  }

  const size_t limit = 1 << 20;
  Golden golden = { .header = calloc (limit + 1, 1), .values = calloc (limit, sizeof (float)) };
  uint64_t length = 0;
  if (golden.header && golden.values && fread (&length, sizeof length, 1, file) == 1 && length <= limit
      && fread (golden.header, 1, length, file) == length)
    golden.n_values = fread (golden.values, sizeof (float), limit, file);
  fclose (file);
  if (golden.n_values == 0) {
    fprintf (stderr, "%s: no golden file\n", path);
    exit (1);
  }
  return golden;
}

/* Where the value of the key starts; NULL if there is none. */
static inline const char *
golden_find (const Golden *golden, const char *key)
{
  char quoted[256];
  snprintf (quoted, sizeof quoted, "\"%s\":", key);
  const char *at = strstr (golden->header, quoted);
  return at ? at + strlen (quoted) : NULL;
}

/* The tensor of that name, which must have n values; NULL, and a failure counted, if not. */
static inline const float *
golden_tensor (const Golden *golden, const char *name, size_t n)
{
  const char *at = golden_find (golden, name);
  const char *offsets = at && *at == '{' ? strstr (at, "\"data_offsets\":[") : NULL;
  size_t from = 0, to = 0;
  const bool ok = offsets && sscanf (offsets, "\"data_offsets\":[%zu,%zu]", &from, &to) == 2
      && to / sizeof (float) <= golden->n_values && from <= to && to - from == n * sizeof (float);
  CHECK (ok, "no %s with %zu values", name, n);
  return ok ? golden->values + from / sizeof (float) : NULL;
}

/* The metadata's string of that name; false, and a failure counted, if there is none of fewer than `size` bytes.
 *
 * text [size]  out */
static inline bool
golden_text (const Golden *golden, const char *name, char *text, size_t size)
{
  const char *at = golden_find (golden, name);
  const char *end = at && *at == '"' ? strchr (at + 1, '"') : NULL;
  const bool ok = end && (size_t) (end - at - 1) < size;
  CHECK (ok, "no text %s", name);
  if (ok)
    snprintf (text, size, "%.*s", (int) (end - at - 1), at + 1);
  return ok;
}

#endif
