/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/view.h"

#include "gst/frame_clock.h"
#include "gst/pcm.h"
#include "gst/picture/scope.h"
#include "gst/quiet.h"
#include "gst/timeline.h"
#include "models/genre_stream.h"
#include "models/spectrogram.h"

#include <gst/video/video.h>
#include <math.h>
#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (gst_genre_classify_debug);
#define GST_CAT_DEFAULT gst_genre_classify_debug

enum
{
  CHUNK = 512, /* samples mixed at a time */
};

static const GstClockTime QUIET = GST_SECOND; /* this long is silence */

struct GenreView
{
  GstAudioInfo audio; /* for which the next three were made; rate 0: they do not exist */
  GstVideoInfo video;
  GenreSpectrogram *spectrogram;
  ScopePicture *picture;
  guint8 *levels; /* [spectrum.height] */

  GenreTimeline timeline;
  GenreFrameClock clock;
  GenreQuiet quiet;
};

GenreView *
genre_view_new (void)
{
  GenreView *view = g_new0 (GenreView, 1);

  genre_view_reset (view);
  return view;
}

void
genre_view_free (GenreView *view)
{
  if (!view)
    return;
  genre_view_reset (view);
  g_free (view);
}

/* --- time ------------------------------------------------------------------------------------------------------ */

static GstClockTime
samples_to_time (const GenreView *view, guint64 samples)
{
  return gst_util_uint64_scale (samples, GST_SECOND, (guint64) GST_AUDIO_INFO_RATE (&view->audio));
}

/* From nothing. */
static void
begin_counting (GenreView *view)
{
  genre_frame_clock_begin (&view->clock, (guint) GST_AUDIO_INFO_RATE (&view->audio),
      (guint) GST_VIDEO_INFO_FPS_N (&view->video), (guint) GST_VIDEO_INFO_FPS_D (&view->video));
  view->quiet = (GenreQuiet){ 0 };
}

void
genre_view_set_segment (GenreView *view, const GstSegment *segment)
{
  view->timeline.segment = *segment;
}

void
genre_view_follow (GenreView *view, GstBuffer *buffer)
{
  const GstClockTime pts = GST_BUFFER_PTS (buffer);
  const GstClockTime length = samples_to_time (view, gst_buffer_get_size (buffer) / genre_view_frame_bytes (view));
  GstClockTime hole;

  if (!genre_timeline_goes_on (&view->timeline, pts, length, GST_BUFFER_IS_DISCONT (buffer), &hole))
    genre_spectrogram_reset (view->spectrogram);
  genre_timeline_advance (&view->timeline, pts, length);
  genre_frame_clock_follow (&view->clock, pts, &view->timeline.segment);
}

/* --- set-up ---------------------------------------------------------------------------------------------------- */

static void
drop_picture (GenreView *view)
{
  g_clear_pointer (&view->spectrogram, genre_spectrogram_free);
  g_clear_pointer (&view->picture, scope_picture_free);
  g_clear_pointer (&view->levels, g_free);
  gst_audio_info_init (&view->audio);
  gst_video_info_init (&view->video);
}

/* Columns for the span.  If it changes the span little, a whole number of columns in each video frame, or one column
 * in a whole number of frames: then the picture moves evenly. */
static guint
columns_per_second (const GstVideoInfo *video, gint width, GstClockTime span)
{
  const gdouble wanted = width / ((gdouble) span / GST_SECOND);
  const gdouble fps = (gdouble) GST_VIDEO_INFO_FPS_N (video) / GST_VIDEO_INFO_FPS_D (video),
                whole = MAX (1, rint (fps));
  const gdouble columns = wanted >= whole * .75 ? whole * rint (wanted / whole) : whole / rint (whole / wanted);

  return (guint) CLAMP (rint (columns), 1, GENRE_SPECTROGRAM_MAX_COLUMNS);
}

static ScopePicture *
new_picture (const GenreModel *model, const GenreSpectrogram *spectrogram, gint width, gint height)
{
  static const double HZ[] = { 1000, 4000, 250, 8000, 2000, 500, 100 };
  ScopeTick ticks[G_N_ELEMENTS (HZ)];

  for (guint i = 0; i < G_N_ELEMENTS (HZ); i++)
    ticks[i] = (ScopeTick){ HZ[i], genre_spectrogram_row (spectrogram, HZ[i]) };
  return scope_picture_new (width, height, genre_model_labels (model), genre_model_n_labels (model), ticks,
      G_N_ELEMENTS (ticks));
}

/* FALSE: out of memory. */
static gboolean
make_picture (GenreView *view, const GenreModel *model, const GstVideoInfo *video, guint rate_hz, GstClockTime span)
{
  const gint width = GST_VIDEO_INFO_WIDTH (video), height = GST_VIDEO_INFO_HEIGHT (video);
  const ScopeLayout layout = scope_layout (width, height, genre_model_n_labels (model));
  const guint columns = columns_per_second (video, layout.spectrum.width, span);

  view->spectrogram = genre_spectrogram_new (rate_hz, columns, (gsize) layout.spectrum.height);
  if (!view->spectrogram)
    return FALSE;
  view->picture = new_picture (model, view->spectrogram, width, height);
  view->levels = g_new0 (guint8, layout.spectrum.height);
  GST_INFO ("%d x %d, %u columns per second", width, height, columns);
  return TRUE;
}

gboolean
genre_view_set_up (GenreView *view, const GenreModel *model, const GstAudioInfo *audio, const GstVideoInfo *video,
    GstClockTime span)
{
  GstClockTime now = GST_CLOCK_TIME_NONE;

  if (view->picture && GST_AUDIO_INFO_RATE (audio) == GST_AUDIO_INFO_RATE (&view->audio)
      && gst_video_info_is_equal (video, &view->video)) {
    view->audio = *audio;
    return TRUE;
  }
  if (view->picture)
    now = genre_frame_clock_time_of (&view->clock, view->clock.sample);
  drop_picture (view);
  if (!make_picture (view, model, video, (guint) GST_AUDIO_INFO_RATE (audio), span))
    return FALSE;
  view->audio = *audio;
  view->video = *video;
  begin_counting (view);
  view->clock.base = now;
  return TRUE;
}

gboolean
genre_view_is_set_up (const GenreView *view)
{
  return view->picture != NULL;
}

void
genre_view_reset (GenreView *view)
{
  drop_picture (view);
  genre_timeline_reset (&view->timeline);
}

void
genre_view_flush (GenreView *view)
{
  genre_timeline_reset (&view->timeline);
  if (!view->picture)
    return;
  genre_spectrogram_reset (view->spectrogram);
  scope_picture_clear (view->picture);
  begin_counting (view);
}

gsize
genre_view_frame_bytes (const GenreView *view)
{
  return (gsize) GST_AUDIO_INFO_BPF (&view->audio);
}

/* --- pictures -------------------------------------------------------------------------------------------------- */

static void
add_samples (GenreView *view, const float *mono, gsize n)
{
  genre_quiet_listen (&view->quiet, mono, n, GENRE_STREAM_SILENCE_DB);
  while (genre_spectrogram_next (view->spectrogram, &mono, &n, view->levels))
    scope_picture_add_column (view->picture, view->levels);
}

gsize
genre_view_add (GenreView *view, guint8 *data, gsize n, gboolean *ret_full)
{
  const guint64 end = genre_frame_clock_start_of (&view->clock, view->clock.frame + 1);
  const gsize taken = (gsize) MIN (MIN (n, CHUNK), end - view->clock.sample);
  float mono[CHUNK];

  if (data)
    genre_pcm_to_mono (&view->audio, (gpointer[]){ data }, 0, mono, taken);
  else
    memset (mono, 0, sizeof mono);
  add_samples (view, mono, taken);
  view->clock.sample += taken;
  *ret_full = view->clock.sample == end;
  return taken;
}

GstClockTime
genre_view_next_frame (GenreView *view)
{
  const guint64 start = genre_frame_clock_start_of (&view->clock, view->clock.frame);

  view->clock.frame++;
  return genre_frame_clock_time_of (&view->clock, start);
}

void
genre_view_draw (GenreView *view, ScopeMood mood, const gdouble *shares, GstVideoFrame *frame)
{
  const gdouble seconds = (gdouble) GST_VIDEO_INFO_FPS_D (&view->video) / GST_VIDEO_INFO_FPS_N (&view->video);
  const gboolean silent = samples_to_time (view, view->quiet.samples) >= QUIET;

  scope_picture_set_bars (view->picture, silent ? SCOPE_SILENCE : mood, shares, seconds);
  scope_picture_draw (view->picture, GST_VIDEO_FRAME_PLANE_DATA (frame, 0), GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0));
}
