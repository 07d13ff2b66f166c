/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/sets/feature_set_load.h - tensors and metadata of a feature set's file, checked, or an error that names them.
 *
 * Layer:   models/sets, for feature_set_file.c only; uses safetensors, json_field.
 * Threads: one FeatureSetLoad serves one thread.
 *
 * False: an error that begins with the name of the set.
 */
#ifndef MODELS_SETS_FEATURE_SET_LOAD_H
#define MODELS_SETS_FEATURE_SET_LOAD_H

#include "models/file/error.h"
#include "models/sets/feature_set_file.h"

/* A set in the making. */
typedef struct FeatureSetLoad
{
  GenreFeatureSet *set;
  const Safetensors *file;
  GHashTable *used; /* tensors that had a place */
} FeatureSetLoad;

/* The types that a tensor may have, as bits. */
enum
{
  FEATURE_U8 = 1 << SAFETENSORS_U8,
  FEATURE_I32 = 1 << SAFETENSORS_I32,
  FEATURE_F16 = 1 << SAFETENSORS_F16,
  FEATURE_F32 = 1 << SAFETENSORS_F32,
};

/* What a tensor must be.  dim [rank]  0: any, at least 1 */
typedef struct FeatureTensor
{
  const char *name;
  unsigned types;
  unsigned rank;
  gsize dim[3];
} FeatureTensor;

bool feature_set_fail (const FeatureSetLoad *load, GenreModelError code, GError **error, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* Finds a tensor and checks type and shape.  *ret_tensor NULL: there is none. */
bool feature_set_find_tensor (const FeatureSetLoad *load, const FeatureTensor *wanted,
    const SafetensorsTensor **ret_tensor, GError **error);

/* The same, but it must be there. */
bool feature_set_need_tensor (const FeatureSetLoad *load, const FeatureTensor *wanted,
    const SafetensorsTensor **ret_tensor, GError **error);

/* Every value of F16 or F32 is within -most ... most. */
bool feature_set_check_values (const FeatureSetLoad *load, const SafetensorsTensor *tensor, float most, GError **error);

/* A metadata entry that is a JSON array of strings.  NULL in ret_strings: there is no such entry.
 *
 * expected   what it is an array of, for messages
 * min, max   how many there may be */
bool feature_set_read_strings (const FeatureSetLoad *load, const char *key, GenreModelError code, const char *expected,
    gsize min, gsize max, char ***ret_strings, GError **error);

/* One I32 a clip, min ... max.  *ret_values NULL: there is no such tensor. */
bool feature_set_read_integers (const FeatureSetLoad *load, const char *name, gint32 min, gint32 max,
    gint32 **ret_values, GError **error);

#endif
