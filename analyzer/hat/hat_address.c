#include "analyzer/hat/hat_address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define EXPECT_V4                                                                             \
	"expected an IPv4 address, a part of one, a range in its last octet, or a CIDR block" \
	" (octets 0 to 255, prefix 0 to 32)"
#define EXPECT_V6 "expected an IPv6 address, a range of addresses or in one group, or a CIDR block"
#define REVERSED "the range is reversed, and is read the other way round"

static bool
only(struct bytes text, const char *set)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == 0 || strchr(set, text.p[i]) == NULL)
			return false;
	return text.n > 0;
}

bool
hat_address_looks_v4(struct bytes text)
{
	return only(text, "0123456789.-/") && isdigit(text.p[0]);
}

bool
hat_address_looks_v6(struct bytes text)
{
	return only(text, "0123456789abcdefABCDEF:.-/") && memchr(text.p, ':', text.n) != NULL;
}

static struct hat_key
v4_key(const uint8_t octet[4])
{
	return (struct hat_key){ 0, (uint64_t)octet[0] << 24 | (uint64_t)octet[1] << 16 |
					(uint64_t)octet[2] << 8 | octet[3] };
}

/* The mask of the last `bits` bits (0 to 128). */
static struct hat_key
low_bits(unsigned bits)
{
	if (bits >= 128)
		return (struct hat_key){ UINT64_MAX, UINT64_MAX };
	if (bits >= 64)
		return (struct hat_key){ (UINT64_C(1) << (bits - 64)) - 1, UINT64_MAX };
	return (struct hat_key){ 0, (UINT64_C(1) << bits) - 1 };
}

static void
set_block(struct hat_host *out, uint8_t family, struct hat_key base, unsigned prefix)
{
	struct hat_key mask = low_bits((family == 4 ? 32 : 128) - prefix);

	out->kind = HAT_KIND_ADDRESS;
	out->family = family;
	out->lo = (struct hat_key){ base.hi & ~mask.hi, base.lo & ~mask.lo };
	out->hi = (struct hat_key){ base.hi | mask.hi, base.lo | mask.lo };
}

static bool
set_range(
    struct hat_host *out, uint8_t family, struct hat_key a, struct hat_key b, const char **remark)
{
	bool reversed = hat_key_compare(a, b) > 0;

	if (reversed)
		*remark = REVERSED;
	out->kind = HAT_KIND_ADDRESS;
	out->family = family;
	out->lo = reversed ? b : a;
	out->hi = reversed ? a : b;
	return true;
}

/* A decimal number from 0 to max; leading zeros do not make it octal. */
static bool
number(struct reader *r, unsigned max, unsigned *out)
{
	unsigned v = 0, digits = 0;

	while (rd_left(r) > 0 && isdigit(*r->p) && digits < 4) {
		v = v * 10 + (unsigned)(rd_u8(r) - '0');
		digits++;
	}
	*out = v;
	return digits > 0 && v <= max;
}

static bool
take(struct reader *r, char c)
{
	if (rd_left(r) == 0 || *r->p != (uint8_t)c)
		return false;
	rd_skip(r, 1);
	return true;
}

/* One to four octets, a range in the last, a dot after it. The count, or 0. */
static unsigned
octets(struct reader *r, uint8_t lo[4], uint8_t hi[4])
{
	unsigned n = 0, a, b;

	memset(lo, 0, 4);
	memset(hi, 255, 4);
	do {
		if (!number(r, 255, &a))
			return 0;
		b = a;
		if (take(r, '-') && !number(r, 255, &b))
			return 0;
		lo[n] = (uint8_t)a;
		hi[n] = (uint8_t)b;
		n++;
	} while (take(r, '.') && a == b && n < 4 && rd_left(r) > 0 && isdigit(*r->p));
	return n;
}

static bool
parse_v4(struct hat_host *out, struct bytes text, const char **remark)
{
	const uint8_t *dash = memchr(text.p, '-', text.n);
	uint8_t lo[4], hi[4], lo2[4], hi2[4];
	struct reader r = rd_init(text);
	unsigned n, prefix;

	if (dash != NULL) {
		struct reader from = rd_init(bytes_head(text, (size_t)(dash - text.p)));
		struct reader to = rd_init(bytes_skip(text, (size_t)(dash - text.p) + 1));

		if (octets(&from, lo, hi) == 4 && octets(&to, lo2, hi2) == 4 &&
		    rd_left(&from) == 0 && rd_left(&to) == 0)
			return set_range(out, 4, v4_key(lo), v4_key(lo2), remark);
	}
	n = octets(&r, lo, hi);
	*remark = EXPECT_V4;
	if (n == 0)
		return false;
	if (take(&r, '/')) {
		if (!number(&r, 32, &prefix) || rd_left(&r) > 0 || dash != NULL)
			return false;
		*remark = NULL;
		set_block(out, 4, v4_key(lo), prefix);
		return true;
	}
	if (rd_left(&r) > 0 || (n == 4 && text.p[text.n - 1] == '.'))
		return false;
	*remark = NULL;
	if (lo[n - 1] > hi[n - 1]) {
		uint8_t swap = lo[n - 1];

		lo[n - 1] = hi[n - 1];
		hi[n - 1] = swap;
		*remark = REVERSED;
	}
	return set_range(out, 4, v4_key(lo), v4_key(hi), remark);
}

static bool
v6_key(const char *text, struct hat_key *out)
{
	struct addr a = { .family = 6 };

	if (inet_pton(AF_INET6, text, a.octet) != 1)
		return false;
	*out = hat_key_of(&a);
	return true;
}

/* Group 0 is the first in the text. */
static unsigned
v6_group(struct hat_key k, unsigned group)
{
	return (unsigned)((group < 4 ? k.hi : k.lo) >> (16 * (3 - group % 4)) & 0xffff);
}

/* n:n:a-b:n...: once with a and once with b in its place. */
static bool
parse_group_range(struct hat_host *out, const char *text, const char *dash, const char **remark)
{
	const char *from = dash, *after = dash + 1;
	char with_a[128], with_b[128];
	struct hat_key a, b;
	unsigned g = 0;

	while (from > text && isxdigit((unsigned char)from[-1]))
		from--;
	while (isxdigit((unsigned char)*after))
		after++;
	if (from == dash || after == dash + 1)
		return false;
	snprintf(with_a, sizeof with_a, "%.*s%s", (int)(dash - text), text, after);
	snprintf(with_b, sizeof with_b, "%.*s%s", (int)(from - text), text, dash + 1);
	if (!v6_key(with_a, &a) || !v6_key(with_b, &b))
		return false;
	set_range(out, 6, a, b, remark);
	while (g < 7 && v6_group(a, g) == v6_group(b, g))
		g++;
	out->group = (uint8_t)g;
	if (g < 7)
		out->kind = HAT_KIND_GROUP_RANGE;
	return true;
}

static bool
parse_v6_block(struct hat_host *out, char *text, char *slash)
{
	struct reader r = rd_init(bytes_str(slash + 1));
	struct hat_key base;
	unsigned prefix;

	if (!number(&r, 128, &prefix) || rd_left(&r) > 0)
		return false;
	*slash = '\0';
	if (!v6_key(text, &base)) {
		char padded[128];

		/* As in IPv4, the groups that the prefix does not reach may be left out. */
		snprintf(padded, sizeof padded, "%s::", text);
		if (!v6_key(padded, &base))
			return false;
	}
	set_block(out, 6, base, prefix);
	return true;
}

static bool
parse_v6(struct hat_host *out, struct bytes text, const char **remark)
{
	char room[100], *slash, *dash;
	struct hat_key a, b;

	*remark = EXPECT_V6;
	if (text.n >= sizeof room)
		return false;
	memcpy(room, text.p, text.n);
	room[text.n] = '\0';
	slash = strchr(room, '/');
	dash = strchr(room, '-');
	if (slash != NULL) {
		if (!parse_v6_block(out, room, slash))
			return false;
		*remark = NULL;
		return true;
	}
	if (dash == NULL) {
		if (!v6_key(room, &a))
			return false;
		*remark = NULL;
		return set_range(out, 6, a, a, remark);
	}
	*dash = '\0';
	if (v6_key(room, &a) && v6_key(dash + 1, &b)) {
		*remark = NULL;
		return set_range(out, 6, a, b, remark);
	}
	*dash = '-';
	*remark = NULL;
	if (parse_group_range(out, room, dash, remark))
		return true;
	*remark = EXPECT_V6;
	return false;
}

/* ::ffff:a.b.c.d, which is the IPv4 address. */
static bool
is_mapped(struct hat_key k)
{
	return k.hi == 0 && k.lo >> 32 == 0xffff;
}

bool
hat_address_parse(struct hat_host *out, struct bytes text, const char **remark)
{
	*remark = NULL;
	if (memchr(text.p, ':', text.n) == NULL)
		return parse_v4(out, text, remark);
	if (!parse_v6(out, text, remark))
		return false;
	if (is_mapped(out->lo) && is_mapped(out->hi)) {
		out->family = 4;
		out->lo.lo &= UINT32_MAX;
		out->hi.lo &= UINT32_MAX;
		out->kind = HAT_KIND_ADDRESS;
	}
	return true;
}

static void
key_text(uint8_t family, struct hat_key k, char room[static INET6_ADDRSTRLEN])
{
	uint8_t octet[16];

	for (unsigned i = 0; i < 16; i++)
		octet[i] = (uint8_t)((i < 8 ? k.hi : k.lo) >> (8 * (7 - i % 8)));
	if (family == 4)
		inet_ntop(AF_INET, octet + 12, room, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, octet, room, INET6_ADDRSTRLEN);
}

static size_t
format_group_range(const struct hat_host *host, char room[static HAT_HOST_ROOM])
{
	size_t n = 0;

	for (unsigned g = 0; g < 8; g++) {
		n += (size_t)snprintf(
		    room + n, HAT_HOST_ROOM - n, "%s%x", g > 0 ? ":" : "", v6_group(host->lo, g));
		if (g == host->group)
			n += (size_t)snprintf(
			    room + n, HAT_HOST_ROOM - n, "-%x", v6_group(host->hi, g));
	}
	return n;
}

size_t
hat_address_format(const struct hat_host *host, char room[static HAT_HOST_ROOM])
{
	char lo[INET6_ADDRSTRLEN], hi[INET6_ADDRSTRLEN];
	unsigned bits = host->family == 4 ? 32 : 128;

	if (host->kind == HAT_KIND_GROUP_RANGE)
		return format_group_range(host, room);
	key_text(host->family, host->lo, lo);
	key_text(host->family, host->hi, hi);
	if (hat_key_compare(host->lo, host->hi) == 0)
		return (size_t)snprintf(room, HAT_HOST_ROOM, "%s", lo);
	for (unsigned prefix = 0; prefix < bits; prefix++) {
		struct hat_host block = { 0 };

		set_block(&block, host->family, host->lo, prefix);
		if (hat_key_compare(block.lo, host->lo) == 0 &&
		    hat_key_compare(block.hi, host->hi) == 0)
			return (size_t)snprintf(room, HAT_HOST_ROOM, "%s/%u", lo, prefix);
	}
	return (size_t)snprintf(room, HAT_HOST_ROOM, "%s-%s", lo, hi);
}
