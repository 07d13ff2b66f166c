/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/picture/scope.h"

#include "gst/picture/colour.h"

#include <cairo.h>
#include <math.h>
#include <string.h>

enum
{
  LEAST_PANEL_WIDTH = 72,
  LEAST_ROW_PITCH = 9,     /* pixels; DejaVu Sans is legible down to it */
  TERSE_BELOW_HEIGHT = 16, /* of a row: "89" instead of "89 %" */
};

static const gdouble BAR_SECONDS = .12; /* time constant of a bar on its way */
static const gdouble LEAD = .02;        /* by which another genre must be in front to be the one in front */
static const gchar FONT[] = "sans-serif";

/* What the panel shows, to draw it again only when that changes. */
typedef struct Row
{
  guint label;
  gint length;  /* of the bar, pixels */
  gint percent; /* -1: none */
} Row;

typedef struct Colour
{
  gdouble lightness, chroma, hue;
} Colour;

static const Colour GROUND = { .17, .014, 280 }, TRACK = { .225, .02, 280 };
static const Colour BAR = { .43, .085, 285 }, LEADER = { .59, .19, 34 }, PALE = { .33, .015, 280 };
static const Colour TEXT = { .96, .008, 280 }, WEAK_TEXT = { .76, .012, 280 }, TITLE = { .87, .13, 78 };

struct ScopePicture
{
  ScopeLayout layout;
  guint n_labels;
  gchar **labels; /* [n_labels], then NULL */
  guint32 map[256];
  gdouble title_size, row_size; /* of the fonts, pixels */

  guint32 *ring; /* [spectrum.height][spectrum.width] */
  gint oldest;   /* column of ring */
  cairo_surface_t *ticks;

  ScopeMood mood;
  gdouble *shares; /* [n_labels] as shown */
  guint leader;
  Row *rows; /* [n_rows] */

  cairo_surface_t *panel; /* as it was drawn last */
  ScopeMood drawn_mood;
  guint drawn_leader;
  Row *drawn; /* [n_rows] */
  gboolean dirty;
};

/* --- where things are ------------------------------------------------------------------------------------------ */

ScopeLayout
scope_layout (gint width, gint height, guint n_labels)
{
  ScopeLayout layout = { .width = width, .height = height };
  const gint margin = MAX (3, MIN (width, height) / 36);
  gint panel_width = MAX (LEAST_PANEL_WIDTH, MIN (width * 34 / 100, height * 62 / 100 + 40));

  if (panel_width > width * 6 / 10 || height < 4 * LEAST_ROW_PITCH)
    panel_width = 0;
  layout.spectrum = (ScopeBox){ 0, 0, width - panel_width, height };
  layout.panel = (ScopeBox){ width - panel_width, 0, panel_width, height };
  if (panel_width == 0 || n_labels == 0)
    return layout;

  const gint title_height = MAX (14, height * 17 / 100), room = height - title_height - margin;
  const gint least = MAX (LEAST_ROW_PITCH, height / 24), most = MAX (LEAST_ROW_PITCH, height / 11);
  const gint pitch = CLAMP (room / (gint) MIN (n_labels, (guint) room), least, most);

  layout.n_rows = MIN (n_labels, (guint) (room / pitch));
  /* All the room where the rows are as many as fit, so that none of it is lost to rounding. */
  const gint bars_height = MIN (room, (gint) layout.n_rows * (pitch + 1));

  layout.title = (ScopeBox){ layout.panel.x + margin, 0, panel_width - 2 * margin, title_height };
  layout.bars = (ScopeBox){ layout.title.x, title_height, layout.title.width, bars_height };
  return layout;
}

ScopeBox
scope_layout_row (const ScopeLayout *layout, guint row)
{
  const ScopeBox *bars = &layout->bars;
  const gint top = bars->height * (gint) row / (gint) layout->n_rows;
  const gint next = bars->height * (gint) (row + 1) / (gint) layout->n_rows;

  return (ScopeBox){ bars->x, bars->y + top, bars->width, next - top - MAX (1, (next - top) / 6) };
}

/* --- drawing --------------------------------------------------------------------------------------------------- */

static void
set_colour (cairo_t *cr, Colour colour)
{
  const guint32 rgb = scope_colour (colour.lightness, colour.chroma, colour.hue);

  cairo_set_source_rgb (cr, (rgb >> 16) / 255., (rgb >> 8 & 0xff) / 255., (rgb & 0xff) / 255.);
}

static void
set_font (cairo_t *cr, gdouble size, gboolean bold)
{
  cairo_select_font_face (cr, FONT, CAIRO_FONT_SLANT_NORMAL, bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size (cr, size);
}

static gdouble
text_width (cairo_t *cr, const gchar *text)
{
  cairo_text_extents_t extents;

  cairo_text_extents (cr, text, &extents);
  return extents.x_advance;
}

/* Middle of the capitals on `middle`. */
static void
show_text (cairo_t *cr, gdouble x, gdouble middle, gdouble size, const gchar *text)
{
  cairo_move_to (cr, x, round (middle + .365 * size));
  cairo_show_text (cr, text);
}

static void
rounded_path (cairo_t *cr, const ScopeBox *box)
{
  const gdouble r = MAX (1, box->height / 5.), right = box->x + box->width - r, bottom = box->y + box->height - r;

  cairo_new_sub_path (cr);
  cairo_arc (cr, right, box->y + r, r, -G_PI / 2, 0);
  cairo_arc (cr, right, bottom, r, 0, G_PI / 2);
  cairo_arc (cr, box->x + r, bottom, r, G_PI / 2, G_PI);
  cairo_arc (cr, box->x + r, box->y + r, r, G_PI, 3 * G_PI / 2);
  cairo_close_path (cr);
}

static gdouble
inset (const ScopeBox *row)
{
  return MAX (2, row->height * .3);
}

static void
draw_row (const ScopePicture *picture, cairo_t *cr, guint i)
{
  const ScopeBox box = scope_layout_row (&picture->layout, i);
  const Row *row = &picture->rows[i];
  const gboolean silent = picture->mood != SCOPE_GENRE;
  const gboolean leads = !silent && row->label == picture->leader;
  const gdouble middle = box.y + box.height / 2., left = box.x + inset (&box);
  gchar percent[16] = "";

  cairo_save (cr);
  rounded_path (cr, &box);
  set_colour (cr, TRACK);
  cairo_fill_preserve (cr);
  cairo_clip (cr);
  cairo_rectangle (cr, box.x, box.y, row->length, box.height);
  set_colour (cr, silent ? PALE : leads ? LEADER : BAR);
  cairo_fill (cr);
  cairo_restore (cr);

  if (row->percent >= 0)
    g_snprintf (percent, sizeof percent, box.height < TERSE_BELOW_HEIGHT ? "%d" : "%d %%", row->percent);
  set_font (cr, picture->row_size, leads);
  set_colour (cr, leads ? TEXT : WEAK_TEXT);

  const gdouble right = box.x + box.width - inset (&box) - text_width (cr, percent);

  show_text (cr, right, middle, picture->row_size, percent);
  cairo_save (cr);
  cairo_rectangle (cr, box.x, box.y, right - box.x - 2, box.height);
  cairo_clip (cr);
  show_text (cr, left, middle, picture->row_size, picture->labels[row->label]);
  cairo_restore (cr);
}

static void
draw_title (const ScopePicture *picture, cairo_t *cr)
{
  const ScopeBox *box = &picture->layout.title;
  const gdouble size = picture->title_size * (picture->mood == SCOPE_GENRE ? 1 : .7);
  const gchar *text = picture->mood == SCOPE_SILENCE ? "silence"
      : picture->mood == SCOPE_LISTENING             ? "listening"
                                                     : picture->labels[picture->leader];

  set_font (cr, size, TRUE);
  set_colour (cr, picture->mood == SCOPE_GENRE ? TITLE : WEAK_TEXT);
  cairo_save (cr);
  cairo_rectangle (cr, box->x, box->y, box->width, box->height);
  cairo_clip (cr);
  show_text (cr, box->x, box->y + box->height * .53, size, text);
  cairo_restore (cr);
}

static void
draw_panel (ScopePicture *picture)
{
  cairo_t *cr = cairo_create (picture->panel);

  set_colour (cr, GROUND);
  cairo_paint (cr);
  cairo_translate (cr, -picture->layout.panel.x, -picture->layout.panel.y);
  if (picture->layout.n_rows > 0)
    draw_title (picture, cr);
  for (guint i = 0; i < picture->layout.n_rows; i++)
    draw_row (picture, cr, i);
  cairo_destroy (cr);
  cairo_surface_flush (picture->panel);

  memcpy (picture->drawn, picture->rows, picture->layout.n_rows * sizeof *picture->rows);
  picture->drawn_mood = picture->mood;
  picture->drawn_leader = picture->leader;
  picture->dirty = FALSE;
}

static gboolean
panel_changed (const ScopePicture *picture)
{
  if (picture->dirty || picture->mood != picture->drawn_mood || picture->leader != picture->drawn_leader)
    return TRUE;
  for (guint i = 0; i < picture->layout.n_rows; i++) {
    const Row *row = &picture->rows[i], *drawn = &picture->drawn[i];

    if (row->label != drawn->label || row->length != drawn->length || row->percent != drawn->percent)
      return TRUE;
  }
  return FALSE;
}

/* --- what is drawn once ---------------------------------------------------------------------------------------- */

static gdouble
longest_label (const ScopePicture *picture, cairo_t *cr)
{
  gdouble longest = 0;

  for (guint i = 0; i < picture->n_labels; i++)
    longest = MAX (longest, text_width (cr, picture->labels[i]));
  return longest;
}

/* The largest fonts in which every label fits. */
static void
choose_fonts (ScopePicture *picture)
{
  const ScopeLayout *layout = &picture->layout;
  cairo_t *cr = cairo_create (picture->panel);
  const gdouble unit = 100;

  if (layout->n_rows > 0) {
    const ScopeBox row = scope_layout_row (layout, 0);
    const gboolean terse = row.height < TERSE_BELOW_HEIGHT;

    set_font (cr, unit, TRUE);
    const gdouble title = longest_label (picture, cr);
    const gdouble label = title + text_width (cr, terse ? "100" : "100 %") + unit / 3;
    const gdouble room = row.width - 2 * inset (&row);

    /* One very long label must not make all others illegible: then it is cut. */
    picture->title_size = layout->title.height
        * CLAMP (unit * layout->title.width / title / layout->title.height, .36, .66);
    picture->row_size = row.height * CLAMP (unit * room / label / row.height, .5, terse ? .86 : .62);
  }
  cairo_destroy (cr);
}

static void
draw_tick (cairo_t *cr, gdouble y, gdouble size, const gchar *text)
{
  const gdouble x = size * .9;

  cairo_rectangle (cr, 0, round (y) - 1, x - 3, 3);
  cairo_set_source_rgba (cr, 0, 0, 0, .5);
  cairo_fill (cr);
  cairo_rectangle (cr, 0, round (y), x - 3, 1);
  cairo_set_source_rgba (cr, 1, 1, 1, .85);
  cairo_fill (cr);

  /* A dark seam, so that it can be read on any colour. */
  cairo_move_to (cr, x, round (y + .365 * size));
  cairo_text_path (cr, text);
  cairo_set_source_rgba (cr, 0, 0, 0, .6);
  cairo_set_line_width (cr, MAX (2, size / 5));
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_stroke (cr);
  cairo_set_source_rgba (cr, 1, 1, 1, .9);
  show_text (cr, x, y, size, text);
}

static void
draw_ticks (ScopePicture *picture, const ScopeTick *ticks, guint n_ticks)
{
  const ScopeBox *spectrum = &picture->layout.spectrum;
  const gdouble size = CLAMP (spectrum->height / 28., 7, 26);
  const gint width = MIN (spectrum->width, (gint) (size * 5));
  GArray *taken = g_array_new (FALSE, FALSE, sizeof (gdouble));

  picture->ticks = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, spectrum->height);
  cairo_t *cr = cairo_create (picture->ticks);

  set_font (cr, size, FALSE);
  for (guint i = 0; i < n_ticks; i++) {
    const gdouble y = ticks[i].row;
    gboolean free = y > size * .7 && y < spectrum->height - size * .7;
    gchar text[16];

    for (guint k = 0; k < taken->len; k++)
      free = free && fabs (y - g_array_index (taken, gdouble, k)) > 1.8 * size;
    if (!free)
      continue;
    g_array_append_val (taken, y);
    if (ticks[i].hz < 1000)
      g_snprintf (text, sizeof text, "%.0f Hz", ticks[i].hz);
    else
      g_snprintf (text, sizeof text, "%.0f kHz", ticks[i].hz / 1000);
    draw_tick (cr, y, size, text);
  }
  cairo_destroy (cr);
  cairo_surface_flush (picture->ticks);
  g_array_unref (taken);
}

/* --- public ---------------------------------------------------------------------------------------------------- */

ScopePicture *
scope_picture_new (gint width, gint height, const gchar *const *labels, guint n_labels, const ScopeTick *ticks,
    guint n_ticks)
{
  ScopePicture *picture = g_new0 (ScopePicture, 1);

  picture->layout = scope_layout (width, height, n_labels);
  picture->n_labels = n_labels;
  picture->labels = g_new0 (gchar *, n_labels + 1);
  for (guint i = 0; i < n_labels; i++)
    picture->labels[i] = g_strdup (labels[i]);
  scope_colour_map (picture->map);

  const ScopeBox *spectrum = &picture->layout.spectrum, *panel = &picture->layout.panel;

  picture->ring = g_new (guint32, (gsize) spectrum->width * (gsize) spectrum->height);
  picture->shares = g_new0 (gdouble, n_labels);
  picture->rows = g_new0 (Row, picture->layout.n_rows);
  picture->drawn = g_new0 (Row, picture->layout.n_rows);
  picture->panel = cairo_image_surface_create (CAIRO_FORMAT_RGB24, MAX (panel->width, 1), panel->height);
  choose_fonts (picture);
  draw_ticks (picture, ticks, n_ticks);
  scope_picture_clear (picture);
  return picture;
}

void
scope_picture_free (ScopePicture *picture)
{
  if (!picture)
    return;
  g_strfreev (picture->labels);
  g_free (picture->ring);
  g_free (picture->shares);
  g_free (picture->rows);
  g_free (picture->drawn);
  cairo_surface_destroy (picture->panel);
  cairo_surface_destroy (picture->ticks);
  g_free (picture);
}

const ScopeLayout *
scope_picture_layout (const ScopePicture *picture)
{
  return &picture->layout;
}

void
scope_picture_clear (ScopePicture *picture)
{
  const gsize n = (gsize) picture->layout.spectrum.width * (gsize) picture->layout.spectrum.height;

  for (gsize i = 0; i < n; i++)
    picture->ring[i] = picture->map[0];
  picture->oldest = 0;
  memset (picture->shares, 0, picture->n_labels * sizeof *picture->shares);
  picture->leader = 0;
  picture->dirty = TRUE;
  scope_picture_set_bars (picture, SCOPE_LISTENING, picture->shares, 0);
}

void
scope_picture_add_column (ScopePicture *picture, const guint8 *levels)
{
  const ScopeBox *spectrum = &picture->layout.spectrum;
  guint32 *pixel = picture->ring + picture->oldest;

  for (gint y = 0; y < spectrum->height; y++, pixel += spectrum->width)
    *pixel = picture->map[levels[y]];
  picture->oldest = (picture->oldest + 1) % spectrum->width;
}

/* The most probable ones if there is no room for all, in the model's order. */
static void
choose_rows (ScopePicture *picture, const gdouble *shares)
{
  guint row = 0;

  for (guint i = 0; i < picture->n_labels && row < picture->layout.n_rows; i++) {
    guint ahead = 0;

    for (guint k = 0; k < picture->n_labels; k++)
      ahead += shares[k] > shares[i] || (shares[k] >= shares[i] && k < i);
    if (ahead < picture->layout.n_rows)
      picture->rows[row++].label = i;
  }
}

void
scope_picture_set_bars (ScopePicture *picture, ScopeMood mood, const gdouble *shares, gdouble seconds)
{
  const gdouble part = -expm1 (-seconds / BAR_SECONDS);
  gboolean known = FALSE;

  picture->mood = mood;
  for (guint i = 0; i < picture->n_labels; i++) {
    picture->shares[i] += part * (shares[i] - picture->shares[i]);
    if (shares[i] > shares[picture->leader] + LEAD)
      picture->leader = i;
    known = known || shares[i] > 0;
  }
  choose_rows (picture, shares);
  for (guint i = 0; i < picture->layout.n_rows; i++) {
    Row *row = &picture->rows[i];
    const gdouble share = CLAMP (picture->shares[row->label], 0, 1);

    row->length = (gint) lround (picture->layout.bars.width * share);
    row->percent = !known ? -1 : (gint) lround (100 * share);
  }
}

void
scope_picture_draw (ScopePicture *picture, guint8 *pixels, gint stride)
{
  const ScopeBox *spectrum = &picture->layout.spectrum, *panel = &picture->layout.panel;
  const gsize width = (gsize) spectrum->width, older = (gsize) (spectrum->width - picture->oldest);

  if (panel->width > 0 && panel_changed (picture))
    draw_panel (picture);

  const guint8 *panel_pixels = cairo_image_surface_get_data (picture->panel);
  const gint panel_stride = cairo_image_surface_get_stride (picture->panel);

  for (gint y = 0; y < picture->layout.height; y++) {
    guint32 *line = (guint32 *) (gpointer) (pixels + (gsize) y * (gsize) stride);
    const guint32 *ring = picture->ring + (gsize) y * width;

    memcpy (line, ring + picture->oldest, older * sizeof *line);
    memcpy (line + older, ring, (width - older) * sizeof *line);
    if (panel->width > 0)
      memcpy (line + width, panel_pixels + (gsize) y * (gsize) panel_stride, (gsize) panel->width * sizeof *line);
  }

  cairo_surface_t *target = cairo_image_surface_create_for_data (pixels, CAIRO_FORMAT_RGB24, picture->layout.width,
      picture->layout.height, stride);
  cairo_t *cr = cairo_create (target);

  cairo_set_source_surface (cr, picture->ticks, 0, 0);
  cairo_paint (cr);
  cairo_destroy (cr);
  cairo_surface_destroy (target);
}
