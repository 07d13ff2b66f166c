/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/row.h - a row of a table as text: CSV, TSV, or a JSON object a line.
 *
 * Layer:   gst; models/file/json_write.
 * Threads: one object serves one thread at a time.
 *
 * CSV follows RFC 4180: it ends in CR LF, has quotes where they are needed, and texts as they are.  TSV ends in LF and
 * has no quotes: a tab, a newline, a carriage return and a backslash in a text are \t, \n, \r and \\.  JSON has the
 * columns as members.  Numbers are as C writes them.  All are UTF-8 without a byte order mark.
 */
#ifndef GST_TOOLS_ROW_H
#define GST_TOOLS_ROW_H

#include <glib.h>

typedef enum ToolRowFormat
{
  TOOL_ROW_CSV,
  TOOL_ROW_TSV,
  TOOL_ROW_JSON,
} ToolRowFormat;

typedef struct ToolRow
{
  ToolRowFormat format;
  GString *text; /* the line, from tool_row_end() to tool_row_begin() */
} ToolRow;

ToolRow *tool_row_new (ToolRowFormat format);
void tool_row_free (ToolRow *row); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolRow, tool_row_free)

void tool_row_begin (ToolRow *row);

/* A text as the cells of that format have it. */
void tool_row_quote (GString *out, ToolRowFormat format, const char *value);

/* The next cell.
 *
 * column  its name, which counts in JSON alone
 * value   UTF-8; a number must be finite */
void tool_row_text (ToolRow *row, const char *column, const char *value);
void tool_row_double (ToolRow *row, const char *column, double value);
void tool_row_number (ToolRow *row, const char *column, double value);  /* to the precision of a float */
void tool_row_seconds (ToolRow *row, const char *column, double value); /* to the microsecond */
void tool_row_none (ToolRow *row, const char *column);                  /* there is no value: empty, null */

void tool_row_end (ToolRow *row);

#endif
