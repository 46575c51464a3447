#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "analyzer/maillog/log_address.h"
#include "reports/address.h"

static const struct {
	const char *why, *text, *is; /* NULL: it is none */
} rows[] = {
	{ "IPv4", "198.51.100.9", "198.51.100.9" },
	{ "its ends", "0.0.0.0", "0.0.0.0" },
	{ "its other ends", "255.255.255.255", "255.255.255.255" },
	{ "zeroes in front", "198.051.100.009", "198.51.100.9" },
	{ "IPv6", "2001:db8::9", "2001:db8::9" },
	{ "IPv6 in full", "2001:0DB8:0:0:0:0:0:9", "2001:db8::9" },
	{ "IPv6 of an interface", "fe80::1%em0", "fe80::1" },
	{ "IPv4 in IPv6 is what the wire shows", "::ffff:198.51.100.9", "198.51.100.9" },
	{ "masked", "x.x.x.x", NULL },
	{ "masked in part", "198.51.100.x", NULL },
	{ "a part too large", "198.51.100.256", NULL },
	{ "a part too long", "198.51.100.0009", NULL },
	{ "a part too few", "198.51.100", NULL },
	{ "a part too many", "198.51.100.9.1", NULL },
	{ "an empty part", "198..100.9", NULL },
	{ "a point at its end", "198.51.100.9.", NULL },
	{ "something behind it", "198.51.100.9 ", NULL },
	{ "IPv6 with two gaps", "2001::db8::9", NULL },
	{ "too long for any", "2001:db8:0000:0000:0000:0000:0000:0000:0000:0000", NULL },
	{ "a name", "mail.example.com", NULL },
	{ "nothing", "", NULL },
};

ParameterizedTestParameters(log_address, table)
{
	static size_t index[sizeof rows / sizeof rows[0]];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, sizeof rows / sizeof rows[0]);
}

ParameterizedTest(size_t *i, log_address, table)
{
	static const struct addr none;
	struct addr a;
	char room[ADDRESS_ROOM];
	bool is = log_address_parse(&a, bytes_str(rows[*i].text));

	cr_assert_eq(is, rows[*i].is != NULL, "%s", rows[*i].why);
	if (is)
		cr_assert_str_eq(
		    address_format(room, &a), rows[*i].is, "%s: %s", rows[*i].why, room);
	else
		cr_assert_eq(
		    memcmp(&a, &none, sizeof a), 0, "%s: something was left", rows[*i].why);
}

Test(log_address, again_and_another)
{
	struct log_address_memo memo = { .n = 0 };
	struct addr a, b;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (int twice = 0; twice < 2; twice++) {
			log_address_again(&memo, &a, bytes_str(rows[i].text));
			(void)log_address_parse(&b, bytes_str(rows[i].text));
			cr_assert_eq(memcmp(&a, &b, sizeof a), 0, "%s", rows[i].why);
		}
	}
}
