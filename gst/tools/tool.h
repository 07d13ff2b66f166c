/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/tool.h - what gst-genre-1.0 and its subcommands agree on.
 *
 * Layer:   gst; terminal, generate, nearest, models/file/printable, GLib.
 * Threads: the main thread.
 *
 * A subcommand is one file with one function, which main.c has in its table.  Results go to stdout, everything else to
 * stderr.
 */
#ifndef GST_TOOLS_TOOL_H
#define GST_TOOLS_TOOL_H

#include <glib.h>

typedef enum ToolStatus
{
  TOOL_OK = 0,
  TOOL_FAILED = 1, /* some of it, or all */
  TOOL_USAGE = 2,
} ToolStatus;

/* arguments  [n], then NULL: those after the subcommand's name.  The strings stay the caller's, in the file system's
 *            encoding. */
ToolStatus tool_average (int n, char **arguments);
ToolStatus tool_evaluate (int n, char **arguments);
ToolStatus tool_extract (int n, char **arguments);
ToolStatus tool_features (int n, char **arguments);
ToolStatus tool_identify (int n, char **arguments);
ToolStatus tool_inspect (int n, char **arguments);
ToolStatus tool_plot (int n, char **arguments);
ToolStatus tool_train (int n, char **arguments);

/* Parses a subcommand's options.  --help prints them to stdout.
 *
 * command    "extract"
 * synopsis   "DIRECTORY -o SET"
 * text       one paragraph, and examples; or NULL
 * entries    ends in an empty one; ret_status is set on FALSE only
 *
 * FALSE: return *ret_status: TOOL_OK after --help, TOOL_USAGE after a message. */
gboolean tool_parse_options (const char *command, const char *synopsis, const char *text, const GOptionEntry *entries,
    int n, char **arguments, ToolStatus *ret_status);

/* Frees every string and list that the options have set. */
void tool_clear_options (const GOptionEntry *entries);

/* words  of an option's value; ends in NULL
 *
 * Which of them the value is; -1: none of them. */
int tool_find_word (const char *const *words, const char *value);

/* What follows says its message on one line: what is not printable in it, from a file's name or its content, is escaped
 * (models/file/printable.h).  While a progress line is shown, use progress_message() instead. */

/* "MESSAGE" to stderr. */
void tool_say (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* "gst-genre-1.0 extract: MESSAGE" and a hint at --help to stderr; returns TOOL_USAGE. */
ToolStatus tool_usage_error (const char *command, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* "gst-genre-1.0: MESSAGE" to stderr; returns TOOL_FAILED. */
ToolStatus tool_fail (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* The same; returns FALSE. */
gboolean tool_reject (const char *format, ...) G_GNUC_PRINTF (1, 2);

enum
{
  TOOL_MAX_JOBS = 1024, /* --jobs, --threads */
};

/* --jobs: `wanted`, or as many as there are processors if that is 0. */
guint tool_jobs (int wanted);

#endif
