/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/identify_summary.h"

#include "gst/tools/tool.h"

enum
{
  MAX_SHARES = 6,
};

struct ToolSummary
{
  unsigned n_labels;
  guint heard, silent, not_music, too_short, unknown;
  guint *counts; /* [n_labels] */
  double seconds;
  GPtrArray *failures; /* of char *, "name: why" */
};

ToolSummary *
tool_summary_new (unsigned n_labels)
{
  ToolSummary *summary = g_new0 (ToolSummary, 1);
  summary->n_labels = n_labels;
  summary->counts = g_new0 (guint, n_labels);
  summary->failures = g_ptr_array_new_with_free_func (g_free);
  return summary;
}

void
tool_summary_free (ToolSummary *summary)
{
  if (!summary)
    return;
  g_free (summary->counts);
  g_ptr_array_unref (summary->failures);
  g_free (summary);
}

void
tool_summary_add (ToolSummary *summary, const ToolTrack *track)
{
  const ToolIdentification *heard = track->heard;

  if (!heard) {
    g_ptr_array_add (summary->failures, g_strdup_printf ("%s: %s", track->input->location, track->error));
    return;
  }
  summary->heard++;
  summary->seconds += heard->seconds;
  if (heard->label >= 0)
    summary->counts[heard->label]++;
  else if (heard->state == GENRE_STATE_SILENCE)
    summary->silent++;
  else if (heard->state == GENRE_STATE_NOT_MUSIC)
    summary->not_music++;
  else if (heard->state == GENRE_STATE_TOO_SHORT)
    summary->too_short++;
  else
    summary->unknown++;
}

guint
tool_summary_failed (const ToolSummary *summary)
{
  return summary->failures->len;
}

/* 1204 -> "1,204" */
static void
append_count (GString *out, guint64 count)
{
  g_autofree char *digits = g_strdup_printf ("%" G_GUINT64_FORMAT, count);

  for (gsize i = 0, n = strlen (digits); i < n; i++) {
    if (i > 0 && (n - i) % 3 == 0)
      g_string_append_c (out, ',');
    g_string_append_c (out, digits[i]);
  }
}

static void
append_share (GString *out, const ToolSummary *summary, guint count, const char *name, gboolean *first)
{
  if (count == 0)
    return;
  g_string_append_printf (out, "%s%d %% %s", *first ? "" : ", ", tool_percent ((double) count / summary->heard), name);
  *first = FALSE;
}

/* "31 % Rock, 14 % Jazz, 9 % others" */
static void
append_shares (GString *out, const ToolSummary *summary, char *const *names)
{
  g_autofree guint *left = g_memdup2 (summary->counts, summary->n_labels * sizeof *left);
  gboolean first = TRUE;
  guint others = 0;

  for (guint rank = 0; rank < MAX_SHARES; rank++) {
    unsigned best = 0;
    for (unsigned i = 1; i < summary->n_labels; i++)
      best = left[i] > left[best] ? i : best;
    append_share (out, summary, left[best], names[best], &first);
    left[best] = 0;
  }
  for (unsigned i = 0; i < summary->n_labels; i++)
    others += left[i];
  append_share (out, summary, others, "other genres", &first);
  append_share (out, summary, summary->silent, "silence", &first);
  append_share (out, summary, summary->not_music, "not music", &first);
  append_share (out, summary, summary->too_short, "too short", &first);
  append_share (out, summary, summary->unknown, "unknown", &first);
}

static void
say_heard (const ToolSummary *summary, char *const *names, double wall_seconds)
{
  g_autoptr (GString) text = g_string_new (NULL);

  append_count (text, summary->heard);
  g_string_append (text, summary->heard == 1 ? " track, " : " tracks, ");
  tool_text_append_time (text, summary->seconds);
  g_string_append (text, " of audio in ");
  if (wall_seconds < 10)
    g_string_append_printf (text, "%.1f s", wall_seconds);
  else
    tool_text_append_time (text, wall_seconds);
  if (wall_seconds > 0) {
    g_string_append (text, " (");
    append_count (text, (guint64) (summary->seconds / wall_seconds + .5));
    g_string_append (text, " x real time)");
  }
  tool_say ("%s", text->str);
  g_string_truncate (text, 0);
  append_shares (text, summary, names);
  if (summary->heard > 1)
    tool_say ("%s", text->str);
}

void
tool_summary_say (const ToolSummary *summary, char *const *names, double wall_seconds, guint before,
    const ToolWalk *walk)
{
  const guint failed = summary->failures->len;

  if (before > 0)
    tool_say ("%u tracks were done before", before);
  if (summary->heard > 0)
    say_heard (summary, names, wall_seconds);
  if (walk->left_out > 0)
    tool_say ("%u other files, which are not music, were left out", walk->left_out);
  if (walk->repeated > 0)
    tool_say ("%u names refer to a file that was named before", walk->repeated);
  if (failed > 0)
    tool_say ("%u of %u could not be identified:", failed, failed + summary->heard);
  for (guint i = 0; i < failed; i++)
    tool_say ("  %s", (const char *) g_ptr_array_index (summary->failures, i));
}
