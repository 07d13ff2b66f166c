/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Two streams live the same life, one with each stretch of audio in one push, the other in pieces as the input says:
 * their answers are the same, bit for bit, and each is in order by itself.
 *
 *   tests/fuzz.sh 600 genre-stream
 *
 * The input, made by tests/make-stream-corpus.py: model, rate, window (4 frames each), interval, smoothing, silence;
 * then steps of a byte that says what and up to three that say how much (see step()).  What is missing at the end is
 * zero.
 */
#include "models/genre_aggregate.h"
#include "models/genre_stream.h"
#include "tests/model_builder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

enum
{
  MAX_STRETCH = 4096,  /* more than 15 + 16 * 255 */
  MAX_SAMPLES = 24576, /* of a life: many lives a second */
  MAX_STEPS = 64,
  MAX_ANSWERS = 256, /* of a stretch: no more than it has hops */
  N_LABELS = 3
};

typedef struct Cursor
{
  const uint8_t *data;
  size_t left;
} Cursor;

typedef struct Answer
{
  GenreState state;
  bool final;
  uint64_t at, first_sample, n_samples;
  unsigned windows;
  double distributions[3][N_LABELS], music;
} Answer;

typedef struct Answers
{
  size_t n;
  Answer list[MAX_ANSWERS];
} Answers;

typedef struct Life
{
  GenreStream *streams[2];
  GenreStreamConfig config;
  size_t samples;
  uint64_t positions[2]; /* samples since the last reset of each window */
  uint64_t seed;
  float audio[MAX_STRETCH];
  Answers answers[2];
} Life;

static const unsigned rates[] = { 8000, 2000, 11025, 4001, 22050, 48000, 16000, 96000 };

static unsigned
take (Cursor *cursor)
{
  if (cursor->left == 0)
    return 0;
  cursor->left--;
  return *cursor->data++;
}

/* --- models ---------------------------------------------------------------------------------------------------- */

/* One whose windows share columns, one of fixed length that looks at the loudest band, one on a grid of four, one that
 * tells music from what is none, by the level.  They live as long as the process. */
static GenreModel *
model_of (unsigned which)
{
  static GenreModel *models[4];

  which %= G_N_ELEMENTS (models);
  if (models[which])
    return models[which];

  g_autoptr (ModelBuilder) builder = model_builder_new ();

  if (which == 1) {
    model_builder_set (builder, "min_frames", "20");
    model_builder_replace (builder, "network", "\"valid\"", "\"same\"");
    model_builder_replace (builder, "frontend", "\"top_db\":null", "\"top_db\":80");
    model_builder_replace (builder, "frontend", "\"ref\":1", "\"ref\":\"max\"");
    model_builder_fill (builder, 7);
  } else if (which == 2) {
    model_builder_replace (builder, "network", "\"pool\":[2,2]", "\"pool\":[2,4]");
    model_builder_set (builder, "min_frames", "6");
    model_builder_fill (builder, 3);
  } else if (which == 3) {
    model_builder_add_music (builder);
    for (gsize i = 0; i < 8; i++)
      model_builder_set_value (builder, "music/kernel", i, i % 2 ? -4 : 4);
  }
  return models[which] = model_builder_parse (builder);
}

/* --- answers --------------------------------------------------------------------------------------------------- */

static void
check_distribution (const double *p)
{
  double sum = 0;

  for (int i = 0; i < N_LABELS; i++) {
    if (!(p[i] >= 0 && p[i] <= 1))
      abort ();
    sum += p[i];
  }
  if (!(fabs (sum - 1) <= 1e-6))
    abort ();
}

static void
keep (Answers *answers, const GenreResult *result, uint64_t at)
{
  if (answers->n == MAX_ANSWERS)
    abort ();

  Answer *answer = &answers->list[answers->n++];

  memset (answer, 0, sizeof *answer);
  answer->state = result->state;
  answer->final = result->final;
  answer->at = at;
  answer->first_sample = result->first_sample;
  answer->n_samples = result->n_samples;
  answer->windows = result->windows;
  answer->music = result->music;
  memcpy (answer->distributions[0], result->probabilities, sizeof answer->distributions[0]);
  memcpy (answer->distributions[1], result->smoothed, sizeof answer->distributions[1]);
  memcpy (answer->distributions[2], result->aggregate, sizeof answer->distributions[2]);
  for (int d = 0; d < 3; d++)
    check_distribution (answer->distributions[d]);
  /* The last hop of a window is heard up to half a window behind its beginning. */
  if (!result->final && (answer->first_sample >= at || answer->n_samples == 0))
    abort ();
  if (result->windows == 0 && result->state == GENRE_STATE_OK)
    abort ();
  if (!(result->music >= 0 && result->music <= 1))
    abort ();
  if (result->final && (result->windows > 0) != (result->state == GENRE_STATE_OK)
      && result->state != GENRE_STATE_TOO_SHORT)
    abort ();

  const unsigned top = genre_probabilities_top (result->smoothed, N_LABELS);

  for (unsigned i = 0; i < N_LABELS; i++)
    if (result->smoothed[i] > result->smoothed[top])
      abort ();
}

static void
push (GenreStream *stream, const float *samples, size_t n, Answers *answers, uint64_t *position)
{
  const GenreResult *result;

  do {
    const size_t taken = genre_stream_push (stream, samples, n, &result);

    if (taken > n || (!result && taken < n))
      abort ();
    samples += taken;
    n -= taken;
    *position += taken;
    if (result)
      keep (answers, result, *position);
    if (result && result->n_samples > genre_stream_history (stream))
      abort ();
  } while (n > 0 || result);
}

static void
compare (Life *life)
{
  Answers *whole = &life->answers[0], *split = &life->answers[1];

  if (whole->n != split->n || memcmp (whole->list, split->list, whole->n * sizeof *whole->list) != 0)
    abort ();
  whole->n = split->n = 0;
}

/* --- a life ---------------------------------------------------------------------------------------------------- */

/* xorshift64*, in [-1, 1) */
static float
noise (uint64_t *state)
{
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return (float) (int32_t) (*state * UINT64_C (2685821657736338717) >> 32) * 0x1p-31F;
}

static void
fill (Life *life, Cursor *cursor, unsigned kind, size_t n)
{
  static const float levels[] = { .5F, 1e-3F, 3.4e38F, 1e-38F };
  const float level = levels[kind % G_N_ELEMENTS (levels)];

  switch (kind / G_N_ELEMENTS (levels) % 4) {
    case 0:
      for (size_t i = 0; i < n; i++)
        life->audio[i] = level * noise (&life->seed);
      return;
    case 1:
      memset (life->audio, 0, n * sizeof *life->audio);
      return;
    case 2:
      for (size_t i = 0; i < n; i++)
        life->audio[i] = i % 32 < 16 ? level : -level;
      return;
    default: /* any finite number */
      for (size_t i = 0; i < n; i++) {
        uint32_t bits = 0;

        for (int byte = 0; byte < 4; byte++)
          bits = bits << 8 | take (cursor);
        memcpy (&life->audio[i], &bits, sizeof bits);
        if (!isfinite (life->audio[i]))
          life->audio[i] = 0;
      }
  }
}

/* how: kind of audio, its length in 16 samples, length of the pieces; 0: one sample, then all others. */
static void
push_both (Life *life, Cursor *cursor)
{
  const unsigned kind = take (cursor);
  const size_t n = 16 * (size_t) take (cursor) + kind / 16, piece = take (cursor);

  if (life->samples + n > MAX_SAMPLES)
    return;
  life->samples += n;
  fill (life, cursor, kind, n);
  push (life->streams[0], life->audio, n, &life->answers[0], &life->positions[0]);
  for (size_t done = 0; done < n;) {
    const size_t more = MIN (piece > 0 ? piece : done == 0 ? 1 : n, n - done);

    push (life->streams[1], life->audio + done, more, &life->answers[1], &life->positions[1]);
    done += more;
  }
}

static void
step (Life *life, Cursor *cursor)
{
  const unsigned what = take (cursor) % 8;
  const unsigned how = what == 3 || what == 6 || what == 7 ? take (cursor) : 0;

  if (what == 3)
    life->config.interval_ns = (uint64_t) how * how * 1000000;
  else if (what == 7) {
    life->config.silence_threshold_db = -(double) how;
    life->config.music_threshold = how % 8 / 8.;
  } else if (what < 3)
    push_both (life, cursor);
  for (int s = 0; s < 2; s++) {
    GenreStream *stream = life->streams[s];

    switch (what) {
      case 3:
      case 7:
        genre_stream_configure (stream, &life->config);
        break;
      case 4:
        genre_stream_reset_window (stream);
        life->positions[s] = 0;
        break;
      case 5:
        keep (&life->answers[s], genre_stream_finish (stream), life->positions[s]);
        genre_stream_reset (stream);
        life->positions[s] = 0;
        break;
      case 6:
        if (!genre_stream_set_rate (stream, rates[how % G_N_ELEMENTS (rates)]))
          abort ();
        life->positions[s] = 0;
        break;
      default:
        break;
    }
  }
  compare (life);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  Cursor cursor = { data, size };
  Life *life = g_new0 (Life, 1);

  genre_stream_init ();
  GenreModel *model = model_of (take (&cursor));
  const unsigned rate = rates[take (&cursor) % G_N_ELEMENTS (rates)], window_frames = 4 * take (&cursor);

  life->seed = 1;
  life->config.interval_ns = (uint64_t) take (&cursor) * 4000000;
  life->config.smoothing_ns = (uint64_t) take (&cursor) * 50000000;
  life->config.silence_threshold_db = -(double) take (&cursor);
  life->config.music_threshold = .5;
  for (int s = 0; s < 2; s++)
    if (!(life->streams[s] = genre_stream_new (model, rate, window_frames, &life->config)))
      abort ();
  for (int n = 0; cursor.left > 0 && n < MAX_STEPS; n++)
    step (life, &cursor);
  for (int s = 0; s < 2; s++) {
    keep (&life->answers[s], genre_stream_finish (life->streams[s]), life->positions[s]);
    if (life->answers[s].list[0].n_samples > MAX_SAMPLES)
      abort ();
  }
  compare (life);
  for (int s = 0; s < 2; s++)
    genre_stream_free (life->streams[s]);
  g_free (life);
  return 0;
}
