#include "analyzer/maillog/log_address.h"

#include <arpa/inet.h>

/* By hand: there is one in most sessions of a log. */
static bool
parse_ipv4(struct addr *out, struct bytes text)
{
	const uint8_t *p = text.p, *end = p + text.n;

	for (int part = 0; part < 4; part++) {
		const uint8_t *from = p;
		unsigned value = 0;

		for (; p < end && (uint8_t)(*p - '0') < 10; p++)
			value = value * 10 + (unsigned)(*p - '0');
		if (p == from || p - from > 3 || value > 255)
			return false;
		out->octet[part] = (uint8_t)value;
		if (part < 3 && (p == end || *p++ != '.'))
			return false;
	}
	out->family = 4;
	return p == end;
}

static bool
parse_ipv6(struct addr *out, struct bytes text)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *zone = memchr(text.p, '%', text.n);
	size_t n = zone == NULL ? text.n : (size_t)(zone - text.p);
	char room[INET6_ADDRSTRLEN];

	if (n >= sizeof room)
		return false;
	memcpy(room, text.p, n);
	room[n] = '\0';
	if (strlen(room) != n || inet_pton(AF_INET6, room, out->octet) != 1)
		return false;
	out->family = 6;
	if (memcmp(out->octet, mapped, sizeof mapped) == 0) {
		memmove(out->octet, out->octet + sizeof mapped, 4);
		memset(out->octet + 4, 0, sizeof mapped);
		out->family = 4;
	}
	return true;
}

bool
log_address_parse(struct addr *out, struct bytes text)
{
	memset(out, 0, sizeof *out);
	if (text.n == 0)
		return false;
	if (parse_ipv4(out, text))
		return true;
	memset(out, 0, sizeof *out);
	if (memchr(text.p, ':', text.n) != NULL && parse_ipv6(out, text))
		return true;
	memset(out, 0, sizeof *out);
	return false;
}
