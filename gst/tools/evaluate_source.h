/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/evaluate_source.h - what a model is evaluated or calibrated on: a feature set, or a directory that becomes
 * one.
 *
 * Layer:   gst; extraction, interrupt, models/sets/feature_set.
 * Threads: the main thread.  For a directory, gst_init() has been called.
 */
#ifndef GST_TOOLS_EVALUATE_SOURCE_H
#define GST_TOOLS_EVALUATE_SOURCE_H

#include "gst/tools/extraction.h"
#include "models/sets/feature_set.h"

/* Begins with a path; the rest is zero. */
typedef struct ToolEvaluateSource
{
  const char *path; /* a feature set, or a directory with one folder per genre */
  ToolFiles *files; /* of a directory */
  GenreFeatureSet *set;
  gboolean not_music;  /* it is there for what is not music: folders are no labels */
  gboolean incomplete; /* some files of the directory failed */
} ToolEvaluateSource;

/* Looks through a directory, or loads a set.  FALSE: said on stderr. */
gboolean tool_evaluate_source_look (ToolEvaluateSource *source, const GenreModel *model,
    const ToolExtractionConfig *config);

/* Decodes a directory.  FALSE: said on stderr. */
gboolean tool_evaluate_source_decode (ToolEvaluateSource *source, const ToolExtractionConfig *config);

void tool_evaluate_source_clear (ToolEvaluateSource *source);

#endif
