/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/fft.c - real FFT over FFTW3, and the spectrum at n points where FFTW is slow at n.
 *
 * Layer:   dsp; links FFTW (double precision) and nothing of ours.
 * Threads: the table of plans has its own lock; a DspFft serves one thread at a time.
 *
 * A window of fixed duration has an inconvenient length at many rates: 4458 = 2 3 743 samples at 48 kHz, which costs
 * FFTW 42 us where 4096 cost 4.5 (measured).  Zeros behind the frame would give another grid of frequencies: bands of
 * few bins then differ by up to several dB, since the side lobes of a loud neighbour are met at other points.  So the
 * frame is put on another grid of times: N points over the same duration, N being a length that FFTW is fast at.  That
 * leaves the frequencies of the bins where they are.  Points are sums over the samples around them, with the
 * Kaiser-Bessel kernel phi of a non-uniform FFT:
 *
 *   X[k] = n / (N PHI(k/n)) sum_m y[m] exp (-2 pi i k m / N),   y[m] = sum_t phi (t - m n/N) window[t] frame[t]
 *
 * with t beyond either end counted round to the other one, phi being some samples wide and PHI its Fourier transform.
 * N depends on the bins that are wanted and not on n: filters up to 11 kHz want a quarter of those at 96 kHz, and few
 * points do.  What the kernel leaves of the lines that N points cannot tell from bin k, k + N and its like, and
 * the rounding of the points to floats are below 8e-7 (-122 dB) of the loudest line.
 *
 * The transform is in double precision, for single rounds by up to 3e-7 of the frame's loudest line: 60 dB below a
 * full-scale tone that is more than the 1e-4 by which a band may differ from librosa's, which transforms in double too.
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
  LANES = 8,         /* points of a block: one AVX register of floats */
  POINTS = 9,        /* that the kernel is wide */
  MIN_STRETCH = 512, /* frames shorter than this are transformed as they are: no length is slow enough to matter */
};

static const double PI = 3.14159265358979323846;

typedef float Vector __attribute__ ((vector_size (LANES * sizeof (float))));
typedef float Stored __attribute__ ((vector_size (LANES * sizeof (float)), aligned (sizeof (float)), may_alias));

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
  size_t n_fft;   /* N, points of FFTW's transform; n where it is fast at n */
  size_t n_taps;  /* samples that a block of LANES points is made of; 0: points are samples */
  fftw_plan plan; /* shared */

  double *window;                /* [n]; n_taps 0 only */
  float *tap;                    /* [blocks][n_taps][LANES], the window in it; all below if n_taps > 0 */
  ptrdiff_t *first;              /* [blocks] sample of the first tap, may be below 0, and the last one's beyond n */
  size_t first_inner, end_inner; /* blocks whose taps all lie in the frame */
  float *ends;                   /* [2 * n_taps] the frame's last samples, then its first */

  double *gain;      /* [n_bins] (n / (N PHI))^2, or 1 */
  double *in;        /* [n_fft] */
  fftw_complex *out; /* [n_fft/2+1] */
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

/* FFTW has its own code for primes up to 13; beyond, it falls back on generic or Rader's algorithm. */
static bool
is_slow (size_t n)
{
  return n >= MIN_STRETCH && largest_prime_factor (n) > 13;
}

/* Points for n_bins: 4, 5, 6.25 or 7 times a power of two, whole blocks of them, at least 2.8 for each bin; with less
 * the kernel would need more taps.  6 times would do where it is 6.25, but takes as long or longer (3072: 3.5 us, 3200:
 * 3.5 us; 6144: 12.5 us, 6400: 8.9 us; measured). */
static size_t
transform_length (size_t n_bins)
{
  size_t power = 4 * LANES;
  while (10 * 7 * power < 28 * n_bins)
    power *= 2;
  size_t m = 4;
  while (10 * m * power < 28 * n_bins)
    m++;
  return m == 6 ? 25 * (power / 4) : m * power;
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

/* phi(d) = I0 (beta sqrt (1 - (2d/width)^2)) / I0 (beta) for |d| < width / 2, else 0. */
typedef struct Kernel
{
  double width; /* samples */
  double beta;
  double middle; /* I0 (beta) */
} Kernel;

static double
kernel_at (const Kernel *kernel, double d)
{
  const double u = 2.0 * d / kernel->width;
  return fabs (u) < 1.0 ? bessel_i0 (kernel->beta * sqrt (1.0 - u * u)) / kernel->middle : 0.0;
}

/* PHI(f) = width sinh (y) / (y I0 (beta)), y = sqrt (beta^2 - (pi width f)^2), f in cycles a sample. */
static double
kernel_transform (const Kernel *kernel, double f)
{
  const double v = PI * kernel->width * f;
  const double y = sqrt (kernel->beta * kernel->beta - v * v);
  return kernel->width * sinh (y) / (y * kernel->middle);
}

/* The usual beta, pi times the width in points, less the part of the N points' spectrum that the bins take; and .97 of
 * it, where images and the rounding of points, which a larger one makes louder, are balanced (found by search). */
static Kernel
kernel_for (size_t n, size_t n_fft, size_t n_bins)
{
  const double beta = 0.97 * PI * POINTS * (1.0 - (double) (n_bins - 1) / (double) n_fft);
  return (Kernel){ .width = POINTS * (double) n / (double) n_fft, .beta = beta, .middle = bessel_i0 (beta) };
}

/* Of a block: so many samples there are at most within half a width of one of its points. */
static size_t
count_taps (const Kernel *kernel, size_t n, size_t n_fft)
{
  return 1 + (size_t) (kernel->width + (LANES - 1) * (double) n / (double) n_fft);
}

static void
make_block (DspFft *fft, const Kernel *kernel, const double *window, size_t block)
{
  const ptrdiff_t n = (ptrdiff_t) fft->n;
  const double step = (double) fft->n / (double) fft->n_fft, at = (double) (block * LANES) * step;
  const ptrdiff_t first = (ptrdiff_t) ceil (at - 0.5 * kernel->width);
  float *tap = fft->tap + block * fft->n_taps * LANES;

  fft->first[block] = first;
  for (size_t j = 0; j < fft->n_taps; j++) {
    const ptrdiff_t t = first + (ptrdiff_t) j;
    for (size_t l = 0; l < LANES; l++)
      tap[j * LANES + l] = (float) (kernel_at (kernel, (double) t - at - (double) l * step) * window[(t + n) % n]);
  }
}

static void
make_taps (DspFft *fft, const Kernel *kernel, const double *window)
{
  const size_t blocks = fft->n_fft / LANES;

  for (size_t b = 0; b < blocks; b++)
    make_block (fft, kernel, window, b);
  while (fft->first[fft->first_inner] < 0)
    fft->first_inner++;
  fft->end_inner = blocks;
  while (fft->first[fft->end_inner - 1] + (ptrdiff_t) fft->n_taps > (ptrdiff_t) fft->n)
    fft->end_inner--;
  for (size_t k = 0; k < fft->n_bins; k++) {
    const double transform = kernel_transform (kernel, (double) k / (double) fft->n);
    const double gain = (double) fft->n / ((double) fft->n_fft * transform);
    fft->gain[k] = gain * gain;
  }
}

static bool
new_taps (DspFft *fft, const double *window)
{
  const Kernel kernel = kernel_for (fft->n, fft->n_fft, fft->n_bins);
  const size_t blocks = fft->n_fft / LANES;

  fft->n_taps = count_taps (&kernel, fft->n, fft->n_fft);
  fft->tap = calloc (blocks, fft->n_taps * LANES * sizeof *fft->tap);
  fft->first = calloc (blocks, sizeof *fft->first);
  fft->ends = calloc (2 * fft->n_taps, sizeof *fft->ends);
  if (!fft->tap || !fft->first || !fft->ends)
    return false;
  make_taps (fft, &kernel, window);
  return true;
}

static bool
new_window (DspFft *fft, const double *window)
{
  fft->window = calloc (fft->n, sizeof *fft->window);
  if (!fft->window)
    return false;
  memcpy (fft->window, window, fft->n * sizeof *fft->window);
  for (size_t k = 0; k < fft->n_bins; k++)
    fft->gain[k] = 1.0;
  return true;
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

  const bool slow = is_slow (n);
  fft->n = n;
  fft->n_bins = n_bins;
  fft->n_fft = slow ? transform_length (n_bins) : n;
  fft->gain = calloc (n_bins, sizeof *fft->gain);
  fft->in = fftw_malloc (fft->n_fft * sizeof *fft->in);
  fft->out = fftw_malloc ((fft->n_fft / 2 + 1) * sizeof *fft->out);
  fft->plan = plan_get (fft->n_fft);
  if (!fft->gain || !fft->in || !fft->out || !fft->plan)
    goto fail;
  if (!(slow ? new_taps : new_window) (fft, window))
    goto fail;
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
  free (fft->tap);
  free (fft->first);
  free (fft->ends);
  free (fft->gain);
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

/* Points of the blocks [from, end).
 *
 * samples  such that samples[first[block]] is the first tap's */
VECTOR_CLONES static void
sum_taps (DspFft *fft, const float *samples, size_t from, size_t end)
{
  for (size_t b = from; b < end; b++) {
    const float *x = samples + fft->first[b], *tap = fft->tap + b * fft->n_taps * LANES;
    double *in = fft->in + b * LANES;
    Vector sum = { 0 };
#pragma GCC unroll 4
    for (size_t j = 0; j < fft->n_taps; j++)
      sum += *(const Stored *) (tap + j * LANES) * x[j];
    for (size_t l = 0; l < LANES; l++)
      in[l] = (double) sum[l];
  }
}

/* All points; those at either end of the frame go on at the other. */
static void
make_points (DspFft *fft, const float *frame)
{
  const size_t n_taps = fft->n_taps;
  memcpy (fft->ends, frame + fft->n - n_taps, n_taps * sizeof *frame);
  memcpy (fft->ends + n_taps, frame, n_taps * sizeof *frame);

  sum_taps (fft, fft->ends + n_taps, 0, fft->first_inner);
  sum_taps (fft, frame, fft->first_inner, fft->end_inner);
  sum_taps (fft, fft->ends + n_taps - fft->n, fft->end_inner, fft->n_fft / LANES);
}

/* power[k] = gain[k] (re^2 + im^2)
 *
 * bins  [n][2]
 * gain  [n]
 * power [n]
 */
VECTOR_CLONES static void
square (const double *restrict bins, const double *restrict gain, float *restrict power, size_t n)
{
  for (size_t k = 0; k < n; k++)
    power[k] = (float) (gain[k] * (bins[2 * k] * bins[2 * k] + bins[2 * k + 1] * bins[2 * k + 1]));
}

void
dsp_fft_power (DspFft *fft, const float *frame, float *power)
{
  if (fft->n_taps > 0)
    make_points (fft, frame);
  else
    multiply (frame, fft->window, fft->in, fft->n);
  fftw_execute_dft_r2c (fft->plan, fft->in, fft->out);
  square (&fft->out[0][0], fft->gain, power, fft->n_bins);
}
