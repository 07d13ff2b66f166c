/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/training/augment.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* A mask of 0 ... widest cells anywhere among n. */
static void
draw_mask (Random *random, unsigned widest, gsize n, unsigned *ret_first, unsigned *ret_n)
{
  const gsize width = random_below (random, MIN (widest, n) + 1);
  *ret_n = (unsigned) width;
  *ret_first = (unsigned) random_below (random, n - width + 1);
}

/* Every number is drawn whether it is wanted or not: one option does not change what the others do. */
Augment
augment_draw (const AugmentConfig *config, Random *random, gsize n_frames, gsize n_bands)
{
  Augment augment = { .stretch = 1 };

  /* Even on a logarithmic scale: half and double are equally far. */
  augment.stretch = exp (random_between (random, log (config->stretch_min), log (config->stretch_max)));
  augment.gain_db = (config->gain_min_db + config->gain_max_db) / 2
      + (config->gain_max_db - config->gain_min_db) / 2 * random_between (random, -1, 1);
  for (unsigned k = 0; k < AUGMENT_EQUALIZER_TERMS; k++) {
    /* Each cosine has a mean square of 1/2: together the curve has the deviation that is asked for. */
    augment.equalizer_db[k] = config->equalizer_db * sqrt (2. / AUGMENT_EQUALIZER_TERMS) * random_normal (random);
  }
  augment.shift_bands = (int) random_below (random, 2 * (gsize) config->shift_bands + 1) - (int) config->shift_bands;
  draw_mask (random, config->mask_bands, n_bands, &augment.first_band, &augment.n_bands);
  draw_mask (random, config->mask_frames, n_frames, &augment.first_frame, &augment.n_frames);
  return augment;
}

void
augment_stretch (const float *clip, gsize clip_frames, gsize bands, double first, double stretch, float *out,
    gsize n_frames)
{
  assert (clip_frames >= 1 && first >= 0 && stretch > 0);

  for (gsize t = 0; t < n_frames; t++, out += bands) {
    const double position = first + (double) t * stretch;
    const gsize before = (gsize) position;
    const float share = (float) (position - (double) before);
    const float *a = clip + before % clip_frames * bands, *b = clip + (before + 1) % clip_frames * bands;

    for (gsize k = 0; k < bands; k++)
      out[k] = a[k] + share * (b[k] - a[k]);
  }
}

/* in place: row [bands], moved up by `shift` */
static void
shift_row (float *row, gsize bands, int shift)
{
  const gsize n = MIN ((gsize) ABS (shift), bands - 1);
  if (shift > 0) {
    memmove (row + n, row, (bands - n) * sizeof *row);
    for (gsize b = 0; b < n; b++)
      row[b] = row[n];
  } else {
    memmove (row, row + n, (bands - n) * sizeof *row);
    for (gsize b = bands - n; b < bands; b++)
      row[b] = row[bands - n - 1];
  }
}

void
augment_colour (const Augment *augment, float *db, gsize n_frames, gsize bands)
{
  const double pi = 3.14159265358979323846;
  g_autofree float *curve = g_new (float, bands);

  for (gsize b = 0; b < bands; b++) {
    double sum = augment->gain_db;
    for (unsigned k = 0; k < AUGMENT_EQUALIZER_TERMS; k++)
      sum += augment->equalizer_db[k] * cos (pi * (k + 1) * ((double) b + .5) / (double) bands);
    curve[b] = (float) sum;
  }
  for (gsize t = 0; t < n_frames; t++, db += bands) {
    if (augment->shift_bands != 0)
      shift_row (db, bands, augment->shift_bands);
    for (gsize b = 0; b < bands; b++)
      db[b] += curve[b];
  }
}

static const float LOG2_PER_DB = 0.332192809488736f; /* log2 (10) / 10 */

/* a and b times the power of db and other.  Relative to the louder one, so that nothing overflows. */
static void
add_powers (float *db, const float *other, float a, float b, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    const float loudest = MAX (db[i], other[i]);
    const float sum = a * exp2f ((db[i] - loudest) * LOG2_PER_DB) + b * exp2f ((other[i] - loudest) * LOG2_PER_DB);
    db[i] = loudest + log2f (MAX (sum, 1e-30f)) / LOG2_PER_DB;
  }
}

void
augment_mix (float *db, const float *other, double share, gsize n)
{
  add_powers (db, other, (float) share, (float) (1 - share), n);
}

static double
mean_power_db (const float *db, gsize n)
{
  float loudest = db[0];
  double sum = 0;

  for (gsize i = 1; i < n; i++)
    loudest = MAX (loudest, db[i]);
  for (gsize i = 0; i < n; i++)
    sum += (double) exp2f ((db[i] - loudest) * LOG2_PER_DB);
  return (double) loudest + 10 * log10 (sum / (double) n);
}

void
augment_overlay (float *db, const float *other, double level_db, gsize n)
{
  const double gain_db = mean_power_db (db, n) + level_db - mean_power_db (other, n);

  add_powers (db, other, 1, (float) pow (10, gain_db / 10), n);
}

void
augment_low_pass (const AugmentConfig *config, Random *random, float *db, gsize n_frames, gsize bands)
{
  const float nothing_db = -300;
  const gboolean wanted = random_uniform (random) < config->low_pass;
  const gsize first = bands - random_below (random, bands * 3 / 8 + 1);

  for (gsize t = 0; wanted && t < n_frames; t++)
    for (gsize b = first; b < bands; b++)
      db[t * bands + b] = nothing_db;
}

void
augment_roll (const AugmentConfig *config, Random *random, float *db, gsize n_frames, gsize bands)
{
  const gboolean wanted = random_uniform (random) < config->roll;
  const gsize first = random_below (random, n_frames);

  if (!wanted || first == 0)
    return;
  g_autofree float *before = g_memdup2 (db, first * bands * sizeof *db);
  memmove (db, db + first * bands, (n_frames - first) * bands * sizeof *db);
  memcpy (db + (n_frames - first) * bands, before, first * bands * sizeof *db);
}

void
augment_edge (const AugmentConfig *config, Random *random, float *db, gsize n_frames, gsize bands)
{
  const double last_db = config->edge_db * random_between (random, -1, 1);
  const gsize n = MIN (bands, 3);

  for (gsize k = 0; k < n; k++) {
    const float off_db = (float) ldexp (last_db, -(int) k);
    for (gsize t = 0; t < n_frames; t++)
      db[(t + 1) * bands - 1 - k] += off_db;
  }
  if (config->nyquist_db > 0) {
    const double most_db = config->nyquist_db * random_uniform (random);
    for (gsize t = 1; t <= n_frames; t++)
      db[t * bands - 1] += (float) (most_db * random_between (random, -1, 1));
  }
}

void
augment_mask (const Augment *augment, float *input, gsize n_frames, gsize bands)
{
  assert (augment->first_frame + augment->n_frames <= n_frames && augment->first_band + augment->n_bands <= bands);

  for (gsize t = 0; t < n_frames; t++)
    memset (input + t * bands + augment->first_band, 0, augment->n_bands * sizeof *input);
  memset (input + augment->first_frame * bands, 0, augment->n_frames * bands * sizeof *input);
}
