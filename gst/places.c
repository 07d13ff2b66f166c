/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/places.h"

#include "gst/timeline.h"

typedef struct Place
{
  guint64 sample;     /* it holds from here on */
  guint64 pts_sample; /* whose time is pts: not after `sample` */
  GstClockTime pts;   /* NONE: unknown */
  GstSegment segment;
} Place;

struct GenrePlaces
{
  GArray *list; /* of Place, oldest first, never empty */
};

static Place *
nth (const GenrePlaces *places, guint i)
{
  return &g_array_index (places->list, Place, i);
}

GenrePlaces *
genre_places_new (void)
{
  GenrePlaces *places = g_new0 (GenrePlaces, 1);
  GstSegment segment;

  places->list = g_array_new (FALSE, FALSE, sizeof (Place));
  gst_segment_init (&segment, GST_FORMAT_UNDEFINED);
  genre_places_reset (places, GST_CLOCK_TIME_NONE, &segment);
  return places;
}

void
genre_places_free (GenrePlaces *places)
{
  if (!places)
    return;
  g_array_unref (places->list);
  g_free (places);
}

void
genre_places_reset (GenrePlaces *places, GstClockTime pts, const GstSegment *segment)
{
  const Place first = { .pts = pts, .segment = *segment };

  g_array_set_size (places->list, 0);
  g_array_append_val (places->list, first);
}

/* The place that is in force from this sample on, to be changed. */
static Place *
begin (GenrePlaces *places, guint64 sample)
{
  Place last = *nth (places, places->list->len - 1);

  if (last.sample < sample) {
    last.sample = sample;
    g_array_append_val (places->list, last);
  }
  return nth (places, places->list->len - 1);
}

void
genre_places_set_segment (GenrePlaces *places, guint64 sample, const GstSegment *segment)
{
  begin (places, sample)->segment = *segment;
}

void
genre_places_set_pts (GenrePlaces *places, guint64 sample, GstClockTime pts)
{
  Place *place = begin (places, sample);

  place->pts_sample = sample;
  place->pts = pts;
}

void
genre_places_forget (GenrePlaces *places, guint64 sample)
{
  guint n = 0;

  while (n + 1 < places->list->len && nth (places, n + 1)->sample <= sample)
    n++;
  if (n > 0)
    g_array_remove_range (places->list, 0, n);
}

static const Place *
place_at (const GenrePlaces *places, guint64 sample)
{
  guint i = places->list->len - 1;

  while (i > 0 && nth (places, i)->sample > sample)
    i--;
  return nth (places, i);
}

GenreTimes
genre_places_times (const GenrePlaces *places, guint64 sample, guint rate_hz)
{
  const Place *place = place_at (places, sample);
  const GstSegment *segment = &place->segment;
  const GstClockTime passed = gst_util_uint64_scale (sample - place->pts_sample, GST_SECOND, rate_hz);
  GenreTimes times = { GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE };

  times.timestamp = genre_time_add (place->pts, passed);
  if (GST_CLOCK_TIME_IS_VALID (times.timestamp) && segment->format == GST_FORMAT_TIME) {
    times.stream_time = gst_segment_to_stream_time (segment, GST_FORMAT_TIME, times.timestamp);
    times.running_time = gst_segment_to_running_time (segment, GST_FORMAT_TIME, times.timestamp);
  }
  return times;
}
