/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/sets/half.h - IEEE 754 binary16, the F16 of safetensors, from and to float.
 *
 * Layer:   models/sets; GLib's types.
 * Threads: pure functions.
 */
#ifndef MODELS_SETS_HALF_H
#define MODELS_SETS_HALF_H

#include <glib.h>

/* Exact; infinity and NaN stay what they are. */
float half_to_float (guint16 half);

/* The nearest, ties to even; beyond +-65504 infinity from 65520 on; NaN stays one. */
guint16 half_from_float (float value);

#endif
