#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "reports/community_id.h"

/*
 * The IPv4 rows are values that other programs publish (the specification's baseline, Zeek's
 * own test); the IPv6 rows were computed by a few lines of Python over hashlib.
 */
static const struct {
	const char *why;
	const char *a;
	uint16_t a_port;
	const char *b;
	uint16_t b_port;
	const char *id;
} rows[] = {
	{ "the value that the documentation prints", "192.0.2.10", 40001, "198.51.100.25", 25,
	    "1:qd49kQW7x1acVJHd5XUdzuOvP9Q=" },
	{ "the baseline's TCP flow", "128.232.110.120", 34855, "66.35.250.204", 80,
	    "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
	{ "Zeek's test", "1.2.3.4", 1122, "5.6.7.8", 3344, "1:wCb3OG7yAFWelaUydu0D+125CLM=" },
	{ "equal addresses: the ports decide", "10.0.0.1", 40001, "10.0.0.1", 25,
	    "1:hjsp8EqFAOvq4D8tzmszeA5FGkQ=" },
	{ "IPv6", "2001:db8::1", 40001, "2001:db8::2", 25, "1:xH/7mPoXoR10p9k7MaEUO8/FDdA=" },
	{ "IPv6, equal addresses", "2001:db8::1", 25, "2001:db8::1", 40001,
	    "1:O3NTx8QrXgAYSE9t29hrpzXud7o=" },
};

static struct endpoint
endpoint(const char *address, uint16_t port)
{
	struct endpoint e = { .port = port };

	e.addr.family = strchr(address, ':') != NULL ? 6 : 4;
	inet_pton(e.addr.family == 6 ? AF_INET6 : AF_INET, address, e.addr.octet);
	return e;
}

ParameterizedTestParameters(community_id, table)
{
	static size_t index[sizeof rows / sizeof rows[0]];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, sizeof rows / sizeof rows[0]);
}

ParameterizedTest(size_t *i, community_id, table)
{
	struct endpoint a = endpoint(rows[*i].a, rows[*i].a_port);
	struct endpoint b = endpoint(rows[*i].b, rows[*i].b_port);
	char id[COMMUNITY_ID_ROOM];

	cr_assert(community_id_format(id, &a, &b));
	cr_assert_str_eq(id, rows[*i].id, "%s: %s", rows[*i].why, id);
	cr_assert(community_id_format(id, &b, &a));
	cr_assert_str_eq(id, rows[*i].id, "%s, the other way round: %s", rows[*i].why, id);
}
