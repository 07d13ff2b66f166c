/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/timeline_text.h"

#include "gst/tools/track_json.h"
#include "models/file/json_write.h"

#include <string.h>

static const struct
{
  const char *word, *suffix;
} kinds[TOOL_N_TIMELINES] = {
  [TOOL_TIMELINE_TEXT] = { "text", ".txt" },
  [TOOL_TIMELINE_JSON] = { "json", ".timeline.json" }, /* .json is the sidecar's */
  [TOOL_TIMELINE_SRT] = { "srt", ".srt" },
  [TOOL_TIMELINE_VTT] = { "vtt", ".vtt" },
  [TOOL_TIMELINE_AUDACITY] = { "audacity", ".labels.txt" },
  [TOOL_TIMELINE_LRC] = { "lrc", ".lrc" },
};

static guint
find_kind (const char *word)
{
  for (guint i = 0; i < TOOL_N_TIMELINES; i++) {
    if (strcmp (word, kinds[i].word) == 0)
      return 1u << i;
  }
  return 0;
}

gboolean
tool_timeline_parse (const char *text, guint *ret_kinds)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);
  guint found = 0;

  for (gsize i = 0; words[i]; i++) {
    const guint kind = find_kind (words[i]);
    if (kind == 0)
      return FALSE;
    found |= kind;
  }
  *ret_kinds = found;
  return found != 0;
}

const char *
tool_timeline_suffix (ToolTimeline kind)
{
  return kinds[kind].suffix;
}

/* --- spans ------------------------------------------------------------------------------------------------------ */

/* "00:01:10,000", hours and milliseconds */
static void
append_clock (GString *out, double seconds, char point)
{
  const guint64 ms = (guint64) (seconds * 1000 + .5);

  g_string_append_printf (out, "%02u:%02u:%02u%c%03u", (unsigned) (ms / 3600000), (unsigned) (ms / 60000 % 60),
      (unsigned) (ms / 1000 % 60), point, (unsigned) (ms % 1000));
}

static void
append_caption (GString *out, const ToolSpan *span, char *const *names)
{
  g_string_append_printf (out, "%s %d %%\n", names[span->label], tool_percent (span->probability));
}

static void
append_text (GString *out, const ToolSpan *span, char *const *names)
{
  tool_text_append_time (out, span->start);
  g_string_append (out, " - ");
  tool_text_append_time (out, span->end);
  g_string_append (out, "  ");
  append_caption (out, span, names);
}

static void
append_srt (GString *out, guint index, const ToolSpan *span, char *const *names)
{
  g_string_append_printf (out, "%s%u\n", index > 0 ? "\n" : "", index + 1);
  append_clock (out, span->start, ',');
  g_string_append (out, " --> ");
  append_clock (out, span->end, ',');
  g_string_append_c (out, '\n');
  append_caption (out, span, names);
}

/* A caption is a little markup: & and < are not themselves. */
static void
append_vtt (GString *out, const ToolSpan *span, char *const *names)
{
  g_autofree char *name = g_markup_escape_text (names[span->label], -1);

  g_string_append_c (out, '\n');
  append_clock (out, span->start, '.');
  g_string_append (out, " --> ");
  append_clock (out, span->end, '.');
  g_string_append_printf (out, "\n%s %d %%\n", name, tool_percent (span->probability));
}

/* A point in every locale. */
static void
append_seconds (GString *out, double seconds)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (out, g_ascii_formatd (text, sizeof text, "%.6f", seconds));
}

static void
append_audacity (GString *out, const ToolSpan *span, char *const *names)
{
  append_seconds (out, span->start);
  g_string_append_c (out, '\t');
  append_seconds (out, span->end);
  g_string_append_printf (out, "\t%s\n", names[span->label]);
}

/* "[01:10.25]" */
static void
append_lrc_time (GString *out, double seconds)
{
  const guint64 hundredths = (guint64) (seconds * 100 + .5);

  g_string_append_printf (out, "[%02u:%02u.%02u]", (unsigned) (hundredths / 6000), (unsigned) (hundredths / 100 % 60),
      (unsigned) (hundredths % 100));
}

/* next: the span behind it, or NULL */
static void
append_lrc (GString *out, const ToolSpan *span, const ToolSpan *next, char *const *names)
{
  append_lrc_time (out, span->start);
  append_caption (out, span, names);
  if (next && next->start <= span->end)
    return;
  append_lrc_time (out, span->end);
  g_string_append_c (out, '\n');
}

static void
append_json (GString *out, const ToolTrack *track, const char *const *labels)
{
  const GArray *spans = track->heard->spans;
  g_autofree char *file = g_utf8_make_valid (track->input->location, -1), *uri = tool_input_uri (track->input);

  g_string_append_c (out, '{');
  json_add_string (out, "file", file);
  json_add_string (out, "uri", uri ? uri : "");
  json_open (out, "timeline", '[');
  for (guint i = 0; i < spans->len; i++) {
    g_string_append (out, i == 0 ? "\n  " : ",\n  ");
    tool_track_json_add_span (out, &g_array_index (spans, ToolSpan, i), labels);
  }
  g_string_append (out, "\n]}\n");
}

GString *
tool_timeline_text (ToolTimeline kind, const ToolTrack *track, char *const *names, const char *const *labels)
{
  const GArray *spans = track->heard->spans;
  GString *out = g_string_new (kind == TOOL_TIMELINE_VTT ? "WEBVTT\n" : NULL);

  if (kind == TOOL_TIMELINE_JSON) {
    append_json (out, track, labels);
    return out;
  }
  for (guint i = 0; i < spans->len; i++) {
    const ToolSpan *span = &g_array_index (spans, ToolSpan, i), *next = i + 1 < spans->len ? span + 1 : NULL;
    if (kind == TOOL_TIMELINE_TEXT)
      append_text (out, span, names);
    else if (kind == TOOL_TIMELINE_SRT)
      append_srt (out, i, span, names);
    else if (kind == TOOL_TIMELINE_VTT)
      append_vtt (out, span, names);
    else if (kind == TOOL_TIMELINE_AUDACITY)
      append_audacity (out, span, names);
    else
      append_lrc (out, span, next, names);
  }
  return out;
}
