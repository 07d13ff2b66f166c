/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/spectra.h - mono PCM of any rate and length -> what a picture shows of its spectrogram and mel-spectrogram.
 *
 * Layer:   models; uses columns, dsp/stft and dsp/mel.  Knows no model.
 * Threads: one object serves one thread at a time; construct and free on any.
 *
 * Frames are those of librosa's `stft` and `melspectrogram` (22050 Hz, periodic Hann, center=True with zeros), as long
 * in seconds at any rate.  A cell of the picture is the mean power of all frames and bins in it: dB come after.  Both
 * are linear in the power of the bins, so that one FFT serves them, and only its sums are divided among the rows.
 * Memory does not grow with the length.
 */
#ifndef MODELS_SPECTRA_H
#define MODELS_SPECTRA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum
{
  GENRE_SPECTRA_RATE = 22050, /* that n_fft and hop_length count in */
  GENRE_SPECTRA_MELS = 128,   /* bands, fewer where they would be narrower than a bin */
};

/* The lower edge of the spectrogram, whose frequency axis is logarithmic. */
#define GENRE_SPECTRA_MIN_HZ 20.

typedef enum GenreSpectraKind
{
  GENRE_SPECTRA_LOG, /* |X|^2 on a logarithmic axis, from GENRE_SPECTRA_MIN_HZ to half the first rate */
  GENRE_SPECTRA_MEL, /* power of the mel bands, from 0 to half the first rate */
  GENRE_SPECTRA_N_KINDS
} GenreSpectraKind;

typedef struct GenreSpectraConfig
{
  unsigned n_fft;      /* even, 2 to 65536 */
  unsigned hop_length; /* 1 to 1048576 */
  size_t rows;         /* of the spectrogram, at least 1 */
  size_t most_columns; /* that are kept, at least 2: more than the picture has, or its edges would be blurred */
} GenreSpectraConfig;

typedef struct GenreSpectra GenreSpectra;

/* rate_hz: of the first samples, 2000 to 1000000.  NULL: out of memory. */
GenreSpectra *genre_spectra_new (const GenreSpectraConfig *config, unsigned rate_hz);
void genre_spectra_free (GenreSpectra *spectra); /* NULL is a no-op */

/* The samples from here on have nothing to do with those before, and another rate maybe: no frame has both.
 * False: out of memory; only free may follow. */
bool genre_spectra_set_rate (GenreSpectra *spectra, unsigned rate_hz);

/* samples [n]  mono, finite */
void genre_spectra_push (GenreSpectra *spectra, const float *samples, size_t n);

/* The stream has ended: the last frames enter as if zeros followed.  What follows is only read. */
void genre_spectra_finish (GenreSpectra *spectra);

/* --- what the picture shows ------------------------------------------------------------------------------------- */

size_t genre_spectra_rows (const GenreSpectra *spectra, GenreSpectraKind kind);
double genre_spectra_max_hz (const GenreSpectra *spectra);

/* The loudest single bin or band of a single frame, which librosa's ref=np.max is; power. */
double genre_spectra_loudest (const GenreSpectra *spectra, GenreSpectraKind kind);

/* power [rows]  out, the lowest first: the mean over [begin, end) seconds.  Frame t covers half a hop on either side of
 *               its middle.
 *
 * False, and nothing written, where there is no frame. */
bool genre_spectra_column (GenreSpectra *spectra, GenreSpectraKind kind, double begin, double end, float *power);

/* How far up a frequency lies: 0 is the lower edge, 1 the upper one. */
double genre_spectra_height (const GenreSpectra *spectra, GenreSpectraKind kind, double hz);

#endif
