#include <criterion/criterion.h>

#include "fixtures/responder/endpoint.h"
#include "reports/address.h"
#include "tests/unit/rows.h"

static const struct {
	const char *in, *out; /* NULL: it is none */
} rows[] = {
	{ "127.0.0.1:2525", "127.0.0.1:2525" },
	{ "0.0.0.0:0", "0.0.0.0:0" },
	{ "[::1]:25", "[::1]:25" },
	{ "::1:25", "[::1]:25" },
	{ "[2001:db8::1]:65535", "[2001:db8::1]:65535" },
	{ "[127.0.0.1]:25", "127.0.0.1:25" },
	{ "127.0.0.1:65536", NULL },
	{ "127.0.0.1:", NULL },
	{ "127.0.0.1:-1", NULL },
	{ "127.0.0.1:2x", NULL },
	{ "127.0.0.1", NULL },
	{ "localhost:25", NULL },
	{ "1:2:3:4:5:6:7:8:9:0:11:12:13:14:15:16:17:18:19:20:21:22:23:24", NULL },
	{ ":25", NULL },
	{ "", NULL },
};

ROWS(responder_endpoint, text, rows)

ParameterizedTest(size_t *i, responder_endpoint, text)
{
	char room[ADDRESS_ENDPOINT_ROOM];
	struct sockaddr_storage s;
	struct endpoint e, back;
	struct fault fault;
	enum status status = endpoint_parse(&e, rows[*i].in, &fault);

	cr_assert_eq(status, rows[*i].out != NULL ? STATUS_OK : STATUS_USAGE, "%s", rows[*i].in);
	if (rows[*i].out == NULL)
		return;
	cr_assert_str_eq(address_endpoint(room, &e), rows[*i].out);
	(void)endpoint_to_socket(&s, &e);
	back = endpoint_of_socket(&s);
	cr_assert_str_eq(address_endpoint(room, &back), rows[*i].out, "to a socket and back");
}

Test(responder_endpoint, an_ipv4_client_of_an_ipv6_socket)
{
	const struct endpoint in = {
		{ .family = 6,
		    .octet = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1 } },
		25
	};
	char room[ADDRESS_ENDPOINT_ROOM];
	struct sockaddr_storage s;
	struct endpoint e;

	(void)endpoint_to_socket(&s, &in);
	e = endpoint_of_socket(&s);
	cr_assert_str_eq(address_endpoint(room, &e), "192.0.2.1:25");
	cr_assert_not(endpoint_is_any(&e));
}

Test(responder_endpoint, any)
{
	struct endpoint e;

	cr_assert_eq(endpoint_parse(&e, "[::]:25", NULL), STATUS_OK);
	cr_assert(endpoint_is_any(&e));
}
