/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/file/error: the name of the domain.
 */
#include "models/file/error.h"

#include "tests/test.h"

#include <string.h>

/* What a log or a binding prints of a GError. */
static void
test_error_domain (void)
{
  const char *name = g_quark_to_string (GENRE_MODEL_ERROR);

  CHECK (strcmp (name, "genre-model-error-quark") == 0, "the domain is %s", name);
}

int
main (void)
{
  test_error_domain ();
  TEST_END ();
}
