/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L /* isatty, fileno */

#include "gst/tools/output.h"

#include "gst/tools/interrupt.h"
#include "gst/tools/terminal.h"
#include "gst/tools/tool.h"
#include "models/file/regular_file.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

struct ToolOutput
{
  char *path;              /* NULL: standard output */
  RegularFileDraft *draft; /* of a file; NULL: none */
  FILE *stream;            /* of what is no regular file; NULL: none */
};

ToolOutput *
tool_output_new (const char *path)
{
  ToolOutput *output = g_new0 (ToolOutput, 1);
  output->path = g_strdup (path);
  if (!path) {
    output->stream = stdout;
  } else if (g_file_test (path, G_FILE_TEST_EXISTS) && !g_file_test (path, G_FILE_TEST_IS_REGULAR)) {
    output->stream = g_fopen (path, "w");
  } else {
    output->draft = regular_file_draft_new (path, NULL, 0666);
    tool_leftover_add (regular_file_draft_temporary (output->draft));
  }
  return output;
}

void
tool_output_free (ToolOutput *output)
{
  if (!output)
    return;
  if (output->draft) {
    g_autofree char *temporary = g_strdup (regular_file_draft_temporary (output->draft));
    regular_file_draft_free (output->draft);
    tool_leftover_forget (temporary);
  }
  if (output->stream && output->path)
    fclose (output->stream);
  g_free (output->path);
  g_free (output);
}

static gboolean
fail (const ToolOutput *output)
{
  if (output->path) {
    g_autofree char *shown = g_filename_display_name (output->path);
    tool_fail ("%s: it cannot be written to", shown);
  }
  return FALSE;
}

gboolean
tool_output_write (ToolOutput *output, const char *text, gsize size)
{
  g_autoptr (GError) error = NULL;

  if (!output->path && isatty (fileno (stdout))) {
    g_autofree char *table = g_strndup (text, size);
    tool_terminal_put_table (stdout, table);
    return !ferror (stdout);
  }
  if (!output->draft)
    return (output->stream && fwrite (text, 1, size, output->stream) == size) || fail (output);
  if (regular_file_draft_write (output->draft, (const guint8 *) text, size, &error))
    return TRUE;
  return tool_reject ("%s", error->message);
}

gboolean
tool_output_finish (ToolOutput *output)
{
  g_autoptr (GError) error = NULL;

  if (!output->draft)
    return (output->stream && fflush (output->stream) == 0) || fail (output);
  if (regular_file_draft_sync (output->draft, &error) && regular_file_draft_place (output->draft, &error))
    return TRUE;
  return tool_reject ("%s", error->message);
}

gboolean
tool_output_save (const char *path, const char *data, gsize size)
{
  g_autoptr (ToolOutput) output = tool_output_new (path);

  return tool_output_write (output, data, size) && tool_output_finish (output);
}
