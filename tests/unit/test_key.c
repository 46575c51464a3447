#include <criterion/criterion.h>

#include "analyzer/flow/key.h"
#include "rows.h"

static struct endpoint
end(uint8_t family, uint8_t first, uint8_t last, uint16_t port)
{
	struct endpoint e = { .addr = { .octet = { [0] = first }, .family = family },
		.port = port };

	e.addr.octet[family == 4 ? 3 : 15] = last;
	return e;
}

static const struct row {
	const char *what;
	struct {
		uint8_t family, first, last;
		uint16_t port;
	} a, b;
} rows[] = {
	{ "IPv4, the client's address is the lesser", { 4, 10, 1, 40000 }, { 4, 192, 1, 25 } },
	{ "IPv4, the client's address is the greater", { 4, 203, 1, 40000 }, { 4, 192, 1, 25 } },
	{ "IPv4, one address", { 4, 127, 1, 40000 }, { 4, 127, 1, 25 } },
	{ "IPv6, the client's address is the lesser", { 6, 0x20, 1, 40000 }, { 6, 0x20, 2, 25 } },
	{ "IPv6, the client's address is the greater", { 6, 0x20, 3, 40000 }, { 6, 0x20, 2, 25 } },
	{ "IPv6, one address", { 6, 0, 1, 40000 }, { 6, 0, 1, 25 } },
	{ "both ends are the same", { 4, 127, 1, 25 }, { 4, 127, 1, 25 } },
};

ROWS(key, rows, rows)

ParameterizedTest(size_t *i, key, rows)
{
	const struct row *r = &rows[*i];
	struct endpoint a = end(r->a.family, r->a.first, r->a.last, r->a.port);
	struct endpoint b = end(r->b.family, r->b.first, r->b.last, r->b.port), c = b;
	uint64_t hash = key_hash(1, &a, &b);

	cr_assert_eq(hash, key_hash(1, &b, &a), "%s: either direction", r->what);
	cr_assert_neq(hash, key_hash(2, &a, &b), "%s: the secret counts", r->what);
	c.port ^= 1;
	cr_assert_neq(hash, key_hash(1, &a, &c), "%s: the port counts", r->what);
	c = b;
	c.addr.octet[1] ^= 1;
	cr_assert_neq(hash, key_hash(1, &a, &c), "%s: the address counts", r->what);
}

/* Whose port it is counts too: 10.0.0.1:25 to 10.0.0.2:26 is not 10.0.0.1:26 to 10.0.0.2:25. */
Test(key, a_port_belongs_to_its_address)
{
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct endpoint a = end(family, 10, 1, 25), b = end(family, 10, 2, 26);
		struct endpoint c = end(family, 10, 1, 26), d = end(family, 10, 2, 25);

		cr_assert_neq(key_hash(1, &a, &b), key_hash(1, &c, &d));
	}
}
