/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/identify.h - what the command line of identify says, and the run that does it.
 *
 * Layer:   gst; walk, track_text.
 * Threads: the main thread.
 */
#ifndef GST_TOOLS_IDENTIFY_H
#define GST_TOOLS_IDENTIFY_H

#include "gst/tools/tag_write.h"
#include "gst/tools/terminal.h"
#include "gst/tools/tool.h"
#include "gst/tools/walk.h"
#include "models/genre_model.h"

typedef enum ToolFormat
{
  TOOL_FORMAT_TEXT,
  TOOL_FORMAT_JSON,
  TOOL_FORMAT_CSV,
  TOOL_FORMAT_TSV,
} ToolFormat;

typedef struct ToolIdentifyOptions
{
  /* as they are given */
  char **arguments;
  char *files_from, *model, *output, *color, *shard;
  gboolean null_separated, json, csv, tsv, resume, force, unordered, quiet, progress;
  char *format_names, *output_dir, *playlists;
  gboolean timeline, sidecar, by_folder, report;
  gboolean write_tags, dry_run, preserve_mtime;
  char *existing, *genre_map, *separator, *hard_links, *tag_log, *undo;
  int genres;
  int jobs, top;
  double min_confidence;
  double seconds, offset, threshold, music_threshold, min_span;

  /* what they mean */
  ToolFormat format;
  ToolColour colour;
  ToolExisting existing_genres;
  gboolean split_links;
  guint timelines;             /* 1 << ToolTimeline for each kind of side file; 0: none */
  guint shard_index, n_shards; /* n 1: all */
} ToolIdentifyOptions;

/* The recordings of `walk` that are to be heard, from what is there to the summary. */
ToolStatus tool_identify_run (const ToolIdentifyOptions *options, const ToolWalk *walk, GenreModel *model);

#endif
