/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/picture/scope.h - what genrescope draws: a spectrogram that scrolls, and beside it a bar for each genre.
 *
 * Layer:   gst; layout, lettering, panel, cairo; knows no audio and no model.
 * Threads: one object serves one thread at a time.
 */
#ifndef GST_PICTURE_SCOPE_H
#define GST_PICTURE_SCOPE_H

#include "gst/picture/panel.h"

/* A frequency to write beside the spectrogram. */
typedef struct ScopeTick
{
  double hz;
  double row; /* from the top of the spectrum */
} ScopeTick;

typedef struct ScopePicture ScopePicture;

/* labels   [n_labels]  UTF-8, copied
 * ticks    [n_ticks]   the most important first: those that would overlap one before are left out; copied */
ScopePicture *scope_picture_new (gint width, gint height, const gchar *const *labels, guint n_labels,
    const ScopeTick *ticks, guint n_ticks);
void scope_picture_free (ScopePicture *picture); /* NULL is a no-op */

/* Everything as new: no spectrogram, no bars. */
void scope_picture_clear (ScopePicture *picture);

/* levels [spectrum.height]  0 to 255, top first: enters on the right, all else moves one pixel to the left */
void scope_picture_add_column (ScopePicture *picture, const guint8 *levels);

/* As scope_panel_set_bars(). */
void scope_picture_set_bars (ScopePicture *picture, ScopeMood mood, const gdouble *shares, gdouble seconds);

/* pixels [height][stride]  out, 32 bits 0x00RRGGBB in the machine's byte order, aligned to 4 bytes
 * stride                   bytes, a multiple of 4, at least 4 width */
void scope_picture_draw (ScopePicture *picture, guint8 *pixels, gint stride);

#endif
