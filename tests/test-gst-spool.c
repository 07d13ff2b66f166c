/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-spool.c - gst/tools/spool gives back what it was given, however long, and leaves nothing behind.
 *
 * Layer:   tests; gst/tools/spool and models/file/regular_file.
 * Threads: one.
 */
#include "gst/tools/spool.h"
#include "tests/test.h"

#include <glib/gstdio.h>
#include <string.h>

static guint
count_files (const char *folder)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  guint n = 0;
  while (dir && g_dir_read_name (dir))
    n++;
  g_dir_close (dir);
  return n;
}

/* size bytes in pieces of up to 1000: the same come out. */
static void
check (const char *folder, gsize size)
{
  ToolSpool *spool = tool_spool_new ();
  g_autofree char *text = g_malloc (size + 1);
  g_autoptr (GString) found = g_string_new (NULL);
  const char *piece;
  gsize n;
  uint64_t seed = size + 1;

  for (gsize i = 0; i < size; i++)
    text[i] = (char) (test_random (&seed) >> 32);
  for (gsize at = 0; at < size; at += n) {
    n = MIN (size - at, 1 + (gsize) (test_random (&seed) % 1000));
    CHECK (tool_spool_append (spool, text + at, n, NULL), "%zu bytes: at %zu", size, at);
  }
  CHECK (count_files (folder) == 0, "%zu bytes: a file with a name", size);
  for (;;) {
    if (!tool_spool_read (spool, &piece, &n, NULL)) {
      CHECK (FALSE, "%zu bytes: cannot be read", size);
      break;
    }
    if (n == 0)
      break;
    g_string_append_len (found, piece, (gssize) n);
  }
  CHECK (found->len == size && memcmp (found->str, text, size) == 0, "%zu bytes: %zu others", size, found->len);
  CHECK (tool_spool_read (spool, &piece, &n, NULL) && n == 0, "%zu bytes: more behind the end", size);
  tool_spool_free (spool);
}

int
main (void)
{
  char folder[] = "/tmp/test-gst-spool-XXXXXX";
  static const gsize sizes[] = { 0, 1, 1000, TOOL_SPOOL_MEMORY - 1, TOOL_SPOOL_MEMORY, TOOL_SPOOL_MEMORY + 1,
    3 * TOOL_SPOOL_MEMORY, 5000000 };
  g_autoptr (GError) error = NULL;

  g_mkdtemp (folder);
  g_setenv ("TMPDIR", folder, TRUE); /* before GLib looks at it */
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    check (folder, sizes[i]);
  g_rmdir (folder);
  tool_spool_free (NULL);

  /* nowhere to go */
  ToolSpool *spool = tool_spool_new ();
  g_autofree char *text = g_malloc0 (TOOL_SPOOL_MEMORY);
  CHECK (!tool_spool_append (spool, text, TOOL_SPOOL_MEMORY, &error) && error, "a folder that is not there");
  CHECK (error && strstr (error->message, folder), "%s", error ? error->message : "");
  tool_spool_free (spool);
  TEST_END ();
}
