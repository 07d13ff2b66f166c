/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/recording.h - a recording -> the levels of its log-mel frames, as the element's front end has them.
 *
 * Layer:   gst; decode, models/frames.
 * Threads: any number may be at work.  gst_init() has been called.
 */
#ifndef GST_TOOLS_RECORDING_H
#define GST_TOOLS_RECORDING_H

#include "models/genre_model.h"

/* recording_cache.c keeps every field. */
typedef struct ToolRecording
{
  float *db; /* [n_frames][bands], 10 log10 (power), at least -100 */
  gsize n_frames;
  gsize *ends; /* [n_sections], the frame behind each: the last is n_frames */
  gsize n_sections;
  double seconds;     /* of audio */
  gboolean cancelled; /* genre_decoder_cancelled() */
  char *artist;       /* as it is tagged, UTF-8; NULL: it is not */
  char *album_artist;
} ToolRecording;

/* recipe    sample_rate ... power of it count
 * location  a file's path, or a URI
 *
 * Where the rate, the channels or the format change, as in joined files, a section ends and the front end begins anew,
 * as the element's window does: no frame has samples of both.  All frames of a section that need nothing beyond its
 * last sample.  NULL: `error` says why in one line, without the name of the file. */
ToolRecording *tool_recording_read (const GenreFrontend *recipe, const char *location, GError **error);
void tool_recording_free (ToolRecording *recording); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolRecording, tool_recording_free)

#endif
