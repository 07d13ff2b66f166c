/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/tag_comments.h - the comments of FLAC, Vorbis and Opus, https://xiph.org/vorbis/doc/v-comment.html, as a
 * list of "KEY=value", and back.
 *
 * Layer:   gst; tag_survey.
 * Threads: plain data.
 *
 * Spelling, order, vendor and what follows the list stay as they are.
 */
#ifndef GST_TOOLS_TAG_COMMENTS_H
#define GST_TOOLS_TAG_COMMENTS_H

#include "gst/tools/tag_survey.h"

typedef struct ToolComments
{
  GBytes *vendor;
  GPtrArray *list; /* of GBytes */
  GBytes *rest;    /* behind the list: Vorbis's framing bit, padding */
} ToolComments;

/* bytes: from the length of the vendor on.  NULL: an error. */
ToolComments *tool_comments_new (GBytes *bytes, GError **error);
ToolComments *tool_comments_new_empty (void);
void tool_comments_free (ToolComments *comments); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolComments, tool_comments_free)

/* Fills fields, genres and genre_key of a survey. */
void tool_comments_survey (const ToolComments *comments, ToolTagSurvey *survey);

/* With these genres, of ToolTagGenre, in place of those that are there. */
GBytes *tool_comments_edit (const ToolComments *comments, const GPtrArray *genres);

/* Names as comments of this file: one an entry, spelt and placed as those that are there.
 *
 * names [n] + NULL */
GPtrArray *tool_comments_genres (const ToolTagSurvey *survey, const char *const *names);

#endif
