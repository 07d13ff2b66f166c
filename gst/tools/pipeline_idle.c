/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/pipeline_idle.h"

typedef struct Tasks
{
  guint running, paused;
} Tasks;

static gboolean
count_task (GstElement *element, GstPad *pad, gpointer data)
{
  Tasks *tasks = data;
  const GstTaskState state = gst_pad_get_task_state (pad);

  (void) element;
  tasks->running += state == GST_TASK_STARTED;
  tasks->paused += state == GST_TASK_PAUSED;
  return TRUE;
}

static void
count_tasks (const GValue *element, gpointer data)
{
  gst_element_foreach_pad (g_value_get_object (element), count_task, data);
}

gboolean
tool_pipeline_is_idle (GstBin *pipeline)
{
  Tasks tasks = { 0, 0 };
  GstIterator *elements = gst_bin_iterate_recurse (pipeline);
  const gboolean settled = gst_iterator_foreach (elements, count_tasks, &tasks) == GST_ITERATOR_DONE;

  gst_iterator_free (elements);
  return settled && tasks.running == 0 && tasks.paused > 0;
}
