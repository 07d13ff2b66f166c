// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/tools/tag_file.h"

#include <apetag.h>
#include <fileref.h>
#include <flacfile.h>
#include <id3v1genres.h>
#include <id3v1tag.h>
#include <id3v2tag.h>
#include <mp4file.h>
#include <mpegfile.h>
#include <oggfile.h>
#include <opusfile.h>
#include <tpropertymap.h>
#include <vorbisfile.h>
#include <vector>

namespace {

// A file of Ogg as packets: TagLib's own classes for Vorbis and Opus write comments in an order and spelling of theirs.
class Packets : public TagLib::Ogg::File {
public:
  explicit Packets (const char *path) : TagLib::Ogg::File (path)
  {
  }

  TagLib::Tag *tag () const override
  {
    return nullptr;
  }

  TagLib::AudioProperties *audioProperties () const override
  {
    return nullptr;
  }
};

TagLib::StringList
genres_of (const TagLib::PropertyMap &properties)
{
  return properties.contains ("GENRE") ? properties["GENRE"] : TagLib::StringList ();
}

// The first layer that has one.
TagLib::StringList
mpeg_genres (TagLib::MPEG::File &file)
{
  TagLib::StringList genres;

  if (file.hasID3v2Tag ())
    genres.append (genres_of (file.ID3v2Tag ()->properties ()));
  if (genres.isEmpty () && file.hasAPETag ())
    genres.append (genres_of (file.APETag ()->properties ()));
  if (genres.isEmpty () && file.hasID3v1Tag () && !file.ID3v1Tag ()->genre ().isEmpty ())
    genres.append (file.ID3v1Tag ()->genre ());
  return genres;
}

template <typename File>
bool
read_genres (const char *path, TagLib::StringList &genres)
{
  File file (path, false);
  if (!file.isValid ())
    return false;
  genres.append (genres_of (file.properties ()));
  return true;
}

bool
read_mpeg_genres (const char *path, TagLib::StringList &genres)
{
  TagLib::MPEG::File file (path, false);
  if (!file.isValid ())
    return false;
  genres.append (mpeg_genres (file));
  return true;
}

bool
read_other_genres (const char *path, TagLib::StringList &genres)
{
  const TagLib::FileRef file (path, false);
  if (file.isNull ())
    return false;
  genres.append (genres_of (file.file ()->properties ()));
  return true;
}

bool
read_all_genres (const char *path, ToolTagFormat format, TagLib::StringList &genres)
{
  switch (format) {
    case TOOL_TAG_MP3:
      return read_mpeg_genres (path, genres);
    case TOOL_TAG_FLAC:
      return read_genres<TagLib::FLAC::File> (path, genres);
    case TOOL_TAG_OGG:
      return read_genres<TagLib::Ogg::Vorbis::File> (path, genres);
    case TOOL_TAG_OPUS:
      return read_genres<TagLib::Ogg::Opus::File> (path, genres);
    case TOOL_TAG_M4A:
      return read_genres<TagLib::MP4::File> (path, genres);
    case TOOL_TAG_OTHER:
      return read_other_genres (path, genres);
    case TOOL_TAG_N_FORMATS:
      break;
  }
  return false;
}

// Without those that are there already, and empty ones.
char **
to_strv (const TagLib::StringList &genres)
{
  GPtrArray *names = g_ptr_array_new ();

  for (const auto &genre : genres) {
    const TagLib::String name = genre.stripWhiteSpace ();
    const std::string text = name.to8Bit (true);
    bool known = name.isEmpty ();
    for (guint i = 0; i < names->len; i++)
      known |= text == static_cast<const char *> (g_ptr_array_index (names, i));
    if (!known)
      g_ptr_array_add (names, g_utf8_make_valid (text.c_str (), -1));
  }
  g_ptr_array_add (names, nullptr);
  return reinterpret_cast<char **> (g_ptr_array_free (names, FALSE));
}

} // namespace

// Exceptions end here: what TagLib throws of a file from outside is a file that it cannot read.

gboolean
tool_tag_file_is_available (void)
{
  return TRUE;
}

char **
tool_tag_file_genres (const char *path, ToolTagFormat format)
{
  try {
    TagLib::StringList genres;
    return read_all_genres (path, format, genres) ? to_strv (genres) : nullptr;
  } catch (...) {
    return nullptr;
  }
}

guint8
tool_tag_file_genre_number (const char *name)
{
  const int number = TagLib::ID3v1::genreIndex (TagLib::String (name, TagLib::String::UTF8));
  return number >= 0 && number < 255 ? static_cast<guint8> (number) : 255;
}

gboolean
tool_tag_file_set_comments (const char *path, GBytes *packet)
{
  try {
    gsize size;
    const void *bytes = g_bytes_get_data (packet, &size);
    Packets file (path);
    if (!file.isOpen () || file.readOnly ())
      return FALSE;
    file.setPacket (1, TagLib::ByteVector (static_cast<const char *> (bytes), static_cast<unsigned> (size)));
    return file.save ();
  } catch (...) {
    return FALSE;
  }
}

gboolean
tool_tag_file_set_atoms (const char *path, const char *const *names)
{
  try {
    TagLib::MP4::File file (path, false);
    TagLib::StringList genres;
    if (!file.isValid () || file.readOnly ())
      return FALSE;
    for (; *names; names++)
      genres.append (TagLib::String (*names, TagLib::String::UTF8));
    if (genres.isEmpty ())
      file.tag ()->removeItem ("\251gen");
    else
      file.tag ()->setItem ("\251gen", TagLib::MP4::Item (genres));
    return file.save ();
  } catch (...) {
    return FALSE;
  }
}
