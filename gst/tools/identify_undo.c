/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What --write-tags has written is taken back, the last line of its log first.
 */
#include "gst/tools/identify_tags.h"
#include "gst/tools/interrupt.h"
#include "models/file/printable.h"

typedef struct Undo
{
  const ToolIdentifyOptions *options;
  ToolTagConfig config;
  guint undone, same, failed;
} Undo;

/* "Jazz -> Rock  FILE" on standard output. */
static void
say_change (const ToolTagResult *result, const char *path)
{
  g_autofree char *before = g_strjoinv (", ", result->before), *after = g_strjoinv (", ", result->after);
  g_autofree char *text = g_strdup_printf ("%s -> %s  %s", *before ? before : "(none)", *after ? after : "(none)",
      path);
  g_autofree char *shown = printable_text (text), *line = g_strconcat (shown, "\n", NULL);

  tool_terminal_put (stdout, line);
}

static void
undo_entry (Undo *undo, const ToolTagEntry *entry)
{
  g_autofree char *path = g_filename_from_uri (entry->uri, NULL, NULL);
  g_autoptr (ToolTagResult) result = path ? tool_tag_undo (path, entry, &undo->config) : NULL;

  if (result && result->outcome == TOOL_TAG_WRITTEN) {
    undo->undone++;
    if (undo->options->dry_run || !undo->options->quiet)
      say_change (result, path);
  } else if (result && result->outcome == TOOL_TAG_SAME) {
    undo->same++;
  } else {
    undo->failed++;
    tool_say ("%s: %s", path ? path : entry->uri, result ? result->reason : "not the URI of a file");
  }
}

static void
say_end (const Undo *undo)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "genres: %u %s", undo->undone,
      undo->options->dry_run ? "would be taken back" : "taken back");
  if (undo->same > 0)
    g_string_append_printf (text, ", %u were as before already", undo->same);
  if (undo->failed > 0)
    g_string_append_printf (text, ", %u failed", undo->failed);
  if (!undo->options->quiet)
    tool_say ("%s", text->str);
}

ToolStatus
tool_tags_undo (const ToolIdentifyOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = tool_tag_log_read (options->undo, &error);
  Undo undo = { .options = options };

  if (!entries)
    return tool_fail ("%s", error->message);
  undo.config = tool_tags_config (options);
  tool_catch_interrupts ();
  for (guint i = entries->len; i-- > 0 && !tool_interrupted ();)
    undo_entry (&undo, g_ptr_array_index (entries, i));
  say_end (&undo);
  if (tool_interrupted ())
    return tool_fail ("interrupted: the same command continues");
  return undo.failed > 0 ? TOOL_FAILED : TOOL_OK;
}
