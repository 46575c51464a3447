/*
 * engine: frames in, one record for each connection out.
 *
 * The whole way of the data below the commands, in one object: packet > flow >
 * stream > SMTP > verdict. analyze, live, the lab, the tests and the fuzzers all
 * stand on it. It reads no clock, file or environment: time is packet time, and the
 * secret that keys its hash comes from the caller.
 *
 * In:    frames in the order of the run.
 * Out:   one call of the sink per connection, when it has ended (closed and quiet for
 *        linger_ns, idle too long, evicted, or at _finish), in an order that depends
 *        on the frames alone. The record is borrowed until the sink returns. With two_threads
 *        the sink is called on the other thread, but never after _finish has returned; the
 *        output is the same. _time and _has_client are for one thread.
 * Fails: _new returns NULL without memory. Later shortage is eviction, counted in limits.
 */
#ifndef HATCHECK_ENGINE_H
#define HATCHECK_ENGINE_H

#include "analyzer/verdict/record.h"
#include "capture/base/limits.h"
#include "capture/packet/packet.h"

struct refusal_table;

struct engine_config {
	const struct port_set *ports; /* borrowed */
	size_t max_memory;            /* octets of tracking state */
	uint64_t secret;              /* keys the hash of the connection table */
	int64_t linger_ns;            /* how long a closed connection waits for stragglers */
	bool two_threads;             /* decodes on the caller's, judges on its own */
	const struct refusal_table *refusals; /* borrowed; NULL: the built-in classes */
};

#define ENGINE_LINGER_NS (60 * INT64_C(1000000000))

typedef void record_sink(void *ctx, const struct record *rec);

struct engine;

struct engine *engine_new(const struct engine_config *config, record_sink *sink, void *ctx);
void engine_frame(struct engine *e, const struct frame *frame);
/* Advances packet time without a frame (live, while the wire is silent). */
void engine_time(struct engine *e, int64_t now_ns);
/* Up to now (packet time) packets were dropped, which is held against no connection of then. */
void engine_gap(struct engine *e, int64_t now_ns);
/* Whether a connection of that client (family 0: of any) is still open. O(open connections). */
bool engine_has_client(const struct engine *e, const struct addr *client);
void engine_finish(struct engine *e); /* every open connection ends here */
/* Adds its own to the sum; on two threads only after _finish. */
void engine_limits(const struct engine *e, struct limits *sum);
const struct packet_stats *engine_packet_stats(const struct engine *e);
void engine_free(struct engine *e);

#endif
