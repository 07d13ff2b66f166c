/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/sets/artist_name.h - an artist as it is tagged -> a key that is equal where the artist is the same.
 *
 * Layer:   models/sets; GLib.
 * Threads: a function of its argument.
 */
#ifndef MODELS_SETS_ARTIST_NAME_H
#define MODELS_SETS_ARTIST_NAME_H

#include <glib.h>

/* name: UTF-8, or NULL.
 *
 * The first of several counts: what stands before ";" "/" "," "&" "+", or before one of the words feat, ft, featuring,
 * with, vs, and.  Of that, letters and digits without case, compatibility forms (NFKD) and accents; no leading "the".
 * "The Beatles", "Beatles, The" and "BEATLES (feat. Billy Preston)" are "beatles", "Beyonc\u00e9 & JAY-Z" "beyonce".
 * It joins rather too much: all of "Nick Cave & the Bad Seeds" is "nickcave", and of "AC/DC" "ac".
 *
 * NULL: nobody, as "", "Unknown Artist", "Various Artists". */
char *artist_name_key (const char *name);

#endif
