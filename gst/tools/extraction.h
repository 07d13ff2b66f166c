/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/extraction.h - a directory of music -> a feature set on disk: what extract does, train and evaluate first.
 *
 * Layer:   gst; recording, files, models/sets/feature_set_writer.
 * Threads: the main thread; it starts the jobs.  gst_init() and tool_catch_interrupts() have been called.
 */
#ifndef GST_TOOLS_EXTRACTION_H
#define GST_TOOLS_EXTRACTION_H

#include "gst/tools/files.h"
#include "gst/tools/recording_cache.h"
#include "gst/tools/tool.h"
#include "models/genre_model.h"
#include "models/file/safetensors.h"

typedef struct ToolExtractionConfig
{
  const GenreFrontend *recipe; /* sample_rate ... power of it count */
  guint min_frames;            /* a rest of fewer is left out */
  ToolLayout layout;
  gboolean not_music;        /* none of it is music */
  SafetensorsType type;      /* U8 or F16 */
  guint jobs;                /* files decoded at once, at least 1 */
  gboolean quiet;            /* says only what fails */
  ToolRecordingCache *cache; /* what is decoded is kept there; NULL: nowhere */
} ToolExtractionConfig;

/* Lists the files below `directory`, and says on stderr what is odd about them.  NULL: there is nothing to do, said. */
ToolFiles *tool_extraction_scan (const ToolExtractionConfig *config, const char *directory);

/* Decodes all of them and writes the set.  Says on stderr which files fail and how far it is.  The set does not depend
 * on the number of jobs, nor on what of it was kept.
 *
 * directory    that was scanned
 * name         of the set, for people; NULL: `output`
 * ret_written  out: whether the set was written; if not, what was there is still there
 *
 * TOOL_FAILED: some of the files could not be used, or there is no set at all. */
ToolStatus tool_extraction_run (const ToolExtractionConfig *config, const ToolFiles *files, const char *directory,
    const char *output, const char *name, gboolean *ret_written);

/* The cache that a run uses unless --no-cache was given.  NULL: said on stderr, there is none. */
ToolRecordingCache *tool_extraction_open_cache (gboolean unwanted);

#endif
