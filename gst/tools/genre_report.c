/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/genre_report.h"

#include "gst/tools/cells.h"
#include "gst/tools/genre_name.h"
#include "models/file/printable.h"
#include "models/genre_aggregate.h"

#include <string.h>

enum
{
  MAX_DISAGREEMENTS = 20,
  MAX_OTHERS = 20, /* genres that the model has not, in the report */
};

typedef struct Disagreement
{
  double strength; /* probability of what is heard, less that of what is written */
  unsigned written, heard;
  double p_written, p_heard;
  char *name;
} Disagreement;

/* A genre that is no label. */
typedef struct Other
{
  char *name;    /* as it is written first */
  guint *counts; /* [n_labels], what its tracks sound like */
  guint tracks;
} Other;

struct ToolGenreReport
{
  unsigned n_labels;
  char **keys;   /* [n_labels], of the labels */
  guint *counts; /* [n_labels][n_labels], written and heard */
  guint tracks;  /* that were heard */
  guint silent;  /* of them, with no genre of their own */
  guint agree;
  GHashTable *others; /* key -> Other */
  GArray *strongest;  /* of Disagreement, the strongest first */
};

static void
free_other (gpointer data)
{
  Other *other = data;
  g_free (other->name);
  g_free (other->counts);
  g_free (other);
}

static void
clear_disagreement (gpointer data)
{
  g_free (((Disagreement *) data)->name);
}

ToolGenreReport *
tool_genre_report_new (const char *const *labels)
{
  ToolGenreReport *report = g_new0 (ToolGenreReport, 1);

  while (labels[report->n_labels])
    report->n_labels++;
  report->keys = g_new0 (char *, report->n_labels + 1);
  for (unsigned i = 0; i < report->n_labels; i++)
    report->keys[i] = tool_genre_key (labels[i]);
  report->counts = g_new0 (guint, (gsize) report->n_labels * report->n_labels);
  report->others = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_other);
  report->strongest = g_array_new (FALSE, FALSE, sizeof (Disagreement));
  g_array_set_clear_func (report->strongest, clear_disagreement);
  return report;
}

void
tool_genre_report_free (ToolGenreReport *report)
{
  if (!report)
    return;
  g_strfreev (report->keys);
  g_free (report->counts);
  g_hash_table_unref (report->others);
  g_array_unref (report->strongest);
  g_free (report);
}

/* --- a track ---------------------------------------------------------------------------------------------------- */

/* -1: no label. */
static int
find_label (const ToolGenreReport *report, const char *genre)
{
  g_autofree char *key = tool_genre_key (genre);

  for (unsigned i = 0; i < report->n_labels; i++) {
    if (strcmp (key, report->keys[i]) == 0)
      return (int) i;
  }
  return -1;
}

/* The first label among what is written, whole or in parts: "Pop/Rock; live".  -1: none. */
static int
find_written (const ToolGenreReport *report, char *const *genres)
{
  for (gsize i = 0; genres[i]; i++) {
    int label = find_label (report, genres[i]);
    g_auto (GStrv) parts = g_strsplit_set (genres[i], ";/,|", -1);
    for (gsize k = 0; parts[k] && label < 0; k++)
      label = find_label (report, parts[k]);
    if (label >= 0)
      return label;
  }
  return -1;
}

static void
count_other (ToolGenreReport *report, const char *genre, unsigned heard)
{
  g_autofree char *key = tool_genre_key (genre);
  Other *other = g_hash_table_lookup (report->others, key);

  if (!other) {
    other = g_new0 (Other, 1);
    other->name = printable_text (genre);
    other->counts = g_new0 (guint, report->n_labels);
    g_hash_table_insert (report->others, g_steal_pointer (&key), other);
  }
  other->counts[heard]++;
  other->tracks++;
}

/* Keeps it if it is among the strongest. */
static void
keep_disagreement (ToolGenreReport *report, const ToolTrack *track, unsigned written, unsigned heard)
{
  const double *p = track->heard->probabilities;
  const double strength = p[heard] - p[written];
  guint at = report->strongest->len;

  while (at > 0 && g_array_index (report->strongest, Disagreement, at - 1).strength < strength)
    at--;
  if (at >= MAX_DISAGREEMENTS)
    return;
  const Disagreement kept = { strength, written, heard, p[written], p[heard], g_strdup (track->input->location) };
  g_array_insert_val (report->strongest, at, kept);
  if (report->strongest->len > MAX_DISAGREEMENTS)
    g_array_set_size (report->strongest, MAX_DISAGREEMENTS);
}

void
tool_genre_report_add (ToolGenreReport *report, const ToolTrack *track)
{
  const ToolIdentification *found = track->heard;

  if (!found || found->confidence <= 0)
    return;
  const unsigned heard = genre_probabilities_top (found->probabilities, found->n_labels);
  const int written = find_written (report, found->genres);
  report->tracks++;
  if (!found->genres[0]) {
    report->silent++;
  } else if (written < 0) {
    count_other (report, found->genres[0], heard);
  } else {
    report->counts[(unsigned) written * report->n_labels + heard]++;
    if ((unsigned) written == heard)
      report->agree++;
    else
      keep_disagreement (report, track, (unsigned) written, heard);
  }
}

/* --- text ------------------------------------------------------------------------------------------------------- */

static guint
row_sum (const ToolGenreReport *report, unsigned row)
{
  guint sum = 0;

  for (unsigned i = 0; i < report->n_labels; i++)
    sum += report->counts[row * report->n_labels + i];
  return sum;
}

/* Rows: as it is written; columns: as it sounds. */
static void
append_table (const ToolGenreReport *report, GString *out, const ToolTextStyle *style)
{
  g_string_append (out, "\nwritten \\ heard");
  for (unsigned k = 0; k < report->n_labels; k++) {
    g_string_append (out, "  ");
    tool_cells_append (out, style->names[k], 7, TRUE);
  }
  g_string_append_c (out, '\n');
  for (unsigned i = 0; i < report->n_labels; i++) {
    if (row_sum (report, i) == 0)
      continue;
    tool_cells_append (out, style->names[i], strlen ("written \\ heard"), FALSE);
    for (unsigned k = 0; k < report->n_labels; k++) {
      const guint count = report->counts[i * report->n_labels + k];
      g_autofree char *text = count > 0 ? g_strdup_printf ("%u", count) : g_strdup (".");
      g_string_append (out, "  ");
      tool_cells_append (out, text, 7, TRUE);
    }
    g_string_append_c (out, '\n');
  }
}

static int
compare_others (gconstpointer a, gconstpointer b)
{
  const Other *x = a, *y = b;

  return x->tracks != y->tracks ? (x->tracks < y->tracks) - (x->tracks > y->tracks) : strcmp (x->name, y->name);
}

static void
append_others (const ToolGenreReport *report, GString *out, const ToolTextStyle *style)
{
  GList *others = g_list_sort (g_hash_table_get_values (report->others), compare_others);
  guint n = 0;

  if (others)
    g_string_append (out, "\nGenres that the model does not know, and what their tracks sound like most often:\n");
  for (const GList *item = others; item && n < MAX_OTHERS; item = item->next, n++) {
    const Other *other = item->data;
    unsigned best = 0;
    for (unsigned i = 1; i < report->n_labels; i++)
      best = other->counts[i] > other->counts[best] ? i : best;
    g_string_append_printf (out, "  %s: %u track%s, %u of them %s\n", other->name, other->tracks,
        other->tracks == 1 ? "" : "s", other->counts[best], style->names[best]);
  }
  g_list_free (others);
}

static void
append_disagreements (const ToolGenreReport *report, GString *out, const ToolTextStyle *style)
{
  if (report->strongest->len > 0)
    g_string_append (out, "\nThe strongest disagreements:\n");
  for (guint i = 0; i < report->strongest->len; i++) {
    const Disagreement *found = &g_array_index (report->strongest, Disagreement, i);
    g_autofree char *shown = printable_text (found->name);
    g_string_append_printf (out, "  %s %d %%, says %s (%d %%): %s\n", style->names[found->heard],
        tool_percent (found->p_heard), style->names[found->written], tool_percent (found->p_written), shown);
  }
}

void
tool_genre_report_append (const ToolGenreReport *report, GString *out, const ToolTextStyle *style)
{
  guint known = 0;

  for (unsigned i = 0; i < report->n_labels; i++)
    known += row_sum (report, i);
  g_string_append_printf (out, "\n%u tracks: %u without a genre, %u with one that the model knows", report->tracks,
      report->silent, known);
  if (known > 0) {
    g_string_append_printf (out, ", of which %u sound like it (%d %%)\n", report->agree,
        tool_percent ((double) report->agree / known));
    append_table (report, out, style);
  } else {
    g_string_append_c (out, '\n');
  }
  append_others (report, out, style);
  append_disagreements (report, out, style);
}
