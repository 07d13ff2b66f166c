/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/picture/layout.h - where the parts of the scope's picture are.
 *
 * Layer:   gst; GLib.
 * Threads: pure functions.
 */
#ifndef GST_PICTURE_LAYOUT_H
#define GST_PICTURE_LAYOUT_H

#include <glib.h>

/* In pixels from the top left corner of the picture. */
typedef struct ScopeBox
{
  gint x, y, width, height;
} ScopeBox;

typedef struct ScopeLayout
{
  gint width, height; /* of the picture */
  ScopeBox spectrum;
  ScopeBox panel; /* all the rest */
  ScopeBox title; /* in the panel, above the bars */
  ScopeBox bars;  /* the rows of all bars; 0 wide: no room for any */
  guint n_rows;   /* that fit, at most n_labels */
} ScopeLayout;

/* width, height: at least 1. */
ScopeLayout scope_layout (gint width, gint height, guint n_labels);

/* The track of a bar; a bar of 1 fills it.  row < n_rows. */
ScopeBox scope_layout_row (const ScopeLayout *layout, guint row);

#endif
