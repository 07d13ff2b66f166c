/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/inspect_text.h"

#include "gst/tools/cells.h"
#include "models/file/json_write.h"
#include "models/file/printable.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

char *
tool_inspect_columns (const char *text, gsize width)
{
  GString *shown = g_string_new (NULL);

  tool_cells_append (shown, text, MAX (width, tool_cells (text)), FALSE);
  return g_string_free (shown, FALSE);
}

void
tool_inspect_print_frontend (const GenreFrontend *frontend)
{
  g_autofree char *ref = frontend->ref > 0 ? g_strdup_printf ("%g", frontend->ref) : g_strdup ("max");
  g_autofree char *top_db = frontend->top_db >= 0 ? g_strdup_printf ("%g", frontend->top_db) : g_strdup ("null");

  printf ("  front end   %u Hz, n_fft %u, hop %u (%.1f ms), %u mels, pooled by %u to %" G_GSIZE_FORMAT
          " bands, %g to %g Hz,\n              amin %g, ref %s, top_db %s\n",
      frontend->mel.sample_rate_hz, frontend->mel.n_fft, frontend->mel.hop_length,
      1000 * genre_frontend_seconds (frontend, 1), frontend->mel.n_mels, frontend->mel.band_pool,
      (gsize) frontend->bands, frontend->mel.fmin_hz, frontend->mel.fmax_hz, frontend->amin, ref, top_db);
}

char *
tool_inspect_json_line (const char *text)
{
  GString *json = g_string_new (NULL);

  for (; *text; text += g_utf8_skip[*(const guchar *) text]) {
    const gunichar c = g_utf8_get_char (text);
    if (printable_is (c))
      g_string_append_unichar (json, c);
    else if (c < 0x20) /* between two values: no string has them unescaped */
      g_string_append_c (json, ' ');
    else
      g_string_append_printf (json, "\\u%04x", (guint) c);
  }
  return g_string_free (json, FALSE);
}

/* The end of the string of JSON that begins here. */
static const char *
skip_string (const char *c)
{
  for (c++; *c && *c != '"'; c++) {
    if (*c == '\\' && c[1])
      c++;
  }
  return *c ? c + 1 : c;
}

static void
new_line (unsigned depth)
{
  printf ("\n    %*s", (int) (2 * depth), "");
}

void
tool_inspect_print_json (const char *text)
{
  g_autofree char *json = tool_inspect_json_line (text);
  unsigned depth = 0;
  bool empty = true; /* the bracket that was opened last has nothing behind it yet */

  for (const char *c = json; *c;) {
    const char *end = *c == '"' ? skip_string (c) : c + 1;
    if (*c == ' ') {
      c = end;
      continue;
    }
    if (strchr ("]}", *c)) {
      depth--;
      if (!empty)
        new_line (depth);
      empty = false;
    } else if (empty) {
      new_line (depth);
      empty = false;
    }
    printf ("%.*s", (int) (end - c), c);
    if (strchr ("[{", *c)) {
      depth++;
      empty = true;
    } else if (*c == ',') {
      new_line (depth);
    } else if (*c == ':') {
      putchar (' ');
    }
    c = end;
  }
  putchar ('\n');
}

void
tool_inspect_add_frontend (GString *json, const GenreFrontend *frontend)
{
  json_add_key (json, "frontend");
  genre_frontend_append (frontend, json);
}
