#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "reports/address.h"

static const struct {
	const char *address;
	uint16_t port;
	const char *endpoint;
} rows[] = {
	{ "0.0.0.0", 0, "0.0.0.0:0" },
	{ "192.0.2.10", 25, "192.0.2.10:25" },
	{ "255.255.255.255", 65535, "255.255.255.255:65535" },
	{ "::", 0, "[::]:0" },
	{ "2001:db8::1", 40001, "[2001:db8::1]:40001" },
	{ "::ffff:192.0.2.1", 25, "[::ffff:192.0.2.1]:25" },
	{ "2001:db8:1111:2222:3333:4444:5555:6666", 65535,
	    "[2001:db8:1111:2222:3333:4444:5555:6666]:65535" },
};

ParameterizedTestParameters(address, table)
{
	static size_t index[sizeof rows / sizeof rows[0]];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, sizeof rows / sizeof rows[0]);
}

ParameterizedTest(size_t *i, address, table)
{
	struct endpoint e = { .port = rows[*i].port };
	char address[ADDRESS_ROOM], endpoint[ADDRESS_ENDPOINT_ROOM];

	e.addr.family = strchr(rows[*i].address, ':') != NULL ? 6 : 4;
	cr_assert_eq(
	    inet_pton(e.addr.family == 6 ? AF_INET6 : AF_INET, rows[*i].address, e.addr.octet), 1);
	cr_assert_str_eq(address_format(address, &e.addr), rows[*i].address);
	cr_assert_str_eq(address_endpoint(endpoint, &e), rows[*i].endpoint);
}
