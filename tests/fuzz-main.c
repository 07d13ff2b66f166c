/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A main for fuzz targets where there is no libFuzzer: runs the target on every file, or file of a directory, named.
 */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
run_file (const char *path)
{
  char *data = NULL;
  gsize size = 0;
  if (!g_file_get_contents (path, &data, &size, NULL))
    g_error ("cannot read %s", path);
  char *exact = g_memdup2 (data, size); /* no NUL behind it that could hide a read beyond the end */
  g_free (data);
  LLVMFuzzerTestOneInput ((const uint8_t *) exact, size);
  g_free (exact);
}

int
main (int argc, char **argv)
{
  unsigned n = 0;
  for (int i = 1; i < argc; i++) {
    GDir *dir = g_dir_open (argv[i], 0, NULL);
    for (const char *name = dir ? g_dir_read_name (dir) : NULL; name; name = g_dir_read_name (dir), n++) {
      char *path = g_build_filename (argv[i], name, NULL);
      run_file (path);
      g_free (path);
    }
    if (dir)
      g_dir_close (dir);
    else if (++n)
      run_file (argv[i]);
  }
  printf ("%u inputs\n", n);
  return n == 0;
}
