#include <criterion/criterion.h>

#include "analyzer/correlate/trace.h"
#include "tests/unit/rows.h"
#include "tests/unit/sample.h"

#define A(id) LOG_ACTION_##id
#define V(id) VERDICT_##id
#define SEEN (TRACE_SEEN | TRACE_WHOLE)
#define ACTION CLASH_ACTION
#define ABSENT CLASH_ABSENT

/* Contract: what a logged action and a verdict come to. Flags of the log, then of the wire. */
static const struct row {
	const char *why;
	uint8_t action, verdict;
	uint16_t log, wire;
	uint8_t clash;
} rows[] = {
	{ "a plain REJECT", A(REJECT), V(REJECT), 0, SEEN, 0 },
	{ "its code may be 4xx", A(REJECT), V(DEFERRED), 0, SEEN, 0 },
	{ "the client left first", A(REJECT), V(CLIENT_ABORT), 0, SEEN, 0 },
	{ "the capture does not tell", A(REJECT), V(INCOMPLETE), 0, 0, 0 },
	{ "the gateway never answered", A(REJECT), V(UNANSWERED), 0, 0, 0 },
	{ "REJECT owes a reply, not an RST", A(REJECT), V(TCPREFUSE), 0, SEEN, ACTION },
	{ "nor a FIN alone", A(REJECT), V(DROPPED), 0, SEEN, ACTION },
	{ "not even a delayed one", A(REJECT), V(TCPREFUSE), TRACE_DELAYED, SEEN, ACTION },
	{ "delayed in the log, at the greeting on the wire", A(REJECT), V(REJECT), TRACE_DELAYED,
	    SEEN, CLASH_STAGE },
	{ "delayed in both", A(REJECT), V(DELAYED_REJECT), TRACE_DELAYED, SEEN, 0 },
	{ "delayed on the wire, and no such line in the log", A(REJECT), V(DELAYED_REJECT), 0, SEEN,
	    CLASH_STAGE | ABSENT },
	{ "delayed, and the client gave up after the greeting", A(REJECT), V(ACCEPTED),
	    TRACE_DELAYED, SEEN | TRACE_GREETED, 0 },
	{ "delayed, and RCPT refused by any code", A(REJECT), V(ACCEPTED), TRACE_DELAYED,
	    SEEN | TRACE_GREETED | TRACE_REFUSED, 0 },
	{ "delayed, and TLS hides the rest", A(REJECT), V(ACCEPTED), TRACE_DELAYED,
	    SEEN | TRACE_GREETED | TRACE_TLS, 0 },
	{ "plain, and RCPT refused by any code", A(REJECT), V(ACCEPTED), 0,
	    SEEN | TRACE_GREETED | TRACE_REFUSED, CLASH_STAGE | ABSENT },
	{ "plain, and nothing refused", A(REJECT), V(ACCEPTED), 0, SEEN | TRACE_GREETED,
	    ACTION | ABSENT },
	{ "delayed, and a recipient let in", A(REJECT), V(ACCEPTED), TRACE_DELAYED,
	    SEEN | TRACE_LET_IN, ACTION },
	{ "delayed, and mail let in", A(REJECT), V(ACCEPTED), TRACE_DELAYED,
	    SEEN | TRACE_LET_IN | TRACE_MAIL, ACTION | CLASH_MAIL },
	{ "plain, and mail let in", A(REJECT), V(ACCEPTED), 0, SEEN | TRACE_LET_IN | TRACE_MAIL,
	    ACTION | CLASH_MAIL },
	{ "the same, and AUTH may lie where octets are missing", A(REJECT), V(ACCEPTED), 0,
	    TRACE_LET_IN | TRACE_MAIL, ACTION | CLASH_MAIL | ABSENT },
	{ "AUTH on the wire explains it", A(REJECT), V(ACCEPTED), TRACE_DELAYED,
	    SEEN | TRACE_LET_IN | TRACE_MAIL | TRACE_AUTH, 0 },
	{ "AUTH in the log explains it", A(REJECT), V(ACCEPTED), TRACE_DELAYED | TRACE_AUTH,
	    SEEN | TRACE_LET_IN | TRACE_MAIL, 0 },
	{ "TCPREFUSE is an RST", A(TCPREFUSE), V(TCPREFUSE), 0, SEEN, 0 },
	{ "the client's may have been first", A(TCPREFUSE), V(CLIENT_ABORT), 0, SEEN, 0 },
	{ "an RST to the SYN is no contradiction", A(TCPREFUSE), V(PORT_CLOSED), 0, 0, 0 },
	{ "it is no FIN", A(TCPREFUSE), V(DROPPED), 0, SEEN, ACTION },
	{ "no reply", A(TCPREFUSE), V(REJECT), 0, SEEN, ACTION },
	{ "no 4xx", A(TCPREFUSE), V(DEFERRED), 0, SEEN, ACTION },
	{ "no dialogue", A(TCPREFUSE), V(ACCEPTED), 0, SEEN, ACTION },
	{ "no delayed refusal", A(TCPREFUSE), V(DELAYED_REJECT), 0, SEEN, ACTION },
	{ "and nothing but SMTP", A(TCPREFUSE), V(NOT_SMTP), 0, SEEN, ACTION },
	{ "ACCEPT and accepted", A(ACCEPT), V(ACCEPTED), 0, SEEN | TRACE_GREETED, 0 },
	{ "ACCEPT and 421 at a limit", A(ACCEPT), V(DEFERRED), 0, SEEN, 0 },
	{ "ACCEPT and 554", A(ACCEPT), V(REJECT), 0, SEEN, ACTION },
	{ "ACCEPT and RST", A(ACCEPT), V(TCPREFUSE), 0, SEEN, ACTION },
	{ "ACCEPT, and the client left", A(ACCEPT), V(CLIENT_ABORT), 0, SEEN, 0 },
	{ "ACCEPT and all recipients refused for access, without a reason logged", A(ACCEPT),
	    V(DELAYED_REJECT), 0, SEEN, ACTION | ABSENT },
	{ "the same with a reason logged", A(ACCEPT), V(DELAYED_REJECT), TRACE_REFUSED, SEEN, 0 },
	{ "RELAY and accepted", A(RELAY), V(ACCEPTED), 0, SEEN | TRACE_GREETED, 0 },
	{ "RELAY and 554", A(RELAY), V(REJECT), 0, SEEN, ACTION },
	{ "RELAY and RST", A(RELAY), V(TCPREFUSE), 0, SEEN, ACTION },
	{ "no action logged: nothing to contradict", A(NONE), V(REJECT), 0, SEEN, 0 },
	{ "not even a delayed refusal", A(NONE), V(DELAYED_REJECT), 0, SEEN, 0 },
};

ROWS(trace, clash, rows)

ParameterizedTest(size_t *i, trace, clash)
{
	const struct row *r = &rows[*i];
	struct trace wire = { .verdict = r->verdict, .flags = r->wire };
	struct trace log = { .action = r->action, .flags = r->log };

	cr_expect_eq(trace_clash(&wire, &log), r->clash, "%s: %#x, not %#x", r->why,
	    trace_clash(&wire, &log), r->clash);
}

/* Sums of addresses that differ, of an accepted session that both saw from end to end. */
static const struct party_row {
	const char *why;
	uint8_t action;
	uint16_t log, wire;
	bool clash;
} party_rows[] = {
	{ "both whole", A(ACCEPT), TRACE_WHOLE, SEEN, true },
	{ "the log's session is cut", A(ACCEPT), 0, SEEN, false },
	{ "the connection is cut", A(ACCEPT), TRACE_WHOLE, TRACE_SEEN, false },
	{ "the wire's TLS hides them", A(ACCEPT), TRACE_WHOLE, SEEN | TRACE_TLS, false },
	{ "the log tells of TLS", A(ACCEPT), TRACE_WHOLE | TRACE_TLS, SEEN, false },
	{ "a plain REJECT names nobody", A(REJECT), TRACE_WHOLE, SEEN | TRACE_AUTH, false },
	{ "a delayed one does", A(REJECT), TRACE_WHOLE | TRACE_DELAYED, SEEN | TRACE_AUTH, true },
};

ROWS(trace, parties, party_rows)

ParameterizedTest(size_t *i, trace, parties)
{
	const struct party_row *r = &party_rows[*i];
	struct trace wire = { .verdict = VERDICT_ACCEPTED, .flags = r->wire, .recipients = 1 };
	struct trace log = { .action = r->action, .flags = r->log, .recipients = 2 };

	cr_expect_eq((trace_clash(&wire, &log) & CLASH_PARTIES) != 0, r->clash, "%s", r->why);
	log.recipients = 1;
	cr_expect_eq(trace_clash(&wire, &log) & CLASH_PARTIES, 0, "the same recipients");
}

Test(trace, a_path_is_known_by_its_mailbox)
{
	static const struct {
		const char *path, *mailbox;
	} paths[] = {
		{ "u@example.org", "u@example.org" },
		{ "@a.example,@b.example:u@example.org", "u@example.org" },
		{ " u@example.org  ", "u@example.org" },
		{ "\"a:b\"@example.org", "\"a:b\"@example.org" },
		{ "@a.example", "@a.example" },
		{ "", "" },
		{ "  ", "" },
	};

	for (size_t i = 0; i < COUNT(paths); i++)
		cr_expect(
		    bytes_eq(trace_mailbox(bytes_str(paths[i].path)), bytes_str(paths[i].mailbox)),
		    "%s", paths[i].path);
}

Test(trace, a_stamp_without_a_fraction_is_the_middle_of_its_second)
{
	struct log_session s = { .utc_offset_s = 3600 };

	cr_expect_eq(trace_log_ns(&s, 7200 * LOG_NS_PER_S), 3600 * LOG_NS_PER_S + 500000000);
	cr_expect_eq(trace_log_ns(&s, 7200 * LOG_NS_PER_S + 1000), 3600 * LOG_NS_PER_S + 1000);
	cr_expect_eq(trace_log_ns(&s, LOG_TIME_NONE), TRACE_NEVER);
}

Test(trace, neither_order_nor_case_nor_repetition_of_recipients_matters)
{
	static const char *const names[3][3] = { { "a@example.org", "B@example.org" },
		{ "b@EXAMPLE.org", "A@example.org" },
		{ "a@example.org", "b@example.org", "A@example.org" } };
	struct record_builder b;
	struct trace t[3];

	cr_assert(record_builder_init(&b));
	for (size_t i = 0; i < COUNT(names); i++) {
		struct record_recipient r[3] = { 0 };
		uint32_t count = 0;

		sample_plain(&b, 1);
		for (; count < 3 && names[i][count] != NULL; count++) {
			r[count].class = RCPT_ACCESS;
			r[count].address = record_add_text(&b, bytes_str(names[i][count]));
		}
		b.rec->recipients = record_add_array(&b, r, sizeof r[0], count);
		trace_of_record(b.rec, &t[i]);
	}
	cr_expect_eq(t[0].recipients, t[1].recipients);
	cr_expect_eq(t[0].recipients, t[2].recipients);
	cr_expect_neq(t[0].recipients, 0);
	cr_expect(t[0].flags & TRACE_REFUSED);
	cr_expect_eq(t[0].flags & (TRACE_LET_IN | TRACE_WHOLE), 0, "nobody was seen to close");
	cr_expect(t[0].flags & TRACE_SEEN);
	record_builder_clear(&b);
}

/* A million of each are held. */
Test(trace, is_as_small_as_promised)
{
	cr_expect_leq(sizeof(struct trace), 96);
}
