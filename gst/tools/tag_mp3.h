/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/tag_mp3.h - the tags of an MP3: ID3v2 in front, APEv2 and ID3v1 at its end; each field where it lies.
 *
 * Layer:   gst; tag_survey, id3v2.
 * Threads: no state.
 *
 * An edit moves nothing but the genre: all other frames, items and bytes are the file's own.
 */
#ifndef GST_TOOLS_TAG_MP3_H
#define GST_TOOLS_TAG_MP3_H

#include "gst/tools/tag_survey.h"

gboolean tool_tag_mp3_is (const ToolTagReader *reader);

/* Fills the survey.  FALSE: an error, see tool_tag_survey_new(). */
gboolean tool_tag_mp3_survey (const ToolTagReader *reader, ToolTagSurvey *survey, GError **error);

/* The file with these genres in place of those it has.  genres: of ToolTagGenre, of ID3v2, APE and ID3v1
 *
 * Of ToolTagPiece; NULL: an error. */
GArray *tool_tag_mp3_edit (const ToolTagReader *reader, const GPtrArray *genres, GError **error);

/* Names as the genres of this file, in those layers that it has: ID3v2, or what else there is, or ID3v2.4 if it has no
 * tag at all.
 *
 * names   [n] + NULL, n > 0
 * joined  the names in one, for ID3v2 before 4, which has one value
 * number  of the first name in ID3v1; 255: it has none
 *
 * Of ToolTagGenre.  NULL: it has only an ID3v1 tag, which cannot hold this genre. */
GPtrArray *tool_tag_mp3_genres (const ToolTagSurvey *survey, const char *const *names, const char *joined,
    guint8 number, GError **error);

#endif
