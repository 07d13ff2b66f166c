/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/test-gst-genre_tag.c - after how many windows and seconds a genre is tagged, and what makes it void.
 *
 * Layer:   tests; gst/tags, with the embedded model's labels.
 */
#include "gst/tags.h"
#include "tests/test.h"

enum
{
  MAX_LABELS = 64,
};

static GenreModel *model;
static double shares[MAX_LABELS];

static void
decide (GenreTags *tags, guint leader, double share, guint windows, GstClockTime heard, gboolean final)
{
  const GenreResult result = { .aggregate = shares, .windows = windows, .final = final };
  const GenreAnswer answer = { .model = model, .result = &result, .heard = heard };

  for (guint i = 0; i < genre_model_n_labels (model); i++)
    shares[i] = 0;
  shares[leader] = share;
  genre_tags_decide (tags, &answer, .2);
}

/* Whether the tag that is to be sent now is that label; -1: none is. */
static gboolean
sends (GenreTags *tags, gint label)
{
  GstEvent *event = genre_tags_take (tags);
  GstTagList *list;
  gchar *genre = NULL;

  if (!event)
    return label < 0;
  gst_event_parse_tag (event, &list);
  gst_tag_list_get_string (list, GST_TAG_GENRE, &genre);

  const gboolean same = label >= 0 && g_strcmp0 (genre, genre_model_labels (model)[label]) == 0;

  g_free (genre);
  gst_event_unref (event);
  return same;
}

/* The last ns, the last window and the last share of what is asked for. */
static void
test_limits (void)
{
  GenreTags *tags = genre_tags_new ();

  genre_tags_begin_run (tags);
  decide (tags, 1, .9, 1, 4 * GST_SECOND, FALSE);
  decide (tags, 1, .9, 9, 20 * GST_SECOND, FALSE);
  CHECK (sends (tags, -1), "nine windows");
  decide (tags, 1, .499, 10, 20 * GST_SECOND, FALSE);
  CHECK (sends (tags, -1), "less than half");
  decide (tags, 1, .5, 10, 14 * GST_SECOND - 1, FALSE);
  CHECK (sends (tags, -1), "in front for less than 10 s");
  decide (tags, 1, .5, 10, 14 * GST_SECOND, FALSE);
  CHECK (sends (tags, 1), "ten windows, half, 10 s");
  CHECK (sends (tags, -1), "once");
  decide (tags, 2, .9, 20, 30 * GST_SECOND, FALSE);
  decide (tags, 2, .9, 40, 60 * GST_SECOND, FALSE);
  CHECK (sends (tags, -1), "the first stays until the final");
  decide (tags, 2, .9, 41, 61 * GST_SECOND, TRUE);
  CHECK (sends (tags, 2), "the final");
  genre_tags_free (tags);
}

static void
test_void (void)
{
  GenreTags *tags = genre_tags_new ();

  genre_tags_begin_run (tags);
  decide (tags, 1, .9, 0, 0, TRUE);
  CHECK (sends (tags, -1), "a final without windows");
  decide (tags, 1, .9, 10, 0, TRUE);
  genre_tags_end_run (tags);
  CHECK (sends (tags, -1), "the run is over");
  decide (tags, 1, .9, 10, 0, TRUE);
  genre_tags_begin_run (tags);
  CHECK (sends (tags, -1), "another run has begun");
  decide (tags, 1, .9, 10, 0, TRUE);
  CHECK (sends (tags, 1), "its own final, even if the same");
  genre_tags_free (tags);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  model = genre_model_default (NULL);
  CHECK (genre_model_n_labels (model) > 2 && genre_model_n_labels (model) <= MAX_LABELS, "labels");
  test_limits ();
  test_void ();
  genre_model_unref (model);
  TEST_END ();
}
