/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _DEFAULT_SOURCE /* isatty, fileno, struct winsize */

#include "gst/tools/terminal.h"

#include "models/file/printable.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum
{
  DEFAULT_COLUMNS = 80,
  MAX_COLUMNS = 10000, /* more is a mistake in COLUMNS */
  VTE_WITH_PROGRESS = 8000,
};

/* Whether a variable is set and not empty. */
static gboolean
is_set (const char *name)
{
  const char *value = g_getenv (name);

  return value && value[0] != '\0';
}

static gboolean
wants_colour (gboolean is_terminal, ToolColour colour)
{
  if (colour != TOOL_COLOUR_AUTO)
    return colour == TOOL_COLOUR_ALWAYS;
  if (is_set ("NO_COLOR"))
    return FALSE;
  if (is_set ("CLICOLOR_FORCE") && strcmp (g_getenv ("CLICOLOR_FORCE"), "0") != 0)
    return TRUE;
  return is_terminal && is_set ("TERM") && strcmp (g_getenv ("TERM"), "dumb") != 0;
}

/* By the names of those known to: to others OSC 9 is a notification.  Windows Terminal, ConEmu, Ghostty, and what is
 * made of VTE, such as GNOME's. */
static gboolean
knows_progress (void)
{
  const char *vte = g_getenv ("VTE_VERSION");

  return is_set ("WT_SESSION") || g_strcmp0 (g_getenv ("ConEmuANSI"), "ON") == 0
      || g_strcmp0 (g_getenv ("TERM_PROGRAM"), "ghostty") == 0
      || (vte && g_ascii_strtoull (vte, NULL, 10) >= VTE_WITH_PROGRESS);
}

ToolTerminal
tool_terminal_look (FILE *stream, ToolColour colour)
{
  const gboolean is_terminal = isatty (fileno (stream));
  const gboolean steers = is_terminal && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;

  return (ToolTerminal){
    .is_terminal = is_terminal,
    .steers = steers,
    .colour = wants_colour (is_terminal, colour),
    .utf8 = g_get_charset (NULL),
    .frame = steers && knows_progress (),
  };
}

gboolean
tool_terminal_parse_colour (const char *text, ToolColour *ret_colour)
{
  static const char *const names[] = { "auto", "always", "never" }; /* in the order of ToolColour */

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    if (strcmp (text, names[i]) == 0) {
      *ret_colour = (ToolColour) i;
      return TRUE;
    }
  }
  return FALSE;
}

gsize
tool_terminal_width (FILE *stream)
{
  struct winsize size;
  const char *columns = g_getenv ("COLUMNS");

  if (ioctl (fileno (stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  const guint64 given = columns ? g_ascii_strtoull (columns, NULL, 10) : 0;
  return given > 0 && given <= MAX_COLUMNS ? (gsize) given : DEFAULT_COLUMNS;
}

void
tool_terminal_put_table (FILE *stream, const char *text)
{
  g_autoptr (GString) shown = g_string_new (NULL);

  if (!isatty (fileno (stream))) {
    fputs (text, stream);
    return;
  }
  while (*text) {
    const gsize n = strcspn (text, "\t\r\n");
    g_autofree char *part = g_strndup (text, n);
    printable_append (shown, part);
    text += n;
    if (*text == '\r' && text[1] != '\n')
      g_string_append (shown, "\\r");
    else if (*text)
      g_string_append_c (shown, *text);
    text += *text != '\0';
  }
  tool_terminal_put (stream, shown->str);
}

void
tool_terminal_put (FILE *stream, const char *text)
{
  const char *charset;
  g_autofree char *converted = NULL;

  if (!g_get_charset (&charset) && isatty (fileno (stream)))
    converted = g_convert_with_fallback (text, -1, charset, "UTF-8", NULL, NULL, NULL, NULL);
  fputs (converted ? converted : text, stream);
}
