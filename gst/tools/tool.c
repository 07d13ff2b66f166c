/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/tool.h"

#include "gst/tools/arguments.h"
#include "gst/tools/generate.h"
#include "gst/tools/nearest.h"
#include "gst/tools/terminal.h"
#include "models/file/printable.h"

#include <stdio.h>
#include <string.h>

/* Without their dashes, --help among them; ends in NULL.  g_free() the array. */
static const char **
long_names (const GOptionEntry *entries)
{
  gsize n = 0, n_entries = 0;
  while (entries[n_entries].long_name)
    n_entries++;
  const char **names = g_new0 (const char *, n_entries + 2);

  for (gsize i = 0; i < n_entries; i++) {
    if (entries[i].long_name[0])
      names[n++] = entries[i].long_name;
  }
  names[n] = "help";
  return names;
}

/* "; did you mean --threshold?" for --thresold=1; empty if nothing is near.  arguments [n]: as they were given */
static char *
advise (const GOptionEntry *entries, int n, char *const *arguments)
{
  g_autofree const char **names = long_names (entries);

  for (int i = 0; i < n && strcmp (arguments[i], "--") != 0; i++) {
    g_autofree char *name = g_strndup (arguments[i], strcspn (arguments[i], "="));
    if (!g_str_has_prefix (name, "--") || g_strv_contains (names, name + 2))
      continue;
    const char *nearest = tool_nearest (name + 2, names);
    return nearest ? g_strdup_printf ("; did you mean --%s?", nearest) : g_strdup ("");
  }
  return g_strdup ("");
}

gboolean
tool_parse_options (const char *command, const char *synopsis, const char *text, const GOptionEntry *entries, int n,
    char **arguments, ToolStatus *ret_status)
{
  g_autoptr (GOptionContext) context = g_option_context_new (synopsis);
  g_autofree char *program = g_strconcat ("gst-genre-1.0 ", command, NULL);
  g_autoptr (GError) error = NULL;
  gboolean help = FALSE;
  const GOptionEntry own[] = {
    { "help", 'h', 0, G_OPTION_ARG_NONE, &help, "Show this help", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };

  if (n == 1 && g_str_has_prefix (arguments[0], TOOL_GENERATE)) {
    const ToolManual manual = { command, synopsis, text, entries };
    *ret_status = tool_generate_options (arguments[0] + strlen (TOOL_GENERATE), &manual) ? TOOL_OK : TOOL_USAGE;
    return FALSE;
  }
  g_auto (GStrv) list = tool_arguments (program, n, arguments, entries);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_add_main_entries (context, own, NULL);
  g_option_context_add_main_entries (context, entries, NULL);
  if (text)
    g_option_context_set_description (context, text);
  g_set_prgname (program);
  const gboolean ok = g_option_context_parse_strv (context, &list, &error);
  if (ok && !help)
    return TRUE;
  if (ok) {
    g_autofree char *shown = g_option_context_get_help (context, TRUE, NULL);
    fputs (shown, stdout);
    *ret_status = TOOL_OK;
  } else {
    const gboolean unknown = g_error_matches (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION);
    g_autofree char *advice = unknown ? advise (entries, n, arguments) : g_strdup ("");
    *ret_status = tool_usage_error (command, "%s%s", error->message, advice);
  }
  return FALSE;
}

void
tool_clear_options (const GOptionEntry *entries)
{
  for (; entries->long_name; entries++) {
    if (entries->arg == G_OPTION_ARG_STRING || entries->arg == G_OPTION_ARG_FILENAME)
      g_clear_pointer ((char **) entries->arg_data, g_free);
    else if (entries->arg == G_OPTION_ARG_STRING_ARRAY || entries->arg == G_OPTION_ARG_FILENAME_ARRAY)
      g_clear_pointer ((char ***) entries->arg_data, g_strfreev);
  }
}

int
tool_find_word (const char *const *words, const char *value)
{
  for (int i = 0; words[i]; i++)
    if (strcmp (words[i], value) == 0)
      return i;
  return -1;
}

/* --- what is said ---------------------------------------------------------------------------------------------- */

/* One line: before, what the format says, after. */
static void
say (const char *before, const char *after, const char *format, va_list arguments)
{
  g_autofree char *text = g_strdup_vprintf (format, arguments), *shown = printable_text (text);
  g_autofree char *line = g_strconcat (before, shown, after, "\n", NULL);

  tool_terminal_put (stderr, line);
}

void
tool_say (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  say ("", "", format, arguments);
  va_end (arguments);
}

ToolStatus
tool_usage_error (const char *command, const char *format, ...)
{
  g_autofree char *before = g_strconcat ("gst-genre-1.0 ", command, ": ", NULL);
  g_autofree char *after = g_strconcat ("; see gst-genre-1.0 ", command, " --help", NULL);
  va_list arguments;
  va_start (arguments, format);
  say (before, after, format, arguments);
  va_end (arguments);
  return TOOL_USAGE;
}

ToolStatus
tool_fail (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  say ("gst-genre-1.0: ", "", format, arguments);
  va_end (arguments);
  return TOOL_FAILED;
}

gboolean
tool_reject (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  say ("gst-genre-1.0: ", "", format, arguments);
  va_end (arguments);
  return FALSE;
}

guint
tool_jobs (int wanted)
{
  return wanted > 0 ? (guint) wanted : g_get_num_processors ();
}
