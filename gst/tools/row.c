/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/row.h"

#include "models/file/json_write.h"

#include <math.h>
#include <string.h>

/* --- values ---------------------------------------------------------------------------------------------------- */

static void
append_csv (GString *out, const char *value)
{
  if (!strpbrk (value, "\",\r\n")) {
    g_string_append (out, value);
    return;
  }
  g_string_append_c (out, '"');
  for (const char *c = value; *c; c++) {
    if (*c == '"')
      g_string_append_c (out, '"');
    g_string_append_c (out, *c);
  }
  g_string_append_c (out, '"');
}

static void
append_tsv (GString *out, const char *value)
{
  for (const char *c = value; *c; c++) {
    const char *escape = *c == '\t' ? "\\t" : *c == '\n' ? "\\n" : *c == '\r' ? "\\r" : *c == '\\' ? "\\\\" : NULL;
    if (escape)
      g_string_append (out, escape);
    else
      g_string_append_c (out, *c);
  }
}

void
tool_row_quote (GString *out, ToolRowFormat format, const char *value)
{
  switch (format) {
    case TOOL_ROW_CSV:
      append_csv (out, value);
      break;
    case TOOL_ROW_TSV:
      append_tsv (out, value);
      break;
    case TOOL_ROW_JSON:
      json_append_string (out, value);
      break;
  }
}

/* --- rows ------------------------------------------------------------------------------------------------------ */

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
  if (row->format == TOOL_ROW_JSON)
    json_add_key (row->text, column);
  else if (row->text->len > 0)
    g_string_append_c (row->text, row->format == TOOL_ROW_CSV ? ',' : '\t');
}

void
tool_row_text (ToolRow *row, const char *column, const char *value)
{
  begin_cell (row, column);
  tool_row_quote (row->text, row->format, value);
}

void
tool_row_double (ToolRow *row, const char *column, double value)
{
  begin_cell (row, column);
  json_append_double (row->text, value); /* a point in every locale */
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
  tool_row_double (row, column, round (value * 1e6) / 1e6);
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
  static const char *const ends[] = { [TOOL_ROW_CSV] = "\r\n", [TOOL_ROW_TSV] = "\n", [TOOL_ROW_JSON] = "}\n" };

  g_string_append (row->text, ends[row->format]);
}
