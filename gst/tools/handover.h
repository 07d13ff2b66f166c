/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/handover.h - samples of an appsink, from its streaming thread to the one that works on them.
 *
 * Layer:   gst; GStreamer's app library.
 * Threads: one thread takes and frees; the streaming thread is the pipeline's.
 *
 * An appsink wakes who waits for it with each buffer, and is woken for each that is taken: two changes of thread for
 * some 20 ms of audio, which cost as much as half of the work on it.  Here several buffers change hands at a time.
 */
#ifndef GST_TOOLS_HANDOVER_H
#define GST_TOOLS_HANDOVER_H

#include <gst/app/gstappsink.h>

G_BEGIN_DECLS

typedef struct ToolHandover ToolHandover;

/* Takes over the sink's callbacks, and all samples that it gets in PLAYING. */
ToolHandover *tool_handover_new (GstAppSink *sink);

/* From here on no sample is accepted and the streaming thread does not wait: before the pipeline is shut down. */
void tool_handover_stop (ToolHandover *handover);
void tool_handover_free (ToolHandover *handover); /* once the pipeline is in NULL; NULL is a no-op */

/* The next sample, the caller's; waits for it, or the end, up to `patience`.
 * NULL: none came in that time, or, with *ret_end, none will come. */
GstSample *tool_handover_take (ToolHandover *handover, GstClockTime patience, gboolean *ret_end);

G_END_DECLS

#endif
