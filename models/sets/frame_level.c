/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/sets/frame_level.h"

#include "dsp/mel.h"

#include <math.h>

struct FrameLevel
{
  gsize bands, max_frames;
  double *weight; /* [bands], mean square of the samples for a power of 1 */
  double floor_db;

  gsize n_frames;  /* since the reset */
  double *lowest;  /* [max_frames] mean square in the lowest band, frame t at t % max_frames */
  double *highers; /* [max_frames] in all others */
};

/* Hz of edge i of the mel filters. */
static double
edge_hz (const DspLogMelConfig *mel, gsize i)
{
  const double low = dsp_mel_from_hz (mel->fmin_hz), high = dsp_mel_from_hz (mel->fmax_hz);

  return dsp_mel_to_hz (low + (high - low) * (double) i / (double) (mel->n_mels + 1));
}

FrameLevel *
frame_level_new (const GenreFrontend *frontend, gsize max_frames)
{
  const DspLogMelConfig *mel = &frontend->mel;
  FrameLevel *level = g_new0 (FrameLevel, 1);

  level->bands = frontend->bands;
  level->max_frames = max_frames;
  level->weight = g_new0 (double, level->bands);
  level->lowest = g_new0 (double, max_frames);
  level->highers = g_new0 (double, max_frames);
  /* A band is the mean of band_pool rows of about the same power. */
  for (gsize row = 0; row < level->bands * mel->band_pool; row++)
    level->weight[row / mel->band_pool] += 16 / (3. * mel->n_fft * mel->n_fft)
        * (edge_hz (mel, row + 2) - edge_hz (mel, row)) / 2;
  return level;
}

void
frame_level_free (FrameLevel *level)
{
  if (!level)
    return;
  g_free (level->weight);
  g_free (level->lowest);
  g_free (level->highers);
  g_free (level);
}

void
frame_level_reset (FrameLevel *level, double floor_db)
{
  level->floor_db = floor_db;
  level->n_frames = 0;
}

void
frame_level_push (FrameLevel *level, const float *db, double gain_db)
{
  const gsize slot = level->n_frames++ % level->max_frames;

  level->lowest[slot] = level->highers[slot] = 0;
  for (gsize b = 0; b < level->bands; b++) {
    const double at = (double) db[b];
    const double square = at > level->floor_db + gain_db ? level->weight[b] * pow (10, at / 10) : 0;
    *(b == 0 ? &level->lowest[slot] : &level->highers[slot]) += square;
  }
}

double
frame_level_window_db (const FrameLevel *level, gsize n)
{
  double sum = 0, least = HUGE_VAL;

  for (gsize t = level->n_frames - n; t < level->n_frames; t++) {
    const gsize slot = t % level->max_frames;
    sum += level->lowest[slot] + level->highers[slot];
    least = fmin (least, level->lowest[slot]);
  }
  const double square = sum / (double) n - least;
  return square > 0 ? 10 * log10 (square) : -HUGE_VAL;
}
