/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-models-stream.c - the stream classifier: schedule, any split, silence, smoothing, aggregate, finals.
 *
 * Layer:   tests; models.
 */
#include "models/genre_aggregate.h"
#include "models/genre_stream.h"
#include "nn/run.h"
#include "tests/fail_at.h"
#include "tests/model_builder.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  MAX_ANSWERS = 400,
  MAX_LABELS = 8,
};

typedef struct Answer
{
  GenreState state;
  bool final;
  uint64_t first_sample, n_samples;
  unsigned windows;
  double probabilities[MAX_LABELS], smoothed[MAX_LABELS], aggregate[MAX_LABELS];
} Answer;

typedef struct Answers
{
  size_t n;
  Answer list[MAX_ANSWERS];
} Answers;

static const GenreStreamConfig CONFIG = { 1000000000, 8000000000, -60, 0 };

/* --- fixtures -------------------------------------------------------------------------------------------------- */

/* W 20, M 8, time stride 2, hop 128 at 8 kHz. */
static GenreModel *
tiny_model (void)
{
  g_autoptr (ModelBuilder) builder = model_builder_new ();

  return model_builder_parse (builder);
}

/* M == W, "same" padding of time, levels relative to the loudest band of the window. */
static GenreModel *
fixed_model (void)
{
  g_autoptr (ModelBuilder) builder = model_builder_new ();

  model_builder_set (builder, "min_frames", "20");
  model_builder_replace (builder, "network", "\"valid\"", "\"same\"");
  model_builder_replace (builder, "frontend", "\"top_db\":null", "\"top_db\":80");
  model_builder_replace (builder, "frontend", "\"ref\":1", "\"ref\":\"max\"");
  model_builder_fill (builder, 7);
  return model_builder_parse (builder);
}

static float *
noise (size_t n, uint64_t seed, float level)
{
  float *samples = g_new (float, n);

  for (size_t i = 0; i < n; i++) /* its colour changes, so that answers do */
    samples[i] = level * test_noise (&seed) * sinf ((float) (i / 3000 % 7) + 1e-3F * (float) (i % 3000));
  return samples;
}

static void
keep (Answers *answers, const GenreResult *result, unsigned n_labels)
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
  memcpy (answer->probabilities, result->probabilities, n_labels * sizeof (double));
  memcpy (answer->smoothed, result->smoothed, n_labels * sizeof (double));
  memcpy (answer->aggregate, result->aggregate, n_labels * sizeof (double));
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
      const uint64_t wanted = genre_stream_wanted (stream);
      const size_t taken = genre_stream_push (stream, samples, piece, &result);

      CHECK (result ? taken == wanted : piece < wanted, "%u of %u samples, %s answer", (unsigned) taken,
          (unsigned) wanted, result ? "an" : "no");
      if (result)
        keep (answers, result, 3);
      samples += taken;
      piece -= taken;
    } while (piece > 0 || result);
  }
}

static Answers *
run (GenreModel *model, unsigned rate, const GenreStreamConfig *config, const float *samples, size_t n,
    size_t max_piece, uint64_t seed)
{
  Answers *answers = g_new0 (Answers, 1);
  GenreStream *stream = genre_stream_new (model, rate, 0, config);

  push (stream, samples, n, max_piece, seed, answers);
  keep (answers, genre_stream_finish (stream), 3);
  genre_stream_free (stream);
  return answers;
}

/* --- tests ----------------------------------------------------------------------------------------------------- */

/* e_k = M + floor (k max (interval, hop) / hop), b_k = S ceil (max (0, e_k - W) / S),
 * c (t) = floor (t hop r / s + 1/2) */
static void
test_schedule (void)
{
  static const unsigned rates[] = { 2000, 8000, 22050, 44056, 48000 };
  static const uint64_t intervals[] = { 1, 16000000, 250000000, 333333333, 1000000000, UINT64_MAX };
  GenreModel *model = tiny_model ();

  for (size_t r = 0; r < G_N_ELEMENTS (rates); r++)
    for (size_t v = 0; v < G_N_ELEMENTS (intervals); v++) {
      const unsigned rate = rates[r];
      const size_t n = 4 * rate;
      const GenreStreamConfig config = { intervals[v], 0, -60, 0 };
      g_autofree float *samples = noise (n, 3, .5F);
      g_autofree Answers *answers = run (model, rate, &config, samples, n, 0, 0);
      const uint64_t window = 2 * (uint64_t) floor (256. * rate / 16000 + .5);
      size_t k = 0;

      for (;; k++) {
        const double hop = 128. / 8000, step = fmax ((double) intervals[v] * 1e-9, hop);
        const uint64_t end = 8 + (uint64_t) floor ((double) k * step / hop + 1e-9);
        const uint64_t begin = end > 20 ? (end - 20 + 1) / 2 * 2 : 0;

#define CENTER(t) ((2 * (t) *128 * rate + 8000) / 16000)
        if (end > 100000 || CENTER (end - 1) + window / 2 > n)
          break;
        CHECK (k + 1 < answers->n, "rate %u interval %g: answer %zu is missing", rate, (double) intervals[v], k);
        if (k + 1 >= answers->n)
          break;
        CHECK (answers->list[k].first_sample == CENTER (begin)
                && answers->list[k].n_samples == CENTER (end) - CENTER (begin),
            "rate %u interval %g answer %zu: %" G_GUINT64_FORMAT " + %" G_GUINT64_FORMAT, rate, (double) intervals[v],
            k, answers->list[k].first_sample, answers->list[k].n_samples);
      }
      CHECK (answers->n == k + 1, "rate %u interval %g: %zu answers, not %zu", rate, (double) intervals[v], answers->n,
          k + 1);
      CHECK (answers->list[k].final && answers->list[k].n_samples == n, "the last one is not the final");
    }
  genre_model_unref (model);
}

/* Each window is the network's forward of its frames, whether columns are shared or not. */
static void
test_windows (GenreModel *model, bool shares)
{
  const GenreFrontend *frontend = genre_model_frontend (model);
  const size_t bands = frontend->bands, n = 4 * 11025;
  const GenreStreamConfig config = { 100000000, 0, -60, 0 };
  g_autofree float *samples = noise (n, 5, .3F);
  g_autofree Answers *answers = run (model, 11025, &config, samples, n, 0, 0);
  DspLogMel *mel = dsp_log_mel_new (&frontend->mel, 11025);
  NnRun *run_whole = nn_run_new (genre_model_network (model), 20);
  g_autofree float *power = g_new (float, 1000 * bands);
  g_autofree float *window = g_new (float, 20 * bands);
  size_t frames = 0;
  DspLevel level, tail;

  CHECK (genre_model_shares_columns (model) == shares, "shares columns: %d", genre_model_shares_columns (model));
  for (size_t done = 0; done < n;) {
    done += dsp_log_mel_push (mel, samples + done, n - done);
    while (dsp_log_mel_next (mel, power + frames * bands, &level, &tail))
      frames++;
  }
  for (size_t k = 0; k + 1 < answers->n; k++) {
    const size_t least = genre_model_min_frames (model), grid = genre_model_grid (model);
    const size_t end = least + k * 800 / 128, begin = end > 20 ? (end - 20 + grid - 1) / grid * grid : 0;
    float out[3];
    double worst = 0;

    CHECK (end <= frames, "answer %zu needs %zu frames of %zu", k, end, frames);
    dsp_power_to_db (power + begin * bands, window, (end - begin) * bands, frontend->amin, frontend->ref,
        frontend->top_db);
    for (size_t i = 0; i < (end - begin) * bands; i++)
      window[i] = (window[i] - frontend->mean[i % bands]) / frontend->std[i % bands];
    nn_run_forward (run_whole, window, end - begin, out);
    for (int i = 0; i < 3; i++)
      worst = fmax (worst, fabs ((double) out[i] - answers->list[k].probabilities[i]));
    CHECK (worst <= 1e-5, "window %zu differs by %g", k, worst);
  }
  CHECK (answers->n > 30, "%zu answers only", answers->n);
  nn_run_free (run_whole);
  dsp_log_mel_free (mel);
}

static void
test_any_split (GenreModel *model)
{
  const size_t n = 10 * 12000;
  g_autofree float *samples = noise (n, 11, .5F);
  const GenreStreamConfig config = { 50000000, 2000000000, -60, 0 };
  g_autofree Answers *whole = run (model, 12000, &config, samples, n, 0, 0);

  for (uint64_t seed = 1; seed < 12; seed++) {
    g_autofree Answers *split = run (model, 12000, &config, samples, n, seed < 4 ? 3 : 700 * seed * seed, seed);

    CHECK (memcmp (whole, split, sizeof *whole) == 0, "split %d gives other answers", (int) seed);
  }
  CHECK (whole->n > 150, "%zu answers only", whole->n);
}

/* smoothed and aggregate by their formulas, from the probabilities. */
static void
test_smoothing_and_aggregate (void)
{
  GenreModel *model = tiny_model ();
  const size_t n = 8 * 8000;
  const GenreStreamConfig config = { 160000000, 500000000, -60, 0 };
  g_autofree float *samples = noise (n, 21, .5F);
  double smoothed[3] = { 0 }, logs[3] = { 0 }, weight = 0;

  memset (samples + 3 * 8000, 0, 2 * 8000 * sizeof *samples); /* silence in the middle */

  g_autofree Answers *answers = run (model, 8000, &config, samples, n, 0, 0);
  double previous = -1;
  unsigned windows = 0, silent = 0;

  for (size_t k = 0; k < answers->n; k++) {
    const Answer *answer = &answers->list[k];
    const double at = (double) (answer->first_sample + answer->n_samples) / 8000;
    const double frames = (double) answer->n_samples / 128;
    double sum = 0, mean[3];

    if (answer->state == GENRE_STATE_SILENCE) {
      silent++;
      for (int i = 0; i < 3; i++)
        CHECK (fabs (answer->probabilities[i] - 1 / 3.) < 1e-12, "silence is not uniform");
    } else if (!answer->final) {
      const double gain = previous < 0 ? 1 : 1 - exp (-(at - previous) / .5);

      previous = at;
      weight += frames;
      windows++;
      for (int i = 0; i < 3; i++) {
        smoothed[i] += gain * (answer->probabilities[i] - smoothed[i]);
        logs[i] += frames * log (fmax (answer->probabilities[i], 1e-12));
      }
    }
    for (int i = 0; i < 3; i++)
      sum += mean[i] = exp (logs[i] / weight);
    for (int i = 0; i < 3; i++) {
      CHECK (fabs (answer->aggregate[i] - mean[i] / sum) < 1e-9, "answer %zu: aggregate %g, not %g", k,
          answer->aggregate[i], mean[i] / sum);
      CHECK (fabs ((answer->final ? answer->aggregate[i] : smoothed[i]) - answer->smoothed[i]) < 1e-9,
          "answer %zu: smoothed %g, not %g", k, answer->smoothed[i], smoothed[i]);
    }
    CHECK (answer->windows == windows, "answer %zu: %u windows, not %u", k, answer->windows, windows);
  }
  CHECK (silent > 8 && windows > 25, "%u silent, %u heard", silent, windows);
  genre_model_unref (model);
}

/* A window is silent by the RMS of the samples that it covers. */
static void
test_silence_threshold (void)
{
  GenreModel *model = tiny_model ();
  const size_t n = 2 * 8000;
  g_autofree float *samples = g_new (float, n);
  GenreStreamConfig config = CONFIG;

  for (size_t i = 0; i < n; i++)
    samples[i] = i % 2 ? .01F : -.01F; /* RMS -40 dBFS */
  for (int above = 0; above < 2; above++) {
    config.silence_threshold_db = above ? -39.9 : -40.1;

    g_autofree Answers *answers = run (model, 8000, &config, samples, n, 0, 0);

    for (size_t k = 0; k < answers->n; k++)
      CHECK (answers->list[k].state == (above ? GENRE_STATE_SILENCE : GENRE_STATE_OK), "answer %zu: state %d", k,
          answers->list[k].state);
  }

  for (size_t i = 0; i < n; i++)
    samples[i] = i % 2 ? 1 : -1;
  config.silence_threshold_db = 0;

  g_autofree Answers *full = run (model, 8000, &config, samples, n, 0, 0);

  CHECK (full->list[0].state == GENRE_STATE_OK, "0 dB is not as loud as 0 dB");

  memset (samples, 0, n * sizeof *samples);
  config.silence_threshold_db = -200;

  g_autofree Answers *zeros = run (model, 8000, &config, samples, n, 0, 0);

  CHECK (zeros->list[0].state == GENRE_STATE_SILENCE, "digital silence is not silent at -200 dB");
  genre_model_unref (model);
}

/* A constant is no sound, however large, nor does it hide one: the RMS is that of the samples less their mean.  Also
 * where the run ends within a frame. */
static void
test_constants_are_silent (void)
{
  static const float constants[] = { .001122F, 1, -.5F }; /* the first -59 dBFS */
  static const size_t lengths[] = { 16000, 8001, 900 };   /* the last too short for an answer */
  GenreModel *model = tiny_model ();
  g_autofree float *samples = g_new (float, 16000);
  GenreStreamConfig config = { 1, 0, -60, 0 };

  for (size_t c = 0; c < G_N_ELEMENTS (constants); c++)
    for (size_t l = 0; l < G_N_ELEMENTS (lengths); l++)
      for (unsigned noisy = 0; noisy < 2; noisy++) {
        uint64_t seed = 6;

        for (size_t i = 0; i < 16000; i++) /* at -58 dBFS */
          samples[i] = constants[c] + (noisy ? 2.18e-3F * test_noise (&seed) : 0);

        for (unsigned pieces = 0; pieces < 2; pieces++) {
          g_autofree Answers *answers = run (model, 8000, &config, samples, lengths[l], pieces ? 300 : 0, 1);

          CHECK (answers->n > (lengths[l] > 900 ? 50U : 0), "%zu answers", answers->n);
          for (size_t k = 0; k + 1 < answers->n; k++)
            CHECK (answers->list[k].state == (noisy ? GENRE_STATE_OK : GENRE_STATE_SILENCE), "%g, answer %zu: state %d",
                (double) constants[c], k, answers->list[k].state);
          CHECK ((answers->list[answers->n - 1].windows > 0) == noisy, "%g: %u windows in the final of %zu samples",
              (double) constants[c], answers->list[answers->n - 1].windows, lengths[l]);
        }
      }
  genre_model_unref (model);
}

/* What lies behind the last frame's centre and is covered by it counts: sound in the last half frame of a window that
 * is silent otherwise. */
static void
test_level_of_the_last_half_frame (void)
{
  GenreModel *model = tiny_model ();
  const size_t center = 128 * (genre_model_min_frames (model) - 1), n = center + 128;
  g_autofree float *samples = g_new0 (float, n);
  GenreStreamConfig config = { 1, 0, -60, 0 };
  uint64_t seed = 8;

  for (size_t i = center; i < n; i++)
    samples[i] = .5F * test_noise (&seed);

  g_autofree Answers *answers = run (model, 8000, &config, samples, n, 0, 1);

  CHECK (answers->n == 2, "%zu answers, expected one and the final", answers->n);
  CHECK (answers->list[0].state == GENRE_STATE_OK, "state %d", answers->list[0].state);
  genre_model_unref (model);
}

/* Where the hop is longer than half a frame, what comes after the last frame of a short run counts neither in its
 * energy nor in its length. */
static void
test_level_of_long_hops (void)
{
  static const size_t lengths[] = { 8000, 3900 }; /* a window; four frames, 772 samples after the last */
  g_autoptr (ModelBuilder) builder = model_builder_new ();
  g_autofree float *samples = g_new (float, 8000);
  GenreStreamConfig config = { 1, 0, 0, 0 };

  model_builder_replace (builder, "frontend", "\"hop_length\":128", "\"hop_length\":1000");

  GenreModel *model = model_builder_parse (builder);

  for (size_t i = 0; i < 8000; i++)
    samples[i] = i % 2 ? .01F : -.01F; /* -40 dBFS; the 772 samples would make it -41 */
  for (size_t l = 0; l < G_N_ELEMENTS (lengths); l++)
    for (unsigned above = 0; above < 2; above++) {
      config.silence_threshold_db = above ? -39.9 : -40.1;

      g_autofree Answers *answers = run (model, 8000, &config, samples, lengths[l], 0, 0);
      const Answer *last = &answers->list[answers->n - 1];

      CHECK (answers->n == 2 - l && last->windows == 1 - above, "%zu samples, %g dB: %zu answers, %u windows",
          lengths[l], config.silence_threshold_db, answers->n, last->windows);
    }
  genre_model_unref (model);
}

/* ln of the aggregate = sum of frames ln max (p, 1e-12) over the sum of frames, up to a constant. */
static void
test_aggregate_by_hand (void)
{
  static const double sure[3] = { 1 - 2e-7, 2e-7, 0 }, vague[3] = { .5, .25, .25 };
  double expected[3], sum = 0;
  GenreAggregate *aggregate = genre_aggregate_new (3);

  for (int i = 0; i < 3; i++)
    sum += expected[i] = exp (.25 * log (fmax (sure[i], 1e-12)) + .75 * log (vague[i]));
  for (int again = 0; again < 2; again++) {
    genre_aggregate_add (aggregate, sure, 10);
    genre_aggregate_add (aggregate, vague, 30);

    const double *p = genre_aggregate_probabilities (aggregate);

    for (int i = 0; i < 3; i++)
      CHECK (fabs (p[i] - expected[i] / sum) < 1e-12, "time %d: %g, not %g", again, p[i], expected[i] / sum);
    CHECK (genre_aggregate_windows (aggregate) == 2, "time %d: %u windows", again, genre_aggregate_windows (aggregate));
    genre_aggregate_reset (aggregate);
  }
  genre_aggregate_free (aggregate);
}

/* A stream that gets its rate later gives the same bits; without one it has a final too. */
static void
test_rate_later (GenreModel *model)
{
  g_autofree float *samples = noise (40000, 3, .5F);
  g_autofree Answers *expected = run (model, 8000, &CONFIG, samples, 40000, 0, 0);
  g_autofree Answers *answers = g_new0 (Answers, 1);
  GenreStream *stream = genre_stream_new (model, 0, 0, &CONFIG);
  const GenreResult *final = genre_stream_finish (stream);

  CHECK (final->state == GENRE_STATE_TOO_SHORT && final->windows == 0 && final->n_samples == 0, "state %d",
      final->state);
  genre_stream_reset (stream);
  CHECK (genre_stream_wanted (stream) == 1, "before the rate");
  CHECK (genre_stream_set_rate (stream, 8000), "no memory");
  push (stream, samples, 40000, 0, 0, answers);
  keep (answers, genre_stream_finish (stream), 3);
  CHECK (answers->n > 3 && answers->n == expected->n, "%zu answers, not %zu", answers->n, expected->n);
  CHECK (memcmp (answers->list, expected->list, answers->n * sizeof *answers->list) == 0, "other answers");
  genre_stream_free (stream);
}

static void
test_finals (void)
{
  GenreModel *model = tiny_model (), *fixed = fixed_model ();
  g_autofree float *samples = noise (8000, 2, .5F);

  for (size_t n = 0; n < 1200; n += 37) {
    g_autofree Answers *answers = run (model, 8000, &CONFIG, samples, n, 0, 0);
    const Answer *final = &answers->list[answers->n - 1];
    const size_t frames = n / 128 + 1; /* centres at or before n; the network needs 4 */
    const bool windows = 7 * 128 + 128 <= n, all = frames >= 4;
    double sum = 0;

    for (int i = 0; i < 3; i++)
      sum += final->probabilities[i];
    CHECK (fabs (sum - 1) < 1e-6, "%zu samples: sum %g", n, sum);
    CHECK (answers->n == (windows ? 2 : 1), "%zu samples: %zu answers", n, answers->n);
    CHECK (final->final && final->n_samples == n, "%zu samples: not final", n);
    CHECK (final->state == (windows ? GENRE_STATE_OK : GENRE_STATE_TOO_SHORT), "%zu samples: state %d", n,
        final->state);
    CHECK (final->windows == (windows || all), "%zu samples: %u windows", n, final->windows);
    if (!windows && !all)
      CHECK (final->probabilities[0] == final->probabilities[1], "%zu samples: not uniform", n);

    g_autofree Answers *none = run (fixed, 8000, &CONFIG, samples, n, 0, 0);

    CHECK (none->n == 1 && none->list[0].state == GENRE_STATE_TOO_SHORT && none->list[0].windows == 0,
        "a fixed length took %zu samples", n);
  }
  genre_model_unref (model);
  genre_model_unref (fixed);
}

/* After a reset all is as fresh; after a reset of the window, smoothing and aggregate go on, also at another rate. */
static void
test_resets (GenreModel *model)
{
  const size_t n = 3 * 9000;
  g_autofree float *samples = noise (n, 31, .5F);
  g_autofree Answers *fresh = run (model, 9000, &CONFIG, samples, n, 0, 0);
  g_autofree Answers *again = g_new0 (Answers, 1);
  g_autofree Answers *other = g_new0 (Answers, 1);
  GenreStream *stream = genre_stream_new (model, 9000, 0, &CONFIG);

  push (stream, samples + 100, 14321, 0, 0, other);
  genre_stream_reset (stream);
  push (stream, samples, n, 0, 0, again);
  keep (again, genre_stream_finish (stream), 3);
  CHECK (memcmp (fresh, again, sizeof *fresh) == 0, "reset differs from fresh");

  genre_stream_reset (stream);
  memset (again, 0, sizeof *again);
  push (stream, samples, n, 0, 0, again);
  genre_stream_reset_window (stream);
  push (stream, samples, n, 0, 0, again);

  const size_t once = fresh->n - 1;

  CHECK (again->n == 2 * once, "%zu answers, not %zu", again->n, 2 * once);
  for (size_t k = 0; k < once; k++) {
    CHECK (memcmp (again->list[once + k].probabilities, fresh->list[k].probabilities, 3 * sizeof (double)) == 0
            && again->list[once + k].first_sample == fresh->list[k].first_sample,
        "window %zu after a reset of the window is not the first one's", k);
    CHECK (again->list[once + k].windows == once + k + 1, "the aggregate was lost");
  }

  /* Smoothing goes on by the audio that passed: e_k of the second stretch comes after all of the first. */
  double smoothed[3] = { 0 }, previous = 0;

  for (size_t k = 0; k < 2 * once; k++) {
    const Answer *answer = &again->list[k];
    const double at = ((double) (k < once ? 0 : n) + (double) (answer->first_sample + answer->n_samples)) / 9000;
    const double gain = k == 0 ? 1 : 1 - exp (-(at - previous) / 8);

    previous = at;
    for (int i = 0; i < 3; i++) {
      smoothed[i] += gain * (answer->probabilities[i] - smoothed[i]);
      CHECK (fabs (answer->smoothed[i] - smoothed[i]) < 1e-9, "window %zu: smoothed %g, not %g", k, answer->smoothed[i],
          smoothed[i]);
    }
  }

  memset (other, 0, sizeof *other);
  keep (other, genre_stream_finish (stream), 3);
  CHECK (other->list[0].n_samples == 2 * n, "the final is of %d samples", (int) other->list[0].n_samples);
  genre_stream_reset (stream);
  push (stream, samples, 200, 0, 0, other);
  keep (other, genre_stream_finish (stream), 3);
  CHECK (other->n == 2 && other->list[1].state == GENRE_STATE_TOO_SHORT && other->list[1].n_samples == 200,
      "state %d of %d samples after a run that was long enough", other->list[1].state, (int) other->list[1].n_samples);
  genre_stream_reset (stream);

  /* What is silent after a reset of the window does not depend on what was loud before. */
  g_autofree float *zeros = g_new0 (float, n);

  memset (other, 0, sizeof *other);
  push (stream, samples, n, 0, 0, again);
  genre_stream_reset_window (stream);
  push (stream, zeros, n, 0, 0, other);
  CHECK (other->n == once, "%zu answers, not %zu", other->n, once);
  for (size_t k = 0; k < other->n; k++)
    CHECK (other->list[k].state == GENRE_STATE_SILENCE, "window %zu of zeros has state %d", k, other->list[k].state);
  genre_stream_reset (stream);

  push (stream, samples, n, 0, 0, again);
  memset (other, 0, sizeof *other);
  CHECK (genre_stream_set_rate (stream, 16000), "set_rate");
  push (stream, samples, n, 0, 0, other);
  CHECK (other->n > 0 && other->list[0].windows == once + 1, "the aggregate was lost with the rate");
  genre_stream_free (stream);
}

/* Another interval counts from the last answer. */
static void
test_interval_change (void)
{
  GenreModel *model = tiny_model ();
  const size_t n = 6 * 8000;
  g_autofree float *samples = noise (n, 41, .5F);
  g_autofree Answers *answers = g_new0 (Answers, 1);
  GenreStream *stream = genre_stream_new (model, 8000, 0, &CONFIG);
  GenreStreamConfig config = CONFIG;

  push (stream, samples, 2 * 8000 + 1500, 0, 0, answers);

  const size_t before = answers->n;
  const uint64_t last = answers->list[before - 1].first_sample + answers->list[before - 1].n_samples;

  config.interval_ns = 160000000; /* ten hops */
  genre_stream_configure (stream, &config);
  genre_stream_configure (stream, &config);
  push (stream, samples, 2 * 8000, 0, 0, answers);
  CHECK (answers->n > before + 5, "%zu answers", answers->n);
  for (size_t k = before; k < answers->n; k++)
    CHECK (answers->list[k].first_sample + answers->list[k].n_samples == last + (k - before + 1) * 1280,
        "answer %zu ends at %" G_GUINT64_FORMAT, k, answers->list[k].first_sample + answers->list[k].n_samples);
  genre_stream_free (stream);
  genre_model_unref (model);
}

static void
test_window_lengths (void)
{
  static const struct
  {
    unsigned asked, frames;
  } cases[] = { { 0, 20 }, { 1, 8 }, { 8, 8 }, { 13, 13 }, { 50, 50 }, { 99999, 1024 } };
  GenreModel *model = tiny_model (), *fixed = fixed_model ();
  const size_t n = 20 * 8000;
  g_autofree float *samples = noise (n, 51, .5F);

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int which = 0; which < 2; which++) {
      g_autofree Answers *answers = g_new0 (Answers, 1);
      GenreStream *stream = genre_stream_new (which ? fixed : model, 8000, cases[i].asked, &CONFIG);
      const size_t expected = which ? 20 : cases[i].frames;

      push (stream, samples, n, 0, 0, answers);

      const uint64_t got = answers->list[answers->n - 1].n_samples / 128;

      CHECK (got == expected || got + 1 == expected, "asked for %u, got %d frames", cases[i].asked, (int) got);
      CHECK (genre_stream_history (stream) >= expected * 128 + 256, "history of %d",
          (int) genre_stream_history (stream));
      genre_stream_free (stream);
    }
  genre_model_unref (model);
  genre_model_unref (fixed);
}

/* Sliding windows lose up to three frames to a grid of four: the network, which needs six, must still get them. */
static void
test_coarse_grid (void)
{
  g_autoptr (ModelBuilder) builder = model_builder_new ();
  g_autofree float *samples = noise (3 * 8000, 71, .5F);
  g_autofree Answers *answers = g_new0 (Answers, 1);
  GError *error = NULL;

  model_builder_replace (builder, "network", "\"pool\":[2,2]", "\"pool\":[2,4]");
  model_builder_set (builder, "min_frames", "6");
  model_builder_fill (builder, 3);

  GenreModel *model = model_builder_parse (builder);
  const GenreStreamConfig config = { 1, 0, -60, 0 };
  GenreStream *stream = genre_stream_new (model, 8000, 6, &config);

  push (stream, samples, 3 * 8000, 0, 0, answers);
  CHECK (answers->n > 150, "%zu answers", answers->n);
  for (size_t k = 10; k < answers->n; k++)
    CHECK (answers->list[k].n_samples >= 6 * 128 && answers->list[k].n_samples <= 9 * 128, "%d samples",
        (int) answers->list[k].n_samples);
  genre_stream_free (stream);
  genre_model_unref (model);

  model_builder_set (builder, "window_frames", "8");

  GBytes *bytes = model_builder_build (builder);

  model = genre_model_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "short window", &error);
  CHECK (!model && g_error_matches (error, GENRE_MODEL_ERROR, GENRE_MODEL_ERROR_WINDOW), "%s",
      error ? error->message : "accepted");
  g_clear_error (&error);
  g_bytes_unref (bytes);
}

/* Full scale of float overflows inside; the answers must still be distributions. */
static void
test_extremes (GenreModel *model)
{
  static const float levels[] = { 3.4e38F, 1e30F, 1e-38F, 1 };

  for (size_t l = 0; l < G_N_ELEMENTS (levels); l++) {
    const size_t n = 8000;
    g_autofree float *samples = noise (n, 61, levels[l]);
    g_autofree Answers *answers = run (model, 8000, &CONFIG, samples, n, 0, 0);

    for (size_t k = 0; k < answers->n; k++) {
      double sum = 0;

      for (int i = 0; i < 3; i++)
        sum += answers->list[k].smoothed[i];
      CHECK (fabs (sum - 1) < 1e-6, "level %g: sum %g", (double) levels[l], sum);
    }
  }
}

/* --- out of memory --------------------------------------------------------------------------------------------- */

static long n_glib; /* allocations that cannot fail, for then GLib aborts */

#define VISIBLE __attribute__ ((visibility ("default"))) /* or the linker refuses: other libraries want GLib's */

void *__real_fftw_malloc (size_t size);
gpointer __real_g_malloc (gsize size);
gpointer __real_g_malloc0 (gsize size);
gpointer __real_g_malloc_n (gsize n, gsize size);
gpointer __real_g_malloc0_n (gsize n, gsize size);
void *__wrap_fftw_malloc (size_t size);
VISIBLE gpointer __wrap_g_malloc (gsize size);
VISIBLE gpointer __wrap_g_malloc0 (gsize size);
VISIBLE gpointer __wrap_g_malloc_n (gsize n, gsize size);
VISIBLE gpointer __wrap_g_malloc0_n (gsize n, gsize size);

void *
__wrap_fftw_malloc (size_t size)
{
  return fail_at >= 0 && fail_at-- == 0 ? NULL : __real_fftw_malloc (size);
}

gpointer
__wrap_g_malloc (gsize size)
{
  n_glib++;
  return __real_g_malloc (size);
}

gpointer
__wrap_g_malloc0 (gsize size)
{
  n_glib++;
  return __real_g_malloc0 (size);
}

gpointer
__wrap_g_malloc_n (gsize n, gsize size)
{
  n_glib++;
  return __real_g_malloc_n (n, size);
}

gpointer
__wrap_g_malloc0_n (gsize n, gsize size)
{
  n_glib++;
  return __real_g_malloc0_n (n, size);
}

/* Every allocation of a stream may fail, and none is GLib's; a push and a final make none at all. */
static void
test_out_of_memory (GenreModel *model)
{
  g_autofree float *samples = noise (8000, 81, .5F);
  const GenreResult *result;
  GenreStream *stream = NULL;
  long k;

  CHECK (n_glib > 0, "allocations of GLib are not counted");
  n_glib = 0;
  for (k = 0; !stream && k < 1000; k++) {
    fail_at = k;
    stream = genre_stream_new (model, 8000, 0, &CONFIG);
    CHECK (!stream == (fail_at < 0), "allocation %ld failed unseen", k);
    if (fail_at >= 0)
      break;
  }
  fail_at = -1;
  CHECK (stream && k > 20, "%ld allocations", k);

  bool done = false;

  for (k = 0; !done && k < 1000; k++) {
    fail_at = k;
    done = genre_stream_set_rate (stream, 12345);
  }
  CHECK (done && k > 3, "%ld allocations", k);

  fail_at = 0;
  for (size_t taken = 0; taken < 8000;)
    taken += genre_stream_push (stream, samples + taken, 8000 - taken, &result);
  genre_stream_reset_window (stream);
  genre_stream_finish (stream);
  genre_stream_reset (stream);
  CHECK (fail_at == 0, "a push allocates");
  fail_at = -1;
  genre_stream_free (stream);
  CHECK (n_glib == 0, "%ld allocations that cannot fail", n_glib);
}

int
main (void)
{
  GenreModel *model = tiny_model (), *fixed = fixed_model ();

  test_schedule ();
  test_windows (model, true);
  test_windows (fixed, false);
  test_any_split (model);
  test_any_split (fixed);
  test_smoothing_and_aggregate ();
  test_silence_threshold ();
  test_constants_are_silent ();
  test_level_of_the_last_half_frame ();
  test_level_of_long_hops ();
  test_aggregate_by_hand ();
  test_rate_later (model);
  test_rate_later (fixed);
  test_finals ();
  test_resets (model);
  test_resets (fixed);
  test_interval_change ();
  test_window_lengths ();
  test_coarse_grid ();
  test_extremes (model);
  test_extremes (fixed);
  test_out_of_memory (model);
  test_out_of_memory (fixed);
  genre_model_unref (model);
  genre_model_unref (fixed);
  TEST_END ();
}
