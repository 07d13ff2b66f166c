/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/audio_estimate.h - how much audio is in files that have not been heard, by those that have.
 *
 * Layer:   gst; GLib.
 * Threads: one object serves one thread.
 *
 * A two-hour mix among songs makes a count of files useless for the time that is left.  A file's seconds are taken as
 * its bytes times the seconds that a byte had so far, in files of the same extension if there were any.
 */
#ifndef GST_TOOLS_AUDIO_ESTIMATE_H
#define GST_TOOLS_AUDIO_ESTIMATE_H

#include <glib.h>

typedef struct ToolAudioEstimate ToolAudioEstimate;

/* most: seconds of each file that are heard at most; 0: all */
ToolAudioEstimate *tool_audio_estimate_new (double most);
void tool_audio_estimate_free (ToolAudioEstimate *estimate); /* NULL is a no-op */

/* A file that is still to be heard. */
void tool_audio_estimate_add (ToolAudioEstimate *estimate, const char *location, guint64 bytes);

/* One of them was heard, or failed after so many seconds. */
void tool_audio_estimate_take (ToolAudioEstimate *estimate, const char *location, guint64 bytes, double seconds);

/* Seconds of audio in all that was added and not taken; -1: nothing is known. */
double tool_audio_estimate_left (const ToolAudioEstimate *estimate);

#endif
