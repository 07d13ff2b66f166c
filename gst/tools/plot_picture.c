/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/plot_picture.h"

#include "gst/picture/areas.h"
#include "gst/picture/axes.h"
#include "gst/picture/colour.h"
#include "gst/picture/heat.h"
#include "gst/picture/wave.h"
#include "gst/tools/genre_name.h"
#include "gst/tools/picture_mark.h"
#include "models/columns.h"

#include <math.h>

static const double LAST_SECONDS = 2;    /* no window has its end there: it sounds as what was before */
static const double LEAST_POWER = 1e-10; /* librosa's amin: what is less is taken for it */

/* A picture on its way. */
typedef struct Picture
{
  const ToolPlotOptions *options;
  const PlotPage *page;
  const ToolPlotSubject *subject;
  PlotCanvas *canvas;
  guint panel; /* that is drawn, from the top */
} Picture;

/* --- the page --------------------------------------------------------------------------------------------------- */

static const PlotPanelShape shapes[TOOL_PLOT_N_PANELS] = {
  [TOOL_PLOT_WAVEFORM] = { .7, PLOT_MARGIN_NONE },
  [TOOL_PLOT_SPECTROGRAM] = { 1.15, PLOT_MARGIN_BAR },
  [TOOL_PLOT_MEL] = { 1.15, PLOT_MARGIN_BAR },
  [TOOL_PLOT_GENRES] = { 1, PLOT_MARGIN_LEGEND },
};

gboolean
tool_plot_page (const ToolPlotOptions *options, PlotPage *ret_page)
{
  PlotPanelShape chosen[TOOL_PLOT_N_PANELS];

  for (guint i = 0; i < options->n_panels; i++)
    chosen[i] = shapes[options->panels[i]];
  return plot_page_layout (options->width, options->height, options->dpi / 8, chosen, options->n_panels, ret_page);
}

const PlotBox *
tool_plot_page_find (const ToolPlotOptions *options, const PlotPage *page, ToolPlotPanel panel)
{
  for (guint i = 0; i < options->n_panels; i++)
    if (options->panels[i] == panel)
      return &page->panels[i];
  return NULL;
}

static const PlotBox *
box_of (const Picture *picture)
{
  return &picture->page->panels[picture->panel];
}

/* --- waveform --------------------------------------------------------------------------------------------------- */

/* points  [one more than the box is wide]  out; returns how many
 * ret_filled  FALSE: each is one sample */
static gsize
find_points (const Picture *picture, PlotWavePoint *points, double *ret_peak, gboolean *ret_filled)
{
  const ToolPlotSound *sound = picture->subject->sound;
  const gsize width = (gsize) box_of (picture)->width;
  const double block = genre_envelope_block_seconds (sound->wave);
  const gboolean filled = sound->seconds / block > (double) width;
  const gsize n = filled ? width : (gsize) MAX (1, lround (sound->seconds / block));
  const double step = filled ? sound->seconds / (double) width : block;
  GenreExtent extent;
  gsize n_points = 0;

  *ret_filled = filled;
  for (gsize i = 0; i < n; i++) {
    /* A block that only touches the end belongs to the next. */
    const double begin = (double) i * step, end = begin + step - 1e-6 * block;
    if (!genre_envelope_extent (sound->wave, begin + 1e-6 * block, end, &extent))
      continue;
    const double x = (filled ? begin + step / 2 : begin) / sound->seconds;
    points[n_points++] = (PlotWavePoint){ x, (double) extent.min, (double) extent.max, extent.rms };
    *ret_peak = MAX (*ret_peak, MAX (-(double) extent.min, (double) extent.max));
  }
  return n_points;
}

/* 0, and as much above as below it where that has room. */
static guint
find_amplitudes (double range, guint room, PlotTick *ticks)
{
  const guint n = plot_ticks_linear (-range, range, CLAMP (room, 5, 7), ticks);

  if (n <= room || n != 5)
    return n;
  if (room < 3) {
    ticks[0] = ticks[2];
    return 1;
  }
  ticks[1] = ticks[2];
  ticks[2] = ticks[4];
  return 3;
}

static void
draw_waveform (Picture *picture)
{
  const PlotBox *box = box_of (picture);
  g_autofree PlotWavePoint *points = g_new (PlotWavePoint, (gsize) box->width + 1);
  PlotTick ticks[PLOT_MAX_TICKS];
  double heights[PLOT_MAX_TICKS], peak = 0;
  gboolean filled;

  const gsize n_points = find_points (picture, points, &peak, &filled);
  const double range = plot_wave_range (peak);
  const guint n = find_amplitudes (range, plot_axes_room (picture->canvas, box), ticks);
  for (guint i = 0; i < n; i++)
    heights[i] = (ticks[i].value / range + 1) / 2;
  plot_wave_draw (picture->canvas, box, points, n_points, range, filled);
  plot_axes_left (picture->canvas, box, ticks, heights, n, "amplitude");
}

/* --- spectrograms ----------------------------------------------------------------------------------------------- */

static double
to_db (double power)
{
  return 10 * log10 (MAX (power, LEAST_POWER));
}

/* power [rows] -> db [height of the box], by the mean power of the rows that lie in each pixel */
static void
fill_column (const float *power, gsize rows, double ref_db, float *db, gsize height)
{
  const double step = (double) rows / (double) height;

  for (gsize i = 0; i < height; i++) {
    const double mean = (double) genre_cells_mean (power, rows, (double) i * step, (double) (i + 1) * step);
    db[i] = mean > 0 ? (float) (to_db (mean) - ref_db) : -INFINITY;
  }
}

static void
fill_heat (const Picture *picture, GenreSpectraKind kind, double ref_db, PlotHeat *heat)
{
  const PlotBox *box = box_of (picture);
  GenreSpectra *spectra = picture->subject->sound->spectra;
  const gsize rows = genre_spectra_rows (spectra, kind), height = (gsize) box->height;
  const double step = picture->subject->sound->seconds / box->width;
  g_autofree float *power = g_new (float, rows), *db = g_new (float, height);

  for (guint x = 0; x < (guint) box->width; x++) {
    if (!genre_spectra_column (spectra, kind, x * step, (x + 1) * step, power))
      continue;
    fill_column (power, rows, ref_db, db, height);
    plot_heat_set_column (heat, x, db);
  }
}

static void
draw_frequencies (const Picture *picture, GenreSpectraKind kind)
{
  const GenreSpectra *spectra = picture->subject->sound->spectra;
  const double low = kind == GENRE_SPECTRA_LOG ? GENRE_SPECTRA_MIN_HZ : 64, high = genre_spectra_max_hz (spectra);
  const guint room = plot_axes_room (picture->canvas, box_of (picture));
  PlotTick ticks[PLOT_MAX_TICKS];
  double heights[PLOT_MAX_TICKS], last = -1;
  const guint n = plot_ticks_octaves (low, high, room, ticks);
  guint kept = 0;

  /* Low frequencies lie close together on a mel axis: from the highest down, those that have room. */
  for (guint i = n; i-- > 0;) {
    const double height = genre_spectra_height (spectra, kind, ticks[i].value);
    if (kind == GENRE_SPECTRA_MEL && last >= 0 && (last - height) * room < 1)
      continue;
    ticks[n - 1 - kept] = ticks[i];
    heights[n - 1 - kept] = last = height;
    kept++;
  }
  plot_axes_left (picture->canvas, box_of (picture), ticks + (n - kept), heights + (n - kept), kept, "Hz");
}

static gboolean
draw_spectrum (Picture *picture, GenreSpectraKind kind)
{
  const ToolPlotOptions *options = picture->options;
  const double loudest_db = to_db (genre_spectra_loudest (picture->subject->sound->spectra, kind));
  const double ref_db = options->ref_max ? loudest_db : 0;
  guint32 map[256];

  colour_map ((ColourMap) options->map, map);
  g_autoptr (PlotHeat)
      heat = plot_heat_new (box_of (picture), map, loudest_db - ref_db - options->top_db, loudest_db - ref_db);
  if (!heat)
    return FALSE;
  fill_heat (picture, kind, ref_db, heat);
  plot_heat_draw (heat, picture->canvas);
  plot_heat_draw_bar (heat, picture->canvas, &picture->page->margin[picture->panel]);
  draw_frequencies (picture, kind);
  return TRUE;
}

/* --- genres ----------------------------------------------------------------------------------------------------- */

/* Points at the middle of each step; at the edges of a stretch the first and the last one again. */
typedef struct Stretch
{
  GArray *x;      /* of double */
  GArray *shares; /* of float [n_labels] each */
} Stretch;

static void
add_point (Stretch *stretch, double x, const float *shares, guint n_labels)
{
  const double inside = CLAMP (x, 0, 1);

  g_array_append_val (stretch->x, inside);
  g_array_append_vals (stretch->shares, shares, n_labels);
}

static void
draw_stretch (const Picture *picture, const PlotAreas *areas, Stretch *stretch, double end)
{
  if (stretch->x->len > 0) {
    g_autofree float *last = g_memdup2 (&g_array_index (stretch->shares, float,
                                            (stretch->x->len - 1) * areas->n_labels),
        areas->n_labels * sizeof (float));
    add_point (stretch, end, last, areas->n_labels);
    plot_areas_draw (areas, picture->canvas, box_of (picture), (const double *) (void *) stretch->x->data,
        (const float *) (void *) stretch->shares->data, stretch->x->len);
  }
  g_array_set_size (stretch->x, 0);
  g_array_set_size (stretch->shares, 0);
}

/* Returns whether there is something between them. */
static gboolean
draw_stretches (const Picture *picture, const PlotAreas *areas)
{
  const ToolPlotSound *sound = picture->subject->sound;
  const double pixel = sound->seconds / box_of (picture)->width;
  const double step = MAX (pixel, tool_plot_genres_step (sound->genres));
  g_autofree float *shares = g_new (float, areas->n_labels);
  Stretch stretch = { g_array_new (FALSE, FALSE, sizeof (double)), g_array_new (FALSE, FALSE, sizeof (float)) };
  gboolean empty = FALSE;

  for (double begin = 0; begin < sound->seconds; begin += step) {
    const gboolean known = tool_plot_genres_shares (sound->genres, begin, begin + step, shares);
    if (!known && begin > 0 && sound->seconds - begin < LAST_SECONDS)
      break;
    if (!known) {
      empty = TRUE;
      draw_stretch (picture, areas, &stretch, begin / sound->seconds);
      continue;
    }
    if (stretch.x->len == 0)
      add_point (&stretch, begin / sound->seconds, shares, areas->n_labels);
    add_point (&stretch, (begin + step / 2) / sound->seconds, shares, areas->n_labels);
  }
  draw_stretch (picture, areas, &stretch, 1);
  g_array_unref (stretch.x);
  g_array_unref (stretch.shares);
  return empty;
}

static void
draw_percentages (const Picture *picture)
{
  PlotTick ticks[PLOT_MAX_TICKS];
  double heights[PLOT_MAX_TICKS];
  const guint room = CLAMP (plot_axes_room (picture->canvas, box_of (picture)), 2, 6);
  const guint n = plot_ticks_linear (0, 100, room >= 6 ? 6 : room >= 3 ? 3 : 2, ticks);

  for (guint i = 0; i < n; i++)
    heights[i] = ticks[i].value / 100;
  plot_axes_left (picture->canvas, box_of (picture), ticks, heights, n, "%");
}

static void
draw_genres (Picture *picture)
{
  GenreModel *model = picture->subject->model;
  const guint n = genre_model_n_labels (model);
  const char *const *labels = genre_model_labels (model);
  g_autofree guint32 *colours = g_new (guint32, n);
  g_autofree double *means = g_new (double, n);
  g_auto (GStrv) names = g_new0 (char *, n + 1);

  for (guint i = 0; i < n; i++) {
    g_autofree char *key = tool_genre_key (labels[i]);
    colours[i] = colour_genre (key, i);
    names[i] = tool_genre_name (labels[i]);
  }
  const PlotAreas areas = { n, colours, (const char *const *) names };
  plot_areas_draw_empty (picture->canvas, box_of (picture));
  const gboolean empty = draw_stretches (picture, &areas);
  const gboolean known = tool_plot_genres_means (picture->subject->sound->genres, means);
  plot_areas_draw_legend (&areas, picture->canvas, &picture->page->margin[picture->panel], known ? means : NULL, empty);
  draw_percentages (picture);
}

/* --- all of it -------------------------------------------------------------------------------------------------- */

static const char *const headings[TOOL_PLOT_N_PANELS] = {
  [TOOL_PLOT_WAVEFORM] = "Waveform",
  [TOOL_PLOT_SPECTROGRAM] = "Spectrogram",
  [TOOL_PLOT_MEL] = "Mel spectrogram",
  [TOOL_PLOT_GENRES] = "Genres",
};

/* FALSE: no memory. */
static gboolean
draw_data (Picture *picture)
{
  switch (picture->options->panels[picture->panel]) {
    case TOOL_PLOT_WAVEFORM:
      draw_waveform (picture);
      return TRUE;
    case TOOL_PLOT_SPECTROGRAM:
      return draw_spectrum (picture, GENRE_SPECTRA_LOG);
    case TOOL_PLOT_MEL:
      return draw_spectrum (picture, GENRE_SPECTRA_MEL);
    case TOOL_PLOT_GENRES:
      draw_genres (picture);
      return TRUE;
    case TOOL_PLOT_N_PANELS:
      break;
  }
  return TRUE;
}

static gboolean
draw_panel (Picture *picture)
{
  const ToolPlotSound *sound = picture->subject->sound;
  const PlotBox *box = box_of (picture);
  const gboolean last = picture->panel + 1 == picture->options->n_panels;

  if (!draw_data (picture))
    return FALSE;
  plot_axes_frame (picture->canvas, box);
  plot_axes_time (picture->canvas, box, sound->begin, sound->begin + sound->seconds, last);
  plot_axes_heading (picture->canvas, box, picture->page->headings[picture->panel],
      headings[picture->options->panels[picture->panel]]);
  return TRUE;
}

static void
draw_title (Picture *picture)
{
  const double em = plot_canvas_em (picture->canvas), left = picture->page->panels[0].x;
  const PlotText title = {
    .text = picture->subject->title,
    .scale = 1.25,
    .bold = TRUE,
    .most = picture->options->width - left - em,
  };

  plot_canvas_set_ink (picture->canvas, PLOT_INK_TEXT);
  plot_canvas_show_text (picture->canvas, &title, PLOT_ALIGN_LEFT, left, picture->page->title_middle);
}

GByteArray *
tool_plot_draw (const ToolPlotOptions *options, const PlotPage *page, const ToolPlotSubject *subject,
    gboolean *ret_lacks_letters, GError **error)
{
  const PlotCanvasConfig config = {
    .type = (PlotType) options->type,
    .width = options->width,
    .height = options->height,
    .dpi = options->dpi,
    .dark = options->dark,
    .font = options->font ? options->font : "sans-serif",
  };
  g_autoptr (PlotCanvas) canvas = plot_canvas_new (&config);
  Picture picture = { options, page, subject, canvas, 0 };
  gboolean ok = canvas != NULL;

  if (ok)
    draw_title (&picture);
  for (; ok && picture.panel < options->n_panels; picture.panel++)
    ok = draw_panel (&picture);
  if (!ok) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOMEM, "no memory for a picture of %dx%d pixels", options->width,
        options->height);
    return NULL;
  }
  *ret_lacks_letters = plot_canvas_lacks_letters (canvas);
  GByteArray *bytes = plot_canvas_finish (canvas, subject->title, error);
  if (bytes)
    tool_picture_mark (bytes);
  return bytes;
}
