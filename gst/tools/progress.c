/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/progress.h"

#include "gst/tools/cells.h"
#include "gst/tools/terminal.h"
#include "gst/tools/tool.h"
#include "models/file/printable.h"

#include <stdbool.h>
#include <stdio.h>

static const gint64 TERMINAL_US = G_USEC_PER_SEC / 10;
static const gint64 PLAIN_US = 30 * G_USEC_PER_SEC;
static const gint64 ESTIMATE_US = 2 * G_USEC_PER_SEC; /* before that, a guess of the time left jumps about */

struct ToolProgress
{
  char *what;
  guint64 total;
  bool quiet;
  bool terminal; /* one whose line can be written again */
  bool frame;    /* its window shows progress */
  gint64 began_us, shown_us;
  guint64 first; /* done before it began */
  bool told;     /* `left` is the caller's word */
  double left;   /* seconds; -1: unknown */
  bool wiped;    /* nothing is on the terminal's line */
  bool framed;   /* its window shows something */
};

ToolProgress *
tool_progress_new (const char *what, guint64 total, gboolean quiet)
{
  ToolProgress *progress = g_new0 (ToolProgress, 1);
  progress->what = printable_text (what);
  progress->total = total;
  progress->quiet = quiet;
  const ToolTerminal terminal = tool_terminal_look (stderr, TOOL_COLOUR_NEVER);
  progress->terminal = terminal.steers;
  progress->frame = terminal.frame;
  progress->began_us = g_get_monotonic_time ();
  progress->shown_us = progress->terminal ? 0 : progress->began_us;
  progress->wiped = true;
  return progress;
}

static void
wipe (ToolProgress *progress)
{
  if (!progress->wiped)
    fputs ("\r\033[K", stderr);
  progress->wiped = true;
}

/* In the frame of the terminal's window: OSC 9;4, ConEmu's first.  percent: -1: nothing any more */
static void
show_in_frame (ToolProgress *progress, int percent)
{
  if (!progress->frame || (percent < 0 && !progress->framed))
    return;
  fprintf (stderr, "\033]9;4;%d;%d\033\\", percent >= 0, MAX (percent, 0));
  progress->framed = percent >= 0;
}

void
tool_progress_free (ToolProgress *progress)
{
  if (!progress)
    return;
  wipe (progress);
  show_in_frame (progress, -1);
  g_free (progress->what);
  g_free (progress);
}

void
tool_progress_start_at (ToolProgress *progress, guint64 done)
{
  progress->first = done;
  progress->began_us = g_get_monotonic_time ();
}

void
tool_progress_set_left (ToolProgress *progress, double seconds)
{
  progress->told = true;
  progress->left = seconds;
}

void
tool_progress_hide (ToolProgress *progress)
{
  wipe (progress);
  progress->shown_us = progress->terminal ? 0 : progress->shown_us;
}

/* Seconds that it will take; -1: unknown. */
static double
time_left (const ToolProgress *progress, guint64 done, gint64 now_us)
{
  const gint64 spent_us = now_us - progress->began_us;
  if (spent_us < ESTIMATE_US || done >= progress->total)
    return -1;
  if (progress->told)
    return progress->left;
  if (done <= progress->first)
    return -1;
  const double rate = (double) (done - progress->first) / (double) spent_us;
  return (double) (progress->total - done) / rate / G_USEC_PER_SEC;
}

/* ", 3:20 left", or nothing while it cannot be told. */
static void
append_time_left (const ToolProgress *progress, guint64 done, gint64 now_us, GString *line)
{
  const double left = time_left (progress, done, now_us);
  if (left < 0)
    return;
  const guint64 seconds = (guint64) (left + .5), hours = seconds / 3600, minutes = seconds / 60 % 60;

  if (hours > 0)
    g_string_append_printf (line, ", %" G_GUINT64_FORMAT ":%02u:%02u left", hours, (unsigned) minutes,
        (unsigned) (seconds % 60));
  else
    g_string_append_printf (line, ", %u:%02u left", (unsigned) minutes, (unsigned) (seconds % 60));
}

void
tool_progress_update (ToolProgress *progress, guint64 done, const char *note)
{
  const gint64 now_us = g_get_monotonic_time ();
  if (progress->quiet || now_us - progress->shown_us < (progress->terminal ? TERMINAL_US : PLAIN_US))
    return;
  progress->shown_us = now_us;

  GString *line = g_string_new (progress->what);
  g_string_append_printf (line, "  %" G_GUINT64_FORMAT, done);
  if (progress->total > 0) {
    g_string_append_printf (line, " of %" G_GUINT64_FORMAT " (%u %%)", progress->total,
        (unsigned) (100. * (double) done / (double) progress->total));
    append_time_left (progress, done, now_us, line);
    show_in_frame (progress, (int) (100. * (double) done / (double) progress->total));
  }
  if (note) {
    g_string_append (line, ", ");
    printable_append (line, note);
  }
  if (progress->terminal) {
    /* A line that wraps cannot be wiped, and one that fills the last column wraps on some terminals. */
    g_autofree char *cut = tool_cells_cut (line->str, tool_terminal_width (stderr) - 1);
    fputs ("\r\033[K", stderr);
    tool_terminal_put (stderr, cut);
    progress->wiped = false;
  } else {
    fprintf (stderr, "%s\n", line->str);
  }
  fflush (stderr);
  g_string_free (line, TRUE);
}

void
tool_progress_message (ToolProgress *progress, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  wipe (progress);
  tool_say ("%s", text);
  progress->shown_us = progress->terminal ? 0 : progress->shown_us;
}
