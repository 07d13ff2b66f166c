/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/plot.h - what the command line of plot says.
 *
 * Layer:   gst; GLib.
 * Threads: plain data.
 */
#ifndef GST_TOOLS_PLOT_H
#define GST_TOOLS_PLOT_H

#include <glib.h>

typedef enum ToolPlotPanel
{
  TOOL_PLOT_WAVEFORM,
  TOOL_PLOT_SPECTROGRAM,
  TOOL_PLOT_MEL,
  TOOL_PLOT_GENRES,
  TOOL_PLOT_N_PANELS
} ToolPlotPanel;

typedef struct ToolPlotOptions
{
  /* as they are given */
  char **locations;
  char *output, *size, *from_text, *to_text, *map_name, *ref_name, *model, *font;
  gboolean waveform, spectrogram, mel, genres;
  gboolean trim, dark, quiet;
  double dpi, top_db;
  int n_fft, hop_length;

  /* what they mean */
  ToolPlotPanel panels[TOOL_PLOT_N_PANELS]; /* from the top */
  guint n_panels;
  int type;          /* PlotType */
  int map;           /* ColourMap */
  int width, height; /* pixels */
  double from, to;   /* seconds; to INFINITY: the end */
  gboolean ref_max;  /* 0 dB is the loudest; else power 1 */
} ToolPlotOptions;

#endif
