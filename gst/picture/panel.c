/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/picture/panel.h"

#include "gst/picture/lettering.h"

#include <cairo.h>
#include <math.h>
#include <string.h>

enum
{
  TERSE_BELOW_HEIGHT = 16, /* of a row: "89" instead of "89 %" */
};

static const gdouble BAR_SECONDS = .12; /* time constant of a bar on its way */
static const gdouble LEAD = .02;        /* by which another genre must be in front to be the one in front */

/* What the panel shows, to draw it again only when that changes. */
typedef struct Row
{
  guint label;
  gint length;  /* of the bar, pixels */
  gint percent; /* -1: none */
} Row;

static const ScopeColour GROUND = { .17, .014, 280 }, TRACK = { .225, .02, 280 };
static const ScopeColour BAR = { .43, .085, 285 }, LEADER = { .59, .19, 34 }, PALE = { .33, .015, 280 };
static const ScopeColour TEXT = { .96, .008, 280 }, WEAK_TEXT = { .76, .012, 280 }, TITLE = { .87, .13, 78 };

struct ScopePanel
{
  ScopeLayout layout;
  guint n_labels;
  gchar **labels;               /* [n_labels], then NULL */
  gdouble title_size, row_size; /* of the fonts, pixels */

  ScopeMood mood;
  gdouble *shares; /* [n_labels] as shown */
  guint leader;
  Row *rows; /* [n_rows] */

  cairo_surface_t *surface; /* as it was drawn last */
  ScopeMood drawn_mood;
  guint drawn_leader;
  Row *drawn; /* [n_rows] */
  gboolean dirty;
};

/* --- drawing --------------------------------------------------------------------------------------------------- */

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
draw_row (const ScopePanel *panel, cairo_t *cr, guint i)
{
  const ScopeBox box = scope_layout_row (&panel->layout, i);
  const Row *row = &panel->rows[i];
  const gboolean silent = panel->mood != SCOPE_GENRE;
  const gboolean leads = !silent && row->label == panel->leader;
  const gdouble middle = box.y + box.height / 2., left = box.x + inset (&box);
  gchar percent[16] = "";

  cairo_save (cr);
  rounded_path (cr, &box);
  scope_set_colour (cr, TRACK);
  cairo_fill_preserve (cr);
  cairo_clip (cr);
  cairo_rectangle (cr, box.x, box.y, row->length, box.height);
  scope_set_colour (cr, silent ? PALE : leads ? LEADER : BAR);
  cairo_fill (cr);
  cairo_restore (cr);

  if (row->percent >= 0)
    g_snprintf (percent, sizeof percent, box.height < TERSE_BELOW_HEIGHT ? "%d" : "%d %%", row->percent);
  scope_set_font (cr, panel->row_size, leads);
  scope_set_colour (cr, leads ? TEXT : WEAK_TEXT);

  const gdouble right = box.x + box.width - inset (&box) - scope_text_width (cr, percent);

  scope_show_text (cr, right, middle, panel->row_size, percent);
  cairo_save (cr);
  cairo_rectangle (cr, box.x, box.y, right - box.x - 2, box.height);
  cairo_clip (cr);
  scope_show_text (cr, left, middle, panel->row_size, panel->labels[row->label]);
  cairo_restore (cr);
}

static const gchar *
title_text (const ScopePanel *panel)
{
  switch (panel->mood) {
    case SCOPE_LISTENING:
      return "listening";
    case SCOPE_GENRE:
      return panel->labels[panel->leader];
    case SCOPE_SILENCE:
      return "silence";
    case SCOPE_NOT_MUSIC:
      return "not music";
  }
  return "";
}

static void
draw_title (const ScopePanel *panel, cairo_t *cr)
{
  const ScopeBox *box = &panel->layout.title;
  const gchar *text = title_text (panel);
  gdouble size = panel->title_size * (panel->mood == SCOPE_GENRE ? 1 : .7);

  /* The font was chosen for the labels, which may all be shorter than this. */
  scope_set_font (cr, size, TRUE);
  if (panel->mood != SCOPE_GENRE)
    size *= MIN (1, box->width / scope_text_width (cr, text));
  scope_set_font (cr, size, TRUE);
  scope_set_colour (cr, panel->mood == SCOPE_GENRE ? TITLE : WEAK_TEXT);
  cairo_save (cr);
  cairo_rectangle (cr, box->x, box->y, box->width, box->height);
  cairo_clip (cr);
  scope_show_text (cr, box->x, box->y + box->height * .53, size, text);
  cairo_restore (cr);
}

static void
draw_panel (ScopePanel *panel)
{
  cairo_t *cr = cairo_create (panel->surface);

  scope_set_colour (cr, GROUND);
  cairo_paint (cr);
  cairo_translate (cr, -panel->layout.panel.x, -panel->layout.panel.y);
  if (panel->layout.n_rows > 0)
    draw_title (panel, cr);
  for (guint i = 0; i < panel->layout.n_rows; i++)
    draw_row (panel, cr, i);
  cairo_destroy (cr);
  cairo_surface_flush (panel->surface);

  if (panel->layout.n_rows > 0)
    memcpy (panel->drawn, panel->rows, panel->layout.n_rows * sizeof *panel->rows);
  panel->drawn_mood = panel->mood;
  panel->drawn_leader = panel->leader;
  panel->dirty = FALSE;
}

static gboolean
panel_changed (const ScopePanel *panel)
{
  if (panel->dirty || panel->mood != panel->drawn_mood || panel->leader != panel->drawn_leader)
    return TRUE;
  for (guint i = 0; i < panel->layout.n_rows; i++) {
    const Row *row = &panel->rows[i], *drawn = &panel->drawn[i];

    if (row->label != drawn->label || row->length != drawn->length || row->percent != drawn->percent)
      return TRUE;
  }
  return FALSE;
}

static gdouble
longest_label (const ScopePanel *panel, cairo_t *cr)
{
  gdouble longest = 0;

  for (guint i = 0; i < panel->n_labels; i++)
    longest = MAX (longest, scope_text_width (cr, panel->labels[i]));
  return longest;
}

/* The largest fonts in which every label fits. */
static void
choose_fonts (ScopePanel *panel)
{
  const ScopeLayout *layout = &panel->layout;
  cairo_t *cr = cairo_create (panel->surface);
  const gdouble unit = 100;

  if (layout->n_rows > 0) {
    const ScopeBox row = scope_layout_row (layout, 0);
    const gboolean terse = row.height < TERSE_BELOW_HEIGHT;

    scope_set_font (cr, unit, TRUE);
    const gdouble title = longest_label (panel, cr);
    const gdouble label = title + scope_text_width (cr, terse ? "100" : "100 %") + unit / 3;
    const gdouble room = row.width - 2 * inset (&row);

    /* One very long label must not make all others illegible: then it is cut. */
    panel->title_size = layout->title.height
        * CLAMP (unit * layout->title.width / title / layout->title.height, .36, .66);
    panel->row_size = row.height * CLAMP (unit * room / label / row.height, .5, terse ? .86 : .62);
  }
  cairo_destroy (cr);
}

/* --- public ---------------------------------------------------------------------------------------------------- */

ScopePanel *
scope_panel_new (const ScopeLayout *layout, const gchar *const *labels, guint n_labels)
{
  ScopePanel *panel = g_new0 (ScopePanel, 1);

  panel->layout = *layout;
  panel->n_labels = n_labels;
  panel->labels = g_new0 (gchar *, n_labels + 1);
  for (guint i = 0; i < n_labels; i++)
    panel->labels[i] = g_strdup (labels[i]);
  panel->shares = g_new0 (gdouble, n_labels);
  panel->rows = g_new0 (Row, layout->n_rows);
  panel->drawn = g_new0 (Row, layout->n_rows);
  panel->surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, MAX (layout->panel.width, 1), layout->panel.height);
  choose_fonts (panel);
  scope_panel_clear (panel);
  return panel;
}

void
scope_panel_free (ScopePanel *panel)
{
  if (!panel)
    return;
  g_strfreev (panel->labels);
  g_free (panel->shares);
  g_free (panel->rows);
  g_free (panel->drawn);
  cairo_surface_destroy (panel->surface);
  g_free (panel);
}

void
scope_panel_clear (ScopePanel *panel)
{
  memset (panel->shares, 0, panel->n_labels * sizeof *panel->shares);
  panel->leader = 0;
  panel->dirty = TRUE;
  scope_panel_set_bars (panel, SCOPE_LISTENING, panel->shares, 0);
}

/* The most probable ones if there is no room for all, in the model's order. */
static void
choose_rows (ScopePanel *panel, const gdouble *shares)
{
  guint row = 0;

  for (guint i = 0; i < panel->n_labels && row < panel->layout.n_rows; i++) {
    guint ahead = 0;

    for (guint k = 0; k < panel->n_labels; k++)
      ahead += shares[k] > shares[i] || (shares[k] >= shares[i] && k < i);
    if (ahead < panel->layout.n_rows)
      panel->rows[row++].label = i;
  }
}

void
scope_panel_set_bars (ScopePanel *panel, ScopeMood mood, const gdouble *shares, gdouble seconds)
{
  const gdouble part = -expm1 (-seconds / BAR_SECONDS);
  gboolean known = FALSE;

  panel->mood = mood;
  for (guint i = 0; i < panel->n_labels; i++) {
    panel->shares[i] += part * (shares[i] - panel->shares[i]);
    if (shares[i] > shares[panel->leader] + LEAD)
      panel->leader = i;
    known = known || shares[i] > 0;
  }
  choose_rows (panel, shares);
  for (guint i = 0; i < panel->layout.n_rows; i++) {
    Row *row = &panel->rows[i];
    const gdouble share = CLAMP (panel->shares[row->label], 0, 1);

    row->length = (gint) lround (panel->layout.bars.width * share);
    row->percent = !known ? -1 : (gint) lround (100 * share);
  }
}

cairo_surface_t *
scope_panel_surface (ScopePanel *panel)
{
  if (panel_changed (panel))
    draw_panel (panel);
  return panel->surface;
}
