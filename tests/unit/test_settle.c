#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/correlate/settle.h"
#include "tests/unit/rows.h"
#include "tests/unit/story.h"

#define EVENTS 8
#define WAIT_MS 5000
#define ROUND_MS 500
#define ANCHOR 200 /* peers from here on are of pairs by which the clock is known */

#define ACCEPTED VERDICT_ACCEPTED
#define REJECTED VERDICT_REJECT
#define ACCEPT LOG_ACTION_ACCEPT
#define REJECT LOG_ACTION_REJECT

/* What comes in, and when. */
struct event {
	int32_t at_ms;
	enum { NOTHING, RECORD, SESSION, OPENED } what;
	uint8_t peer;
	uint8_t as; /* enum verdict, or enum log_action */
};

/*
 * Told: connections are numbered as they come, and so are sessions: `1=2@6.0` is the first
 * connection with the second session, after 6 s; `1=-` one without; `-=2` a session of nobody,
 * `-=2!` one that is missed.
 */
static const struct row {
	const char *why;
	struct event events[EVENTS];
	uint8_t open; /* the wire has an open connection of that peer for 10 s */
	const char *told;
} rows[] = {
	{ "both come: the connection waits its time",
	    { { 1000, RECORD, 1, REJECTED }, { 1000, SESSION, 1, REJECT } }, 0, "1=1@6.0 " },
	{ "the session comes late, but in time",
	    { { 1000, RECORD, 1, REJECTED }, { 5500, SESSION, 1, REJECT } }, 0, "1=1@6.0 " },
	{ "the session comes first",
	    { { 1000, SESSION, 1, REJECT }, { 3000, RECORD, 1, REJECTED } }, 0, "1=1@8.0 " },
	{ "no session", { { 1000, RECORD, 1, REJECTED } }, 0, "1=-@6.0 " },
	{ "no connection", { { 2000, SESSION, 1, REJECT } }, 0, "-=1!@7.0 " },
	{ "no connection yet: the wire has one that is open", { { 2000, SESSION, 1, REJECT } }, 1,
	    "-=1!@12.0 " },
	{ "a session after its connection was told without it is told, and missed by nobody",
	    { { 1000, RECORD, 1, REJECTED }, { 7000, SESSION, 1, REJECT } }, 0,
	    "1=-@6.0 -=1@12.0 " },
	{ "one that is still open in the log will do",
	    { { 1000, RECORD, 1, REJECTED }, { 1000, OPENED, 1, REJECT } }, 0, "1=1@6.0 " },
	{ "and is told once, though it ends later",
	    { { 1000, RECORD, 1, REJECTED }, { 1000, OPENED, 1, REJECT },
		{ 8000, SESSION, 1, REJECT } },
	    0, "1=1@6.0 " },
	{ "two of a peer, told apart by the action",
	    { { 1000, RECORD, 1, ACCEPTED }, { 1100, RECORD, 1, REJECTED },
		{ 1000, SESSION, 1, REJECT }, { 1100, SESSION, 1, ACCEPT } },
	    0, "1=2@6.0 2=1@6.5 " },
	{ "a session is given to one only",
	    { { 1000, RECORD, 1, REJECTED }, { 4000, RECORD, 1, REJECTED },
		{ 1000, SESSION, 1, REJECT } },
	    0, "1=1@6.0 2=-@9.0 " },
	{ "what is left for the second",
	    { { 1000, RECORD, 1, REJECTED }, { 2000, RECORD, 1, REJECTED },
		{ 1000, SESSION, 1, REJECT }, { 6600, SESSION, 1, REJECT } },
	    0, "1=1@6.0 2=2@7.0 " },
	{ "another peer's is nobody's",
	    { { 1000, RECORD, 1, REJECTED }, { 1000, SESSION, 2, REJECT } }, 0,
	    "1=-@6.0 -=1!@6.0 " },
};

struct play {
	const struct row *row;
	struct settle *settle;
	int32_t now_ms;
	char told[512];
	struct log_session open[EVENTS]; /* in the log */
	size_t open_count;
	uint64_t ids[EVENTS]; /* of the row's events */
};

static void
tell(struct play *p, const char *fmt, uint64_t number)
{
	size_t n = strlen(p->told);

	snprintf(p->told + n, sizeof p->told - n, fmt, number);
}

static void
tell_time(struct play *p)
{
	size_t n = strlen(p->told);

	snprintf(
	    p->told + n, sizeof p->told - n, "@%d.%d ", p->now_ms / 1000, p->now_ms / 100 % 10);
}

static void
on_record(void *ctx, const struct record *rec)
{
	const struct log_session *s = rec->log.count == 0 ? NULL : record_array(rec, rec->log);
	struct play *p = ctx;

	if (rec->id > EVENTS)
		return;
	tell(p, "%lu=", rec->id);
	tell(p, s == NULL ? "-" : "%lu", s == NULL ? 0 : s->id);
	tell_time(p);
}

static void
on_session(void *ctx, const struct log_session *s, const char *missing)
{
	struct play *p = ctx;

	tell(p, missing != NULL ? "-=%lu!" : "-=%lu", s->id);
	tell_time(p);
}

static void
peek(void *ctx, log_session_sink *sink, void *sink_ctx)
{
	const struct play *p = ctx;

	for (size_t i = 0; i < p->open_count; i++)
		sink(sink_ctx, &p->open[i]);
}

static bool
is_open(void *ctx, const struct addr *client)
{
	const struct play *p = ctx;

	return p->row->open != 0 && client->octet[3] == p->row->open && p->now_ms < 10000;
}

static const char *
log_path(void *ctx, uint16_t file)
{
	(void)ctx;
	(void)file;
	return "log";
}

static void
feed(struct play *p, uint64_t id, const struct event *e)
{
	const struct wire w = {
		.peer = e->peer, .at_ms = e->at_ms - 700, .for_ms = 300, .verdict = e->as
	};
	const struct log l = { e->peer, (e->at_ms - 700 + STORY_LATE_MS) / 1000, e->as,
		e->what == OPENED };
	int64_t now_ns = e->at_ms * STORY_MS;
	struct log_session s = story_session(id, &l);
	struct record_builder b;

	cr_assert(record_builder_init(&b));
	story_record(&b, id, &w);
	if (e->what == RECORD)
		cr_assert_eq(settle_record(p->settle, b.rec, now_ns), STATUS_OK);
	else if (e->what == SESSION)
		cr_assert_eq(settle_session(p->settle, &s, now_ns), STATUS_OK);
	else
		p->open[p->open_count++] = s;
	record_builder_clear(&b);
	/* The line that ends it takes it from the open ones. */
	for (size_t i = 0; e->what == SESSION && i < p->open_count; i++)
		if (p->open[i].id == id)
			p->open[i--] = p->open[--p->open_count];
}

static struct settle_now
now_of(const struct play *p)
{
	const struct correlate_span all = { -1000 * STORY_MS, p->now_ms * STORY_MS };

	return (struct settle_now){
		.now_ns = p->now_ms * STORY_MS, .wire = all, .log = all, .offset_from = "header"
	};
}

/* Ids of the row's events: those of the anchors are higher. A session that was open keeps its own.
 */
static void
number_events(struct play *p)
{
	uint64_t records = 0, sessions = 0;

	for (size_t i = 0; i < EVENTS; i++) {
		const struct event *e = &p->row->events[i];
		bool known = e->what == SESSION && i > 0 && p->row->events[i - 1].what == OPENED;

		p->ids[i] = e->what == RECORD ? ++records : known ? sessions : ++sessions;
	}
}

static void
begin(struct play *p, const struct row *row, size_t max_octets)
{
	const struct settle_config config = { .match = { .window_ns = CORRELATE_WINDOW_NS },
		.join = { .log_path = log_path },
		.wait_ns = WAIT_MS * STORY_MS,
		.max_octets = max_octets,
		.record = on_record,
		.session = on_session,
		.peek = peek,
		.is_open = is_open,
		.ctx = p };

	*p = (struct play){ .row = row, .settle = settle_new(&config) };
	cr_assert_not_null(p->settle);
}

static void
play(struct play *p)
{
	static const struct event anchors[] = { { 700, RECORD, ANCHOR, ACCEPTED },
		{ 700, SESSION, ANCHOR, ACCEPT }, { 800, RECORD, ANCHOR + 1, ACCEPTED },
		{ 800, SESSION, ANCHOR + 1, ACCEPT } };

	number_events(p);
	for (; p->now_ms <= 30000; p->now_ms += 100) {
		for (size_t i = 0; i < COUNT(anchors); i++)
			if (anchors[i].at_ms == p->now_ms)
				feed(p, 100 + i / 2, &anchors[i]);
		for (size_t i = 0; i < EVENTS; i++)
			if (p->row->events[i].what != NOTHING &&
			    p->row->events[i].at_ms == p->now_ms)
				feed(p, p->ids[i], &p->row->events[i]);
		if (p->now_ms % ROUND_MS == 0) {
			struct settle_now now = now_of(p);

			cr_assert_eq(settle_tick(p->settle, &now), STATUS_OK);
		}
	}
}

ROWS(settle, rows, rows)

ParameterizedTest(size_t *i, settle, rows)
{
	struct play p;

	begin(&p, &rows[*i], 1 << 20);
	play(&p);
	cr_expect_str_eq(p.told, rows[*i].told, "%s: %s", rows[*i].why, p.told);
	settle_free(p.settle);
}

/* The log is read already, its packets come by a pipe: a session waits for those of its time. */
Test(settle, a_capture_that_is_behind)
{
	static const struct row row = { "",
		{ { 20000, SESSION, 1, REJECT }, { 20000, RECORD, 1, REJECTED },
		    { 30000, SESSION, 2, REJECT } },
		0, "" };
	struct play p;

	begin(&p, &row, 1 << 20);
	feed(&p, 100, &(struct event){ 700, RECORD, ANCHOR, ACCEPTED });
	feed(&p, 100, &(struct event){ 700, SESSION, ANCHOR, ACCEPT });
	feed(&p, 101, &(struct event){ 800, RECORD, ANCHOR + 1, ACCEPTED });
	feed(&p, 101, &(struct event){ 800, SESSION, ANCHOR + 1, ACCEPT });
	feed(&p, 1, &row.events[0]);
	feed(&p, 2, &row.events[2]);
	for (; p.now_ms < 140000; p.now_ms += ROUND_MS) {
		struct settle_now now = now_of(&p);

		now.wire.last_ns = p.now_ms / 4 * STORY_MS;
		now.log.last_ns = 40000 * STORY_MS;
		if (p.now_ms == 80000)
			feed(&p, 1, &row.events[1]);
		cr_assert_eq(settle_tick(p.settle, &now), STATUS_OK);
		if (p.now_ms == 79500)
			cr_expect_str_eq(p.told, "", "told already: %s", p.told);
	}
	/* The other one is told when there can be no packets of it any more. */
	cr_expect_not_null(strstr(p.told, "1=1@"), "%s", p.told);
	cr_expect_null(strstr(p.told, "-=1"), "%s", p.told);
	cr_expect_not_null(strstr(p.told, "-=2!@12"), "%s", p.told);
	settle_free(p.settle);
}

/* At the end nothing waits any longer. */
Test(settle, the_end)
{
	static const struct row row = { "", { { 1000, RECORD, 1, REJECTED } }, 0, "" };
	struct settle_now now;
	struct play p;

	begin(&p, &row, 1 << 20);
	feed(&p, 1, &row.events[0]);
	p.now_ms = 1500;
	now = now_of(&p);
	cr_assert_eq(settle_finish(p.settle, &now), STATUS_OK);
	cr_expect_str_eq(p.told, "1=-@1.5 ", "%s", p.told);
	settle_free(p.settle);
}

/* More than there is memory for: the oldest do not wait, that is counted, and each is told once. */
Test(settle, a_bound)
{
	static const struct row row = { "", { { 0, NOTHING, 0, 0 } }, 0, "" };
	const uint64_t count = 1000;
	struct play p;

	begin(&p, &row, 64 << 10);
	for (uint64_t k = 1; k <= count; k++) {
		const struct event e = { (int32_t)k * 10, RECORD, 1, REJECTED };
		struct settle_now now;

		p.now_ms = e.at_ms;
		feed(&p, 1000 + k, &e);
		now = now_of(&p);
		cr_assert_eq(settle_tick(p.settle, &now), STATUS_OK);
	}
	cr_expect_gt(settle_limits(p.settle)->reached[LIMIT_NOT_SETTLED], count / 2);
	settle_free(p.settle);
}
