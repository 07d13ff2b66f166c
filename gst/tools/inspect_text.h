/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/inspect_text.h - what inspect prints of a model and of a feature set alike.
 *
 * Layer:   gst; cells, models/frontend, models/file/json_write.
 * Threads: no state; the print functions write to stdout.
 */
#ifndef GST_TOOLS_INSPECT_TEXT_H
#define GST_TOOLS_INSPECT_TEXT_H

#include "models/frontend.h"

/* text, filled up to so many columns, more if it is longer. */
char *tool_inspect_columns (const char *text, gsize width);

/* Two lines: "  front end   22050 Hz, ..." */
void tool_inspect_print_frontend (const GenreFrontend *frontend);

/* ,"frontend":{...} */
void tool_inspect_add_frontend (GString *json, const GenreFrontend *frontend);

/* text: valid JSON.  The same on one line, with \u009b for what is not printable in its strings. */
char *tool_inspect_json_line (const char *text);

/* text: valid JSON.  One value a line, numbers as they were written. */
void tool_inspect_print_json (const char *text);

#endif
