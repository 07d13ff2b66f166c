/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/labels.h - one folder per genre -> the labels of files, and what is odd about the folders.
 *
 * Layer:   gst; files.
 * Threads: one object serves one thread at a time.
 */
#ifndef GST_TOOLS_LABELS_H
#define GST_TOOLS_LABELS_H

#include "gst/tools/files.h"

/* The first folder below `directory` that a file lies in is its label.  Two folders are two labels, however alike their
 * names are.  Adds to files->notes: folders without music, names that are no UTF-8, names that are almost the same. */
void tool_labels_assign (ToolFiles *files, const char *directory);

#endif
