/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-models-genre_windows.c - when answers are due while the interval changes, against the definition.
 *
 * Layer:   tests; models.
 */
#include "models/genre_windows.h"
#include "tests/model_builder.h"
#include "tests/test.h"

enum
{
  FRAMES = 3000,
  HOP_NS = 16000000, /* of the builder's model: 128 samples at 8 kHz */
  MIN_FRAMES = 8,    /* M */
};

/* W 20, M 8. */
static GenreModel *
tiny_model (void)
{
  g_autoptr (ModelBuilder) builder = model_builder_new ();
  GError *error = NULL;
  g_autoptr (GBytes) bytes = model_builder_build (builder);
  GenreModel *model = genre_model_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "tiny", &error);

  if (!model)
    g_error ("%s", error->message);
  return model;
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

  return schedule->origin + (uint64_t) ((long double) schedule->k * (long double) step / HOP_NS);
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

int
main (void)
{
  GenreModel *model = tiny_model ();

  test_lowered (model);
  for (uint64_t seed = 1; seed <= 200; seed++)
    check_random_changes (model, seed);
  genre_model_unref (model);
  TEST_END ();
}
