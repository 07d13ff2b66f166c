/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/tag_write.h"

#include "gst/tools/genre_name.h"
#include "gst/tools/tag_comments.h"
#include "gst/tools/tag_copy.h"
#include "gst/tools/tag_file.h"
#include "gst/tools/tag_flac.h"
#include "gst/tools/tag_mp3.h"
#include "gst/tools/tag_ogg.h"

#include <string.h>

ToolTagResult *
tool_tag_result_new (ToolTagOutcome outcome)
{
  ToolTagResult *result = g_new0 (ToolTagResult, 1);
  result->outcome = outcome;
  result->before = g_new0 (char *, 1);
  return result;
}

void
tool_tag_result_free (ToolTagResult *result)
{
  if (!result)
    return;
  g_strfreev (result->before);
  g_strfreev (result->after);
  g_free (result->reason);
  g_free (result);
}

const char *
tool_tag_result_state (const ToolTagResult *result)
{
  static const char *const states[TOOL_TAG_N_OUTCOMES] = { "written", "kept", "same", "unsure", "no-genre", "never",
    "unsupported", "failed" };

  return result->dry && result->outcome == TOOL_TAG_WRITTEN ? "would-write" : states[result->outcome];
}

/* A file on its way. */
typedef struct Edit
{
  const ToolTagConfig *config;
  ToolTagCopy *copy;
  ToolTagFormat format;
  ToolTagSurvey *survey; /* of the original */
  ToolTagResult *result;

  /* as they are to be */
  GPtrArray *genres; /* of ToolTagGenre; NULL: the names count, in an MP4 */
  const char *const *names;
} Edit;

static gboolean
open_original (Edit *edit, const char *path, GError **error)
{
  edit->copy = tool_tag_copy_new (path, error);
  if (edit->copy)
    edit->format = tool_tag_recognise (tool_tag_copy_original (edit->copy));
  return edit->copy != NULL;
}

/* Takes what is in it; the result stays, FAILED if there is an error. */
static ToolTagResult *
finish (Edit *edit, GError *error)
{
  if (error) {
    edit->result->outcome = TOOL_TAG_FAILED;
    edit->result->reason = g_strdup (error->message);
    g_clear_pointer (&edit->result->after, g_strfreev);
  }
  g_clear_pointer (&edit->copy, tool_tag_copy_free);
  g_clear_pointer (&edit->survey, tool_tag_survey_free);
  g_clear_pointer (&edit->genres, g_ptr_array_unref);
  g_clear_error (&error);
  return edit->result;
}

/* --- what it has ------------------------------------------------------------------------------------------------ */

static gboolean
read_genres (Edit *edit, const char *path, GError **error)
{
  char **genres = tool_tag_file_genres (path, edit->format);

  if (!genres && edit->format == TOOL_TAG_OTHER)
    return TRUE; /* it is no failure of a kind that is only looked at */
  if (!genres)
    return tool_tag_refuse (error, "TagLib cannot read its tags");
  g_strfreev (edit->result->before);
  edit->result->before = genres;
  return TRUE;
}

ToolTagResult *
tool_tag_look (const char *path, ToolTagOutcome outcome)
{
  Edit edit = { .result = tool_tag_result_new (outcome) };
  GError *error = NULL;

  if (open_original (&edit, path, &error) && read_genres (&edit, path, &error) && edit.format == TOOL_TAG_OTHER)
    edit.result->outcome = TOOL_TAG_UNSUPPORTED;
  return finish (&edit, error);
}

char **
tool_tag_genres (const char *path)
{
  g_autoptr (ToolTagResult) result = tool_tag_look (path, TOOL_TAG_KEPT);
  return g_steal_pointer (&result->before);
}

/* --- what it is to have ----------------------------------------------------------------------------------------- */

/* names: of char *, not NULL-terminated */
static gboolean
has_genre (const GPtrArray *names, const char *name)
{
  g_autofree char *key = tool_genre_key (name);

  for (guint i = 0; i < names->len; i++) {
    g_autofree char *other = tool_genre_key (g_ptr_array_index (names, i));
    if (strcmp (key, other) == 0)
      return TRUE;
  }
  return FALSE;
}

/* Genres that are in one value count one by one.  Of char *. */
static GPtrArray *
split_genres (char *const *genres, const char *separator)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  for (; *genres; genres++) {
    g_auto (GStrv) parts = g_strsplit (*genres, separator, -1);
    for (guint i = 0; parts[i]; i++) {
      const char *name = g_strstrip (parts[i]);
      if (*name && !has_genre (names, name))
        g_ptr_array_add (names, g_strdup (name));
    }
  }
  return names;
}

/* Sets result->after and WRITTEN, or another outcome.  names: that were heard, ends in NULL */
static void
decide (Edit *edit, const char *const *names)
{
  ToolTagResult *result = edit->result;
  g_autoptr (GPtrArray) old = split_genres (result->before, edit->config->separator);
  g_autoptr (GPtrArray) wanted = g_ptr_array_new_with_free_func (g_free);
  guint n_new = 0;

  if (old->len > 0 && edit->config->existing == TOOL_EXISTING_KEEP) {
    result->outcome = TOOL_TAG_KEPT;
    return;
  }
  for (guint i = 0; edit->config->existing == TOOL_EXISTING_ADD && i < old->len; i++)
    g_ptr_array_add (wanted, g_strdup (g_ptr_array_index (old, i)));
  for (; *names; names++) {
    n_new += !has_genre (old, *names);
    if (!has_genre (wanted, *names))
      g_ptr_array_add (wanted, g_strdup (*names));
  }
  if (n_new == 0 && wanted->len == old->len) {
    result->outcome = TOOL_TAG_SAME;
    return;
  }
  g_ptr_array_add (wanted, NULL);
  result->outcome = TOOL_TAG_WRITTEN;
  result->dry = edit->config->dry_run;
  result->after = (char **) g_ptr_array_free (g_steal_pointer (&wanted), FALSE);
}

static gboolean
render_genres (Edit *edit, GError **error)
{
  edit->names = (const char *const *) edit->result->after;
  if (edit->format == TOOL_TAG_M4A)
    return TRUE;
  if (edit->format == TOOL_TAG_MP3) {
    g_autofree char *joined = g_strjoinv (edit->config->separator, edit->result->after);
    edit->genres = tool_tag_mp3_genres (edit->survey, edit->names, joined, tool_tag_file_genre_number (edit->names[0]),
        error);
  } else {
    edit->genres = tool_comments_genres (edit->survey, edit->names);
  }
  return edit->genres != NULL;
}

/* --- the copy --------------------------------------------------------------------------------------------------- */

static GArray *
choose_pieces (const Edit *edit, GError **error)
{
  const ToolTagReader *original = tool_tag_copy_original (edit->copy);

  if (edit->format == TOOL_TAG_MP3)
    return tool_tag_mp3_edit (original, edit->genres, error);
  if (edit->format == TOOL_TAG_FLAC)
    return tool_tag_flac_edit (original, edit->genres, error);
  GArray *pieces = tool_tag_pieces_new ();
  tool_tag_pieces_add_range (pieces, 0, original->size);
  return pieces;
}

/* What TagLib does with a whole copy. */
static gboolean
change_copy (const Edit *edit, GError **error)
{
  const char *path = tool_tag_copy_path (edit->copy);
  gboolean changed = TRUE;

  if (edit->format == TOOL_TAG_M4A) {
    changed = tool_tag_file_set_atoms (path, edit->names);
  } else if (edit->format == TOOL_TAG_OGG || edit->format == TOOL_TAG_OPUS) {
    g_autoptr (GBytes) packet = tool_tag_ogg_edit (tool_tag_copy_original (edit->copy), edit->genres, error);
    if (!packet)
      return FALSE;
    changed = tool_tag_file_set_comments (path, packet);
  }
  return changed || tool_tag_refuse (error, "TagLib cannot write into a copy of it");
}

static gboolean
make_copy (const Edit *edit, GError **error)
{
  g_autoptr (GArray) pieces = choose_pieces (edit, error);

  return pieces && tool_tag_copy_write (edit->copy, pieces, error) && change_copy (edit, error);
}

/* Whether the genres are those that were to be written.  copy: a survey of it */
static gboolean
has_wanted (const Edit *edit, const ToolTagSurvey *copy)
{
  if (edit->genres)
    return tool_tag_genres_equal (edit->genres, copy->genres);
  g_auto (GStrv) names = tool_tag_file_genres (tool_tag_copy_path (edit->copy), edit->format);
  return names && g_strv_equal ((const char *const *) names, edit->names);
}

/* NULL: the copy is not what it should be, and the file is left alone. */
static ToolTagSurvey *
verify (const Edit *edit, GError **error)
{
  ToolTagReader reader;
  if (!tool_tag_copy_read (edit->copy, &reader, error))
    return NULL;
  g_autoptr (ToolTagSurvey) copy = tool_tag_survey_new (&reader, error);
  if (!copy) {
    g_prefix_error (error, "a copy with the new genre would be damaged: ");
    return NULL;
  }
  g_autofree char *difference = tool_tag_survey_differ (edit->survey, copy);
  if (difference)
    tool_tag_refuse (error, "%s, so it is left alone", difference);
  else if (!has_wanted (edit, copy))
    tool_tag_refuse (error, "the genre would not be what it should be, so it is left alone");
  else
    return g_steal_pointer (&copy);
  return NULL;
}

/* now: a survey of the copy */
static gboolean
add_to_log (const Edit *edit, const ToolTagSurvey *now, GError **error)
{
  ToolTagEntry entry = {
    .uri = g_filename_to_uri (tool_tag_copy_original_path (edit->copy), NULL, NULL),
    .format = edit->format,
    .model = g_strdup (edit->config->model),
    .before = edit->result->before,
    .after = edit->result->after,
    .old = edit->survey->genres,
    .now = now->genres,
  };

  const gboolean ok = !edit->config->log || tool_tag_log_add (edit->config->log, &entry, error);
  g_free (entry.uri);
  g_free (entry.model);
  return ok;
}

static gboolean
replace (const Edit *edit, GError **error)
{
  if (!make_copy (edit, error))
    return FALSE;
  g_autoptr (ToolTagSurvey) now = verify (edit, error);
  return now && tool_tag_copy_dress (edit->copy, edit->config->keep_mtime, error) && add_to_log (edit, now, error)
      && tool_tag_copy_place (edit->copy, error);
}

/* --- a genre in ------------------------------------------------------------------------------------------------- */

static gboolean
is_as_heard (const Edit *edit, guint64 size, gint64 mtime_us, GError **error)
{
  guint64 size_now;
  gint64 mtime_now;

  tool_tag_copy_stat (edit->copy, &size_now, &mtime_now);
  return (size == size_now && mtime_us == mtime_now)
      || tool_tag_refuse (error, "somebody has changed it since it was heard");
}

static gboolean
write_genres (Edit *edit, GError **error)
{
  if (!tool_tag_copy_may_write (edit->copy, edit->config->split_links, error))
    return FALSE;
  edit->survey = tool_tag_survey_new (tool_tag_copy_original (edit->copy), error);
  return edit->survey && render_genres (edit, error) && (edit->config->dry_run || replace (edit, error));
}

ToolTagResult *
tool_tag_write (const char *path, const char *const *names, guint64 size, gint64 mtime_us, const ToolTagConfig *config)
{
  Edit edit = { .config = config, .result = tool_tag_result_new (TOOL_TAG_UNSUPPORTED) };
  GError *error = NULL;

  if (!open_original (&edit, path, &error) || !read_genres (&edit, path, &error) || edit.format == TOOL_TAG_OTHER
      || !is_as_heard (&edit, size, mtime_us, &error))
    return finish (&edit, error);
  decide (&edit, names);
  if (edit.result->outcome == TOOL_TAG_WRITTEN)
    write_genres (&edit, &error);
  return finish (&edit, error);
}

/* --- and back --------------------------------------------------------------------------------------------------- */

static GPtrArray *
copy_genres (const GPtrArray *genres)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func (tool_tag_genre_free);

  for (guint i = 0; i < genres->len; i++) {
    const ToolTagGenre *genre = g_ptr_array_index (genres, i);
    g_ptr_array_add (copy, tool_tag_genre_new (genre->layer, genre->at, genre->data));
  }
  return copy;
}

static gboolean
undo_genres (Edit *edit, const ToolTagEntry *entry, GError **error)
{
  edit->survey = tool_tag_survey_new (tool_tag_copy_original (edit->copy), error);
  if (!edit->survey)
    return FALSE;
  if (tool_tag_genres_equal (edit->survey->genres, entry->old)) {
    edit->result->outcome = TOOL_TAG_SAME;
    return TRUE;
  }
  if (edit->format != entry->format || !tool_tag_genres_equal (edit->survey->genres, entry->now))
    return tool_tag_refuse (error, "its genre is not the one that was written: somebody has changed it since");
  if (!tool_tag_copy_may_write (edit->copy, edit->config->split_links, error))
    return FALSE;
  edit->result->after = g_strdupv (entry->before);
  edit->names = (const char *const *) edit->result->after;
  if (edit->format != TOOL_TAG_M4A)
    edit->genres = copy_genres (entry->old);
  return edit->config->dry_run || replace (edit, error);
}

ToolTagResult *
tool_tag_undo (const char *path, const ToolTagEntry *entry, const ToolTagConfig *config)
{
  Edit edit = { .config = config, .result = tool_tag_result_new (TOOL_TAG_WRITTEN) };
  GError *error = NULL;

  if (open_original (&edit, path, &error) && edit.format == TOOL_TAG_OTHER)
    tool_tag_refuse (&error, "it is of another kind now");
  else if (edit.copy && read_genres (&edit, path, &error))
    undo_genres (&edit, entry, &error);
  return finish (&edit, error);
}
