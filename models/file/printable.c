/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/printable.h"

gboolean
printable_is (gunichar c)
{
  const gboolean control = c < 0x20 || (c >= 0x7f && c < 0xa0);
  const gboolean direction = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);

  return !control && !direction && c != 0x2028 && c != 0x2029;
}

static void
append_escaped (GString *out, gunichar c)
{
  switch (c) {
    case '\n':
      g_string_append (out, "\\n");
      break;
    case '\r':
      g_string_append (out, "\\r");
      break;
    case '\t':
      g_string_append (out, "\\t");
      break;
    default:
      g_string_append_printf (out, c < 0x80 ? "\\x%02x" : "\\u%04x", (guint) c);
  }
}

void
printable_append (GString *out, const char *text)
{
  while (*text) {
    const gunichar c = g_utf8_get_char_validated (text, -1);
    const gboolean valid = c != (gunichar) -1 && c != (gunichar) -2;
    const gsize length = valid ? g_utf8_skip[*(const guchar *) text] : 1;

    if (!valid)
      g_string_append_printf (out, "\\x%02x", *(const guchar *) text);
    else if (printable_is (c))
      g_string_append_len (out, text, (gssize) length);
    else
      append_escaped (out, c);
    text += length;
  }
}

char *
printable_text (const char *text)
{
  GString *out = g_string_sized_new (strlen (text) + 1);

  printable_append (out, text);
  return g_string_free (out, FALSE);
}

char **
printable_texts (const char *const *texts)
{
  gsize n = 0;
  while (texts[n])
    n++;
  char **list = g_new0 (char *, n + 1);
  for (gsize i = 0; i < n; i++)
    list[i] = printable_text (texts[i]);
  return list;
}
