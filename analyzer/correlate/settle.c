#include "analyzer/correlate/settle.h"

#include <stdlib.h>

#define KEEP_MORE_PAIRS 8 /* a clock that rests on so many takes the place of the one before */

struct settle {
	struct settle_config config;
	struct settle_window window;
	struct correlate *correlate; /* of the round */
	struct clock clock;
	bool clock_known;
	struct record_builder joined;
	struct limits limits;
	uint64_t matches;
	bool failed; /* no memory for all of a round */
};

struct settle *
settle_new(const struct settle_config *config)
{
	struct settle *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->config = *config;
	if (!record_builder_init(&s->joined)) {
		free(s);
		return NULL;
	}
	return s;
}

void
settle_free(struct settle *s)
{
	if (s == NULL)
		return;
	settle_window_clear(&s->window);
	record_builder_clear(&s->joined);
	correlate_free(s->correlate);
	free(s);
}

enum status
settle_record(struct settle *s, const struct record *rec, int64_t now_ns)
{
	struct settle_connection *c = settle_window_add_record(&s->window, rec);

	if (c == NULL)
		return STATUS_NOMEM;
	c->due_ns = now_ns + s->config.wait_ns;
	return STATUS_OK;
}

enum status
settle_session(struct settle *s, const struct log_session *session, int64_t now_ns)
{
	struct settle_session *x = settle_window_put_session(&s->window, session);

	if (x == NULL)
		return STATUS_NOMEM;
	x->open = false; /* if it was: it had been reported with a connection */
	if (!x->told)
		x->due_ns = now_ns + s->config.wait_ns;
	return STATUS_OK;
}

/* --- a round of correlation ------------------------------------------------------------------- */

static void
on_open(void *ctx, const struct log_session *session)
{
	struct settle *s = ctx;
	struct settle_session *x = settle_window_put_session(&s->window, session);

	s->failed |= x == NULL;
	if (x == NULL)
		return;
	x->passing = !x->told;
	x->open = true;
}

/* Places in the window, from 1, are the ids for one round. */
static enum status
fill(struct settle *s)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < s->window.connection_count && status == STATUS_OK; i++) {
		s->window.connections[i].trace.id = i + 1;
		status = correlate_trace(s->correlate, &s->window.connections[i].trace);
	}
	for (size_t i = 0; i < s->window.session_count && status == STATUS_OK; i++) {
		struct log_session *x = s->window.sessions[i].block;
		uint64_t id = x->id;

		x->id = i + 1;
		status = correlate_session(s->correlate, x);
		x->id = id;
	}
	return status;
}

/* One that rests on more than the one before, or on enough, tells how the clock goes now. */
static void
remember_clock(struct settle *s)
{
	const struct clock *now = correlate_clock(s->correlate);

	if (!now->sure || correlate_matches(s->correlate) == 0)
		return;
	if (s->clock_known && now->pairs < KEEP_MORE_PAIRS && now->pairs < s->clock.pairs)
		return;
	s->clock = *now;
	s->clock_known = true;
}

static enum status
correlate(struct settle *s, const struct settle_now *now)
{
	enum status status;

	s->failed = false;
	s->config.peek(s->config.ctx, on_open, s);
	s->correlate = correlate_new(&s->config.match);
	if (s->failed || s->correlate == NULL)
		return STATUS_NOMEM;
	status = fill(s);
	if (status != STATUS_OK)
		return status;
	correlate_window(s->correlate, &now->wire, &now->log, s->clock_known ? &s->clock : NULL);
	status = correlate_run(s->correlate, now->offset_from);
	s->config.join.correlate = s->correlate;
	if (status == STATUS_OK)
		remember_clock(s);
	return status;
}

static void
end_round(struct settle *s)
{
	settle_window_end_round(&s->window);
	correlate_free(s->correlate);
	s->correlate = NULL;
	s->config.join.correlate = NULL;
}

/* --- what comes of it --- */

/* The place in the window of the connection that has the session already; 0: it is gone. */
static uint64_t
place_of_owner(const struct settle_window *w, const struct settle_session *x)
{
	for (size_t i = 0; i < w->connection_count; i++)
		if (w->connections[i].reported && w->connections[i].session == x->block->id)
			return i + 1;
	return 0;
}

/* What a connection is reported with. */
struct found {
	struct settle_session *session; /* NULL: none */
	struct match match;
	bool unsure; /* there is one that it might be of, but another has it */
};

/*
 * A session that another has already leads on to the one that the other would have now; that the
 * two could be exchanged makes both unsure.
 */
static struct found
find_session(struct settle *s, uint64_t place)
{
	struct settle_window *w = &s->window;
	struct found f = { .unsure = false };
	uint64_t at = place;

	for (size_t steps = 0; steps <= w->connection_count && at != 0; steps++) {
		const struct match *m = correlate_of_connection(s->correlate, at);
		struct settle_session *x = m == NULL ? NULL : &w->sessions[m->session - 1];

		if (x == NULL)
			break;
		if (at == place)
			f.match = *m;
		if (!x->told) {
			f.session = x;
			break;
		}
		f.unsure = true;
		at = place_of_owner(w, x);
	}
	if (f.session != NULL && f.unsure) {
		f.match.confidence = CONFIDENCE_LOW;
		f.match.ambiguous = true;
	}
	/* Unsure; or the line that would explain it may still come. */
	if (f.session != NULL && (f.unsure || !(f.session->block->ended || !f.session->open)))
		f.match.clash = 0;
	return f;
}

static void
report(struct settle *s, size_t i, int64_t now_ns)
{
	struct settle_connection *c = &s->window.connections[i];
	struct found f = find_session(s, i + 1);
	struct join join = s->config.join;

	c->due_ns = now_ns + (f.session != NULL ? SETTLE_CONTEXT_NS : SETTLE_LATE_NS);
	if (f.session != NULL) {
		s->matches++;
		c->session = f.session->block->id;
		f.session->told = true;
		f.session->due_ns = c->due_ns;
	} else if (f.unsure) {
		join.correlate = NULL; /* nor is it missing */
	}
	join_connection(&join, c->rec, f.session != NULL ? &f.match : NULL,
	    f.session != NULL ? f.session->block : NULL, &s->joined);
	s->config.record(s->config.ctx, s->joined.rec);
	settle_window_report(&s->window, c);
}

/*
 * Packets of the time at which the session ended may still come: the capture is read late. Its
 * stamp is the beginning of a second. Of a log whose clock is not known nothing can be said.
 */
static bool
is_ahead(const struct settle *s, const struct log_session *x, const struct settle_now *now)
{
	int64_t ended_ns;

	if (x->last_ns == LOG_TIME_NONE || s->window.octets > s->config.max_octets ||
	    (!s->clock_known && x->offset_from == LOG_OFFSET_FROM_NONE))
		return false;
	ended_ns = log_session_utc(x, x->last_ns);
	if (s->clock_known)
		ended_ns = clock_to_wire(&s->clock, ended_ns);
	return ended_ns + CLOCK_NS_PER_S > now->wire.last_ns;
}

/* A session that is due: it waits on, came late, or is nobody's. */
static void
settle_one(struct settle *s, size_t i, const struct settle_now *now, bool last)
{
	int64_t now_ns = now->now_ns;
	struct settle_session *x = &s->window.sessions[i];
	const struct match *m = correlate_of_session(s->correlate, i + 1);
	struct settle_connection *c = m == NULL ? NULL : &s->window.connections[m->connection - 1];
	char message[1024];
	bool missing = false;

	x->due_ns = now_ns + s->config.wait_ns;
	if (c != NULL && !c->reported)
		return; /* it goes with that one */
	if (c == NULL && !last &&
	    (is_ahead(s, x->block, now) || s->config.is_open(s->config.ctx, &x->block->peer)))
		return;
	if (c != NULL && c->session == 0) {
		limits_hit(&s->limits, LIMIT_SESSIONS_LATE, 1);
		c->session = x->block->id;
	} else if (c == NULL) {
		missing = join_session(&s->config.join, x->block, message, sizeof message);
	}
	x->told = true;
	x->due_ns = now_ns + SETTLE_LATE_NS;
	s->config.session(s->config.ctx, x->block, missing ? message : NULL);
}

/* --- rounds --- */

static bool
has_due(const struct settle_window *w, int64_t now_ns)
{
	for (size_t i = 0; i < w->connection_count; i++)
		if (!w->connections[i].reported && w->connections[i].due_ns <= now_ns)
			return true;
	for (size_t i = 0; i < w->session_count; i++)
		if (!w->sessions[i].told && w->sessions[i].due_ns <= now_ns)
			return true;
	return false;
}

/* When there is too much: what was reported is forgotten, and the older half of the rest due. */
static void
make_room(struct settle *s, int64_t now_ns)
{
	struct settle_window *w = &s->window;
	size_t waiting = 0;

	if (w->octets <= s->config.max_octets)
		return;
	for (size_t i = 0; i < w->connection_count; i++)
		waiting += !w->connections[i].reported;
	waiting = (waiting + 1) / 2;
	for (size_t i = 0; i < w->connection_count; i++) {
		struct settle_connection *c = &w->connections[i];

		if (c->due_ns <= now_ns || (!c->reported && waiting == 0))
			continue;
		c->due_ns = now_ns;
		waiting -= !c->reported;
		limits_hit(&s->limits, LIMIT_NOT_SETTLED, !c->reported);
	}
	for (size_t i = 0; i < w->session_count; i++)
		if (w->sessions[i].due_ns > now_ns)
			w->sessions[i].due_ns = now_ns;
}

static enum status
settle(struct settle *s, const struct settle_now *now, bool last)
{
	struct settle_window *w = &s->window;
	enum status status;

	make_room(s, now->now_ns);
	settle_window_forget(w, now->now_ns);
	if (!last && !has_due(w, now->now_ns))
		return STATUS_OK;
	status = correlate(s, now);
	for (size_t i = 0; i < w->connection_count && status == STATUS_OK; i++)
		if (!w->connections[i].reported &&
		    (last || w->connections[i].due_ns <= now->now_ns))
			report(s, i, now->now_ns);
	for (size_t i = 0; i < w->session_count && status == STATUS_OK; i++) {
		const struct settle_session *x = &w->sessions[i];

		if (!x->told && !x->passing && (last || x->due_ns <= now->now_ns))
			settle_one(s, i, now, last);
	}
	end_round(s);
	return status;
}

enum status
settle_tick(struct settle *s, const struct settle_now *now)
{
	return settle(s, now, false);
}

enum status
settle_finish(struct settle *s, const struct settle_now *now)
{
	return settle(s, now, true);
}

uint64_t
settle_matches(const struct settle *s)
{
	return s->matches;
}

const struct clock *
settle_clock(const struct settle *s)
{
	return s->clock_known ? &s->clock : NULL;
}

const struct limits *
settle_limits(const struct settle *s)
{
	return &s->limits;
}
