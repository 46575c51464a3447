/*
 * packet: captured frames to TCP segments.
 *
 * In:    frames in the order of the run, any link type of `packet_link_known`.
 * Out:   the TCP segment that a frame brings, whole or with its last fragment, where one
 *        of its ports is wanted.
 * Walks: link layer (Ethernet, VLAN, QinQ, 802.1BR, 802.3 with SNAP, MPLS, PPP, HDLC,
 *        PPPoE, Linux cooked v1 and v2, raw, NULL/LOOP, PKTAP) > IPv4 with options, IPv6
 *        with extension headers > GRE, ERSPAN, VXLAN, Geneve, IP in IP > fragments > TCP.
 *        Nested at most PACKET_MAX_DEPTH layers deep, an extension header being one.
 * Owns:  the fragments under reassembly, charged to the budget and bounded by it,
 *        by number, and by PACKET_FRAGMENT_AGE_NS of packet time.
 * Fails: never on what the wire says: a frame that cannot be read to the end of the 20
 *        octets of its TCP header is counted in packet_stats and passed over. Bad
 *        checksums are counted and flagged, not dropped. _new returns NULL without memory.
 * Cost:  O(captured octets) for wanted ports, O(headers) for the rest.
 */
#ifndef HATCHECK_PACKET_H
#define HATCHECK_PACKET_H

#include "capture/base/budget.h"
#include "capture/base/limits.h"
#include "capture/packet/segment.h"

#define PACKET_MAX_DEPTH 16
#define PACKET_FRAGMENT_AGE_NS (30 * INT64_C(1000000000))

/* Octets of a frame, as in libpcap: what claims more is no capture, or damaged. */
#define FRAME_MAX 262144u

struct frame {
	int64_t ts_ns;
	uint64_t frame_no;
	struct bytes data; /* what was captured, borrowed */
	uint32_t wire_len; /* what was on the wire, >= data.n */
	int link_type;     /* a DLT_ value of libpcap */
	uint8_t ts_digits; /* 6 or 9 */
};

struct packet_stats {
	uint64_t frames, segments; /* segments: those handed to the sink */
	uint64_t bad_checksums;    /* of those */
	uint64_t undecoded;        /* unknown link or network type, broken or cut headers */
};

struct port_set {
	uint32_t from, to;  /* the lowest, and behind the highest */
	uint64_t bit[1024]; /* port p is in the set when bit p % 64 of bit[p / 64] is */
};

/* Without a branch, and what lies outside is not looked up: all ports of clients come by. */
static inline bool
port_set_has(const struct port_set *s, uint16_t port)
{
	bool inside = (port >= s->from) & (port < s->to);
	uint32_t at = inside ? port : s->from;

	return inside & (s->bit[at >> 6] >> (at & 63));
}

static inline void
port_set_add(struct port_set *s, uint16_t port)
{
	if (s->to == 0 || port < s->from)
		s->from = port;
	if (port >= s->to)
		s->to = port + 1u;
	s->bit[port >> 6] |= UINT64_C(1) << (port & 63);
}

struct packet;

/* `ports`, `budget` and `limits` are borrowed for the decoder's life. */
struct packet *packet_new(
    const struct port_set *ports, struct budget *budget, struct limits *limits);
void packet_free(struct packet *p);
/* True with *seg; its payload is borrowed from the frame, or from the decoder until the next call.
 */
bool packet_decode(struct packet *p, const struct frame *frame, struct segment *seg);
const struct packet_stats *packet_stats(const struct packet *p);

/* True when frames of this DLT_ value are understood. */
bool packet_link_known(int link_type);

#endif
