/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-recording_cache.c - what is kept, to the bit; the bound, and what goes when it is reached.
 *
 * Layer:   tests; gst/tools/recording_cache.c.  tool_recording_read() is replaced by one that counts.
 */
#include "gst/tools/recording_cache.h"
#include "models/frontend.h"
#include "tests/test.h"

#include <glib/gstdio.h>
#include <string.h>

enum
{
  BANDS = 64,
  FRAMES = 100,
};

static guint n_read;

ToolRecording *
tool_recording_read (const GenreFrontend *recipe, const char *location, GError **error)
{
  (void) error;
  ToolRecording *recording = g_new0 (ToolRecording, 1);
  n_read++;
  recording->n_frames = FRAMES;
  recording->n_sections = 2;
  recording->ends = g_new (gsize, 2);
  recording->ends[0] = g_str_hash (location) % FRAMES;
  recording->ends[1] = FRAMES;
  recording->seconds = 100. / 3;
  recording->artist = strstr (location, "/0") ? NULL : g_strdup ("Bj\u00f6rk \"\\\n");
  recording->album_artist = g_strdup (location);
  recording->cancelled = TRUE;
  recording->db = g_new (float, FRAMES * recipe->bands);
  for (gsize i = 0; i < FRAMES * recipe->bands; i++)
    recording->db[i] = (float) (g_str_hash (location) % 1000) / 7 - (float) i / 3;
  return recording;
}

void
tool_recording_free (ToolRecording *recording)
{
  if (!recording)
    return;
  g_free (recording->db);
  g_free (recording->ends);
  g_free (recording->artist);
  g_free (recording->album_artist);
  g_free (recording);
}

/* Reads files first ... first + n - 1; returns how many came from the cache. */
static guint
read_files (ToolRecordingCache *cache, const GenreFrontend *recipe, const char *folder, guint first, guint n)
{
  guint n_kept = 0;
  for (guint i = first; i < first + n; i++) {
    g_autofree char *path = g_strdup_printf ("%s/%u", folder, i);
    gboolean kept = FALSE;
    const guint before = n_read;
    g_autoptr (ToolRecording) found = tool_recording_cache_read (cache, recipe, path, &kept, NULL);
    CHECK (kept == (n_read == before), "file %u: kept and read", i);
    n_kept += kept;
    g_autoptr (ToolRecording) expected = tool_recording_read (recipe, path, NULL);
    CHECK (found->n_frames == FRAMES && memcmp (&found->seconds, &expected->seconds, sizeof found->seconds) == 0
            && found->n_sections == 2 && memcmp (found->ends, expected->ends, 2 * sizeof *found->ends) == 0
            && g_strcmp0 (found->artist, expected->artist) == 0
            && g_strcmp0 (found->album_artist, expected->album_artist) == 0 && found->cancelled == expected->cancelled
            && memcmp (found->db, expected->db, FRAMES * BANDS * sizeof *found->db) == 0,
        "file %u is another, kept: %d", i, kept);
  }
  return n_kept;
}

/* Entries, and no others, of the cache. */
static guint
count_entries (const char *folder, guint64 *ret_bytes)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint n = 0;
  *ret_bytes = 0;
  while ((name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    GStatBuf status;
    if (g_stat (path, &status) == 0)
      *ret_bytes += (guint64) status.st_size;
    n++;
  }
  g_dir_close (dir);
  return n;
}

static void
test_bound (const GenreFrontend *recipe, const char *music, const char *folder)
{
  guint64 bytes = 0;
  const char *reason = NULL;
  ToolRecordingCache *cache = tool_recording_cache_new (folder, G_MAXUINT64, NULL);
  CHECK (read_files (cache, recipe, music, 0, 10) == 0, "an empty cache has something");
  CHECK (read_files (cache, recipe, music, 0, 10) == 10, "not all were kept");
  CHECK (tool_recording_cache_lost (cache, &reason) == 0 && !reason, "something was lost");
  tool_recording_cache_free (cache);
  CHECK (count_entries (folder, &bytes) == 10, "10 files are 10 entries");
  const guint64 bound = bytes; /* room for ten */

  /* Two more than there is room for: two that this run did not use go, and those that it used stay. */
  cache = tool_recording_cache_new (folder, bound + 512, NULL);
  CHECK (read_files (cache, recipe, music, 0, 5) == 5, "what was kept is gone");
  CHECK (read_files (cache, recipe, music, 10, 2) == 0, "what is new was kept");
  CHECK (read_files (cache, recipe, music, 0, 5) == 5 && read_files (cache, recipe, music, 10, 2) == 2,
      "what this run used is gone");
  CHECK (count_entries (folder, &bytes) == 10 && bytes <= bound + 512, "the bound: %" G_GUINT64_FORMAT, bytes);
  tool_recording_cache_free (cache);

  /* More than all: the first ten stay, the rest is read and not kept, and that is told. */
  cache = tool_recording_cache_new (folder, bound + 512, NULL);
  read_files (cache, recipe, music, 20, 15);
  CHECK (tool_recording_cache_lost (cache, &reason) == 5 && reason, "five have no room");
  CHECK (read_files (cache, recipe, music, 20, 10) == 10, "the first ten of this run are kept");
  CHECK (count_entries (folder, &bytes) == 10 && bytes <= bound + 512, "the bound: %" G_GUINT64_FORMAT, bytes);
  tool_recording_cache_free (cache);
}

/* Another recipe is another recording. */
static void
test_recipe (const GenreFrontend *recipe, const char *music, const char *folder)
{
  GenreFrontend other = *recipe;
  other.mel.fmax_hz = 8000;
  ToolRecordingCache *cache = tool_recording_cache_new (folder, G_MAXUINT64, NULL);
  CHECK (read_files (cache, recipe, music, 0, 3) < 3, "files of the bound are still here");
  CHECK (read_files (cache, &other, music, 0, 3) == 0, "another recipe is taken for the same");
  CHECK (read_files (cache, recipe, music, 0, 3) == 3 && read_files (cache, &other, music, 0, 3) == 3, "both are kept");
  tool_recording_cache_free (cache);
  CHECK (read_files (NULL, recipe, music, 0, 3) == 0, "no cache keeps nothing");
}

static void
remove_all (const char *folder)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  const char *name;
  while ((name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_remove (path);
  }
  g_dir_close (dir);
  CHECK (g_remove (folder) == 0, "%s is not empty", folder);
}

int
main (void)
{
  g_autofree char *root = g_dir_make_tmp ("genre-cache-XXXXXX", NULL);
  g_autofree char *music = g_build_filename (root, "music", NULL), *folder = g_build_filename (root, "cache", NULL);
  float mean[BANDS] = { 0 }, std[BANDS];
  for (gsize i = 0; i < BANDS; i++)
    std[i] = 1;
  const GenreFrontend recipe = {
    .mel = { .sample_rate_hz = 22050,
        .n_fft = 2048,
        .hop_length = 1708,
        .n_mels = 128,
        .band_pool = 2,
        .fmin_hz = 0,
        .fmax_hz = 11025 },
    .amin = 1e-10,
    .ref = 1,
    .top_db = 80,
    .bands = BANDS,
    .mean = mean,
    .std = std,
  };

  CHECK (g_mkdir (music, 0700) == 0, "no folder");
  for (guint i = 0; i < 40; i++) {
    g_autofree char *path = g_strdup_printf ("%s/%u", music, i);
    CHECK (g_file_set_contents (path, path, -1, NULL), "no file");
  }
  test_bound (&recipe, music, folder);
  test_recipe (&recipe, music, folder);
  remove_all (music);
  remove_all (folder);
  CHECK (g_remove (root) == 0, "more is left");
  TEST_END ();
}
