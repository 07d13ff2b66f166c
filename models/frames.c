/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/frames.h"

#include "dsp/log_mel.h"

#include <stdlib.h>

struct GenreFrames
{
  DspLogMel *mel;
  float *power; /* [bands] of the last frame */
};

GenreFrames *
genre_frames_new (const GenreFrontend *frontend, unsigned rate_hz)
{
  GenreFrames *frames = calloc (1, sizeof *frames);

  if (!frames)
    return NULL;
  frames->mel = dsp_log_mel_new (&frontend->mel, rate_hz);
  frames->power = calloc (frontend->bands, sizeof *frames->power);
  if (frames->mel && frames->power)
    return frames;
  genre_frames_free (frames);
  return NULL;
}

void
genre_frames_free (GenreFrames *frames)
{
  if (!frames)
    return;
  dsp_log_mel_free (frames->mel);
  free (frames->power);
  free (frames);
}

void
genre_frames_reset (GenreFrames *frames)
{
  dsp_log_mel_reset (frames->mel);
}

bool
genre_frames_next (GenreFrames *frames, const float **samples, size_t *n_samples, GenreFrame *ret_frame)
{
  while (!dsp_log_mel_next (frames->mel, frames->power, &ret_frame->before, &ret_frame->behind)) {
    if (*n_samples == 0)
      return false;

    const size_t taken = dsp_log_mel_push (frames->mel, *samples, *n_samples);

    *samples += taken;
    *n_samples -= taken;
  }
  ret_frame->power = frames->power;
  return true;
}

void
genre_frames_finish (GenreFrames *frames)
{
  dsp_log_mel_finish (frames->mel);
}

uint64_t
genre_frames_center (const GenreFrames *frames, uint64_t frame)
{
  return dsp_log_mel_center (frames->mel, frame);
}

unsigned
genre_frames_half_window (const GenreFrames *frames)
{
  return dsp_log_mel_half_window (frames->mel);
}
