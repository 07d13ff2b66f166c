/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/json_write.h"

#include "models/file/printable.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

void
json_append_string (GString *json, const char *text)
{
  g_string_append_c (json, '"');
  while (*text) {
    const gunichar c = g_utf8_get_char_validated (text, -1);
    const gboolean valid = c != (gunichar) -1 && c != (gunichar) -2;
    const gsize length = valid ? g_utf8_skip[*(const guchar *) text] : 1;
    if (c == '"' || c == '\\')
      g_string_append_c (json, '\\');
    if (valid && !printable_is (c))
      g_string_append_printf (json, "\\u%04x", (unsigned) c);
    else
      g_string_append_len (json, text, (gssize) length);
    text += length;
  }
  g_string_append_c (json, '"');
}

void
json_append_double (GString *json, double value)
{
  assert (isfinite (value));

  char text[G_ASCII_DTOSTR_BUF_SIZE];
  for (int digits = DBL_DIG; digits <= 17; digits++) {
    char format[8];
    g_snprintf (format, sizeof format, "%%.%dg", digits);
    g_ascii_formatd (text, sizeof text, format, value);
    if (!(g_ascii_strtod (text, NULL) < value) && !(g_ascii_strtod (text, NULL) > value))
      break;
  }
  g_string_append (json, text);
}

void
json_append_float (GString *json, float value)
{
  assert (isfinite (value));

  char text[G_ASCII_DTOSTR_BUF_SIZE];
  for (int digits = FLT_DIG; digits <= 9; digits++) {
    char format[8];
    g_snprintf (format, sizeof format, "%%.%dg", digits);
    g_ascii_formatd (text, sizeof text, format, (double) value);
    float back = (float) g_ascii_strtod (text, NULL);
    if (!(back < value) && !(back > value))
      break;
  }
  g_string_append (json, text);
}

void
json_add_key (GString *json, const char *key)
{
  /* The first value is behind a bracket, a colon or white space; a string ends in a quote, whatever is in it. */
  if (json->len > 0 && !strchr ("{[: \n", json->str[json->len - 1]))
    g_string_append_c (json, ',');
  if (!key)
    return;
  json_append_string (json, key);
  g_string_append_c (json, ':');
}

void
json_open (GString *json, const char *key, char bracket)
{
  json_add_key (json, key);
  g_string_append_c (json, bracket);
}

void
json_add_boolean (GString *json, const char *key, gboolean value)
{
  json_add_key (json, key);
  g_string_append (json, value ? "true" : "false");
}

void
json_add_count (GString *json, const char *key, guint64 value)
{
  json_add_key (json, key);
  g_string_append_printf (json, "%" G_GUINT64_FORMAT, value);
}

void
json_add_number (GString *json, const char *key, double value)
{
  json_add_key (json, key);
  if (isfinite (value))
    json_append_double (json, value);
  else
    g_string_append (json, "null");
}

void
json_add_numbers (GString *json, const char *key, const double *values, gsize n)
{
  json_open (json, key, '[');
  for (gsize i = 0; i < n; i++)
    json_add_number (json, NULL, values[i]);
  g_string_append_c (json, ']');
}

void
json_add_string (GString *json, const char *key, const char *value)
{
  json_add_key (json, key);
  if (value)
    json_append_string (json, value);
  else
    g_string_append (json, "null");
}

void
json_add_strings (GString *json, const char *key, const char *const *values, gsize n)
{
  json_open (json, key, '[');
  for (gsize i = 0; i < n; i++)
    json_add_string (json, NULL, values[i]);
  g_string_append_c (json, ']');
}

void
json_add_counts (GString *json, const char *key, const gsize *values, gsize n)
{
  json_open (json, key, '[');
  for (gsize i = 0; i < n; i++)
    json_add_count (json, NULL, values[i]);
  g_string_append_c (json, ']');
}

char *
json_quote (const char *text)
{
  enum
  {
    MAX_BYTES = 80
  };
  gsize length = strlen (text);
  g_autofree char *cut = NULL;
  if (length > MAX_BYTES) {
    const char *end = g_utf8_find_prev_char (text, text + MAX_BYTES + 1);
    cut = g_strndup (text, (gsize) (end - text));
  }
  GString *json = g_string_new (NULL);
  json_append_string (json, cut ? cut : text);
  if (cut)
    g_string_append (json, "...");
  return g_string_free (json, FALSE);
}
