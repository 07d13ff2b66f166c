/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/picture/panel.h - the genre in front in large letters, and under it a bar for each genre.
 *
 * Layer:   gst; cairo, layout, lettering.
 * Threads: one object serves one thread at a time.
 */
#ifndef GST_PICTURE_PANEL_H
#define GST_PICTURE_PANEL_H

#include "gst/picture/layout.h"

typedef struct _cairo_surface cairo_surface_t; /* to use it, include <cairo.h> */

/* What is said about the music. */
typedef enum ScopeMood
{
  SCOPE_LISTENING, /* no answer yet: bars are empty */
  SCOPE_GENRE,
  SCOPE_SILENCE,   /* bars stay as they were, pale */
  SCOPE_NOT_MUSIC, /* likewise */
} ScopeMood;

typedef struct ScopePanel ScopePanel;

/* labels [n_labels]  UTF-8, copied */
ScopePanel *scope_panel_new (const ScopeLayout *layout, const gchar *const *labels, guint n_labels);
void scope_panel_free (ScopePanel *panel); /* NULL is a no-op */

/* As new: no bars. */
void scope_panel_clear (ScopePanel *panel);

/* shares   [n_labels]  where the bars are to go, in [0, 1]; they get there within about half a second.  All 0: unknown
 * seconds  since the last call: how far they go now */
void scope_panel_set_bars (ScopePanel *panel, ScopeMood mood, const gdouble *shares, gdouble seconds);

/* layout.panel as a picture, RGB24, the panel's own; drawn again only when it looks different. */
cairo_surface_t *scope_panel_surface (ScopePanel *panel);

#endif
