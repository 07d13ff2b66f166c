/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L /* st_mtim */

#include "gst/tools/track.h"

#include <sys/stat.h>

void
tool_track_stat (const ToolInput *input, guint64 *ret_size, gint64 *ret_mtime_us)
{
  struct stat status;

  *ret_size = 0;
  *ret_mtime_us = 0;
  if (input->is_uri || stat (input->location, &status) != 0)
    return;
  *ret_size = (guint64) status.st_size;
  *ret_mtime_us = (gint64) status.st_mtim.tv_sec * G_USEC_PER_SEC + status.st_mtim.tv_nsec / 1000;
}

ToolTrack *
tool_track_new (const ToolInput *input, ToolIdentifier *identifier)
{
  ToolTrack *track = g_new0 (ToolTrack, 1);
  g_autoptr (GError) error = NULL;

  track->input = input;
  tool_track_stat (input, &track->size, &track->mtime_us);
  if (!input->problem && identifier)
    track->heard = tool_identifier_hear (identifier, input->location, &error);
  if (!track->heard)
    track->error = g_strdup (input->problem ? input->problem : error ? error->message : "not heard");
  return track;
}

void
tool_track_free (ToolTrack *track)
{
  if (!track)
    return;
  tool_identification_free (track->heard);
  tool_tag_result_free (track->tag);
  g_free (track->line);
  g_free (track->error);
  g_free (track);
}

const char *
tool_track_state (const ToolTrack *track)
{
  return tool_track_state_name (track->heard->state);
}

const char *
tool_track_state_name (GenreState state)
{
  switch (state) {
    case GENRE_STATE_OK:
      return "ok";
    case GENRE_STATE_SILENCE:
      return "silence";
    case GENRE_STATE_NOT_MUSIC:
      return "not-music";
    case GENRE_STATE_TOO_SHORT:
      return "too-short";
  }
  return "";
}

unsigned
tool_track_top (const ToolTrack *track, unsigned most, unsigned *labels)
{
  const ToolIdentification *heard = track->heard;
  unsigned n = 0;

  for (; n < MIN (most, heard->n_labels); n++) {
    int best = -1;
    for (unsigned i = 0; i < heard->n_labels; i++) {
      gboolean taken = FALSE;
      for (unsigned k = 0; k < n; k++)
        taken |= labels[k] == i;
      if (!taken && (best < 0 || heard->probabilities[i] > heard->probabilities[best]))
        best = (int) i;
    }
    if (heard->probabilities[best] < .005)
      break;
    labels[n] = (unsigned) best;
  }
  return n;
}

int
tool_percent (double probability)
{
  return (int) (100 * probability + .5);
}
