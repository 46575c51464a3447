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
		gateway_learn(&gateway, &sessions[n]);
	cr_assert_eq(gateway.count, 2);
	cr_assert_eq(gateway_delivers(&gateway, &rec), r->delivers, "%s", r->what);
}

Test(gateway, of_more_interfaces_than_are_kept_the_first_are)
{
	struct gateway gateway = { .count = 0 };
	struct record rec = { .client = { .addr = address(1) },
		.server = { .addr = address(250) } };

	for (uint8_t n = 1; n <= GATEWAY_MAX + 9; n++) {
		struct log_session s = session(n);

		gateway_learn(&gateway, &s);
	}
	cr_assert_eq(gateway.count, GATEWAY_MAX);
	cr_assert(gateway_delivers(&gateway, &rec));
	rec.client.addr = address(GATEWAY_MAX + 1);
	cr_assert_not(gateway_delivers(&gateway, &rec));
}
