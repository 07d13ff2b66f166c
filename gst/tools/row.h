/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/row.h - a row of a table as text: CSV, TSV, or a JSON object a line.
 *
 * Layer:   gst; track_table's quoting, models/file/json_write.
 * Threads: one object serves one thread at a time.
 *
 * CSV is RFC 4180's: ends in CR LF, quoted where need be, texts as they are.  TSV ends in LF; tabs and line ends in a
 * text are escaped.  JSON has the columns as members.  Numbers are as C writes them.
 */
#ifndef GST_TOOLS_ROW_H
#define GST_TOOLS_ROW_H

#include <glib.h>

G_BEGIN_DECLS

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

/* The next cell.
 *
 * column  its name, which counts in JSON alone
 * value   UTF-8; a number must be finite */
void tool_row_text (ToolRow *row, const char *column, const char *value);
void tool_row_number (ToolRow *row, const char *column, double value);  /* to the precision of a float */
void tool_row_seconds (ToolRow *row, const char *column, double value); /* to the microsecond */
void tool_row_none (ToolRow *row, const char *column);                  /* there is no value: empty, null */

void tool_row_end (ToolRow *row);

G_END_DECLS

#endif
