#include "analyzer/engine/engine.h"

#include <stdlib.h>

#include "analyzer/engine/relay.h"
#include "analyzer/flow/flow.h"
#include "analyzer/verdict/judge.h"
#include "capture/base/cache.h"

#define FRAGMENTS_SHARE 16 /* of the memory, one part is theirs */

struct part {
	struct budget budget;
	struct limits limits;
};

/*
 * What decodes and what judges share nothing, not even a line of the cache: each has its own
 * thread, where there are two.
 */
struct engine {
	struct engine_config config;
	struct part decoding;
	struct packet *packet;
	struct relay *relay; /* NULL: all on one thread, and `segment` is the one at hand */
	struct segment segment;

	_Alignas(CACHE_LINE) struct part judging;
	struct flow *flow;
	struct refusal_reader refusals;
	struct record_builder builder;
	record_sink *sink;
	void *ctx;
};

static void
judge_segments(void *ctx, const struct segment *seg, size_t n)
{
	struct engine *e = ctx;

	flow_segments(e->flow, seg, n);
}

static void
on_connection(void *ctx, const struct conn *conn)
{
	struct engine *e = ctx;

	judge(conn, &e->refusals, &e->builder);
	e->sink(e->ctx, e->builder.rec);
}

struct engine *
engine_new(const struct engine_config *config, record_sink *sink, void *ctx)
{
	struct engine *e = cache_alloc(sizeof *e);
	struct flow_config flow;

	if (e == NULL)
		return NULL;
	e->config = *config;
	e->decoding.budget.max = config->max_memory / FRAGMENTS_SHARE;
	e->judging.budget.max = config->max_memory - e->decoding.budget.max;
	e->refusals.table = config->refusals;
	e->sink = sink;
	e->ctx = ctx;
	flow = (struct flow_config){
		.budget = &e->judging.budget,
		.limits = &e->judging.limits,
		.secret = config->secret,
		.linger_ns = config->linger_ns,
	};
	e->packet = packet_new(config->ports, &e->decoding.budget, &e->decoding.limits);
	e->flow = flow_new(&flow, on_connection, e);
	if (e->packet == NULL || e->flow == NULL || !record_builder_init(&e->builder)) {
		engine_free(e);
		return NULL;
	}
	/* Without a second thread it is only slower. */
	if (config->two_threads)
		e->relay = relay_new(judge_segments, e);
	return e;
}

void
engine_frame(struct engine *e, const struct frame *frame)
{
	struct segment *seg = e->relay != NULL ? relay_place(e->relay) : &e->segment;

	if (!packet_decode(e->packet, frame, seg))
		return;
	flow_mark(e->config.secret, seg);
	if (e->relay != NULL)
		relay_segment(e->relay);
	else
		flow_segments(e->flow, seg, 1);
}

void
engine_time(struct engine *e, int64_t now_ns)
{
	flow_time(e->flow, now_ns);
}

void
engine_gap(struct engine *e, int64_t now_ns)
{
	flow_gap(e->flow, now_ns);
}

bool
engine_has_client(const struct engine *e, const struct addr *client)
{
	return flow_has_client(e->flow, client);
}

void
engine_finish(struct engine *e)
{
	if (e->relay != NULL)
		relay_finish(e->relay);
	flow_finish(e->flow);
}

void
engine_limits(const struct engine *e, struct limits *sum)
{
	limits_add(sum, &e->decoding.limits);
	limits_add(sum, &e->judging.limits);
}

const struct packet_stats *
engine_packet_stats(const struct engine *e)
{
	return packet_stats(e->packet);
}

void
engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	relay_free(e->relay);
	flow_free(e->flow);
	packet_free(e->packet);
	record_builder_clear(&e->builder);
	free(e);
}
