/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/count_entries.h - how many files a folder has; the process's threads and open files are such, too.
 *
 * Layer:   tests; GLib.
 * Threads: no state.
 */
#ifndef TESTS_COUNT_ENTRIES_H
#define TESTS_COUNT_ENTRIES_H

#include <glib.h>

/* 0: there is no such folder. */
static inline unsigned
count_entries (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  unsigned n = 0;

  while (dir && g_dir_read_name (dir))
    n++;
  return n;
}

/* Of this process; 0 where /proc does not tell. */
static inline unsigned
count_threads (void)
{
  return count_entries ("/proc/self/task");
}

#endif
