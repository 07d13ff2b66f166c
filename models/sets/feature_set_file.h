/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/sets/feature_set_file.h - docs/model-file.md: a GenreFeatureSet out of a container.
 *
 * Layer:   models/sets, for feature_set.c only; uses safetensors, frontend, half.
 * Threads: no state.
 */
#ifndef MODELS_SETS_FEATURE_SET_FILE_H
#define MODELS_SETS_FEATURE_SET_FILE_H

#include "models/sets/feature_set.h"
#include "models/file/safetensors.h"

#include <stdbool.h>

/* Values that stay where they lie in the file. */
typedef struct FeatureValues
{
  SafetensorsType type; /* U8, F16 or F32 */
  const guint8 *data;   /* little-endian, unaligned; NULL: there are none */
} FeatureValues;

struct GenreFeatureSet
{
  GBytes *bytes;
  char *name;
  GenreFrontend frontend;
  double ref_db; /* what levels of the file are relative to */
  char **labels; /* [n_labels], then NULL */
  gsize n_labels;
  char **names; /* [n_clips], then NULL; or NULL */
  gsize n_clips, n_frames, n_bands;
  FeatureValues features; /* [n_clips][n_frames][n_bands] */
  float *offset_db;       /* [n_clips] */
  float *step_db;         /* [n_clips] */
  gint32 *label;          /* [n_clips] */
  gint32 *artist;         /* [n_clips], or NULL: all unknown */
  gint32 *album_artist;   /* the same */
  char **artists;         /* [n_artists], then NULL; or NULL: numbers only */
  gsize n_artists;
  gint32 *recording; /* [n_clips], or NULL: all unknown */
  gint32 *frames;    /* [n_clips], or NULL: all full */
  gint32 *measured;  /* [n_clips], or NULL: all that the teacher says */
  gint32 *music;     /* [n_clips], or NULL: all are music */
  gint32 *kind;      /* [n_clips], or NULL: all unknown */
  char **kinds;      /* [n_kinds], then NULL; or NULL */
  gsize n_kinds;
  gint32 *sure;   /* [n_clips], or NULL: all labels are */
  guint32 *track; /* [n_clips] */
  guint32 *group; /* [n_clips] */
  gsize n_tracks, n_groups;
  FeatureValues embedding; /* [n_clips][n_windows][n_embedding] */
  FeatureValues logits;    /* [n_clips][n_windows][n_logits] */
  gsize n_windows, n_embedding, n_logits;
  char **teacher_classes;    /* [n_logits], then NULL; or NULL */
  FeatureValues soft;        /* [n_clips][n_windows][n_soft] */
  FeatureValues soft_weight; /* [n_clips][n_windows] */
  gsize n_soft;
  char **soft_labels; /* [n_soft], then NULL; or NULL */
};

/* out[i] = value first + i of so many that there are, as it is stored.
 *
 * out [n] */
void genre_feature_values_copy (const FeatureValues *values, gsize first, gsize n, float *out);

/* Fills all but bytes and name of a zeroed set that has those.  False: what was filled is to be freed all the same. */
bool genre_feature_set_read (GenreFeatureSet *set, const Safetensors *file, GError **error);

#endif
