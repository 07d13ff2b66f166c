/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-models-genre_windows.c - which windows there are and when, also while the interval changes, against the
 * definition; what the network says of them, against a run on the whole window; reset against fresh.
 *
 * Layer:   tests; models.
 */
#include "models/genre_windows.h"
#include "nn/run.h"
#include "tests/model_builder.h"
#include "tests/test.h"

#include <math.h>

enum
{
  FRAMES = 3000,
  HOP_NS = 16000000, /* of the builder's model: 128 samples at 8 kHz */
  MIN_FRAMES = 8,    /* M */
};

/* W 20, M 8, S 2; columns are shared. */
static GenreModel *
tiny_model (void)
{
  g_autoptr (ModelBuilder) builder = model_builder_new ();

  return model_builder_parse (builder);
}

/* The same, but levels count from the loudest of the window: nothing is shared. */
static GenreModel *
relative_model (void)
{
  g_autoptr (ModelBuilder) builder = model_builder_new ();

  model_builder_replace (builder, "frontend", "\"ref\":1", "\"ref\":\"max\"");
  return model_builder_parse (builder);
}

/* W and M 20, S 1. */
static GenreModel *
fixed_model (void)
{
  g_autoptr (ModelBuilder) builder = model_builder_new ();

  model_builder_set (builder, "min_frames", "20");
  return model_builder_parse (builder);
}

/* The definition: answer k after the origin is due when floor (k max (interval, hop) / hop) frames have passed since.
 * The origin is the first answer, at M; a change makes it the last answer; and an answer that is late is one. */
typedef struct Schedule
{
  uint64_t interval_ns;
  uint64_t frames, origin, last;
  uint64_t k;
  bool late;
} Schedule;

static uint64_t
due (const Schedule *schedule)
{
  const uint64_t step = schedule->interval_ns > HOP_NS ? schedule->interval_ns : HOP_NS;

  return schedule->origin + schedule->k * (step / HOP_NS) + schedule->k * (step % HOP_NS) / HOP_NS;
}

static void
change (Schedule *schedule, uint64_t interval_ns)
{
  if (interval_ns == schedule->interval_ns)
    return;
  schedule->interval_ns = interval_ns;
  if (schedule->last > 0) {
    schedule->origin = schedule->last;
    schedule->k = 1;
  }
  schedule->late = due (schedule) <= schedule->frames;
}

static bool
pass (Schedule *schedule)
{
  schedule->frames++;
  if (!schedule->late && schedule->frames != due (schedule))
    return false;
  if (schedule->late) {
    schedule->late = false;
    schedule->origin = schedule->frames;
    schedule->k = 0;
  }
  schedule->last = schedule->frames;
  schedule->k++;
  return true;
}

/* Changes come at random frames, often several between two of them, and also before the first answer. */
static void
check_random_changes (GenreModel *model, uint64_t seed)
{
  static const uint64_t intervals[] = { 1, HOP_NS, HOP_NS + 1, 50000000, 333333333, 1000000000, UINT64_MAX };
  const size_t bands = genre_model_frontend (model)->bands;
  const uint64_t chance = 1 + test_random (&seed) % 200;
  Schedule schedule = { .interval_ns = 1000000000, .origin = MIN_FRAMES };
  GenreWindows *windows = genre_windows_new (model, GENRE_LEVELS_POWER, 0, schedule.interval_ns);
  g_autofree float *levels = g_new0 (float, bands);
  unsigned answers = 0;

  for (unsigned frame = 1; frame <= FRAMES; frame++) {
    GenreSpan span = { 0, 0 };

    while (test_random (&seed) % chance == 0) {
      const uint64_t interval = intervals[test_random (&seed) % G_N_ELEMENTS (intervals)];

      change (&schedule, interval);
      genre_windows_set_interval (windows, interval);
      if (chance == 1)
        break;
    }

    const bool expected = pass (&schedule), found = genre_windows_push (windows, levels, &span);

    answers += found;
    CHECK (found == expected, "an answer at frame %u: %d, not %d", frame, found, expected);
    CHECK (!found || span.end == frame, "the window ends at %d, not %u", (int) span.end, frame);
    if (found != expected)
      break;
  }
  CHECK (answers > 0, "no answer at all");
  genre_windows_free (windows);
}

/* A second between answers, an hour, and then a fifth of a second: the answer comes with the next frame and the others
 * a fifth of a second apart. */
static void
test_lowered (GenreModel *model)
{
  const size_t bands = genre_model_frontend (model)->bands;
  GenreWindows *windows = genre_windows_new (model, GENRE_LEVELS_POWER, 0, 3600000000000);
  g_autofree float *levels = g_new0 (float, bands);
  GenreSpan span;
  unsigned answers = 0;

  for (unsigned frame = 1; frame <= 1000; frame++)
    answers += genre_windows_push (windows, levels, &span);
  CHECK (answers == 1, "%u answers in the first hour", answers);
  genre_windows_set_interval (windows, 200000000); /* 12.5 frames */
  for (unsigned frame = 0; frame <= 100; frame++) {
    const bool expected = frame % 25 == 0 || frame % 25 == 12;

    CHECK (genre_windows_push (windows, levels, &span) == expected, "frame %u after the change", frame);
  }
  genre_windows_free (windows);
}

/* The definition: at least M, and so many that what is left of a window when it begins on the grid is enough. */
static size_t
frames_of (const GenreModel *model, unsigned asked)
{
  const size_t lost = genre_model_grid (model) - 1;
  size_t frames = CLAMP (asked, genre_model_min_frames (model), GENRE_WINDOWS_MAX_FRAMES);

  if (asked == 0 || genre_model_min_frames (model) == genre_model_window_frames (model))
    return genre_model_window_frames (model);
  while (frames < GENRE_WINDOWS_MAX_FRAMES && !nn_network_accepts (genre_model_network (model), frames - lost))
    frames++;
  return frames;
}

static void
test_frames (GenreModel *model)
{
  static const unsigned asked[] = { 0, 1, 7, 8, 9, 19, 20, 21, 1023, 1024, 1025, UINT_MAX };

  for (size_t i = 0; i < G_N_ELEMENTS (asked); i++) {
    GenreWindows *windows = genre_windows_new (model, GENRE_LEVELS_POWER, asked[i], 1000000000);

    CHECK (genre_windows_frames (windows) == frames_of (model, asked[i]), "%u frames asked for, %zu, not %zu", asked[i],
        genre_windows_frames (windows), frames_of (model, asked[i]));
    genre_windows_free (windows);
  }
  genre_windows_free (NULL);
}

/* Band power that changes from frame to frame and from band to band. */
static float *
make_levels (size_t n, uint64_t seed)
{
  float *levels = g_new (float, n);

  for (size_t i = 0; i < n; i++)
    levels[i] = powf (10, 2 * test_noise (&seed) - 2);
  return levels;
}

/* What the network says of the frames [first, end): the definition of genre_windows_look(). */
static void
say_of (const GenreModel *model, NnRun *run, const float *levels, const GenreSpan *span, double *probabilities)
{
  const GenreFrontend *frontend = genre_model_frontend (model);
  const size_t n = (size_t) (span->end - span->first), n_labels = genre_model_n_labels (model);
  g_autofree float *input = g_new (float, n * frontend->bands), *output = g_new (float, n_labels);
  double sum = 0;

  genre_frontend_apply (frontend, GENRE_LEVELS_POWER, levels + span->first * frontend->bands, input, n);
  nn_run_forward (run, input, n, output);
  for (size_t i = 0; i < n_labels; i++)
    sum += (double) output[i];
  for (size_t i = 0; i < n_labels; i++)
    probabilities[i] = (double) output[i] / sum;
}

/* Every answer of 300 frames: the frames b = S ceil (max (0, e - W) / S) to e, and the distribution of just those. */
static void
check_looks (GenreModel *model, GenreWindows *windows, const float *levels, const char *what)
{
  enum
  {
    N = 300
  };
  const size_t bands = genre_model_frontend (model)->bands, n_labels = genre_model_n_labels (model);
  const uint64_t longest = genre_windows_frames (windows), grid = genre_model_grid (model);
  NnRun *run = nn_run_new (genre_model_network (model), (size_t) longest);
  unsigned answers = 0;
  double spread = 0, before = 0;

  for (size_t frame = 0; frame < N; frame++) {
    GenreSpan span = { 77, 78 };
    double expected[8], sum = 0, error = 0;

    if (!genre_windows_push (windows, levels + frame * bands, &span)) {
      CHECK (span.first == 77 && span.end == 78, "%s: a window without an answer", what);
      continue;
    }

    const uint64_t outside = frame + 1 > longest ? frame + 1 - longest : 0;
    double music = 0;
    const double *found = genre_windows_look (windows, &span, &music);

    CHECK (music >= 1 && music <= 1, "%s: music %g without a head", what, music);
    CHECK (span.end == frame + 1 && span.first == grid * ((outside + grid - 1) / grid), "%s: frames %d to %d", what,
        (int) span.first, (int) span.end);
    say_of (model, run, levels, &span, expected);
    for (size_t i = 0; i < n_labels; i++) {
      sum += found[i];
      error = fmax (error, fabs (found[i] - expected[i]));
    }
    CHECK (fabs (sum - 1) <= 1e-12, "%s: the sum is 1 %+g", what, sum - 1);
    CHECK (error <= 1e-5, "%s: frames %d to %d: off by %g", what, (int) span.first, (int) span.end, error);
    spread = fmax (spread, fabs (found[0] - before));
    before = found[0];
    answers++;
  }
  CHECK (answers == 24, "%s: %u answers", what, answers); /* at 8 + floor (12.5 k) */
  CHECK (spread > 1e-3, "%s: all answers are alike", what);
  nn_run_free (run);
}

static void
test_looks (GenreModel *model, const char *what)
{
  const size_t bands = genre_model_frontend (model)->bands;
  g_autofree float *levels = make_levels (300 * bands, 3), *others = make_levels (300 * bands, 4);
  GenreWindows *windows = genre_windows_new (model, GENRE_LEVELS_POWER, 0, 200000000);

  check_looks (model, windows, levels, what);
  genre_windows_reset (windows); /* and then as fresh, whatever was before */
  check_looks (model, windows, others, what);
  genre_windows_free (windows);
}

/* A network whose numbers overflow on their way to the softmax gives a distribution all the same. */
static void
test_overflow (void)
{
  g_autoptr (ModelBuilder) builder = model_builder_new ();

  for (gsize i = 0; i < 8; i++) { /* of the first label and of the second: infinite, whatever the sign */
    model_builder_set_value (builder, "dense/kernel", 3 * i, i % 2 == 0 ? 3e38F : -3e38F);
    model_builder_set_value (builder, "dense/kernel", 3 * i + 1, i % 2 == 0 ? -3e38F : 3e38F);
  }

  GenreModel *model = model_builder_parse (builder);
  const size_t bands = genre_model_frontend (model)->bands, n_labels = genre_model_n_labels (model);
  GenreWindows *windows = genre_windows_new (model, GENRE_LEVELS_POWER, 0, 1000000000);
  g_autofree float *levels = make_levels (MIN_FRAMES * bands, 6);
  GenreSpan span = { 0, 0 };

  for (unsigned frame = 1; frame <= MIN_FRAMES; frame++)
    CHECK (genre_windows_push (windows, levels + (frame - 1) * bands, &span) == (frame == MIN_FRAMES), "frame %u",
        frame);

  double sum = 0, music = 0;
  const double *found = genre_windows_look (windows, &span, &music);

  for (size_t i = 0; i < n_labels; i++) {
    CHECK (found[i] >= 0 && found[i] <= 1, "label %zu: %g", i, found[i]);
    sum += found[i];
  }
  CHECK (fabs (sum - 1) <= 1e-12, "the sum is 1 %+g", sum - 1);
  CHECK (fabs (found[0] - found[1]) >= .99, "%g and %g: nothing has overflown", found[0], found[1]);
  genre_windows_free (windows);
  genre_model_unref (model);
}

/* A run too short for an answer is one window where the network takes it, whatever M is; not where length is fixed. */
static void
test_whole (GenreModel *model, bool fixed)
{
  const size_t bands = genre_model_frontend (model)->bands, min_frames = genre_model_min_frames (model);
  g_autofree float *levels = make_levels (40 * bands, 5);
  GenreWindows *windows = genre_windows_new (model, GENRE_LEVELS_POWER, 0, 3600000000000);
  const uint64_t grid = genre_model_grid (model);
  unsigned taken = 0;

  for (size_t n = 0; n <= 40; n++) {
    GenreSpan span = { 77, 78 }, unused;
    const size_t longest = genre_model_window_frames (model);
    const uint64_t first = n > longest ? grid * ((n - longest + grid - 1) / grid) : 0;
    const bool expected = n - first >= min_frames
        || (!fixed && n > 0 && nn_network_accepts (genre_model_network (model), (size_t) (n - first)));

    CHECK (genre_windows_whole (windows, &span) == expected, "%zu frames: %d", n, !expected);
    CHECK (expected ? span.first == first && span.end == n : span.first == 77 && span.end == 78,
        "%zu frames: window %d to %d", n, (int) span.first, (int) span.end);
    if (expected && n < min_frames) {
      NnRun *run = nn_run_new (genre_model_network (model), longest);
      double wanted[8], music = 0;
      const double *found = genre_windows_look (windows, &span, &music);

      say_of (model, run, levels, &span, wanted);
      for (unsigned i = 0; i < genre_model_n_labels (model); i++)
        CHECK (fabs (found[i] - wanted[i]) <= 1e-5, "%zu frames, label %u: %g, not %g", n, i, found[i], wanted[i]);
      nn_run_free (run);
      taken++;
    }
    if (n < 40)
      genre_windows_push (windows, levels + n * bands, &unused);
  }
  CHECK (fixed ? taken == 0 : taken > 0, "%u windows shorter than the shortest", taken);
  genre_windows_free (windows);
}

int
main (void)
{
  GenreModel *model = tiny_model (), *relative = relative_model (), *fixed = fixed_model ();

  CHECK (genre_model_shares_columns (model) && !genre_model_shares_columns (relative)
          && !genre_model_shares_columns (fixed),
      "which models share columns");
  test_frames (model);
  test_frames (relative);
  test_frames (fixed);
  test_looks (model, "shared columns");
  test_looks (relative, "whole windows");
  test_overflow ();
  test_whole (model, false);
  test_whole (relative, false);
  test_whole (fixed, true);
  test_lowered (model);
  for (uint64_t seed = 1; seed <= 200; seed++)
    check_random_changes (model, seed);
  genre_model_unref (model);
  genre_model_unref (relative);
  genre_model_unref (fixed);
  TEST_END ();
}
