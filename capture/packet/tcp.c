/*
 * tcp: the segment at the end of the walk.                 RFC 9293 3.1, RFC 7323 2.2
 */
#include <arpa/inet.h>

#include "capture/packet/checksum.h"
#include "capture/packet/walk.h"

#define TCP_HEADER 20
#define PROTOCOL_TCP 6
#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_WINDOW_SCALE 3
#define MAX_WINDOW_SHIFT 14

/* Over the pseudo header too; `segment` is the whole of it, header and payload. */
static bool
checksum_right(const struct walk *w, struct bytes segment)
{
	uint64_t sum = (uint64_t)htonl((uint32_t)segment.n) + htons(PROTOCOL_TCP);

	sum = w->family == 4 ? checksum_add(sum, bytes_of(w->addr, 8))
	                     : checksum_add(sum, bytes_of(w->addr, 32));
	return checksum_ok(checksum_add(sum, segment));
}

/* Options are whole words of 32 bits, but for what the snaplen cut off. */
static uint32_t
options_hash(struct bytes options)
{
	const uint64_t mix = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t hash = 0;

	for (; options.n >= 8; options.p += 8, options.n -= 8)
		hash = (hash + bytes_word64(options.p) + 1) * mix;
	if (options.n >= 4)
		hash = (hash + bytes_word32(options.p) + 1) * mix;
	return (uint32_t)(hash >> 32);
}

static int8_t
window_shift(struct bytes options)
{
	struct reader r = rd_init(options);

	while (rd_left(&r) > 0) {
		uint8_t kind = rd_u8(&r), len;

		if (kind == OPTION_END)
			break;
		if (kind == OPTION_NOP)
			continue;
		len = rd_u8(&r);
		if (kind == OPTION_WINDOW_SCALE && len == 3) {
			uint8_t shift = rd_u8(&r);

			if (r.cut)
				break;
			return (int8_t)(shift < MAX_WINDOW_SHIFT ? shift : MAX_WINDOW_SHIFT);
		}
		if (len < 2)
			break;
		rd_skip(&r, len - 2u);
	}
	return -1;
}

/* Stored as words, because they are read back as words. */
static void
endpoint_set(struct endpoint *e, uint64_t first, uint64_t second, uint16_t family, uint16_t port)
{
	const uint16_t rest[2] = { family, port };

	memcpy(e->addr.octet, &first, sizeof first);
	memcpy(e->addr.octet + 8, &second, sizeof second);
	memcpy(&e->addr.family, rest, sizeof rest);
}

/* Four octets, and then as many zeros. */
static uint64_t
word_of_four(const uint8_t *p)
{
	return htole64(le32toh(bytes_word32(p)));
}

static void
endpoints_set(struct segment *seg, const struct walk *w, uint16_t sport, uint16_t dport)
{
	const uint8_t *addr = w->addr;

	if (w->family == 4) {
		endpoint_set(&seg->src, word_of_four(addr), 0, 4, sport);
		endpoint_set(&seg->dst, word_of_four(addr + 4), 0, 4, dport);
	} else {
		endpoint_set(&seg->src, bytes_word64(addr), bytes_word64(addr + 8), 6, sport);
		endpoint_set(&seg->dst, bytes_word64(addr + 16), bytes_word64(addr + 24), 6, dport);
	}
}

/*
 * With a wrong sum. Where a network card writes the sums all are wrong, in front of it; but where
 * only what was put together has one, its fragments are of different datagrams: RFC 4963.
 */
static bool
distrusted(struct walk *w)
{
	w->packet->sums_differ |= !w->joined;
	return !w->packet->sums_differ;
}

enum layer
tcp_segment(struct walk *w)
{
	const uint8_t *h = w->rest.p;
	const struct frame *frame = w->frame;
	struct packet_stats *stats = &w->packet->stats;
	struct bytes options;
	struct segment *seg = w->seg;
	uint16_t sport, dport;
	size_t head;
	bool from_server, to_server;

	/* A router that obeys RFC 791 cuts no fragment inside the ports; a snaplen may. */
	if (w->rest.n < 4)
		return LAYER_BAD;
	sport = bytes_be16(h);
	dport = bytes_be16(h + 2);
	/* One branch: which of the two it is cannot be predicted, whether it is one of them can. */
	from_server = port_set_has(w->packet->ports, sport);
	to_server = port_set_has(w->packet->ports, dport);
	if (!(from_server | to_server))
		return LAYER_END;
	if (w->rest.n < TCP_HEADER)
		return LAYER_BAD;
	head = (size_t)(h[12] >> 4) * 4;
	if (head < TCP_HEADER || head > w->wire)
		return LAYER_BAD;
	options = bytes_skip(bytes_head(w->rest, head), TCP_HEADER);

	endpoints_set(seg, w, sport, dport);
	seg->ts_ns = frame->ts_ns;
	seg->frame_no = frame->frame_no;
	seg->ts_digits = frame->ts_digits;
	seg->seq = bytes_be32(h + 4);
	seg->ack = bytes_be32(h + 8);
	seg->flags = h[13] & 0x3f; /* without those of ECN */
	seg->window = bytes_be16(h + 14);
	seg->len = (uint32_t)(w->wire - head);
	seg->payload = bytes_skip(w->rest, w->rest.n < head ? w->rest.n : head);
	seg->ip_id = w->family == 4 ? (uint16_t)w->ip_id : 0;
	seg->ttl = w->ttl;
	seg->from_server = from_server;
	seg->to_server = to_server;
	seg->window_shift = -1;
	if ((seg->flags & TCP_SYN) != 0)
		seg->window_shift = window_shift(options);
	seg->options_hash = options_hash(options);
	/* Nothing is said of a sum that cannot be taken. */
	seg->bad_checksum = w->rest.n == w->wire && !w->rerouted && !checksum_right(w, w->rest);

	stats->bad_checksums += seg->bad_checksum;
	if (seg->bad_checksum && distrusted(w))
		return LAYER_BAD;
	stats->segments++;
	return LAYER_FOUND;
}
