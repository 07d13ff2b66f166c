/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/folder_genres.h"

#include "gst/tools/cells.h"
#include "models/file/json_write.h"
#include "models/file/printable.h"
#include "models/genre_aggregate.h"

enum
{
  MAX_NAMED = 3, /* genres of a folder whose tracks do not agree */
};

typedef struct Folder
{
  char *path;
  GenreAggregate *aggregate;
  guint *counts; /* [n_labels], tracks whose most probable genre it is */
  guint tracks;
} Folder;

struct ToolFolders
{
  unsigned n_labels;
  GHashTable *by_path;
  GPtrArray *order; /* of Folder */
};

static void
free_folder (gpointer data)
{
  Folder *folder = data;
  genre_aggregate_free (folder->aggregate);
  g_free (folder->counts);
  g_free (folder->path);
  g_free (folder);
}

ToolFolders *
tool_folders_new (unsigned n_labels)
{
  ToolFolders *folders = g_new0 (ToolFolders, 1);
  folders->n_labels = n_labels;
  folders->by_path = g_hash_table_new (g_str_hash, g_str_equal);
  folders->order = g_ptr_array_new_with_free_func (free_folder);
  return folders;
}

void
tool_folders_free (ToolFolders *folders)
{
  if (!folders)
    return;
  g_hash_table_unref (folders->by_path);
  g_ptr_array_unref (folders->order);
  g_free (folders);
}

static Folder *
find_folder (ToolFolders *folders, const char *path)
{
  Folder *folder = g_hash_table_lookup (folders->by_path, path);
  if (folder)
    return folder;

  folder = g_new0 (Folder, 1);
  folder->path = g_strdup (path);
  folder->counts = g_new0 (guint, folders->n_labels);
  folder->aggregate = genre_aggregate_new (folders->n_labels);
  if (!folder->aggregate)
    g_error ("out of memory");
  g_ptr_array_add (folders->order, folder);
  g_hash_table_insert (folders->by_path, folder->path, folder);
  return folder;
}

void
tool_folders_add (ToolFolders *folders, const ToolTrack *track)
{
  if (!track->heard || track->heard->confidence <= 0 || track->input->is_uri)
    return;
  g_autofree char *path = g_path_get_dirname (track->input->location);
  Folder *folder = find_folder (folders, path);

  genre_aggregate_add (folder->aggregate, track->heard->probabilities, 1);
  folder->counts[genre_probabilities_top (track->heard->probabilities, folders->n_labels)]++;
  folder->tracks++;
}

/* --- answers ---------------------------------------------------------------------------------------------------- */

typedef struct Answer
{
  const double *probabilities; /* [n_labels] */
  unsigned label;
  gboolean agree;
} Answer;

static Answer
answer (const ToolFolders *folders, const Folder *folder)
{
  const double *probabilities = genre_aggregate_probabilities (folder->aggregate);
  const unsigned label = genre_probabilities_top (probabilities, folders->n_labels);

  return (Answer){ probabilities, label, 3 * folder->counts[label] >= 2 * folder->tracks };
}

/* "mixed: 5 Jazz, 4 Blues" */
static void
append_mixed (GString *out, const ToolFolders *folders, const Folder *folder, char *const *names)
{
  g_autofree guint *left = g_memdup2 (folder->counts, folders->n_labels * sizeof *left);

  g_string_append (out, "mixed");
  for (unsigned rank = 0; rank < MAX_NAMED; rank++) {
    unsigned best = 0;
    for (unsigned i = 1; i < folders->n_labels; i++)
      best = left[i] > left[best] ? i : best;
    if (left[best] > 0)
      g_string_append_printf (out, "%s%u %s", rank == 0 ? ": " : ", ", left[best], names[best]);
    left[best] = 0;
  }
}

void
tool_folders_append_text (const ToolFolders *folders, GString *out, const ToolTextStyle *style)
{
  for (guint i = 0; i < folders->order->len; i++) {
    const Folder *folder = g_ptr_array_index (folders->order, i);
    const Answer found = answer (folders, folder);
    g_autoptr (GString) genre = g_string_new (NULL);
    g_autofree char *shown = printable_text (folder->path);

    if (found.agree)
      g_string_append_printf (genre, "%s %d %%", style->names[found.label],
          tool_percent (found.probabilities[found.label]));
    else
      append_mixed (genre, folders, folder, style->names);
    tool_cells_append (out, genre->str, MAX (style->label_cells + 6, tool_cells (genre->str)), FALSE);
    g_string_append_printf (out, "  %u track%s  %s%s\n", folder->tracks, folder->tracks == 1 ? "" : "s", shown,
        G_DIR_SEPARATOR_S);
  }
}

static void
append_json_folder (const ToolFolders *folders, const Folder *folder, GString *out, const char *uri,
    const char *const *labels)
{
  const Answer found = answer (folders, folder);
  g_autofree char *name = g_utf8_make_valid (folder->path, -1);

  g_string_append_c (out, '{');
  json_add_string (out, "folder", name);
  json_add_string (out, "uri", uri);
  json_add_count (out, "tracks", folder->tracks);
  json_add_boolean (out, "agree", found.agree);
  json_add_string (out, "label", found.agree ? labels[found.label] : "mixed");
  json_add_number (out, "confidence", found.probabilities[found.label]);
  json_open (out, "probabilities", '{');
  for (unsigned i = 0; i < folders->n_labels; i++)
    json_add_number (out, labels[i], found.probabilities[i]);
  g_string_append (out, "}}");
}

void
tool_folders_append_json (const ToolFolders *folders, GString *out, const char *const *labels,
    const ToolResults *results)
{
  for (guint i = 0; i < folders->order->len; i++) {
    const Folder *folder = g_ptr_array_index (folders->order, i);
    g_autofree char *whole = g_canonicalize_filename (folder->path, NULL), *uri = g_filename_to_uri (whole, NULL, NULL);
    g_autoptr (GString) line = g_string_new (NULL);

    append_json_folder (folders, folder, line, uri ? uri : "", labels);
    if (!tool_results_has_folder (results, uri ? uri : "", line->str))
      g_string_append_printf (out, "%s\n", line->str);
  }
}
