/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Playlists as players write them: M3U and PLS, line ends, marks, names that are relative, URIs, of another encoding.
 */
#include "gst/tools/playlist.h"
#include "tests/test.h"

#include <glib/gstdio.h>
#include <string.h>

/* text [size]; wanted: NULL at its end */
static void
check_bytes (const char *text, gsize size, const char *folder, const char *const *wanted)
{
  g_autoptr (GPtrArray) names = tool_playlist_parse (text, size, folder);
  guint n = 0;
  while (wanted[n])
    n++;
  CHECK (names && names->len == n, "%u names, expected %u, of:\n%s", names ? names->len : 0, n, text);
  for (guint i = 0; names && i < MIN (n, names->len); i++)
    CHECK (strcmp (g_ptr_array_index (names, i), wanted[i]) == 0, "\"%s\", expected \"%s\"",
        (char *) g_ptr_array_index (names, i), wanted[i]);
}

static void
check (const char *text, const char *folder, const char *const *wanted)
{
  check_bytes (text, strlen (text), folder, wanted);
}

#define WANT(...)                                                                                                      \
  (const char *const[])                                                                                                \
  {                                                                                                                    \
    __VA_ARGS__, NULL                                                                                                  \
  }

static void
test_m3u (void)
{
  check ("", "/l", (const char *const[]){ NULL });
  check ("#EXTM3U\n#EXTINF:12,A - B\na b.mp3\n\n  c.ogg \n/x/d.flac", "/l",
      WANT ("/l/a b.mp3", "/l/c.ogg", "/x/d.flac"));
  check ("\xef\xbb\xbf#EXTM3U\r\na.mp3\r\n", "/l", WANT ("/l/a.mp3"));
  check ("http://radio.example/live\nfile:///m/a%20b.mp3\n", "/l", WANT ("http://radio.example/live", "/m/a b.mp3"));
}

static void
test_pls (void)
{
  check ("[playlist]\nFile1=a.mp3\nTitle1=A\nLength1=-1\nfile22=/b.ogg\nFilename=x\nNumberOfEntries=2\n", "/l",
      WANT ("/l/a.mp3", "/b.ogg"));
  check ("[Playlist]\r\nFile1=http://h/s\r\n", "/l", WANT ("http://h/s"));
}

static void
test_stream (void)
{
  const char *text = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nsegment0.ts\n";
  CHECK (!tool_playlist_parse (text, strlen (text), "/l"), "HLS is no list of recordings");
}

/* What is there counts; what is not keeps its name. */
static void
test_names (void)
{
  g_autofree char *folder = g_dir_make_tmp ("playlist-XXXXXX", NULL);
  g_autofree char *sub = g_build_filename (folder, "sub", NULL);
  g_autofree char *file = g_build_filename (sub, "na\303\257ve.mp3", NULL);
  g_autofree char *odd = g_build_filename (folder, "b\\c.mp3", NULL);
  g_autofree char *gone = g_build_filename (folder, "no\\where.mp3", NULL);
  g_mkdir (sub, 0700);
  g_file_set_contents (file, "", 0, NULL);
  g_file_set_contents (odd, "", 0, NULL);
  check ("sub/na\303\257ve.mp3\nsub\\na\303\257ve.mp3\nsub\\na\357ve.mp3\nb\\c.mp3\nno\\where.mp3\n", folder,
      WANT (file, file, file, odd, gone));
  g_unlink (odd);
  g_unlink (file);
  g_rmdir (sub);
  g_rmdir (folder);
}

static void
test_split (void)
{
  static const char bytes[] = "a\nb\0c d\0\0e";
  g_autoptr (GPtrArray) names = tool_playlist_split (bytes, sizeof bytes - 1, '\0');
  CHECK (names->len == 3, "%u names", names->len);
  CHECK (names->len == 3 && strcmp (g_ptr_array_index (names, 0), "a\nb") == 0
          && strcmp (g_ptr_array_index (names, 1), "c d") == 0 && strcmp (g_ptr_array_index (names, 2), "e") == 0,
      "the names");
  g_autoptr (GPtrArray) lines = tool_playlist_split ("a\n\nb", 4, '\n');
  CHECK (lines->len == 2, "%u lines", lines->len);
}

static void
test_extension (void)
{
  CHECK (tool_playlist_is_one ("/a/b.m3u") && tool_playlist_is_one ("B.M3U8") && tool_playlist_is_one ("x.Pls"), "one");
  CHECK (!tool_playlist_is_one ("a.mp3") && !tool_playlist_is_one ("m3u") && !tool_playlist_is_one ("a.m3u.bak"),
      "none");
}

int
main (void)
{
  test_m3u ();
  test_pls ();
  test_stream ();
  test_names ();
  test_split ();
  test_extension ();
  TEST_END ();
}
