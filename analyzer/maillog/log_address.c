#include "analyzer/maillog/log_address.h"

#include <arpa/inet.h>

/* By hand: there is one in most sessions of a log. */
static bool
parse_ipv4(struct addr *out, struct bytes text)
{
	const uint8_t *p = text.p, *end = p + text.n;
	unsigned value = 0, digits = 0, part = 0;

	for (; p < end; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (digit < 10) {
			value = value * 10 + digit;
			digits++;
			continue;
		}
		if (*p != '.' || digits == 0 || digits > 3 || value > 255 || part == 3)
			return false;
		out->octet[part++] = (uint8_t)value;
		value = digits = 0;
	}
	if (part != 3 || digits == 0 || digits > 3 || value > 255)
		return false;
	out->octet[3] = (uint8_t)value;
	out->family = 4;
	return true;
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

void
log_address_again(struct log_address_memo *memo, struct addr *out, struct bytes text)
{
	if (text.n == 0 || text.n != memo->n || memcmp(text.p, memo->text, text.n) != 0) {
		memo->n = text.n < sizeof memo->text ? text.n : 0;
		if (memo->n > 0)
			memcpy(memo->text, text.p, memo->n);
		(void)log_address_parse(&memo->addr, text);
	}
	*out = memo->addr;
}
