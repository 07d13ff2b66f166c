/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/recording_cache.h - what was decoded once is kept, recording by recording, and need not be decoded again.
 *
 * Layer:   gst; recording, models/file/safetensors.
 * Threads: any number may read through one cache.
 *
 * A folder with one file for each recording, named by the digest of what it was made from: path, size, time of
 * modification, recipe, and version.  What does not fit that, or is not whole, is as good as not there.  Everything may
 * be removed at any time; the least recently used is when the folder would grow beyond its bound.
 */
#ifndef GST_TOOLS_RECORDING_CACHE_H
#define GST_TOOLS_RECORDING_CACHE_H

#include "gst/tools/recording.h"

#define TOOL_CACHE_MAX_BYTES ((guint64) 8 << 30) /* some 10,000 songs */

typedef struct ToolRecordingCache ToolRecordingCache;

/* $XDG_CACHE_HOME/genreclassify, or where the system keeps such things. */
char *tool_recording_cache_folder (void);

/* folder  is made if need be
 *
 * NULL: a G_FILE_ERROR. */
ToolRecordingCache *tool_recording_cache_new (const char *folder, guint64 max_bytes, GError **error);
void tool_recording_cache_free (ToolRecordingCache *cache); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolRecordingCache, tool_recording_cache_free)

/* tool_recording_read(), to the bit, from the cache if it is there, else kept there.
 *
 * cache     NULL: reads only
 * ret_kept  out: whether it came from the cache */
ToolRecording *tool_recording_cache_read (ToolRecordingCache *cache, const GenreFrontend *recipe, const char *path,
    gboolean *ret_kept, GError **error);

/* How many recordings could not be kept: no room, or no permission.  ret_reason: why the first one was not, NULL if
 * there is none; the cache's. */
guint tool_recording_cache_lost (ToolRecordingCache *cache, const char **ret_reason);

#endif
