#include <stdlib.h>

#include "analyzer/correlate/correlate_parts.h"

#define LOSSY_PER_MILLE 3
#define ENOUGH 3                      /* matches that tell a skew where most of one side has none */
#define STAMP_NS (CLOCK_NS_PER_S / 2) /* so far from its middle was the time that a stamp tells */

struct correlate *
correlate_new(const struct correlate_config *config)
{
	struct correlate *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->config = *config;
	c->wire_first_ns = c->log_first_ns = c->lines_first_ns = INT64_MAX;
	c->wire_last_ns = c->log_last_ns = c->lines_last_ns = INT64_MIN;
	return c;
}

void
correlate_free(struct correlate *c)
{
	if (c == NULL)
		return;
	free(c->wire.v);
	free(c->log.v);
	spans_clear(&c->files);
	spans_clear(&c->captures);
	free(c->hints);
	free(c->matches);
	free(c->of_connection);
	free(c->of_session);
	free(c->contested);
	free(c);
}

/* --- collecting --- */

static void
widen(int64_t *first, int64_t *last, int64_t ns)
{
	if (ns == TRACE_NEVER)
		return;
	if (ns < *first)
		*first = ns;
	if (ns > *last)
		*last = ns;
}

enum status
correlate_trace(struct correlate *c, const struct trace *wire)
{
	widen(&c->wire_first_ns, &c->wire_last_ns, wire->open_ns);
	widen(&c->wire_first_ns, &c->wire_last_ns, wire->close_ns);
	if (wire->id > c->last_connection)
		c->last_connection = wire->id;
	return traces_add(&c->wire, wire);
}

enum status
correlate_connection(struct correlate *c, const struct record *rec)
{
	struct trace t;

	trace_of_record(rec, &t);
	return correlate_trace(c, &t);
}

enum status
correlate_lines(struct correlate *c, const struct correlate_span *log)
{
	widen(&c->lines_first_ns, &c->lines_last_ns, log->first_ns);
	widen(&c->lines_first_ns, &c->lines_last_ns, log->last_ns);
	/* The second of the last stamp is the log's too. */
	return spans_add(
	    &c->files, &(struct correlate_span){ log->first_ns, log->last_ns + 2 * STAMP_NS });
}

enum status
correlate_packets(struct correlate *c, const struct correlate_span *wire)
{
	return spans_add(&c->captures, wire);
}

void
correlate_window(struct correlate *c, const struct correlate_span *wire,
    const struct correlate_span *log, const struct clock *clock)
{
	c->wire_first_ns = wire->first_ns;
	c->wire_last_ns = wire->last_ns;
	c->log_first_ns = log->first_ns;
	c->log_last_ns = log->last_ns;
	c->clock_known = clock != NULL;
	if (clock != NULL)
		c->clock = *clock;
}

static void
copy_text(char *to, size_t room, struct bytes from)
{
	size_t n = from.n < room - 1 ? from.n : room - 1;

	if (n > 0)
		memcpy(to, from.p, n);
	to[n] = '\0';
}

static enum status
add_hint(struct correlate *c, const struct log_session *s, struct trace *t)
{
	struct hint *h;

	if (c->hint_count == c->hint_room) {
		size_t room = c->hint_room == 0 ? 64 : c->hint_room * 2;

		h = realloc(c->hints, room * sizeof *h);
		if (h == NULL)
			return STATUS_NOMEM;
		c->hints = h;
		c->hint_room = room;
	}
	h = &c->hints[c->hint_count];
	copy_text(h->group, sizeof h->group, log_session_text(s, s->text[LOG_TEXT_GROUP]));
	/* What is cut off may be another address. */
	h->match[0] = '\0';
	if (log_session_text(s, s->text[LOG_TEXT_MATCH]).n < sizeof h->match)
		copy_text(h->match, sizeof h->match, log_session_text(s, s->text[LOG_TEXT_MATCH]));
	copy_text(h->sbrs, sizeof h->sbrs, log_session_text(s, s->text[LOG_TEXT_SBRS]));
	h->masked = log_text_present(s->text[LOG_TEXT_ADDRESS]);
	t->hint = (uint32_t)c->hint_count++;
	return STATUS_OK;
}

enum status
correlate_session(struct correlate *c, const struct log_session *s)
{
	struct trace t;

	trace_of_session(s, &t);
	c->sessions_of_all |= !s->event;
	widen(&c->log_first_ns, &c->log_last_ns, trace_log_ns(s, s->first_ns));
	widen(&c->log_first_ns, &c->log_last_ns, trace_log_ns(s, s->last_ns));

	if (t.id > c->last_session)
		c->last_session = t.id;
	if (t.addr.family == 0 && add_hint(c, s, &t) != STATUS_OK)
		return STATUS_NOMEM;
	return traces_add(&c->log, &t);
}

/* --- what a side must have --- */

/*
 * A session that began and ended well inside the log, but lacks one of the lines that every session
 * has, tells that lines are missing. A client that leaves during the gateway's DNS queries has none
 * of the HAT.
 */
static bool
log_is_lossy(const struct correlate *c)
{
	size_t inside = 0, broken = 0;

	for (size_t i = 0; i < c->log.count; i++) {
		const struct trace *t = &c->log.v[i];
		bool edge = t->open_ns == TRACE_NEVER || t->close_ns == TRACE_NEVER ||
		            t->open_ns < c->log_first_ns + c->config.window_ns ||
		            t->close_ns > c->log_last_ns - c->config.window_ns;

		if (t->addr.family == 0)
			continue;
		inside++;
		broken += (t->flags & (TRACE_WHOLE | TRACE_LEFT)) == 0 && !edge;
	}
	return broken * 1000 > inside * LOSSY_PER_MILLE;
}

/* The log has all of that time of the connection, and its gateway. */
static bool
log_covers(const struct correlate *c, const struct trace *w)
{
	int64_t first = w->open_ns - STAMP_NS, last = w->close_ns + STAMP_NS;

	return c->log_first_ns <= c->log_last_ns && places_logged(&c->places, w->place) &&
	       first >= clock_to_wire(&c->clock, c->log_first_ns) &&
	       last <= clock_to_wire(&c->clock, c->log_last_ns) &&
	       spans_cover(&c->files, &c->clock, first, last);
}

/* The capture has all of the second in which the session was opened, and its gateway. */
static bool
capture_covers(const struct correlate *c, const struct trace *l)
{
	int64_t at;

	if (l->open_ns == TRACE_NEVER || c->wire_first_ns > c->wire_last_ns ||
	    !places_captured(&c->places, l->place))
		return false;
	at = clock_to_wire(&c->clock, l->open_ns);
	return at - STAMP_NS >= c->wire_first_ns && at + STAMP_NS <= c->wire_last_ns &&
	       spans_cover(&c->captures, &(struct clock){ 0 }, at - STAMP_NS, at + STAMP_NS);
}

#define NEED_NOT_BE_LOGGED                                                                \
	(1u << VERDICT_UNANSWERED | 1u << VERDICT_PORT_CLOSED | 1u << VERDICT_TCPREFUSE | \
	    1u << VERDICT_INCOMPLETE)

bool
correlate_has_session(const struct correlate *c, const struct trace *w)
{
	return (w->flags & TRACE_OPENED) && (NEED_NOT_BE_LOGGED >> w->verdict & 1) == 0 &&
	       log_covers(c, w);
}

/* --- the run --- */

/* The time between the two clocks, by every match that nothing rivals. */
static enum status
refine_clock(struct correlate *c)
{
	int64_t *at = malloc((c->match_count + 1) * sizeof *at);
	int64_t *delta = malloc((c->match_count + 1) * sizeof *delta);
	const struct trace **wire = calloc(c->last_connection + 1, sizeof *wire);
	const struct trace **log = calloc(c->last_session + 1, sizeof *log);
	size_t n = 0;
	bool ok = at != NULL && delta != NULL && wire != NULL && log != NULL;

	for (size_t i = 0; ok && i < c->wire.count; i++)
		wire[c->wire.v[i].id] = &c->wire.v[i];
	for (size_t i = 0; ok && i < c->log.count; i++)
		log[c->log.v[i].id] = &c->log.v[i];
	/* Ids of connections are in the order of time. */
	for (uint64_t id = 1; ok && id <= c->last_connection; id++) {
		const struct match *m = correlate_of_connection(c, id);

		if (m == NULL || m->ambiguous || wire[id] == NULL)
			continue;
		at[n] = wire[id]->open_ns;
		delta[n++] = log[m->session]->open_ns - wire[id]->open_ns;
	}
	if (ok)
		clock_refine(&c->clock, at, delta, n);
	free(at);
	free(delta);
	free(wire);
	free(log);
	return ok ? STATUS_OK : STATUS_NOMEM;
}

/*
 * A skew that was not known before, by which most of what both sides should have has no
 * counterpart.
 */
static bool
found_by_chance(const struct correlate *c, bool zone_known)
{
	size_t connections = 0, sessions = 0, met = c->match_count;

	if (c->clock_known || !c->clock.sure || !clock_skewed(&c->clock, zone_known))
		return false;
	for (size_t i = 0; i < c->wire.count; i++)
		connections += correlate_has_session(c, &c->wire.v[i]);
	for (size_t i = 0; i < c->log.count; i++)
		sessions += c->log.v[i].addr.family != 0 && capture_covers(c, &c->log.v[i]);
	/* One side may be of more gateways than the other; but not by a few matches alone. */
	return met * 2 < (connections < sessions ? connections : sessions) ||
	       (met < ENOUGH && met * 2 < (connections > sessions ? connections : sessions));
}

enum status
correlate_run(struct correlate *c, const char *offset_from)
{
	bool known = offset_from != NULL;
	enum status status;

	c->matches = calloc(c->wire.count + 1, sizeof *c->matches);
	c->of_connection = calloc(c->last_connection + 1, sizeof *c->of_connection);
	c->of_session = calloc(c->last_session + 1, sizeof *c->of_session);
	c->contested = calloc(c->last_connection + 1, sizeof *c->contested);
	if (c->matches == NULL || c->of_connection == NULL || c->of_session == NULL ||
	    c->contested == NULL)
		return STATUS_NOMEM;
	traces_by_client(&c->wire);
	traces_by_client(&c->log);
	c->lossy = log_is_lossy(c);
	places_learn(&c->places, &c->wire, &c->log);
	if (!c->clock_known)
		clock_estimate(c->wire.v, c->wire.count, c->log.v, c->log.count, known, &c->clock);
	/* Once with the estimate, once with what its matches tell. */
	status = correlate_clients(c, true);
	if (status == STATUS_OK)
		status = refine_clock(c);
	if (status == STATUS_OK)
		status = correlate_clients(c, false);
	if (status == STATUS_OK && found_by_chance(c, known)) {
		c->clock.sure = false;
		status = correlate_clients(c, false);
	}
	if (status == STATUS_OK)
		status = correlate_left_over(c);
	if (known)
		c->clock.method = offset_from;
	/* Of a log with sessions the header may have been put before a later part. */
	if (known && c->log_first_ns > c->log_last_ns) {
		c->log_first_ns = c->lines_first_ns;
		c->log_last_ns = c->lines_last_ns;
	}
	return status;
}

/* --- answers --- */

const struct match *
correlate_of_connection(const struct correlate *c, uint64_t id)
{
	uint32_t i = id <= c->last_connection ? c->of_connection[id] : 0;

	return i == 0 ? NULL : &c->matches[i - 1];
}

const struct match *
correlate_of_session(const struct correlate *c, uint64_t id)
{
	uint32_t i = id <= c->last_session ? c->of_session[id] : 0;

	return i == 0 ? NULL : &c->matches[i - 1];
}

uint64_t
correlate_matches(const struct correlate *c)
{
	return c->match_count;
}

const struct clock *
correlate_clock(const struct correlate *c)
{
	return &c->clock;
}

bool
correlate_log_lossy(const struct correlate *c)
{
	return c->lossy;
}

bool
correlate_log_covers(const struct correlate *c, const struct record *rec)
{
	struct trace w;

	/* Without a session there is nothing to tell the clock by, but the zone is known. */
	if (!c->clock.sure && c->log.count > 0)
		return false;
	if (rec->id <= c->last_connection && c->contested[rec->id])
		return false;
	/* The consolidated event log has one for each message, and for nothing else. */
	if (c->log.count > 0 && !c->sessions_of_all && rec->messages == 0)
		return false;
	trace_of_record(rec, &w);
	return log_covers(c, &w);
}

bool
correlate_capture_covers(const struct correlate *c, const struct log_session *s)
{
	struct trace l;

	/* Of whom it tells nothing may have been anybody's. */
	if (!c->clock.sure || (s->peer.family == 0 && s->action != LOG_ACTION_TCPREFUSE &&
				  !log_text_present(s->text[LOG_TEXT_ADDRESS])))
		return false;
	trace_of_session(s, &l);
	return capture_covers(c, &l);
}
