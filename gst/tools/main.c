/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst-genre-1.0 - a table of subcommands.
 */
#include "gst/tools/interrupt.h"
#include "gst/tools/standard_output.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

typedef struct Command
{
  const char *name;
  const char *summary;
  ToolStatus (*run) (int n, char **arguments);
} Command;

static const Command commands[] = {
  { "evaluate", "how good a model is on labelled music", tool_evaluate },
  { "extract", "a directory of music -> a feature set", tool_extract },
  { "identify", "recordings -> their genres, on the terminal or as JSON, CSV, playlists", tool_identify },
  { "inspect", "what is in a model or a feature set", tool_inspect },
  { "train", "folders of music, or feature sets -> a model of your own genres", tool_train },
};

static void
print_help (FILE *stream)
{
  fputs ("Usage: gst-genre-1.0 COMMAND [ARGUMENTS]\n\n", stream);
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    fprintf (stream, "  %-10s %s\n", commands[i].name, commands[i].summary);
  fputs ("\nSee gst-genre-1.0 COMMAND --help.  Exit status: 0 success, 1 something failed, 2 wrong usage,\n"
         "130 interrupted.\n",
      stream);
}

static ToolStatus
run (int n, char **arguments)
{
  const char *name = n > 0 ? arguments[0] : NULL;
  if (!name) {
    print_help (stderr);
    return TOOL_USAGE;
  }
  if (strcmp (name, "--help") == 0 || strcmp (name, "-h") == 0 || strcmp (name, "help") == 0) {
    print_help (stdout);
    return TOOL_OK;
  }
  if (strcmp (name, "--version") == 0) {
    puts ("gst-genre-1.0 " PACKAGE_VERSION);
    return TOOL_OK;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (strcmp (name, commands[i].name) == 0)
      return commands[i].run (n - 1, arguments + 1);
  }
  tool_fail ("no command \"%s\"; gst-genre-1.0 --help lists them", name);
  return TOOL_USAGE;
}

int
main (int argc, char **argv)
{
  setlocale (LC_CTYPE, ""); /* names may be in any script; numbers stay as C writes them */
  tool_standard_output_begin ();
  return tool_exit_status (tool_standard_output_end (run (argc - 1, argv + 1)));
}
