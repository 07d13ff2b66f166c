/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/svg_confusion.h - a confusion matrix as an SVG picture.
 *
 * Layer:   models/training; uses svg_text.
 * Threads: no state.
 *
 * The same bytes for the same values, in any locale.  Text may be any UTF-8; what XML cannot hold is replaced.
 */
#ifndef MODELS_TRAINING_SVG_CONFUSION_H
#define MODELS_TRAINING_SVG_CONFUSION_H

#include <glib.h>

/* labels  [n], n >= 1
 * counts  [n][n]  [true][predicted]
 * title   NULL: none
 *
 * One row a true label, with its recall; shaded by the share of the row.  The whole file, to be freed with g_free(). */
char *svg_confusion (const char *title, const char *const *labels, gsize n, const guint64 *counts);

#endif
