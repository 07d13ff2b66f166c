/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/row.h"

#include "gst/tools/track_table.h"
#include "models/file/json_write.h"

#include <math.h>

ToolRow *
tool_row_new (ToolRowFormat format)
{
  ToolRow *row = g_new (ToolRow, 1);
  row->format = format;
  row->text = g_string_new (NULL);
  return row;
}

void
tool_row_free (ToolRow *row)
{
  if (!row)
    return;
  g_string_free (row->text, TRUE);
  g_free (row);
}

void
tool_row_begin (ToolRow *row)
{
  g_string_assign (row->text, row->format == TOOL_ROW_JSON ? "{" : "");
}

static void
begin_cell (ToolRow *row, const char *column)
{
  switch (row->format) {
    case TOOL_ROW_CSV:
      if (row->text->len > 0)
        g_string_append_c (row->text, ',');
      break;
    case TOOL_ROW_TSV:
      if (row->text->len > 0)
        g_string_append_c (row->text, '\t');
      break;
    case TOOL_ROW_JSON:
      json_add_key (row->text, column);
      break;
  }
}

void
tool_row_text (ToolRow *row, const char *column, const char *value)
{
  begin_cell (row, column);
  switch (row->format) {
    case TOOL_ROW_CSV:
      tool_table_append_value (row->text, TOOL_TABLE_CSV, value);
      break;
    case TOOL_ROW_TSV:
      tool_table_append_value (row->text, TOOL_TABLE_TSV, value);
      break;
    case TOOL_ROW_JSON:
      json_append_string (row->text, value);
      break;
  }
}

void
tool_row_number (ToolRow *row, const char *column, double value)
{
  begin_cell (row, column);
  json_append_float (row->text, (float) value);
}

void
tool_row_seconds (ToolRow *row, const char *column, double value)
{
  begin_cell (row, column);
  json_append_double (row->text, round (value * 1e6) / 1e6);
}

void
tool_row_none (ToolRow *row, const char *column)
{
  begin_cell (row, column);
  if (row->format == TOOL_ROW_JSON)
    g_string_append (row->text, "null");
}

void
tool_row_end (ToolRow *row)
{
  switch (row->format) {
    case TOOL_ROW_CSV:
      g_string_append (row->text, "\r\n");
      break;
    case TOOL_ROW_TSV:
      g_string_append_c (row->text, '\n');
      break;
    case TOOL_ROW_JSON:
      g_string_append (row->text, "}\n");
      break;
  }
}
