/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L /* fcntl, poll */

#include "gst/tools/standard_output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

void
tool_standard_output_begin (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if (fcntl (fd, F_GETFD) == -1 && open ("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
      return; /* there is no place to report a failure */
  }
}

/* A pipe or socket whose other end is closed. */
static gboolean
nobody_reads (void)
{
  struct pollfd output = { .fd = STDOUT_FILENO, .events = POLLOUT };

  return poll (&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

ToolStatus
tool_standard_output_end (ToolStatus status)
{
  const gboolean failed_before = ferror (stdout);

  errno = 0;
  if (fflush (stdout) == 0 && !failed_before)
    return status;
  const int number = errno; /* 0: an earlier call failed, and its errno is lost */
  if (!nobody_reads ())
    tool_fail ("standard output cannot be written to%s%s", number != 0 ? ": " : "",
        number != 0 ? g_strerror (number) : "");
  return status == TOOL_OK ? TOOL_FAILED : status;
}
