/*
 * relay: segments from the thread that decodes to the one that judges, in order.
 *
 * In:    from one thread, relay_place for room, and relay_segment once a segment is in it, whose
 *        payload is then copied.
 * Out:   the sink, on a thread of the relay's own, for some segments at a time.
 * Bound: RELAY_BATCHES batches of RELAY_SEGMENTS segments or about RELAY_OCTETS octets of payload;
 *        relay_segment waits while all are full.
 * Fails: relay_new gives NULL without memory or thread. Later: never.
 * Cost:  one copy of the payload; the threads meet once in a batch, and wait for half of the
 *        batches at a time.
 */
#ifndef HATCHECK_RELAY_H
#define HATCHECK_RELAY_H

#include "capture/packet/segment.h"

#define RELAY_BATCHES 8
#define RELAY_SEGMENTS 512
#define RELAY_OCTETS 131072

typedef void relay_sink(void *ctx, const struct segment *seg, size_t n);

struct relay;

struct relay *relay_new(relay_sink *sink, void *ctx);
/* Where the next segment may be put together; good until relay_segment. */
struct segment *relay_place(struct relay *r);
void relay_segment(struct relay *r);
/* Everything handed over has been through the sink, and no more comes. */
void relay_finish(struct relay *r);
void relay_free(struct relay *r); /* without relay_finish: what waits is lost */

#endif
