/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/warning.h"

typedef struct Text
{
  GstStreamError code;
  const gchar *what; /* for users */
  const gchar *why;  /* for the developer of the pipeline */
} Text;

static Text
text_of (GenreWarning warning)
{
  switch (warning) {
    case GENRE_WARNING_NO_CAPS:
      return (Text){ GST_STREAM_ERROR_FORMAT, "Audio of unknown format passes, but is not analysed.",
        "A buffer came before any caps." };
    case GENRE_WARNING_EMPTY:
      return (Text){ GST_STREAM_ERROR_FAILED, "An empty buffer passes.", "It has a size of 0 bytes." };
    case GENRE_WARNING_RAGGED:
      return (Text){ GST_STREAM_ERROR_FORMAT, "A buffer that ends within a sample passes, but is not analysed.",
        "Its size must be a multiple of the bytes per frame of the caps.  For raw audio from a file or a pipe use "
        "rawaudioparse." };
    case GENRE_WARNING_NO_META:
      return (Text){ GST_STREAM_ERROR_FORMAT, "A buffer of planar audio passes, but is not analysed.",
        "It has no GstAudioMeta, which says where its planes are." };
    case GENRE_WARNING_ODD_META:
      return (Text){ GST_STREAM_ERROR_FORMAT, "A buffer with a wrong GstAudioMeta passes, but is not analysed.",
        "The planes must be those of the caps and lie within the buffer." };
    case GENRE_WARNING_UNREADABLE:
      return (Text){ GST_STREAM_ERROR_FAILED, "A buffer that cannot be read passes.", "It could not be mapped." };
    case GENRE_WARNING_CANCEL:
      return (Text){ GST_STREAM_ERROR_FAILED,
        "The channels cancel each other: their mean, which is analysed, is silent.",
        "One may have its phase reversed.  In stereo, this inverts the second one: audioconvert "
        "mix-matrix=\"<<(float)1, (float)0>, <(float)0, (float)-1>>\"" };
  }
  g_return_val_if_reached ((Text){ 0 });
}

void
genre_warning_post (GstElement *element, GenreWarning warning)
{
  const Text text = text_of (warning);

  gst_element_message_full (element, GST_MESSAGE_WARNING, GST_STREAM_ERROR, (gint) text.code, g_strdup (text.what),
      g_strdup (text.why), __FILE__, G_STRFUNC, __LINE__);
}
