/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/file/regular_file.h - a whole regular file as bytes in memory, and never anything else by accident; and the
 * one way to write a file: whole or not at all.
 *
 * Layer:   models/file; uses GLib and the C library's open, read, write and close.
 * Threads: no state; one RegularFileDraft serves one thread at a time.
 */
#ifndef MODELS_FILE_REGULAR_FILE_H
#define MODELS_FILE_REGULAR_FILE_H

#include <glib.h>

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

/* --- writing a file whole --- */

/* path  UTF-8, or the file system's encoding on Unix
 * data  [size]
 * mode  of a new file, as for open(); a file that is there keeps its own
 *
 * A draft, see below, from the first byte to its place.  FALSE: a G_FILE_ERROR that names the file; what was there is
 * still there. */
gboolean regular_file_replace (const char *path, const void *data, gsize size, int mode, GError **error);

/* A temporary file beside `path` that becomes it: a reader sees the old file or the new one, whole.  Where `path` is a
 * symbolic link, the link is replaced. */
typedef struct RegularFileDraft RegularFileDraft;

/* temporary  its path; what is there is overwritten.  NULL: a random name that nothing has
 *
 * Touches no file yet. */
RegularFileDraft *regular_file_draft_new (const char *path, const char *temporary, int mode);

/* Removes the temporary file, unless it is in its place.  NULL is a no-op. */
void regular_file_draft_free (RegularFileDraft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RegularFileDraft, regular_file_draft_free)

/* Path of the temporary file. */
const char *regular_file_draft_temporary (const RegularFileDraft *draft);

/* These three in this order, the first any number of times.  FALSE: a G_FILE_ERROR that names `path`; then the draft
 * can only be freed.
 *
 * write  appends; the first call makes the temporary file
 * sync   all of it is on the disk, not in a cache.  It takes long, and may be left out where a reader notices what a
 *        power cut did to the file
 * place  becomes `path` */
gboolean regular_file_draft_write (RegularFileDraft *draft, const guint8 *data, gsize size, GError **error);
gboolean regular_file_draft_sync (RegularFileDraft *draft, GError **error);
gboolean regular_file_draft_place (RegularFileDraft *draft, GError **error);

#endif
