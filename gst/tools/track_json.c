/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/track_json.h"

#include "models/file/json_field.h"
#include "models/file/json_scan.h"
#include "models/file/json_write.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

/* --- writing --------------------------------------------------------------------------------------------------- */

void
tool_track_json_add_span (GString *out, const ToolSpan *span, const char *const *labels)
{
  json_open (out, NULL, '{');
  json_add_number (out, "start", span->start);
  json_add_number (out, "end", span->end);
  json_add_string (out, "label", labels[span->label]);
  json_add_number (out, "confidence", span->probability);
  g_string_append_c (out, '}');
}

static void
add_spans (GString *out, const ToolIdentification *heard, const char *const *labels)
{
  json_open (out, "timeline", '[');
  for (guint i = 0; i < heard->spans->len; i++)
    tool_track_json_add_span (out, &g_array_index (heard->spans, ToolSpan, i), labels);
  g_string_append_c (out, ']');
}

static void
add_probabilities (GString *out, const ToolIdentification *heard, const char *const *labels)
{
  json_open (out, "probabilities", '{');
  for (unsigned i = 0; i < heard->n_labels; i++)
    json_add_number (out, labels[i], heard->probabilities[i]);
  g_string_append_c (out, '}');
}

/* Size and time of change: seconds since 1970, to the microsecond; null where there is no file. */
static void
add_stat (GString *out, const ToolTrack *track)
{
  const gint64 us = track->mtime_us;

  json_add_count (out, "size", track->size);
  json_add_key (out, "mtime");
  if (track->input->is_uri)
    g_string_append (out, "null");
  else
    g_string_append_printf (out, "%s%" G_GINT64_FORMAT ".%06d", us < 0 ? "-" : "", ABS (us) / G_USEC_PER_SEC,
        (int) (ABS (us) % G_USEC_PER_SEC));
}

/* What became of the genre in the file. */
static void
add_tag (GString *out, const ToolTagResult *tag)
{
  json_open (out, "tag", '{');
  json_add_string (out, "state", tool_tag_result_state (tag));
  json_add_strings (out, "before", (const char *const *) tag->before, g_strv_length (tag->before));
  if (tag->after)
    json_add_strings (out, "after", (const char *const *) tag->after, g_strv_length (tag->after));
  if (tag->reason)
    json_add_string (out, "error", tag->reason);
  g_string_append_c (out, '}');
}

void
tool_track_json_append (GString *out, const ToolTrack *track, const char *model, const char *const *labels)
{
  const ToolIdentification *heard = track->heard;
  g_autofree char *file = g_utf8_make_valid (track->input->location, -1), *uri = tool_input_uri (track->input);

  g_string_append_c (out, '{');
  json_add_string (out, "file", file);
  json_add_string (out, "uri", uri ? uri : "");
  if (!heard) {
    json_add_string (out, "error", track->error);
  } else {
    add_stat (out, track);
    json_add_string (out, "model", model);
    json_add_number (out, "duration", heard->seconds);
    json_add_string (out, "state", tool_track_state (track));
    json_add_string (out, "label", heard->label >= 0 ? labels[heard->label] : "unknown");
    json_add_number (out, "confidence", heard->confidence);
    json_add_number (out, "music", heard->music);
    add_probabilities (out, heard, labels);
    json_add_count (out, "windows", heard->windows);
    add_spans (out, heard, labels);
    if (track->tag)
      add_tag (out, track->tag);
  }
  g_string_append (out, "}\n");
}

void
tool_track_json_renew (GString *out, const char *line, const ToolTrack *track)
{
  /* Within a string quotes are escaped: where these are found they are keys. */
  const char *size = strstr (line, ",\"size\":"), *model = size ? strstr (size, ",\"model\":") : NULL;
  const char *tag = model ? strstr (model, ",\"tag\":{") : NULL;
  const char *end = tag ? tag : model ? strrchr (model, '}') : NULL;

  if (!end)
    return;
  g_string_append_len (out, line, (gssize) (size - line));
  add_stat (out, track);
  g_string_append_len (out, model, (gssize) (end - model));
  if (track->tag)
    add_tag (out, track->tag);
  g_string_append (out, "}\n");
}

/* --- reading --------------------------------------------------------------------------------------------------- */

/* NULL: it has no such member, or that is no string. */
static char *
read_string (JsonObject *object, const char *key)
{
  JsonNode *node = json_object_get_member (object, key);

  return node ? g_strdup (json_field_string (node)) : NULL;
}

/* 0: it has no such member, or that is no number. */
static double
read_number (JsonObject *object, const char *key)
{
  JsonNode *node = json_object_get_member (object, key);

  return node && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) != G_TYPE_STRING
      ? json_node_get_double (node)
      : 0;
}

static guint64
read_count (JsonObject *object, const char *key)
{
  const double value = read_number (object, key);

  return value > 0 && value < 9e15 ? (guint64) value : 0;
}

static gboolean
refuse (char **ret_reason, const char *expected)
{
  *ret_reason = g_strdup_printf ("expected an object of gst-genre-1.0 identify, found %s", expected);
  return FALSE;
}

static gboolean
read_object (JsonObject *object, ToolTrackLine *line, char **ret_reason)
{
  g_autofree char *folder = read_string (object, "folder");

  *line = (ToolTrackLine){
    .uri = read_string (object, "uri"),
    .file = read_string (object, "file"),
    .size = read_count (object, "size"),
    .mtime_us = (gint64) llround (CLAMP (read_number (object, "mtime"), -9e9, 9e11) * G_USEC_PER_SEC),
    .model = read_string (object, "model"),
    .error = read_string (object, "error"),
    .label = read_string (object, "label"),
    .confidence = read_number (object, "confidence"),
    .duration = read_number (object, "duration"),
    .is_folder = folder != NULL,
  };
  if (line->is_folder || (line->uri && line->file && (line->error || (line->model && line->label))))
    return TRUE;
  tool_track_line_clear (line);
  return refuse (ret_reason, "one without file, uri, and either error or model and label");
}

/* text [size].  NULL: it is no object; ret_found: what it is instead, g_free() it */
static JsonNode *
parse (const char *text, gsize size, char **ret_found)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  if (json_scan (text, size, JSON_INTEGERS_ANY, ret_found) != JSON_SCAN_OK) /* json-glib may see nothing else */
    return NULL;
  g_autoptr (JsonNode)
      root = json_parser_load_from_data (parser, text, (gssize) size, NULL) ? json_parser_steal_root (parser) : NULL;
  if (root && JSON_NODE_HOLDS_OBJECT (root))
    return g_steal_pointer (&root);
  *ret_found = g_strdup (root ? "what is no object" : "what is no JSON");
  return NULL;
}

gboolean
tool_track_line_parse (const char *text, gsize size, ToolTrackLine *ret_line, char **ret_reason)
{
  g_autofree char *found = NULL;
  g_autoptr (JsonNode) root = parse (text, size, &found);

  return root ? read_object (json_node_get_object (root), ret_line, ret_reason) : refuse (ret_reason, found);
}

static gboolean
find_state (const char *name, GenreState *ret_state)
{
  static const GenreState states[] = { GENRE_STATE_OK, GENRE_STATE_SILENCE, GENRE_STATE_NOT_MUSIC,
    GENRE_STATE_TOO_SHORT };

  for (gsize i = 0; name && i < G_N_ELEMENTS (states); i++) {
    if (strcmp (name, tool_track_state_name (states[i])) == 0) {
      *ret_state = states[i];
      return TRUE;
    }
  }
  return FALSE;
}

static ToolIdentification *
read_heard (JsonObject *object, const char *const *labels)
{
  JsonNode *node = json_object_get_member (object, "probabilities");
  JsonObject *probabilities = node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  g_autofree char *state = read_string (object, "state"), *label = read_string (object, "label");
  ToolIdentification *heard = g_new0 (ToolIdentification, 1);

  while (labels[heard->n_labels])
    heard->n_labels++;
  heard->probabilities = g_new0 (double, heard->n_labels);
  heard->label = -1;
  for (unsigned i = 0; probabilities && i < heard->n_labels; i++) {
    heard->probabilities[i] = read_number (probabilities, labels[i]);
    if (g_strcmp0 (label, labels[i]) == 0)
      heard->label = (int) i;
  }
  heard->confidence = read_number (object, "confidence");
  heard->music = read_number (object, "music");
  heard->windows = (unsigned) MIN (read_count (object, "windows"), G_MAXUINT);
  heard->seconds = read_number (object, "duration");
  heard->spans = g_array_new (FALSE, FALSE, sizeof (ToolSpan));
  heard->genres = g_new0 (char *, 1);
  if (!find_state (state, &heard->state) || !probabilities)
    g_clear_pointer (&heard, tool_identification_free);
  return heard;
}

ToolIdentification *
tool_track_json_heard (const char *text, gsize size, const char *const *labels)
{
  g_autofree char *found = NULL;
  g_autoptr (JsonNode) root = parse (text, size, &found);

  return root ? read_heard (json_node_get_object (root), labels) : NULL;
}

void
tool_track_line_clear (ToolTrackLine *line)
{
  g_free (line->uri);
  g_free (line->file);
  g_free (line->model);
  g_free (line->error);
  g_free (line->label);
  *line = (ToolTrackLine){ 0 };
}
