/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/track_table.h"

static void
add_text (ToolRow *row, const char *value)
{
  tool_row_text (row, NULL, value);
}

static void
add_number (ToolRow *row, double value)
{
  tool_row_double (row, NULL, value);
}

void
tool_track_table_head (ToolRow *row, const char *const *labels, gboolean with_tag)
{
  static const char *const columns[] = { "file", "uri", "size", "mtime", "model", "duration", "state", "label",
    "confidence", "music", "windows", "error" };
  static const char *const of_tag[] = { "tag", "tag_before", "tag_after", "tag_error" };

  tool_row_begin (row);
  for (gsize i = 0; i < G_N_ELEMENTS (columns); i++)
    add_text (row, columns[i]);
  for (gsize i = 0; labels[i]; i++)
    add_text (row, labels[i]);
  for (gsize i = 0; with_tag && i < G_N_ELEMENTS (of_tag); i++)
    add_text (row, of_tag[i]);
  tool_row_end (row);
}

static void
add_heard (ToolRow *row, const ToolTrack *track, const char *model, const char *const *labels)
{
  const ToolIdentification *heard = track->heard;

  add_number (row, (double) track->size);
  add_number (row, (double) track->mtime_us / G_USEC_PER_SEC);
  add_text (row, model);
  add_number (row, heard->seconds);
  add_text (row, tool_track_state (track));
  add_text (row, heard->label >= 0 ? labels[heard->label] : "unknown");
  add_number (row, heard->confidence);
  add_number (row, heard->music);
  add_number (row, heard->windows);
  add_text (row, "");
  for (unsigned i = 0; i < heard->n_labels; i++)
    add_number (row, heard->probabilities[i]);
}

static void
add_genres (ToolRow *row, char **genres)
{
  g_autofree char *joined = genres ? g_strjoinv ("; ", genres) : NULL;

  add_text (row, joined ? joined : "");
}

/* tag: NULL for a track that could not be heard */
static void
add_tag (ToolRow *row, const ToolTagResult *tag)
{
  add_text (row, tag ? tool_tag_result_state (tag) : "");
  add_genres (row, tag ? tag->before : NULL);
  add_genres (row, tag ? tag->after : NULL);
  add_text (row, tag && tag->reason ? tag->reason : "");
}

void
tool_track_table_fill (ToolRow *row, const ToolTrack *track, const char *model, const char *const *labels,
    gboolean with_tag)
{
  g_autofree char *file = g_utf8_make_valid (track->input->location, -1), *uri = tool_input_uri (track->input);

  tool_row_begin (row);
  add_text (row, file);
  add_text (row, uri ? uri : "");
  if (track->heard) {
    add_heard (row, track, model, labels);
  } else {
    for (unsigned i = 0; i < 9; i++)
      add_text (row, "");
    add_text (row, track->error);
    for (unsigned i = 0; labels[i]; i++)
      add_text (row, "");
  }
  if (with_tag)
    add_tag (row, track->tag);
  tool_row_end (row);
}
