#include "analyzer/flow/flow_parts.h"

/* A connection to which nothing more comes is told of. */
static void
tell(struct flow *f, struct conn *c)
{
	c->dropped = c->first_ts_ns <= f->gap_ns;
	conn_finish(c);
	f->sink(f->ctx, c);
	conn_clear(c);
}

void
flow_end(struct flow *f, struct flow_entry *e)
{
	struct conn unfolded, *c = &e->conn;

	if (e->folded) {
		c = &unfolded;
		conn_unfold(c, &e->conn);
	}
	if (f->doubted == e)
		f->doubted = NULL;
	flow_remove(f, e);
	tell(f, c);
}

void
flow_end_brief(struct flow *f, struct brief_entry *h, bool evicted)
{
	struct conn_key key;
	struct conn conn;

	if (brief_reported(h)) {
		brief_remove(f->brief, h);
		return;
	}
	brief_key(f->brief, h, &key);
	conn_init(&conn, &key, h->id, f->config.budget, f->config.limits);
	brief_tell(h, &conn);
	conn.evicted = evicted;
	if (evicted && f->now_ns > conn.last_ts_ns)
		conn.last_ts_ns = f->now_ns;
	brief_remove(f->brief, h);
	tell(f, &conn);
}

/* The oldest of a list but the one to be kept, or NULL. */
static struct flow_entry *
oldest_but(const struct flow *f, enum flow_list list, const struct flow_entry *keep)
{
	struct flow_entry *e = f->oldest[list];

	return e != NULL && e == keep ? e->newer : e;
}

bool
flow_evict(struct flow *f, const struct flow_entry *keep)
{
	struct flow_entry *e = oldest_but(f, LIST_CLOSED, keep);
	struct brief_entry *h;

	if (flow_trim(f))
		return true;
	if (e != NULL) {
		flow_end(f, e);
		return true;
	}
	h = brief_oldest(f->brief);
	if (h != NULL) {
		if (!brief_reported(h))
			limits_hit(f->config.limits, LIMIT_EVICTED_HALF_OPEN, 1);
		flow_end_brief(f, h, true);
		return true;
	}
	e = oldest_but(f, LIST_OPEN, keep);
	if (e == NULL)
		return false;
	limits_hit(f->config.limits, LIMIT_EVICTED_CONNECTIONS, 1);
	e->conn.evicted = true;
	flow_end(f, e);
	return true;
}

/* The end of one that was closed and quiet; stragglers may still come, and are no connection. */
static void
retire(struct flow *f, struct flow_entry *e)
{
	const struct conn *c = &e->conn;

	if (!e->challenged && c->half[DIR_CLIENT].seq_set && c->half[DIR_SERVER].seq_set &&
	    brief_add_reported(f->brief, c, f->now_ns) != NULL)
		flow_set_due(f, f->now_ns, FLOW_STRAGGLER_NS);
	flow_end(f, e);
}

static void
expire_list(struct flow *f, enum flow_list list)
{
	struct flow_entry *e;

	while ((e = f->oldest[list]) != NULL && f->now_ns - e->touched_ns > f->idle_ns[list]) {
		if (list == LIST_CLOSED)
			retire(f, e);
		else
			flow_end(f, e);
	}
	if (e != NULL)
		flow_set_due(f, e->touched_ns, f->idle_ns[list]);
}

/* There is one list: a reported one may have to wait for a SYN that is older. */
static int64_t
brief_ns(const struct brief_entry *h)
{
	return brief_reported(h) ? FLOW_STRAGGLER_NS : FLOW_BRIEF_NS;
}

static void
expire(struct flow *f)
{
	struct brief_entry *h;

	f->due_ns = INT64_MAX;
	expire_list(f, LIST_CLOSED);
	while ((h = brief_oldest(f->brief)) != NULL && brief_age_ns(h, f->now_ns) > brief_ns(h))
		flow_end_brief(f, h, false);
	if (h != NULL)
		flow_set_due(f, f->now_ns - brief_age_ns(h, f->now_ns), brief_ns(h));
	expire_list(f, LIST_OPEN);
}

/* What came with the stamp that was in doubt came just now, whatever became of the stamp. */
static void
resolve_doubt(struct flow *f)
{
	if (f->doubted != NULL)
		f->doubted->touched_ns = f->now_ns;
	else
		brief_touch_newest(f->brief, f->now_ns);
	f->doubted = NULL;
	f->doubted_ns = 0;
}

/* A stamp far ahead has to be confirmed by the next one. */
static bool
doubtful(const struct flow *f, int64_t ts_ns)
{
	return f->clock_set && ts_ns - f->now_ns > FLOW_JUMP_NS &&
	       (f->doubted_ns == 0 || ts_ns < f->doubted_ns);
}

void
flow_turn_clock(struct flow *f, int64_t ts_ns)
{
	if (doubtful(f, ts_ns)) {
		f->doubted_ns = ts_ns;
		f->calm_ns = INT64_MIN;
		return;
	}
	if (!f->clock_set || ts_ns > f->now_ns)
		f->now_ns = ts_ns;
	f->clock_set = true;
	if (f->doubted_ns != 0)
		resolve_doubt(f);
	if (f->now_ns > f->due_ns)
		expire(f);
	f->calm_ns = f->now_ns < INT64_MAX - FLOW_JUMP_NS ? f->now_ns + FLOW_JUMP_NS : INT64_MAX;
	if (f->due_ns < f->calm_ns)
		f->calm_ns = f->due_ns;
}
