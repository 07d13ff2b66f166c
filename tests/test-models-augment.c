/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/augment: each change by its definition in double, limits, and the same for the same seed.
 */
#include "models/training/augment.h"

#include "tests/test.h"

#include <math.h>
#include <string.h>

enum
{
  FRAMES = 17,
  BANDS = 9,
  N = FRAMES * BANDS
};

static void
fill (float *values, gsize n, uint64_t seed)
{
  for (gsize i = 0; i < n; i++)
    values[i] = 40 * test_noise (&seed) - 30;
}

static void
check_close (const float *found, const double *expected, gsize n, const char *what)
{
  for (gsize i = 0; i < n; i++)
    CHECK (fabs ((double) found[i] - expected[i]) <= 1e-4, "%s: %g instead of %g at %u", what, (double) found[i],
        expected[i], (unsigned) i);
}

static void
test_stretch (void)
{
  static const struct
  {
    double first, stretch;
    gsize n;
  } cases[] = { { 0, 1, 17 }, { 3, 1, 14 }, { 2.25, 1, 10 }, { 0, .5, 33 }, { 1.5, 1.3, 11 }, { 10, 1, 30 } };
  float clip[N], out[40 * BANDS];
  double expected[40 * BANDS];

  fill (clip, N, 1);
  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++) {
    for (gsize t = 0; t < cases[c].n; t++) {
      const double x = cases[c].first + (double) t * cases[c].stretch, share = x - floor (x);
      const gsize a = (gsize) floor (x) % FRAMES, b = (a + 1) % FRAMES;
      for (gsize k = 0; k < BANDS; k++)
        expected[t * BANDS + k] = (1 - share) * (double) clip[a * BANDS + k] + share * (double) clip[b * BANDS + k];
    }
    augment_stretch (clip, FRAMES, BANDS, cases[c].first, cases[c].stretch, out, cases[c].n);
    check_close (out, expected, cases[c].n * BANDS, "stretch");
  }
  augment_stretch (clip, FRAMES, BANDS, 0, 1, out, FRAMES);
  CHECK (memcmp (out, clip, sizeof clip) == 0, "a stretch of 1 changes values");
}

static void
test_colour (void)
{
  for (int shift = -3; shift <= 3; shift++) {
    const Augment augment = { .stretch = 1, .gain_db = 3.5, .equalizer_db = { 1, -.5, .25, 2 }, .shift_bands = shift };
    float db[N], before[N];
    double expected[N];
    fill (db, N, 2);
    memcpy (before, db, sizeof db);
    for (gsize t = 0; t < FRAMES; t++)
      for (int b = 0; b < BANDS; b++) {
        double curve = 0;
        for (int k = 0; k < AUGMENT_EQUALIZER_TERMS; k++)
          curve += augment.equalizer_db[k] * cos (acos (-1) * (k + 1) * (b + .5) / BANDS);
        const int from = CLAMP (b - shift, 0, BANDS - 1);
        expected[t * BANDS + (gsize) b] = (double) before[t * BANDS + (gsize) from] + 3.5 + curve;
      }
    augment_colour (&augment, db, FRAMES, BANDS);
    check_close (db, expected, N, "colour");
  }

  /* Nothing asked for, nothing changed. */
  const Augment nothing = { .stretch = 1 };
  float db[N], before[N];
  fill (db, N, 3);
  memcpy (before, db, sizeof db);
  augment_colour (&nothing, db, FRAMES, BANDS);
  augment_mask (&nothing, db, FRAMES, BANDS);
  CHECK (memcmp (db, before, sizeof db) == 0, "nothing was asked for");
}

static void
test_mix (void)
{
  static const double shares[] = { 0, .1, .5, .93, 1 };
  for (gsize s = 0; s < G_N_ELEMENTS (shares); s++) {
    float db[N], other[N];
    double expected[N];
    fill (db, N, 4);
    fill (other, N, 5);
    for (gsize i = 0; i < N; i++)
      expected[i] = 10
          * log10 (shares[s] * pow (10, (double) db[i] / 10) + (1 - shares[s]) * pow (10, (double) other[i] / 10));
    augment_mix (db, other, shares[s], N);
    check_close (db, expected, N, "mix");
  }
}

static void
test_overlay (void)
{
  static const double levels_db[] = { -60, -12, 0, 3, 60 };
  for (gsize s = 0; s < G_N_ELEMENTS (levels_db); s++) {
    float db[N], other[N];
    double expected[N], power = 0, other_power = 0;
    fill (db, N, 4);
    fill (other, N, 5);
    for (gsize i = 0; i < N; i++) {
      power += pow (10, (double) db[i] / 10);
      other_power += pow (10, (double) other[i] / 10);
    }
    for (gsize i = 0; i < N; i++)
      expected[i] = 10
          * log10 (
              pow (10, (double) db[i] / 10) + power / other_power * pow (10, (levels_db[s] + (double) other[i]) / 10));
    augment_overlay (db, other, levels_db[s], N);
    check_close (db, expected, N, "overlay");
  }
}

static void
test_mask (void)
{
  const Augment augment = { .stretch = 1, .first_band = 2, .n_bands = 3, .first_frame = 15, .n_frames = 2 };
  float db[N];
  for (gsize i = 0; i < N; i++)
    db[i] = 1;
  augment_mask (&augment, db, FRAMES, BANDS);
  for (gsize t = 0; t < FRAMES; t++)
    for (gsize b = 0; b < BANDS; b++) {
      const bool masked = (b >= 2 && b < 5) || t >= 15;
      CHECK ((db[t * BANDS + b] == 0) == masked, "frame %u, band %u", (unsigned) t, (unsigned) b);
    }
}

/* Frame t becomes frame t - first of all, whatever first is; every first comes, in the share that was asked for. */
static void
test_roll (void)
{
  const AugmentConfig config = { .stretch_min = 1, .stretch_max = 1, .roll = .5 };
  float db[N], out[N];
  gsize times[FRAMES] = { 0 };
  Random random = random_from (&(guint64){ 3 }, 1);

  fill (db, N, 4);
  for (int i = 0; i < 2000; i++) {
    memcpy (out, db, sizeof db);
    augment_roll (&config, &random, out, FRAMES, BANDS);
    gsize first = 0;
    while (first < FRAMES && out[0] != db[first * BANDS])
      first++;
    CHECK (first < FRAMES, "the first value is not of the window");
    for (gsize t = 0; t < FRAMES && first < FRAMES; t++)
      CHECK (memcmp (out + t * BANDS, db + (t + first) % FRAMES * BANDS, BANDS * sizeof *db) == 0, "frame %u from %u",
          (unsigned) t, (unsigned) first);
    times[first % FRAMES]++;
  }
  CHECK (times[0] > 950 && times[0] < 1170, "%u of 2000 left alone, expected 1059", (unsigned) times[0]);
  for (int first = 1; first < FRAMES; first++)
    CHECK (times[first] > 25 && times[first] < 100, "%u times from frame %d, expected 59", (unsigned) times[first],
        first);

  const AugmentConfig none = { .stretch_min = 1, .stretch_max = 1 };
  memcpy (out, db, sizeof db);
  augment_roll (&none, &random, out, FRAMES, BANDS);
  CHECK (memcmp (out, db, sizeof db) == 0, "a roll that nobody asked for");
}

/* How often, and from which bands up: each of the upper 3/8, and none, comes up. */
static void
test_low_pass (void)
{
  const AugmentConfig config = { .stretch_min = 1, .stretch_max = 1, .low_pass = .3 };
  const gsize lowest = BANDS - BANDS * 3 / 8;
  Random random = random_from (&(guint64){ 5 }, 1);
  unsigned passes = 0, firsts[BANDS + 1] = { 0 };
  for (unsigned k = 0; k < 4000; k++) {
    float db[N];
    for (gsize i = 0; i < N; i++)
      db[i] = (float) i;
    augment_low_pass (&config, &random, db, FRAMES, BANDS);
    gsize first = 0;
    while (first < BANDS && db[first] >= 0)
      first++;
    for (gsize i = 0; i < N; i++)
      CHECK ((double) db[i] == (i % BANDS < first ? (double) i : -300), "%u: value %u", k, (unsigned) i);
    passes += first < BANDS;
    firsts[first]++;
  }
  const double expected = .3 * (double) (BANDS - lowest) / (double) (BANDS - lowest + 1);
  CHECK (fabs (passes / 4000. - expected) < .03, "%u of 4000", passes);
  for (gsize b = 0; b < BANDS; b++)
    CHECK ((firsts[b] > 0) == (b >= lowest), "from band %u: %u", (unsigned) b, firsts[b]);
}

/* The last band alone, in each frame for itself, by anything up to 9 dB; how much at most differs between windows. */
static void
test_nyquist (void)
{
  const AugmentConfig config = { .stretch_min = 1, .stretch_max = 1, .nyquist_db = 9 };
  Random random = random_from (&(guint64){ 7 }, 1);
  double least = 9, most = 0;
  for (unsigned k = 0; k < 1000; k++) {
    float db[N] = { 0 };
    double width = 0;
    augment_edge (&config, &random, db, FRAMES, BANDS);
    for (gsize i = 0; i < N; i++)
      CHECK (i % BANDS == BANDS - 1 ? fabsf (db[i]) < 9 : db[i] == 0, "%u: value %u", k, (unsigned) i);
    for (gsize t = 1; t < FRAMES; t++) {
      const double step = fabs ((double) db[(t + 1) * BANDS - 1] - (double) db[t * BANDS - 1]);
      CHECK (step > 0, "%u: frames %u and the one before are alike", k, (unsigned) t);
      width = MAX (width, step);
    }
    least = MIN (least, width);
    most = MAX (most, width);
  }
  CHECK (least < 1 && most > 9, "steps of up to %g to %g dB", least, most);
}

/* The last band is off by anything up to 6 dB, alike in all frames, the two before it by half and quarter. */
static void
test_edge (void)
{
  const AugmentConfig config = { .stretch_min = 1, .stretch_max = 1, .edge_db = 6 }, none = { 0 };
  Random random = random_from (&(guint64){ 6 }, 1);
  double least = 9, most = -9;
  for (unsigned k = 0; k < 1000; k++) {
    float db[N] = { 0 };
    augment_edge (&config, &random, db, FRAMES, BANDS);
    const double last = (double) db[BANDS - 1];
    for (gsize i = 0; i < N; i++) {
      const gsize below = BANDS - 1 - i % BANDS;
      const double expected = below < 3 ? last / (double) (1 << below) : 0;
      CHECK (fabs ((double) db[i] - expected) < 1e-6, "%u: value %u", k, (unsigned) i);
    }
    least = MIN (least, last);
    most = MAX (most, last);
  }
  CHECK (least > -6 && least < -5.9 && most < 6 && most > 5.9, "from %g to %g dB", least, most);

  float one[FRAMES] = { 0 }, still[N] = { 0 };
  augment_edge (&config, &random, one, FRAMES, 1);
  CHECK (fabsf (one[0]) > 0 && one[FRAMES - 1] == one[0], "a single band");
  augment_edge (&none, &random, still, FRAMES, BANDS);
  for (gsize i = 0; i < N; i++)
    CHECK (still[i] == 0, "an edge that nobody asked for");
}

static void
test_draw (void)
{
  const AugmentConfig config = { .8, 1.25, -9, 3, 2, 2, 4, 8, 0, 0, 0, 0 };
  double square = 0, least = 2, most = 0, softest = 9, loudest = -9;
  int low = 9, high = -9;
  unsigned widest = 0, longest = 0;
  enum
  {
    RUNS = 4000
  };
  for (guint64 i = 0; i < RUNS; i++) {
    Random random = random_from (&i, 1), again = random_from (&i, 1);
    const Augment a = augment_draw (&config, &random, FRAMES, BANDS), b = augment_draw (&config, &again, FRAMES, BANDS);
    CHECK (a.stretch == b.stretch && a.gain_db == b.gain_db && a.first_band == b.first_band, "not the same again");
    CHECK (a.stretch >= .8 && a.stretch <= 1.25 && abs (a.shift_bands) <= 2, "out of range");
    CHECK (a.gain_db >= -9 && a.gain_db <= 3, "gain %g is out of range", a.gain_db);
    CHECK (a.n_bands <= 4 && a.first_band + a.n_bands <= BANDS && a.n_frames <= 8
            && a.first_frame + a.n_frames <= FRAMES,
        "mask out of range");
    softest = fmin (softest, a.gain_db);
    loudest = fmax (loudest, a.gain_db);
    least = fmin (least, a.stretch);
    most = fmax (most, a.stretch);
    low = MIN (low, a.shift_bands);
    high = MAX (high, a.shift_bands);
    widest = MAX (widest, a.n_bands);
    longest = MAX (longest, a.n_frames);
    for (int n = 0; n < 200; n++) {
      double curve = 0;
      for (int k = 0; k < AUGMENT_EQUALIZER_TERMS; k++)
        curve += a.equalizer_db[k] * cos (acos (-1) * (k + 1) * (n + .5) / 200);
      square += curve * curve / 200 / RUNS;
    }
  }
  CHECK (least < .82 && most > 1.22 && low == -2 && high == 2 && widest == 4 && longest == 8, "range is not used");
  CHECK (softest < -8.9 && loudest > 2.9, "gains from %g to %g dB", softest, loudest);
  CHECK (fabs (sqrt (square) - 2) < .1, "equaliser deviates by %g dB", sqrt (square));
}

int
main (void)
{
  test_stretch ();
  test_colour ();
  test_mix ();
  test_overlay ();
  test_mask ();
  test_low_pass ();
  test_edge ();
  test_nyquist ();
  test_roll ();
  test_draw ();
  TEST_END ();
}
