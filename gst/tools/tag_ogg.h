/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/tag_ogg.h - Vorbis and Opus in Ogg, RFC 3533 and 7845: one stream, its packets page by page.
 *
 * Layer:   gst; tag_survey, tag_comments.
 * Threads: no state.
 *
 * The packet of comments is edited here; tag_file.h puts it into its pages.
 */
#ifndef GST_TOOLS_TAG_OGG_H
#define GST_TOOLS_TAG_OGG_H

#include "gst/tools/tag_survey.h"

/* format: TOOL_TAG_OGG or TOOL_TAG_OPUS */
gboolean tool_tag_ogg_is (const ToolTagReader *reader, ToolTagFormat format);

/* Fills the survey: every page's checksum and number is looked at, and packets and their times are summed.  FALSE: an
 * error, see tool_tag_survey_new(). */
gboolean tool_tag_ogg_survey (const ToolTagReader *reader, ToolTagSurvey *survey, GError **error);

/* The packet of comments with these genres.  NULL: an error. */
GBytes *tool_tag_ogg_edit (const ToolTagReader *reader, const GPtrArray *genres, GError **error);

#endif
