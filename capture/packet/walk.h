/*
 * walk: how far the decoding of one frame has come.          Inside capture/packet/ only.
 *
 * Each layer is one row of LAYERS: a decoder that takes its header off the front of
 * the walk and names the layer that follows. packet_decode calls them one after the
 * other, so nesting is a loop with a counter and never a recursion.
 */
#ifndef HATCHECK_WALK_H
#define HATCHECK_WALK_H

#include "capture/packet/fragment.h"
#include "capture/packet/packet.h"

/* layer, its decoder, in link.c, ip.c, tunnel.c and tcp.c */
#define LAYERS(X)                               \
	X(ETHERNET, link_ethernet)              \
	X(VLAN, link_vlan)                      \
	X(ETAG, link_etag)                      \
	X(LLC, link_llc)                        \
	X(MPLS, link_mpls)                      \
	X(PPPOE, link_pppoe)                    \
	X(PPP, link_ppp)                        \
	X(PPP_SERIAL, link_ppp_serial)          \
	X(PPP_DIRECTED, link_ppp_directed)      \
	X(HDLC, link_hdlc)                      \
	X(LINUX_SLL, link_linux_sll)            \
	X(LINUX_SLL2, link_linux_sll2)          \
	X(LOOPBACK, link_loopback)              \
	X(RAW, link_raw)                        \
	X(PKTAP, link_pktap)                    \
	X(IPV4, ip_v4)                          \
	X(IPV6, ip_v6)                          \
	X(IP_OPTIONS, ip_options)               \
	X(IP_ROUTING, ip_routing)               \
	X(IP_AUTHENTICATION, ip_authentication) \
	X(IP_FRAGMENT, ip_fragment)             \
	X(UDP, tunnel_udp)                      \
	X(GRE, tunnel_gre)                      \
	X(ERSPAN2, tunnel_erspan2)              \
	X(ERSPAN3, tunnel_erspan3)              \
	X(VXLAN, tunnel_vxlan)                  \
	X(GENEVE, tunnel_geneve)                \
	X(TCP, tcp_segment)

enum layer {
	LAYER_BAD,   /* cannot be read: counted as undecoded */
	LAYER_END,   /* read as far as it matters */
	LAYER_FOUND, /* at a segment that is wanted */
#define X(id, decoder) LAYER_##id,
	LAYERS(X)
#undef X
	    LAYER_COUNT
};

struct packet {
	const struct port_set *ports;
	struct limits *limits;
	struct fragments *fragments;
	struct packet_stats stats;
	bool sums_differ; /* wrong ones were seen where nothing was put together */
};

struct walk {
	struct packet *packet;
	const struct frame *frame;
	struct segment *seg; /* the one to be found */
	struct bytes rest;   /* what was captured from here on */
	size_t wire;         /* octets on the wire from here on, >= rest.n */
	/* Of the innermost IP header so far: */
	uint8_t addr[32]; /* source, then destination: 4 or 16 octets each */
	uint32_t ip_id;   /* of the fragment header in IPv6 */
	uint8_t family;   /* 4 or 6 */
	uint8_t protocol; /* what follows it, its extension headers or its fragments */
	uint8_t ttl;
	bool joined;   /* it was put together from fragments, or what it lies in was */
	bool rerouted; /* where it goes to at last is not known: no pseudo header */
};

#define X(id, decoder) enum layer decoder(struct walk *w);
LAYERS(X)
#undef X

/* The outermost layer of a DLT_ value; LAYER_BAD for those not understood. */
enum layer packet_outermost(int link_type);

/* The layer of an EtherType, or of the 802.3 length that stands in its place. */
enum layer link_ethertype(struct walk *w, uint16_t type);

/*
 * A short way through what nearly all frames are. The decoders, one by one, come to the same; for
 * all other frames they have to be asked.
 *
 * link_plain: what Ethernet without a tag says is IPv4; the empty run, where it is another frame.
 * ip_plain: true at the TCP header of a datagram that has no options, is no fragment and tells its
 * length.
 */
struct bytes link_plain(struct bytes ethernet);
bool ip_plain(struct walk *w, struct bytes datagram);

/* The first n octets, taken off; NULL when fewer were captured. */
static inline const uint8_t *
walk_take(struct walk *w, size_t n)
{
	const uint8_t *p = w->rest.p;

	if (n > w->rest.n)
		return NULL;
	w->rest.p += n;
	w->rest.n -= n;
	w->wire -= n;
	return p;
}

/* What follows the first n octets is padding. */
static inline void
walk_trim(struct walk *w, size_t n)
{
	if (n >= w->wire)
		return;
	w->wire = n;
	w->rest = bytes_head(w->rest, n);
}

#endif
