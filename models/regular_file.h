/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/regular_file.h - a whole regular file as bytes in memory, and never anything else by accident; bytes into one.
 *
 * Layer:   models; uses GLib and the C library's open, read, write and close.
 * Threads: no state.
 */
#ifndef MODELS_REGULAR_FILE_H
#define MODELS_REGULAR_FILE_H

#include <glib.h>

G_BEGIN_DECLS

/* path       UTF-8, or the file system's encoding on Unix
 * max_bytes  checked before memory is taken
 *
 * Read, not mapped: a mapped file that shrinks kills the process.  Directories, devices, sockets and FIFOs are errors
 * and do not block.  NULL: GENRE_MODEL_ERROR_NOT_FOUND, _READ or _SIZE. */
GBytes *regular_file_read (const char *path, gsize max_bytes, GError **error);

/* fd    open for writing
 * name  stands for the file in messages
 * data  [size]
 *
 * All of it, however many calls that takes.  FALSE: a G_FILE_ERROR. */
gboolean regular_file_write (int fd, const char *name, const guint8 *data, gsize size, GError **error);

/* "NAME: cannot WHAT: ...", a G_FILE_ERROR by errno.  Returns FALSE. */
gboolean regular_file_fail (const char *name, const char *what, GError **error);

G_END_DECLS

#endif
