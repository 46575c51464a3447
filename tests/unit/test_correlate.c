#include <criterion/criterion.h>

#include "analyzer/correlate/correlate.h"
#include "tests/unit/rows.h"
#include "tests/unit/story.h"

#define MAX 5

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
	struct log log[MAX];
} rows[] = {
	{ "one of each", { { 1, 20000, 100, REJECTED, 1, false, 0 } },
	    { { 1, 20, REJECT, false } } },
	{ "another client's session is nobody's", { { 1, 20000, 100, REJECTED, 0, false, 0 } },
	    { { 2, 20, REJECT, false } } },
	{ "too far apart", { { 1, 20000, 100, REJECTED, 0, false, 0 } },
	    { { 1, 28, REJECT, false } } },
	{ "late by DNS, while the connection lived", { { 1, 20000, 60000, REJECTED, 1, false, 0 } },
	    { { 1, 70, REJECT, false } } },
	{ "but not early", { { 1, 70000, 60000, REJECTED, 0, false, 0 } },
	    { { 1, 20, REJECT, false } } },
	{ "a contradiction", { { 1, 20000, 100, REJECTED, 1, false, CLASH_ACTION } },
	    { { 1, 20, ACCEPT, false } } },
	{ "two in one second, told apart by the action",
	    { { 1, 20000, 100, ACCEPTED, 2, false, 0 }, { 1, 20100, 100, REJECTED, 1, false, 0 } },
	    { { 1, 20, REJECT, false }, { 1, 20, ACCEPT, false } } },
	{ "two alike: ambiguous, and only what holds for both is held against them",
	    { { 1, 20000, 100, ACCEPTED, 1, true, 0 }, { 1, 20100, 100, ACCEPTED, 2, true, 0 } },
	    { { 1, 20, ACCEPT, false }, { 1, 20, REJECT, false } } },
	{ "two alike, and both sessions contradict",
	    { { 1, 20000, 100, ACCEPTED, 1, true, CLASH_ACTION },
		{ 1, 20100, 100, ACCEPTED, 2, true, CLASH_ACTION } },
	    { { 1, 20, REJECT, false }, { 1, 20, REJECT, false } } },
	{ "one session, two connections that fit: it may be the other's",
	    { { 1, 20000, 100, REJECTED, 1, true, 0 }, { 1, 20100, 100, REJECTED, 0, false, 0 } },
	    { { 1, 20, ACCEPT, false } } },
	{ "apart in time, so not ambiguous",
	    { { 1, 15000, 100, ACCEPTED, 1, false, 0 }, { 1, 25000, 100, ACCEPTED, 2, false, 0 } },
	    { { 1, 15, ACCEPT, false }, { 1, 25, ACCEPT, false } } },
	{ "a session cut by the log's end: an absent line says nothing",
	    { { 1, 20000, 100, VERDICT_DELAYED_REJECT, 1, false, 0 } },
	    { { 1, 20, REJECT, true } } },
	{ "the same session, whole",
	    { { 1, 20000, 100, VERDICT_DELAYED_REJECT, 1, false, CLASH_STAGE } },
	    { { 1, 20, REJECT, false } } },
	{ "a refusal without an address, by time", { { 1, 20000, 1, REFUSED, 1, true, 0 } },
	    { { 0, 20, TCPREFUSE, false } } },
	{ "which is no one's that was greeted", { { 1, 20000, 100, ACCEPTED, 0, false, 0 } },
	    { { 0, 20, TCPREFUSE, false } } },
	{ "nor of another time", { { 1, 20000, 1, REFUSED, 0, false, 0 } },
	    { { 0, 40, TCPREFUSE, false } } },
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
add_log(struct correlate *c, uint64_t id, const struct log *l)
{
	struct log_session s = story_session(id, l);

	cr_assert_eq(correlate_session(c, &s), STATUS_OK);
}

ROWS(correlate, rows, rows)

ParameterizedTest(size_t *i, correlate, rows)
{
	static const struct wire anchors[2] = { { .peer = 200, .verdict = ACCEPTED },
		{ .peer = 201, .at_ms = 200000, .verdict = ACCEPTED } };
	static const struct log logged[2] = { { 200, 0, ACCEPT, false },
		{ 201, 200, ACCEPT, false } };
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
		struct log l = {
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
