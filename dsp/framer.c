/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dsp/framer.c - overlapping frames out of a stream.
 *
 * Layer:   dsp; libc only.
 * Threads: one object serves one thread at a time.
 *
 * Places are counted with the n/2 zeros before sample 0, so that frame t is [c(t), c(t) + n) and no number is negative.
 */
#include "dsp/framer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum
{
  MIN_SLACK = 4096, /* samples; short frames would else move the rest of the buffer often */
};

struct DspFramer
{
  size_t n;
  uint64_t hop_whole; /* the hop is hop_whole + hop_part / hop_unit samples */
  uint64_t hop_part;
  uint64_t hop_unit;

  size_t capacity;
  float *buffer; /* [capacity] */

  /* buffer[first .. first + count - 1] is what has come of the next frame, from its beginning. */
  size_t first;
  size_t count;
  uint64_t position; /* samples pushed */
  uint64_t frame;    /* the next */
  bool finished;
};

DspFramer *
dsp_framer_new (size_t n, unsigned hop_length, unsigned sample_rate_hz, unsigned rate_hz)
{
  assert (n >= 2 && n % 2 == 0);
  assert (hop_length >= 1 && hop_length <= 1u << 20);
  assert (sample_rate_hz >= 1 && sample_rate_hz <= 1u << 20 && rate_hz >= 1 && rate_hz <= 1u << 20);

  DspFramer *framer = calloc (1, sizeof *framer);
  if (!framer)
    return NULL;

  const uint64_t hop = (uint64_t) hop_length * rate_hz;
  framer->n = n;
  framer->hop_whole = hop / sample_rate_hz;
  framer->hop_part = hop % sample_rate_hz;
  framer->hop_unit = sample_rate_hz;
  framer->capacity = n + (n > MIN_SLACK ? n : MIN_SLACK);
  framer->buffer = calloc (framer->capacity, sizeof *framer->buffer);
  if (!framer->buffer)
    goto fail;

  dsp_framer_reset (framer);
  return framer;

fail:
  dsp_framer_free (framer);
  return NULL;
}

void
dsp_framer_free (DspFramer *framer)
{
  if (!framer)
    return;
  free (framer->buffer);
  free (framer);
}

void
dsp_framer_reset (DspFramer *framer)
{
  framer->first = 0;
  framer->count = framer->n / 2; /* the zeros before sample 0 */
  memset (framer->buffer, 0, framer->count * sizeof *framer->buffer);
  framer->position = 0;
  framer->frame = 0;
  framer->finished = false;
}

/* floor (t (whole + part/unit) + 1/2); part < unit <= 2^20, so t < 2^43 cannot overflow the second term. */
uint64_t
dsp_framer_center (const DspFramer *framer, uint64_t frame)
{
  return frame * framer->hop_whole + (2 * frame * framer->hop_part + framer->hop_unit) / (2 * framer->hop_unit);
}

uint64_t
dsp_framer_position (const DspFramer *framer)
{
  return framer->position;
}

uint64_t
dsp_framer_frame (const DspFramer *framer)
{
  return framer->frame;
}

/* Room for n more behind what is there; count + n <= framer->n.  The buffer being at least twice as long as a frame,
 * at most one sample is moved per sample that comes in. */
static float *
make_room (DspFramer *framer, size_t n)
{
  if (framer->first + framer->count + n > framer->capacity) {
    memmove (framer->buffer, framer->buffer + framer->first, framer->count * sizeof *framer->buffer);
    framer->first = 0;
  }
  return framer->buffer + framer->first + framer->count;
}

size_t
dsp_framer_push (DspFramer *framer, const float *samples, size_t n_samples)
{
  assert (!framer->finished);

  const uint64_t start = dsp_framer_center (framer, framer->frame); /* as a place: n/2 after it as a sample */
  const uint64_t end = start + framer->n / 2;                       /* samples that complete the frame */
  if (framer->position >= end)
    return 0;

  const size_t taken = end - framer->position < n_samples ? (size_t) (end - framer->position) : n_samples;
  const uint64_t place = framer->position + framer->n / 2;
  framer->position += taken;

  /* Between two frames whose hop is longer than they are. */
  size_t skipped = 0;
  if (place < start)
    skipped = start - place < taken ? (size_t) (start - place) : taken;

  const size_t kept = taken - skipped;
  if (kept) {
    memcpy (make_room (framer, kept), samples + skipped, kept * sizeof *samples);
    framer->count += kept;
  }
  return taken;
}

void
dsp_framer_finish (DspFramer *framer)
{
  framer->finished = true;
}

const float *
dsp_framer_next (DspFramer *framer)
{
  const uint64_t center = dsp_framer_center (framer, framer->frame);
  if (framer->finished ? center > framer->position : center + framer->n / 2 > framer->position)
    return NULL;

  if (framer->finished && framer->count < framer->n) {
    const size_t missing = framer->n - framer->count;
    memset (make_room (framer, missing), 0, missing * sizeof *framer->buffer);
    framer->count = framer->n;
  }

  const float *frame = framer->buffer + framer->first;
  framer->frame++;
  const uint64_t hop = dsp_framer_center (framer, framer->frame) - center;
  const size_t dropped = hop < framer->count ? (size_t) hop : framer->count;
  framer->first += dropped;
  framer->count -= dropped;
  return frame;
}
