/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-pcm.c - gst/pcm against a reading of the bytes by their format's name, in double precision.
 *
 * Layer:   tests; gst/pcm, GStreamer's audio library.
 * Threads: one.
 */
#include "gst/pcm.h"
#include "tests/test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  MAX_PLANES = 1000,
  N_FORMATS = 30,
  REPEAT = 5, /* of odd floats, through the vectorized part and its rest */
};

/* What "S24_32BE" says. */
typedef struct Naming
{
  char kind; /* S, U or F */
  int depth; /* bits */
  size_t bytes;
  bool big_endian;
} Naming;

static Naming
naming_from_string (const char *name)
{
  char *end;
  Naming naming = { .kind = name[0], .depth = (int) strtol (name + 1, &end, 10) };
  int width = naming.depth;
  if (*end == '_')
    width = (int) strtol (end + 1, &end, 10);
  naming.bytes = (size_t) (width + 7) / 8;
  naming.big_endian = strcmp (end, "BE") == 0;
  return naming;
}

static uint64_t
read_bytes (const Naming *naming, const unsigned char *bytes)
{
  uint64_t word = 0;
  for (size_t i = 0; i < naming->bytes; i++)
    word = word << 8 | bytes[naming->big_endian ? i : naming->bytes - 1 - i];
  return word;
}

/* One sample as the header of gst/pcm reads it. */
static double
read_sample (const Naming *naming, const unsigned char *bytes)
{
  uint64_t word = read_bytes (naming, bytes);
  if (naming->kind == 'F') {
    double x;
    if (naming->bytes == 8) {
      memcpy (&x, &word, sizeof x);
    } else {
      uint32_t half = (uint32_t) word;
      float single;
      memcpy (&single, &half, sizeof single);
      x = (double) single;
    }
    return isfinite (x) && fabs (x) <= (double) FLT_MAX && fabs (x) >= 1e-20 ? x : 0.0;
  }
  /* The bits above the depth say nothing. */
  int64_t value = (int64_t) (word & ((UINT64_C (1) << naming->depth) - 1));
  int64_t half = INT64_C (1) << (naming->depth - 1);
  if (naming->kind == 'U')
    value -= half;
  else if (value >= half)
    value -= 2 * half;
  return (double) value / (double) half;
}

static void
write_bytes (const Naming *naming, unsigned char *bytes, uint64_t word)
{
  for (size_t i = 0; i < naming->bytes; i++)
    bytes[naming->big_endian ? naming->bytes - 1 - i : i] = (unsigned char) (word >> (8 * i));
}

static void
write_float (const Naming *naming, unsigned char *bytes, double x)
{
  uint64_t word = 0;
  if (naming->bytes == 8) {
    memcpy (&word, &x, sizeof x);
  } else {
    float single = (float) x;
    uint32_t half;
    memcpy (&half, &single, sizeof half);
    word = half;
  }
  write_bytes (naming, bytes, word);
}

/* --- Audio of one format, in blocks of exactly its size, so that AddressSanitizer sees what is read beyond --- */

typedef struct Audio
{
  GstAudioInfo info;
  Naming naming;
  size_t channels;
  size_t frames;
  size_t shift; /* of every plane from an aligned address, bytes */
  void *blocks[MAX_PLANES];
  gpointer planes[MAX_PLANES];
} Audio;

static bool
is_planar (const Audio *audio)
{
  return GST_AUDIO_INFO_LAYOUT (&audio->info) == GST_AUDIO_LAYOUT_NON_INTERLEAVED;
}

static unsigned char *
sample_at (const Audio *audio, size_t frame, size_t channel)
{
  size_t index = is_planar (audio) ? frame : frame * audio->channels + channel;
  return (unsigned char *) audio->planes[is_planar (audio) ? channel : 0] + index * audio->naming.bytes;
}

static void
audio_init (Audio *audio, GstAudioFormat format, GstAudioLayout layout, size_t channels, size_t frames, size_t shift)
{
  gst_audio_info_init (&audio->info);
  gst_audio_info_set_format (&audio->info, format, 48000, (gint) channels, NULL);
  audio->info.layout = layout;
  audio->naming = naming_from_string (gst_audio_format_to_string (format));
  audio->channels = channels;
  audio->frames = frames;
  audio->shift = shift;

  size_t n_planes = is_planar (audio) ? channels : 1;
  size_t size = frames * audio->naming.bytes * (is_planar (audio) ? 1 : channels);
  for (size_t i = 0; i < n_planes; i++) {
    audio->blocks[i] = malloc (shift + size);
    audio->planes[i] = (unsigned char *) audio->blocks[i] + shift;
  }
}

static void
audio_clear (Audio *audio)
{
  for (size_t i = 0; i < (is_planar (audio) ? audio->channels : 1); i++)
    free (audio->blocks[i]);
}

/* Random bytes are good integers of all sizes, and for floats every odd number there is. */
static void
fill_with_bytes (const Audio *audio, uint64_t *random)
{
  for (size_t frame = 0; frame < audio->frames; frame++)
    for (size_t channel = 0; channel < audio->channels; channel++)
      for (size_t i = 0; i < audio->naming.bytes; i++)
        sample_at (audio, frame, channel)[i] = (unsigned char) (test_random (random) >> 56);
}

static void
fill_with_noise (const Audio *audio, uint64_t *random)
{
  for (size_t frame = 0; frame < audio->frames; frame++)
    for (size_t channel = 0; channel < audio->channels; channel++)
      write_float (&audio->naming, sample_at (audio, frame, channel), 2.0 * (double) test_noise (random));
}

static void
check_mono (const Audio *audio, size_t first, size_t n)
{
  float *mono = malloc (n * sizeof *mono + 1); /* + 1: never of size 0 */
  genre_pcm_to_mono (&audio->info, audio->planes, first, mono, n);

  for (size_t i = 0; i < n; i++) {
    double mean = 0.0;
    for (size_t channel = 0; channel < audio->channels; channel++)
      mean += read_sample (&audio->naming, sample_at (audio, first + i, channel));
    mean /= (double) audio->channels;
    if (fabs (mean) < 1e-20)
      mean = 0.0;
    /* One rounding to float, and of two 32-bit integers half a step. */
    double tolerance = 0x1.001p-24 * fabs (mean) + (audio->naming.kind == 'F' ? 0.0 : 0x1p-32);
    if (!(fabs ((double) mono[i] - mean) <= tolerance)) {
      CHECK (false, "%s %s, %zu channels, shifted by %zu: sample %zu + %zu of %zu is %.9g, not %.9g",
          gst_audio_format_to_string (GST_AUDIO_INFO_FORMAT (&audio->info)),
          is_planar (audio) ? "planar" : "interleaved", audio->channels, audio->shift, first, i, n, (double) mono[i],
          mean);
      break;
    }
  }
  free (mono);
}

static void
test_format (GstAudioFormat format, uint64_t *random)
{
  static const size_t channels[] = { 1, 2, 3, 6, 64 };
  static const size_t lengths[] = { 0, 1, 2, 37, 513 };
  Audio audio;

  for (unsigned planar = 0; planar < 2; planar++) {
    GstAudioLayout layout = planar ? GST_AUDIO_LAYOUT_NON_INTERLEAVED : GST_AUDIO_LAYOUT_INTERLEAVED;
    for (size_t c = 0; c < G_N_ELEMENTS (channels); c++) {
      for (size_t k = 0; k < G_N_ELEMENTS (lengths); k++) {
        size_t first = k % 2 == 0 ? 0 : 5;
        audio_init (&audio, format, layout, channels[c], first + lengths[k], (c + k) % 2 == 0 ? 0 : 1 + k);
        fill_with_bytes (&audio, random);
        check_mono (&audio, first, lengths[k]);
        if (audio.naming.kind == 'F') {
          fill_with_noise (&audio, random);
          check_mono (&audio, first, lengths[k]);
        }
        audio_clear (&audio);
      }
    }
    /* More channels than a block of the conversion has samples, or nearly so. */
    audio_init (&audio, format, layout, MAX_PLANES, 4, 0);
    fill_with_bytes (&audio, random);
    check_mono (&audio, 1, 3);
    audio_clear (&audio);
    /* Two channels from any address. */
    for (size_t shift = 0; shift < 8; shift++) {
      audio_init (&audio, format, layout, 2, 20, shift);
      fill_with_bytes (&audio, random);
      check_mono (&audio, 3, 17);
      audio_clear (&audio);
    }
  }
}

/* The numbers at both ends, exactly. */
static void
test_full_scale (GstAudioFormat format)
{
  Audio audio;
  for (size_t channels = 1; channels <= 3; channels++) {
    audio_init (&audio, format, GST_AUDIO_LAYOUT_INTERLEAVED, channels, 3, 0);
    Naming naming = audio.naming;
    for (size_t channel = 0; channel < channels; channel++) {
      for (size_t frame = 0; frame < 3; frame++) {
        if (naming.kind == 'F') {
          write_float (&naming, sample_at (&audio, frame, channel), frame == 0 ? -1.0 : frame == 1 ? 0.0 : 1.0);
          continue;
        }
        int64_t half = INT64_C (1) << (naming.depth - 1);
        int64_t value = frame == 0 ? -half : frame == 1 ? 0 : half - 1;
        uint64_t word = (uint64_t) (naming.kind == 'U' ? value + half : value);
        write_bytes (&naming, sample_at (&audio, frame, channel), word);
      }
    }
    float mono[3];
    genre_pcm_to_mono (&audio.info, audio.planes, 0, mono, 3);
    float most = naming.kind == 'F' ? 1.0f : (float) (1.0 - ldexp (1.0, 1 - naming.depth));
    const char *name = gst_audio_format_to_string (format);
    CHECK (mono[0] == -1.0f, "%s: %.9g", name, (double) mono[0]);
    CHECK (mono[1] == 0.0f, "%s: %.9g", name, (double) mono[1]);
    CHECK (mono[2] == most, "%s: %.9g, not %.9g", name, (double) mono[2], (double) most);
    audio_clear (&audio);
  }
}

/* Float samples, up to two channels, and what they must become. */
static void
test_odd_floats (GstAudioFormat format)
{
  const double nan = (double) NAN, infinity = (double) INFINITY;
  const struct
  {
    double left, right, mono, stereo;
  } cases[] = {
    { nan, 1.0, 0.0, 0.5 },
    { -nan, nan, 0.0, 0.0 },
    { infinity, 1.0, 0.0, 0.5 },
    { -infinity, infinity, 0.0, 0.0 },
    { 1e300, 0.5, 0.0, 0.25 }, /* F64 alone; infinite in F32 */
    { -1e300, 1e300, 0.0, 0.0 },
    { 3e38, 3e38, 3e38, 3e38 },
    { -3e38, 3e38, -3e38, 0.0 },
    { (double) FLT_MAX, (double) FLT_MAX, (double) FLT_MAX, (double) FLT_MAX },
    { 1e-40, 1.0, 0.0, 0.5 },
    { 1e-40, 1e-40, 0.0, 0.0 },
    { 5e-324, -5e-324, 0.0, 0.0 },
    { -0.9e-20, 0.9e-20, 0.0, 0.0 },
    { 1.1e-20, 0.0, 1.1e-20, 0.0 }, /* its half is below the least */
    { -1.1e-20, -1.1e-20, -1.1e-20, -1.1e-20 },
    { 17.0, -1.0, 17.0, 8.0 }, /* beyond full scale stays */
    { -0.0, 0.0, 0.0, 0.0 },
  };
  const size_t n = G_N_ELEMENTS (cases);
  const char *name = gst_audio_format_to_string (format);

  for (unsigned planar = 0; planar < 2; planar++) {
    for (size_t channels = 1; channels <= 2; channels++) {
      Audio audio;
      float mono[G_N_ELEMENTS (cases) * REPEAT];
      audio_init (&audio, format, planar ? GST_AUDIO_LAYOUT_NON_INTERLEAVED : GST_AUDIO_LAYOUT_INTERLEAVED, channels,
          n * REPEAT, 0);
      for (size_t i = 0; i < n * REPEAT; i++) {
        write_float (&audio.naming, sample_at (&audio, i, 0), cases[i % n].left);
        if (channels == 2)
          write_float (&audio.naming, sample_at (&audio, i, 1), cases[i % n].right);
      }
      genre_pcm_to_mono (&audio.info, audio.planes, 0, mono, n * REPEAT);
      for (size_t i = 0; i < n * REPEAT; i++) {
        double expected = channels == 1 ? cases[i % n].mono : cases[i % n].stereo;
        CHECK (mono[i] == (float) expected, "%s, %zu channels, case %zu: %g, not %g", name, channels, i % n,
            (double) mono[i], expected);
      }
      audio_clear (&audio);
    }
  }
}

int
main (int argc, char **argv)
{
  uint64_t random = 7;
  unsigned n_formats = 0;

  gst_init (&argc, &argv);

  /* "{ F64BE, F64LE, ... }" */
  gchar **names = g_strsplit_set (GST_AUDIO_FORMATS_ALL, "{ ,}", -1);
  for (gchar **name = names; *name; name++) {
    if (**name == '\0')
      continue;
    GstAudioFormat format = gst_audio_format_from_string (*name);
    CHECK (format != GST_AUDIO_FORMAT_UNKNOWN, "%s", *name);
    test_format (format, &random);
    test_full_scale (format);
    if (**name == 'F')
      test_odd_floats (format);
    n_formats++;
  }
  g_strfreev (names);
  CHECK (n_formats == N_FORMATS, "%u formats", n_formats);
  TEST_END ();
}
