/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/track_table.h"

#include "models/file/json_write.h"

#include <math.h>
#include <string.h>

enum
{
  N_TAG_COLUMNS = 4,
};

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
tool_table_append_value (GString *out, ToolTable table, const char *value)
{
  if (table == TOOL_TABLE_CSV)
    append_csv (out, value);
  else
    append_tsv (out, value);
}

/* Behind the first of a line. */
static void
add_value (GString *out, ToolTable table, const char *value)
{
  g_string_append_c (out, table == TOOL_TABLE_CSV ? ',' : '\t');
  tool_table_append_value (out, table, value);
}

static void
add_number (GString *out, ToolTable table, double value)
{
  g_autoptr (GString) number = g_string_new (NULL);

  json_append_double (number, value); /* a point in every locale */
  add_value (out, table, number->str);
}

static void
end_line (GString *out, ToolTable table)
{
  g_string_append (out, table == TOOL_TABLE_CSV ? "\r\n" : "\n");
}

void
tool_track_table_head (GString *out, ToolTable table, const char *const *labels, gboolean with_tag)
{
  static const char *const columns[] = { "uri", "size", "mtime", "model", "duration", "state", "label", "confidence",
    "music", "windows", "error" };
  static const char *const of_tag[N_TAG_COLUMNS] = { "tag", "tag_before", "tag_after", "tag_error" };

  tool_table_append_value (out, table, "file");
  for (gsize i = 0; i < G_N_ELEMENTS (columns); i++)
    add_value (out, table, columns[i]);
  for (gsize i = 0; labels[i]; i++)
    add_value (out, table, labels[i]);
  for (gsize i = 0; with_tag && i < N_TAG_COLUMNS; i++)
    add_value (out, table, of_tag[i]);
  end_line (out, table);
}

static void
add_heard (GString *out, ToolTable table, const ToolTrack *track, const char *model, const char *const *labels)
{
  const ToolIdentification *heard = track->heard;

  add_number (out, table, (double) track->size);
  add_number (out, table, (double) track->mtime_us / G_USEC_PER_SEC);
  add_value (out, table, model);
  add_number (out, table, heard->seconds);
  add_value (out, table, tool_track_state (track));
  add_value (out, table, heard->label >= 0 ? labels[heard->label] : "unknown");
  add_number (out, table, heard->confidence);
  add_number (out, table, heard->music);
  add_number (out, table, heard->windows);
  add_value (out, table, "");
  for (unsigned i = 0; i < heard->n_labels; i++)
    add_number (out, table, heard->probabilities[i]);
}

static void
add_genres (GString *out, ToolTable table, char **genres)
{
  g_autofree char *joined = genres ? g_strjoinv ("; ", genres) : NULL;

  add_value (out, table, joined ? joined : "");
}

/* tag: NULL for a track that could not be heard */
static void
add_tag (GString *out, ToolTable table, const ToolTagResult *tag)
{
  add_value (out, table, tag ? tool_tag_result_state (tag) : "");
  add_genres (out, table, tag ? tag->before : NULL);
  add_genres (out, table, tag ? tag->after : NULL);
  add_value (out, table, tag && tag->reason ? tag->reason : "");
}

void
tool_track_table_append (GString *out, ToolTable table, const ToolTrack *track, const char *model,
    const char *const *labels, gboolean with_tag)
{
  g_autofree char *file = g_utf8_make_valid (track->input->location, -1), *uri = tool_input_uri (track->input);

  tool_table_append_value (out, table, file);
  add_value (out, table, uri ? uri : "");
  if (track->heard) {
    add_heard (out, table, track, model, labels);
  } else {
    for (unsigned i = 0; i < 9; i++)
      add_value (out, table, "");
    add_value (out, table, track->error);
    for (unsigned i = 0; labels[i]; i++)
      add_value (out, table, "");
  }
  if (with_tag)
    add_tag (out, table, track->tag);
  end_line (out, table);
}
