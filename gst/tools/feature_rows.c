/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/feature_rows.h"

#include "gst/tools/decode.h"
#include "models/moments.h"

#include <string.h>

enum
{
  N_VALUES = GENRE_FRAME_VALUES + GENRE_TEXTURE_VALUES,
  STEP = GENRE_TEXTURE_FRAMES / 2, /* from one texture window to the next */
};

/* --- columns --------------------------------------------------------------------------------------------------- */

/* A value of the rows; how it is called there. */
typedef struct Column
{
  gsize value;
  char *name; /* of the value alone; NULL: mean and standard deviation are there instead */
  char *mean, *std;
} Column;

struct ToolFeatureColumns
{
  ToolFeaturesConfig config;
  Column column[N_VALUES];
  gsize n;
};

static gboolean
has_value (const ToolFeaturesConfig *config, gsize value)
{
  return config->per != TOOL_FEATURES_PER_FRAME || value < GENRE_FRAME_VALUES;
}

static void
add_column (ToolFeatureColumns *columns, gsize value)
{
  const ToolFeaturesPer per = columns->config.per;
  const gboolean alone = per == TOOL_FEATURES_PER_FRAME
      || (per == TOOL_FEATURES_PER_TEXTURE && value >= GENRE_FRAME_VALUES);
  Column *column = &columns->column[columns->n++];
  g_autofree char *name = genre_descriptor_value_name (value);

  column->value = value;
  column->mean = alone ? NULL : g_strconcat (name, "_mean", NULL);
  column->std = alone ? NULL : g_strconcat (name, "_std", NULL);
  column->name = alone ? g_steal_pointer (&name) : NULL;
}

ToolFeatureColumns *
tool_feature_columns_new (const ToolFeaturesConfig *config)
{
  ToolFeatureColumns *columns = g_new0 (ToolFeatureColumns, 1);
  columns->config = *config;
  for (gsize i = 0; i < GENRE_N_DESCRIPTORS; i++) {
    const GenreDescriptor *descriptor = genre_descriptor (i);
    for (gsize k = 0; config->wanted[i] && k < descriptor->n; k++)
      if (has_value (config, descriptor->first + k))
        add_column (columns, descriptor->first + k);
  }
  return columns;
}

void
tool_feature_columns_free (ToolFeatureColumns *columns)
{
  if (!columns)
    return;
  for (gsize i = 0; i < columns->n; i++) {
    g_free (columns->column[i].name);
    g_free (columns->column[i].mean);
    g_free (columns->column[i].std);
  }
  g_free (columns);
}

/* When the row is: as many names as add_when() has numbers. */
static const char *const when_names[][3] = {
  [TOOL_FEATURES_PER_FILE] = { "duration_s", NULL },
  [TOOL_FEATURES_PER_TEXTURE] = { "start_s", "end_s", NULL },
  [TOOL_FEATURES_PER_FRAME] = { "time_s", NULL },
};

void
tool_feature_columns_append_header (const ToolFeatureColumns *columns, GString *text)
{
  if (columns->config.format == TOOL_ROW_JSON)
    return;
  g_autoptr (ToolRow) row = tool_row_new (columns->config.format);
  tool_row_begin (row);
  tool_row_text (row, NULL, "file");
  for (const char *const *name = when_names[columns->config.per]; *name; name++)
    tool_row_text (row, NULL, *name);
  for (gsize i = 0; i < columns->n; i++) {
    const Column *column = &columns->column[i];
    tool_row_text (row, NULL, column->name ? column->name : column->mean);
    if (column->std)
      tool_row_text (row, NULL, column->std);
  }
  tool_row_end (row);
  g_string_append (text, row->text->str);
}

/* --- a recording ----------------------------------------------------------------------------------------------- */

/* One recording on its way into rows. */
typedef struct Rows
{
  const ToolFeatureColumns *columns;
  const char *name, *uri;
  ToolSpool *spool;
  ToolRow *row;

  GenreDescriptors *descriptors; /* NULL before the first sample */
  guint rate_hz;
  double begin; /* of the section, seconds */
  double seconds;

  GenreMoments file[N_VALUES];
  GenreMoments window[2][GENRE_FRAME_VALUES]; /* of the texture window that begins at an even step, and at an odd one */
} Rows;

static double
frame_seconds (const Rows *rows, guint64 frame)
{
  return rows->begin + (double) genre_descriptors_center (rows->descriptors, frame) / rows->rate_hz;
}

/* moments   [N_VALUES], or only of the values that have no name of their own
 * long_term [GENRE_TEXTURE_VALUES], or NULL */
static void
add_values (Rows *rows, const GenreMoments *moments, const double *values)
{
  for (gsize i = 0; i < rows->columns->n; i++) {
    const Column *column = &rows->columns->column[i];
    if (column->name) {
      tool_row_number (rows->row, column->name, values[column->value]);
    } else if (moments[column->value].n == 0) {
      tool_row_none (rows->row, column->mean);
      tool_row_none (rows->row, column->std);
    } else {
      tool_row_number (rows->row, column->mean, moments[column->value].mean);
      tool_row_number (rows->row, column->std, genre_moments_std (&moments[column->value]));
    }
  }
}

/* moments, values: as add_values() has them; when [as many as when_names] */
static gboolean
write_row (Rows *rows, const double *when, const GenreMoments *moments, const double *values, GError **error)
{
  const ToolFeaturesPer per = rows->columns->config.per;

  tool_row_begin (rows->row);
  tool_row_text (rows->row, "file", rows->name);
  if (per == TOOL_FEATURES_PER_FILE && rows->row->format == TOOL_ROW_JSON)
    tool_row_text (rows->row, "uri", rows->uri);
  for (gsize i = 0; when_names[per][i]; i++)
    tool_row_seconds (rows->row, when_names[per][i], when[i]);
  add_values (rows, moments, values);
  tool_row_end (rows->row);
  return tool_spool_append (rows->spool, rows->row->text->str, rows->row->text->len, error);
}

static void
add_moments (GenreMoments *moments, const double *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    genre_moments_add (&moments[i], values[i]);
}

/* After frame `frame`: whether a texture window ends with it, and which of the two. */
static gboolean
window_ends (guint64 frame, gsize *ret_which)
{
  const guint64 n = frame + 1;
  *ret_which = (gsize) (n / STEP % 2);
  return n >= GENRE_TEXTURE_FRAMES && n % STEP == 0;
}

static gboolean
end_window (Rows *rows, guint64 frame, const GenreMoments *moments, GError **error)
{
  double values[N_VALUES];

  if (!genre_descriptors_texture (rows->descriptors, values + GENRE_FRAME_VALUES))
    return TRUE;
  add_moments (rows->file + GENRE_FRAME_VALUES, values + GENRE_FRAME_VALUES, GENRE_TEXTURE_VALUES);
  if (rows->columns->config.per != TOOL_FEATURES_PER_TEXTURE)
    return TRUE;
  const double when[] = { frame_seconds (rows, frame + 1 - GENRE_TEXTURE_FRAMES), frame_seconds (rows, frame + 1) };
  return write_row (rows, when, moments, values, error);
}

static void
add_to_windows (Rows *rows, guint64 frame, const double *values)
{
  if (frame % STEP == 0)
    memset (rows->window[frame / STEP % 2], 0, sizeof rows->window[0]);
  add_moments (rows->window[0], values, GENRE_FRAME_VALUES);
  add_moments (rows->window[1], values, GENRE_FRAME_VALUES);
}

/* values [GENRE_FRAME_VALUES] */
static gboolean
take_frame (Rows *rows, guint64 frame, const double *values, GError **error)
{
  const double when[] = { frame_seconds (rows, frame) };
  gsize which;

  add_moments (rows->file, values, GENRE_FRAME_VALUES);
  if (rows->columns->config.per == TOOL_FEATURES_PER_TEXTURE)
    add_to_windows (rows, frame, values);
  if (rows->columns->config.per == TOOL_FEATURES_PER_FRAME && !write_row (rows, when, NULL, values, error))
    return FALSE;
  return !window_ends (frame, &which) || end_window (rows, frame, rows->window[which], error);
}

static gboolean
take_frames (Rows *rows, GError **error)
{
  double values[GENRE_FRAME_VALUES];
  gboolean ok = TRUE;

  while (ok && genre_descriptors_next (rows->descriptors, values))
    ok = take_frame (rows, genre_descriptors_frame (rows->descriptors) - 1, values, error);
  return ok;
}

static gboolean
end_section (Rows *rows, GError **error)
{
  if (!rows->descriptors)
    return TRUE;
  genre_descriptors_finish (rows->descriptors);
  const gboolean ok = take_frames (rows, error);
  g_clear_pointer (&rows->descriptors, genre_descriptors_free);
  return ok;
}

/* Samples from here on have nothing to do with those before. */
static gboolean
begin_section (Rows *rows, guint rate_hz, GError **error)
{
  if (!end_section (rows, error))
    return FALSE;
  rows->begin = rows->seconds;
  rows->rate_hz = rate_hz;
  rows->descriptors = genre_descriptors_new (rate_hz);
  if (!rows->descriptors)
    g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_NOMEM, "out of memory");
  return rows->descriptors != NULL;
}

static gboolean
push (Rows *rows, const GenreStretch *stretch, GError **error)
{
  gboolean ok = !stretch->fresh || begin_section (rows, stretch->rate_hz, error);

  for (gsize taken = 0; ok && taken < stretch->n;) {
    taken += genre_descriptors_push (rows->descriptors, stretch->mono + taken, stretch->n - taken);
    ok = take_frames (rows, error);
  }
  rows->seconds += (double) stretch->n / stretch->rate_hz;
  return ok;
}

gboolean
tool_feature_rows (const ToolFeatureColumns *columns, const char *location, const char *name, const char *uri,
    ToolSpool *spool, ToolFeatureReport *ret_report, GError **error)
{
  g_autoptr (GenreDecoder) decoder = genre_decoder_new (location);
  g_autoptr (ToolRow) row = tool_row_new (columns->config.format);
  Rows rows = { .columns = columns, .name = name, .uri = uri, .spool = spool, .row = row };
  GenreStretch stretch = { .n = 0 };
  gboolean ok;

  do {
    ok = genre_decoder_next (decoder, &stretch, error) && (stretch.n == 0 || push (&rows, &stretch, error));
  } while (ok && stretch.n > 0);
  ok = ok && end_section (&rows, error);
  genre_descriptors_free (rows.descriptors);
  if (ok && columns->config.per == TOOL_FEATURES_PER_FILE)
    ok = write_row (&rows, &rows.seconds, rows.file, NULL, error);
  *ret_report = (ToolFeatureReport){ rows.seconds, genre_decoder_cancelled (decoder) };
  return ok;
}
