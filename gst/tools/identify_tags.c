/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/identify_tags.h"

#include "gst/tools/cells.h"
#include "gst/tools/genre_map.h"
#include "gst/tools/track_text.h"
#include "models/file/printable.h"

#include <string.h>

enum
{
  CHANGE_CELLS = 34, /* of "Rock -> Hip-Hop" */
};

struct ToolTags
{
  const ToolIdentifyOptions *options;
  const char *const *labels;
  char **names; /* [n_labels], "" for what is never written; ends in NULL */
  ToolTagConfig config;

  guint counts[TOOL_TAG_N_OUTCOMES];
  GHashTable *kinds;   /* "wav" -> how many of those that take no genre */
  GPtrArray *failures; /* of char *, "name: why" */
};

ToolTagConfig
tool_tags_config (const ToolIdentifyOptions *options)
{
  return (ToolTagConfig){
    .existing = options->existing_genres,
    .separator = options->separator ? options->separator : "; ",
    .dry_run = options->dry_run,
    .keep_mtime = options->preserve_mtime,
    .split_links = options->split_links,
  };
}

ToolTags *
tool_tags_new (const ToolIdentifyOptions *options, const char *model, const char *const *labels, GError **error)
{
  ToolTags *tags = g_new0 (ToolTags, 1);

  tags->options = options;
  tags->labels = labels;
  tags->config = tool_tags_config (options);
  tags->config.model = model;
  tags->config.log = options->dry_run ? NULL : tool_tag_log_new (options->tag_log);
  tags->kinds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  tags->failures = g_ptr_array_new_with_free_func (g_free);
  tags->names = tool_genre_map_read (options->genre_map, labels, error);
  if (!tags->names)
    g_clear_pointer (&tags, tool_tags_free);
  return tags;
}

void
tool_tags_free (ToolTags *tags)
{
  if (!tags)
    return;
  g_strfreev (tags->names);
  tool_tag_log_free (tags->config.log);
  g_hash_table_unref (tags->kinds);
  g_ptr_array_unref (tags->failures);
  g_free (tags);
}

/* --- which genre ------------------------------------------------------------------------------------------------ */

/* Sets WRITTEN if there are any, and why there are none else.  g_free() the array. */
static const char **
choose_names (const ToolTags *tags, const ToolTrack *track, ToolTagOutcome *ret_outcome)
{
  const guint most = MIN ((guint) tags->options->genres, track->heard->n_labels);
  g_autofree unsigned *labels = g_new0 (unsigned, track->heard->n_labels);
  const unsigned n = tool_track_top (track, most, labels);
  const char **names = g_new0 (const char *, n + 1);
  guint n_names = 0;

  *ret_outcome = TOOL_TAG_NO_GENRE;
  if (track->heard->state != GENRE_STATE_OK || track->heard->label < 0)
    return names;
  *ret_outcome = TOOL_TAG_UNSURE;
  for (unsigned i = 0; i < n && track->heard->probabilities[labels[i]] >= tags->options->min_confidence; i++) {
    const char *name = tags->names[labels[i]];
    if (i == 0)
      *ret_outcome = *name ? TOOL_TAG_WRITTEN : TOOL_TAG_NEVER;
    if (*name && !g_strv_contains (names, name))
      names[n_names++] = name;
  }
  return names;
}

void
tool_tags_apply (const ToolTags *tags, ToolTrack *track)
{
  ToolTagOutcome outcome;

  if (!track->heard)
    return;
  if (track->input->is_uri) {
    track->tag = tool_tag_result_new (TOOL_TAG_UNSUPPORTED);
    return;
  }
  g_autofree const char **names = choose_names (tags, track, &outcome);
  if (outcome != TOOL_TAG_WRITTEN) {
    track->tag = tool_tag_look (track->input->location, outcome);
    return;
  }
  track->tag = tool_tag_write (track->input->location, names, track->size, track->mtime_us, &tags->config);
  if (track->tag->outcome == TOOL_TAG_WRITTEN && !tags->config.dry_run)
    tool_track_stat (track->input, &track->size, &track->mtime_us);
}

/* --- what is said of a track ------------------------------------------------------------------------------------ */

/* "wav" for what its name says. */
static char *
kind_of (const ToolInput *input)
{
  const char *dot = strrchr (input->name, '.');

  if (input->is_uri)
    return g_strdup ("URI");
  return dot && dot[1] && strlen (dot + 1) <= 5 ? g_ascii_strdown (dot + 1, -1) : g_strdup ("unknown");
}

gboolean
tool_tags_count (ToolTags *tags, const ToolTrack *track, ToolProgress *progress)
{
  const ToolTagResult *tag = track->tag;

  if (!tag)
    return TRUE;
  tags->counts[tag->outcome]++;
  if (tag->outcome == TOOL_TAG_UNSUPPORTED) {
    char *kind = kind_of (track->input);
    const guint n = GPOINTER_TO_UINT (g_hash_table_lookup (tags->kinds, kind));
    g_hash_table_replace (tags->kinds, kind, GUINT_TO_POINTER (n + 1));
  }
  if (tag->outcome != TOOL_TAG_FAILED)
    return TRUE;
  tool_progress_message (progress, "%s: no genre written: %s", track->input->location, tag->reason);
  g_ptr_array_add (tags->failures, g_strdup_printf ("%s: %s", track->input->location, tag->reason));
  return FALSE;
}

/* The genre that was heard, as it would be written, or why there is none. */
static const char *
heard_name (const ToolTags *tags, const ToolTrack *track)
{
  const int label = track->heard->label;

  if (label < 0)
    return tool_track_word (track);
  return *tags->names[label] ? tags->names[label] : tags->labels[label];
}

static char *
describe (const ToolTags *tags, const ToolTrack *track)
{
  const ToolTagResult *tag = track->tag;
  g_autofree char *joined = g_strjoinv (", ", tag->before), *after = tag->after ? g_strjoinv (", ", tag->after) : NULL;
  g_autofree char *kind = kind_of (track->input);
  const char *old = *joined ? joined : "(none)", *heard = heard_name (tags, track);

  switch (tag->outcome) {
    case TOOL_TAG_WRITTEN:
      return g_strdup_printf ("%s -> %s", old, after);
    case TOOL_TAG_KEPT:
      return g_strdup_printf ("%s, kept; heard: %s", old, heard);
    case TOOL_TAG_SAME:
      return g_strdup_printf ("%s, the same", old);
    case TOOL_TAG_UNSURE:
      return g_strdup_printf ("%s; unsure: %s", old, heard);
    case TOOL_TAG_NO_GENRE:
      return g_strdup_printf ("%s; %s", old, heard);
    case TOOL_TAG_NEVER:
      return g_strdup_printf ("%s; never: %s", old, heard);
    case TOOL_TAG_UNSUPPORTED:
      return g_strdup_printf ("no tags into %s yet: %s", kind, heard);
    case TOOL_TAG_FAILED:
    case TOOL_TAG_N_OUTCOMES:
      break;
  }
  return g_strdup_printf ("%s; failed: %s", old, heard);
}

void
tool_tags_append_text (const ToolTags *tags, GString *out, const ToolTrack *track)
{
  g_autofree char *change = describe (tags, track), *shown = printable_text (change);
  g_autofree char *name = printable_text (track->input->location);

  g_string_append (out, shown);
  for (gsize cells = tool_cells (shown); cells < CHANGE_CELLS; cells++)
    g_string_append_c (out, ' ');
  g_string_append_printf (out, " %3d %%  %s\n", tool_percent (track->heard->confidence), name);
}

/* --- the summary ------------------------------------------------------------------------------------------------ */

static void
append_count (GString *out, guint count, const char *what)
{
  if (count > 0)
    g_string_append_printf (out, "%s%u %s", out->len > 0 ? ", " : "", count, what);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

static void
say_kinds (const ToolTags *tags)
{
  GList *kinds = g_list_sort (g_hash_table_get_keys (tags->kinds), compare_names);
  g_autoptr (GString) text = g_string_new (NULL);

  for (const GList *kind = kinds; kind; kind = kind->next)
    append_count (text, GPOINTER_TO_UINT (g_hash_table_lookup (tags->kinds, kind->data)), kind->data);
  g_list_free (kinds);
  if (text->len > 0)
    tool_say ("genres cannot be written into these kinds of files yet: %s; --sidecar writes a file beside each",
        text->str);
}

void
tool_tags_say (const ToolTags *tags)
{
  const guint *n = tags->counts;
  const char *log = tags->config.log ? tool_tag_log_path (tags->config.log) : NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  append_count (text, n[TOOL_TAG_WRITTEN], tags->config.dry_run ? "would be written" : "written");
  append_count (text, n[TOOL_TAG_KEPT], "had one, which was kept");
  append_count (text, n[TOOL_TAG_SAME], "had the same");
  append_count (text, n[TOOL_TAG_UNSURE], "not sure enough");
  append_count (text, n[TOOL_TAG_NO_GENRE], "silence, not music, too short or unknown");
  append_count (text, n[TOOL_TAG_NEVER], "never to be written");
  append_count (text, n[TOOL_TAG_UNSUPPORTED], "of other kinds");
  append_count (text, n[TOOL_TAG_FAILED], "failed");
  tool_say ("genres: %s", text->len > 0 ? text->str : "none written");
  say_kinds (tags);
  for (guint i = 0; i < tags->failures->len; i++)
    tool_say ("  %s", (const char *) g_ptr_array_index (tags->failures, i));
  if (log && n[TOOL_TAG_WRITTEN] > 0) {
    g_autofree char *quoted = g_shell_quote (log);
    tool_say ("gst-genre-1.0 identify --undo %s restores the old genres", quoted);
  }
}
