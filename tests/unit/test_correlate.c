#include <criterion/criterion.h>

#include "analyzer/correlate/correlate.h"
#include "tests/unit/rows.h"
#include "tests/unit/story.h"

#define MAX 5

struct line { /* a struct log, and what it matched */
	uint8_t peer;
	int32_t at_s;
	uint8_t action;
	bool cut;
	const char *match;
};

#define ACCEPTED VERDICT_ACCEPTED
#define REJECTED VERDICT_REJECT
#define REFUSED VERDICT_TCPREFUSE
#define ACCEPT LOG_ACTION_ACCEPT
#define REJECT LOG_ACTION_REJECT
#define TCPREFUSE LOG_ACTION_TCPREFUSE

/* Every row has a pair of another client before and after, so that the clock is known. */
static const struct row {
	const char *why;
	struct wire wire[MAX];
	struct line log[MAX];
} rows[] = {
	{ "one of each", { { 1, 20000, 100, REJECTED, 1, false, 0 } },
	    { { 1, 20, REJECT, false, NULL } } },
	{ "another client's session is nobody's", { { 1, 20000, 100, REJECTED, 0, false, 0 } },
	    { { 2, 20, REJECT, false, NULL } } },
	{ "too far apart", { { 1, 20000, 100, REJECTED, 0, false, 0 } },
	    { { 1, 28, REJECT, false, NULL } } },
	{ "late by DNS, while the connection lived", { { 1, 20000, 60000, REJECTED, 1, false, 0 } },
	    { { 1, 70, REJECT, false, NULL } } },
	{ "but not early", { { 1, 70000, 60000, REJECTED, 0, false, 0 } },
	    { { 1, 20, REJECT, false, NULL } } },
	{ "a contradiction", { { 1, 20000, 100, REJECTED, 1, false, CLASH_ACTION } },
	    { { 1, 20, ACCEPT, false, NULL } } },
	{ "of one some seconds apart, which may be another of that client's",
	    { { 1, 20000, 100, REJECTED, 1, false, 0 } }, { { 1, 24, ACCEPT, false, NULL } } },
	{ "two in one second, told apart by the action",
	    { { 1, 20000, 100, ACCEPTED, 2, false, 0 }, { 1, 20100, 100, REJECTED, 1, false, 0 } },
	    { { 1, 20, REJECT, false, NULL }, { 1, 20, ACCEPT, false, NULL } } },
	{ "two alike: ambiguous, and only what holds for both is held against them",
	    { { 1, 20000, 100, ACCEPTED, 1, true, 0 }, { 1, 20100, 100, ACCEPTED, 2, true, 0 } },
	    { { 1, 20, ACCEPT, false, NULL }, { 1, 20, REJECT, false, NULL } } },
	{ "two alike, and both sessions contradict",
	    { { 1, 20000, 100, ACCEPTED, 1, true, CLASH_ACTION },
		{ 1, 20100, 100, ACCEPTED, 2, true, CLASH_ACTION } },
	    { { 1, 20, REJECT, false, NULL }, { 1, 20, REJECT, false, NULL } } },
	{ "one session, two connections that fit: it may be the other's",
	    { { 1, 20000, 100, REJECTED, 1, true, 0 }, { 1, 20100, 100, REJECTED, 0, false, 0 } },
	    { { 1, 20, ACCEPT, false, NULL } } },
	{ "apart in time, so not ambiguous",
	    { { 1, 15000, 100, ACCEPTED, 1, false, 0 }, { 1, 25000, 100, ACCEPTED, 2, false, 0 } },
	    { { 1, 15, ACCEPT, false, NULL }, { 1, 25, ACCEPT, false, NULL } } },
	{ "a session cut by the log's end: an absent line says nothing",
	    { { 1, 20000, 100, VERDICT_DELAYED_REJECT, 1, false, 0 } },
	    { { 1, 20, REJECT, true, NULL } } },
	{ "the same session, whole",
	    { { 1, 20000, 100, VERDICT_DELAYED_REJECT, 1, false, CLASH_STAGE } },
	    { { 1, 20, REJECT, false, NULL } } },
	{ "a refusal without an address, by time", { { 1, 20000, 1, REFUSED, 1, true, 0 } },
	    { { 0, 20, TCPREFUSE, false, NULL } } },
	{ "which is no one's that was greeted", { { 1, 20000, 100, ACCEPTED, 0, false, 0 } },
	    { { 0, 20, TCPREFUSE, false, NULL } } },
	{ "nor of another time", { { 1, 20000, 1, REFUSED, 0, false, 0 } },
	    { { 0, 40, TCPREFUSE, false, NULL } } },
	{ "a refusal by an address is that client's, whatever it got",
	    { { 1, 20000, 100, VERDICT_DROPPED, 1, false, CLASH_ACTION } },
	    { { 0, 20, TCPREFUSE, false, "192.0.2.1" } } },
	{ "by a network: of the only one that may be it",
	    { { 1, 20000, 100, REJECTED, 1, false, CLASH_ACTION } },
	    { { 0, 20, TCPREFUSE, false, "192.0.2.0/26" } } },
	{ "but of who looks refused before anybody else",
	    { { 1, 20000, 100, ACCEPTED, 0, false, 0 }, { 2, 20400, 1, REFUSED, 1, false, 0 } },
	    { { 0, 20, TCPREFUSE, false, "192.0.2.0/26" } } },
	{ "of two that may be it none is accused",
	    { { 1, 20000, 100, ACCEPTED, 1, true, 0 }, { 2, 20000, 100, ACCEPTED, 0, false, 0 } },
	    { { 0, 20, TCPREFUSE, false, "192.0.2.0/26" } } },
	{ "nor one of another network", { { 70, 20000, 100, ACCEPTED, 0, false, 0 } },
	    { { 0, 20, TCPREFUSE, false, "192.0.2.0/26" } } },
	{ "nor one whose SYN nobody answered",
	    { { 1, 20000, 100, VERDICT_UNANSWERED, 0, false, 0 } },
	    { { 0, 20, TCPREFUSE, false, "192.0.2.1" } } },
	{ "a session is not of a SYN that nobody answered, if there is another connection",
	    { { 1, 20000, 3000, VERDICT_UNANSWERED, 0, false, 0 },
		{ 1, 20300, 100, ACCEPTED, 1, false, 0 } },
	    { { 1, 20, ACCEPT, false, NULL } } },
};

static void
add_wire(struct correlate *c, uint64_t id, const struct wire *w)
{
	struct record_builder b;

	cr_assert(record_builder_init(&b));
	story_record(&b, id, w);
	cr_assert_eq(correlate_connection(c, b.rec), STATUS_OK);
	record_builder_clear(&b);
}

static void
add_log(struct correlate *c, uint64_t id, const struct line *l)
{
	const struct log log = { l->peer, l->at_s, l->action, l->cut };
	struct {
		struct log_session s;
		char match[32];
	} whole = { story_session(id, &log), "" };

	whole.s.size = sizeof whole;
	if (l->match != NULL) {
		whole.s.text[LOG_TEXT_MATCH] =
		    (struct log_text){ sizeof whole.s, (uint16_t)strlen(l->match) };
		memcpy(whole.match, l->match, strlen(l->match));
	}
	cr_assert_eq(correlate_session(c, &whole.s), STATUS_OK);
}

ROWS(correlate, rows, rows)

ParameterizedTest(size_t *i, correlate, rows)
{
	static const struct wire anchors[2] = { { .peer = 200, .verdict = ACCEPTED },
		{ .peer = 201, .at_ms = 200000, .verdict = ACCEPTED } };
	static const struct line logged[2] = { { 200, 0, ACCEPT, false, NULL },
		{ 201, 200, ACCEPT, false, NULL } };
	const struct correlate_config config = { .window_ns = CORRELATE_WINDOW_NS };
	struct correlate *c = correlate_new(&config);
	const struct row *r = &rows[*i];
	uint64_t id;

	cr_assert_not_null(c);
	for (id = 0; id < MAX && r->wire[id].peer != 0; id++)
		add_wire(c, id + 1, &r->wire[id]);
	add_wire(c, id + 1, &anchors[0]);
	add_wire(c, id + 2, &anchors[1]);
	for (id = 0; id < MAX && r->log[id].action != LOG_ACTION_NONE; id++)
		add_log(c, id + 1, &r->log[id]);
	add_log(c, id + 1, &logged[0]);
	add_log(c, id + 2, &logged[1]);
	cr_assert_eq(correlate_run(c, "header"), STATUS_OK);
	cr_expect_str_eq(correlate_clock(c)->method, "header");
	for (size_t k = 0; k < MAX && r->wire[k].peer != 0; k++) {
		const struct wire *w = &r->wire[k];
		const struct match *m = correlate_of_connection(c, k + 1);

		if (w->session == 0 || m == NULL) {
			cr_expect_eq(
			    m == NULL, w->session == 0, "%s: connection %zu", r->why, k + 1);
			continue;
		}
		if (!w->ambiguous)
			cr_expect_eq(m->session, w->session, "%s: connection %zu", r->why, k + 1);
		cr_expect_eq(m->ambiguous, w->ambiguous, "%s: connection %zu", r->why, k + 1);
		cr_expect_eq(
		    m->clash, w->clash, "%s: connection %zu: %#x", r->why, k + 1, m->clash);
		cr_expect_eq(correlate_of_session(c, m->session), m, "%s", r->why);
	}
	correlate_free(c);
}

Test(correlate, a_log_without_sessions_covers_its_lines)
{
	const struct correlate_config config = { .window_ns = CORRELATE_WINDOW_NS };
	const struct wire inside = { .peer = 1, .at_ms = 50000, .verdict = ACCEPTED };
	const struct correlate_span lines = { 0, 100 * LOG_NS_PER_S };

	for (int known = 0; known < 2; known++) {
		struct correlate *c = correlate_new(&config);
		struct record_builder b;

		cr_assert(c != NULL && record_builder_init(&b));
		add_wire(c, 1, &inside);
		cr_assert_eq(correlate_lines(c, &lines), STATUS_OK);
		cr_assert_eq(correlate_run(c, known ? "header" : NULL), STATUS_OK);
		sample_plain(&b, 1);
		b.rec->start_ns = b.rec->end_ns = 50 * LOG_NS_PER_S;
		cr_expect_eq(correlate_log_covers(c, b.rec), known, "only by a zone that is known");
		b.rec->start_ns = b.rec->end_ns = 200 * LOG_NS_PER_S;
		cr_expect_not(correlate_log_covers(c, b.rec), "it was written later");
		record_builder_clear(&b);
		correlate_free(c);
	}
}

/* What lies between two files, or two captures, was covered by neither. */
Test(correlate, between_two_files_nothing_is_missed)
{
	const struct correlate_config config = { .window_ns = CORRELATE_WINDOW_NS };
	const struct correlate_span first = { 0, 100 * LOG_NS_PER_S },
				    second = { 200 * LOG_NS_PER_S, 300 * LOG_NS_PER_S };
	static const struct {
		int64_t at_s;
		bool covered;
	} times[] = { { 50, true }, { 99, true }, { 150, false }, { 201, true }, { 250, true } };
	struct correlate *c = correlate_new(&config);
	struct record_builder b;

	cr_assert(c != NULL && record_builder_init(&b));
	for (uint64_t id = 1; id <= 2; id++) {
		const struct wire w = {
			.peer = (int)id, .at_ms = (int64_t)id * 290000 - 280000, .verdict = ACCEPTED
		};
		const struct log l = { (int)id, w.at_ms / 1000, ACCEPT, false };
		struct log_session s = story_session(id, &l);

		add_wire(c, id, &w);
		cr_assert_eq(correlate_session(c, &s), STATUS_OK);
	}
	cr_assert_eq(correlate_lines(c, &first), STATUS_OK);
	cr_assert_eq(correlate_lines(c, &second), STATUS_OK);
	cr_assert_eq(correlate_packets(c, &first), STATUS_OK);
	cr_assert_eq(correlate_packets(c, &second), STATUS_OK);
	cr_assert_eq(correlate_run(c, "header"), STATUS_OK);
	sample_plain(&b, 1);
	for (size_t i = 0; i < COUNT(times); i++) {
		const struct log l = { 9, times[i].at_s, ACCEPT, false };
		struct log_session s = story_session(9, &l);

		b.rec->start_ns = b.rec->end_ns = times[i].at_s * LOG_NS_PER_S;
		cr_expect_eq(correlate_log_covers(c, b.rec), times[i].covered, "log: %d s",
		    (int)times[i].at_s);
		cr_expect_eq(correlate_capture_covers(c, &s), times[i].covered, "capture: %d s",
		    (int)times[i].at_s);
	}
	record_builder_clear(&b);
	correlate_free(c);
}

/* More connections in a second than bands are borne for: still one to one, and all of them. */
Test(correlate, a_client_of_thousands_a_second)
{
	const struct correlate_config config = { .window_ns = CORRELATE_WINDOW_NS };
	struct correlate *c = correlate_new(&config);
	const uint64_t n = 12000;

	cr_assert_not_null(c);
	for (uint64_t id = 1; id <= n; id++) {
		struct wire w = {
			.peer = 1, .at_ms = (int32_t)(id / 4), .for_ms = 1, .verdict = ACCEPTED
		};
		struct line l = {
			.peer = 1, .at_s = (int32_t)(id / 4 + 300) / 1000, .action = ACCEPT
		};

		add_wire(c, id, &w);
		add_log(c, id, &l);
	}
	cr_assert_eq(correlate_run(c, "option"), STATUS_OK);
	cr_expect_geq(correlate_matches(c), n * 99 / 100);
	cr_expect_leq(correlate_matches(c), n);
	correlate_free(c);
}

/* What one of two did of the same client, seconds apart: the sender and the recipient of a mail. */
static void
add_mail(struct correlate *c, uint64_t id, int32_t at_ms, uint16_t flags, uint64_t party)
{
	const struct trace t = {
		.open_ns = at_ms * STORY_MS,
		.close_ns = (at_ms + 200) * STORY_MS,
		.id = id,
		.senders = party,
		.recipients = party,
		.addr = sample_endpoint(192, 0, 2, 1, 0).addr,
		.flags = flags,
		.verdict = ACCEPTED,
	};

	cr_assert_eq(correlate_trace(c, &t), STATUS_OK);
}

static void
add_anchors(struct correlate *c, uint64_t id)
{
	for (uint64_t k = 0; k < 3; k++) {
		const struct wire w = {
			.peer = (uint8_t)(200 + k), .at_ms = (int32_t)k * 90000, .verdict = ACCEPTED
		};
		const struct line l = { w.peer, w.at_ms / 1000, ACCEPT, false, NULL };

		add_wire(c, id + k, &w);
		add_log(c, id + k, &l);
	}
}

/* Its session was opened at any time before, and may not be in the log. */
Test(correlate, a_connection_that_had_begun_accuses_nobody)
{
	const struct correlate_config config = { .window_ns = CORRELATE_WINDOW_NS };
	const struct line logged = { 1, 20, REJECT, false, NULL };
	struct correlate *c = correlate_new(&config);
	struct record_builder b;

	cr_assert(c != NULL && record_builder_init(&b));
	add_mail(c, 1, 20400, TRACE_SEEN | TRACE_MAIL | TRACE_LET_IN, 0);
	add_log(c, 1, &logged);
	add_wire(c, 2, &(struct wire){ .peer = 1, .at_ms = 23000, .verdict = REJECTED });
	add_anchors(c, 3);
	cr_assert_eq(correlate_run(c, "header"), STATUS_OK);
	cr_assert_not_null(correlate_of_session(c, 1));
	cr_expect_eq(correlate_of_session(c, 1)->clash, 0);
	sample_plain(&b, 2);
	b.rec->start_ns = b.rec->end_ns = 23 * LOG_NS_PER_S;
	cr_expect_not(
	    correlate_log_covers(c, b.rec), "the session that may be its own is another's");
	record_builder_clear(&b);
	correlate_free(c);
}

/* The line that names its client is not in the excerpt: it may be anybody's. */
Test(correlate, a_session_without_a_client_may_be_any_connection_of_its_time)
{
	const struct correlate_config config = { .window_ns = CORRELATE_WINDOW_NS };
	const struct line nameless = { 0, 30, REJECT, false, NULL };

	for (int with = 0; with < 2; with++) {
		struct correlate *c = correlate_new(&config);
		struct record_builder b;

		cr_assert(c != NULL && record_builder_init(&b));
		add_wire(c, 1, &(struct wire){ .peer = 1, .at_ms = 30000, .verdict = REJECTED });
		add_anchors(c, 2);
		if (with)
			add_log(c, 1, &nameless);
		cr_assert_eq(correlate_run(c, "header"), STATUS_OK);
		sample_plain(&b, 1);
		b.rec->start_ns = b.rec->end_ns = 30 * LOG_NS_PER_S;
		cr_expect_eq(correlate_log_covers(c, b.rec), !with);
		record_builder_clear(&b);
		correlate_free(c);
	}
}

/* A skew by which one of seven connections finds a session is no skew. */
Test(correlate, one_chance_pair_tells_no_skew)
{
	const struct correlate_config config = { .window_ns = CORRELATE_WINDOW_NS };

	for (int alone = 0; alone < 2; alone++) {
		struct correlate *c = correlate_new(&config);

		cr_assert_not_null(c);
		for (uint64_t id = 1; id <= 7; id++) {
			const struct wire w = { .peer = (uint8_t)id,
				.at_ms = (int32_t)id * 1000,
				.verdict = ACCEPTED };
			const struct line l = { id == 4 ? 4 : (uint8_t)(100 + id), (int32_t)id + 40,
				ACCEPT, false, NULL };

			if (alone && id != 4)
				continue;
			add_wire(c, id, &w);
			add_log(c, id, &l);
		}
		cr_assert_eq(correlate_run(c, "header"), STATUS_OK);
		cr_expect_eq(correlate_clock(c)->sure, alone);
		correlate_free(c);
	}
}

Test(correlate, a_log_of_messages_alone_lacks_no_session)
{
	const struct correlate_config config = { .window_ns = CORRELATE_WINDOW_NS };

	for (int events = 0; events < 2; events++) {
		struct correlate *c = correlate_new(&config);
		struct record_builder b;

		cr_assert(c != NULL && record_builder_init(&b));
		for (uint64_t id = 1; id <= 3; id++) {
			const struct wire w = { .peer = (uint8_t)id,
				.at_ms = (int32_t)id * 20000,
				.verdict = ACCEPTED };
			const struct log l = { w.peer, w.at_ms / 1000, ACCEPT, false };
			struct log_session s = story_session(id, &l);

			s.event = events != 0;
			add_wire(c, id, &w);
			cr_assert_eq(correlate_session(c, &s), STATUS_OK);
		}
		cr_assert_eq(correlate_run(c, "header"), STATUS_OK);
		sample_plain(&b, 4);
		b.rec->start_ns = b.rec->end_ns = 30 * LOG_NS_PER_S;
		b.rec->messages = 0;
		cr_expect_eq(correlate_log_covers(c, b.rec), !events);
		b.rec->messages = 1;
		cr_expect(correlate_log_covers(c, b.rec));
		record_builder_clear(&b);
		correlate_free(c);
	}
}

Test(correlate, nothing_at_all)
{
	const struct correlate_config config = { .window_ns = CORRELATE_WINDOW_NS };
	struct correlate *c = correlate_new(&config);

	cr_assert_not_null(c);
	cr_assert_eq(correlate_run(c, NULL), STATUS_OK);
	cr_expect_eq(correlate_matches(c), 0);
	cr_expect_null(correlate_of_connection(c, 1));
	cr_expect_null(correlate_of_session(c, 1));
	correlate_free(c);
}
