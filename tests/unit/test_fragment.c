#include <criterion/criterion.h>
#include <stdio.h>

#include "capture/packet/fragment.h"
#include "capture/packet/packet.h"
#include "tests/unit/rows.h"

#define SECOND INT64_C(1000000000)

/*
 * Fragments as words: the datagram's number if it is not 1, '#', the offset, '+' (more
 * follow) or '.' (the last), the octets. '!' instead of octets: as many as there are, not
 * captured. What comes out is the datagrams with '|' behind each; what was not captured
 * shows as its length.
 */
static const struct {
	const char *why, *in, *out;
	unsigned dropped;
} rows[] = {
	{ "in order", "0+abcdefgh 8+ijklmnop 16.qr", "abcdefghijklmnopqr|", 0 },
	{ "the last first", "16.qr 8+ijklmnop 0+abcdefgh", "abcdefghijklmnopqr|", 0 },
	{ "the first last", "8+ijklmnop 16.qr 0+abcdefgh", "abcdefghijklmnopqr|", 0 },
	{ "one of whole blocks at the end", "0+abcdefgh 8.ijklmnop", "abcdefghijklmnop|", 0 },
	{ "one is missing", "0+abcdefgh 16.qr", "", 0 },
	{ "the last is missing", "0+abcdefgh 8+ijklmnop", "", 0 },
	{ "a copy while it is incomplete", "0+abcdefgh 0+abcdefgh 8.ij", "abcdefghij|", 0 },
	{ "the first copy of an octet wins", "0+abcdefgh 0+ABCDEFGH 8.ij", "abcdefghij|", 0 },
	{ "so it does in an overlap in front", "8+ijklmnop 0+ABCDEFGHIJKLMNOP 16.qr",
	    "ABCDEFGHijklmnopqr|", 0 },
	{ "and behind", "0+abcdefghijklmnop 8+IJKLMNOPQRSTUVWX 24.yz",
	    "abcdefghijklmnopQRSTUVWXyz|", 0 },
	{ "and over a hole", "8+ijklmnop 24.yz 0+ABCDEFGHIJKLMNOPQRSTUVWX",
	    "ABCDEFGHijklmnopQRSTUVWXyz|", 0 },
	{ "every one of them mirrored", "0+abcdefgh 0+abcdefgh 8.ij 8.ij", "abcdefghij|", 0 },
	{ "mirrored as a whole", "0+abcdefgh 8.ij 0+abcdefgh 8.ij", "abcdefghij|", 0 },
	{ "the number again for another datagram", "0+abcdefgh 8.ij 0+ABCDEFGH 8.IJ",
	    "abcdefghij|ABCDEFGHIJ|", 0 },
	{ "the number again, after a mirrored one", "0+abcdefgh 8.ij 8.ij 0+ABCDEFGH 8.IJ",
	    "abcdefghij|ABCDEFGHIJ|", 0 },
	{ "two at once", "0+abcdefgh 2#0+ABCDEFGH 8.ij 2#8.IJ", "abcdefghij|ABCDEFGHIJ|", 0 },
	{ "two ends: the first to be said holds", "0+abcdefgh 16.qr 24.yz 8+ijklmnop",
	    "abcdefghijklmnopqr|", 0 },
	{ "what lies beyond the end is void", "24+yyyyyyyy 0+abcdefgh 8.ij", "abcdefghij|", 0 },
	{ "a fragment over the end is cut there", "8.ij 0+ABCDEFGHIJKLMNOP", "ABCDEFGHij|", 0 },
	{ "an end within what has come", "0+abcdefghijklmnop 8.IJ", "abcdefghij|", 0 },
	{ "nothing captured of the second", "0+abcdefgh 8+!8 16.qr", "abcdefgh[18]|", 0 },
	{ "nothing captured of the first", "0+!8 8.ij", "[10]|", 0 },
	{ "no fragment is empty", "0+abcdefgh 8. 8.ij", "bad abcdefghij|", 0 },
	{ "only the last ends within a block", "0+abcdefghi 0+abcdefgh 8.ij", "bad abcdefghij|",
	    0 },
	{ "none ends beyond what a length can say", "65528.abcdefgh 0+abcdefgh 8.ij",
	    "bad abcdefghij|", 0 },
};

ROWS(fragment, rows, rows)

struct bench {
	struct budget budget;
	struct limits limits;
	struct fragments *fragments;
};

static void
bench_init(struct bench *b, size_t max)
{
	*b = (struct bench){ .budget = { .max = max } };
	b->fragments = fragment_new(&b->budget, &b->limits);
	cr_assert_not_null(b->fragments);
}

static void
bench_clear(struct bench *b)
{
	fragment_free(b->fragments);
	cr_assert_eq(b->budget.used, 0, "every octet taken is given back");
}

static struct fragment
parse(const char *word)
{
	struct fragment f = { .key = { .family = 4, .id = 1 }, .protocol = 6 };
	char *end;

	if (strchr(word, '#') != NULL) {
		f.key.id = (uint32_t)strtoul(word, &end, 10);
		word = end + 1;
	}
	f.offset = (uint32_t)strtoul(word, &end, 10);
	f.more = *end == '+';
	word = end + 1;
	f.data = bytes_str(word);
	f.len = (uint32_t)f.data.n;
	if (*word == '!') {
		f.len = (uint32_t)strtoul(word + 1, NULL, 10);
		f.data.n = 0;
	}
	return f;
}

ParameterizedTest(size_t *i, fragment, rows)
{
	struct bench b;
	char in[256], out[256] = "";
	size_t n = 0;

	bench_init(&b, 1 << 20);
	snprintf(in, sizeof in, "%s", rows[*i].in);
	for (char *word = strtok(in, " "); word != NULL; word = strtok(NULL, " ")) {
		struct fragment f = parse(word);
		struct datagram d;
		enum fragment_result r = fragment_feed(b.fragments, &f, &d);

		if (r == FRAGMENT_BAD)
			n += (size_t)snprintf(out + n, sizeof out - n, "bad ");
		if (r != FRAGMENT_WHOLE)
			continue;
		cr_assert_eq(d.protocol, 6);
		n += (size_t)snprintf(
		    out + n, sizeof out - n, "%.*s", (int)d.data.n, (const char *)d.data.p);
		if (d.data.n < d.len)
			n += (size_t)snprintf(out + n, sizeof out - n, "[%u]", d.len);
		n += (size_t)snprintf(out + n, sizeof out - n, "|");
	}
	cr_assert_str_eq(out, rows[*i].out, "%s: %s", rows[*i].why, out);
	cr_assert_eq(
	    b.limits.reached[LIMIT_FRAGMENTS_DROPPED], rows[*i].dropped, "%s", rows[*i].why);
	bench_clear(&b);
}

static enum fragment_result
feed(struct bench *b, uint32_t id, int64_t ts_ns, uint32_t offset, uint32_t octets, bool more)
{
	static const uint8_t zeroes[65535];
	struct fragment f = { .key = { .family = 6, .id = id },
		.ts_ns = ts_ns,
		.offset = offset,
		.len = octets,
		.more = more,
		.protocol = 6,
		.data = { zeroes, octets } };
	struct datagram d;

	return fragment_feed(b->fragments, &f, &d);
}

Test(fragment, age_is_bounded)
{
	struct bench b;

	bench_init(&b, 1 << 20);
	feed(&b, 1, 0, 0, 8, true);
	cr_assert_eq(feed(&b, 1, PACKET_FRAGMENT_AGE_NS, 8, 8, false), FRAGMENT_WHOLE,
	    "the last moment is in time");
	feed(&b, 2, 100 * SECOND, 0, 8, true);
	feed(&b, 2, 101 * SECOND, 16, 8, false);
	cr_assert_eq(feed(&b, 2, 131 * SECOND, 8, 8, true), FRAGMENT_HELD, "the rest is gone");
	cr_assert_eq(b.limits.reached[LIMIT_FRAGMENTS_DROPPED], 2);
	bench_clear(&b);
}

Test(fragment, number_is_bounded)
{
	struct bench b;

	bench_init(&b, 64 << 20);
	for (uint32_t id = 0; id < FRAGMENT_MAX_DATAGRAMS + 10; id++)
		feed(&b, id, 0, 0, 8, true);
	cr_assert_eq(b.limits.reached[LIMIT_FRAGMENTS_DROPPED], 10);
	cr_assert_eq(feed(&b, 9, 0, 8, 8, false), FRAGMENT_HELD, "the oldest have gone");
	cr_assert_eq(feed(&b, FRAGMENT_MAX_DATAGRAMS + 9, 0, 8, 8, false), FRAGMENT_WHOLE,
	    "the youngest is there");
	bench_clear(&b);
}

Test(fragment, memory_is_bounded)
{
	struct bench b;

	bench_init(&b, 1 << 20);
	for (uint32_t id = 0; id < 100; id++) {
		feed(&b, id, 0, 0, 16000, true);
		cr_assert_leq(b.budget.used, (1 << 20) / FRAGMENT_BUDGET_SHARE);
	}
	cr_assert_gt(b.limits.reached[LIMIT_FRAGMENTS_DROPPED], 80);
	cr_assert_eq(feed(&b, 99, 0, 16000, 8, false), FRAGMENT_WHOLE);
	bench_clear(&b);
}

/* Datagrams that are out are kept to know their copies, but not for ever and not at a cost. */
Test(fragment, done_ones_go_first)
{
	struct bench b;

	bench_init(&b, 1 << 20);
	feed(&b, 1000, 0, 0, 8, true);
	for (uint32_t id = 0; id < 100; id++) {
		feed(&b, id, 0, 0, 16000, true);
		cr_assert_eq(feed(&b, id, 0, 16000, 8, false), FRAGMENT_WHOLE);
	}
	cr_assert_eq(feed(&b, 1000, 0, 8, 8, false), FRAGMENT_WHOLE);
	cr_assert_eq(b.limits.reached[LIMIT_FRAGMENTS_DROPPED], 0, "none of use was given up");
	bench_clear(&b);
}

Test(fragment, no_memory_at_all)
{
	struct bench b;

	bench_init(&b, 100);
	cr_assert_eq(feed(&b, 1, 0, 0, 8, true), FRAGMENT_HELD);
	cr_assert_eq(b.limits.reached[LIMIT_FRAGMENTS_DROPPED], 1);
	bench_clear(&b);
	bench_init(&b, FRAGMENT_BUDGET_SHARE * 2048); /* room for one, not for its octets */
	cr_assert_eq(feed(&b, 1, 0, 0, 16000, true), FRAGMENT_HELD);
	cr_assert_eq(b.limits.reached[LIMIT_FRAGMENTS_DROPPED], 1);
	cr_assert_eq(b.budget.used, 0);
	bench_clear(&b);
}

/* 65535 octets in as many pieces as they can come in. */
Test(fragment, the_largest_datagram)
{
	struct bench b;

	bench_init(&b, 8 << 20);
	feed(&b, 1, 0, 65528, 7, false);
	for (uint32_t offset = 0; offset < 65520; offset += 8)
		cr_assert_eq(feed(&b, 1, 0, offset, 8, true), FRAGMENT_HELD);
	cr_assert_eq(feed(&b, 1, 0, 65520, 8, true), FRAGMENT_WHOLE);
	cr_assert_eq(b.limits.reached[LIMIT_FRAGMENTS_DROPPED], 0);
	bench_clear(&b);
}
