/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What can be learned from what train is given: the half of train_sources.h that looks ahead.
 */
#include "gst/tools/train_sources.h"

#include "models/sets/feature_set.h"

/* Labels, and how many recordings each has. */
typedef struct Count
{
  GHashTable *recordings; /* label -> number */
  GPtrArray *labels;      /* of char *, as they were found */
} Count;

static void
count (Count *counts, const char *label, guint n)
{
  gpointer before = NULL;
  if (!g_hash_table_lookup_extended (counts->recordings, label, NULL, &before))
    g_ptr_array_add (counts->labels, g_strdup (label));
  g_hash_table_insert (counts->recordings, g_strdup (label), GUINT_TO_POINTER (GPOINTER_TO_UINT (before) + n));
}

static void
count_set (Count *counts, const GenreFeatureSet *set)
{
  const char *const *labels = genre_feature_set_labels (set);
  const gsize n_labels = genre_feature_set_n_labels (set);
  g_autofree guint *n = g_new0 (guint, n_labels + 1);
  g_autofree gboolean *seen = g_new0 (gboolean, genre_feature_set_n_tracks (set));

  for (gsize i = 0; i < genre_feature_set_n_clips (set); i++) {
    const int label = genre_feature_set_label (set, i);
    if (label >= 0 && !seen[genre_feature_set_track (set, i)])
      n[label]++;
    seen[genre_feature_set_track (set, i)] = TRUE;
  }
  for (gsize i = 0; i < n_labels; i++)
    if (n[i] > 0)
      count (counts, labels[i], n[i]);
}

/* FALSE: said on stderr. */
static gboolean
count_source (Count *counts, const ToolTrainSource *source)
{
  g_autofree char *shown = g_filename_display_name (source->path);
  g_autoptr (GError) error = NULL;

  if (!source->files) {
    g_autoptr (GenreFeatureSet) set = genre_feature_set_load (source->path, &error);
    if (set)
      count_set (counts, set);
    else
      tool_fail ("%s", error->message);
    return set != NULL;
  }
  if (source->files->labels->len == 0)
    return tool_reject ("%s: expected one folder per genre, found %u files in no folder", shown,
        source->files->files->len);
  for (guint i = 0; i < source->files->files->len; i++) {
    const int label = tool_train_file_of (source, i)->label;
    if (label >= 0)
      count (counts, g_ptr_array_index (source->files->labels, (guint) label), 1);
  }
  return TRUE;
}

static gboolean
check_counts (const ToolTrainSources *sources, const Count *learned, const Count *validated)
{
  gboolean common = FALSE;

  if (learned->labels->len < 2)
    return tool_reject ("expected music with two labels or more, found %s%s",
        learned->labels->len == 1 ? "only " : "none",
        learned->labels->len == 1 ? (const char *) g_ptr_array_index (learned->labels, 0) : "");
  for (guint i = 0; i < learned->labels->len; i++) {
    const char *label = g_ptr_array_index (learned->labels, i);
    common |= g_hash_table_contains (validated->recordings, label);
    if (!sources->validates && sources->recipe->protocol == TRAIN_PROTOCOL_GROUPS
        && GPOINTER_TO_UINT (g_hash_table_lookup (learned->recordings, label)) < 2)
      return tool_reject (
          "label \"%s\": expected two recordings or more, one to learn from and one to validate on, found one; "
          "--validation none trains without",
          label);
  }
  if (sources->validates && !common) {
    const ToolTrainSource *last = tool_train_source_of (sources, sources->list->len - 1);
    g_autofree char *shown = g_filename_display_name (last->path);
    return tool_reject ("%s: expected music with labels of the model to validate on, found none", shown);
  }
  return TRUE;
}

/* Directories have no teacher. */
static gboolean
check_teacher (const ToolTrainSources *sources, gsize group)
{
  static const TrainLoss losses[] = { TRAIN_LOSS_PSEUDO_LABELS, TRAIN_LOSS_TEACHER_EMBEDDING,
    TRAIN_LOSS_TEACHER_LOGITS };

  for (guint i = 0; i < sources->list->len; i++) {
    const ToolTrainSource *source = tool_train_source_of (sources, i);
    if (source->role != TRAINING_ROLE_VALIDATES && !source->files
        && train_recipe_group (sources->recipe, source->set) == (int) group)
      return TRUE;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (losses); i++)
    if (training_data_wants (sources->recipe, group, losses[i]))
      return tool_reject ("the recipe learns %s: expected feature sets that have a teacher's, found directories",
          train_loss_name (losses[i]));
  return TRUE;
}

static gboolean
check_labels (const ToolTrainSources *sources)
{
  Count counts[2]; /* learned from, validated on */
  gboolean ok = TRUE, wanted = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++) {
    counts[i].recordings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    counts[i].labels = g_ptr_array_new_with_free_func (g_free);
  }
  for (guint i = 0; ok && i < sources->list->len; i++) {
    const ToolTrainSource *source = tool_train_source_of (sources, i);
    const gboolean validates = source->role == TRAINING_ROLE_VALIDATES;
    const int group = train_recipe_group (sources->recipe, source->set);
    if (source->role == TRAINING_ROLE_NOT_MUSIC)
      continue;
    if (validates || training_data_wants (sources->recipe, (gsize) group, TRAIN_LOSS_LABELS)) {
      ok = count_source (&counts[validates], source);
      wanted |= !validates;
    }
  }
  ok = ok && (!wanted || check_counts (sources, &counts[0], &counts[1]));
  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++) {
    g_hash_table_unref (counts[i].recordings);
    g_ptr_array_unref (counts[i].labels);
  }
  return ok;
}

gboolean
tool_train_sources_check (const ToolTrainSources *sources)
{
  g_autofree TrainingSource *list = tool_train_sources_list (sources);
  g_autoptr (GError) error = NULL;
  gboolean decodes = FALSE;

  for (guint i = 0; i < sources->list->len; i++)
    decodes |= tool_train_source_of (sources, i)->files != NULL;
  if (!training_data_match (sources->recipe, list, sources->list->len, &error))
    return tool_reject ("%s", error->message);
  for (gsize i = 0; i < sources->recipe->n_data; i++)
    if (!check_teacher (sources, i))
      return FALSE;
  return !decodes || check_labels (sources); /* sets alone say it all when they are loaded, at once */
}
