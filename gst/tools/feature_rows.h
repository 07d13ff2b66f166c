/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/feature_rows.h - a recording -> rows of its descriptors: of all of it, of texture windows, or of frames.
 *
 * Layer:   gst; decode, row, spool, models/descriptors.
 * Threads: any number may be at work.  gst_init() has been called.
 *
 * Memory does not grow with the length of the recording.
 */
#ifndef GST_TOOLS_FEATURE_ROWS_H
#define GST_TOOLS_FEATURE_ROWS_H

#include "gst/tools/row.h"
#include "gst/tools/spool.h"
#include "models/descriptors.h"

typedef enum ToolFeaturesPer
{
  TOOL_FEATURES_PER_FILE,    /* mean and standard deviation of each value */
  TOOL_FEATURES_PER_TEXTURE, /* of short-term values the same, within the window; long-term ones as they are */
  TOOL_FEATURES_PER_FRAME,   /* short-term values */
} ToolFeaturesPer;

typedef struct ToolFeaturesConfig
{
  ToolRowFormat format;
  ToolFeaturesPer per;
  gboolean wanted[GENRE_N_DESCRIPTORS];
} ToolFeaturesConfig;

/* The columns of all rows, ready to be written. */
typedef struct ToolFeatureColumns ToolFeatureColumns;

ToolFeatureColumns *tool_feature_columns_new (const ToolFeaturesConfig *config);
void tool_feature_columns_free (ToolFeatureColumns *columns); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolFeatureColumns, tool_feature_columns_free)

/* A row with the names of the columns; nothing in JSON. */
void tool_feature_columns_append_header (const ToolFeatureColumns *columns, GString *text);

/* What the decoder found besides. */
typedef struct ToolFeatureReport
{
  double seconds;     /* of audio */
  gboolean cancelled; /* genre_decoder_cancelled() */
} ToolFeatureReport;

/* location  a path or URI, for the decoder
 * name      for the column `file`, UTF-8
 * uri       for the member `uri` of JSON
 *
 * FALSE: `error` says why in one line, without the name of the file; the spool can only be freed then. */
gboolean tool_feature_rows (const ToolFeatureColumns *columns, const char *location, const char *name, const char *uri,
    ToolSpool *spool, ToolFeatureReport *ret_report, GError **error);

#endif
