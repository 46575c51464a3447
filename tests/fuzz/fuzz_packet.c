/*
 * fuzz_packet: any octets as a frame of any link type, and as what an IP packet carries.
 *   The first octet picks the link type, the second how fragments are cut and ordered.
 * Holds: a frame cut by a snaplen gives the same segment with less of its payload, or none;
 *        a packet in fragments gives what it gives whole; memory is given back.
 */
#include <assert.h>
#include <stdlib.h>

#include <pcap/dlt.h>

#include "capture/packet/packet.h"

#define MAX_SEGMENTS 16
#define MAX_PIECES 512

struct told {
	size_t count;
	struct segment seg[MAX_SEGMENTS];
	uint8_t *payload[MAX_SEGMENTS];
	bool too_deep; /* fragments are one layer more */
};

static struct port_set ports;

static void
note(struct told *t, const struct segment *seg)
{
	assert(seg->payload.n <= seg->len);
	assert(seg->src.addr.family == seg->dst.addr.family);
	assert(seg->src.addr.family == 4 || seg->src.addr.family == 6);
	assert(port_set_has(&ports, seg->src.port) || port_set_has(&ports, seg->dst.port));
	assert(seg->window_shift >= -1 && seg->window_shift <= 14);
	if (t->count == MAX_SEGMENTS)
		return;
	t->seg[t->count] = *seg;
	t->payload[t->count] = malloc(seg->payload.n + 1);
	assert(t->payload[t->count] != NULL);
	if (seg->payload.n > 0)
		memcpy(t->payload[t->count], seg->payload.p, seg->payload.n);
	t->seg[t->count].payload.p = t->payload[t->count];
	t->count++;
}

static void
told_clear(struct told *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->payload[i]);
	*t = (struct told){ 0 };
}

struct piece {
	struct bytes data;
	uint32_t wire_len;
};

/* All of them through one decoder. */
static void
decode(struct told *t, int link_type, const struct piece *pieces, size_t count)
{
	struct budget budget = { 0, 1 << 20 };
	struct limits limits = { { 0 } };
	struct packet *p = packet_new(&ports, &budget, &limits);

	assert(p != NULL);
	for (size_t i = 0; i < count; i++) {
		struct frame frame = { .ts_ns = (int64_t)i,
			.frame_no = i + 1,
			.data = pieces[i].data,
			.wire_len = pieces[i].wire_len,
			.link_type = link_type,
			.ts_digits = 6 };
		struct segment seg;

		if (packet_decode(p, &frame, &seg))
			note(t, &seg);
	}
	assert(packet_stats(p)->frames == count);
	assert(packet_stats(p)->segments + packet_stats(p)->undecoded <= count);
	t->too_deep = limits.reached[LIMIT_DECAPSULATION_DEPTH] != 0;
	packet_free(p);
	assert(budget.used == 0);
}

static void
assert_same(const struct segment *a, const struct segment *b)
{
	assert(memcmp(&a->src.addr, &b->src.addr, sizeof a->src.addr) == 0);
	assert(memcmp(&a->dst.addr, &b->dst.addr, sizeof a->dst.addr) == 0);
	assert(a->src.port == b->src.port && a->dst.port == b->dst.port);
	assert(a->seq == b->seq && a->ack == b->ack && a->len == b->len);
	assert(a->flags == b->flags && a->window == b->window && a->ttl == b->ttl);
}

/* Each snaplen in a block of its own size, so that a read beyond it is seen. */
static void
check_snaplen(int link_type, struct bytes frame)
{
	struct piece whole = { frame, (uint32_t)frame.n };
	struct told full = { 0 }, less = { 0 };

	decode(&full, link_type, &whole, 1);
	for (size_t n = frame.n; n-- > 0 && frame.n < 256;) {
		uint8_t *copy = malloc(n + (n == 0));
		struct piece cut = { { copy, n }, (uint32_t)frame.n };

		assert(copy != NULL);
		if (n > 0)
			memcpy(copy, frame.p, n);
		decode(&less, link_type, &cut, 1);
		assert(less.count <= full.count);
		if (less.count == 1) {
			assert_same(&less.seg[0], &full.seg[0]);
			assert(less.seg[0].payload.n <= full.seg[0].payload.n);
			assert(bytes_eq(less.seg[0].payload,
			    bytes_head(full.seg[0].payload, less.seg[0].payload.n)));
		}
		told_clear(&less);
		free(copy);
	}
	told_clear(&full);
}

static size_t
put_header(uint8_t *to, bool six, uint8_t protocol, struct bytes carried, size_t offset, size_t n)
{
	bool more = offset + n < carried.n;

	memset(to, 0, 48);
	if (!six) {
		to[0] = 0x45;
		to[2] = (uint8_t)((20 + n) >> 8);
		to[3] = (uint8_t)(20 + n);
		to[5] = 7;
		to[6] = (uint8_t)((more ? 0x20 : 0) | offset / 8 >> 8);
		to[7] = (uint8_t)(offset / 8);
		to[8] = 64;
		to[9] = protocol;
		return 20;
	}
	to[0] = 0x60;
	to[4] = (uint8_t)((8 + n) >> 8);
	to[5] = (uint8_t)(8 + n);
	to[6] = 44;
	to[7] = 64;
	to[40] = protocol;
	to[42] = (uint8_t)(offset >> 8);
	to[43] = (uint8_t)(offset | more);
	to[47] = 7;
	return 48;
}

/* The packet of carried[offset, offset + n), which may be all of it. */
static struct piece
make_piece(bool six, uint8_t protocol, struct bytes carried, size_t offset, size_t n)
{
	uint8_t *p = malloc(48 + n);
	size_t head;

	assert(p != NULL);
	head = put_header(p, six, protocol, carried, offset, n);
	memcpy(p + head, carried.p + offset, n);
	return (struct piece){ { p, head + n }, (uint32_t)(head + n) };
}

static void
check_fragments(bool six, uint8_t protocol, struct bytes carried, uint8_t how)
{
	size_t step = ((size_t)how % 8 + 1) * 8, count = 0;
	struct piece pieces[MAX_PIECES], whole;
	struct told one = { 0 }, many = { 0 };
	bool wrong = false;

	if (carried.n == 0 || carried.n > step * MAX_PIECES)
		return;
	whole = make_piece(six, protocol, carried, 0, carried.n);
	decode(&one, DLT_RAW, &whole, 1);
	for (size_t i = 0; i < one.count; i++)
		wrong |=
		    one.seg[i].bad_checksum; /* which is believed of what was not put together */
	for (size_t at = 0; at < carried.n; at += step, count++) {
		size_t n = carried.n - at < step ? carried.n - at : step;

		pieces[count] = make_piece(six, protocol, carried, at, n);
	}
	if ((how & 0x80) != 0)
		for (size_t i = 0; i < count / 2; i++) {
			struct piece swap = pieces[i];

			pieces[i] = pieces[count - 1 - i];
			pieces[count - 1 - i] = swap;
		}
	decode(&many, DLT_RAW, pieces, count);
	if (!one.too_deep && !many.too_deep && !wrong) {
		assert(one.count == many.count);
		for (size_t i = 0; i < one.count; i++) {
			assert_same(&one.seg[i], &many.seg[i]);
			assert(bytes_eq(one.seg[i].payload, many.seg[i].payload));
			assert(one.seg[i].bad_checksum == many.seg[i].bad_checksum);
			assert(one.seg[i].options_hash == many.seg[i].options_hash);
		}
	}
	for (size_t i = 0; i < count; i++)
		free((void *)(uintptr_t)pieces[i].data.p);
	free((void *)(uintptr_t)whole.data.p);
	told_clear(&one);
	told_clear(&many);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t protocols[] = { 6, 4, 41, 47, 17, 0, 60, 43 };
	static const int links[] = { DLT_EN10MB, DLT_NULL, DLT_PPP, DLT_RAW, DLT_PPP_SERIAL,
		DLT_PPP_ETHER, DLT_C_HDLC, DLT_LOOP, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_MPLS,
		DLT_IPV4, DLT_IPV6, DLT_PKTAP, DLT_ATM_RFC1483, 14, 147, -1 };
	struct bytes rest;

	if (size < 2)
		return 0;
	port_set_add(&ports, 25);
	rest = bytes_of(data + 2, size - 2);
	check_snaplen(links[data[0] % (sizeof links / sizeof *links)], rest);
	for (int six = 0; six < 2; six++)
		check_fragments(six != 0, protocols[data[0] % sizeof protocols],
		    bytes_head(rest, 4000), data[1]);
	return 0;
}
