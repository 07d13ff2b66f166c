/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/generate.h - manual pages and completion for shells, out of the tables that --help is made of.
 *
 * Layer:   gst; GLib.
 * Threads: the main thread.
 *
 * `gst-genre-1.0 generate man|bash|zsh|fish` has every command called with one hidden argument, which
 * tool_parse_options() hands here together with the command's table: there is no second list of options.
 */
#ifndef GST_TOOLS_GENERATE_H
#define GST_TOOLS_GENERATE_H

#include <glib.h>

/* What the hidden argument begins with. */
#define TOOL_GENERATE "--generate="

/* A command of the program. */
typedef struct ToolCommand
{
  const char *name, *summary;
} ToolCommand;

/* The options of a command, as tool_parse_options() has them. */
typedef struct ToolManual
{
  const char *command, *synopsis, *text;
  const GOptionEntry *entries; /* without --help */
} ToolManual;

/* kind   "man", "bash", "zsh" or "fish"
 *
 * A command's part of it, on stdout.  FALSE: there is no such kind. */
gboolean tool_generate_options (const char *kind, const ToolManual *manual);

/* What comes before all commands and behind them; commands [n].  For "man" that is the page of the program itself, or
 * the head and the foot of the page of `only`. */
void tool_generate_begin (const char *kind, const ToolCommand *commands, gsize n, const ToolCommand *only);
void tool_generate_end (const char *kind, const ToolCommand *only);

#endif
