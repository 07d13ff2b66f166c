/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/quiet.h - for how many samples it has been silent.
 *
 * Layer:   gst; GLib only.
 * Threads: plain data; one at a time.
 *
 * A constant is no sound: levels are those about the mean of the quiet samples.
 */
#ifndef GST_QUIET_H
#define GST_QUIET_H

#include <glib.h>

/* All 0: nothing has been heard. */
typedef struct GenreQuiet
{
  guint64 samples; /* in the present quiet stretch */
  gdouble sum;     /* of them */
} GenreQuiet;

/* mono [n]  the next samples, n above 0
 * level_db  their RMS below this is quiet, dB of full scale */
void genre_quiet_listen (GenreQuiet *quiet, const float *mono, gsize n, gdouble level_db);

#endif
