/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/terminal.h - what a stream can show: whether it is a terminal, how wide, in colour, in which characters.
 *
 * Layer:   gst; models/file/printable, GLib, POSIX terminals.
 * Threads: no state; environment variables are read.
 */
#ifndef GST_TOOLS_TERMINAL_H
#define GST_TOOLS_TERMINAL_H

#include <glib.h>
#include <stdio.h>

/* --color */
typedef enum ToolColour
{
  TOOL_COLOUR_AUTO,
  TOOL_COLOUR_ALWAYS,
  TOOL_COLOUR_NEVER,
} ToolColour;

typedef struct ToolTerminal
{
  gboolean is_terminal;
  gboolean steers; /* it is a terminal, and a line on it can be wiped and written again: TERM is not "dumb" */
  gboolean colour;
  gboolean utf8;  /* the locale's characters */
  gboolean frame; /* steers, and shows progress in the frame of its window or on its tab: OSC 9;4 */
} ToolTerminal;

/* colour  AUTO, in this order: NO_COLOR, not empty, means none; CLICOLOR_FORCE, not empty and not 0, means colour;
 *         else colour where it is a terminal and TERM is set and not "dumb" */
ToolTerminal tool_terminal_look (FILE *stream, ToolColour colour);

/* FALSE: the text is none of auto, always, never. */
gboolean tool_terminal_parse_colour (const char *text, ToolColour *ret_colour);

/* Columns that it has now, it may have been resized: what the terminal says, or else COLUMNS, or else 80. */
gsize tool_terminal_width (FILE *stream);

/* Writes UTF-8 as it is; to a terminal whose locale has other characters in those, and what it lacks as \uXXXX. */
void tool_terminal_put (FILE *stream, const char *text);

/* The same for a table, whose names may be any bytes: to a terminal what is not printable in it is escaped, but for
 * line ends and tabs; to a file or pipe they are exact. */
void tool_terminal_put_table (FILE *stream, const char *text);

#endif
