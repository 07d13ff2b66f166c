/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/descriptors.h"

#include "dsp/descriptors.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum
{
  N_MODULATIONS = 7, /* octaves of modulation that GENRE_TEXTURE_FRAMES frames have */
};

struct GenreDescriptors
{
  DspDescriptors *dsp;
};

static const GenreDescriptor descriptors[GENRE_N_DESCRIPTORS] = {
  { "zero_crossings", "changes of sign per second: few for a bass, many for noise", 0, 1 },
  { "spectral_centroid", "mean frequency of the spectrum: the brightness", 1, 1 },
  { "spectral_rolloff", "frequency below which 85 % of the spectrum lies", 2, 1 },
  { "spectral_flux", "change of the spectrum from frame to frame, 0 to 2", 3, 1 },
  { "mfcc", "mel-frequency cepstral coefficients 0 to 19: the timbre; 0 is the level", 4, 20 },
  { "spectral_contrast", "octave-based spectral contrast (OSC): level of tones above the rest, in seven octaves", 24,
      7 },
  { "low_energy", "share of frames that are quieter than the mean: high if sound and pauses alternate", 31, 1 },
  { "omsc", "octave-based modulation spectral contrast: how regularly the contrast of octaves changes", 32, 28 },
  { "mscm", "modulation spectral crest: how much one tempo dominates, in seven octaves, at least 1", 60, 7 },
  { "msfm", "modulation spectral flatness: 1 if all tempi are equally strong, 0 for one steady beat", 67, 7 },
};

/* Values that share a name. */
typedef struct Part
{
  const char *name, *unit;
  size_t n;      /* more than 1: they are numbered from 0 */
  size_t offset; /* in doubles, in DspFrameValues or DspTextureValues */
} Part;

#define FRAME(member) (offsetof (DspFrameValues, member) / sizeof (double))
#define TEXTURE(member) (offsetof (DspTextureValues, member) / sizeof (double))

static const Part frame_parts[] = {
  { "zero_crossings", "_per_s", 1, FRAME (zero_crossings_hz) },
  { "spectral_centroid", "_hz", 1, FRAME (centroid_hz) },
  { "spectral_rolloff", "_hz", 1, FRAME (rolloff_hz) },
  { "spectral_flux", "", 1, FRAME (flux) },
  { "mfcc", "", DSP_DESCRIPTORS_MFCC, FRAME (mfcc) },
  { "spectral_contrast", "_db", DSP_OCTAVE_BANDS, FRAME (contrast_db) },
};

static const Part texture_parts[] = {
  { "low_energy", "", 1, TEXTURE (low_energy) },
  { "omsc_octave", "_db", DSP_OCTAVE_BANDS, TEXTURE (omsc_octave) },
  { "omsc_octave_std", "_db", DSP_OCTAVE_BANDS, TEXTURE (omsc_octave_std) },
  { "omsc_modulation", "_db", N_MODULATIONS, TEXTURE (omsc_modulation) },
  { "omsc_modulation_std", "_db", N_MODULATIONS, TEXTURE (omsc_modulation_std) },
  { "mscm", "", DSP_OCTAVE_BANDS, TEXTURE (modulation_crest) },
  { "msfm", "", DSP_OCTAVE_BANDS, TEXTURE (modulation_flatness) },
};

/* --- names ------------------------------------------------------------------------------------------------------ */

const GenreDescriptor *
genre_descriptor (size_t index)
{
  assert (index < GENRE_N_DESCRIPTORS);
  return &descriptors[index];
}

const GenreDescriptor *
genre_descriptor_find (const char *name)
{
  for (size_t i = 0; i < GENRE_N_DESCRIPTORS; i++)
    if (strcmp (descriptors[i].name, name) == 0)
      return &descriptors[i];
  return NULL;
}

/* Value `value` of these parts. */
static char *
name_in (const Part *parts, size_t value)
{
  for (; value >= parts->n; parts++)
    value -= parts->n;
  if (parts->n == 1)
    return g_strconcat (parts->name, parts->unit, NULL);
  return g_strdup_printf ("%s_%" G_GSIZE_FORMAT "%s", parts->name, value, parts->unit);
}

char *
genre_descriptor_value_name (size_t value)
{
  assert (value < GENRE_FRAME_VALUES + GENRE_TEXTURE_VALUES);
  return value < GENRE_FRAME_VALUES ? name_in (frame_parts, value)
                                    : name_in (texture_parts, value - GENRE_FRAME_VALUES);
}

/* --- values ----------------------------------------------------------------------------------------------------- */

/* from: a struct of doubles; to [sum of n] */
static void
take_parts (const Part *parts, size_t n_parts, const void *from, double *to)
{
  for (size_t i = 0; i < n_parts; i++) {
    memcpy (to, (const double *) from + parts[i].offset, parts[i].n * sizeof *to);
    to += parts[i].n;
  }
}

GenreDescriptors *
genre_descriptors_new (unsigned rate_hz)
{
  DspDescriptorsConfig config = dsp_descriptors_default ();
  config.texture_frames = GENRE_TEXTURE_FRAMES;
  GenreDescriptors *genre = calloc (1, sizeof *genre);
  if (!genre)
    return NULL;
  genre->dsp = dsp_descriptors_new (&config, rate_hz);
  if (!genre->dsp) {
    free (genre);
    return NULL;
  }
  return genre;
}

void
genre_descriptors_free (GenreDescriptors *genre)
{
  if (!genre)
    return;
  dsp_descriptors_free (genre->dsp);
  free (genre);
}

void
genre_descriptors_reset (GenreDescriptors *genre)
{
  dsp_descriptors_reset (genre->dsp);
}

uint64_t
genre_descriptors_frame (const GenreDescriptors *genre)
{
  return dsp_descriptors_frame (genre->dsp);
}

uint64_t
genre_descriptors_center (const GenreDescriptors *genre, uint64_t frame)
{
  return dsp_descriptors_center (genre->dsp, frame);
}

size_t
genre_descriptors_push (GenreDescriptors *genre, const float *samples, size_t n_samples)
{
  return dsp_descriptors_push (genre->dsp, samples, n_samples);
}

void
genre_descriptors_finish (GenreDescriptors *genre)
{
  dsp_descriptors_finish (genre->dsp);
}

bool
genre_descriptors_next (GenreDescriptors *genre, double *values)
{
  DspFrameValues frame;

  if (!dsp_descriptors_next (genre->dsp, &frame))
    return false;
  take_parts (frame_parts, G_N_ELEMENTS (frame_parts), &frame, values);
  return true;
}

bool
genre_descriptors_texture (GenreDescriptors *genre, double *values)
{
  DspTextureValues texture;

  if (!dsp_descriptors_texture (genre->dsp, &texture))
    return false;
  take_parts (texture_parts, G_N_ELEMENTS (texture_parts), &texture, values);
  return true;
}
