/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/picture/canvas.h - a sheet to draw on, its colours and its lettering, and the PNG, SVG or PDF that it becomes.
 *
 * Layer:   gst; cairo, Pango, colour.
 * Threads: one object serves one thread at a time.
 *
 * Lengths are pixels, from the top left corner; in SVG and PDF, which have none, dpi of them are an inch.
 */
#ifndef GST_PICTURE_CANVAS_H
#define GST_PICTURE_CANVAS_H

#include <glib.h>

typedef struct _cairo cairo_t; /* to use it, include <cairo.h> */

typedef enum PlotType
{
  PLOT_PNG,
  PLOT_SVG,
  PLOT_PDF,
} PlotType;

typedef struct PlotCanvasConfig
{
  PlotType type;
  gint width, height; /* at least 1 */
  double dpi;
  gboolean dark;
  const char *font; /* a family; "@cairo:" is built into cairo, ASCII only, and the same on every machine */
} PlotCanvasConfig;

/* What something is drawn in: by its use, as light and dark have their own. */
typedef enum PlotInk
{
  PLOT_INK_GROUND,
  PLOT_INK_TEXT,
  PLOT_INK_WEAK, /* lines beside the data */
  PLOT_INK_WAVE,
  PLOT_INK_WAVE_RMS,
  PLOT_INK_HATCH, /* where there is nothing to show */
} PlotInk;

/* A part of the sheet. */
typedef struct PlotBox
{
  double x, y, width, height;
} PlotBox;

typedef struct PlotCanvas PlotCanvas;

/* The whole sheet has the colour of the ground.  NULL: so large a picture has no room in memory. */
PlotCanvas *plot_canvas_new (const PlotCanvasConfig *config);
void plot_canvas_free (PlotCanvas *canvas); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlotCanvas, plot_canvas_free)

cairo_t *plot_canvas_cairo (PlotCanvas *canvas);
void plot_canvas_set_ink (PlotCanvas *canvas, PlotInk ink);

/* 0xRRGGBB */
void plot_canvas_set_rgb (PlotCanvas *canvas, guint32 rgb);

/* --- lettering -------------------------------------------------------------------------------------------------- */

double plot_canvas_em (const PlotCanvas *canvas); /* the size of letters: 9 points */

typedef enum PlotAlign
{
  PLOT_ALIGN_LEFT, /* from x on */
  PLOT_ALIGN_CENTRE,
  PLOT_ALIGN_RIGHT, /* up to x */
} PlotAlign;

typedef struct PlotText
{
  const char *text; /* UTF-8, of any script */
  double scale;     /* of the letters: 1 is an em */
  gboolean bold;
  double most; /* pixels: what is longer ends in an ellipsis; 0: as long as it is */
} PlotText;

double plot_canvas_text_width (PlotCanvas *canvas, const PlotText *text);

/* In the ink that is set.  middle: of the line, where the middle of its letters is */
void plot_canvas_show_text (PlotCanvas *canvas, const PlotText *text, PlotAlign align, double x, double middle);

/* The same from bottom to top, its middle at y. */
void plot_canvas_show_upwards (PlotCanvas *canvas, const PlotText *text, double x, double y);

/* Whether some character was in no font. */
gboolean plot_canvas_lacks_letters (const PlotCanvas *canvas);

/* --- the end ---------------------------------------------------------------------------------------------------- */

/* title: of the document, for PDF
 *
 * The file; NULL: `error` says why in one line.  The canvas can only be freed then. */
GByteArray *plot_canvas_finish (PlotCanvas *canvas, const char *title, GError **error);

#endif
