/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/tag_m4a.h - the atoms of an MP4 (ISO 14496-12), and iTunes' list of metadata in it.
 *
 * Layer:   gst; tag_survey.
 * Threads: no state.
 *
 * When metadata grow the audio may move, and with it the chunk offsets of every track: here an offset counts as what
 * it leads to, a place in the media data.
 */
#ifndef GST_TOOLS_TAG_M4A_H
#define GST_TOOLS_TAG_M4A_H

#include "gst/tools/tag_survey.h"

gboolean tool_tag_m4a_is (const ToolTagReader *reader);

/* Fills the survey.  FALSE: an error, see tool_tag_survey_new(): what has absolute places in it that would not move
 * along, as fragments have, is one. */
gboolean tool_tag_m4a_survey (const ToolTagReader *reader, ToolTagSurvey *survey, GError **error);

#endif
