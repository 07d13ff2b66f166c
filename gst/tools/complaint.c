/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/complaint.h"

#include "gst/tools/media_type.h"

#include <glib/gstdio.h>
#include <string.h>

/* A media type, or the start of several, and a word for it; the first that fits counts. */
typedef struct Kind
{
  const char *type, *word;
} Kind;

static const Kind no_music[] = {
  { "text/html", "an HTML page" },
  { "application/xhtml+xml", "an HTML page" },
  { "text/uri-list", "a playlist" },
  { "application/xspf+xml", "a playlist" },
  { "application/xml", "XML" },
  { "application/pdf", "a PDF document" },
  { "application/postscript", "a PostScript document" },
  { "application/msword", "a document" },
  { "application/x-subtitle", "subtitles" },
  { "text/", "a text" },
  { "image/", "a picture" },
  { "audio/midi", "notes (MIDI), not a recording" },
  { "audio/riff-midi", "notes (MIDI), not a recording" },
  { "application/zip", "an archive" },
  { "application/x-gzip", "an archive" },
  { "application/x-bzip", "an archive" },
  { "application/x-xz", "an archive" },
  { "application/x-rar", "an archive" },
  { "application/x-7z", "an archive" },
  { "application/x-tar", "an archive" },
  { "application/x-compress", "an archive" },
  { "application/vnd.debian.binary-package", "an archive" },
  { "application/x-executable", "a program" },
  { "application/x-ms-dos-executable", "a program" },
  { "application/x-shockwave-flash", "a Flash film" },
};

static const Kind containers[] = {
  { "audio/x-wav", "WAV" },
  { "audio/x-w64", "W64" },
  { "audio/x-flac", "FLAC" },
  { "audio/x-aiff", "AIFF" },
  { "audio/x-au", "AU" },
  { "audio/mpeg", "MPEG audio" },
  { "application/x-id3", "MP3" },
  { "application/x-apetag", "APE-tagged" },
  { "application/ogg", "Ogg" },
  { "audio/ogg", "Ogg" },
  { "video/ogg", "Ogg" },
  { "audio/x-m4a", "MP4" },
  { "video/quicktime", "MP4" },
  { "application/x-3gp", "MP4" },
  { "video/webm", "WebM" },
  { "audio/webm", "WebM" },
  { "video/x-matroska", "Matroska" },
  { "audio/x-matroska", "Matroska" },
  { "video/x-ms-asf", "WMA" },
  { "video/x-msvideo", "AVI" },
  { "video/mpeg", "MPEG" },
};

/* What a decoder or demuxer for a type comes with: the name is the package's in GStreamer and, behind "gstreamer1.0-",
 * in Debian.  For all others libav is the best guess. */
static const Kind packages[] = {
  { "audio/x-wav", "plugins-good" },
  { "audio/x-flac", "plugins-good" },
  { "audio/x-au", "plugins-good" },
  { "video/quicktime", "plugins-good" },
  { "audio/x-m4a", "plugins-good" },
  { "audio/x-matroska", "plugins-good" },
  { "audio/webm", "plugins-good" },
  { "audio/x-wavpack", "plugins-good" },
  { "audio/x-speex", "plugins-good" },
  { "application/x-id3", "plugins-good" },
  { "application/x-apetag", "plugins-good" },
  { "application/ogg", "plugins-base" },
  { "audio/ogg", "plugins-base" },
  { "video/ogg", "plugins-base" },
  { "audio/x-vorbis", "plugins-base" },
  { "audio/x-opus", "plugins-base" },
  { "audio/x-aiff", "plugins-bad" },
  { "audio/x-mod", "plugins-bad" },
  { "audio/x-musepack", "plugins-bad" },
  { "video/x-ms-asf", "plugins-ugly" },
  { "audio/AMR", "plugins-ugly" },
};

/* NULL: none of them. */
static const char *
find_kind (const char *type, const Kind *kinds, gsize n)
{
  for (gsize i = 0; type && i < n; i++) {
    if (g_str_has_prefix (type, kinds[i].type))
      return kinds[i].word;
  }
  return NULL;
}

/* missing-plugin's structure has "name", "MPEG-4 AAC decoder", and in "detail" the caps that it would take. */
static char *
complain_of_missing (const GstStructure *missing)
{
  const char *name = gst_structure_get_string (missing, "name"), *type = NULL;
  g_autoptr (GstCaps) caps = NULL;
  int version = 0;
  if (gst_structure_get (missing, "detail", GST_TYPE_CAPS, &caps, NULL) && caps && gst_caps_get_size (caps) > 0) {
    const GstStructure *structure = gst_caps_get_structure (caps, 0);
    type = gst_structure_get_name (structure);
    gst_structure_get_int (structure, "mpegversion", &version);
  }
  const char *package = find_kind (type, packages, G_N_ELEMENTS (packages));
  if (!package)
    package = version == 1 ? "plugins-good" : "libav"; /* MP3; AAC is version 2 and 4 */
  return g_strdup_printf ("GStreamer has no %s: install gst-%s (in Debian and Ubuntu gstreamer1.0-%s)",
      name ? name : "decoder for it", package, package);
}

/* GStreamer's message, unless it is the general one for the error's code.  NULL: there is no other. */
static const char *
own_words (const GError *error)
{
  g_autofree char *any = error ? gst_error_get_message (error->domain, error->code) : NULL;

  return any && strcmp (error->message, any) != 0 ? error->message : NULL;
}

static char *
complain_of_container (const char *container, const GError *error)
{
  const char *words = own_words (error);

  if (error && g_error_matches (error, GST_STREAM_ERROR, GST_STREAM_ERROR_TYPE_NOT_FOUND))
    return g_strdup_printf ("a damaged %s file, or one of a kind that GStreamer does not know", container);
  return g_strdup_printf ("a damaged or cut off %s file%s%s", container, words ? ": " : "", words ? words : "");
}

static gboolean
is_empty (const char *path)
{
  GStatBuf status;

  return g_stat (path, &status) == 0 && status.st_size == 0;
}

char *
tool_complaint (const char *path, const GError *error, const GstStructure *missing)
{
  if (path && is_empty (path))
    return g_strdup ("the file is empty");

  g_autofree char *type = path ? tool_media_type (path, NULL) : NULL;
  const char *other = find_kind (type, no_music, G_N_ELEMENTS (no_music));
  const char *container = find_kind (type, containers, G_N_ELEMENTS (containers));
  if (other)
    return g_strdup_printf ("not music: %s", other);
  if (missing)
    return complain_of_missing (missing);
  if (error && error->domain != GST_STREAM_ERROR && error->domain != GST_CORE_ERROR)
    return g_strdup (error->message); /* it could not be read */
  if (error && g_error_matches (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN))
    return g_strdup ("it contains no audio stream"); /* decodebin looked for an exposed stream, and found none */
  if (container)
    return complain_of_container (container, error);
  if (error && path && !type)
    return g_strdup ("not music, or damaged: GStreamer knows no format in it");
  return g_strdup (error ? error->message : "the decoder gives no audio");
}
