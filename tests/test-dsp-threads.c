/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-dsp-threads.c - objects come, work and go on eight threads while another uses FFTW's planner by itself.
 *
 * Layer:   tests; dsp, and FFTW directly.
 * Threads: eleven; POSIX's rather than C11's, which ThreadSanitizer does not know.
 */
#include "dsp/fft.h"
#include "dsp/log_mel.h"
#include "tests/test.h"

#include <fftw3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum
{
  WORKERS = 8,
  ROUNDS = 60,
  N_RATES = 8,
  SAMPLES = 6000,
  BANDS = 32,
};

static const DspLogMelConfig config = { 22050, 1024, 1000, BANDS, 1, 0, 11025 };
static const unsigned rates[N_RATES] = { 8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000 };
static float samples[SAMPLES];
static float expected[N_RATES][BANDS];
static atomic_bool done;
static atomic_int failures;

/* The last frame of `samples`. */
static bool
analyse (unsigned rate, float power[BANDS])
{
  DspLogMel *mel = dsp_log_mel_new (&config, rate);
  if (!mel)
    return false;
  DspLevel level, tail;
  for (size_t at = 0; at < SAMPLES;) {
    at += dsp_log_mel_push (mel, samples + at, SAMPLES - at);
    while (dsp_log_mel_next (mel, power, &level, &tail))
      ;
  }
  dsp_log_mel_finish (mel);
  while (dsp_log_mel_next (mel, power, &level, &tail))
    ;
  dsp_log_mel_free (mel);
  return true;
}

/* Each worker begins with a rate of its own, writes down what it found, and goes on with the others'. */
static void *
work (void *argument)
{
  const unsigned *first = argument;
  for (unsigned round = 0; round < ROUNDS; round++) {
    const unsigned i = (*first + round) % N_RATES;
    float power[BANDS] = { 0 };
    if (!analyse (rates[i], power))
      failures++;
    if (round == 0)
      memcpy (expected[i], power, sizeof power);
  }
  return NULL;
}

/* The same again, when all that is expected has been written. */
static void *
compare (void *argument)
{
  const unsigned *first = argument;
  for (unsigned round = 0; round < ROUNDS; round++) {
    const unsigned i = (*first + round) % N_RATES;
    float power[BANDS] = { 0 };
    if (!analyse (rates[i], power) || memcmp (power, expected[i], sizeof power) != 0)
      failures++;
  }
  return NULL;
}

/* Somebody else's element. */
static void *
plan (void *argument)
{
  atomic_int *plans = argument;
  while (!done) {
    const int n = 600 + *plans % 500;
    double *in = fftw_malloc ((size_t) n * sizeof *in);
    fftw_complex *out = fftw_malloc (((size_t) n / 2 + 1) * sizeof *out);
    fftw_plan p = fftw_plan_dft_r2c_1d (n, in, out, FFTW_ESTIMATE);
    memset (in, 0, (size_t) n * sizeof *in);
    fftw_execute (p);
    fftw_destroy_plan (p);
    fftw_free (in);
    fftw_free (out);
    ++*plans;
  }
  return NULL;
}

static void
run (void *(*worker) (void *) )
{
  pthread_t thread[WORKERS];
  unsigned first[WORKERS];
  for (unsigned i = 0; i < WORKERS; i++) {
    first[i] = i;
    CHECK (pthread_create (&thread[i], NULL, worker, &first[i]) == 0, "worker %u", i);
  }
  for (unsigned i = 0; i < WORKERS; i++)
    pthread_join (thread[i], NULL);
}

int
main (void)
{
  uint64_t seed = 1;
  for (size_t i = 0; i < SAMPLES; i++)
    samples[i] = test_noise (&seed);

  dsp_fft_init ();
  atomic_int plans = 0;
  pthread_t planner[2];
  CHECK (pthread_create (&planner[0], NULL, plan, &plans) == 0, "planner");
  CHECK (pthread_create (&planner[1], NULL, plan, &plans) == 0, "planner");
  run (work);
  run (compare);
  done = true;
  pthread_join (planner[0], NULL);
  pthread_join (planner[1], NULL);
  CHECK (failures == 0, "%d analyses failed or differed", (int) failures);
  CHECK (plans > 0, "no plan was made beside");

  /* And what threads found is what one finds alone. */
  for (unsigned i = 0; i < N_RATES; i++) {
    float power[BANDS];
    CHECK (analyse (rates[i], power) && memcmp (power, expected[i], sizeof power) == 0, "%u Hz", rates[i]);
    CHECK (power[3] > 0, "%u Hz: nothing", rates[i]);
  }
  TEST_END ();
}
