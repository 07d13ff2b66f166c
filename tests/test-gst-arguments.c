/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/arguments.h"

#include "tests/test.h"

#include <string.h>

static int number;
static gboolean quiet;
static char *output;
static const GOptionEntry entries[] = {
  { "jobs", 'j', 0, G_OPTION_ARG_INT, &number, NULL, NULL },
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, NULL, NULL },
  { "type", 0, 0, G_OPTION_ARG_STRING, &output, NULL, NULL },
  { "quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, NULL, NULL },
  { NULL, 0, 0, 0, NULL, NULL, NULL },
};

/* line, expected: words with a blank between each two */
static void
check (const char *line, const char *expected)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);
  g_auto (GStrv) list = tool_arguments ("program", (int) g_strv_length (words), words, entries);
  g_autofree char *joined = g_strjoinv (" ", list + 1);

  CHECK (strcmp (list[0], "program") == 0 && strcmp (joined, expected) == 0, "%s: %s instead of %s", line, joined,
      expected);
}

int
main (void)
{
  check ("", "");
  check ("a b", "a b");
  check ("-j4 a", "-j 4 a");
  check ("-j 4 a", "-j 4 a");
  check ("--jobs=4 --jobs 4", "--jobs=4 --jobs 4");
  check ("-qj4 -jq", "-qj 4 -j q");
  check ("-qoout -o-j4", "-qo out -o -j4");
  check ("-o -j4 -j4", "-o -j4 -j 4"); /* the first -j4 is a name */
  check ("--output -j4 -j4", "--output -j4 -j 4");
  check ("--type -j4 --quiet -j4", "--type -j4 --quiet -j 4");
  check ("--output=x -j4", "--output=x -j 4");
  check ("-- -j4", "-- -j4");
  check ("-o -- -j4 -- -j4", "-o -- -j 4 -- -j4"); /* the first -- is a name */
  check ("- -j4", "- -j 4");
  check ("-j-1 -z4 -zj4", "-j -1 -z4 -zj 4");
  check ("-q -j", "-q -j");
  TEST_END ();
}
