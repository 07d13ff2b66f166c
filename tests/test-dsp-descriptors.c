/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-descriptors.c - dsp/descriptors against librosa and NumPy (tests/golden/make-descriptors-golden.py
 * makes dsp-descriptors.safetensors), at any rate, in any pieces, and on what is no music.
 *
 * Layer:   tests; dsp.
 * Threads: one.
 */
#include "dsp/descriptors.h"
#include "tests/golden.h"

#include <float.h>
#include <math.h>

enum
{
  RATE = 22050,
  SAMPLES = 7 * RATE,
  FRAMES = 1 + SAMPLES / 512,
  N_FRAME = sizeof (DspFrameValues) / sizeof (double),
  N_MODULATIONS = 7, /* of 256 frames */
  N_TEXTURE = 1 + 4 * 7 + 2 * 7,
};

static const double PI = 3.14159265358979323846;
static Golden golden;

/* --- sounds, as the script makes them --------------------------------------------------------------------------- */

static void
make_noise (float *x, uint64_t seed)
{
  for (size_t i = 0; i < SAMPLES; i++)
    x[i] = test_noise (&seed);
}

static void
make_sound (const char *name, float *x)
{
  make_noise (x, strcmp (name, "beats") == 0 ? 2 : 1);
  for (size_t i = 0; i < SAMPLES; i++) {
    if (strcmp (name, "noise") == 0) {
      x[i] *= .25f;
    } else if (strcmp (name, "chirp") == 0) {
      const uint32_t phase = (uint32_t) (i * 20000000 + i * (i + 1) / 2 * 3000);
      const int64_t folded = phase < 0x80000000u ? (int64_t) phase : 0x100000000 - (int64_t) phase;
      x[i] = (float) (folded - 0x40000000) * 0x1p-31f;
    } else if (strcmp (name, "silence") == 0) {
      x[i] = 0;
    } else if (strcmp (name, "clipped") == 0) {
      x[i] = fminf (1, fmaxf (-1, x[i] * 4));
    } else {
      x[i] = i % 44100 < 33075 ? x[i] * (1 - (float) (i % 11025) * (float) (1 / 11025.)) : 0;
    }
  }
}

/* --- a stream ---------------------------------------------------------------------------------------------------- */

/* All frames, [FRAMES], of samples pushed in pieces of up to `piece`; their number.  texture: of the last window, or
 * untouched. */
static size_t
run (DspDescriptors *descriptors, const float *samples, size_t n, size_t piece, DspFrameValues *frames,
    DspTextureValues *texture)
{
  size_t t = 0;
  for (size_t at = 0; at < n;) {
    at += dsp_descriptors_push (descriptors, samples + at, n - at < piece ? n - at : piece);
    while (t < FRAMES && dsp_descriptors_next (descriptors, &frames[t]))
      t++;
  }
  dsp_descriptors_finish (descriptors);
  while (t < FRAMES && dsp_descriptors_next (descriptors, &frames[t]))
    t++;
  dsp_descriptors_texture (descriptors, texture);
  return t;
}

static DspDescriptors *
descriptors_new (unsigned rate_hz)
{
  const DspDescriptorsConfig config = dsp_descriptors_default ();
  return dsp_descriptors_new (&config, rate_hz);
}

/* Values in the order of the golden tensor. */
static void
flatten_texture (const DspTextureValues *texture, double *values)
{
  double *at = values;
  *at++ = texture->low_energy;
  memcpy (at, texture->omsc_octave, 7 * sizeof *at);
  memcpy (at + 7, texture->omsc_octave_std, 7 * sizeof *at);
  memcpy (at + 14, texture->omsc_modulation, N_MODULATIONS * sizeof *at);
  memcpy (at + 21, texture->omsc_modulation_std, N_MODULATIONS * sizeof *at);
  memcpy (at + 28, texture->modulation_crest, 7 * sizeof *at);
  memcpy (at + 35, texture->modulation_flatness, 7 * sizeof *at);
}

/* --- golden values ----------------------------------------------------------------------------------------------- */

/* Relative to what is expected; of decibels, which may be near 0, to 1 dB at least. */
static void
compare (const char *name, const double *found, const float *expected, size_t n, size_t columns)
{
  double worst = 0;
  for (size_t i = 0; i < n; i++) {
    const double wanted = (double) expected[i], least = columns == N_FRAME && i % columns >= 4 ? 1 : 1e-30;
    const double error = fabs (found[i] - wanted) / fmax (least, fabs (wanted));
    CHECK (error <= 1e-5, "%s: row %zu, value %zu: %.9g, not %.9g", name, i / columns, i % columns, found[i], wanted);
    worst = fmax (worst, error);
  }
  printf ("%s: within %.2g\n", name, worst);
}

static void
test_golden (const char *name)
{
  static float samples[SAMPLES];
  static DspFrameValues frames[FRAMES];
  DspTextureValues texture = { 0 };
  double values[N_TEXTURE];
  char key[64];

  make_sound (name, samples);
  DspDescriptors *descriptors = descriptors_new (RATE);
  const size_t n = run (descriptors, samples, SAMPLES, 1000, frames, &texture);
  CHECK (n == FRAMES, "%s: %zu frames", name, n);
  snprintf (key, sizeof key, "%s/frames", name);
  const float *expected = golden_tensor (&golden, key, (size_t) FRAMES * N_FRAME);
  if (expected)
    compare (key, &frames[0].zero_crossings_hz, expected, (size_t) FRAMES * N_FRAME, N_FRAME);
  snprintf (key, sizeof key, "%s/texture", name);
  expected = golden_tensor (&golden, key, N_TEXTURE);
  flatten_texture (&texture, values);
  if (expected)
    compare (key, values, expected, N_TEXTURE, N_TEXTURE);
  dsp_descriptors_free (descriptors);
}

/* --- properties -------------------------------------------------------------------------------------------------- */

static void
test_splits (void)
{
  static const size_t pieces[] = { 1, 512, 1023, 4096, SAMPLES };
  static float samples[SAMPLES];
  static DspFrameValues once[FRAMES], again[FRAMES];
  DspTextureValues texture, other;

  make_sound ("beats", samples);
  DspDescriptors *descriptors = descriptors_new (RATE);
  run (descriptors, samples, SAMPLES, SAMPLES, once, &texture);
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
    memset (again, 0, sizeof again);
    memset (&other, 0, sizeof other);
    dsp_descriptors_reset (descriptors);
    CHECK (run (descriptors, samples, SAMPLES, pieces[i], again, &other) == FRAMES, "pieces of %zu", pieces[i]);
    CHECK (memcmp (once, again, sizeof once) == 0, "frames in pieces of %zu, after a reset", pieces[i]);
    CHECK (memcmp (&texture, &other, sizeof texture) == 0, "texture in pieces of %zu", pieces[i]);
  }
  dsp_descriptors_free (descriptors);
}

/* Every value of silence, of nothing, and of samples as large as floats are, is a number. */
static void
check_finite (const char *name, const DspFrameValues *frames, size_t n, const DspTextureValues *texture)
{
  const double *values = &frames[0].zero_crossings_hz, *long_term = &texture->low_energy;
  size_t wrong = 0;
  for (size_t i = 0; i < n * N_FRAME; i++)
    wrong += !isfinite (values[i]);
  for (size_t i = 0; i < sizeof *texture / sizeof (double); i++)
    wrong += !isfinite (long_term[i]);
  CHECK (wrong == 0, "%s: %zu values are none", name, wrong);
}

static void
test_extremes (void)
{
  static float samples[SAMPLES];
  static DspFrameValues frames[FRAMES];

  for (int kind = 0; kind < 4; kind++) {
    static const char *const names[] = { "FLT_MAX", "alternating FLT_MAX", "denormals", "a constant" };
    DspTextureValues texture = { 0 };
    for (size_t i = 0; i < SAMPLES; i++)
      samples[i] = kind == 0 ? FLT_MAX : kind == 1 ? i % 2 ? FLT_MAX : -FLT_MAX : kind == 2 ? 1e-40f : .5f;
    DspDescriptors *descriptors = descriptors_new (RATE);
    const size_t n = run (descriptors, samples, SAMPLES, 777, frames, &texture);
    check_finite (names[kind], frames, n, &texture);
    dsp_descriptors_free (descriptors);
  }

  DspTextureValues texture = { .low_energy = -1 };
  DspDescriptors *descriptors = descriptors_new (RATE);
  CHECK (run (descriptors, samples, 0, 1, frames, &texture) == 1, "no samples: frame 0");
  CHECK (texture.low_energy < 0, "a texture of one frame");
  check_finite ("no samples", frames, 1, &texture);
  CHECK (frames[0].zero_crossings_hz == 0 && frames[0].centroid_hz == 0 && frames[0].flux == 0, "no samples: not 0");
  dsp_descriptors_free (descriptors);
}

/* --- rates ------------------------------------------------------------------------------------------------------- */

/* Six lines between 300 and 900 Hz, which beat: what all rates from 2 kHz on can carry. */
static double
lines (double seconds)
{
  double x = 0;
  for (int i = 0; i < 6; i++)
    x += .1 * sin (2 * PI * (300 + 120 * i + i * i) * seconds + i) * (1 + .5 * sin (2 * PI * (1 + .7 * i) * seconds));
  return x;
}

/* The same sound at another rate has the same values.  What remains is how far the length of the window, 2 round (n_fft
 * rate / (2 sample_rate)), is from n_fft rate / sample_rate: .13 % at 8 kHz and 2 kHz, less elsewhere; and, where two
 * samples in a row have one sign, the crossings between them.  Half and twice the rate have neither.  The cepstrum
 * sees what is far below the lines: there alone it is compared. */
static void
test_rates (void)
{
  static const unsigned rates[] = { 2000, 8000, 11025, 16000, 44100, 48000, 96000, 192000 };
  static DspFrameValues expected[FRAMES], found[FRAMES];
  static float samples[7 * 192000];
  DspTextureValues expected_texture = { 0 }, texture = { 0 };

  for (size_t i = 0; i < SAMPLES; i++)
    samples[i] = (float) lines ((double) i / RATE);
  DspDescriptors *descriptors = descriptors_new (RATE);
  run (descriptors, samples, SAMPLES, SAMPLES, expected, &expected_texture);
  dsp_descriptors_free (descriptors);

  for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
    const size_t n = (size_t) 7 * rates[r];
    for (size_t i = 0; i < n; i++)
      samples[i] = (float) lines ((double) i / rates[r]);
    descriptors = descriptors_new (rates[r]);
    const size_t frames = run (descriptors, samples, n, n, found, &texture);
    CHECK (frames == FRAMES, "%u Hz: %zu frames", rates[r], frames);
    double centroid = 0, crossings = 0, flux = 0, mfcc = 0;
    for (size_t t = 4; t < FRAMES - 4; t++) { /* the edges are sounds of their own */
      centroid = fmax (centroid, fabs (found[t].centroid_hz / expected[t].centroid_hz - 1));
      crossings = fmax (crossings, fabs (found[t].zero_crossings_hz - expected[t].zero_crossings_hz));
      flux = fmax (flux, fabs (found[t].flux - expected[t].flux));
      for (size_t c = 0; c < DSP_DESCRIPTORS_MFCC; c++)
        mfcc = fmax (mfcc, fabs (found[t].mfcc[c] - expected[t].mfcc[c]));
    }
    CHECK (centroid < .0013 && flux < .001, "%u Hz: centroid %g, flux %g", rates[r], centroid, flux);
    CHECK (rates[r] % 11025 != 0 || (centroid < 1e-5 && mfcc < .03), "%u Hz: centroid %g, mfcc %g", rates[r], centroid,
        mfcc);
    CHECK (rates[r] < RATE || crossings < 4. * RATE / 2048, "%u Hz: %g crossings a second", rates[r], crossings);
    CHECK (texture.low_energy == expected_texture.low_energy, "%u Hz: low energy", rates[r]);
    printf ("%6u Hz: centroid %.3f %%, crossings %.1f Hz, flux %.4f, mfcc %.2f dB\n", rates[r], 100 * centroid,
        crossings, flux, mfcc);
    dsp_descriptors_free (descriptors);
  }
}

int
main (void)
{
  static const char *const names[] = { "noise", "chirp", "silence", "clipped", "beats" };

  golden = golden_load ("dsp-descriptors.safetensors");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    test_golden (names[i]);
  golden_free (&golden);
  test_splits ();
  test_extremes ();
  test_rates ();
  TEST_END ();
}
