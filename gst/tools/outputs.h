/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/outputs.h - the one rule for what a run may write.
 *
 * Layer:   gst; interrupt, picture_mark, models/sets/feature_set, models/file/regular_file, POSIX.
 * Threads: one object serves one thread at a time.
 *
 * No output is a file that the run reads, and no two outputs are the same file.  What is there already is replaced only
 * if it is empty or of the kind that is to be written, and not write-protected; a table or picture may go to a device
 * or pipe.  Files are the same if they are one on the disk, whatever links and paths lead to them; where there is none
 * yet, if folder and name are the same.
 */
#ifndef GST_TOOLS_OUTPUTS_H
#define GST_TOOLS_OUTPUTS_H

#include "gst/tools/tool.h"

typedef enum ToolKind
{
  TOOL_KIND_MODEL,
  TOOL_KIND_SET,
  TOOL_KIND_CHECKPOINT,
  TOOL_KIND_CARD,
  TOOL_KIND_PICTURE, /* curves and tables, as train and evaluate draw them */
  TOOL_KIND_PLOT,
  TOOL_KIND_TABLE,
  TOOL_KIND_RESULTS, /* of identify */
  TOOL_KIND_TAG_LOG, /* of --write-tags */
  TOOL_KIND_LOCK,    /* an empty file */
  TOOL_KIND_SCRATCH, /* the program's own: whatever is there is replaced */
  TOOL_N_KINDS
} ToolKind;

typedef struct ToolOutputs ToolOutputs;

ToolOutputs *tool_outputs_new (void);
void tool_outputs_free (ToolOutputs *outputs); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolOutputs, tool_outputs_free)

/* A file or directory that the run reads. */
void tool_outputs_reads (ToolOutputs *outputs, const char *path);

/* The same, and no other path that is added here may lead to it.  FALSE: one does, which is said on stderr. */
gboolean tool_outputs_reads_once (ToolOutputs *outputs, const char *path);

/* A file that the run may write. */
void tool_outputs_writes (ToolOutputs *outputs, const char *path, ToolKind kind);

/* Before anything is written.  Says on stderr what is wrong.  TOOL_USAGE: two paths are the same file; TOOL_FAILED:
 * what is on the disk forbids it, a folder that is not there among it. */
ToolStatus tool_outputs_check (const ToolOutputs *outputs);

/* An identity of the file that a path leads to, whether it exists or not. */
char *tool_outputs_identity (const char *path);

#endif
