/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/pipeline_idle.h - whether anything in a pipeline still works.
 *
 * Layer:   gst; GStreamer.
 * Threads: any.
 */
#ifndef GST_TOOLS_PIPELINE_IDLE_H
#define GST_TOOLS_PIPELINE_IDLE_H

#include <gst/gst.h>

/* Whether no task of the pipeline runs, and at least one is paused.  FALSE while elements come and go. */
gboolean tool_pipeline_is_idle (GstBin *pipeline);

#endif
