/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/picture/canvas.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>
#include <pango/pangocairo.h>
#include <string.h>

static const double POINTS = 9; /* size of letters */
static const char BUILT_IN_FONT[] = "@cairo:";

struct PlotCanvas
{
  PlotCanvasConfig config;
  char *font;
  gboolean built_in; /* the font: by cairo alone */
  GByteArray *bytes;
  cairo_surface_t *surface;
  cairo_t *cr;
  PangoLayout *layout;
  gboolean lacks_letters;
};

/* --- the sheet -------------------------------------------------------------------------------------------------- */

static cairo_status_t
write_bytes (void *data, const unsigned char *bytes, unsigned n)
{
  g_byte_array_append (data, bytes, n);
  return CAIRO_STATUS_SUCCESS;
}

static cairo_surface_t *
new_surface (PlotCanvas *canvas)
{
  const PlotCanvasConfig *config = &canvas->config;
  const double width = config->width * 72 / config->dpi, height = config->height * 72 / config->dpi;
  cairo_surface_t *surface;

  switch (config->type) {
    case PLOT_PNG:
      return cairo_image_surface_create (CAIRO_FORMAT_RGB24, config->width, config->height);
    case PLOT_SVG:
      return cairo_svg_surface_create_for_stream (write_bytes, canvas->bytes, width, height);
    case PLOT_PDF:
      surface = cairo_pdf_surface_create_for_stream (write_bytes, canvas->bytes, width, height);
      /* Later ones compress title and creator, by which gst/tools/picture_mark.c knows a picture of ours. */
      cairo_pdf_surface_restrict_to_version (surface, CAIRO_PDF_VERSION_1_4);
      return surface;
  }
  return NULL;
}

/* Where fontconfig knows no font at all, Pango would draw boxes. */
static gboolean
has_fonts (void)
{
  PangoFontFamily **families = NULL;
  int n = 0;

  pango_font_map_list_families (pango_cairo_font_map_get_default (), &families, &n);
  g_free (families);
  return n > 0;
}

static PangoLayout *
new_layout (cairo_t *cr)
{
  PangoLayout *layout = pango_cairo_create_layout (cr);

  /* One pixel of ours is a point of Pango's: sizes are set in pixels. */
  pango_cairo_context_set_resolution (pango_layout_get_context (layout), 72);
  pango_layout_set_single_paragraph_mode (layout, TRUE);
  return layout;
}

PlotCanvas *
plot_canvas_new (const PlotCanvasConfig *config)
{
  PlotCanvas *canvas = g_new0 (PlotCanvas, 1);

  canvas->config = *config;
  canvas->font = g_strdup (config->font);
  canvas->built_in = strcmp (config->font, BUILT_IN_FONT) == 0 || !has_fonts ();
  canvas->bytes = g_byte_array_new ();
  canvas->surface = new_surface (canvas);
  canvas->cr = cairo_create (canvas->surface);
  if (cairo_status (canvas->cr) != CAIRO_STATUS_SUCCESS) {
    plot_canvas_free (canvas);
    return NULL;
  }
  if (config->type != PLOT_PNG)
    cairo_scale (canvas->cr, 72 / config->dpi, 72 / config->dpi);
  canvas->layout = canvas->built_in ? NULL : new_layout (canvas->cr);
  plot_canvas_set_ink (canvas, PLOT_INK_GROUND);
  cairo_paint (canvas->cr);
  return canvas;
}

void
plot_canvas_free (PlotCanvas *canvas)
{
  if (!canvas)
    return;
  g_clear_object (&canvas->layout);
  cairo_destroy (canvas->cr);
  cairo_surface_finish (canvas->surface); /* may still write */
  cairo_surface_destroy (canvas->surface);
  g_byte_array_unref (canvas->bytes);
  g_free (canvas->font);
  g_free (canvas);
}

cairo_t *
plot_canvas_cairo (PlotCanvas *canvas)
{
  return canvas->cr;
}

void
plot_canvas_set_rgb (PlotCanvas *canvas, guint32 rgb)
{
  cairo_set_source_rgb (canvas->cr, (rgb >> 16) / 255., (rgb >> 8 & 0xff) / 255., (rgb & 0xff) / 255.);
}

void
plot_canvas_set_ink (PlotCanvas *canvas, PlotInk ink)
{
  static const guint32 colours[][2] = {
    /* light, dark */
    [PLOT_INK_GROUND] = { 0xffffff, 0x15151a },
    [PLOT_INK_TEXT] = { 0x1c1c22, 0xe8e8ee },
    [PLOT_INK_WEAK] = { 0x8a8a92, 0x70707a },
    [PLOT_INK_WAVE] = { 0x9c7bbf, 0xb0658a },
    [PLOT_INK_WAVE_RMS] = { 0x51127c, 0xfcb07f },
    [PLOT_INK_HATCH] = { 0xc4c4ca, 0x4a4a54 },
  };

  plot_canvas_set_rgb (canvas, colours[ink][canvas->config.dark ? 1 : 0]);
}

/* --- lettering -------------------------------------------------------------------------------------------------- */

double
plot_canvas_em (const PlotCanvas *canvas)
{
  return POINTS * canvas->config.dpi / 72;
}

static void
set_layout (PlotCanvas *canvas, const PlotText *text)
{
  PangoFontDescription *font = pango_font_description_new ();

  pango_font_description_set_family (font, canvas->font);
  pango_font_description_set_weight (font, text->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  pango_font_description_set_absolute_size (font, text->scale * plot_canvas_em (canvas) * PANGO_SCALE);
  pango_layout_set_font_description (canvas->layout, font);
  pango_font_description_free (font);
  pango_layout_set_width (canvas->layout, text->most > 0 ? (int) (text->most * PANGO_SCALE) : -1);
  pango_layout_set_ellipsize (canvas->layout, text->most > 0 ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
  /* A line in a script that runs to the left begins at the same edge as all others. */
  pango_layout_set_auto_dir (canvas->layout, TRUE);
  pango_layout_set_text (canvas->layout, text->text, -1);
  if (pango_layout_get_unknown_glyphs_count (canvas->layout) > 0)
    canvas->lacks_letters = TRUE;
}

static void
set_built_in (PlotCanvas *canvas, const PlotText *text)
{
  cairo_select_font_face (canvas->cr, BUILT_IN_FONT, CAIRO_FONT_SLANT_NORMAL,
      text->bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size (canvas->cr, text->scale * plot_canvas_em (canvas));
  for (const char *c = text->text; *c; c++)
    canvas->lacks_letters |= (guchar) *c >= 0x7f;
}

static double
built_in_width (PlotCanvas *canvas, const char *text)
{
  cairo_text_extents_t extents;

  cairo_text_extents (canvas->cr, text, &extents);
  return extents.x_advance;
}

/* What of it fits, in the font that is set. */
static char *
cut_built_in (PlotCanvas *canvas, const PlotText *text)
{
  g_autofree char *start = g_strdup (text->text);
  char *cut = g_strdup (start);

  for (glong n = g_utf8_strlen (start, -1); text->most > 0 && n > 0 && built_in_width (canvas, cut) > text->most; n--) {
    *g_utf8_offset_to_pointer (start, n - 1) = '\0';
    g_free (cut);
    cut = g_strconcat (start, "...", NULL);
  }
  return cut;
}

double
plot_canvas_text_width (PlotCanvas *canvas, const PlotText *text)
{
  PangoRectangle logical;

  if (canvas->built_in) {
    set_built_in (canvas, text);
    g_autofree char *cut = cut_built_in (canvas, text);
    return built_in_width (canvas, cut);
  }
  set_layout (canvas, text);
  pango_layout_get_extents (canvas->layout, NULL, &logical);
  return (double) logical.width / PANGO_SCALE;
}

/* From x on. */
static void
show_built_in (PlotCanvas *canvas, const PlotText *text, double x, double middle)
{
  g_autofree char *cut = cut_built_in (canvas, text);

  cairo_move_to (canvas->cr, x, middle + .35 * text->scale * plot_canvas_em (canvas));
  cairo_show_text (canvas->cr, cut);
}

static void
show_layout (PlotCanvas *canvas, const PlotText *text, double x, double middle)
{
  PangoRectangle logical;

  /* `most` of it is the width of the layout, in which a line that runs to the left stands on the right. */
  pango_layout_get_extents (canvas->layout, NULL, &logical);
  const double left = x - (double) logical.x / PANGO_SCALE;
  const double baseline = (double) pango_layout_get_baseline (canvas->layout) / PANGO_SCALE;
  cairo_move_to (canvas->cr, left, middle + .36 * text->scale * plot_canvas_em (canvas) - baseline);
  pango_cairo_update_layout (canvas->cr, canvas->layout);
  pango_cairo_show_layout (canvas->cr, canvas->layout);
}

void
plot_canvas_show_text (PlotCanvas *canvas, const PlotText *text, PlotAlign align, double x, double middle)
{
  const double width = plot_canvas_text_width (canvas, text);
  const double left = align == PLOT_ALIGN_LEFT ? x : align == PLOT_ALIGN_RIGHT ? x - width : x - width / 2;

  if (canvas->built_in)
    show_built_in (canvas, text, left, middle);
  else
    show_layout (canvas, text, left, middle);
}

void
plot_canvas_show_upwards (PlotCanvas *canvas, const PlotText *text, double x, double y)
{
  cairo_save (canvas->cr);
  cairo_translate (canvas->cr, x, y);
  cairo_rotate (canvas->cr, -G_PI / 2);
  plot_canvas_show_text (canvas, text, PLOT_ALIGN_CENTRE, 0, 0);
  cairo_restore (canvas->cr);
}

gboolean
plot_canvas_lacks_letters (const PlotCanvas *canvas)
{
  return canvas->lacks_letters;
}

/* --- the end ---------------------------------------------------------------------------------------------------- */

GByteArray *
plot_canvas_finish (PlotCanvas *canvas, const char *title, GError **error)
{
  cairo_status_t status = cairo_status (canvas->cr);

  if (canvas->config.type == PLOT_PDF) {
    cairo_pdf_surface_set_metadata (canvas->surface, CAIRO_PDF_METADATA_TITLE, title);
    cairo_pdf_surface_set_metadata (canvas->surface, CAIRO_PDF_METADATA_CREATOR, "gst-genre-1.0 plot");
  }
  cairo_surface_flush (canvas->surface);
  if (status == CAIRO_STATUS_SUCCESS && canvas->config.type == PLOT_PNG)
    status = cairo_surface_write_to_png_stream (canvas->surface, write_bytes, canvas->bytes);
  cairo_surface_finish (canvas->surface);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_status (canvas->surface);
  if (status == CAIRO_STATUS_SUCCESS)
    return g_byte_array_ref (canvas->bytes);
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "it cannot be drawn: %s", cairo_status_to_string (status));
  return NULL;
}
