/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/fft.c - real FFT over FFTW3, and the spectrum at n points where FFTW is slow at n.
 *
 * Layer:   dsp; links FFTW (double precision) and nothing of ours.
 * Threads: the table of plans has its own lock; a DspFft serves one thread at a time.
 *
 * A window of fixed duration has an inconvenient length at many rates: 4458 = 2 3 743 samples at 48 kHz, which costs
 * FFTW 19.4 us where 4096 cost 2.2 (measured).  Zeros behind the frame would give another grid of frequencies: bands of
 * few bins then differ by up to several dB, since the side lobes of a loud neighbour are met at other points.  So the
 * longer transform is only a step.  Its bins are interpolated at the n-point grid with the Kaiser-Bessel kernel phi of
 * a non-uniform FFT:
 *
 *   X(k/n) = sum_j phi (j - k N/n) Y[j],   Y = FFT_N of  window[t] frame[t] / PHI(t/N),   t = -n/2 .. n/2-1,
 *
 * phi being TAPS bins wide and PHI its Fourier transform.  With a Hann window, which hides the edges of the frame, what
 * the kernel leaves of its images is below 8e-7 (-122 dB) of any line that causes it: sum_t window[t] |error[t]| over
 * sum_t window[t], at the smallest N/n.
 *
 * Double precision, for single rounds by up to 3e-7 of the frame's loudest line: 60 dB below a full-scale tone that is
 * more than the 1e-4 by which a band may differ from librosa's, which transforms in double too.
 */
#include "dsp/fft.h"

#include <assert.h>
#include <fftw3.h>
#include <math.h>
#include <pthread.h> /* and not C11's threads, which ThreadSanitizer does not know */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum
{
  SOME_BINS = 64,    /* interpolated at a time */
  TAPS = 8,          /* bins of the longer FFT per point */
  ALIGN_BINS = 8,    /* complex values before bin 0: 128 bytes, so that bin 0 is aligned as FFTW's malloc() aligns */
  MIN_STRETCH = 512, /* frames shorter than this are transformed as they are: no length is slow enough to matter */
};

static const double PI = 3.14159265358979323846;

typedef struct Plan Plan;
struct Plan
{
  Plan *next;
  size_t n;
  fftw_plan plan;
};

/* The only mutable statics of the library.  FFTW's planner and its accumulated wisdom are per process anyway, and
 * destroying plans would need a count of users; a plan is some kilobytes, and a process meets few rates. */
static pthread_once_t plans_once = PTHREAD_ONCE_INIT;
static pthread_mutex_t plans_lock = PTHREAD_MUTEX_INITIALIZER; /* for adding one */
static _Atomic (Plan *) plans; /* the newest; what is in the list stays there as it is, and is read without the lock */

struct DspFft
{
  size_t n;       /* samples of a frame */
  size_t n_bins;  /* wanted */
  size_t n_fft;   /* of FFTW's transform, n or more */
  bool stretched; /* n_fft > n: bins are interpolated */
  fftw_plan plan; /* shared */

  double *window;    /* [n] divided by PHI if stretched */
  size_t *first_tap; /* [n_bins] of the points, counted from bin -ALIGN_BINS; stretched only */
  double *tap;       /* [n_bins][TAPS][2] weights, each twice: for real and imaginary part; stretched only */

  double *in;        /* [n_fft] */
  fftw_complex *out; /* [ALIGN_BINS + n_fft/2+1 + TAPS]: bins -ALIGN_BINS .. n_fft/2 + TAPS */
};

void
dsp_fft_init (void)
{
  pthread_once (&plans_once, fftw_make_planner_thread_safe);
}

/* Without FFTW_MEASURE: that would take long and may choose another plan, hence other bits, in each run. */
static Plan *
plan_new (size_t n)
{
  Plan *plan = calloc (1, sizeof *plan);
  double *in = fftw_malloc (n * sizeof *in);
  fftw_complex *out = fftw_malloc ((n / 2 + 1) * sizeof *out);
  if (plan && in && out) {
    plan->n = n;
    plan->plan = fftw_plan_dft_r2c_1d ((int) n, in, out, FFTW_ESTIMATE);
  }
  fftw_free (in);
  fftw_free (out);
  if (plan && !plan->plan) {
    free (plan);
    return NULL;
  }
  return plan;
}

static Plan *
plan_find (size_t n)
{
  Plan *plan = atomic_load (&plans);
  while (plan && plan->n != n)
    plan = plan->next;
  return plan;
}

/* The process's plan for n real samples; NULL: out of memory. */
static fftw_plan
plan_get (size_t n)
{
  Plan *plan = plan_find (n);
  if (!plan) {
    pthread_mutex_lock (&plans_lock);
    plan = plan_find (n);
    if (!plan && (plan = plan_new (n))) {
      plan->next = atomic_load (&plans);
      atomic_store (&plans, plan);
    }
    pthread_mutex_unlock (&plans_lock);
  }
  return plan ? plan->plan : NULL;
}

static size_t
largest_prime_factor (size_t n)
{
  size_t largest = 1;
  for (size_t p = 2; p * p <= n; p++)
    for (; n % p == 0; n /= p)
      largest = p;
  return n > 1 ? n : largest;
}

/* Length of the transform for frames of n samples.  FFTW has its own code for primes up to 13; beyond, it falls back on
 * generic or Rader's algorithm.  The longer one is 4, 5 or 6.25 times a power of two, at least 1.3 n: with less the
 * kernel would need more taps.  6 times would do where it is 6.25, but takes longer (6144: 12.5 us, 6400: 8.9 us;
 * 12288: 26.2 us, 12800: 20.9 us; measured).  48 and 96 kHz are such. */
static size_t
transform_length (size_t n)
{
  if (n < MIN_STRETCH || largest_prime_factor (n) <= 13)
    return n;
  size_t power = 1;
  while (10 * 6 * power < 13 * n)
    power *= 2;
  size_t m = 4;
  while (10 * m * power < 13 * n)
    m++;
  return m == 6 && power % 4 == 0 ? 25 * (power / 4) : m * power;
}

/* Modified Bessel function of the first kind, order 0: its power series, to the last bit for the z <= 20 here. */
static double
bessel_i0 (double z)
{
  double sum = 1, term = 1;
  for (unsigned k = 1; term > sum * 1e-17; k++) {
    term *= z * z / (4.0 * k * k);
    sum += term;
  }
  return sum;
}

/* phi(x) = I0 (beta sqrt (1 - (2x/TAPS)^2)) for |x| <= TAPS/2, x in bins. */
static double
kernel (double beta, double x)
{
  const double u = 2.0 * x / TAPS;
  return bessel_i0 (beta * sqrt (fmax (0.0, 1.0 - u * u)));
}

/* PHI(s) = TAPS sinh (y) / y, y = sqrt (beta^2 - (pi TAPS s)^2), s = t/N up to 1/2.6: the root stays real. */
static double
kernel_transform (double beta, double s)
{
  const double v = PI * TAPS * s;
  const double y = sqrt (beta * beta - v * v);
  return TAPS * sinh (y) / y;
}

static void
make_taps (DspFft *fft)
{
  /* The usual pi TAPS (1 - n/2N), and a tenth of a TAPS more, for the Hann window leaves little at the edges, where the
   * images are loudest (found by search). */
  const double beta = TAPS * (PI * (1.0 - (double) fft->n / (2.0 * (double) fft->n_fft)) + 0.1);

  for (size_t i = 0; i < fft->n; i++) {
    const double t = (double) i - (double) (fft->n / 2);
    fft->window[i] /= kernel_transform (beta, t / (double) fft->n_fft);
  }

  for (size_t k = 0; k < fft->n_bins; k++) {
    const uint64_t product = (uint64_t) k * fft->n_fft;
    const double fraction = (double) (product % fft->n) / (double) fft->n;
    fft->first_tap[k] = ALIGN_BINS + (size_t) (product / fft->n) - (TAPS / 2 - 1);
    for (size_t i = 0; i < TAPS; i++) {
      const double weight = kernel (beta, (double) i - (TAPS / 2 - 1) - fraction);
      fft->tap[(k * TAPS + i) * 2] = weight;
      fft->tap[(k * TAPS + i) * 2 + 1] = weight;
    }
  }
}

DspFft *
dsp_fft_new (const double *window, size_t n, size_t n_bins)
{
  assert (n >= 2 && n % 2 == 0);
  assert (n_bins >= 1 && n_bins <= n / 2 + 1);
  dsp_fft_init ();

  DspFft *fft = calloc (1, sizeof *fft);
  if (!fft)
    return NULL;

  fft->n = n;
  fft->n_bins = n_bins;
  fft->n_fft = transform_length (n);
  fft->stretched = fft->n_fft > n;

  const size_t n_out = ALIGN_BINS + fft->n_fft / 2 + 1 + TAPS;
  fft->window = calloc (n, sizeof *fft->window);
  fft->in = fftw_malloc (fft->n_fft * sizeof *fft->in);
  fft->out = fftw_malloc (n_out * sizeof *fft->out);
  fft->plan = plan_get (fft->n_fft);
  if (!fft->window || !fft->in || !fft->out || !fft->plan)
    goto fail;

  for (size_t i = 0; i < n; i++)
    fft->window[i] = window[i];
  memset (fft->in, 0, fft->n_fft * sizeof *fft->in);
  memset (fft->out, 0, n_out * sizeof *fft->out);

  if (fft->stretched) {
    fft->first_tap = calloc (n_bins, sizeof *fft->first_tap);
    fft->tap = calloc (n_bins, 2 * TAPS * sizeof *fft->tap);
    if (!fft->first_tap || !fft->tap)
      goto fail;
    make_taps (fft);
  }
  return fft;

fail:
  dsp_fft_free (fft);
  return NULL;
}

void
dsp_fft_free (DspFft *fft)
{
  if (!fft)
    return;
  free (fft->window);
  free (fft->first_tap);
  free (fft->tap);
  fftw_free (fft->in);
  fftw_free (fft->out);
  free (fft);
}

VECTOR_CLONES static void
multiply (const float *restrict a, const double *restrict b, double *restrict product, size_t n)
{
  for (size_t i = 0; i < n; i++)
    product[i] = (double) a[i] * b[i];
}

/* power[k] = re^2 + im^2
 *
 * bins  [n][2]
 * power [n]
 */
VECTOR_CLONES static void
square (const double *restrict bins, float *restrict power, size_t n)
{
  for (size_t k = 0; k < n; k++)
    power[k] = (float) (bins[2 * k] * bins[2 * k] + bins[2 * k + 1] * bins[2 * k + 1]);
}

/* The same of bins interpolated from TAPS each.  In two loops over a few points at a time, which compilers turn into
 * vector code; in one they shuffle, three times slower (measured). */
VECTOR_CLONES static void
interpolate_square (const DspFft *fft, const double *restrict bins, float *restrict power)
{
  double part[SOME_BINS][4]; /* re, im of the even taps, of the odd */
  for (size_t from = 0; from < fft->n_bins; from += SOME_BINS) {
    const size_t n = fft->n_bins - from < SOME_BINS ? fft->n_bins - from : SOME_BINS;
    for (size_t k = 0; k < n; k++) {
      const double *restrict bin = bins + 2 * fft->first_tap[from + k];
      const double *restrict tap = fft->tap + 2 * TAPS * (from + k);
      for (size_t l = 0; l < 4; l++)
        part[k][l] = (tap[l] * bin[l] + tap[4 + l] * bin[4 + l])
            + (tap[8 + l] * bin[8 + l] + tap[12 + l] * bin[12 + l]);
    }
    for (size_t k = 0; k < n; k++) {
      const double re = part[k][0] + part[k][2], im = part[k][1] + part[k][3];
      power[from + k] = (float) (re * re + im * im);
    }
  }
}

void
dsp_fft_power (DspFft *fft, const float *frame, float *power)
{
  fftw_complex *bin = fft->out + ALIGN_BINS;

  if (!fft->stretched) {
    multiply (frame, fft->window, fft->in, fft->n);
    fftw_execute_dft_r2c (fft->plan, fft->in, bin);
    square (&bin[0][0], power, fft->n_bins);
    return;
  }

  /* The middle of the frame is t = 0, which makes the kernel real; what comes before it wraps to the end.  The zeros
   * between stay from construction: a transform from real keeps its input. */
  const size_t half = fft->n / 2;
  multiply (frame + half, fft->window + half, fft->in, half);
  multiply (frame, fft->window, fft->in + fft->n_fft - half, half);
  fftw_execute_dft_r2c (fft->plan, fft->in, bin);

  /* A real signal's bins beyond either end: Y[-j] = conj Y[j], Y[N/2 + j] = conj Y[N/2 - j]. */
  const size_t last = fft->n_fft / 2;
  for (size_t j = 1; j < TAPS; j++) {
    fft->out[ALIGN_BINS - j][0] = bin[j][0];
    fft->out[ALIGN_BINS - j][1] = -bin[j][1];
    bin[last + j][0] = bin[last - j][0];
    bin[last + j][1] = -bin[last - j][1];
  }
  interpolate_square (fft, &fft->out[0][0], power);
}
