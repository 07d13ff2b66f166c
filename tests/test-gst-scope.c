/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-scope.c - genrescope shows what is there: bars as long as genreclassify's probabilities, a tone as a
 * line at its height, time as pixels to the left; one frame for each that is due, however the audio comes in pieces.
 *
 * Leaves what it has seen as PNG files in GENRE_BUILD_DIR/tests.
 *
 * Layer:   tests; the element, and gst/picture/scope by itself, which says where things are.
 */
#include "gst/picture/scope.h"
#include "tests/element.h"

#include <gst/video/video.h>

#include <cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  RATE = 44100,
  MAX_LABELS = 200,
};

static const gchar FOREVER[] = "3600000000000"; /* interval: one answer, after 3.5 s, and no more */

/* --- audio --- */

typedef struct Sound
{
  void (*fill) (gint16 *stereo, guint64 first, gsize n);
  guint64 position; /* sample frames made */
} Sound;

static void
fill_silence (gint16 *stereo, guint64 first, gsize n)
{
  (void) first;
  memset (stereo, 0, 2 * n * sizeof *stereo);
}

/* -57 dBFS, and no sound. */
static void
fill_constant (gint16 *stereo, guint64 first, gsize n)
{
  (void) first;
  for (gsize i = 0; i < 2 * n; i++)
    stereo[i] = 46;
}

static void
fill_tone (gint16 *stereo, guint64 first, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    const double t = (double) (first + i) / RATE;

    stereo[2 * i] = stereo[2 * i + 1] = (gint16) lrint (8000 * sin (2 * G_PI * 1000 * t));
  }
}

/* A second of nothing, then the tone. */
static void
fill_late_tone (gint16 *stereo, guint64 first, gsize n)
{
  fill_tone (stereo, first, n);
  for (gsize i = 0; i < n && first + i < RATE; i++)
    stereo[2 * i] = stereo[2 * i + 1] = 0;
}

/* Plucked chords and a hat, four to the bar: something that no genre is sure of. */
static void
fill_music (gint16 *stereo, guint64 first, gsize n)
{
  static const double CHORDS[4][3] = { { 220, 262, 330 }, { 175, 220, 262 }, { 131, 165, 196 }, { 196, 247, 294 } };

  for (gsize i = 0; i < n; i++) {
    const guint64 sample = first + i;
    const double t = (double) sample / RATE, since = fmod (t, .5);
    const double *chord = CHORDS[(guint64) (t / 2) % 4];
    uint64_t seed = (sample + 1) * UINT64_C (0x9E3779B97F4A7C15);
    double value = .3 * (double) test_noise (&seed) * exp (-since * 40);

    for (int k = 0; k < 3; k++)
      for (int harmonic = 1; harmonic <= 8; harmonic++)
        value += .2 / harmonic * sin (2 * G_PI * chord[k] * harmonic * t) * exp (-since * harmonic);
    stereo[2 * i] = (gint16) lrint (12000 * value);
    stereo[2 * i + 1] = (gint16) lrint (11000 * value);
  }
}

static GstBuffer *
next_buffer (Sound *sound, gsize n)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, n * 4, NULL);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  sound->fill ((gint16 *) (gpointer) map.data, sound->position, n);
  gst_buffer_unmap (buffer, &map);
  GST_BUFFER_PTS (buffer) = gst_util_uint64_scale (sound->position, GST_SECOND, RATE);
  sound->position += n;
  return buffer;
}

/* --- harness --- */

#define STEREO "audio/x-raw, format = (string) " GST_AUDIO_NE (S16) ", layout = interleaved, rate = 44100, channels = 2"

static GstHarness *
scope_harness (const gchar *audio, gint width, gint height, const gchar *fps)
{
  GstHarness *harness = gst_harness_new ("genrescope");
  gchar *video = g_strdup_printf ("video/x-raw, width = %d, height = %d, framerate = (fraction) %s", width, height,
      fps);

  gst_harness_set_live (harness, FALSE);
  gst_harness_set_sink_caps_str (harness, video);
  gst_harness_set_src_caps_str (harness, audio);
  g_free (video);
  return harness;
}

/* The harness has it playing already. */
static void
set_model (GstHarness *harness, const gchar *model)
{
  gst_element_set_state (harness->element, GST_STATE_NULL);
  g_object_set (harness->element, "model", model, NULL);
  gst_harness_play (harness);
  gst_harness_set_src_caps_str (harness, STEREO);
}

/* The last frame that has come out, of several; NULL: none. */
static GstBuffer *
last_frame (GstHarness *harness, guint *ret_n)
{
  GstBuffer *last = NULL;

  for (*ret_n = 0;; (*ret_n)++) {
    GstBuffer *frame = gst_harness_try_pull (harness);

    if (!frame)
      return last;
    gst_clear_buffer (&last);
    last = frame;
  }
}

/* Pushes `seconds` in pieces of n and returns the last frame. */
static GstBuffer *
play (GstHarness *harness, Sound *sound, double seconds, gsize n)
{
  const guint64 end = sound->position + (guint64) lrint (seconds * RATE);
  GstBuffer *last = NULL;
  guint n_frames;

  while (sound->position < end) {
    const GstFlowReturn flow = gst_harness_push (harness,
        next_buffer (sound, MIN (n, (gsize) (end - sound->position))));
    GstBuffer *frame = last_frame (harness, &n_frames);

    CHECK (flow == GST_FLOW_OK, "%s", gst_flow_get_name (flow));
    if (frame) {
      gst_clear_buffer (&last);
      last = frame;
    }
  }
  return last;
}

/* --- frames --- */

typedef struct Frame
{
  GstVideoInfo info;
  GstVideoFrame video;
  GstBuffer *buffer;
  ScopeLayout layout;
} Frame;

/* Takes the buffer; exits where there is none.  n_labels: 10 if the model is the embedded one. */
static Frame
open_frame_of (GstHarness *harness, guint n_labels, GstBuffer *buffer)
{
  Frame frame = { .buffer = buffer };
  GstCaps *caps = gst_pad_get_current_caps (harness->sinkpad);

  if (!buffer || !caps || !gst_video_info_from_caps (&frame.info, caps)
      || !gst_video_frame_map (&frame.video, &frame.info, buffer, GST_MAP_READ))
    g_error ("no frame");
  frame.layout = scope_layout (GST_VIDEO_INFO_WIDTH (&frame.info), GST_VIDEO_INFO_HEIGHT (&frame.info), n_labels);
  gst_caps_unref (caps);
  return frame;
}

static Frame
open_frame (GstHarness *harness, GstBuffer *buffer)
{
  return open_frame_of (harness, 10, buffer);
}

static void
close_frame (Frame *frame)
{
  gst_video_frame_unmap (&frame->video);
  gst_buffer_unref (frame->buffer);
}

static guint8 *
frame_pixels (const Frame *frame)
{
  return GST_VIDEO_FRAME_PLANE_DATA (&frame->video, 0);
}

static guint32
pixel (const Frame *frame, gint x, gint y)
{
  guint32 rgb;

  memcpy (&rgb, frame_pixels (frame) + (gsize) y * (gsize) GST_VIDEO_FRAME_PLANE_STRIDE (&frame->video, 0) + 4 * x, 4);
  return rgb & 0xffffff;
}

/* About how light: the map rises in all of it. */
static gint
light (const Frame *frame, gint x, gint y)
{
  const guint32 rgb = pixel (frame, x, y);

  return (gint) ((rgb >> 16) * 2 + (rgb >> 8 & 0xff) * 4 + (rgb & 0xff));
}

static void
save (const Frame *frame, const gchar *name)
{
  const gchar *build = g_getenv ("GENRE_BUILD_DIR");
  gchar *path = g_strdup_printf ("%s/tests/genrescope-%s.png", build ? build : ".", name);
  cairo_surface_t *surface = cairo_image_surface_create_for_data (frame_pixels (frame), CAIRO_FORMAT_RGB24,
      GST_VIDEO_INFO_WIDTH (&frame->info), GST_VIDEO_INFO_HEIGHT (&frame->info),
      GST_VIDEO_FRAME_PLANE_STRIDE (&frame->video, 0));

  CHECK (build == NULL || cairo_surface_write_to_png (surface, path) == CAIRO_STATUS_SUCCESS, "%s", path);
  cairo_surface_destroy (surface);
  g_free (path);
}

/* Pixels of a bar, read off the picture: at a fifth of its height there is no text, and the corners are past. */
static gint
bar_length (const Frame *frame, guint row)
{
  const ScopeBox box = scope_layout_row (&frame->layout, row);
  const gint y = box.y + box.height / 5;
  const guint32 track = pixel (frame, box.x + box.width - 2 - box.height / 5, box.y + box.height - 2);
  gint length = 0;

  while (length < box.width && pixel (frame, box.x + length, y) != track)
    length++;
  return length;
}

/* Where in the column it is lightest, in rows from the top. */
static gint
lightest_row (const Frame *frame, gint x)
{
  gint best = 0;

  for (gint y = 1; y < frame->layout.spectrum.height; y++)
    if (light (frame, x, y) > light (frame, x, best))
      best = y;
  return best;
}

/* --- bars --- */

typedef struct Answer
{
  gint n;
  guint n_labels;
  gdouble smoothed[MAX_LABELS];
  const gchar *labels[MAX_LABELS];
} Answer;

static void
keep_answer (const GstStructure *message, gpointer user_data)
{
  Answer *answer = user_data;
  const GValue *smoothed = gst_structure_get_value (message, "smoothed");
  const GValue *labels = gst_structure_get_value (message, "labels");
  gboolean final = TRUE;

  gst_structure_get_boolean (message, "final", &final);
  if (final)
    return;
  answer->n++;
  answer->n_labels = MIN (gst_value_array_get_size (labels), MAX_LABELS);
  for (guint i = 0; i < answer->n_labels; i++) {
    answer->smoothed[i] = g_value_get_double (gst_value_array_get_value (smoothed, i));
    answer->labels[i] = g_intern_string (g_value_get_string (gst_value_array_get_value (labels, i)));
  }
}

/* What genreclassify says of the same music. */
static Answer
ask_classifier (const gchar *model)
{
  Answer answer = { 0 };
  ElementListener listener = { .func = keep_answer, .user_data = &answer };
  GstElement *element = element_new (&listener);
  Sound sound = { fill_music, 0 };

  g_object_set (element, "model", model, NULL);
  gst_util_set_object_arg (G_OBJECT (element), "interval", FOREVER);
  GstHarness *harness = element_play (element);

  gst_harness_set_src_caps_str (harness, STEREO);
  gst_harness_push (harness, next_buffer (&sound, 30 * RATE));
  gst_harness_push_event (harness, gst_event_new_eos ());
  gst_harness_teardown (harness);
  CHECK (answer.n == 1, "%d answers", answer.n);
  return answer;
}

/* Plays until the answer has come and its bars have grown. */
static GstBuffer *
play_until_answer (GstHarness *harness, guint n_labels, Sound *sound)
{
  gint longest = 0;

  gst_buffer_unref (play (harness, sound, 4, 1024));
  for (gint i = 0; i < 500 && longest <= 2; i++) {
    Frame frame = open_frame_of (harness, n_labels, play (harness, sound, .05, 1024));

    for (guint k = 0; k < frame.layout.n_rows; k++)
      longest = MAX (longest, bar_length (&frame, k));
    close_frame (&frame);
    g_usleep (10000);
  }
  return play (harness, sound, 2, 1024);
}

/* Pixels of the panel, words and all, that are not as it is drawn by itself. */
static guint
count_different (const Frame *frame, const Answer *answer, ScopeMood mood, const gdouble *shares)
{
  const gint width = frame->layout.width, height = frame->layout.height;
  ScopePicture *picture = scope_picture_new (width, height, answer->labels, answer->n_labels, NULL, 0);
  guint8 *expected = g_malloc0 ((gsize) width * (gsize) height * 4);
  guint different = 0;

  scope_picture_set_bars (picture, mood, shares, 60);
  scope_picture_draw (picture, expected, width * 4);
  for (gint y = 0; y < height; y++)
    for (gint x = frame->layout.panel.x; x < width; x++) {
      guint32 rgb;

      memcpy (&rgb, expected + 4 * ((gsize) y * (gsize) width + (gsize) x), 4);
      different += (rgb & 0xffffff) != pixel (frame, x, y);
    }
  g_free (expected);
  scope_picture_free (picture);
  return different;
}

static void
check_panel (const Frame *frame, const Answer *answer, ScopeMood mood, const gdouble *shares, const gchar *when)
{
  const guint different = count_different (frame, answer, mood, shares);

  CHECK (different == 0, "%s: %u pixels of the panel", when, different);
}

/* Whether the label is among those that there is room for. */
static bool
is_shown (const Answer *answer, guint label, guint n_rows)
{
  guint ahead = 0;

  for (guint i = 0; i < answer->n_labels; i++)
    ahead += answer->smoothed[i] > answer->smoothed[label];
  return ahead < n_rows;
}

static void
test_bars (const gchar *model, gint width, gint height, const gchar *name)
{
  const Answer answer = ask_classifier (model);
  GstHarness *harness = scope_harness (STEREO, width, height, "30/1");
  Sound sound = { fill_music, 0 };

  gst_util_set_object_arg (G_OBJECT (harness->element), "interval", FOREVER);
  set_model (harness, model);

  Frame frame = open_frame_of (harness, answer.n_labels, play_until_answer (harness, answer.n_labels, &sound));
  guint row = 0;

  for (guint i = 0; i < answer.n_labels; i++) {
    if (!is_shown (&answer, i, frame.layout.n_rows))
      continue;

    const gint length = bar_length (&frame, row++);
    const gdouble wanted = answer.smoothed[i] * frame.layout.bars.width;

    CHECK (fabs (length - wanted) <= 1, "%s: %s: %d pixels of %d, the probability is %.3f", name, answer.labels[i],
        length, frame.layout.bars.width, answer.smoothed[i]);
  }
  CHECK (row == frame.layout.n_rows && row >= 3, "%s: %u rows for %u", name, frame.layout.n_rows, row);
  check_panel (&frame, &answer, SCOPE_GENRE, answer.smoothed, name);
  save (&frame, name);
  close_frame (&frame);
  gst_harness_teardown (harness);
}

/* After one answer in an hour, five a second: the bars follow another sound. */
static void
test_interval_lowered (const gchar *model)
{
  GstHarness *harness = scope_harness (STEREO, 640, 360, "30/1");
  Sound sound = { fill_music, 0 };
  gint before[MAX_LABELS];
  gboolean moved = FALSE;

  set_model (harness, model);
  gst_util_set_object_arg (G_OBJECT (harness->element), "interval", FOREVER);

  Frame frame = open_frame (harness, play_until_answer (harness, 10, &sound));
  const guint n_rows = frame.layout.n_rows;

  for (guint row = 0; row < n_rows; row++)
    before[row] = bar_length (&frame, row);
  close_frame (&frame);
  g_object_set (harness->element, "interval", GST_SECOND / 5, "smoothing", G_GUINT64_CONSTANT (0), NULL);
  sound.fill = fill_tone;
  for (gint i = 0; i < 500 && !moved; i++) {
    frame = open_frame (harness, play (harness, &sound, .05, 1024));
    for (guint row = 0; row < n_rows; row++)
      moved |= abs (bar_length (&frame, row) - before[row]) > 2;
    close_frame (&frame);
    g_usleep (1000);
  }
  CHECK (moved, "the bars stand still");
  gst_harness_teardown (harness);
}

/* --- what is said before, and of silence --- */

static const gdouble NONE[MAX_LABELS];

static gboolean
is_dark (const Frame *frame)
{
  const guint32 dark = pixel (frame, frame->layout.spectrum.width - 1, 0);

  for (gint y = 0; y < frame->layout.spectrum.height; y++)
    for (gint x = frame->layout.spectrum.width / 2; x < frame->layout.spectrum.width; x++)
      if (pixel (frame, x, y) != dark)
        return FALSE;
  return TRUE;
}

static void
test_moods (const gchar *model)
{
  const Answer answer = ask_classifier (model);
  GstHarness *harness = scope_harness (STEREO, 320, 240, "25/1");
  Sound silence = { fill_silence, 0 }, music = { fill_music, 0 };

  set_model (harness, model);

  Frame frame = open_frame (harness, play (harness, &silence, .5, 1000));

  check_panel (&frame, &answer, SCOPE_LISTENING, NONE, "half a second of silence");
  close_frame (&frame);
  frame = open_frame (harness, play (harness, &silence, 5, 1000));
  check_panel (&frame, &answer, SCOPE_SILENCE, NONE, "silence");
  CHECK (is_dark (&frame), "the silence is seen");
  save (&frame, "silence");
  close_frame (&frame);

  Sound constant = { fill_constant, silence.position };

  frame = open_frame (harness, play (harness, &constant, 1.5, 1000));
  check_panel (&frame, &answer, SCOPE_SILENCE, NONE, "a constant");
  close_frame (&frame);
  music.position = constant.position;
  frame = open_frame (harness, play_until_answer (harness, 10, &music));
  CHECK (!is_dark (&frame), "the music is not");
  close_frame (&frame);

  /* A flush: everything as new, and frames have the new times. */
  gst_harness_push_event (harness, gst_event_new_flush_start ());
  gst_harness_push_event (harness, gst_event_new_flush_stop (TRUE));
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  silence.position = 0;
  frame = open_frame (harness, play (harness, &silence, .5, 1000));
  CHECK (GST_BUFFER_PTS (frame.buffer) == 11 * GST_SECOND / 25, "%" GST_TIME_FORMAT " after a flush",
      GST_TIME_ARGS (GST_BUFFER_PTS (frame.buffer)));
  check_panel (&frame, &answer, SCOPE_LISTENING, NONE, "after a flush");
  CHECK (is_dark (&frame), "something is left after a flush");
  close_frame (&frame);

  /* Another stream: the bars go back, the sound scrolls on. */
  music.position = silence.position;
  gst_buffer_unref (play_until_answer (harness, 10, &music));
  gst_harness_push_event (harness, gst_event_new_stream_start ("another"));
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  frame = open_frame (harness, play (harness, &music, 2, 1000));
  check_panel (&frame, &answer, SCOPE_LISTENING, NONE, "after another stream's beginning");
  close_frame (&frame);
  gst_harness_teardown (harness);
}

static void
fill_noise (gint16 *stereo, guint64 first, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    uint64_t seed = 1 + first + i;

    test_random (&seed);
    stereo[2 * i] = stereo[2 * i + 1] = (gint16) (3000 * test_noise (&seed));
  }
}

static void
fill_low_tone (gint16 *stereo, guint64 first, gsize n)
{
  for (gsize i = 0; i < n; i++)
    stereo[2 * i] = stereo[2 * i + 1] = (gint16) (9000 * sin (2 * G_PI * 150 * (gdouble) (first + i) / RATE));
}

/* Plays the sound until the panel is so, half a minute at most: the worker may be behind. */
static bool
comes_to (GstHarness *harness, Sound *sound, const Answer *answer, ScopeMood mood, const gdouble *shares)
{
  bool same = false;

  for (gint i = 0; i < 60 && !same; i++) {
    Frame frame = open_frame_of (harness, answer->n_labels, play (harness, sound, .5, 1024));

    same = count_different (&frame, answer, mood, shares) == 0;
    close_frame (&frame);
    g_usleep (10000);
  }
  return same;
}

/* Noise from the beginning: no bars.  After a tone: its bars stay, pale.  To the model the tone is music, of its first
 * label, and noise is not. */
static void
test_not_music (const gchar *model)
{
  const Answer answer = { .n_labels = 3, .smoothed = { 1, 0, 0 }, .labels = { "one", "two", "three" } };
  GstHarness *harness = scope_harness (STEREO, 320, 240, "25/1");
  Sound sound = { fill_noise, 0 };

  set_model (harness, model);

  Frame frame = open_frame_of (harness, answer.n_labels, play (harness, &sound, 1, 1000));

  check_panel (&frame, &answer, SCOPE_LISTENING, NONE, "a second of noise");
  close_frame (&frame);
  CHECK (comes_to (harness, &sound, &answer, SCOPE_NOT_MUSIC, NONE), "noise is music");
  sound.fill = fill_low_tone;
  CHECK (comes_to (harness, &sound, &answer, SCOPE_GENRE, answer.smoothed), "a tone is no music");
  sound.fill = fill_noise;
  CHECK (comes_to (harness, &sound, &answer, SCOPE_NOT_MUSIC, answer.smoothed), "noise is music after a tone");
  frame = open_frame_of (harness, answer.n_labels, play (harness, &sound, .1, 1024));
  save (&frame, "not-music");
  close_frame (&frame);
  sound.fill = fill_silence;
  CHECK (comes_to (harness, &sound, &answer, SCOPE_SILENCE, answer.smoothed), "silence is not seen");
  gst_harness_teardown (harness);
}

/* --- spectrogram --- */

static void
test_tone (gint width, gint height)
{
  GstHarness *harness = scope_harness (STEREO, width, height, "30/1");
  Sound sound = { fill_tone, 0 };
  Frame frame = open_frame (harness, play (harness, &sound, 3, 1024));
  /* Slaney: linear to 1 kHz, which is 15 mel; 16 kHz is 27 ln 16 / ln 6.4 more. */
  const double wanted = height * (1 - 15 / (15 + 27 * log (16) / log (6.4)));
  const gint x = frame.layout.spectrum.width - 10, found = lightest_row (&frame, x);
  const gint away = MAX (height / 12, 6);

  CHECK (fabs (found + .5 - wanted) <= MAX (1, height / 200.), "%d x %d: 1 kHz in row %d, not %.1f", width, height,
      found, wanted);
  CHECK (light (&frame, x, found) > 900, "the tone is dim: %06x", pixel (&frame, x, found));
  CHECK (light (&frame, x, found - away) < 250 && light (&frame, x, found + away) < 250, "%d x %d: a broad line", width,
      height);
  gst_harness_teardown (harness);
  close_frame (&frame);
}

/* The column where the tone begins, from the left. */
static gint
onset (const Frame *frame, gint row)
{
  gint x = frame->layout.spectrum.width - 1;

  while (x > 0 && light (frame, x - 1, row) > 500)
    x--;
  return x;
}

/* 421 pixels for about 5 s at 30 frames a second: three for each frame. */
/* The last frame of three seconds in buffers of n. */
static Frame
play_stamped (GstHarness *harness, gsize n, gboolean still)
{
  Sound sound = { fill_late_tone, 0 };
  GstBuffer *last = NULL;

  while (sound.position < 3 * RATE) {
    GstBuffer *buffer = next_buffer (&sound, n), *frame;
    guint n_frames;

    if (still)
      GST_BUFFER_PTS (buffer) = 0;
    CHECK (gst_harness_push (harness, buffer) == GST_FLOW_OK, "refused");
    frame = last_frame (harness, &n_frames);
    if (frame) {
      gst_clear_buffer (&last);
      last = frame;
    }
  }
  return open_frame (harness, last);
}

/* Time stamps that stand still take nothing from the picture. */
static void
test_still_time (gsize n)
{
  GstHarness *right = scope_harness (STEREO, 320, 180, "30/1"), *still = scope_harness (STEREO, 320, 180, "30/1");
  Frame expected = play_stamped (right, n, FALSE), found = play_stamped (still, n, TRUE);
  guint different = 0;

  for (gint y = 0; y < expected.layout.spectrum.height; y++)
    for (gint x = 0; x < expected.layout.spectrum.width; x++)
      different += pixel (&found, x, y) != pixel (&expected, x, y);
  CHECK (different == 0, "buffers of %u: %u pixels differ", (guint) n, different);
  close_frame (&expected);
  close_frame (&found);
  gst_harness_teardown (right);
  gst_harness_teardown (still);
}

static void
test_scrolling (void)
{
  GstHarness *harness = scope_harness (STEREO, 640, 360, "30/1");
  Sound sound = { fill_late_tone, 0 };
  Frame before = open_frame (harness, play (harness, &sound, 3, 1470));
  const gint row = lightest_row (&before, before.layout.spectrum.width - 10), begun = onset (&before, row);
  const gint width = before.layout.spectrum.width;

  /* 2 s of tone; a column is complete 32 ms after its middle, and sees the tone 32 ms before. */
  CHECK (abs (width - begun - 2 * 90) <= 3, "the tone of 2 s is %d pixels long, not 180", width - begun);
  for (gint i = 1; i <= 10; i++) {
    Frame frame = open_frame (harness, play (harness, &sound, 1. / 30, 1470));
    guint different = 0;

    for (gint y = 0; y < 360; y++)
      for (gint x = 100; x < width; x++) /* right of the words */
        different += pixel (&frame, x - 3 * i, y) != pixel (&before, x, y) && x - 3 * i >= 100;
    CHECK (different == 0, "frame %d: %u pixels have not moved by %d", i, different, 3 * i);
    CHECK (begun - onset (&frame, row) == 3 * i, "frame %d: moved by %d", i, begun - onset (&frame, row));
    if (i == 10)
      save (&frame, "tone");
    close_frame (&frame);
  }
  close_frame (&before);
  gst_harness_teardown (harness);
}

/* --- frames --- */

/* n_frames of audio give this many frames, evenly timed, and the same picture for any size of buffers. */
static void
test_pace (const gchar *fps_text, gint fps_n, gint fps_d)
{
  const gsize sizes[] = { 64, 441, 1024, 4096, 2 * RATE };
  guint32 *picture = NULL;

  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++) {
    GstHarness *harness = scope_harness (STEREO, 200, 100, fps_text);
    Sound sound = { fill_music, 0 };
    GstBuffer *last = NULL;
    guint64 n = 0;

    while (sound.position < 2 * RATE) {
      gst_harness_push (harness, next_buffer (&sound, MIN (sizes[s], (gsize) (2 * RATE - sound.position))));
      for (GstBuffer *frame; (frame = gst_harness_try_pull (harness)); n++) {
        const guint64 samples = gst_util_uint64_scale (n * (guint64) fps_d, RATE, (guint64) fps_n);

        CHECK (GST_BUFFER_PTS (frame) == gst_util_uint64_scale (samples, GST_SECOND, RATE),
            "%s, buffers of %" G_GSIZE_FORMAT ": frame %" G_GUINT64_FORMAT " at %" GST_TIME_FORMAT, fps_text, sizes[s],
            n, GST_TIME_ARGS (GST_BUFFER_PTS (frame)));
        gst_clear_buffer (&last);
        last = frame;
      }
    }
    CHECK (n == (guint64) (2 * fps_n / fps_d), "%s, buffers of %" G_GSIZE_FORMAT ": %" G_GUINT64_FORMAT " frames",
        fps_text, sizes[s], n);
    if (last) {
      Frame frame = open_frame (harness, last);
      const gint width = frame.layout.spectrum.width;
      guint different = 0;

      if (!picture)
        picture = g_new0 (guint32, 200 * 100);
      for (gint y = 0; y < 100; y++)
        for (gint x = 0; x < width; x++) {
          different += s > 0 && picture[y * 200 + x] != pixel (&frame, x, y);
          picture[y * 200 + x] = pixel (&frame, x, y);
        }
      CHECK (different == 0, "%s, buffers of %" G_GSIZE_FORMAT ": another picture", fps_text, sizes[s]);
      close_frame (&frame);
    }
    gst_harness_teardown (harness);
  }
  g_free (picture);
}

/* Any audio and any size: as many frames as are due, and none of it falls over. */
static void
test_shapes (void)
{
  static const struct
  {
    const gchar *format;
    gint rate, channels, width, height;
    const gchar *fps;
    guint64 n_frames; /* of two seconds */
  } SHAPES[] = {
    { "S16LE", 48000, 2, 160, 120, "60/1", 120 },
    { "S16BE", 96000, 2, 1920, 1080, "30/1", 60 },
    { "F64LE", 8000, 1, 16, 16, "25/1", 50 },
    { "U8", 11025, 6, 73, 37, "15/1", 30 },
    { "F32LE", 2000, 64, 100, 1999, "1000/1", 2000 },
    { "S24BE", 192000, 1, 4001, 33, "1/2", 1 },
    { "S32LE", 1000000, 3, 640, 360, "30000/1001", 59 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (SHAPES); i++) {
    gchar *caps = g_strdup_printf ("audio/x-raw, format = %s, layout = interleaved, rate = %d, channels = %d%s",
        SHAPES[i].format, SHAPES[i].rate, SHAPES[i].channels,
        SHAPES[i].channels > 2 ? ", channel-mask = (bitmask) 0" : "");
    GstHarness *harness = scope_harness (caps, SHAPES[i].width, SHAPES[i].height, SHAPES[i].fps);
    GstCaps *parsed = gst_caps_from_string (caps);
    GstAudioInfo info;
    guint64 n = 0;

    if (!gst_audio_info_from_caps (&info, parsed))
      g_error ("%s", caps);
    for (gint k = 0; k < 20; k++) { /* without times, to boot */
      const gsize size = (gsize) (info.rate / 10) * (gsize) info.bpf;
      GstBuffer *buffer = gst_buffer_new_allocate (NULL, size, NULL);
      uint64_t seed = (uint64_t) k + 1;
      GstMapInfo map;

      gst_buffer_map (buffer, &map, GST_MAP_WRITE);
      for (gsize b = 0; b < size; b++)
        map.data[b] = (guint8) (test_random (&seed) >> 40);
      gst_buffer_unmap (buffer, &map);
      CHECK (gst_harness_push (harness, buffer) == GST_FLOW_OK, "%s", caps);
      for (GstBuffer *frame; (frame = gst_harness_try_pull (harness)); n++)
        gst_buffer_unref (frame);
    }
    /* 11025 Hz is not a whole number of tenths. */
    CHECK (n + (info.rate % 10 != 0) >= SHAPES[i].n_frames && n <= SHAPES[i].n_frames,
        "%s: %" G_GUINT64_FORMAT " frames, not %" G_GUINT64_FORMAT, caps, n, SHAPES[i].n_frames);
    gst_caps_unref (parsed);
    gst_harness_teardown (harness);
    g_free (caps);
  }
}

/* Other sizes and rates in the middle: the picture begins anew, time goes on. */
static void
test_caps_changes (void)
{
  GstHarness *harness = scope_harness (STEREO, 320, 240, "30/1");
  Sound sound = { fill_tone, 0 };
  Frame frame = open_frame (harness, play (harness, &sound, 2, 1470));

  CHECK (!is_dark (&frame), "no tone");
  close_frame (&frame);
  gst_harness_set_sink_caps_str (harness, "video/x-raw, width = 400, height = 300, framerate = (fraction) 25/1");
  gst_harness_push_upstream_event (harness, gst_event_new_reconfigure ());
  frame = open_frame (harness, play (harness, &sound, 1, RATE)); /* which changes in the middle of a buffer */
  CHECK (frame.layout.width == 400 && frame.layout.height == 300, "%d x %d", frame.layout.width, frame.layout.height);
  CHECK (GST_BUFFER_PTS (frame.buffer) >= 2960 * GST_MSECOND - GST_SECOND / 25
          && GST_BUFFER_PTS (frame.buffer) <= 2960 * GST_MSECOND,
      "%" GST_TIME_FORMAT, GST_TIME_ARGS (GST_BUFFER_PTS (frame.buffer)));
  close_frame (&frame);

  /* The same audio said to be slower: what was drawn of it goes. */
  gst_harness_set_src_caps_str (harness,
      "audio/x-raw, format = " GST_AUDIO_NE (S16) ", layout = interleaved, "
                                                  "rate = 22050, channels = 2");
  sound.fill = fill_silence;
  frame = open_frame (harness, play (harness, &sound, .5, 1024));
  CHECK (is_dark (&frame), "the tone is still there");
  close_frame (&frame);
  gst_harness_teardown (harness);
}

/* --- states --- */

static void
ignore (const GstStructure *message, gpointer user_data)
{
  (void) message;
  (void) user_data;
}

static void
test_states (void)
{
  ElementListener listener = { .func = ignore };
  GstElement *element = gst_element_factory_make ("genrescope", NULL);

  element_listen (element, &listener);
  g_object_set (element, "model", "/no/such/model", NULL);
  CHECK (gst_element_set_state (element, GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE, "without a model");
  CHECK (listener.errors == 1, "%d errors", listener.errors);
  gst_element_set_state (element, GST_STATE_NULL);
  g_object_set (element, "model", NULL, NULL);
  gst_object_ref_sink (element);

  GstHarness *harness = gst_harness_new_with_element (element, "sink", "src");
  Sound sound = { fill_music, 0 };
  gint64 longest = 0;

  gst_harness_set_live (harness, FALSE);
  gst_harness_set_src_caps_str (harness, STEREO);
  for (gint i = 0; i < 20; i++) {
    gst_harness_push (harness, next_buffer (&sound, (gsize) (RATE / 7 * (i + 1))));

    const gint64 before = g_get_monotonic_time ();

    gst_element_set_state (element, GST_STATE_NULL);
    longest = MAX (longest, g_get_monotonic_time () - before);
    gst_harness_play (harness);
    gst_harness_set_src_caps_str (harness, STEREO);
    for (GstBuffer *frame; (frame = gst_harness_try_pull (harness));)
      gst_buffer_unref (frame);
  }
  CHECK (longest < G_USEC_PER_SEC / 2, "a change to NULL took %" G_GINT64_FORMAT " us", longest);
  gst_harness_teardown (harness);
  CHECK (GST_OBJECT_REFCOUNT_VALUE (element) == 1, "%d references", GST_OBJECT_REFCOUNT_VALUE (element));
  gst_object_unref (element);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);

  const gchar *tiny = g_getenv ("GENRE_TINY_MODEL"), *many = g_getenv ("GENRE_MANY_MODEL"),
              *music = g_getenv ("GENRE_MUSIC_MODEL"), *plain = g_getenv ("GENRE_PLAIN_MODEL");

  if (!tiny || !many || !music || !plain)
    g_error (
        "GENRE_..._MODEL must name the files that `random_model.py WHAT FILE` writes: TINY, of WHAT tiny, MANY, of "
        "1, MUSIC, of music, and PLAIN, of plain");
  test_bars (plain, 640, 360, "640x360");
  test_bars (plain, 1280, 720, "1280x720");
  test_bars (tiny, 320, 240, "three");
  test_bars (many, 640, 480, "many");
  test_interval_lowered (plain);
  test_moods (plain);
  test_not_music (music);
  test_tone (640, 360);
  test_tone (160, 120);
  test_tone (1920, 1080);
  test_still_time (441);
  test_still_time (RATE / 10);
  test_scrolling ();
  test_pace ("30/1", 30, 1);
  test_pace ("30000/1001", 30000, 1001);
  test_pace ("5/2", 5, 2);
  test_shapes ();
  test_caps_changes ();
  test_states ();
  gst_deinit ();
  TEST_END ();
}
