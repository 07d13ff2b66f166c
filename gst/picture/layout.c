/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/picture/layout.h"

enum
{
  LEAST_PANEL_WIDTH = 72,
  LEAST_ROW_PITCH = 9, /* pixels; DejaVu Sans is legible down to it */
};

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
