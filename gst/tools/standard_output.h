/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/standard_output.h - standard output whose failures are reported.
 *
 * Layer:   gst; the C library.
 * Threads: the main thread.
 *
 * Who prints need not look at what printf() returns: the stream remembers.
 */
#ifndef GST_TOOLS_STANDARD_OUTPUT_H
#define GST_TOOLS_STANDARD_OUTPUT_H

#include "gst/tools/tool.h"

/* Before any file is opened: where one of the three standard streams is closed, what is written to it fails, instead of
 * ending up in a file that was given its number. */
void tool_standard_output_begin (void);

/* As the last thing: writes out what is left.  `status`; TOOL_FAILED if anything could not be written, which is said on
 * stderr, unless the reader has closed the pipe. */
ToolStatus tool_standard_output_end (ToolStatus status);

#endif
