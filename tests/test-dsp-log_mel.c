/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-log_mel.c - mel power and energies of a stream against its definition in double.
 *
 * Layer:   tests; dsp.
 * Threads: one.
 */
#include "dsp/log_mel.h"
#include "tests/test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

/* All that a stream gave. */
typedef struct Output
{
  size_t frames, bands;
  float *power;    /* [frames][bands] */
  DspLevel *level; /* [frames] */
  DspLevel *tail;  /* [frames] */
} Output;

static void
output_clear (Output *output)
{
  free (output->power);
  free (output->level);
  free (output->tail);
  *output = (Output){ 0 };
}

static void
take (DspLogMel *mel, const DspLogMelConfig *config, Output *out)
{
  for (;;) {
    out->bands = config->n_mels / config->band_pool;
    if ((out->frames & (out->frames - 1)) == 0) {
      const size_t capacity = out->frames ? 2 * out->frames : 1;
      out->power = realloc (out->power, capacity * out->bands * sizeof *out->power);
      out->level = realloc (out->level, capacity * sizeof *out->level);
      out->tail = realloc (out->tail, capacity * sizeof *out->tail);
    }
    if (!dsp_log_mel_next (mel, out->power + out->frames * out->bands, &out->level[out->frames],
            &out->tail[out->frames]))
      return;
    out->frames++;
  }
}

/* longest: of a push, in samples */
static Output
run (DspLogMel *mel, const DspLogMelConfig *config, const float *samples, size_t n, size_t longest, uint64_t *seed,
    bool finish)
{
  Output out = { 0 };
  for (size_t at = 0; at < n;) {
    size_t piece = 1 + (size_t) (test_random (seed) % longest);
    piece = piece < n - at ? piece : n - at;
    while (piece) {
      const size_t taken = dsp_log_mel_push (mel, samples + at, piece);
      at += taken;
      piece -= taken;
      take (mel, config, &out);
    }
  }
  if (finish) {
    dsp_log_mel_finish (mel);
    take (mel, config, &out);
  }
  return out;
}

static bool
equal (const Output *a, const Output *b)
{
  return a->frames == b->frames && a->bands == b->bands
      && (a->frames == 0
          || (memcmp (a->power, b->power, a->frames * a->bands * sizeof *a->power) == 0
              && memcmp (a->level, b->level, a->frames * sizeof *a->level) == 0
              && memcmp (a->tail, b->tail, a->frames * sizeof *a->tail) == 0));
}

static double
mel_to_hz (double mels)
{
  return mels < 15 ? mels * 200 / 3 : 1000 * pow (6.4, (mels - 15) / 27);
}

static double
hz_to_mel (double hz)
{
  return hz < 1000 ? hz * 3 / 200 : 15 + 27 * log (hz / 1000) / log (6.4);
}

static uint64_t
center_ref (const DspLogMelConfig *config, unsigned rate, uint64_t t)
{
  return (2 * t * config->hop_length * rate + config->sample_rate_hz) / (2 * (uint64_t) config->sample_rate_hz);
}

/* band_power[b] of frame t, by the book. */
static void
power_ref (const DspLogMelConfig *config, unsigned rate, unsigned n, const float *samples, size_t n_samples, uint64_t t,
    double *band_power)
{
  const int64_t start = (int64_t) center_ref (config, rate, t) - (int64_t) n / 2;
  double *frame = calloc (n, sizeof *frame), *spectrum = calloc (n / 2 + 1, sizeof *spectrum);
  double *table = calloc (2 * (size_t) n, sizeof *table);
  for (unsigned i = 0; i < n; i++) {
    const int64_t at = start + i;
    table[2 * i] = cos (2 * PI * i / n);
    table[2 * i + 1] = sin (2 * PI * i / n);
    if (at >= 0 && (uint64_t) at < n_samples)
      frame[i] = (double) samples[at] * (0.5 - 0.5 * table[2 * i]);
  }
  for (size_t k = 0; k <= n / 2; k++) {
    double re = 0, im = 0;
    for (size_t i = 0, turn = 0; i < n; i++, turn = turn + k < n ? turn + k : turn + k - n) { /* k i mod n */
      re += frame[i] * table[2 * turn];
      im += frame[i] * table[2 * turn + 1];
    }
    spectrum[k] = re * re + im * im;
  }

  const double ratio = (double) config->n_fft / n;
  const double scale = ratio * ratio * ratio * rate / config->sample_rate_hz;
  const double low = hz_to_mel (config->fmin_hz), high = hz_to_mel (config->fmax_hz);
  for (unsigned b = 0; b < config->n_mels / config->band_pool; b++)
    band_power[b] = 0;
  for (unsigned i = 0; i < config->n_mels; i++) {
    double edge[3];
    for (unsigned j = 0; j < 3; j++)
      edge[j] = mel_to_hz (low + (high - low) * (i + j) / (config->n_mels + 1));
    for (size_t k = 0; k <= n / 2; k++) {
      const double hz = (double) k * rate / n;
      const double height = fmin ((hz - edge[0]) / (edge[1] - edge[0]), (edge[2] - hz) / (edge[2] - edge[1]));
      if (height > 0)
        band_power[i / config->band_pool] += height * 2 / (edge[2] - edge[0]) * spectrum[k] * scale / config->band_pool;
    }
  }
  free (frame);
  free (spectrum);
  free (table);
}

/* The samples [from, to), as far as there are any: how many, and their energy about their mean, in two passes. */
static void
check_level (const char *what, DspLevel found, const float *samples, size_t n_samples, uint64_t from, uint64_t to)
{
  double sum = 0, energy = 0;
  to = to < n_samples ? to : n_samples;
  for (uint64_t i = from; i < to; i++)
    sum += (double) samples[i];
  const double n = to > from ? (double) (to - from) : 0, mean = n > 0 ? sum / n : 0;
  for (uint64_t i = from; i < to; i++)
    energy += ((double) samples[i] - mean) * ((double) samples[i] - mean);
  CHECK (found.n == n && fabs (found.mean - mean) <= 1e-12, "%s: mean %g of %g samples, expected %g of %g", what,
      found.mean, found.n, mean, n);
  CHECK (fabs (found.energy - energy) <= 1e-12 * energy, "%s: energy %g, expected %g", what, found.energy, energy);
}

/* n: what the window's length must be */
static void
check_definition (const DspLogMelConfig *config, unsigned rate, unsigned n)
{
  DspLogMel *mel = dsp_log_mel_new (config, rate);
  CHECK (2 * dsp_log_mel_half_window (mel) == n, "half window %u at %u Hz", dsp_log_mel_half_window (mel), rate);

  const size_t n_samples = (size_t) center_ref (config, rate, 5) + n + 3;
  float *samples = calloc (n_samples, sizeof *samples);
  uint64_t seed = rate;
  for (size_t i = 0; i < n_samples; i++) /* noise and a line 40 dB above it */
    samples[i] = 0.01f * test_noise (&seed) + (float) (0.5 * sin (0.3 * (double) i));
  Output out = run (mel, config, samples, n_samples, 1000, &seed, true);

  for (uint64_t t = 0; t < out.frames; t++) {
    const uint64_t last = t ? center_ref (config, rate, t - 1) : 0, center = center_ref (config, rate, t);
    const uint64_t next = center_ref (config, rate, t + 1);
    CHECK (dsp_log_mel_center (mel, t) == center, "center of frame %llu", (unsigned long long) t);

    check_level ("hop", out.level[t], samples, n_samples, last, center);
    check_level ("tail", out.tail[t], samples, n_samples, center, next < center + n / 2 ? next : center + n / 2);

    if (t > 1 && t + 2 < out.frames)
      continue;
    double expected[1024], loudest = 0;
    power_ref (config, rate, n, samples, n_samples, t, expected);
    for (size_t b = 0; b < out.bands; b++)
      loudest = fmax (loudest, expected[b]);
    for (size_t b = 0; b < out.bands; b++) {
      const double power = (double) out.power[t * out.bands + b];
      /* Rounding: 1e-6 of the loudest line's amplitude (test-dsp-fft.c), and twice that by the bands' heights. */
      const double tolerance = 1e-5 * expected[b] + 4e-6 * sqrt (expected[b] * loudest) + 1e-12 * loudest;
      CHECK (fabs (power - expected[b]) <= tolerance, "%u Hz, frame %llu, band %zu: %g, expected %g", rate,
          (unsigned long long) t, b, power, expected[b]);
    }
  }
  CHECK (center_ref (config, rate, out.frames) > n_samples, "%zu frames", out.frames);
  CHECK (out.frames && center_ref (config, rate, out.frames - 1) <= n_samples, "%zu frames", out.frames);
  output_clear (&out);
  free (samples);
  dsp_log_mel_free (mel);
}

/* Any split gives the same bits; reset equals fresh. */
static void
check_invariance (const DspLogMelConfig *config, unsigned rate, size_t n_samples)
{
  float *samples = calloc (n_samples, sizeof *samples);
  uint64_t seed = rate + 1;
  for (size_t i = 0; i < n_samples; i++)
    samples[i] = test_noise (&seed);

  DspLogMel *mel = dsp_log_mel_new (config, rate), *other = dsp_log_mel_new (config, rate);
  Output whole = run (mel, config, samples, n_samples, SIZE_MAX, &seed, true);
  CHECK (whole.frames > 2, "%zu frames", whole.frames);
  static const size_t longest[] = { 1, 7, 480, 4096, 70000 };
  for (size_t i = 0; i < sizeof longest / sizeof *longest; i++) {
    dsp_log_mel_reset (other);
    Output split = run (other, config, samples, n_samples, longest[i], &seed, true);
    CHECK (equal (&whole, &split), "%u Hz, pushes of up to %zu samples", rate, longest[i]);
    output_clear (&split);

    /* Left in the middle, at no particular place. */
    dsp_log_mel_reset (other);
    split = run (other, config, samples, (size_t) (test_random (&seed) % n_samples), 5000, &seed, i % 2);
    output_clear (&split);
  }
  dsp_log_mel_reset (mel);
  Output again = run (mel, config, samples, n_samples, SIZE_MAX, &seed, true);
  CHECK (equal (&whole, &again), "%u Hz, after a reset", rate);

  output_clear (&again);
  output_clear (&whole);
  dsp_log_mel_free (mel);
  dsp_log_mel_free (other);
  free (samples);
}

/* How many frames come of N samples: those with c(t) <= N, of which those with c(t) + n/2 <= N without finish. */
static void
check_finish (const DspLogMelConfig *config, unsigned rate)
{
  DspLogMel *mel = dsp_log_mel_new (config, rate);
  const uint64_t half = dsp_log_mel_half_window (mel);
  float *samples = calloc (8192, sizeof *samples);
  uint64_t seed = 9;
  for (size_t n = 0; n < 6000; n += n < 40 ? 1 : 97) {
    dsp_log_mel_reset (mel);
    Output early = run (mel, config, samples, n, 500, &seed, false);
    size_t complete = 0, exist = 0;
    while (center_ref (config, rate, complete) + half <= n)
      complete++;
    while (center_ref (config, rate, exist) <= n)
      exist++;
    CHECK (early.frames == complete, "%zu samples: %zu frames, not %zu", n, early.frames, complete);
    dsp_log_mel_finish (mel);
    take (mel, config, &early);
    CHECK (early.frames == exist, "%zu samples finished: %zu frames, not %zu", n, early.frames, exist);
    for (size_t i = 0; i < early.frames * early.bands; i++)
      CHECK (early.power[i] == 0, "silence has power %g", (double) early.power[i]);
    for (size_t i = 0; i < early.frames; i++)
      CHECK (early.level[i].energy == 0 && early.tail[i].energy == 0, "silence has energy %g", early.level[i].energy);
    output_clear (&early);
  }
  free (samples);
  dsp_log_mel_free (mel);
}

static void
check_loud (unsigned rate)
{
  const DspLogMelConfig config = { 22050, 2048, 1708, 128, 2, 0, 11025 };
  enum
  {
    N = 20000
  };
  static const float levels[] = { 1e15f, 1e18f, 1e19f, 1e20f, 1e35f, FLT_MAX };
  float *samples = calloc (N, sizeof *samples);
  for (size_t l = 0; l < sizeof levels / sizeof *levels; l++)
    for (unsigned kind = 0; kind < 3; kind++) {
      uint64_t seed = kind + 1;
      for (size_t i = 0; i < N; i++)
        samples[i] = kind == 0                                       ? levels[l]
            : test_random (&seed) >> 63 || (kind == 1 && i % 7 == 0) ? levels[l]
                                                                     : -levels[l];
      DspLogMel *mel = dsp_log_mel_new (&config, rate);
      Output out = run (mel, &config, samples, N, 4000, &seed, true);
      CHECK (out.frames >= 3, "%zu frames", out.frames);
      for (size_t i = 0; i < out.frames * out.bands; i++)
        CHECK (isfinite (out.power[i]) && out.power[i] >= 0, "level %g: power %g", (double) levels[l],
            (double) out.power[i]);
      for (size_t i = 0; i < out.frames; i++)
        CHECK (isfinite (out.level[i].energy) && isfinite (out.tail[i].energy), "level %g: energy %g",
            (double) levels[l], out.level[i].energy);
      if (levels[l] == FLT_MAX)
        CHECK (out.power[out.bands] == FLT_MAX, "power %g of full range", (double) out.power[out.bands]);
      output_clear (&out);
      dsp_log_mel_free (mel);
    }
  free (samples);
}

static void
check_db (void)
{
  const float power[6] = { 0, 1e-12f, 1e-4f, 1, 250, FLT_MAX };
  const double db[6] = { -100, -100, -40, 0, 23.979400086720376, 385.31840 };
  float out[6];
  dsp_power_to_db (power, out, 6, 1e-10, 1, -1);
  for (size_t i = 0; i < 6; i++)
    CHECK (fabs ((double) out[i] - db[i]) < 1e-4, "%g -> %g dB", (double) power[i], (double) out[i]);
  CHECK (out[0] == -100, "the floor is %g", (double) out[0]);

  dsp_power_to_db (power, out, 6, 1e-4, 100, -1);
  CHECK (fabs ((double) out[0] + 60) < 1e-5 && fabs ((double) out[4] - 3.9794) < 1e-4, "ref 100: %g %g",
      (double) out[0], (double) out[4]);

  memcpy (out, power, sizeof out);
  dsp_power_to_db (out, out, 5, 1e-10, 0, -1); /* in place; ref "max" */
  CHECK (out[4] == 0 && fabs ((double) out[3] + db[4]) < 1e-5, "max: %g %g", (double) out[4], (double) out[3]);

  dsp_power_to_db (power, out, 5, 1e-10, 0, 50);
  CHECK (out[4] == 0 && out[0] == -50 && out[2] == -50 && fabs ((double) out[3] + db[4]) < 1e-5, "top_db: %g %g",
      (double) out[0], (double) out[3]);
  dsp_power_to_db (power, out, 5, 1e-10, 0, 0);
  CHECK (out[0] == 0 && out[4] == 0, "top_db 0: %g", (double) out[0]);
  dsp_power_to_db (power, out, 5, 1e-10, 1, 50); /* below the loudest, whatever the reference */
  CHECK (fabs ((double) out[4] - db[4]) < 1e-4 && fabs ((double) out[0] - (db[4] - 50)) < 1e-4, "top_db, ref 1: %g %g",
      (double) out[0], (double) out[4]);

  /* All below amin: the reference is amin as well, as in librosa. */
  dsp_power_to_db (power, out, 2, 1e-10, 0, 80);
  CHECK (out[0] == 0 && out[1] == 0, "silence: %g", (double) out[0]);
}

int
main (void)
{
  dsp_log_mel_free (NULL);

  const DspLogMelConfig model = { 22050, 2048, 1708, 128, 2, 0, 11025 };
  check_definition (&model, 22050, 2048);
  check_definition (&model, 44100, 4096);
  check_definition (&model, 48000, 4458);
  check_definition (&model, 11025, 1024); /* half of the bands lie above rate / 2 */
  check_definition (&model, 2000, 186);
  const DspLogMelConfig speech = { 16000, 512, 256, 96, 1, 50, 7600 };
  check_definition (&speech, 16000, 512);
  check_definition (&speech, 22050, 706);
  check_definition (&speech, 8000, 256);
  const DspLogMelConfig sparse = { 16000, 400, 1600, 40, 4, 0, 8000 };
  check_definition (&sparse, 16000, 400);
  check_definition (&sparse, 8040, 200); /* 100.5 pairs: ties go to even */
  check_definition (&sparse, 8120, 204); /* 101.5 */
  const DspLogMelConfig tiny = { 1000000, 2, 1, 1, 1, 0, 500000 };
  check_definition (&tiny, 2000, 2); /* never less than 2 */

  check_invariance (&model, 22050, 100000);
  check_invariance (&model, 48000, 150000);
  check_invariance (&model, 2000, 10000);
  const DspLogMelConfig dense = { 16000, 512, 16, 32, 1, 0, 8000 };
  check_invariance (&dense, 16000, 10000);
  check_invariance (&sparse, 44100, 100000); /* hops longer than the window */
  const DspLogMelConfig crawling = { 22050, 512, 2, 32, 1, 0, 11025 };
  check_invariance (&crawling, 4000, 1500); /* .36 samples a hop */

  check_finish (&model, 22050);
  check_finish (&sparse, 11025);
  check_finish (&crawling, 4000);
  check_loud (22050);
  check_loud (48000);
  check_db ();
  TEST_END ();
}
