/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/spectrogram.h - mono PCM of any rate -> columns of a mel-spectrogram for the eye, one level per pixel.
 *
 * Layer:   models; uses frames, dsp/log_mel and dsp/mel.  Knows no model: its window is shorter and its hop finer.
 * Threads: one object serves one thread at a time; construct and free on any.
 */
#ifndef MODELS_SPECTROGRAM_H
#define MODELS_SPECTROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum
{
  GENRE_SPECTROGRAM_MAX_COLUMNS = 2000, /* a second */
};

typedef struct GenreSpectrogram GenreSpectrogram;

/* rate_hz             2000 to 1000000
 * columns_per_second  1 to GENRE_SPECTROGRAM_MAX_COLUMNS
 * rows                at least 1
 * NULL: out of memory.  The rows span 0 to 16 kHz, or to rate_hz / 2 where that is less, equally spaced in mel. */
GenreSpectrogram *genre_spectrogram_new (unsigned rate_hz, unsigned columns_per_second, size_t rows);
void genre_spectrogram_free (GenreSpectrogram *spectrogram); /* NULL is a no-op */

/* As fresh: the next sample is sample 0, the next column is column 0. */
void genre_spectrogram_reset (GenreSpectrogram *spectrogram);

/* samples    [*n_samples]  in and out, mono, finite: moves past those that are taken
 * n_samples  in and out: those that are left
 * levels     [rows]  out, top row (the highest band) first; 0: at most -84 dB, 255: at least -9 dB, in between linear
 *            in dB; 0 dB is the power of a full-scale sine
 *
 * The next column.  Column t shows the 64 ms around t / columns_per_second seconds, and is complete 32 ms after that.
 * False, and no levels, when all samples are taken and none is complete. */
bool genre_spectrogram_next (GenreSpectrogram *spectrogram, const float **samples, size_t *n_samples, uint8_t *levels);

/* Where a frequency lies, in rows from the top edge: 0 is max_hz, `rows` is 0 Hz. */
double genre_spectrogram_row (const GenreSpectrogram *spectrogram, double hz);

#endif
