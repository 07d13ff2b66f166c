/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst/queue.h - ring of mono samples, with marks between them, from one streaming thread to one worker.
 *
 * Layer:   gst; pthread only, so that ThreadSanitizer sees every lock; no GLib, no GStreamer.
 * Threads: one producer (set_rate, resize, reserve, commit, mark, drain), one consumer (take, release, epoch checks);
 *          hurry, flush, stop, pending, lag, wakes and alarms from any thread.  No call holds the lock while the caller
 *          works.
 *
 * The consumer says how much it wants and sleeps until that is there: neither samples nor marks wake it one by one.
 */
#ifndef GST_QUEUE_H
#define GST_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct GenreQueue GenreQueue;

typedef enum GenreQueueItem
{
  GENRE_QUEUE_SAMPLES,
  GENRE_QUEUE_MARK,
  GENRE_QUEUE_STOPPED,
} GenreQueueItem;

/* mark_bytes: size of a mark's payload, copied in and out with memcpy.
 * max_marks: marks that fit at a time.
 * NULL: out of memory.  The ring holds no sample until genre_queue_resize(). */
GenreQueue *genre_queue_new (size_t mark_bytes, size_t max_marks);
void genre_queue_free (GenreQueue *queue); /* NULL is a no-op; no thread may be inside */

/* Producer.  rate: samples a second, so that the consumer of a stream in real time wakes by the clock, up to 2 ms after
 * what it wants is there, and the producer need not wake it; 0, as at first: always by the producer. */
void genre_queue_set_rate (GenreQueue *queue, uint64_t rate);

/* Producer.  Makes room for `capacity` samples; what is queued stays, in order.  Never shrinks what it has allocated;
 * where that must grow while the consumer still reads a span, waits for its release (false when flushed or stopped
 * meanwhile).
 * limit:    samples that may be queued at a time, 1 to capacity; more only where the consumer wants more.
 * patience: the most samples that wait for a consumer which sleeps because it wants more; at most capacity.
 * False: out of memory, flushed or stopped; the queue is as before. */
bool genre_queue_resize (GenreQueue *queue, size_t capacity, size_t limit, size_t patience);

/* Producer.  A contiguous span to fill, at most `wanted` samples: returns its length, 0 if nothing fits.
 * block: wait until at least one sample fits; 0 then means flushed or stopped.
 * The span is the producer's until genre_queue_commit(). */
size_t genre_queue_reserve (GenreQueue *queue, size_t wanted, bool block, float **ret_span);

/* Producer.  The first n samples of the reserved span are there.  Dropped if a flush came between. */
void genre_queue_commit (GenreQueue *queue, size_t n);

/* Producer.  Puts a mark behind all samples so far.  It wakes no consumer that wants more, unless half of the marks
 * wait: genre_queue_hurry() does.
 * samples: that it stands for; they count for what the consumer wants and take no room.
 * False: no room (block false), flushed or stopped. */
bool genre_queue_mark (GenreQueue *queue, const void *mark, uint64_t samples, bool block);

/* Producer.  Waits until the consumer has finished with everything and waits for more.  False: flushed or stopped.
 * On the consumer's own thread it returns false at once. */
bool genre_queue_drain (GenreQueue *queue);

/* Consumer.  Says that everything taken before is done with, then waits until at least `wanted` samples are there, or
 * as many as may wait, or somebody is in a hurry; takes a span of samples, all before the next mark, or a mark.  What
 * was there then is handed out by the following takes, whatever they want.  After the producer has waited for room, all
 * that comes is, until nothing is there.
 *
 * wanted              samples to wait for, those that marks stand for included; 0 is 1
 * ret_samples, ret_n  out, on SAMPLES: contiguous, valid until genre_queue_release(), which must come before the next
 *                     take
 * ret_mark            out, on MARK: [mark_bytes]
 * ret_epoch           out, counts flushes: results of a span or mark are void once genre_queue_epoch() differs */
GenreQueueItem genre_queue_take (GenreQueue *queue, uint64_t wanted, const float **ret_samples, size_t *ret_n,
    void *ret_mark, uint64_t *ret_epoch);
void genre_queue_release (GenreQueue *queue);
uint64_t genre_queue_epoch (GenreQueue *queue);

/* Any thread.  What is queued, or else what comes next, is handed out at once, whatever the consumer wants. */
void genre_queue_hurry (GenreQueue *queue);

/* Any thread.  From here to flush_end nothing is accepted; waiting calls of the producer return; what is queued is
 * dropped. */
void genre_queue_flush_begin (GenreQueue *queue);

/* Any thread.  Waits until the consumer has finished what it had taken, unless called on the consumer's own thread,
 * then accepts again. */
void genre_queue_flush_end (GenreQueue *queue);

/* Any thread.  For good: take returns STOPPED, everything else false or 0, until genre_queue_restart(). */
void genre_queue_stop (GenreQueue *queue);

/* Empty, as new but for its room.  No thread may be inside of take.  One that has taken something and not come back,
 * such as this one, is the consumer no longer: it may call nothing of the consumer's, another thread may. */
void genre_queue_restart (GenreQueue *queue);

/* Any thread.  Samples queued and not yet released. */
size_t genre_queue_pending (GenreQueue *queue);

/* Any thread.  Those of them that the consumer is late for: not the ones that it chose to let wait. */
size_t genre_queue_lag (GenreQueue *queue);

/* Any thread.  How many times the consumer slept and was woken since the last restart. */
uint64_t genre_queue_wakes (GenreQueue *queue);

/* Any thread.  How many of those times it was by the clock, with no work for the producer. */
uint64_t genre_queue_alarms (GenreQueue *queue);

#endif
