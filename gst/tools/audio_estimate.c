/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/audio_estimate.h"

#include <string.h>

/* Files of one extension. */
typedef struct Kind
{
  guint64 bytes_left;
  guint files_left;
  guint64 bytes; /* heard */
  double seconds;
} Kind;

struct ToolAudioEstimate
{
  double most;
  GHashTable *kinds; /* extension, in small letters -> Kind */
  Kind all;          /* bytes and seconds of all that was heard */
  guint files;       /* heard */
};

ToolAudioEstimate *
tool_audio_estimate_new (double most)
{
  ToolAudioEstimate *estimate = g_new0 (ToolAudioEstimate, 1);
  estimate->most = most;
  estimate->kinds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return estimate;
}

void
tool_audio_estimate_free (ToolAudioEstimate *estimate)
{
  if (!estimate)
    return;
  g_hash_table_unref (estimate->kinds);
  g_free (estimate);
}

static Kind *
find_kind (ToolAudioEstimate *estimate, const char *location)
{
  const char *name = strrchr (location, '/'), *dot = strrchr (name ? name : location, '.');
  g_autofree char *extension = g_ascii_strdown (dot ? dot : "", -1);
  Kind *kind = g_hash_table_lookup (estimate->kinds, extension);

  if (!kind) {
    kind = g_new0 (Kind, 1);
    g_hash_table_insert (estimate->kinds, g_steal_pointer (&extension), kind);
  }
  return kind;
}

void
tool_audio_estimate_add (ToolAudioEstimate *estimate, const char *location, guint64 bytes)
{
  Kind *kind = find_kind (estimate, location);
  kind->bytes_left += bytes;
  kind->files_left++;
}

void
tool_audio_estimate_take (ToolAudioEstimate *estimate, const char *location, guint64 bytes, double seconds)
{
  Kind *kind = find_kind (estimate, location);
  kind->bytes_left -= MIN (bytes, kind->bytes_left);
  kind->files_left -= MIN (1, kind->files_left);
  kind->bytes += bytes;
  kind->seconds += seconds;
  estimate->all.bytes += bytes;
  estimate->all.seconds += seconds;
  estimate->files++;
}

/* Of the files of a kind that are left. */
static double
seconds_left (const ToolAudioEstimate *estimate, const Kind *kind)
{
  const Kind *like = kind->bytes > 0 && kind->seconds > 0 ? kind : &estimate->all;

  if (estimate->most > 0) /* then files have about as much each */
    return kind->files_left * estimate->all.seconds / estimate->files;
  return like->bytes > 0 ? (double) kind->bytes_left * like->seconds / (double) like->bytes : 0;
}

double
tool_audio_estimate_left (const ToolAudioEstimate *estimate)
{
  GHashTableIter iter;
  gpointer kind;
  double left = 0;

  if (estimate->files == 0 || estimate->all.seconds <= 0)
    return -1;
  g_hash_table_iter_init (&iter, estimate->kinds);
  while (g_hash_table_iter_next (&iter, NULL, &kind))
    left += seconds_left (estimate, kind);
  return left;
}
