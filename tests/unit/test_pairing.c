#include <criterion/criterion.h>

#include "analyzer/correlate/clock.h"
#include "analyzer/correlate/pairing.h"
#include "tests/unit/rows.h"

#define S CLOCK_NS_PER_S
#define WHOLE TRACE_WHOLE
#define TLS TRACE_TLS

static int32_t
weigh(const struct trace *wire, const struct trace *log, bool left_over, bool *sure)
{
	const struct span_ns times = { log->open_ns, log->close_ns };
	const struct hint hint = { .group = "BLACKLIST", .match = "sbrs[-10.0:-3.0]" };
	const struct pairing p = { .wire = wire,
		.log = log,
		.times = &times,
		.hints = &hint,
		.capture_first_ns = -10 * S,
		.capture_last_ns = 10 * S,
		.window_ns = 5 * S,
		.reach_ns = 5 * S,
		.left_over = left_over };
	uint16_t by;

	return pairing_weigh(&p, 0, 0, &by, sure);
}

/* What the parties of the two sides do to the weight of a pair. */
static const struct row {
	const char *why;
	uint16_t wire, log;
	uint64_t sent, logged;
	int sign;
} rows[] = {
	{ "they agree", WHOLE, WHOLE, 1, 1, 1 },
	{ "they differ", WHOLE, WHOLE, 1, 2, -1 },
	{ "one has none", WHOLE, WHOLE, 0, 2, -1 },
	{ "TLS hides those of the wire", WHOLE | TLS, WHOLE | TLS, 0, 2, 0 },
	{ "the excerpt ends in the session", WHOLE, 0, 3, 1, 0 },
	{ "the connection was not seen to its end", 0, WHOLE, 1, 3, 0 },
	{ "what agrees does so wherever it was cut", 0, 0, 1, 1, 1 },
};

ROWS(pairing, parties, rows)

ParameterizedTest(size_t *i, pairing, parties)
{
	const struct row *r = &rows[*i];
	struct trace wire = { .verdict = VERDICT_ACCEPTED, .flags = r->wire },
		     log = { .action = LOG_ACTION_ACCEPT, .flags = r->log };
	int32_t without, with;
	bool sure;

	without = weigh(&wire, &log, false, &sure);
	wire.recipients = r->sent;
	log.recipients = r->logged;
	with = weigh(&wire, &log, false, &sure);
	cr_expect_eq(
	    (with > without) - (with < without), r->sign, "%s: %d, %d", r->why, without, with);
}

/* A refusal that names no client, and what was seen of a connection at its time. */
static const struct refusal_row {
	const char *why;
	uint8_t verdict;
	uint16_t flags;
	bool may_be;
} refusals[] = {
	{ "an RST", VERDICT_TCPREFUSE, TRACE_OPENED | TRACE_SEEN, true },
	{ "nothing but the handshake", VERDICT_INCOMPLETE, TRACE_OPENED, true },
	{ "a greeting", VERDICT_INCOMPLETE, TRACE_OPENED | TRACE_GREETED, false },
	{ "a FIN", VERDICT_DROPPED, TRACE_OPENED | TRACE_SEEN, false },
};

ROWS(pairing, refusal, refusals)

ParameterizedTest(size_t *i, pairing, refusal)
{
	const struct refusal_row *r = &refusals[*i];
	const struct trace wire = { .verdict = r->verdict,
		.flags = r->flags,
		.addr = { .family = 4, .octet = { 192, 0, 2, 1 } } };
	const struct trace log = { .action = LOG_ACTION_TCPREFUSE, .flags = WHOLE };
	bool sure;

	cr_expect_eq(weigh(&wire, &log, true, &sure) > 0, r->may_be, "%s", r->why);
	cr_expect_not(sure, "%s", r->why);
}
