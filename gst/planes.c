/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/planes.h"

/* As the meta has them. */
static gboolean
find_meta_planes (const GstAudioInfo *info, const GstAudioMeta *meta, const GstMapInfo *map, gpointer *planes)
{
  const gboolean planar = GST_AUDIO_INFO_LAYOUT (info) == GST_AUDIO_LAYOUT_NON_INTERLEAVED;
  const guint n_planes = planar ? (guint) GST_AUDIO_INFO_CHANNELS (info) : 1;
  const gsize step = (gsize) (planar ? GST_AUDIO_INFO_WIDTH (info) / 8 : GST_AUDIO_INFO_BPF (info));
  gboolean fits = !planar || GST_AUDIO_INFO_CHANNELS (&meta->info) == GST_AUDIO_INFO_CHANNELS (info);

  for (guint c = 0; c < n_planes && fits; c++) {
    const gsize offset = meta->offsets ? meta->offsets[c] : 0;

    fits = offset <= map->size && meta->samples <= (map->size - offset) / step;
    planes[c] = map->data + (fits ? offset : 0);
  }
  return fits;
}

gboolean
genre_planes_find (const GstAudioInfo *info, GstBuffer *buffer, const GstMapInfo *map, gpointer *planes, gsize *ret_n,
    GenreWarning *ret_warning)
{
  const GstAudioMeta *meta = gst_buffer_get_audio_meta (buffer);
  const gboolean planar = GST_AUDIO_INFO_LAYOUT (info) == GST_AUDIO_LAYOUT_NON_INTERLEAVED;
  const gsize bpf = (gsize) GST_AUDIO_INFO_BPF (info);

  if (planar && !meta)
    return *ret_warning = GENRE_WARNING_NO_META, FALSE;
  if (!planar && map->size % bpf != 0) /* planes may have room between them */
    return *ret_warning = GENRE_WARNING_RAGGED, FALSE;
  if (meta && !find_meta_planes (info, meta, map, planes))
    return *ret_warning = GENRE_WARNING_ODD_META, FALSE;
  if (!meta)
    planes[0] = map->data;
  *ret_n = meta ? meta->samples : map->size / bpf;
  return TRUE;
}
