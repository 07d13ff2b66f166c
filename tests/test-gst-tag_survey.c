/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Small files of every format, byte by byte: what a survey finds in them, that no start of one and no wrong byte does
 * harm or goes unnoticed, and that an edit changes the genre alone and can be taken back.
 */
#define _POSIX_C_SOURCE 200809L

#include "gst/tools/id3v2.h"
#include "gst/tools/tag_comments.h"
#include "gst/tools/tag_flac.h"
#include "gst/tools/tag_mp3.h"
#include "gst/tools/tag_ogg.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- files ------------------------------------------------------------------------------------------------------ */

static void
add (GByteArray *out, const void *bytes, gsize n)
{
  g_byte_array_append (out, bytes, (guint) n);
}

static void
add_text (GByteArray *out, const char *text)
{
  add (out, text, strlen (text));
}

static void
add_bytes (GByteArray *out, guint8 byte, gsize n)
{
  for (gsize i = 0; i < n; i++)
    add (out, &byte, 1);
}

static GByteArray *
make_mp3 (void)
{
  static const char frames[] = "TIT2\0\0\0\2\0\0\3x"
                               "TCON\0\0\0\5\0\0\3Rock"
                               "PRIV\0\0\0\4\0\0a\0\1\2";
  static const char ape[] = "\1\0\0\0\0\0\0\0Genre\0R"
                            "\2\0\0\0\0\0\0\0Mood\0xy";
  GByteArray *out = g_byte_array_new ();
  const guint8 header[] = { 'I', 'D', '3', 4, 0, 0, 0, 0, 0, sizeof frames - 1 + 20 };

  add (out, header, sizeof header);
  add (out, frames, sizeof frames - 1);
  add_bytes (out, 0, 20);
  for (guint i = 0; i < 20; i++)
    add (out, (const guint8[]){ 0xff, 0xfb, 0x90, (guint8) i }, 4);
  add (out, ape, sizeof ape - 1);
  add_text (out, "APETAGEX");
  tool_tag_append_le32 (out, 2000);
  tool_tag_append_le32 (out, sizeof ape - 1 + 32);
  tool_tag_append_le32 (out, 2);
  add_bytes (out, 0, 12);
  add_text (out, "TAG");
  add_bytes (out, 'v', 124);
  add_bytes (out, 17, 1);
  return out;
}

/* From the vendor on. */
static void
add_comments (GByteArray *out)
{
  static const char *const comments[] = { "Title=x", "genre=Rock", "z=\xff", "GENRE=Jazz" };

  tool_tag_append_le32 (out, 3);
  add_text (out, "me!");
  tool_tag_append_le32 (out, G_N_ELEMENTS (comments));
  for (guint i = 0; i < G_N_ELEMENTS (comments); i++) {
    tool_tag_append_le32 (out, (guint32) strlen (comments[i]));
    add_text (out, comments[i]);
  }
}

static void
add_block (GByteArray *out, guint8 type, const GByteArray *content)
{
  const guint8 header[] = { type, 0, (guint8) (content->len >> 8), (guint8) content->len };

  add (out, header, sizeof header);
  add (out, content->data, content->len);
}

static GByteArray *
make_flac (void)
{
  GByteArray *out = g_byte_array_new ();
  g_autoptr (GByteArray) info = g_byte_array_new (), comments = g_byte_array_new (), padding = g_byte_array_new ();

  add_bytes (info, 7, 34);
  add_comments (comments);
  add_bytes (padding, 0, 40);
  add_text (out, "fLaC");
  add_block (out, 0, info);
  add_block (out, 4, comments);
  add_block (out, 1 | 0x80, padding);
  add_text (out, "the frames of audio");
  return out;
}

/* By the definition: bit by bit. */
static guint32
ogg_sum (const guint8 *bytes, gsize n)
{
  guint32 sum = 0;

  for (gsize i = 0; i < n; i++) {
    sum ^= (guint32) bytes[i] << 24;
    for (int bit = 0; bit < 8; bit++)
      sum = sum & 0x80000000u ? sum << 1 ^ 0x04c11db7u : sum << 1;
  }
  return sum;
}

/* packets [n]: whole ones, each shorter than 255 bytes */
static void
add_page (GByteArray *out, guint8 flags, guint8 number, GByteArray *const *packets, guint n)
{
  const guint start = out->len;

  add (out, "OggS\0", 5);
  add (out, &flags, 1);
  add_bytes (out, number, 8); /* its time */
  tool_tag_append_le32 (out, 1234);
  tool_tag_append_le32 (out, number);
  add_bytes (out, 0, 4);
  add_bytes (out, (guint8) n, 1);
  for (guint i = 0; i < n; i++)
    add_bytes (out, (guint8) packets[i]->len, 1);
  for (guint i = 0; i < n; i++)
    add (out, packets[i]->data, packets[i]->len);
  const guint32 sum = GUINT32_TO_LE (ogg_sum (out->data + start, out->len - start));
  memcpy (out->data + start + 22, &sum, sizeof sum);
}

/* Of Vorbis comments and setup share a page. */
static GByteArray *
make_ogg (gboolean opus)
{
  GByteArray *out = g_byte_array_new ();
  g_autoptr (GByteArray) head = g_byte_array_new (), comments = g_byte_array_new (), setup = g_byte_array_new ();
  g_autoptr (GByteArray) audio = g_byte_array_new ();

  add_text (head, opus ? "OpusHead" : "\1vorbis");
  add_bytes (head, 9, 12);
  add_text (comments, opus ? "OpusTags" : "\3vorbis");
  add_comments (comments);
  add_bytes (comments, 1, 1);
  add_text (setup, "\5vorbis the setup");
  add_text (audio, "a packet of audio");
  add_page (out, 2, 0, &head, 1);
  add_page (out, 0, 1, (GByteArray *[]){ comments, setup }, opus ? 1 : 2);
  add_page (out, 0, 2, (GByteArray *[]){ audio, audio }, 2);
  add_page (out, 4, 3, &audio, 1);
  return out;
}

/* content: NULL: none; freed */
static void
add_atom (GByteArray *out, const char *type, GByteArray *content)
{
  tool_tag_append_be32 (out, 8 + (content ? content->len : 0));
  add (out, type, 4);
  if (content) {
    add (out, content->data, content->len);
    g_byte_array_unref (content);
  }
}

static GByteArray *
text_of (const char *text, gsize n)
{
  GByteArray *out = g_byte_array_new ();
  add (out, text, n);
  return out;
}

static GByteArray *
wrap (const char *type, GByteArray *content)
{
  GByteArray *out = g_byte_array_new ();
  add_atom (out, type, content);
  return out;
}

static GByteArray *
make_metadata (void)
{
  GByteArray *items = g_byte_array_new (), *meta = g_byte_array_new ();

  add_atom (items, "\251nam", wrap ("data", text_of ("\0\0\0\1\0\0\0\0x", 9)));
  add_atom (items, "\251gen", wrap ("data", text_of ("\0\0\0\1\0\0\0\0Rock", 12)));
  add_atom (items, "gnre", wrap ("data", text_of ("\0\0\0\0\0\0\0\0\0\1", 10)));
  add_atom (items, "----", wrap ("mean", text_of ("\0\0\0\0org", 7)));
  add_bytes (meta, 0, 4);
  add_atom (meta, "hdlr", text_of ("\0\0\0\0\0\0\0\0mdirappl", 16));
  add_atom (meta, "ilst", items);
  return wrap ("udta", wrap ("meta", meta));
}

static GByteArray *
make_m4a (void)
{
  GByteArray *out = g_byte_array_new (), *moov = g_byte_array_new (), *offsets = g_byte_array_new ();

  add_atom (out, "ftyp", text_of ("M4A \0\0\0\0", 8));
  add_atom (out, "mdat", text_of ("the samples", 11)); /* from byte 24 on */
  add_bytes (offsets, 0, 4);
  tool_tag_append_be32 (offsets, 2);
  tool_tag_append_be32 (offsets, 24);
  tool_tag_append_be32 (offsets, 30);
  add_atom (moov, "mvhd", text_of ("clock", 5));
  add_atom (moov, "trak", wrap ("mdia", wrap ("minf", wrap ("stbl", wrap ("stco", offsets)))));
  GByteArray *metadata = make_metadata ();
  add (moov, metadata->data, metadata->len);
  g_byte_array_unref (metadata);
  add_atom (out, "moov", moov);
  add_atom (out, "free", text_of ("1234", 4));
  return out;
}

/* --- surveys ---------------------------------------------------------------------------------------------------- */

static int file; /* one for all */

/* bytes [n] */
static ToolTagReader
put (const guint8 *bytes, gsize n)
{
  if (ftruncate (file, 0) != 0 || pwrite (file, bytes, n, 0) != (ssize_t) n)
    abort ();
  return (ToolTagReader){ file, n };
}

static ToolTagSurvey *
look (const guint8 *bytes, gsize n, GError **error)
{
  const ToolTagReader reader = put (bytes, n);
  return tool_tag_survey_new (&reader, error);
}

static char *
join_fields (const ToolTagSurvey *survey)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < survey->fields->len; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "",
        ((ToolTagField *) g_ptr_array_index (survey->fields, i))->name);
  return g_string_free (names, FALSE);
}

typedef struct Case
{
  const char *name;
  ToolTagFormat format;
  GByteArray *bytes;
  const char *fields;
  guint n_genres;
  guint unnoticed; /* bytes that may be changed: padding; of an MP4 the handler of its list, and a size that may be 0 */
} Case;

static void
test_definition (const Case *test)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ToolTagSurvey) survey = look (test->bytes->data, test->bytes->len, &error);
  CHECK (survey, "%s: %s", test->name, error ? error->message : "");
  if (!survey)
    return;
  g_autofree char *fields = join_fields (survey);
  CHECK (survey->format == test->format, "%s: format %d", test->name, survey->format);
  CHECK (strcmp (fields, test->fields) == 0, "%s: %s, expected %s", test->name, fields, test->fields);
  CHECK (survey->genres->len == test->n_genres, "%s: %u genres", test->name, survey->genres->len);
  g_autofree char *difference = tool_tag_survey_differ (survey, survey);
  CHECK (!difference, "%s: it differs from itself: %s", test->name, difference);
}

/* A start is an error, or a file of another kind, or one that has less in it. */
static void
test_prefixes (const Case *test)
{
  g_autoptr (ToolTagSurvey) whole = look (test->bytes->data, test->bytes->len, NULL);

  for (gsize n = 0; whole && n < test->bytes->len; n++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (ToolTagSurvey) survey = look (test->bytes->data, n, &error);
    CHECK (survey || error, "%s: %zu bytes: neither a survey nor an error", test->name, n);
    if (!survey || survey->format != test->format)
      continue;
    g_autofree char *difference = tool_tag_survey_differ (whole, survey);
    const gboolean genres = tool_tag_genres_equal (whole->genres, survey->genres);
    CHECK (difference || !genres || (test->format == TOOL_TAG_M4A && n == test->bytes->len - 12),
        "%s: %zu bytes of it are the same", test->name, n);
  }
}

/* Whether a file with this byte changed is taken for the same. */
static gboolean
is_unnoticed (const Case *test, const ToolTagSurvey *whole, gsize at, guint8 change)
{
  test->bytes->data[at] ^= change;
  g_autoptr (GError) error = NULL;
  g_autoptr (ToolTagSurvey) survey = look (test->bytes->data, test->bytes->len, &error);
  test->bytes->data[at] ^= change;
  CHECK (survey || error, "%s: byte %zu: neither a survey nor an error", test->name, at);
  if (!survey || survey->format != whole->format)
    return FALSE;
  g_autofree char *difference = tool_tag_survey_differ (whole, survey);
  return !difference && tool_tag_genres_equal (whole->genres, survey->genres);
}

static void
test_bytes (const Case *test)
{
  g_autoptr (ToolTagSurvey) whole = look (test->bytes->data, test->bytes->len, NULL);
  guint unnoticed = 0;

  for (gsize at = 0; whole && at < test->bytes->len; at++) {
    gboolean any = is_unnoticed (test, whole, at, 0xff);
    for (guint8 change = 1; change != 0; change = (guint8) (change << 1))
      any |= is_unnoticed (test, whole, at, change);
    unnoticed += any;
  }
  CHECK (unnoticed == test->unnoticed, "%s: %u bytes may be anything, expected %u", test->name, unnoticed,
      test->unnoticed);
}

/* --- edits ------------------------------------------------------------------------------------------------------ */

static GByteArray *
apply (const Case *test, const GArray *pieces)
{
  GByteArray *out = g_byte_array_new ();

  for (guint i = 0; i < pieces->len; i++) {
    const ToolTagPiece *piece = &g_array_index (pieces, ToolTagPiece, i);
    gsize n = 0;
    const guint8 *bytes = piece->bytes ? g_bytes_get_data (piece->bytes, &n) : NULL;
    if (bytes)
      add (out, bytes, n);
    else
      add (out, test->bytes->data + piece->from, (gsize) (piece->to - piece->from));
  }
  return out;
}

static GByteArray *
edit (const Case *test, const GPtrArray *genres)
{
  const ToolTagReader reader = put (test->bytes->data, test->bytes->len);
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) pieces = test->format == TOOL_TAG_MP3 ? tool_tag_mp3_edit (&reader, genres, &error)
                                                           : tool_tag_flac_edit (&reader, genres, &error);
  CHECK (pieces, "%s: %s", test->name, error ? error->message : "");
  return pieces ? apply (test, pieces) : g_byte_array_new ();
}

/* names: NULL at their end.  And back again, to the byte if `fits`. */
static void
check_edit (const Case *test, const char *const *names, gboolean fits)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ToolTagSurvey) before = look (test->bytes->data, test->bytes->len, NULL);
  g_autoptr (GPtrArray) genres = test->format == TOOL_TAG_MP3 ? tool_tag_mp3_genres (before, names, "joined", 3, NULL)
                                                              : tool_comments_genres (before, names);
  g_autoptr (GByteArray) edited = edit (test, genres);
  g_autoptr (ToolTagSurvey) after = look (edited->data, edited->len, &error);
  CHECK (after, "%s: %s", test->name, error ? error->message : "");
  if (!after)
    return;
  g_autofree char *difference = tool_tag_survey_differ (before, after);
  CHECK (!difference, "%s: %s", test->name, difference);
  CHECK (tool_tag_genres_equal (genres, after->genres), "%s: its genres are not those", test->name);
  CHECK ((edited->len == test->bytes->len) == fits, "%s: %u bytes, were %u", test->name, edited->len, test->bytes->len);

  const Case now = { test->name, test->format, edited, NULL, 0, 0 };
  g_autoptr (GByteArray) back = edit (&now, before->genres);
  g_autoptr (ToolTagSurvey) again = look (back->data, back->len, NULL);
  CHECK (again && tool_tag_genres_equal (before->genres, again->genres), "%s: not back", test->name);
  if (fits)
    CHECK (back->len == test->bytes->len && memcmp (back->data, test->bytes->data, back->len) == 0,
        "%s: not back to the byte", test->name);
}

static void
test_edits (const Case *test)
{
  const char *const long_names[] = { "a genre whose name is far longer than all that was kept free for it, really",
    "another", NULL };

  check_edit (test, (const char *const[]){ "Jazz", NULL }, test->format == TOOL_TAG_FLAC);
  check_edit (test, long_names, FALSE);
}

/* Frames of version 4 that old programs wrote with plain sizes: what follows tells. */
static void
test_plain_sizes (void)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  const guint8 header[] = { 'I', 'D', '3', 4, 0, 0, 0, 0, 3, 20 };  /* 404 bytes behind it */
  const guint8 plain[] = { 'P', 'R', 'I', 'V', 0, 0, 1, 44, 0, 0 }; /* 300, not 172 */

  add (out, header, sizeof header);
  add (out, plain, sizeof plain);
  add_bytes (out, 1, 300);
  add (out, "TIT2\0\0\0\2\0\0\3x", 12);
  add_bytes (out, 0, 404 - 322);
  const ToolTagReader reader = put (out->data, out->len);
  g_autoptr (GError) error = NULL;
  g_autoptr (Id3v2) tag = id3v2_new (&reader, &error);
  CHECK (tag && tag->frames->len == 2, "%s", error ? error->message : "another number of frames");
}

int
main (void)
{
  FILE *temporary = tmpfile ();
  file = temporary ? fileno (temporary) : -1;
  if (file < 0)
    return 1;
  const Case cases[] = {
    { "mp3", TOOL_TAG_MP3, make_mp3 (), "TIT2, PRIV, APE Mood, APE flags, ID3v1", 3, 0 },
    { "flac", TOOL_TAG_FLAC, make_flac (), "STREAMINFO, vendor, Title, z, bytes behind the comments", 2, 40 },
    { "ogg", TOOL_TAG_OGG, make_ogg (FALSE), "vendor, Title, z, bytes behind the comments", 2, 0 },
    { "opus", TOOL_TAG_OPUS, make_ogg (TRUE), "vendor, Title, z, bytes behind the comments", 2, 0 },
    { "m4a", TOOL_TAG_M4A, make_m4a (), "ftyp, moov/mvhd, moov/trak/mdia/minf/stbl/stco, \302\251nam, ----:org", 2,
        25 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    test_definition (&cases[i]);
    test_prefixes (&cases[i]);
    test_bytes (&cases[i]);
    if (cases[i].format == TOOL_TAG_MP3 || cases[i].format == TOOL_TAG_FLAC)
      test_edits (&cases[i]);
    g_byte_array_unref (cases[i].bytes);
  }
  test_plain_sizes ();
  fclose (temporary);
  TEST_END ();
}
