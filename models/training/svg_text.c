/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/svg_text.h"

#include <string.h>

enum
{
  MAX_LABEL = 28, /* characters of a label that are shown */
};

/* An average character of a sans-serif font, of the font's size: room is reserved by it. */
static const double char_width = .58;

void
svg_append_number (GString *svg, double value, int decimals)
{
  char format[16], text[64];

  g_snprintf (format, sizeof format, "%%.%df", decimals);
  g_ascii_formatd (text, sizeof text, format, value);
  g_string_append (svg, text[0] == '-' && strspn (text + 1, "0.") == strlen (text + 1) ? text + 1 : text);
}

void
svg_append_px (GString *svg, const char *name, double value)
{
  g_string_append_printf (svg, " %s=\"", name);
  svg_append_number (svg, value, 1);
  g_string_append_c (svg, '"');
}

/* Of XML 1.0. */
static gboolean
is_xml_character (gunichar c)
{
  return (c >= 0x20 && c != 0xfffe && c != 0xffff) || c == '\t' || c == '\n';
}

void
svg_append_escaped (GString *svg, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  for (char *at = valid; *at; at = g_utf8_next_char (at)) {
    const gunichar c = g_utf8_get_char (at);
    switch (c) {
      case '<':
        g_string_append (svg, "&lt;");
        break;
      case '>':
        g_string_append (svg, "&gt;");
        break;
      case '&':
        g_string_append (svg, "&amp;");
        break;
      case '"':
        g_string_append (svg, "&quot;");
        break;
      default:
        g_string_append_unichar (svg, is_xml_character (c) ? c : 0xfffd);
    }
  }
}

/* The start of a label, with a mark if that is not all of it. */
static char *
shorten (const char *label)
{
  g_autofree char *valid = g_utf8_make_valid (label, -1);

  if (g_utf8_strlen (valid, -1) <= MAX_LABEL)
    return g_steal_pointer (&valid);
  g_autofree char *start = g_utf8_substring (valid, 0, MAX_LABEL - 1);
  return g_strconcat (start, "\342\200\246", NULL);
}

double
svg_text_width (const char *text, int size)
{
  g_autofree char *shown = shorten (text);
  glong columns = 0;

  for (char *at = shown; *at; at = g_utf8_next_char (at))
    columns += g_unichar_iswide (g_utf8_get_char (at)) ? 2 : 1;
  return (double) columns * size * char_width;
}

void
svg_append_text (GString *svg, double x, double y, const char *style, const char *text)
{
  g_autofree char *shown = shorten (text);

  g_string_append (svg, "<text");
  svg_append_px (svg, "x", x);
  svg_append_px (svg, "y", y);
  g_string_append_printf (svg, "%s%s>", *style ? " " : "", style);
  svg_append_escaped (svg, shown);
  g_string_append (svg, "</text>\n");
}

void
svg_append_title (GString *svg, double x, double y, const char *text)
{
  g_string_append (svg, "<text");
  svg_append_px (svg, "x", x);
  svg_append_px (svg, "y", y);
  g_string_append_printf (svg, " font-size=\"%d\" font-weight=\"bold\">", (int) SVG_TITLE);
  svg_append_escaped (svg, text);
  g_string_append (svg, "</text>\n");
}

char *
svg_rotated (double degrees, double x, double y, const char *anchor)
{
  GString *style = g_string_new (NULL);

  g_string_append_printf (style, "text-anchor=\"%s\" transform=\"rotate(", anchor);
  svg_append_number (style, degrees, 0);
  g_string_append_c (style, ' ');
  svg_append_number (style, x, 1);
  g_string_append_c (style, ' ');
  svg_append_number (style, y, 1);
  g_string_append (style, ")\"");
  return g_string_free (style, FALSE);
}

char *
svg_finish (GString *body, double width, double height)
{
  GString *svg = g_string_new ("<svg xmlns=\"http://www.w3.org/2000/svg\"");

  svg_append_px (svg, "width", width);
  svg_append_px (svg, "height", height);
  g_string_append (svg, " viewBox=\"0 0 ");
  svg_append_number (svg, width, 1);
  g_string_append_c (svg, ' ');
  svg_append_number (svg, height, 1);
  g_string_append_printf (svg,
      "\" font-family=\"DejaVu Sans, Verdana, Helvetica, Arial, sans-serif\" font-size=\"%d\" fill=\"#222222\">\n"
      "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
      (int) SVG_FONT);
  g_string_append_len (svg, body->str, (gssize) body->len);
  g_string_append (svg, "</svg>\n");
  g_string_free (body, TRUE);
  return g_string_free (svg, FALSE);
}
