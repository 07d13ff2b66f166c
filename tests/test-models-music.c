/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-models-music.c - music or not: what the head of a model makes of the answers of models/genre_stream.
 *
 * The model's head looks at how much louder the lowest band is than the highest: a low tone is music, white noise is
 * not, and mixtures are in between.  What each window says by itself comes from a stream without smoothing and with the
 * threshold at 0; every other answer follows from that by the formulas of docs/schedule.md.
 *
 * Linked with --wrap for malloc and calloc.
 */
#include "models/genre_stream.h"

#include "models/genre_windows.h"
#include "nn/run.h"
#include "tests/fail_at.h"
#include "tests/model_builder.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  RATE = 8000,
  MAX_ANSWERS = 400,
  LABELS = 3,
};

static const double NONE = -200; /* dBFS: nothing but zeros is silent */

typedef struct Answer
{
  GenreState state;
  bool final;
  uint64_t first_sample, n_samples;
  unsigned windows;
  double probabilities[LABELS], smoothed[LABELS], aggregate[LABELS], music;
} Answer;

typedef struct Answers
{
  size_t n;
  Answer list[MAX_ANSWERS];
} Answers;

/* --- fixtures -------------------------------------------------------------------------------------------------- */

/* Four bands, their mean over time, a dense layer; least: M, of W 20.  head: .1 per dB of the lowest band's lead. */
static ModelBuilder *
builder_new (const char *least, bool head)
{
  static const float weights[4] = { 1.05F, 0, 0, -.99F }; /* times 10.5 and 9.9 dB, the front end's std */
  ModelBuilder *builder = model_builder_new ();

  model_builder_set (builder, "min_frames", least);
  model_builder_set (builder, "network",
      "[{\"type\":\"to_sequence\"},{\"type\":\"temporal_pool\",\"stats\":[\"mean\"]},"
      "{\"type\":\"dense\",\"name\":\"dense\",\"units\":3},{\"type\":\"softmax\"}]");
  if (!head) {
    model_builder_fill (builder, 5);
    return builder;
  }
  model_builder_add_music (builder);
  model_builder_fill (builder, 5);
  for (gsize i = 0; i < G_N_ELEMENTS (weights); i++)
    model_builder_set_value (builder, "music/kernel", i, weights[i]);
  model_builder_set_value (builder, "music/bias", 0, -2);
  return builder;
}

static GenreModel *
model_new (const char *least, bool head)
{
  g_autoptr (ModelBuilder) builder = builder_new (least, head);

  return model_builder_parse (builder);
}

/* [n]  tone: 125 Hz of this amplitude, noise: white noise of that one */
static void
add_sound (float *samples, size_t n, float tone, float noise, uint64_t *seed)
{
  for (size_t i = 0; i < n; i++)
    samples[i] = tone * sinf ((float) (i % 64) * (float) (2 * 3.14159265 / 64)) + noise * test_noise (seed);
}

/* [8 * RATE]  noise, silence, a tone, silence, mixtures, noise: windows that grow are sound, so that they differ in
 * weight */
static float *
all_sounds (void)
{
  static const float rows[8][2] = { { 0, .3F }, { 0, 0 }, { .5F, 0 }, { 0, 0 }, { .5F, .1F }, { .5F, .01F },
    { .1F, .03F }, { 0, .01F } };
  float *samples = g_new (float, 8 * RATE);
  uint64_t seed = 71;

  for (int i = 0; i < 8; i++)
    add_sound (samples + i * RATE, RATE, rows[i][0], rows[i][1], &seed);
  return samples;
}

static void
keep (Answers *answers, const GenreResult *result)
{
  Answer *answer = &answers->list[answers->n++];

  if (answers->n > MAX_ANSWERS)
    g_error ("more answers than there is room for");
  memset (answer, 0, sizeof *answer);
  answer->state = result->state;
  answer->final = result->final;
  answer->first_sample = result->first_sample;
  answer->n_samples = result->n_samples;
  answer->windows = result->windows;
  answer->music = result->music;
  memcpy (answer->probabilities, result->probabilities, sizeof answer->probabilities);
  memcpy (answer->smoothed, result->smoothed, sizeof answer->smoothed);
  memcpy (answer->aggregate, result->aggregate, sizeof answer->aggregate);
}

/* Pushes in pieces of 1 to max_piece samples, all at once if that is 0. */
static void
push (GenreStream *stream, const float *samples, size_t n, size_t max_piece, uint64_t seed, Answers *answers)
{
  while (n > 0) {
    size_t piece = max_piece ? 1 + (size_t) (test_random (&seed) >> 20) % max_piece : n;
    const GenreResult *result;

    piece = piece > n ? n : piece;
    n -= piece;
    do {
      const size_t taken = genre_stream_push (stream, samples, piece, &result);

      if (result)
        keep (answers, result);
      samples += taken;
      piece -= taken;
    } while (piece > 0 || result);
  }
}

/* The run's answers, the final last; to be freed. */
static Answers *
run (GenreModel *model, GenreStreamConfig config, const float *samples, size_t n, size_t max_piece, uint64_t seed)
{
  Answers *answers = g_new0 (Answers, 1);
  GenreStream *stream = genre_stream_new (model, RATE, 0, &config);

  push (stream, samples, n, max_piece, seed, answers);
  keep (answers, genre_stream_finish (stream));
  genre_stream_free (stream);
  return answers;
}

/* --- by the formulas ------------------------------------------------------------------------------------------- */

/* What should have been said up to here. */
typedef struct Expected
{
  double smoothed[LABELS], music;
  double labels_at, music_at; /* ends of the windows that entered last; below 0: none */
  double logs[LABELS], weight, music_sum, audible;
  unsigned windows;
} Expected;

static double
gain (double tau, double at, double *before)
{
  const double result = *before < 0 || tau <= 0 ? 1 : 1 - exp (-(at - *before) / tau);

  *before = at;
  return result;
}

/* own: the answer to the same window of a stream without smoothing and threshold.  Returns the state. */
static GenreState
expect (Expected *expected, const Answer *own, const GenreStreamConfig *config)
{
  const double at = (double) (own->first_sample + own->n_samples) / RATE, frames = (double) own->n_samples / 128;
  const double tau = (double) config->smoothing_ns * 1e-9;

  if (own->state == GENRE_STATE_SILENCE)
    return GENRE_STATE_SILENCE;
  expected->music += gain (tau, at, &expected->music_at) * (own->music - expected->music);
  expected->music_sum += frames * own->music;
  expected->audible += frames;
  if (own->music < config->music_threshold)
    return GENRE_STATE_NOT_MUSIC;

  const double g = gain (tau, at, &expected->labels_at);

  for (int i = 0; i < LABELS; i++) {
    expected->smoothed[i] += g * (own->probabilities[i] - expected->smoothed[i]);
    expected->logs[i] += frames * log (fmax (own->probabilities[i], 1e-12));
  }
  expected->weight += frames;
  expected->windows++;
  return GENRE_STATE_OK;
}

static void
check_close (const double *found, const double *expected, const char *what, size_t k)
{
  for (int i = 0; i < LABELS; i++)
    CHECK (fabs (found[i] - expected[i]) < 1e-9, "answer %zu: %s %g, not %g", k, what, found[i], expected[i]);
}

static void
check_aggregate (const Expected *expected, const Answer *answer, size_t k)
{
  double mean[LABELS] = { 1 / 3., 1 / 3., 1 / 3. }, sum = 0;

  if (expected->windows > 0) {
    for (int i = 0; i < LABELS; i++)
      sum += exp (expected->logs[i] / expected->weight);
    for (int i = 0; i < LABELS; i++)
      mean[i] = exp (expected->logs[i] / expected->weight) / sum;
  }
  check_close (answer->aggregate, mean, "aggregate", k);
  if (answer->final)
    check_close (answer->smoothed, mean, "smoothed", k);
  if (answer->final)
    check_close (answer->probabilities, mean, "probabilities", k);
}

static void
check_final (const Expected *expected, const Answer *final)
{
  const GenreState state = expected->windows > 0 ? GENRE_STATE_OK
      : expected->audible > 0                    ? GENRE_STATE_NOT_MUSIC
                                                 : GENRE_STATE_SILENCE;
  const double music = expected->audible > 0 ? expected->music_sum / expected->audible : 1;

  CHECK (final->final && final->state == state, "the final's state is %d, not %d", final->state, state);
  CHECK (fabs (final->music - music) < 1e-9, "the final's music is %g, not %g", final->music, music);
  CHECK (final->windows == expected->windows, "%u windows, not %u", final->windows, expected->windows);
}

/* own [n]: see above.  Returns how many windows had each state. */
static void
check_answers (const Answers *own, const Answers *answers, const GenreStreamConfig *config, unsigned *ret_states)
{
  static const double uniform[LABELS] = { 1 / 3., 1 / 3., 1 / 3. };
  Expected expected = { .music = 1, .labels_at = -1, .music_at = -1 };

  CHECK (own->n == answers->n, "%zu answers, not %zu", answers->n, own->n);
  for (size_t k = 0; k + 1 < own->n; k++) {
    const Answer *answer = &answers->list[k];
    const GenreState state = expect (&expected, &own->list[k], config);

    ret_states[state]++;
    CHECK (answer->state == state, "answer %zu: state %d, not %d", k, answer->state, state);
    CHECK (fabs (answer->music - expected.music) < 1e-9, "answer %zu: music %g, not %g", k, answer->music,
        expected.music);
    CHECK (answer->windows == expected.windows, "answer %zu: %u windows, not %u", k, answer->windows, expected.windows);
    check_close (answer->probabilities, state == GENRE_STATE_OK ? own->list[k].probabilities : uniform, "probabilities",
        k);
    check_close (answer->smoothed, expected.windows > 0 ? expected.smoothed : uniform, "smoothed", k);
    check_aggregate (&expected, answer, k);
  }
  check_aggregate (&expected, &answers->list[answers->n - 1], own->n - 1);
  check_final (&expected, &answers->list[answers->n - 1]);
}

/* Windows that grow and slide, share columns or do not, with each threshold. */
static void
test_formulas (void)
{
  static const double thresholds[] = { 0, .2, .5, .8, 1 };
  static const char *const leasts[] = { "8", "20" };
  g_autofree float *samples = all_sounds ();

  for (gsize m = 0; m < G_N_ELEMENTS (leasts); m++) {
    GenreModel *model = model_new (leasts[m], true);
    g_autofree Answers *own = run (model, (GenreStreamConfig){ 100000000, 0, NONE, 0 }, samples, 8 * RATE, 0, 0);
    unsigned with_both = 0;

    for (gsize t = 0; t < G_N_ELEMENTS (thresholds); t++) {
      const GenreStreamConfig config = { 100000000, 700000000, NONE, thresholds[t] };
      g_autofree Answers *answers = run (model, config, samples, 8 * RATE, 0, 0);
      unsigned states[4] = { 0 };

      check_answers (own, answers, &config, states);
      CHECK (states[GENRE_STATE_SILENCE] > 5, "%u silent windows", states[GENRE_STATE_SILENCE]);
      CHECK (thresholds[t] > 0 || states[GENRE_STATE_NOT_MUSIC] == 0, "at threshold 0, something is not music");
      with_both += states[GENRE_STATE_OK] > 10 && states[GENRE_STATE_NOT_MUSIC] > 10;
    }
    CHECK (with_both >= 3, "only %u thresholds have music and not", with_both);
    genre_model_unref (model);
  }
}

/* A window is music from the threshold on, that included. */
static void
test_threshold_itself (void)
{
  GenreModel *model = model_new ("8", true);
  const size_t n = RATE;
  g_autofree float *samples = g_new (float, n);
  uint64_t seed = 3;

  add_sound (samples, n, .5F, .05F, &seed);

  g_autofree Answers *own = run (model, (GenreStreamConfig){ 1, 0, NONE, 0 }, samples, n, 0, 0);
  const double first = own->list[0].music;

  CHECK (first > .1 && first < .9, "music %g", first);
  for (int above = 0; above < 2; above++) {
    const GenreStreamConfig config = { 1, 0, NONE, above ? nextafter (first, 1) : first };
    g_autofree Answers *answers = run (model, config, samples, n, 0, 0);

    CHECK (answers->list[0].state == (above ? GENRE_STATE_NOT_MUSIC : GENRE_STATE_OK), "state %d",
        answers->list[0].state);
    CHECK (fabs (answers->list[0].music - first) <= 0, "the threshold changes what the window says");
  }
  genre_model_unref (model);
}

/* --- finals ---------------------------------------------------------------------------------------------------- */

static void
test_finals (void)
{
  enum
  {
    SHORT = 600, /* samples: no window of 8 frames, but enough for the network */
    LONG = 2 * RATE
  };
  static const struct
  {
    const char *what;
    size_t silent, n;
    float tone, noise;
    double threshold;
    GenreState state;
    unsigned windows; /* 1: any number but 0 */
  } rows[] = {
    { "music", 0, LONG, .5F, 0, .5, GENRE_STATE_OK, 1 },
    { "noise", 0, LONG, 0, .3F, .5, GENRE_STATE_NOT_MUSIC, 0 },
    { "noise, threshold 0", 0, LONG, 0, .3F, 0, GENRE_STATE_OK, 1 },
    { "music, threshold 1", 0, LONG, .5F, .2F, 1, GENRE_STATE_NOT_MUSIC, 0 },
    { "silence", LONG, LONG, 0, 0, .5, GENRE_STATE_SILENCE, 0 },
    { "silence, then noise", RATE, LONG, 0, .3F, .5, GENRE_STATE_NOT_MUSIC, 0 },
    { "silence, then music", RATE, LONG, .5F, 0, .5, GENRE_STATE_OK, 1 },
    { "short music", 0, SHORT, .5F, 0, .5, GENRE_STATE_TOO_SHORT, 1 },
    { "short noise", 0, SHORT, 0, .3F, .5, GENRE_STATE_TOO_SHORT, 0 },
    { "short noise, threshold 0", 0, SHORT, 0, .3F, 0, GENRE_STATE_TOO_SHORT, 1 },
    { "short silence", SHORT, SHORT, 0, 0, .5, GENRE_STATE_TOO_SHORT, 0 },
    { "nothing", 0, 0, 0, 0, .5, GENRE_STATE_TOO_SHORT, 0 },
  };
  GenreModel *model = model_new ("8", true);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree float *samples = g_new0 (float, LONG);
    uint64_t seed = 9;

    add_sound (samples + rows[i].silent, LONG - rows[i].silent, rows[i].tone, rows[i].noise, &seed);

    const GenreStreamConfig config = { 100000000, 0, NONE, rows[i].threshold };
    g_autofree Answers *answers = run (model, config, samples, rows[i].n, 0, 0);
    const Answer *final = &answers->list[answers->n - 1];
    const bool loud = rows[i].silent < rows[i].n && rows[i].state != GENRE_STATE_TOO_SHORT;

    CHECK (final->state == rows[i].state, "%s: state %d", rows[i].what, final->state);
    CHECK ((final->windows > 0) == (rows[i].windows > 0), "%s: %u windows", rows[i].what, final->windows);
    CHECK (!loud == !(final->music < 1), "%s: music %.17g", rows[i].what, final->music);
    for (int k = 0; k < LABELS; k++)
      CHECK (rows[i].windows > 0 || fabs (final->probabilities[k] - 1 / 3.) < 1e-12, "%s: not uniform", rows[i].what);
  }
  genre_model_unref (model);
}

/* Silence says what was said before it, and 1 where nothing was. */
static void
test_silence_repeats (void)
{
  GenreModel *model = model_new ("8", true);
  g_autofree float *samples = g_new0 (float, 6 * RATE);
  uint64_t seed = 4;
  unsigned before = 0, behind = 0;

  add_sound (samples + 2 * RATE, RATE, 0, .3F, &seed);

  g_autofree Answers *answers = run (model, (GenreStreamConfig){ 1, 300000000, NONE, .5 }, samples, 6 * RATE, 0, 0);
  double last = 1;

  for (size_t k = 0; k + 1 < answers->n; k++) {
    const Answer *answer = &answers->list[k];

    if (answer->state == GENRE_STATE_SILENCE) {
      CHECK (fabs (answer->music - last) <= 0, "answer %zu: music %g, not %g", k, answer->music, last);
      before += last >= 1;
      behind += last < .5;
    }
    last = answer->music;
  }
  CHECK (before > 20 && behind > 20, "%u and %u silent windows", before, behind);
  genre_model_unref (model);
}

/* --- without a head -------------------------------------------------------------------------------------------- */

/* Music is 1, to the last bit, and no threshold finds anything to leave out. */
static void
test_without_head (void)
{
  GenreModel *model = model_new ("8", false);
  g_autofree float *samples = all_sounds ();
  g_autofree Answers *never = run (model, (GenreStreamConfig){ 1, 300000000, -60, 0 }, samples, 6 * RATE, 0, 0);
  g_autofree Answers *always = run (model, (GenreStreamConfig){ 1, 300000000, -60, 1 }, samples, 6 * RATE, 0, 0);

  CHECK (never->n > 100 && memcmp (never, always, sizeof *never) == 0, "the threshold changes the answers");
  for (size_t k = 0; k < never->n; k++)
    CHECK (never->list[k].music >= 1 && never->list[k].music <= 1, "answer %zu: music %.17g", k, never->list[k].music);
  genre_model_unref (model);
}

/* The head changes no label: at threshold 0 all but music is that of the model without it, bit for bit. */
static void
test_labels_are_the_same (void)
{
  GenreModel *with = model_new ("8", true), *without = model_new ("8", false);
  g_autofree float *samples = all_sounds ();
  const GenreStreamConfig config = { 1, 300000000, -60, 0 };
  g_autofree Answers *a = run (with, config, samples, 6 * RATE, 0, 0);
  g_autofree Answers *b = run (without, config, samples, 6 * RATE, 0, 0);

  for (size_t k = 0; k < a->n; k++)
    a->list[k].music = b->list[k].music;
  CHECK (a->n > 100 && memcmp (a, b, sizeof *a) == 0, "other labels");
  genre_model_unref (with);
  genre_model_unref (without);
}

/* --- streams --------------------------------------------------------------------------------------------------- */

static void
test_any_split (void)
{
  static const char *const leasts[] = { "8", "20" };
  g_autofree float *samples = all_sounds ();
  const GenreStreamConfig config = { 50000000, 2000000000, -60, .5 };

  for (gsize m = 0; m < G_N_ELEMENTS (leasts); m++) {
    GenreModel *model = model_new (leasts[m], true);
    g_autofree Answers *whole = run (model, config, samples, 8 * RATE, 0, 0);

    for (uint64_t seed = 1; seed < 8; seed++) {
      g_autofree Answers *split = run (model, config, samples, 8 * RATE, seed < 3 ? 3 : 700 * seed * seed, seed);

      CHECK (memcmp (whole, split, sizeof *whole) == 0, "split %d gives other answers", (int) seed);
    }
    CHECK (whole->n > 100, "%zu answers only", whole->n);
    genre_model_unref (model);
  }
}

/* A reset of the window keeps what music was smoothed to and what the final will say; a reset is as fresh. */
static void
test_resets (void)
{
  GenreModel *model = model_new ("8", true);
  const GenreStreamConfig config = { 100000000, 500000000, NONE, .5 };
  GenreStream *stream = genre_stream_new (model, RATE, 0, &config);
  g_autofree float *noise = g_new (float, RATE), *tone = g_new (float, RATE);
  g_autofree Answers *first = g_new0 (Answers, 1), *again = g_new0 (Answers, 1), *parts = g_new0 (Answers, 1);
  uint64_t seed = 6;

  add_sound (noise, RATE, 0, .3F, &seed);
  add_sound (tone, RATE, .5F, .003F, &seed);
  push (stream, noise, RATE, 0, 0, first);
  keep (first, genre_stream_finish (stream));
  genre_stream_reset (stream);
  push (stream, noise, RATE, 0, 0, again);
  keep (again, genre_stream_finish (stream));
  CHECK (first->n > 5 && memcmp (first, again, sizeof *first) == 0, "reset is not fresh");
  genre_stream_reset (stream);

  push (stream, noise, RATE, 0, 0, parts);

  const double before = parts->list[parts->n - 1].music;
  const size_t n = parts->n;

  genre_stream_reset_window (stream);
  push (stream, tone, RATE, 0, 0, parts);
  CHECK (before < .3 && parts->list[n].state == GENRE_STATE_OK, "state %d after %g", parts->list[n].state, before);
  CHECK (parts->list[n].music > before && parts->list[n].music < .9, "music begins anew at %g", parts->list[n].music);
  keep (parts, genre_stream_finish (stream));

  const Answer *final = &parts->list[parts->n - 1];

  CHECK (final->state == GENRE_STATE_OK && final->music > .3 && final->music < .8, "final: state %d, music %g",
      final->state, final->music);
  genre_stream_free (stream);
  genre_model_unref (model);
}

/* Another threshold counts from the next window on. */
static void
test_threshold_change (void)
{
  GenreModel *model = model_new ("8", true);
  GenreStreamConfig config = { 100000000, 0, NONE, .5 };
  GenreStream *stream = genre_stream_new (model, RATE, 0, &config);
  g_autofree float *noise = g_new (float, 2 * RATE);
  g_autofree Answers *answers = g_new0 (Answers, 1);
  uint64_t seed = 8;

  add_sound (noise, 2 * RATE, 0, .3F, &seed);
  push (stream, noise, RATE, 0, 0, answers);

  const size_t n = answers->n;

  config.music_threshold = 0;
  genre_stream_configure (stream, &config);
  push (stream, noise + RATE, RATE, 0, 0, answers);
  CHECK (n > 5 && answers->n > n + 5, "%zu and %zu answers", n, answers->n);
  for (size_t k = 0; k < answers->n; k++)
    CHECK (answers->list[k].state == (k < n ? GENRE_STATE_NOT_MUSIC : GENRE_STATE_OK), "answer %zu: state %d", k,
        answers->list[k].state);
  genre_stream_free (stream);
  genre_model_unref (model);
}

/* --- windows --------------------------------------------------------------------------------------------------- */

/* What genre_windows_look() says is what the network's head says of just these frames. */
static void
check_looks (GenreModel *model)
{
  const GenreFrontend *frontend = genre_model_frontend (model);
  const size_t bands = frontend->bands;
  GenreWindows *windows = genre_windows_new (model, GENRE_LEVELS_POWER, 0, 1);
  NnRun *network = nn_run_new (genre_model_network (model), genre_windows_frames (windows));
  g_autofree float *levels = g_new (float, 100 * bands), *input = g_new (float, 100 * bands);
  uint64_t seed = 12;
  double least = 1, most = 0;
  unsigned n = 0;

  for (size_t i = 0; i < 100 * bands; i++)
    levels[i] = powf (10, 3 * test_noise (&seed) - 2);
  for (size_t t = 0; t < 100; t++) {
    GenreSpan span;
    float out[LABELS];
    double music = -1;

    if (!genre_windows_push (windows, levels + t * bands, &span))
      continue;
    genre_windows_look (windows, &span, &music);
    genre_frontend_apply (frontend, GENRE_LEVELS_POWER, levels + span.first * bands, input,
        (size_t) (span.end - span.first));
    nn_run_forward (network, input, (size_t) (span.end - span.first), out);
    CHECK (fabs (music - (double) *nn_run_head (network, 0)) <= 0, "window %u: music %g, not %g", n, music,
        (double) *nn_run_head (network, 0));
    least = fmin (least, music);
    most = fmax (most, music);
    n++;
  }
  CHECK (n > 70 && most > least + .05, "%u windows, music from %g to %g", n, least, most);
  nn_run_free (network);
  genre_windows_free (windows);
}

/* Weights that let numbers overflow: what is no number knows nothing, as if there were no head. */
static void
test_overflow (void)
{
  g_autoptr (ModelBuilder) builder = builder_new ("8", true);
  g_autofree float *samples = g_new (float, RATE);
  uint64_t seed = 2;

  for (gsize i = 0; i < 4; i++)
    model_builder_set_value (builder, "music/kernel", i, i % 2 ? -3e38F : 3e38F);
  add_sound (samples, RATE, 0, 3e38F, &seed);

  GenreModel *model = model_builder_parse (builder);
  g_autofree Answers *answers = run (model, (GenreStreamConfig){ 1, 0, NONE, .5 }, samples, RATE, 0, 0);

  CHECK (answers->n > 20, "%zu answers", answers->n);
  for (size_t k = 0; k < answers->n; k++)
    CHECK (answers->list[k].music >= 0 && answers->list[k].music <= 1, "music %g", answers->list[k].music);
  CHECK (answers->list[0].state == GENRE_STATE_OK && answers->list[0].music >= 1, "state %d, music %g",
      answers->list[0].state, answers->list[0].music);
  genre_model_unref (model);
}

static void
test_looks (void)
{
  GenreModel *shares = model_new ("8", true), *fixed = model_new ("20", true);

  CHECK (genre_model_shares_columns (shares) && !genre_model_shares_columns (fixed), "one of each");
  check_looks (shares);
  check_looks (fixed);
  genre_model_unref (shares);
  genre_model_unref (fixed);
}

/* --- memory ---------------------------------------------------------------------------------------------------- */

static void
test_out_of_memory (void)
{
  GenreModel *model = model_new ("8", true), *plain = model_new ("8", false);
  const GenreStreamConfig config = { 1, 0, -60, .5 };
  long allocations[2] = { 0 };

  for (int head = 0; head < 2; head++) {
    GenreStream *stream = NULL;

    for (long k = 0; !stream && k < 1000; k++) {
      fail_at = k;
      stream = genre_stream_new (head ? model : plain, RATE, 0, &config);
      CHECK (!stream == (fail_at < 0), "allocation %ld failed unseen", k);
      allocations[head] = k;
    }
    fail_at = -1;
    CHECK (stream, "no stream");
    genre_stream_free (stream);
  }
  CHECK (allocations[0] > 20 && allocations[1] == allocations[0] + 3, "%ld and %ld allocations", allocations[0],
      allocations[1]);
  genre_model_unref (model);
  genre_model_unref (plain);
}

int
main (void)
{
  test_formulas ();
  test_threshold_itself ();
  test_finals ();
  test_silence_repeats ();
  test_without_head ();
  test_labels_are_the_same ();
  test_any_split ();
  test_resets ();
  test_threshold_change ();
  test_looks ();
  test_overflow ();
  test_out_of_memory ();
  TEST_END ();
}
