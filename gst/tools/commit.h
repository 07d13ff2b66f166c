/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/tools/commit.h - which sources this program was built from; commit.c is made of commit.c.in by the build.
 *
 * Layer:   gst; nothing.
 * Threads: constant.
 */
#ifndef GST_TOOLS_COMMIT_H
#define GST_TOOLS_COMMIT_H

extern const char tool_commit[]; /* "0c12f3a5b6c7", "...-dirty" with changes; the version outside of a checkout */

#endif
