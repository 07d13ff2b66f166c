/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of NO_COLOR, CLICOLOR_FORCE, TERM and --color, on a terminal of the test's own and where there is none; its
 * width; and a locale that is not UTF-8.
 */
#define _XOPEN_SOURCE 700 /* posix_openpt */
#define _DEFAULT_SOURCE   /* struct winsize */

#include "gst/tools/terminal.h"
#include "tests/test.h"

#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The program's side of a terminal, and the user's. */
typedef struct Pair
{
  FILE *stream;
  int user;
} Pair;

static Pair
open_terminal (unsigned short columns)
{
  const struct winsize size = { .ws_row = 24, .ws_col = columns };
  const int user = posix_openpt (O_RDWR | O_NOCTTY);
  g_assert_true (user >= 0 && grantpt (user) == 0 && unlockpt (user) == 0);
  const int own = open (ptsname (user), O_RDWR | O_NOCTTY);
  g_assert_true (own >= 0 && ioctl (own, TIOCSWINSZ, &size) == 0);
  return (Pair){ fdopen (own, "w"), user };
}

static void
close_terminal (Pair *pair)
{
  fclose (pair->stream);
  close (pair->user);
}

static void
set (const char *name, const char *value)
{
  if (value)
    g_setenv (name, value, TRUE);
  else
    g_unsetenv (name);
}

typedef struct Case
{
  const char *no_color, *force, *term;
  ToolColour colour;
  gboolean on_terminal, in_pipe; /* whether there is colour */
} Case;

static const Case cases[] = {
  { NULL, NULL, "xterm", TOOL_COLOUR_AUTO, TRUE, FALSE },
  { NULL, NULL, "dumb", TOOL_COLOUR_AUTO, FALSE, FALSE },
  { NULL, NULL, NULL, TOOL_COLOUR_AUTO, FALSE, FALSE },
  { NULL, NULL, "", TOOL_COLOUR_AUTO, FALSE, FALSE },
  { "1", NULL, "xterm", TOOL_COLOUR_AUTO, FALSE, FALSE },
  { "", NULL, "xterm", TOOL_COLOUR_AUTO, TRUE, FALSE },
  { NULL, "1", "xterm", TOOL_COLOUR_AUTO, TRUE, TRUE },
  { NULL, "1", "dumb", TOOL_COLOUR_AUTO, TRUE, TRUE },
  { NULL, "0", "xterm", TOOL_COLOUR_AUTO, TRUE, FALSE },
  { NULL, "", "xterm", TOOL_COLOUR_AUTO, TRUE, FALSE },
  { "1", "1", "xterm", TOOL_COLOUR_AUTO, FALSE, FALSE },
  { "1", NULL, "dumb", TOOL_COLOUR_ALWAYS, TRUE, TRUE },
  { NULL, "1", "xterm", TOOL_COLOUR_NEVER, FALSE, FALSE },
};

static void
test_colour (FILE *terminal, FILE *pipe)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    set ("NO_COLOR", cases[i].no_color);
    set ("CLICOLOR_FORCE", cases[i].force);
    set ("TERM", cases[i].term);
    const ToolTerminal on = tool_terminal_look (terminal, cases[i].colour),
                       off = tool_terminal_look (pipe, cases[i].colour);
    CHECK (on.colour == cases[i].on_terminal && off.colour == cases[i].in_pipe, "case %zu: %d %d", i, on.colour,
        off.colour);
    CHECK (on.is_terminal && !off.is_terminal && !off.steers, "case %zu", i);
    CHECK (on.steers == (g_strcmp0 (cases[i].term, "dumb") != 0), "case %zu: TERM %s", i, cases[i].term);
  }
}

/* Only those that are known to show progress in the frame of their window, and only where a line can be wiped. */
static void
test_frame (FILE *terminal, FILE *pipe)
{
  static const struct
  {
    const char *name, *value;
    gboolean wanted;
  } given[] = {
    { "WT_SESSION", "a-b-c", TRUE },
    { "WT_SESSION", "", FALSE },
    { "ConEmuANSI", "ON", TRUE },
    { "ConEmuANSI", "OFF", FALSE },
    { "TERM_PROGRAM", "ghostty", TRUE },
    { "TERM_PROGRAM", "iTerm.app", FALSE },
    { "VTE_VERSION", "8000", TRUE },
    { "VTE_VERSION", "7006", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (given); i++)
    g_unsetenv (given[i].name);
  set ("TERM", "xterm");
  CHECK (!tool_terminal_look (terminal, TOOL_COLOUR_AUTO).frame, "an unknown one");
  for (gsize i = 0; i < G_N_ELEMENTS (given); i++) {
    set (given[i].name, given[i].value);
    CHECK (tool_terminal_look (terminal, TOOL_COLOUR_AUTO).frame == given[i].wanted, "%s=%s", given[i].name,
        given[i].value);
    CHECK (!tool_terminal_look (pipe, TOOL_COLOUR_AUTO).frame, "%s=%s, a pipe", given[i].name, given[i].value);
    set ("TERM", "dumb");
    CHECK (!tool_terminal_look (terminal, TOOL_COLOUR_AUTO).frame, "%s=%s, dumb", given[i].name, given[i].value);
    set ("TERM", "xterm");
    g_unsetenv (given[i].name);
  }
}

static void
test_parse (void)
{
  ToolColour colour = TOOL_COLOUR_AUTO;
  CHECK (tool_terminal_parse_colour ("never", &colour) && colour == TOOL_COLOUR_NEVER, "never");
  CHECK (tool_terminal_parse_colour ("always", &colour) && colour == TOOL_COLOUR_ALWAYS, "always");
  CHECK (tool_terminal_parse_colour ("auto", &colour) && colour == TOOL_COLOUR_AUTO, "auto");
  CHECK (!tool_terminal_parse_colour ("yes", &colour) && !tool_terminal_parse_colour ("", &colour), "others");
}

/* The terminal's own word, at once when it changes; else COLUMNS, else 80. */
static void
test_width (FILE *terminal, FILE *pipe)
{
  static const struct
  {
    const char *columns;
    gsize wanted;
  } given[] = { { NULL, 80 }, { "120", 120 }, { "0", 80 }, { "", 80 }, { "wide", 80 }, { "10001", 80 } };
  const struct winsize size = { .ws_row = 24, .ws_col = 33 };

  for (gsize i = 0; i < G_N_ELEMENTS (given); i++) {
    set ("COLUMNS", given[i].columns);
    CHECK (tool_terminal_width (pipe) == given[i].wanted, "COLUMNS %s", given[i].columns);
  }
  set ("COLUMNS", "200");
  CHECK (tool_terminal_width (terminal) == 61, "%zu", tool_terminal_width (terminal));
  ioctl (fileno (terminal), TIOCSWINSZ, &size);
  CHECK (tool_terminal_width (terminal) == 33, "resized");
}

static void
check_put (Pair *pair, const char *text, const char *wanted)
{
  char seen[100] = "";
  tool_terminal_put (pair->stream, text);
  fflush (pair->stream);
  const ssize_t n = read (pair->user, seen, sizeof seen - 1);
  CHECK (n == (ssize_t) strlen (wanted) && strcmp (seen, wanted) == 0, "\"%s\", expected \"%s\"", seen, wanted);
}

/* The C locale has ASCII only.  A file or a pipe always gets UTF-8. */
static void
test_locale (Pair *pair)
{
  check_put (pair, "plain", "plain");
  check_put (pair, "na\303\257ve \342\226\210", "na\\u00efve \\u2588");
  CHECK (!tool_terminal_look (pair->stream, TOOL_COLOUR_AUTO).utf8, "the C locale");
  FILE *file = tmpfile ();
  char seen[10] = "";
  tool_terminal_put (file, "\303\257");
  rewind (file);
  CHECK (fread (seen, 1, sizeof seen, file) == 2 && strcmp (seen, "\303\257") == 0, "a file: %s", seen);
  fclose (file);
}

int
main (void)
{
  setlocale (LC_ALL, "C");
  g_unsetenv ("CHARSET"); /* GLib's own */
  Pair pair = open_terminal (61);
  FILE *pipe = tmpfile ();
  test_colour (pair.stream, pipe);
  test_frame (pair.stream, pipe);
  test_parse ();
  test_width (pair.stream, pipe);
  test_locale (&pair);
  fclose (pipe);
  close_terminal (&pair);
  TEST_END ();
}
