/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/plot_sound.h - a recording -> what a picture of it needs, heard once, or twice to cut off its silent edges.
 *
 * Layer:   gst; decode, plot_genres, progress, models/envelope, models/silent_edges, models/spectra.
 * Threads: one at a time.  gst_init() has been called.
 *
 * Memory does not grow with the length of the recording.
 */
#ifndef GST_TOOLS_PLOT_SOUND_H
#define GST_TOOLS_PLOT_SOUND_H

#include "gst/tools/plot_genres.h"
#include "gst/tools/progress.h"
#include "models/envelope.h"
#include "models/spectra.h"

typedef struct ToolPlotSoundConfig
{
  double from, to; /* seconds; to INFINITY: the end */
  gboolean trim;   /* silent edges off */
  gsize columns;   /* of the picture */
  gsize rows;      /* of the spectrogram */
  unsigned n_fft, hop_length;
  gboolean wave, spectra; /* what is wanted */
  GenreModel *model;      /* NULL: no genres are wanted; else the caller's */
} ToolPlotSoundConfig;

typedef struct ToolPlotSound
{
  double begin, seconds; /* what was heard, in seconds of the recording; seconds > 0 */
  GenreEnvelope *wave;   /* these three count from `begin`; NULL: not wanted */
  GenreSpectra *spectra;
  ToolPlotGenres *genres;
  char *artist, *title; /* as it is tagged, UTF-8; NULL: it is not */
  gboolean cancelled;   /* genre_decoder_cancelled() */
} ToolPlotSound;

/* location  a file's path, or a URI
 *
 * NULL: `error` says why in one line, without the name of the file. */
ToolPlotSound *tool_plot_sound_hear (const ToolPlotSoundConfig *config, const char *location, ToolProgress *progress,
    GError **error);
void tool_plot_sound_free (ToolPlotSound *sound); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolPlotSound, tool_plot_sound_free)

#endif
