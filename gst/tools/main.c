/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst-genre-1.0 - a table of subcommands.
 */
#include "gst/tools/generate.h"
#include "gst/tools/interrupt.h"
#include "gst/tools/nearest.h"
#include "gst/tools/standard_output.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

typedef struct Command
{
  ToolCommand is;
  ToolStatus (*run) (int n, char **arguments);
} Command;

static const Command commands[] = {
  { { "average", "one model with the mean of the weights of several" }, tool_average },
  { { "evaluate", "the accuracy of a model on labelled music" }, tool_evaluate },
  { { "extract", "a directory of music -> a feature set" }, tool_extract },
  { { "features", "recordings -> a table of their features, such as MFCC" }, tool_features },
  { { "identify", "recordings -> their genres, on the terminal or as JSON, CSV, playlists" }, tool_identify },
  { { "inspect", "the content of a model or a feature set" }, tool_inspect },
  { { "plot", "a recording -> a picture of its waveform, spectrograms and genres" }, tool_plot },
  { { "train", "folders of music, or feature sets -> a model of your own genres" }, tool_train },
};

static void
print_help (FILE *stream)
{
  fputs ("Usage: gst-genre-1.0 COMMAND [ARGUMENTS]\n\n", stream);
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    fprintf (stream, "  %-10s %s\n", commands[i].is.name, commands[i].is.summary);
  fprintf (stream, "  %-10s %s\n", "generate",
      "manual pages and completion for shells: man [COMMAND], bash, zsh, fish");
  fputs ("\nSee gst-genre-1.0 COMMAND --help.  Exit status: 0 success, 1 something failed, 2 wrong usage,\n"
         "130 interrupted.\n",
      stream);
}

/* NULL: there is none of that name. */
static const Command *
find_command (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (strcmp (name, commands[i].is.name) == 0)
      return &commands[i];
  }
  return NULL;
}

/* `generate KIND [COMMAND]`: all commands, or one. */
static ToolStatus
generate (int n, char **arguments)
{
  const char *kind = n > 0 ? arguments[0] : "";
  const Command *only = n > 1 ? find_command (arguments[1]) : NULL;
  const gboolean man = strcmp (kind, "man") == 0;
  const gboolean known = man || strcmp (kind, "bash") == 0 || strcmp (kind, "zsh") == 0 || strcmp (kind, "fish") == 0;
  if (!known || n > 2 || (n == 2 && (!man || !only)))
    return tool_usage_error ("generate", "expected man, man and a command, bash, zsh or fish");

  g_autofree char *hidden = g_strconcat (TOOL_GENERATE, kind, NULL);
  ToolCommand list[G_N_ELEMENTS (commands)];
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    list[i] = commands[i].is;
  tool_generate_begin (kind, list, G_N_ELEMENTS (list), only ? &only->is : NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (only == &commands[i] || !man)
      commands[i].run (1, &hidden);
  }
  tool_generate_end (kind, only ? &only->is : NULL);
  return TOOL_OK;
}

static ToolStatus
complain_of (const char *name)
{
  const char *names[G_N_ELEMENTS (commands) + 2] = { NULL };
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    names[i] = commands[i].is.name;
  names[G_N_ELEMENTS (commands)] = "generate";
  const char *nearest = tool_nearest (name, names);

  if (nearest)
    tool_fail ("no command \"%s\": did you mean \"%s\"? gst-genre-1.0 --help lists them", name, nearest);
  else
    tool_fail ("no command \"%s\"; gst-genre-1.0 --help lists them", name);
  return TOOL_USAGE;
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
  if (strcmp (name, "generate") == 0)
    return generate (n - 1, arguments + 1);
  const Command *command = find_command (name);
  return command ? command->run (n - 1, arguments + 1) : complain_of (name);
}

int
main (int argc, char **argv)
{
  setlocale (LC_CTYPE, ""); /* names may be in any script; numbers stay as C writes them */
  tool_standard_output_begin ();
  return tool_exit_status (tool_standard_output_end (run (argc - 1, argv + 1)));
}
