#include <criterion/criterion.h>

#include <stdlib.h>

#include "analyzer/correlate/clock.h"
#include "tests/unit/rows.h"

#define S CLOCK_NS_PER_S
#define MAX 600
#define PEERS 4

/* Connections at odd times, of four clients; a session each, of whole seconds, on a clock that is
 * off. */
static size_t
make(struct trace *wire, struct trace *log, size_t count, int64_t offset_ns)
{
	uint64_t state = 7;
	int64_t at = 0;

	for (size_t i = 0; i < count; i++) {
		int64_t stamp;

		state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
		at = i % (count / PEERS) == 0
		         ? 1000000 * S
		         : at + (int64_t)(state >> 33) % 90 * S + (int64_t)(state >> 32) % S;
		wire[i] = (struct trace){ .open_ns = at,
			.id = i + 1,
			.addr = { .family = 4, .octet = { 192, 0, 2 } },
			.flags = TRACE_OPENED };
		wire[i].addr.octet[3] = (uint8_t)(1 + i / (count / PEERS));
		log[i] = wire[i];
		stamp = at + offset_ns;
		log[i].open_ns = stamp - stamp % S + S / 2;
	}
	return count;
}

static const struct row {
	const char *why;
	int64_t offset_ms;
	bool zone_known, sure;
	int64_t estimated_ms; /* to the second */
} rows[] = {
	{ "no offset", 0, false, true, 0 },
	{ "a skew of minutes", 140000, false, true, 140000 },
	{ "a slow clock whose zone is known", -600000, true, true, -600000 },
	{ "nine hours", 9 * 3600000, false, true, 9 * 3600000 },
	{ "nine hours and a skew", 9 * 3600000 - 73000, false, true, 9 * 3600000 - 73000 },
	{ "a zone of a quarter of an hour", 20700000 + 5000, false, true, 20705000 },
	{ "half an hour west", -12600000, false, true, -12600000 },
	{ "fractions of a second", 1700, false, true, 1700 },
};

ROWS(clock, estimate, rows)

ParameterizedTest(size_t *i, clock, estimate)
{
	const struct row *r = &rows[*i];
	static struct trace wire[MAX], log[MAX];
	size_t n = make(wire, log, 200, r->offset_ms * (S / 1000));
	struct clock c;

	clock_estimate(wire, n, log, n, r->zone_known, &c);
	cr_expect_str_eq(c.method, "estimated", "%s", r->why);
	cr_expect_eq(c.sure, r->sure, "%s", r->why);
	cr_expect_leq(llabs(c.offset_ns / (S / 1000) - r->estimated_ms), 1000, "%s: %lld", r->why,
	    (long long)c.offset_ns);
}

Test(clock, is_assumed_where_nothing_votes)
{
	struct trace wire = { .addr = { .family = 4, .octet = { 192, 0, 2, 1 } } },
		     log = { .addr = { .family = 4, .octet = { 192, 0, 2, 2 } } };
	struct clock c;

	clock_estimate(&wire, 1, &log, 1, false, &c);
	cr_expect_str_eq(c.method, "assumed", "another client's session tells nothing");
	cr_expect(!c.sure);
	cr_expect_eq(c.offset_ns, 0);
	clock_estimate(NULL, 0, &log, 1, false, &c);
	cr_expect_str_eq(c.method, "assumed");
}

Test(clock, parties_that_differ_at_one_time)
{
	struct trace wire = { .addr = { .family = 4, .octet = { 192, 0, 2, 1 } },
		.senders = 3,
		.recipients = 5,
		.flags = TRACE_OPENED };
	struct trace log = wire;
	struct clock c;

	log.recipients = 9;
	clock_estimate(&wire, 1, &log, 1, true, &c);
	cr_expect(c.sure, "the clocks are taken for right");
	cr_expect_leq(llabs(c.offset_ns), S);
	clock_estimate(&wire, 1, &log, 1, false, &c);
	cr_expect_not(c.sure, "not where the zone may be any");
	log.open_ns = 60 * S;
	clock_estimate(&wire, 1, &log, 1, true, &c);
	cr_expect_not(c.sure, "a minute apart it is another session");
	log.addr = (struct addr){ 0 };
	clock_estimate(&wire, 1, &log, 1, true, &c);
	cr_expect_not(c.sure, "nor is one without a client, a minute apart");
	log.open_ns = S;
	clock_estimate(&wire, 1, &log, 1, true, &c);
	cr_expect(c.sure, "near, it may be this client's");
}

Test(clock, an_offset_of_no_zone_is_not_believed)
{
	static struct trace wire[MAX], log[MAX];
	struct clock c;
	size_t n = make(wire, log, 4, INT64_C(2400) * S); /* 40 minutes: neither zone nor skew */

	clock_estimate(wire, n, log, n, false, &c);
	cr_expect_neq(c.offset_ns / S, 2400);
	n = make(wire, log, 4, 9 * INT64_C(3600) * S);
	clock_estimate(wire, n, log, n, true, &c);
	cr_expect_neq(c.offset_ns / S, 9 * 3600, "a zone that is known is not estimated anew");
}

Test(clock, of_two_offsets_that_fit_alike_none_is_sure)
{
	struct trace wire = { .addr = { .family = 4, .octet = { 192, 0, 2, 1 } },
		.flags = TRACE_OPENED };
	struct trace log[2] = { wire, wire };
	struct clock c;

	log[0].open_ns = 20 * S + S / 2;
	log[1].open_ns = 300 * S + S / 2;
	clock_estimate(&wire, 1, log, 2, false, &c);
	cr_expect(!c.sure);
}

Test(clock, parties_that_agree_outvote_time)
{
	struct trace wire = { .addr = { .family = 4, .octet = { 192, 0, 2, 1 } },
		.senders = 3,
		.recipients = 5,
		.flags = TRACE_OPENED };
	struct trace log[2] = { wire, wire };
	struct clock c;

	log[0].recipients = 9; /* nearer, but to somebody else */
	log[0].open_ns = S / 2;
	log[1].open_ns = 300 * S + S / 2;
	clock_estimate(&wire, 1, log, 2, false, &c);
	cr_expect(c.sure);
	cr_expect_leq(llabs(c.offset_ns - 300 * S), S);
}

Test(clock, what_parties_agree_elsewhere_is_not_sure_where_the_clocks_may_be_right)
{
	struct trace wire[2] = { { .addr = { .family = 4, .octet = { 192, 0, 2, 1 } },
	    .flags = TRACE_OPENED } };
	struct trace log = wire[0];
	struct clock c;

	wire[1] = wire[0]; /* a mail of which the log does not name every recipient */
	wire[1].open_ns = 30 * S;
	wire[1].senders = log.senders = 3;
	wire[1].recipients = 5;
	log.recipients = 9;
	log.open_ns = 30 * S + S / 2;
	clock_estimate(wire, 2, &log, 1, true, &c);
	cr_expect_not(c.sure && c.offset_ns > S, "half a minute off by a connection without any");
}

Test(clock, an_opening_that_was_not_seen_tells_no_time)
{
	struct trace wire = { .addr = { .family = 4, .octet = { 192, 0, 2, 1 } } }, log = wire;
	struct clock c;

	log.open_ns = -300 * S;
	clock_estimate(&wire, 1, &log, 1, true, &c);
	cr_expect_not(c.sure);
	cr_expect_eq(c.offset_ns, 0);
}

Test(clock, is_skewed_by_more_than_a_zone)
{
	const struct clock hours = { .offset_ns = 9 * 3600 * S + S },
			   minute = { .offset_ns = 60 * S };

	cr_expect_not(clock_skewed(&hours, false));
	cr_expect(clock_skewed(&hours, true));
	cr_expect(clock_skewed(&minute, false));
}

/* ppb, and over how long. */
static const struct drift_row {
	const char *why;
	int64_t ppb, span_s;
	size_t pairs;
	bool seen;
} drift_rows[] = {
	{ "none", 0, 3600, 300, false },
	{ "200 in a million over an hour", 200000, 3600, 300, true },
	{ "the other way", -200000, 3600, 300, true },
	{ "too few pairs to tell", 200000, 3600, 30, false },
	{ "too short to tell", 200000, 300, 300, false },
};

ROWS(clock, drift, drift_rows)

ParameterizedTest(size_t *i, clock, drift)
{
	const struct drift_row *r = &drift_rows[*i];
	struct clock c = { .offset_ns = 70 * S, .method = "estimated" };
	static int64_t at[MAX], delta[MAX];
	int64_t step = r->span_s * S / (int64_t)r->pairs;

	for (size_t k = 0; k < r->pairs; k++) {
		at[k] = (int64_t)k * step;
		delta[k] =
		    70 * S + at[k] / 1000 * r->ppb / 1000000 + (int64_t)(k % 11) * (S / 20) - S / 4;
	}
	clock_refine(&c, at, delta, r->pairs);
	cr_expect_eq(c.pairs, r->pairs);
	if (!r->seen)
		cr_expect_eq(c.drift_ppb, 0, "%s: %lld", r->why, (long long)c.drift_ppb);
	else
		cr_expect_leq(
		    llabs(c.drift_ppb - r->ppb), 60000, "%s: %lld", r->why, (long long)c.drift_ppb);
	cr_expect_leq(c.spread_ns, S / 3);
	/* At the start and at the end a log's time comes to within a third of a second. */
	for (int64_t t = 0; r->seen && t <= r->span_s * S; t += r->span_s * S) {
		int64_t log = t + 70 * S + t / 1000 * r->ppb / 1000000;

		cr_expect_leq(
		    llabs(clock_to_wire(&c, log) - t), S / 3, "%s at %lld", r->why, (long long)t);
	}
}

Test(clock, without_pairs_stays_as_it_was)
{
	struct clock c = { .offset_ns = 5, .pairs = 3 };

	clock_refine(&c, NULL, NULL, 0);
	cr_expect_eq(c.offset_ns, 5);
	cr_expect_eq(c.pairs, 3);
}
