/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/tag_flac.h - the metadata blocks of a FLAC, RFC 9639.
 *
 * Layer:   gst; tag_survey, tag_comments, id3v2.
 * Threads: no state.
 *
 * An edit writes the block of comments anew, and takes what it needs from the padding, if there is enough of it.
 */
#ifndef GST_TOOLS_TAG_FLAC_H
#define GST_TOOLS_TAG_FLAC_H

#include "gst/tools/tag_survey.h"

/* Also one behind an ID3v2 tag. */
gboolean tool_tag_flac_is (const ToolTagReader *reader);

/* As those of tag_mp3.h. */
gboolean tool_tag_flac_survey (const ToolTagReader *reader, ToolTagSurvey *survey, GError **error);
GArray *tool_tag_flac_edit (const ToolTagReader *reader, const GPtrArray *genres, GError **error);

#endif
