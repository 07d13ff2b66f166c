/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/file/safetensors_writer.h - metadata and tensors in, the bytes of a container out.
 *
 * Layer:   models/file; uses safetensors, json_write, GLib.
 * Threads: one object serves one thread at a time.
 *
 * The bytes are a function of what was added and of its order only.
 */
#ifndef MODELS_FILE_SAFETENSORS_WRITER_H
#define MODELS_FILE_SAFETENSORS_WRITER_H

#include "models/file/safetensors.h"

typedef struct SafetensorsWriter SafetensorsWriter;

SafetensorsWriter *safetensors_writer_new (void);
void safetensors_writer_free (SafetensorsWriter *writer); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SafetensorsWriter, safetensors_writer_free)

/* key, value: UTF-8, copied */
void safetensors_writer_add_metadata (SafetensorsWriter *writer, const char *key, const char *value);

/* name    UTF-8, copied
 * type    of whole bytes: not F4 or F6_*
 * dim     [rank], rank <= SAFETENSORS_MAX_RANK
 * values  [dim 0][dim 1]... in the machine's byte order, copied */
void safetensors_writer_add_tensor (SafetensorsWriter *writer, const char *name, SafetensorsType type, const gsize *dim,
    unsigned rank, const void *values);

/* As the first tensor: one whose values the caller writes itself, little-endian, between the two parts that
 * safetensors_writer_finish_parts() gives.
 *
 * dim [rank]  product times the type's width at most G_MAXUINT32 */
void safetensors_writer_reserve (SafetensorsWriter *writer, const char *name, SafetensorsType type, const gsize *dim,
    unsigned rank);

/* The whole file, nothing reserved.  NULL: what was added exceeds a limit of the reader, a name came twice or is no
 * UTF-8; the same error as reading it would give. */
GBytes *safetensors_writer_finish (SafetensorsWriter *writer, GError **error);

/* The length, the header and then, after the reserved values, all others.  False: a GENRE_MODEL_ERROR_SIZE for a file
 * that reading within the limits would refuse, or _JSON as safetensors_writer_finish(). */
gboolean safetensors_writer_finish_parts (SafetensorsWriter *writer, const SafetensorsLimits *limits, GBytes **ret_head,
    GBytes **ret_rest, GError **error);

/* Writes a temporary file beside `path` and renames it: a reader sees the old file or the new one, whole.
 * path: UTF-8, or the file system's encoding on Unix.  False: a GFileError; what was there is still there. */
gboolean safetensors_save (GBytes *bytes, const char *path, GError **error);

#endif
