#include "analyzer/flow/flow.h"

#include <stdlib.h>

#include "analyzer/flow/flow_parts.h"

void
flow_time(struct flow *f, int64_t now_ns)
{
	flow_set_clock(f, now_ns);
}

void
flow_gap(struct flow *f, int64_t now_ns)
{
	f->gap_ns = now_ns;
}

/* Its time goes on, or may turn out to be another one. */
static bool
has_to_touch(const struct flow *f, const struct flow_entry *e)
{
	return f->now_ns - e->touched_ns > FLOW_SLACK_NS || f->doubted_ns != 0;
}

/* A connection seen whole ends at once; only its stragglers have to be known again. */
static void
after_segment(struct flow *f, struct flow_entry *e)
{
	enum flow_list list = conn_closed(&e->conn) ? LIST_CLOSED : LIST_OPEN;

	if (list == LIST_CLOSED && !e->challenged && conn_complete(&e->conn) &&
	    brief_add_reported(f->brief, &e->conn, f->now_ns) != NULL) {
		flow_set_due(f, f->now_ns, FLOW_STRAGGLER_NS);
		flow_end(f, e);
	} else if (list != e->list || has_to_touch(f, e)) {
		flow_touch(f, e, list);
		if (f->doubted_ns != 0)
			f->doubted = e;
		if (list == LIST_CLOSED && conn_foldable(&e->conn))
			flow_fold(f, e);
	}
}

static void
one_segment(struct flow *f, const struct segment *s)
{
	struct flow_entry *e;
	enum dir dir;

	flow_set_clock(f, s->ts_ns);
	e = flow_plain_entry(f, s, &dir);
	if (e == NULL && flow_orient(f, s, &dir))
		e = flow_entry_of(f, dir, s);
	if (e != NULL && e->folded)
		e = flow_unfold(f, e);
	if (e != NULL && (!conn_segment(&e->conn, dir, s) || has_to_touch(f, e)))
		after_segment(f, e);
	/* A sixteenth stays free for what connections keep, so that floods do not cut them short.
	 */
	while (f->config.budget->used > f->full && flow_evict(f, e))
		;
}

/* What the next segment most likely comes to is fetched while another is dealt with. */
__attribute__((always_inline)) static inline void
expect(const struct flow *f, const struct segment *next)
{
	const struct flow_entry *e = f->recent[next->hash % FLOW_RECENT].entry;

	if (e != NULL)
		conn_prefetch(&e->conn);
}

void
flow_mark(uint64_t secret, struct segment *seg)
{
	seg->side = seg->to_server ? DIR_CLIENT : DIR_SERVER;
	/* What begins a connection, or refuses one, may come where another is known. */
	if (seg->to_server == seg->from_server || (seg->flags & TCP_SYN) != 0 ||
	    ((seg->flags & TCP_RST) != 0 && seg->seq == 0))
		seg->side = DIR_COUNT;
	seg->hash = key_hash(secret, &seg->src, &seg->dst);
	conn_mark(seg);
}

#define AHEAD 16  /* segments; so many lines of the cache can be on their way */
#define CROWD 256 /* connections; fewer stay in a cache */

/*
 * Where the index and the connections of a crowd lie is asked for before it is needed: with
 * thousands of them most of the time would go by in waiting for memory.
 */
void
flow_segments(struct flow *f, const struct segment *s, size_t n)
{
	size_t some;

	for (; n > 0; s += some, n -= some) {
		some = n < AHEAD ? n : AHEAD;
		if (f->listed[LIST_OPEN] >= CROWD) {
			for (size_t i = 0; i < some; i++)
				__builtin_prefetch(&f->slot[s[i].hash & (f->slots - 1)]);
			for (size_t i = 0; i < some; i++) {
				struct flow_slot *slot = &f->slot[s[i].hash & (f->slots - 1)];

				if (slot->entry != NULL) {
					__builtin_prefetch(slot->entry);
					conn_prefetch(&slot->entry->conn);
				}
			}
		}
		for (size_t i = 0; i < some; i++) {
			if (i + 1 < some)
				expect(f, &s[i + 1]);
			one_segment(f, &s[i]);
		}
	}
}

bool
flow_has_client(const struct flow *f, const struct addr *client)
{
	for (int list = 0; list < LIST_COUNT; list++)
		for (const struct flow_entry *e = f->oldest[list]; e != NULL; e = e->newer)
			if (client->family == 0 ||
			    memcmp(&e->conn.key.client.addr, client, sizeof *client) == 0)
				return true;
	return false;
}

/* --- life -------------------------------------------------------------------------------- */

struct flow *
flow_new(const struct flow_config *config, flow_sink *sink, void *ctx)
{
	struct flow *f = cache_alloc(sizeof *f);

	if (f == NULL)
		return NULL;
	f->config = *config;
	f->full = config->budget->max / 16 * 15;
	f->idle_ns[LIST_OPEN] = FLOW_IDLE_NS;
	f->idle_ns[LIST_CLOSED] = config->linger_ns;
	f->due_ns = INT64_MAX;
	f->calm_ns = INT64_MIN; /* the clock is not set */
	f->gap_ns = INT64_MIN;
	f->sink = sink;
	f->ctx = ctx;
	pool_init(&f->folded, config->budget, FLOW_FOLDED);
	f->brief = brief_new(config->budget, config->secret);
	if (f->brief == NULL) {
		free(f);
		return NULL;
	}
	return f;
}

void
flow_finish(struct flow *f)
{
	struct brief_entry *h, *newer;

	for (int list = 0; list < LIST_COUNT; list++) {
		while (f->oldest[list] != NULL)
			flow_end(f, f->oldest[list]);
	}
	/* Of many that were reported none has to be looked at. */
	for (h = brief_oldest(f->brief); brief_syns(f->brief) > 0; h = newer) {
		newer = brief_newer(f->brief, h);
		if (!brief_reported(h))
			flow_end_brief(f, h, false);
	}
}

void
flow_free(struct flow *f)
{
	if (f == NULL)
		return;
	flow_table_clear(f);
	brief_free(f->brief);
	free(f);
}
