/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/arguments.h"

#include <string.h>

gboolean
tool_option_takes_value (const GOptionEntry *entry)
{
  return entry->arg != G_OPTION_ARG_NONE && entry->arg != G_OPTION_ARG_CALLBACK;
}

/* Whether the option of that name, or else of that letter, takes a value. */
static gboolean
wants_value (const char *name, char letter, const GOptionEntry *entries)
{
  for (const GOptionEntry *entry = entries; entry->long_name; entry++) {
    if (name ? name[0] && strcmp (entry->long_name, name) == 0 : entry->short_name == letter)
      return tool_option_takes_value (entry);
  }
  return FALSE;
}

/* Where the value begins in "-qj4"; its end, if the argument behind it is the value; NULL: no letter takes one. */
static const char *
find_value (const char *argument, const GOptionEntry *entries)
{
  for (const char *letter = argument + 1; *letter; letter++) {
    if (wants_value (NULL, *letter, entries))
      return letter + 1;
  }
  return NULL;
}

char **
tool_arguments (const char *program, int n, char *const *arguments, const GOptionEntry *entries)
{
  GPtrArray *list = g_ptr_array_new ();
  gboolean value = FALSE, options = TRUE; /* this one is the value of the last; "--" has not come */

  g_ptr_array_add (list, g_strdup (program));
  for (int i = 0; i < n; i++) {
    const char *argument = arguments[i];
    const gboolean option = options && !value && argument[0] == '-' && argument[1];
    const gboolean is_long = option && argument[1] == '-';
    const char *rest = option && !is_long ? find_value (argument, entries) : NULL;

    value = is_long ? wants_value (argument + 2, 0, entries) : rest && !*rest;
    options = options && !(is_long && !argument[2]);
    if (rest && *rest) {
      g_ptr_array_add (list, g_strndup (argument, (gsize) (rest - argument)));
      argument = rest;
    }
    g_ptr_array_add (list, g_strdup (argument));
  }
  g_ptr_array_add (list, NULL);
  return (char **) g_ptr_array_free (list, FALSE);
}
