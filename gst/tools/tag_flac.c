/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/tag_flac.h"

#include "gst/tools/id3v2.h"
#include "gst/tools/tag_comments.h"

#include <string.h>

enum
{
  MARK = 4,         /* "fLaC" */
  BLOCK_HEADER = 4, /* type and, in its highest bit, whether it is the last one; length */
  LAST = 0x80,
  STREAMINFO = 0,
  PADDING = 1,
  COMMENTS = 4,
  MAX_BLOCK = (1 << 24) - 1,
};

static const char *const block_names[] = { "STREAMINFO", "PADDING", "APPLICATION", "SEEKTABLE", "VORBIS_COMMENT",
  "CUESHEET", "PICTURE" };

typedef struct Block
{
  guint8 type;
  gboolean last;
  guint64 at; /* of its content */
  guint32 size;
} Block;

typedef struct Layout
{
  guint64 start;         /* of "fLaC" */
  GArray *blocks;        /* of Block */
  guint64 audio;         /* of the first frame */
  int comments, padding; /* index of the first one; -1: none */
} Layout;

static void
layout_free (Layout *layout)
{
  g_array_unref (layout->blocks);
  g_free (layout);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Layout, layout_free)

gboolean
tool_tag_flac_is (const ToolTagReader *reader)
{
  guint8 mark[MARK];

  return tool_tag_peek (reader, id3v2_measure (reader, 0), mark, MARK) && memcmp (mark, "fLaC", MARK) == 0;
}

static const Block *
block_at (const Layout *layout, guint i)
{
  return &g_array_index (layout->blocks, Block, i);
}

static Layout *
read_layout (const ToolTagReader *reader, GError **error)
{
  g_autoptr (Layout) layout = g_new0 (Layout, 1);
  Block block = { 0 };

  layout->start = id3v2_measure (reader, 0);
  layout->blocks = g_array_new (FALSE, FALSE, sizeof (Block));
  layout->comments = layout->padding = -1;
  for (layout->audio = layout->start + MARK; !block.last; layout->audio = block.at + block.size) {
    guint8 header[BLOCK_HEADER];
    if (!tool_tag_peek (reader, layout->audio, header, sizeof header)) {
      tool_tag_refuse (error, "it ends within its metadata blocks");
      return NULL;
    }
    block = (Block){ header[0] & (LAST - 1), (header[0] & LAST) != 0, layout->audio + BLOCK_HEADER,
      tool_tag_be24 (header + 1) };
    if (block.type == COMMENTS && layout->comments >= 0) {
      tool_tag_refuse (error, "it has two blocks of comments");
      return NULL;
    }
    if (block.type == COMMENTS)
      layout->comments = (int) layout->blocks->len;
    if (block.type == PADDING && layout->padding < 0)
      layout->padding = (int) layout->blocks->len;
    g_array_append_val (layout->blocks, block);
  }
  return g_steal_pointer (&layout);
}

static ToolComments *
read_comments (const ToolTagReader *reader, const Layout *layout, GError **error)
{
  if (layout->comments < 0)
    return tool_comments_new_empty ();
  const Block *block = block_at (layout, (guint) layout->comments);
  g_autoptr (GBytes) bytes = tool_tag_read (reader, block->at, block->size, error);
  return bytes ? tool_comments_new (bytes, error) : NULL;
}

/* --- survey ----------------------------------------------------------------------------------------------------- */

static gboolean
survey_range (const ToolTagReader *reader, ToolTagSurvey *survey, const char *name, guint64 at, guint64 size,
    GError **error)
{
  g_autoptr (GBytes) bytes = tool_tag_read (reader, at, size, error);
  if (!bytes)
    return FALSE;
  tool_tag_survey_add (survey, name, g_bytes_get_data (bytes, NULL), (gsize) size);
  return TRUE;
}

static gboolean
survey_blocks (const ToolTagReader *reader, const Layout *layout, ToolTagSurvey *survey, GError **error)
{
  for (guint i = 0; i < layout->blocks->len; i++) {
    const Block *block = block_at (layout, i);
    const char *name = block->type < G_N_ELEMENTS (block_names) ? block_names[block->type] : "an unknown block";
    if (block->type == PADDING || block->type == COMMENTS)
      continue;
    if (!survey_range (reader, survey, name, block->at, block->size, error))
      return FALSE;
  }
  return layout->start == 0 || survey_range (reader, survey, "ID3v2 tag", 0, layout->start, error);
}

gboolean
tool_tag_flac_survey (const ToolTagReader *reader, ToolTagSurvey *survey, GError **error)
{
  g_autoptr (Layout) layout = read_layout (reader, error);
  g_autoptr (ToolComments) comments = layout ? read_comments (reader, layout, error) : NULL;
  g_autoptr (GChecksum) audio = g_checksum_new (G_CHECKSUM_SHA256);

  if (!comments || !survey_blocks (reader, layout, survey, error)
      || !tool_tag_sum (reader, audio, layout->audio, reader->size, error))
    return FALSE;
  survey->audio = g_strdup (g_checksum_get_string (audio));
  tool_comments_survey (comments, survey);
  return TRUE;
}

/* --- edit ------------------------------------------------------------------------------------------------------- */

static GBytes *
render_header (guint8 type, gboolean last, gsize size)
{
  const guint8 header[] = { (guint8) (type | (last ? LAST : 0)), (guint8) (size >> 16), (guint8) (size >> 8),
    (guint8) size };
  return g_bytes_new (header, sizeof header);
}

static void
add_comments (GArray *pieces, GBytes *comments, gboolean last)
{
  tool_tag_pieces_add (pieces, render_header (COMMENTS, last, g_bytes_get_size (comments)));
  tool_tag_pieces_add (pieces, g_bytes_ref (comments));
}

/* The padding's new size, so that no other byte moves; its old one if it is not large enough. */
static gsize
fit_padding (const Layout *layout, gsize comments)
{
  if (layout->padding < 0)
    return 0;
  const gsize padding = block_at (layout, (guint) layout->padding)->size;
  const gsize old = layout->comments >= 0 ? block_at (layout, (guint) layout->comments)->size : 0;
  const gsize added = layout->comments < 0 ? comments + BLOCK_HEADER : comments;

  return padding + old >= added && padding + old - added <= MAX_BLOCK ? padding + old - added : padding;
}

static void
add_block (GArray *pieces, const Layout *layout, guint i, GBytes *comments)
{
  const Block *block = block_at (layout, i);
  const gsize padding = fit_padding (layout, g_bytes_get_size (comments));
  const gboolean follows = layout->comments < 0 && i == 0; /* new comments follow STREAMINFO, which is the first */

  if ((int) i == layout->comments) {
    add_comments (pieces, comments, block->last);
  } else if ((int) i == layout->padding && padding != block->size) {
    tool_tag_pieces_add (pieces, render_header (PADDING, block->last && !follows, padding));
    tool_tag_pieces_add (pieces, g_bytes_new_take (g_malloc0 (MAX (padding, 1)), padding));
  } else {
    tool_tag_pieces_add (pieces, render_header (block->type, block->last && !follows, block->size));
    tool_tag_pieces_add_range (pieces, block->at, block->at + block->size);
  }
  if (follows)
    add_comments (pieces, comments, block->last);
}

GArray *
tool_tag_flac_edit (const ToolTagReader *reader, const GPtrArray *genres, GError **error)
{
  g_autoptr (Layout) layout = read_layout (reader, error);
  g_autoptr (ToolComments) old = layout ? read_comments (reader, layout, error) : NULL;
  g_autoptr (GBytes) comments = old ? tool_comments_edit (old, genres) : NULL;

  if (!comments)
    return NULL;
  if (g_bytes_get_size (comments) > MAX_BLOCK) {
    tool_tag_refuse (error, "its comments would be larger than a metadata block");
    return NULL;
  }
  GArray *pieces = tool_tag_pieces_new ();
  tool_tag_pieces_add_range (pieces, 0, layout->start + MARK);
  for (guint i = 0; i < layout->blocks->len; i++)
    add_block (pieces, layout, i, comments);
  tool_tag_pieces_add_range (pieces, layout->audio, reader->size);
  return pieces;
}
