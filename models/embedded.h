/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/embedded.h - the default model's file as an array; models/embed.py writes the definition.
 *
 * Layer:   models; uses GLib's types.
 * Threads: constant.
 */
#ifndef MODELS_EMBEDDED_H
#define MODELS_EMBEDDED_H

#include <glib.h>

/* Words of 8 bytes, which compile ten times as fast as single bytes, in the target's byte order: read as bytes they
 * are the file, then zeros up to a whole word. */
extern const guint64 models_embedded_words[];
extern const gsize models_embedded_size;      /* bytes of the file */
extern const char models_embedded_sha256[65]; /* of the file, hexadecimal */

#endif
