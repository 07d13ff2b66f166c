/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/files.h - directories of music -> a sorted list of files, with labels where there is one folder per genre.
 *
 * Layer:   gst; outputs, GStreamer's typefinding.
 * Threads: one object serves one thread at a time; gst_init() has been called.
 *
 * What is not music is left out quietly: hidden files and folders, and by their extension, or else by their first
 * bytes, pictures, texts, playlists; downloads that have not ended are counted.  Sorted by the bytes of the names: the
 * same in any locale, and whatever order the file system has them in.
 *
 * Every file is taken once, by device and inode.  Links are followed, but for those to folders that lie below the
 * directory anyway: where a folder lies decides its label.  A file that has two labels all the same, by links to it, or
 * to a folder that lies elsewhere, has none: it is named and left out.
 */
#ifndef GST_TOOLS_FILES_H
#define GST_TOOLS_FILES_H

#include <glib.h>

typedef struct ToolFile
{
  char *path; /* in the file system's encoding */
  char *name; /* UTF-8: relative to the directory, '/' between its parts; or the path as it was given */
  int label;  /* index into labels; -1: none */
} ToolFile;

typedef struct ToolProblem
{
  char *path;   /* of what could not be read, in the file system's encoding */
  char *name;   /* as a file's, or those of several files */
  char *reason; /* "it cannot be examined" */
} ToolProblem;

typedef struct ToolFiles
{
  GPtrArray *files;  /* of ToolFile, by name */
  GPtrArray *labels; /* of char *, UTF-8, sorted; ends in no NULL */
  GPtrArray
      *problems;    /* of ToolProblem: folders that cannot be read, links that lead nowhere, files under two labels */
  GPtrArray *notes; /* of char *: what is odd, but no failure */
  guint left_out;   /* files that are no music, or hidden, or downloads that have not ended */
} ToolFiles;

typedef enum ToolLayout
{
  TOOL_LAYOUT_GENRES, /* the first level of folders are the labels, if there is any that holds music; files beside them
                       * have none */
  TOOL_LAYOUT_FLAT,   /* no labels */
} ToolLayout;

/* Every file below `directory`.  There may be none.  NULL: a G_FILE_ERROR. */
ToolFiles *tool_files_scan (const char *directory, ToolLayout layout, GError **error);
void tool_files_free (ToolFiles *files); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolFiles, tool_files_free)

/* The name of a file or folder as UTF-8: bytes that are none become "\\xE9".  Different names stay different. */
char *tool_file_name (const char *name);

#endif
