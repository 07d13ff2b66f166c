/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/analysis.h - what an element listens with: a model, the feed of its streaming thread, and the worker.
 *
 * Layer:   gst; uses feed, queue and worker.
 * Threads: change_state and free on one thread at a time; what takes buffers and events on the streaming thread, with
 *          the stream lock held, flush_start apart; all else on any.  No lock is held while the listener is called or a
 *          message posted.
 *
 * An element has one from its init to its finalize, and hands on to it its changes of state, its events and its
 * buffers.  It keeps properties, pads and what is made of the answers.
 */
#ifndef GST_ANALYSIS_H
#define GST_ANALYSIS_H

#include "gst/worker.h"

#include <gst/gst.h>

typedef struct GenreAnalysis GenreAnalysis;

typedef struct GenreAnalysisConfig
{
  GenreStreamConfig stream; /* from the next window on */
  GstClockTime window;      /* the longest; 0: the model's own; from the next start on, as is */
  GstClockTime max_lag;     /* audio that may wait when live */
  gboolean descriptors;     /* answers have them; from the next start on */
} GenreAnalysisConfig;

typedef struct GenreAnalysisStats
{
  GenreWorkerStats worker;
  GstClockTime skipped; /* audio that was not analysed because of max_lag */
  gboolean live;
} GenreAnalysisStats;

/* element, sinkpad: whose messages it posts and whose peer it asks; neither is owned.
 * listener: not copied. */
GenreAnalysis *genre_analysis_new (GstElement *element, GstPad *sinkpad, const GenreListener *listener,
    const GenreAnalysisConfig *config);

/* In any state.  NULL is a no-op. */
void genre_analysis_free (GenreAnalysis *analysis);

void genre_analysis_configure (GenreAnalysis *analysis, const GenreAnalysisConfig *config);
void genre_analysis_get_config (GenreAnalysis *analysis, GenreAnalysisConfig *ret_config);

/* The file of the model, from the next start on; NULL: the embedded one.  What is returned is to be freed. */
void genre_analysis_set_model_path (GenreAnalysis *analysis, const gchar *path);
gchar *genre_analysis_dup_model_path (GenreAnalysis *analysis);

/* The model in use, else the one that the next start would use; NULL: it cannot be loaded.  Unref it. */
GenreModel *genre_analysis_peek_model (GenreAnalysis *analysis);

/* Since start; all 0 before the first. */
void genre_analysis_get_stats (GenreAnalysis *analysis, GenreAnalysisStats *ret_stats);

/* The element's change_state: starts before and stops after that of its parent class.  Where it cannot start, it posts
 * why and fails. */
GstStateChangeReturn genre_analysis_change_state (GenreAnalysis *analysis, GstElementClass *parent,
    GstStateChange transition);

/* TRUE from a successful start to the stop.  While it is FALSE, nothing streams. */
gboolean genre_analysis_is_started (GenreAnalysis *analysis);

/* --- streaming ------------------------------------------------------------------------------------------------- */

/* FALSE: not raw audio.  Posts a warning where it is audio that passes, but is not analysed. */
gboolean genre_analysis_set_caps (GenreAnalysis *analysis, const GstCaps *caps);

/* Of STREAM_START, SEGMENT, GAP and FLUSH_STOP, before they go on; nothing is done with others.
 * TRUE: another stream begins; the final of the one before is posted if it had audio. */
gboolean genre_analysis_event (GenreAnalysis *analysis, GstEvent *event);

/* Call it after FLUSH_START has gone on: a thread that waits for the worker must find its pad flushing when it
 * wakes. */
void genre_analysis_flush_start (GenreAnalysis *analysis);

/* EOS, SEGMENT_DONE: returns when everything is posted, or a flush or a stop came between. */
void genre_analysis_finish (GenreAnalysis *analysis);

/* The same stream, but another run: the final of this one is posted if it had audio. */
void genre_analysis_next_run (GenreAnalysis *analysis);

/* Reads the buffer, keeps no reference, allocates nothing, does not block when live. */
void genre_analysis_buffer (GenreAnalysis *analysis, GstBuffer *buffer);

#endif
