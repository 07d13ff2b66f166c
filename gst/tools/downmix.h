/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/downmix.h - decoded buffers of any format -> mono float, as the element would hear them.
 *
 * Layer:   gst; GStreamer's audio library, gst/pcm, gst/channels.
 * Threads: one object serves one thread at a time.
 */
#ifndef GST_TOOLS_DOWNMIX_H
#define GST_TOOLS_DOWNMIX_H

#include <gst/gst.h>

typedef struct ToolDownmix ToolDownmix;

ToolDownmix *tool_downmix_new (void);
void tool_downmix_free (ToolDownmix *downmix); /* NULL is a no-op */

/* sample     raw audio
 * ret_n      out, samples of tool_downmix_mono(); 0 if nothing of the buffer lies in the segment
 * ret_fresh  set to TRUE if rate, number of channels or format are others than before
 *
 * FALSE: in one line what is wrong in *ret_wrong, to be freed. */
gboolean tool_downmix_convert (ToolDownmix *downmix, GstSample *sample, gsize *ret_n, gboolean *ret_fresh,
    char **ret_wrong);

const float *tool_downmix_mono (const ToolDownmix *downmix); /* finite; valid until the next call that converts */
guint tool_downmix_rate (const ToolDownmix *downmix);        /* of the last sample, Hz; 0 before the first */

/* Whether in some stretch of one format nothing was left of the channels but silence, as they cancel each other in
 * their mean. */
gboolean tool_downmix_cancelled (const ToolDownmix *downmix);

#endif
