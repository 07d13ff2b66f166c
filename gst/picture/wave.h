/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/picture/wave.h - a waveform: what lies between the least and the greatest sample, and within it the RMS.
 *
 * Layer:   gst; canvas.
 * Threads: as the canvas.
 */
#ifndef GST_PICTURE_WAVE_H
#define GST_PICTURE_WAVE_H

#include "gst/picture/canvas.h"

typedef struct PlotWavePoint
{
  double x; /* 0 the left edge, 1 the right one */
  double min, max, rms;
} PlotWavePoint;

/* The amplitude at the upper edge that has room for so much: `peak` and a little more; 1 of silence. */
double plot_wave_range (double peak);

/* points  [n], from left to right
 * range   the amplitude of the upper edge; the lower one is -range
 * filled  FALSE: each point is one sample, and a line joins them */
void plot_wave_draw (PlotCanvas *canvas, const PlotBox *box, const PlotWavePoint *points, gsize n, double range,
    gboolean filled);

#endif
