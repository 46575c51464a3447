#include "capture/packet/packet.h"

#include <stdlib.h>

#include <pcap/dlt.h>

#include "capture/base/cache.h"
#include "capture/packet/walk.h"

/* What OpenBSD calls DLT_RAW; libpcap elsewhere leaves it as it is in the file. */
#define DLT_RAW_OPENBSD 14

static const uint8_t links[] = {
	[DLT_NULL] = LAYER_LOOPBACK,
	[DLT_EN10MB] = LAYER_ETHERNET,
	[DLT_PPP] = LAYER_PPP,
	[DLT_ATM_RFC1483] = LAYER_LLC,
	[DLT_RAW] = LAYER_RAW,
	[DLT_RAW_OPENBSD] = LAYER_RAW,
	[DLT_ATM_CLIP] = LAYER_LLC,
	[DLT_PPP_SERIAL] = LAYER_PPP_SERIAL,
	[DLT_PPP_ETHER] = LAYER_PPPOE,
	[DLT_PPP_PPPD] = LAYER_PPP_DIRECTED,
	[DLT_PPP_WITH_DIR] = LAYER_PPP_DIRECTED,
	[DLT_C_HDLC] = LAYER_HDLC,
	[DLT_LOOP] = LAYER_LOOPBACK,
	[DLT_LINUX_SLL] = LAYER_LINUX_SLL,
	[DLT_MPLS] = LAYER_MPLS,
	[DLT_IPV4] = LAYER_IPV4,
	[DLT_IPV6] = LAYER_IPV6,
	[DLT_PKTAP] = LAYER_PKTAP,
	[DLT_LINUX_SLL2] = LAYER_LINUX_SLL2,
};

static enum layer
decode(enum layer layer, struct walk *w)
{
	switch (layer) {
#define X(id, decoder)   \
	case LAYER_##id: \
		return decoder(w);
		LAYERS(X)
#undef X
	default:
		return LAYER_BAD;
	}
}

enum layer
packet_outermost(int link_type)
{
	if (link_type < 0 || (size_t)link_type >= sizeof links)
		return LAYER_BAD;
	return links[link_type];
}

bool
packet_link_known(int link_type)
{
	return packet_outermost(link_type) != LAYER_BAD;
}

struct packet *
packet_new(const struct port_set *ports, struct budget *budget, struct limits *limits)
{
	struct packet *p = cache_alloc(sizeof *p);

	if (p == NULL)
		return NULL;
	p->ports = ports;
	p->limits = limits;
	p->fragments = fragment_new(budget, limits);
	if (p->fragments == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

void
packet_free(struct packet *p)
{
	if (p == NULL)
		return;
	fragment_free(p->fragments);
	free(p);
}

bool
packet_decode(struct packet *p, const struct frame *frame, struct segment *seg)
{
	struct walk w;
	enum layer layer = packet_outermost(frame->link_type);

	w.packet = p;
	w.frame = frame;
	w.seg = seg;
	w.joined = false;
	if (layer == LAYER_ETHERNET && ip_plain(&w, link_plain(frame->data))) {
		layer = LAYER_TCP;
	} else {
		w.rest = frame->data;
		w.wire = frame->wire_len < frame->data.n ? frame->data.n : frame->wire_len;
		w.family = 0;
	}

	p->stats.frames++;
	for (unsigned depth = 0; layer > LAYER_FOUND; depth++) {
		if (depth == PACKET_MAX_DEPTH) {
			limits_hit(p->limits, LIMIT_DECAPSULATION_DEPTH, 1);
			return false;
		}
		layer = decode(layer, &w);
	}
	if (layer == LAYER_BAD)
		p->stats.undecoded++;
	return layer == LAYER_FOUND;
}

const struct packet_stats *
packet_stats(const struct packet *p)
{
	return &p->stats;
}
