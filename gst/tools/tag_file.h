/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/tag_file.h - genres by TagLib: what a file says, and the two formats whose bytes depend on each other.
 *
 * Layer:   gst; tag_survey, TagLib, which no other file knows.
 * Threads: no state; two threads must not have the same file.
 *
 * Built without TagLib it has nothing to offer, and says so.
 */
#ifndef GST_TOOLS_TAG_FILE_H
#define GST_TOOLS_TAG_FILE_H

#include "gst/tools/tag_survey.h"

G_BEGIN_DECLS

/* Whether there is TagLib. */
gboolean tool_tag_file_is_available (void);

/* The genres that a file names: numbers of ID3v1 as names, none twice; of an MP3 those of ID3v2, or else of APE, or
 * else of ID3v1.  TOOL_TAG_OTHER: what TagLib takes the file for, by its name or its contents, such as WAV.
 *
 * Ends in NULL, may be empty.  NULL: TagLib cannot read it. */
char **tool_tag_file_genres (const char *path, ToolTagFormat format);

/* Of ID3v1; 255: it has none. */
guint8 tool_tag_file_genre_number (const char *name);

/* Puts the packet of comments of an Ogg in place of the one that is there, and numbers the pages that follow.
 *
 * FALSE: it could not; whether it could is told by a survey of the file. */
gboolean tool_tag_file_set_comments (const char *path, GBytes *packet);

/* The genres of an MP4, as names in "\xa9gen".
 *
 * names  ends in NULL; may be empty */
gboolean tool_tag_file_set_atoms (const char *path, const char *const *names);

G_END_DECLS

#endif
