/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/file/printable.h"

#include "tests/test.h"

#include <string.h>

static void
check (const char *text, const char *expected)
{
  char *found = printable_text (text);
  char *again = printable_text (found);

  CHECK (strcmp (found, expected) == 0, "%s instead of %s", found, expected);
  CHECK (strcmp (again, found) == 0, "%s comes out as %s", found, again);
  g_free (again);
  g_free (found);
}

static void
test_kept (void)
{
  static const char *const kept[] = { "", "a b", "C:\\music\\\"x\".wav", "na\xc3\xafve", "\xd0\xbc\xd0\xb5\xd1\x82",
    "\xe9\x9f\xb3\xe6\xa5\xbd", "e\xcc\x81", "\xd7\xa9\xe2\x80\x8f!", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x8e\xa4",
    "\xc2\xa0" };

  for (size_t i = 0; i < G_N_ELEMENTS (kept); i++)
    check (kept[i], kept[i]);
}

static void
test_escaped (void)
{
  check ("\x1b]0;title\x07", "\\x1b]0;title\\x07");
  check ("two\nlines\r\tand \x7f", "two\\nlines\\r\\tand \\x7f");
  check ("\xc2\x9b[2J", "\\u009b[2J");                           /* CSI of C1, as UTF-8 */
  check ("\x9b[2J", "\\x9b[2J");                                 /* and as a byte */
  check ("\xe2\x80\xaegnp.exe", "\\u202egnp.exe");               /* right to left from here */
  check ("\xe2\x81\xa6x\xe2\x81\xa9", "\\u2066x\\u2069");        /* isolated */
  check ("\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029");          /* ends of line and paragraph */
  check ("\xff\xfe", "\\xff\\xfe");                              /* no UTF-8 */
  check ("\xe2\x82", "\\xe2\\x82");                              /* its end is missing */
  check ("\xc0\xaf \xed\xa0\x80", "\\xc0\\xaf \\xed\\xa0\\x80"); /* too long, and half a pair */
}

/* Any bytes become valid UTF-8 of printable characters. */
static void
test_any (void)
{
  uint64_t random = 7;

  for (int i = 0; i < 20000; i++) {
    char bytes[12] = { 0 };
    for (size_t k = 0; k + 1 < sizeof bytes; k++)
      bytes[k] = (char) (test_random (&random) >> 56);
    char *text = printable_text (bytes);
    CHECK (g_utf8_validate (text, -1, NULL), "%s", text);
    for (const char *c = text; *c; c += g_utf8_skip[*(const guchar *) c])
      CHECK (printable_is (g_utf8_get_char (c)), "%s", text);
    g_free (text);
  }
}

int
main (void)
{
  test_kept ();
  test_escaped ();
  test_any ();
  TEST_END ();
}
