/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/walk.h - what a command line names -> a list of recordings, each once, in the order they were named.
 *
 * Layer:   gst; files, playlist, outputs, models/file/regular_file.
 * Threads: one object serves one thread at a time; gst_init() has been called.
 *
 * A directory gives the music below it, as files.h has it, by name; a playlist what it names; a file is itself, music
 * or not, and so is a URI.  What cannot be found or read stays in its place in the list, with the reason.
 */
#ifndef GST_TOOLS_WALK_H
#define GST_TOOLS_WALK_H

#include <glib.h>

typedef struct ToolInput
{
  char *location; /* a path in the file system's encoding, as it was named or walked to; or a URI */
  gboolean is_uri;
  char *name;    /* UTF-8: from the directory that was walked on; else its last part */
  char *problem; /* why it cannot be heard, without its name; NULL: nothing is known */
  guint64 size;  /* bytes; 0: unknown */
} ToolInput;

typedef struct ToolWalk
{
  GPtrArray *inputs; /* of ToolInput */
  guint repeated;    /* names of files that are in the list already, by another name or the same */
  guint left_out;    /* files in directories that are no music */
  /* private */
  GHashTable *seen; /* identities */
} ToolWalk;

ToolWalk *tool_walk_new (void);
void tool_walk_free (ToolWalk *walk); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolWalk, tool_walk_free)

/* argument  path of a file, directory or playlist, or a URI */
void tool_walk_add (ToolWalk *walk, const char *argument);

/* Every name of a list, as an argument each.
 *
 * path  of the list; "-": standard input
 * end   of a name: '\n' or '\0'
 *
 * FALSE: it cannot be read; a G_FILE_ERROR or of models/file/error.h. */
gboolean tool_walk_add_list (ToolWalk *walk, const char *path, char end, GError **error);

/* What tells this input from all others, and exactly: file:// with every odd byte as %XX, or the URI itself. */
char *tool_input_uri (const ToolInput *input);

#endif
