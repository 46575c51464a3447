#include <criterion/criterion.h>

#include "analyzer/correlate/gateway.h"
#include "rows.h"

static struct addr
address(uint8_t last)
{
	return (struct addr){ .octet = { 192, 0, 2, last }, .family = last == 0 ? 0 : 4 };
}

static struct log_session
session(uint8_t interface)
{
	return (struct log_session){ .interface_addr = address(interface) };
}

static const struct row {
	const char *what;
	uint8_t client, server;
	bool delivers;
} rows[] = {
	{ "a client to the gateway", 9, 25, false },
	{ "the gateway to somebody else", 25, 9, true },
	{ "its other interface to somebody else", 26, 9, true },
	{ "the gateway to itself, as a test on one machine does", 25, 25, false },
	{ "from one of its interfaces to the other", 25, 26, false },
	{ "neither is the gateway", 9, 10, false },
};

ROWS(gateway, rows, rows)

ParameterizedTest(size_t *i, gateway, rows)
{
	const struct row *r = &rows[*i];
	struct gateway gateway = { .count = 0 };
	/* Twice the same, and one that the log does not name or masks. */
	const struct log_session sessions[] = { session(25), session(25), session(0), session(26) };
	const struct record rec = { .client = { .addr = address(r->client) },
		.server = { .addr = address(r->server) } };

	cr_assert_not(gateway_delivers(&gateway, &rec), "nothing is known yet: %s", r->what);
	for (size_t n = 0; n < COUNT(sessions); n++)
		gateway_learn(&gateway, &sessions[n], NULL);
	cr_assert_eq(gateway.count, 2);
	cr_assert_eq(gateway_delivers(&gateway, &rec), r->delivers, "%s", r->what);
}

/* Of a public and a private listener, with the HAT of one. */
Test(gateway, a_listener_that_decides_by_another_hat)
{
	static const char text[] = "BLACKLIST: 203.0.113.9 REJECT\nALL ACCEPT\n";
	static const struct told {
		uint8_t interface, peer, action;
		const char *group;
		bool other[2]; /* then, at 25 and at 26 */
	} told[] = {
		{ 26, 1, LOG_ACTION_RELAY, "RELAYLIST", { false, false } },
		{ 25, 9, LOG_ACTION_REJECT, "BLACKLIST", { false, true } },
		{ 26, 2, LOG_ACTION_REJECT, "ALL", { false, true } },
		{ 25, 3, LOG_ACTION_REJECT, "ALL", { false, false } }, /* or the HAT is neither's */
		{ 25, 4, LOG_ACTION_ACCEPT, "ALL", { false, true } },
		{ 26, 5, LOG_ACTION_ACCEPT, "ALL", { false, false } }, /* some agree, some do not */
	};
	struct gateway gateway = { .count = 0 };
	struct fault fault;
	struct hat *hat;

	cr_assert_eq(hat_parse(&hat, bytes_str(text), "t", NULL, &fault), STATUS_OK);
	for (size_t i = 0; i < COUNT(told); i++) {
		struct {
			struct log_session s;
			char group[16];
		} whole = { session(told[i].interface), "" };

		for (size_t k = 0; k < LOG_TEXT_COUNT; k++)
			whole.s.text[k].len = LOG_ABSENT;
		whole.s.text[LOG_TEXT_GROUP] =
		    (struct log_text){ sizeof whole.s, (uint16_t)strlen(told[i].group) };
		memcpy(whole.group, told[i].group, strlen(told[i].group));
		whole.s.peer = address(told[i].peer);
		memcpy(whole.s.peer.octet, (uint8_t[]){ 203, 0, 113 }, 3);
		whole.s.action = told[i].action;
		whole.s.verified = -1;
		gateway_learn(&gateway, &whole.s, hat);
		for (uint8_t at = 0; at < 2; at++) {
			struct addr where = address((uint8_t)(25 + at));

			cr_expect_eq(gateway_has_other_hat(&gateway, &where), told[i].other[at],
			    "after session %zu, at %d", i, 25 + at);
		}
	}
	hat_free(hat);
}

Test(gateway, of_more_interfaces_than_are_kept_the_first_are)
{
	struct gateway gateway = { .count = 0 };
	struct record rec = { .client = { .addr = address(1) },
		.server = { .addr = address(250) } };

	for (uint8_t n = 1; n <= GATEWAY_MAX + 9; n++) {
		struct log_session s = session(n);

		gateway_learn(&gateway, &s, NULL);
	}
	cr_assert_eq(gateway.count, GATEWAY_MAX);
	cr_assert(gateway_delivers(&gateway, &rec));
	rec.client.addr = address(GATEWAY_MAX + 1);
	cr_assert_not(gateway_delivers(&gateway, &rec));
}
