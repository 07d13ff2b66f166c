/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/identification.h"

#include "gst/tools/decode.h"
#include "gst/tools/sections.h"
#include "models/genre_aggregate.h"

#include <math.h>

enum
{
  FIRST_RATE = 44100, /* until the first stretch says */
};

static const guint64 INTERVAL_NS = 1000000000; /* as the element's default */

struct ToolIdentifier
{
  ToolIdentifyConfig config;
  unsigned n_labels;
  double window; /* seconds, the model's longest */
  ToolSections *sections;

  /* of the recording that is heard */
  ToolSpans *spans;
  double start;   /* seconds, of the first sample that was heard */
  double seconds; /* heard in all */
};

static void
take_window (gpointer data, double start, double end, const double *probabilities)
{
  const ToolIdentifier *identifier = data;
  tool_spans_add (identifier->spans, start, end, probabilities);
}

ToolIdentifier *
tool_identifier_new (const ToolIdentifyConfig *config)
{
  const GenreStreamConfig stream = { INTERVAL_NS, 0, GENRE_STREAM_SILENCE_DB, config->music_threshold };
  const GenreFrontend *frontend = genre_model_frontend (config->model);
  ToolIdentifier *identifier = g_new0 (ToolIdentifier, 1);

  identifier->config = *config;
  identifier->n_labels = genre_model_n_labels (config->model);
  identifier->window = (double) genre_model_window_frames (config->model) * frontend->mel.hop_length
      / frontend->mel.sample_rate_hz;
  identifier->sections = tool_sections_new (config->model, FIRST_RATE, &stream, take_window, identifier);
  if (!identifier->sections)
    g_clear_pointer (&identifier, g_free);
  return identifier;
}

void
tool_identifier_free (ToolIdentifier *identifier)
{
  if (!identifier)
    return;
  tool_sections_free (identifier->sections);
  g_free (identifier);
}

/* --- samples --------------------------------------------------------------------------------------------------- */

/* samples [n] */
static void
push (ToolIdentifier *identifier, const float *samples, gsize n)
{
  const double before = identifier->seconds;

  tool_sections_push (identifier->sections, samples, n);
  identifier->seconds = tool_sections_end (identifier->sections) - identifier->start;
  if (identifier->config.heard)
    atomic_fetch_add (identifier->config.heard, (unsigned) (floor (identifier->seconds) - floor (before)));
}

/* Of the stretch the samples that belong to the part that is wanted. */
static gsize
wanted (const ToolIdentifier *identifier, const GenreStretch *stretch)
{
  const double left = identifier->config.length - identifier->seconds;

  if (identifier->config.length <= 0)
    return stretch->n;
  return (gsize) MIN ((double) stretch->n, MAX (0, ceil (left * stretch->rate_hz - 1e-6)));
}

/* FALSE: an error. */
static gboolean
hear (ToolIdentifier *identifier, GenreDecoder *decoder, GError **error)
{
  const ToolIdentifyConfig *config = &identifier->config;
  GenreStretch stretch = { NULL, 0, 0, FALSE };
  gsize n;

  if (config->offset > 0 && !genre_decoder_seek (decoder, config->offset, config->length, &identifier->start, error))
    return FALSE;
  tool_sections_reset (identifier->sections, identifier->start);
  do {
    if (!genre_decoder_next (decoder, &stretch, error))
      return FALSE;
    if (stretch.fresh && !tool_sections_begin (identifier->sections, stretch.rate_hz))
      g_error ("out of memory");
    n = wanted (identifier, &stretch);
    push (identifier, stretch.mono, n);
  } while (stretch.n > 0 && n == stretch.n);
  return TRUE;
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

static char **
find_tags (const GstTagList *tags, const char *tag)
{
  g_autoptr (GPtrArray) values = g_ptr_array_new ();
  char *value = NULL;

  for (guint i = 0; gst_tag_list_get_string_index (tags, tag, i, &value); i++)
    g_ptr_array_add (values, value);
  g_ptr_array_add (values, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&values), FALSE);
}

static char *
find_tag (const GstTagList *tags, const char *tag)
{
  char *value = NULL;
  return gst_tag_list_get_string_index (tags, tag, 0, &value) ? value : NULL;
}

/* A recording that is shorter than any window, but has an answer, is one span. */
static GArray *
take_spans (ToolIdentifier *identifier, const ToolIdentification *whole)
{
  const double end = identifier->start + identifier->seconds;
  GArray *spans = tool_spans_finish (identifier->spans, end, identifier->window, identifier->config.shortest);
  const unsigned top = genre_probabilities_top (whole->probabilities, whole->n_labels);

  if (whole->state == GENRE_STATE_TOO_SHORT && whole->windows > 0) {
    const ToolSpan span = { identifier->start, end, top, whole->probabilities[top] };
    g_array_append_val (spans, span);
  }
  return spans;
}

static ToolIdentification *
finish (ToolIdentifier *identifier, GenreDecoder *decoder)
{
  const GenreResult *result = tool_sections_finish (identifier->sections);
  const gsize size = identifier->n_labels * sizeof *result->probabilities;
  const unsigned top = genre_probabilities_top (result->probabilities, identifier->n_labels);
  const gboolean heard = (result->state == GENRE_STATE_OK || result->state == GENRE_STATE_TOO_SHORT)
      && result->windows > 0;
  const GstTagList *tags = genre_decoder_tags (decoder);
  ToolIdentification *whole = g_new (ToolIdentification, 1);

  *whole = (ToolIdentification){
    .state = result->state,
    .label = heard && result->probabilities[top] >= identifier->config.threshold ? (int) top : -1,
    .confidence = heard ? result->probabilities[top] : 0,
    .music = result->music,
    .n_labels = identifier->n_labels,
    .probabilities = g_memdup2 (result->probabilities, size),
    .windows = result->windows,
    .start = identifier->start,
    .seconds = identifier->seconds,
    .duration = genre_decoder_duration (decoder),
    .cancelled = genre_decoder_cancelled (decoder),
    .artist = find_tag (tags, GST_TAG_ARTIST),
    .title = find_tag (tags, GST_TAG_TITLE),
    .genres = find_tags (tags, GST_TAG_GENRE),
  };
  whole->spans = take_spans (identifier, whole);
  return whole;
}

ToolIdentification *
tool_identifier_hear (ToolIdentifier *identifier, const char *location, GError **error)
{
  g_autoptr (GenreDecoder) decoder = genre_decoder_new (location);
  g_autoptr (ToolSpans) spans = tool_spans_new (identifier->n_labels);

  identifier->spans = spans;
  identifier->start = identifier->seconds = 0;
  return hear (identifier, decoder, error) ? finish (identifier, decoder) : NULL;
}

void
tool_identification_free (ToolIdentification *identification)
{
  if (!identification)
    return;
  g_free (identification->probabilities);
  g_array_unref (identification->spans);
  g_free (identification->artist);
  g_free (identification->title);
  g_strfreev (identification->genres);
  g_free (identification);
}
