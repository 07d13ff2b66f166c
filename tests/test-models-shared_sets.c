/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The sets of ../shared/data, which others wrote: what its README says of them.  Exit 77, a skip, without them.
 */
#include "models/sets/feature_set.h"

#include "models/genre_model.h"
#include "tests/test.h"

#include <math.h>

/* What must be there; 0 measured: no teacher. */
typedef struct Known
{
  const char *file;
  gsize clips;
  gsize measured;
  gsize labelled;
} Known;

static const Known known[] = {
  { "gtzan-train", 442, 215, 442 },
  { "gtzan-valid", 197, 0, 197 },
  { "pool-0", 1063, 1063, G_MAXSIZE },
  { "pool-7", 648, 648, G_MAXSIZE },
};

/* Levels: within 80 dB of the loudest, and a real spread. */
static void
check_levels (const GenreFeatureSet *set, gsize clip, float *db)
{
  float least = HUGE_VALF, most = -HUGE_VALF;
  genre_feature_set_clip_db (set, clip, 0, 387, db);
  for (gsize i = 0; i < 387 * 64; i++) {
    least = fminf (least, db[i]);
    most = fmaxf (most, db[i]);
  }
  CHECK (most - least > 20 && most - least < 80.01f && most < 60 && least > -120, "%s, clip %zu: %g to %g dB",
      genre_feature_set_name (set), clip, (double) least, (double) most);
}

/* A teacher that heard music says so: "Music" is class 137 of AudioSet. */
static void
check_teacher (const GenreFeatureSet *set, gsize n_measured)
{
  float logits[527], embedding[384];
  double music = 0;
  gsize measured = 0;
  CHECK (genre_feature_set_n_windows (set) == 3 && genre_feature_set_n_embedding (set) == 384
          && genre_feature_set_n_logits (set) == 527,
      "%s", genre_feature_set_name (set));
  CHECK (genre_feature_set_teacher_classes (set) && g_str_equal (genre_feature_set_teacher_classes (set)[137], "Music"),
      "classes");
  for (gsize clip = 0; clip < genre_feature_set_n_clips (set); clip++) {
    genre_feature_set_embedding (set, clip, 2, embedding);
    if (!genre_feature_set_measured (set, clip))
      continue;
    measured++;
    genre_feature_set_logits (set, clip, 1, logits);
    music += (double) logits[137];
  }
  CHECK (measured == n_measured, "%s: measured %zu", genre_feature_set_name (set), measured);
  CHECK (music / (double) measured > 0, "%s: music %g", genre_feature_set_name (set), music / (double) measured);
}

static void
check_set (const char *directory, const Known *wanted, const GenreFrontend *frontend)
{
  g_autofree char *name = g_strconcat (wanted->file, ".safetensors", NULL);
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autofree float *db = g_new (float, 387 * 64);
  GError *error = NULL;
  g_autoptr (GenreFeatureSet) set = genre_feature_set_load (path, &error);
  CHECK (set, "%s", error->message);
  if (!set) {
    g_clear_error (&error);
    return;
  }
  CHECK (genre_feature_set_n_clips (set) == wanted->clips, "%s: %zu clips", wanted->file,
      genre_feature_set_n_clips (set));
  CHECK (genre_feature_set_n_frames (set) == 387 && genre_feature_set_n_bands (set) == 64, "%s", wanted->file);
  CHECK (genre_feature_set_n_labels (set) == 10, "%s: %zu labels", wanted->file, genre_feature_set_n_labels (set));
  CHECK (genre_feature_set_fits (set, frontend, &error), "%s", error->message);
  gsize labelled = 0;
  for (gsize clip = 0; clip < wanted->clips; clip++) {
    labelled += genre_feature_set_label (set, clip) >= 0;
    CHECK (genre_feature_set_clip_frames (set, clip) == 387, "length");
    check_levels (set, clip, db);
  }
  CHECK (wanted->labelled == G_MAXSIZE || labelled == wanted->labelled, "%s: %zu labelled", wanted->file, labelled);
  if (wanted->measured > 0)
    check_teacher (set, wanted->measured);
  else
    CHECK (genre_feature_set_n_windows (set) == 0, "%s", wanted->file);
}

int
main (void)
{
  const char *shared = g_getenv ("GENRE_SHARED");
  g_autofree char *directory = g_build_filename (shared ? shared : "", "data", NULL);
  if (!shared || !g_file_test (directory, G_FILE_TEST_IS_DIR)) {
    printf ("skipped: no feature sets; set GENRE_SHARED\n");
    return 77;
  }
  GenreModel *model = genre_model_default (NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    check_set (directory, &known[i], genre_model_frontend (model));
  genre_model_unref (model);
  TEST_END ();
}
