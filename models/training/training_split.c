/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/training_split.h"

#include "models/file/json_write.h"
#include "models/training/pieces.h"

enum
{
  MOST_NAMES = 4,  /* of recordings that sound the same */
  MOST_NOTES = 10, /* of each kind */
};

/* What is known of a piece of music. */
typedef struct Piece
{
  int label;     /* -1: none */
  guint32 group; /* by its artist */
  guint64 key;   /* the least of its clips */
  gsize n_recordings;
  bool contradictory; /* its recordings have different labels */
  bool validates;     /* it is in a set that was given to validate on */
  bool learns;        /* it is in another set */
  bool known;         /* its artist */
} Piece;

/* A split in the making. */
typedef struct Load
{
  const TrainingSplitSet *sets; /* [n_sets] */
  gsize n_sets;
  const char *const *labels; /* [n_labels] */
  gsize n_labels;
  Pieces *pieces;
  Piece *piece; /* [pieces->n_pieces] */
  TrainingSplit *split;
} Load;

/* --- pieces ---------------------------------------------------------------------------------------------------- */

/* What a label of a clip counts for: the split, or the validation. */
static int
counted_label (const TrainingSplitSet *set, gsize clip)
{
  return set->labelled || set->validates ? set->label[clip] : -1;
}

static void
look_at_pieces (Load *load)
{
  const Pieces *pieces = load->pieces;
  g_autofree bool *seen = g_new0 (bool, pieces->n_recordings);

  load->piece = g_new0 (Piece, pieces->n_pieces);
  for (gsize p = 0; p < pieces->n_pieces; p++)
    load->piece[p] = (Piece){ .label = -1, .key = G_MAXUINT64 };
  for (gsize s = 0; s < load->n_sets; s++) {
    const TrainingSplitSet *set = &load->sets[s];
    for (gsize clip = pieces->first[s]; clip < pieces->first[s + 1]; clip++) {
      Piece *piece = &load->piece[pieces->piece[clip]];
      const int label = counted_label (set, clip - pieces->first[s]);
      piece->group = pieces->group[clip];
      piece->key = MIN (piece->key, pieces->key[clip]);
      piece->n_recordings += !seen[pieces->recording[clip]];
      piece->contradictory |= label >= 0 && piece->label >= 0 && label != piece->label;
      piece->label = label >= 0 ? label : piece->label;
      piece->validates |= set->validates;
      piece->learns |= !set->validates;
      piece->known |= pieces->artist[clip] >= 0;
      seen[pieces->recording[clip]] = true;
    }
  }
}

static void
count_contradictory (Load *load)
{
  const Pieces *pieces = load->pieces;
  g_autofree bool *seen = g_new0 (bool, pieces->n_recordings);

  for (gsize s = 0; s < load->n_sets; s++) {
    for (gsize clip = pieces->first[s]; clip < pieces->first[s + 1]; clip++) {
      const int label = counted_label (&load->sets[s], clip - pieces->first[s]);
      if (label < 0 || !load->piece[pieces->piece[clip]].contradictory || seen[pieces->recording[clip]])
        continue;
      seen[pieces->recording[clip]] = true;
      load->split->n_contradictory[label]++;
    }
  }
}

/* --- sides ----------------------------------------------------------------------------------------------------- */

/* held [n_pieces]  out */
static void
hold_back (Load *load, double fraction, guint64 seed, bool *held)
{
  const gsize n = load->pieces->n_pieces;
  g_autofree SplitItem *items = g_new (SplitItem, n);
  g_autoptr (GHashTable) groups = g_hash_table_new (g_direct_hash, g_direct_equal); /* their numbers among pieces + 1 */

  for (gsize p = 0; p < n; p++) {
    const Piece *piece = &load->piece[p];
    const gpointer group = GUINT_TO_POINTER (piece->group);
    if (!g_hash_table_contains (groups, group))
      g_hash_table_insert (groups, group, GSIZE_TO_POINTER (p + 1));
    items[p] = (SplitItem){ piece->contradictory ? -1 : piece->label,
      (guint32) GPOINTER_TO_SIZE (g_hash_table_lookup (groups, group)) - 1, piece->key };
  }
  load->split->labels = g_new0 (SplitLabel, load->n_labels);
  split_items (items, n, load->n_labels, fraction, seed, held, load->split->labels);
}

/* Of recordings that sound the same, only the first one validates: they are no two cases.  What is held back is learned
 * from in no set, with or without a label. */
static void
choose_sides (Load *load, const bool *held)
{
  const Pieces *pieces = load->pieces;
  g_autofree guint32 *heard = g_new0 (guint32, pieces->n_pieces); /* the recording that validates + 1 */

  for (gsize s = 0; s < load->n_sets; s++) {
    const TrainingSplitSet *set = &load->sets[s];
    for (gsize clip = pieces->first[s]; clip < pieces->first[s + 1]; clip++) {
      const guint32 p = pieces->piece[clip];
      const Piece *piece = &load->piece[p];
      const bool has_label = set->label[clip - pieces->first[s]] >= 0;
      TrainingSide side = held[p] || piece->validates ? TRAINING_NEITHER : TRAINING_LEARNS;

      if (piece->contradictory && (set->labelled || set->validates)) {
        side = TRAINING_NEITHER;
      } else if (has_label && (set->validates || (set->labelled && held[p]))) {
        if (heard[p] == 0)
          heard[p] = pieces->recording[clip] + 1;
        if (heard[p] == pieces->recording[clip] + 1)
          side = TRAINING_VALIDATES;
      }
      load->split->side[clip] = side;
    }
  }
}

/* --- for people ------------------------------------------------------------------------------------------------ */

/* "rock/a.wav", with its set if there are more than one. */
static void
append_recording (const Load *load, gsize set, gsize clip, GString *text)
{
  const GenreFeatureSet *from = load->sets[set].set;
  const char *name = genre_feature_set_clip_name (from, clip);

  if (load->n_sets > 1) {
    g_autofree char *base = g_path_get_basename (genre_feature_set_name (from));
    g_string_append_printf (text, "%s: ", base);
  }
  if (name && name[0] != '\0')
    g_string_append (text, name);
  else
    g_string_append_printf (text, "clip %" G_GSIZE_FORMAT, clip);
}

/* Appends "a", " and b", ", c and 2 more" to each piece of more than one recording.
 *
 * text [n_pieces]  out, of GString; NULL for the others */
static void
name_recordings (const Load *load, GString **text)
{
  const Pieces *pieces = load->pieces;
  g_autofree gsize *named = g_new0 (gsize, pieces->n_pieces);
  g_autofree bool *seen = g_new0 (bool, pieces->n_recordings);

  for (gsize s = 0; s < load->n_sets; s++) {
    for (gsize clip = pieces->first[s]; clip < pieces->first[s + 1]; clip++) {
      const guint32 p = pieces->piece[clip], r = pieces->recording[clip];
      const gsize n = load->piece[p].n_recordings;
      if (n < 2 || seen[r])
        continue;
      seen[r] = true;
      if (!text[p])
        text[p] = g_string_new (NULL);
      if (named[p] == MOST_NAMES)
        g_string_append_printf (text[p], " and %" G_GSIZE_FORMAT " more", n - MOST_NAMES);
      if (named[p] < MOST_NAMES) {
        g_string_append (text[p], named[p] == 0 ? "" : named[p] + 1 == n ? " and " : ", ");
        append_recording (load, s, clip - pieces->first[s], text[p]);
      }
      named[p]++;
    }
  }
}

static void
note_copies (Load *load)
{
  const gsize n = load->pieces->n_pieces;
  g_autofree GString **text = g_new0 (GString *, n);
  gsize unsaid = 0;

  name_recordings (load, text);
  for (gsize p = 0; p < n; p++) {
    const Piece *piece = &load->piece[p];
    if (!text[p])
      continue;
    if (piece->contradictory) {
      g_string_append (text[p], " sound the same and have different labels: they are left out");
      g_ptr_array_add (load->split->problems, g_string_free (text[p], FALSE));
    } else if (piece->validates && piece->learns) {
      g_string_append (text[p], " sound the same: what is to validate is not learned from");
      g_ptr_array_add (load->split->problems, g_string_free (text[p], FALSE));
    } else if (load->split->notes->len < MOST_NOTES) {
      g_string_append (text[p], " sound the same: they stay on one side");
      g_ptr_array_add (load->split->notes, g_string_free (text[p], FALSE));
    } else {
      g_string_free (text[p], TRUE);
      unsaid++;
    }
  }
  if (unsaid > 0)
    g_ptr_array_add (load->split->notes,
        g_strdup_printf ("and %" G_GSIZE_FORMAT " more times, recordings sound the same", unsaid));
}

/* Where a set was given to validate on, nobody asked for other artists in it: it is only said. */
static void
note_shared_artists (Load *load)
{
  const Pieces *pieces = load->pieces;
  g_autoptr (GHashTable) learned = g_hash_table_new (g_direct_hash, g_direct_equal);
  g_autoptr (GHashTable) shared = g_hash_table_new (g_direct_hash, g_direct_equal);

  for (gsize round = 0; round < 2; round++) {
    for (gsize s = 0; s < load->n_sets; s++) {
      for (gsize clip = pieces->first[s]; clip < pieces->first[s + 1]; clip++) {
        const gpointer artist = GINT_TO_POINTER (pieces->artist[clip] + 1);
        if (!artist || load->sets[s].validates != (round == 1))
          continue;
        if (round == 0)
          g_hash_table_add (learned, artist);
        else if (g_hash_table_contains (learned, artist))
          g_hash_table_add (shared, artist);
      }
    }
  }
  const guint n = g_hash_table_size (shared);
  if (n > 0)
    g_ptr_array_add (load->split->notes,
        g_strdup_printf ("%u known %s in the validation %s learned from too", n, n == 1 ? "artist" : "artists",
            n == 1 ? "is" : "are"));
}

/* Labels whose artists are on both sides. */
static void
note_labels (Load *load)
{
  for (gsize l = 0; l < load->n_labels; l++) {
    const SplitLabel *label = &load->split->labels[l];
    g_autofree char *quoted = json_quote (load->labels[l]);
    if (!label->by_item)
      continue;
    load->split->by_artist = false;
    if (label->n_groups == 1)
      g_ptr_array_add (load->split->notes,
          g_strdup_printf ("label %s: found one artist for its %" G_GSIZE_FORMAT " recordings: %" G_GSIZE_FORMAT
                           " held back, by the artist that is learned from",
              quoted, label->n_items, label->n_held));
    else
      g_ptr_array_add (load->split->notes,
          g_strdup_printf ("label %s: found %" G_GSIZE_FORMAT " artists for its %" G_GSIZE_FORMAT
                           " recordings, none with a third of them or less: %" G_GSIZE_FORMAT
                           " held back, by artists that are learned from",
              quoted, label->n_groups, label->n_items, label->n_held));
  }
}

/* "12 of 60 recordings held back; an artist is known of 55, 20 in all, each on one side". */
static void
note_split (Load *load)
{
  g_autoptr (GHashTable) artists = g_hash_table_new (g_direct_hash, g_direct_equal);
  gsize n = 0, n_held = 0, n_known = 0;

  for (gsize l = 0; l < load->n_labels; l++) {
    n += load->split->labels[l].n_items;
    n_held += load->split->labels[l].n_held;
  }
  for (gsize p = 0; p < load->pieces->n_pieces; p++)
    n_known += load->piece[p].label >= 0 && !load->piece[p].contradictory && load->piece[p].known;
  for (gsize clip = 0; clip < load->pieces->n_clips; clip++) {
    const Piece *piece = &load->piece[load->pieces->piece[clip]];
    if (piece->label >= 0 && !piece->contradictory && load->pieces->artist[clip] >= 0)
      g_hash_table_add (artists, GINT_TO_POINTER (load->pieces->artist[clip] + 1));
  }
  const guint n_artists = g_hash_table_size (artists);
  GString *text = g_string_new (NULL);
  g_string_append_printf (text, "%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " recordings held back", n_held, n);
  if (n_artists == 0)
    g_string_append (text, "; no artist is known");
  else
    g_string_append_printf (text, "; an artist is known of %" G_GSIZE_FORMAT ", %u in all%s", n_known, n_artists,
        load->split->by_artist ? ", each on one side" : "");
  g_ptr_array_add (load->split->notes, g_string_free (text, FALSE));
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

TrainingSplit *
training_split_new (const TrainingSplitSet *sets, gsize n_sets, const char *const *labels, gsize n_labels,
    double fraction, guint64 seed)
{
  g_autofree const GenreFeatureSet **all = g_new (const GenreFeatureSet *, n_sets);
  for (gsize s = 0; s < n_sets; s++)
    all[s] = sets[s].set;
  g_autoptr (Pieces) pieces = pieces_new (all, n_sets);
  g_autofree bool *held = g_new0 (bool, pieces->n_pieces);

  TrainingSplit *split = g_new0 (TrainingSplit, 1);
  Load load = { sets, n_sets, labels, n_labels, pieces, NULL, split };
  split->first = g_memdup2 (pieces->first, (n_sets + 1) * sizeof *pieces->first);
  split->side = g_new (TrainingSide, pieces->n_clips);
  split->n_contradictory = g_new0 (gsize, n_labels);
  split->problems = g_ptr_array_new_with_free_func (g_free);
  split->notes = g_ptr_array_new_with_free_func (g_free);

  look_at_pieces (&load);
  for (gsize p = 0; p < pieces->n_pieces; p++)
    split->by_artist |= load.piece[p].label >= 0 && !load.piece[p].contradictory && load.piece[p].known;
  count_contradictory (&load);
  note_copies (&load);
  note_shared_artists (&load);
  if (fraction > 0) {
    hold_back (&load, fraction, seed, held);
    note_labels (&load);
    note_split (&load);
  }
  choose_sides (&load, held);
  g_free (load.piece);
  return split;
}

void
training_split_free (TrainingSplit *split)
{
  if (!split)
    return;
  g_free (split->first);
  g_free (split->side);
  g_free (split->labels);
  g_free (split->n_contradictory);
  g_ptr_array_unref (split->problems);
  g_ptr_array_unref (split->notes);
  g_free (split);
}
