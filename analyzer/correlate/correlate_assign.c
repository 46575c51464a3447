#include <stdlib.h>

#include "analyzer/correlate/align.h"
#include "analyzer/correlate/correlate_parts.h"
#include "analyzer/correlate/rival.h"

#define SLICES ((size_t)8)   /* of a client's connections that tell the clock, */
#define SLICE 512            /* each of so many */
#define CLOCK_MATCHES 100000 /* are enough for it */
#define ENDS_LOOKED_AT 64    /* beyond them somebody's is taken for the client's */
/* More than that somebody of that address came at about that time. */
#define TELLING                                                               \
	(1u << MATCH_BY_OPEN | 1u << MATCH_BY_CLOSE | 1u << MATCH_BY_SENDER | \
	    1u << MATCH_BY_RECIPIENTS)

static int64_t
aligned(const struct correlate *c, int64_t log_ns)
{
	return log_ns == TRACE_NEVER ? TRACE_NEVER : clock_to_wire(&c->clock, log_ns);
}

static int32_t
weight_of(void *ctx, uint32_t i, uint32_t j)
{
	const struct pairing *p = ctx;
	uint16_t by;
	bool sure;

	return pairing_weigh(p, i, j, &by, &sure);
}

static void
store(struct correlate *c, const struct pairing *p, const struct align *a, const uint32_t *right,
    const uint32_t *left)
{
	for (uint32_t i = 0; i < a->n; i++) {
		struct match *m = &c->matches[c->match_count];
		struct outlook o;
		bool strong, whose, opened;

		if (right[i] == ALIGN_NONE)
			continue;
		o = rival_look(a, p, right, left, i);
		*m = (struct match){
			.connection = p->wire[i].id,
			.session = p->log[right[i]].id,
			.clash = o.clash,
		};
		pairing_weigh(p, i, right[i], &m->by, &whose);
		/* Where that was not seen, no time tells which of the client's it is. */
		opened = (p->wire[i].flags & TRACE_OPENED) != 0 ||
		         (m->by & 1u << MATCH_BY_RECIPIENTS) != 0;
		o.ambiguous |= !opened;
		m->ambiguous = o.ambiguous || !whose || !c->clock.sure;
		/* What it rests on is too little to accuse anybody. */
		if (!whose || !opened || !c->clock.sure || (m->by & TELLING) == 0)
			m->clash = 0;
		strong = (m->by & (1u << MATCH_BY_OPEN | 1u << MATCH_BY_RECIPIENTS)) != 0;
		m->confidence = o.ambiguous || !strong || !c->clock.sure ? CONFIDENCE_LOW
		                : p->left_over                           ? CONFIDENCE_MEDIUM
		                                                         : CONFIDENCE_HIGH;
		c->of_connection[m->connection] = c->of_session[m->session] =
		    (uint32_t)++c->match_count;
	}
}

/*
 * A session that may belong to a connection is taken by one whose own need not be in the log, or
 * names no client at all: then nobody is known to be without.
 */
static void
contest(struct correlate *c, const struct pairing *p, struct align *a, const uint32_t *right,
    const uint32_t *left)
{
	for (uint32_t i = 0; i < a->n; i++) {
		bool *contested = &c->contested[p->wire[i].id];

		if (right[i] != ALIGN_NONE)
			continue;
		for (uint32_t j = a->from[i]; !*contested && j < a->to[i]; j++) {
			uint32_t k = left[j];

			/* Whose that is nobody knows: the line that tells is not there. */
			*contested = p->left_over && p->log[j].action != LOG_ACTION_TCPREFUSE;
			if (k != ALIGN_NONE && !correlate_has_session(c, &p->wire[k]) &&
			    correlate_of_connection(c, p->wire[k].id)->ambiguous &&
			    a->weight(a->ctx, i, j) > 0)
				*contested = true;
		}
	}
}

/* The pairs of one client, or of those left over; sorted by time. */
static enum status
pair_up(struct correlate *c, const struct trace *wire, size_t n, const struct trace *log, size_t m,
    bool left_over)
{
	struct span_ns *times = malloc((m + 1) * sizeof *times);
	struct pairing p = { .wire = wire,
		.log = log,
		.times = times,
		.hints = c->hints,
		.hat = c->config.hat,
		.capture_first_ns = c->wire_first_ns,
		.capture_last_ns = c->wire_last_ns,
		.window_ns = c->config.window_ns + CLOCK_NS_PER_S / 2,
		.reach_ns = c->config.window_ns + CLOCK_NS_PER_S / 2,
		.late_ns = CORRELATE_DNS_NS,
		.left_over = left_over,
		.lossy = c->lossy };
	uint32_t *room = malloc((3 * n + m + 1) * sizeof *room);
	uint32_t *right = room + 2 * n, *left = room + 3 * n;
	struct align a = { (uint32_t)n, (uint32_t)m, room, room + n, weight_of, &p };
	bool ok = room != NULL && times != NULL;

	for (size_t j = 0; ok && j < m; j++)
		times[j] =
		    (struct span_ns){ aligned(c, log[j].open_ns), aligned(c, log[j].close_ns) };
	if (ok)
		pairing_bands(&p, a.n, a.m, room, room + n);
	ok = ok && align_run(&a, right);
	if (ok) {
		for (size_t j = 0; j < m; j++)
			left[j] = ALIGN_NONE;
		for (uint32_t i = 0; i < a.n; i++) {
			if (right[i] != ALIGN_NONE)
				left[right[i]] = i;
		}
		store(c, &p, &a, right, left);
		contest(c, &p, &a, right, left);
	}
	free(room);
	free(times);
	return ok ? STATUS_OK : STATUS_NOMEM;
}

/*
 * Some of the pairs of one client, for the clock: slices of its connections, spread over the time,
 * with the sessions that may belong to them.
 */
static enum status
pair_slices(
    struct correlate *c, const struct trace *wire, size_t n, const struct trace *log, size_t m)
{
	int64_t window = c->config.window_ns + CLOCK_NS_PER_S / 2;
	enum status status = STATUS_OK;
	size_t lo = 0, hi = 0;

	if (n <= SLICES * SLICE)
		return pair_up(c, wire, n, log, m, false);
	for (size_t k = 0; k < SLICES && status == STATUS_OK; k++) {
		const struct trace *w = wire + k * (n / SLICES);

		while (lo < m && aligned(c, log[lo].open_ns) < w->open_ns - window)
			lo++;
		hi = hi < lo ? lo : hi;
		while (hi < m && aligned(c, log[hi].open_ns) <= w[SLICE - 1].open_ns + window)
			hi++;
		status = pair_up(c, w, SLICE, log + lo, hi - lo, false);
	}
	return status;
}

enum status
correlate_clients(struct correlate *c, bool for_clock)
{
	struct party rest = { c->wire.v, c->log.v, c->wire.count, c->log.count }, p;
	enum status status = STATUS_OK;

	c->match_count = 0;
	memset(c->of_connection, 0, (c->last_connection + 1) * sizeof *c->of_connection);
	memset(c->of_session, 0, (c->last_session + 1) * sizeof *c->of_session);
	memset(c->contested, 0, (c->last_connection + 1) * sizeof *c->contested);
	while (status == STATUS_OK && !(for_clock && c->match_count > CLOCK_MATCHES) &&
	       party_next(&rest, &p)) {
		/* Those whose opening is not known sort first, and cannot be placed. */
		for (; p.logs > 0 && p.log->open_ns == TRACE_NEVER; p.logs--)
			p.log++;
		status = for_clock ? pair_slices(c, p.wire, p.wires, p.log, p.logs)
		                   : pair_up(c, p.wire, p.wires, p.log, p.logs, false);
	}
	return status;
}

/*
 * A session of which the log lacks the opening, by the time of its end: it belongs to a connection
 * of its client's, or of anybody where it names none, that was there then.
 */
static bool
may_have_one(const struct correlate *c, const struct trace *w, const struct traces *ends)
{
	int64_t window = c->config.window_ns + CLOCK_NS_PER_S / 2;
	size_t lo = 0, hi = ends->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (ends->v[mid].open_ns < w->open_ns - window)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t i = lo; i < ends->count && ends->v[i].open_ns <= w->close_ns + window; i++) {
		const struct addr *client = &ends->v[i].addr;

		if (i - lo == ENDS_LOOKED_AT || client->family == 0 ||
		    memcmp(client, &w->addr, sizeof *client) == 0)
			return true;
	}
	return false;
}

static enum status
contest_ends(struct correlate *c)
{
	struct traces ends = { 0 };
	enum status status = STATUS_OK;

	for (size_t i = 0; i < c->log.count && status == STATUS_OK; i++) {
		struct trace t = c->log.v[i];

		if (t.open_ns != TRACE_NEVER || t.close_ns == TRACE_NEVER)
			continue;
		t.open_ns = aligned(c, t.close_ns);
		status = traces_add(&ends, &t);
	}
	traces_by_time(&ends);
	for (size_t i = 0; i < c->wire.count && ends.count > 0; i++) {
		const struct trace *w = &c->wire.v[i];

		if (c->of_connection[w->id] == 0 && may_have_one(c, w, &ends))
			c->contested[w->id] = true;
	}
	free(ends.v);
	return status;
}

/* Traces of the list that have no match yet and, of sessions, no client; by time. */
static enum status
left_over(const struct traces *l, const uint32_t *matched, bool sessions, struct traces *out)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct trace *t = &l->v[i];

		if (matched[t->id] != 0 || t->open_ns == TRACE_NEVER ||
		    (sessions && t->addr.family != 0))
			continue;
		if (traces_add(out, t) != STATUS_OK)
			return STATUS_NOMEM;
	}
	traces_by_time(out);
	return STATUS_OK;
}

enum status
correlate_left_over(struct correlate *c)
{
	struct traces wire = { 0 }, log = { 0 };
	enum status status = left_over(&c->log, c->of_session, true, &log);

	if (status == STATUS_OK && log.count > 0)
		status = left_over(&c->wire, c->of_connection, false, &wire);
	if (status == STATUS_OK && log.count > 0 && wire.count > 0)
		status = pair_up(c, wire.v, wire.count, log.v, log.count, true);
	if (status == STATUS_OK)
		status = contest_ends(c);
	free(wire.v);
	free(log.v);
	return status;
}
