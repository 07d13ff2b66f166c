/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/checkpoint.h - the state of an unfinished training on disk: the last one that is whole, whatever
 * happens.
 *
 * Layer:   models/training; uses safetensors, safetensors_writer, GLib.
 * Threads: one object serves one thread at a time.
 *
 * PATH is the last state, PATH.previous the one before, PATH.new one that was being written when the power went.  The
 * container of docs/model-file.md with format "genre-checkpoint"; a digest over all its values tells a whole one from
 * a broken one.
 */
#ifndef MODELS_TRAINING_CHECKPOINT_H
#define MODELS_TRAINING_CHECKPOINT_H

#include "models/file/safetensors.h"

#include <stdbool.h>

typedef enum CheckpointText
{
  CHECKPOINT_RECIPE, /* what says which recipe it is of */
  CHECKPOINT_DATA,   /* and which data */
  CHECKPOINT_ORIGIN, /* where the data came from, as far as can be told before it is read; "": unknown */
  CHECKPOINT_STATE,  /* JSON */
  CHECKPOINT_N_TEXTS
} CheckpointText;

typedef struct Checkpoint Checkpoint;

/* texts [CHECKPOINT_N_TEXTS]  UTF-8, copied */
Checkpoint *checkpoint_new (const char *const *texts);
void checkpoint_free (Checkpoint *checkpoint); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Checkpoint, checkpoint_free)

/* values [n]  copied */
void checkpoint_add_floats (Checkpoint *checkpoint, const char *name, const float *values, gsize n);

/* path: UTF-8, or the file system's encoding on Unix.  FALSE: a G_FILE_ERROR, such as a full disk, or _SIZE; the last
 * one and the one before are still there.  Only free may follow. */
bool checkpoint_save (Checkpoint *checkpoint, const char *path, GError **error);

/* Whether there is one, whole or not. */
bool checkpoint_exists (const char *path);

/* The last one, or the one before if that is not whole: what is broken is then taken away, or the next save would put
 * it in the place of the whole one.
 *
 * ret_reason  out: NULL, or why it is not the last one, freed with g_free()
 *
 * NULL: neither is; GENRE_MODEL_ERROR_CHECKPOINT. */
Safetensors *checkpoint_load (const char *path, char **ret_reason, GError **error);

/* Valid as long as the file; "" if it has none. */
const char *checkpoint_text (const Safetensors *file, CheckpointText text);

/* values [n]  out.  False: GENRE_MODEL_ERROR_CHECKPOINT, there are not that many floats of that name. */
bool checkpoint_read_floats (const Safetensors *file, const char *name, float *values, gsize n, GError **error);

/* Takes all three files away.  False: a G_FILE_ERROR. */
bool checkpoint_remove (const char *path, GError **error);

#endif
