/*
 * tunnel: GRE (RFC 2784, 2890, 1701 routing, 2637 PPTP), ERSPAN I to III, VXLAN
 * (RFC 7348) and Geneve (RFC 8926).
 */
#include "capture/packet/walk.h"

#define ETHERTYPE_ERSPAN 0x88be /* I and II */
#define ETHERTYPE_ERSPAN3 0x22eb

enum {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACK = 0x0080, /* version 1 */
	GRE_VERSION = 0x0007
};

/* Which UDP destination is a tunnel. */
static const struct {
	uint16_t port;
	uint8_t layer;
} ports[] = {
	{ 4789, LAYER_VXLAN },
	{ 8472, LAYER_VXLAN }, /* Linux, before the number was assigned */
	{ 6081, LAYER_GENEVE },
};

enum layer
tunnel_udp(struct walk *w)
{
	const uint8_t *h = walk_take(w, 8);
	uint16_t port, len;

	if (h == NULL)
		return LAYER_END; /* too short to be a tunnel, and UDP is none of ours */
	port = bytes_be16(h + 2);
	len = bytes_be16(h + 4);
	if (len > 8)
		walk_trim(w, len - 8u);
	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
		if (ports[i].port == port)
			return ports[i].layer;
	return LAYER_END;
}

/* Source route entries: family 2, offset 1, length 1, address; the last has length 0. */
static bool
skip_gre_routing(struct walk *w)
{
	const uint8_t *h;

	do {
		h = walk_take(w, 4);
		if (h == NULL || walk_take(w, h[3]) == NULL)
			return false;
	} while (h[3] != 0);
	return true;
}

enum layer
tunnel_gre(struct walk *w)
{
	static const uint16_t optional[] = { GRE_CHECKSUM | GRE_ROUTING, GRE_KEY, GRE_SEQUENCE };
	const uint8_t *h = walk_take(w, 4);
	uint16_t flags, type;

	if (h == NULL)
		return LAYER_BAD;
	flags = bytes_be16(h);
	type = bytes_be16(h + 2);
	if ((flags & GRE_VERSION) > 1)
		return LAYER_BAD;
	for (size_t i = 0; i < sizeof optional / sizeof *optional; i++)
		if ((flags & optional[i]) != 0 && walk_take(w, 4) == NULL)
			return LAYER_BAD;
	if ((flags & GRE_VERSION) == 1 && (flags & GRE_ACK) != 0 && walk_take(w, 4) == NULL)
		return LAYER_BAD;
	if ((flags & GRE_ROUTING) != 0 && !skip_gre_routing(w))
		return LAYER_BAD;
	if (w->wire == 0)
		return LAYER_END;     /* a keepalive, or PPTP's bare acknowledgement */
	if (type == ETHERTYPE_ERSPAN) /* I has neither sequence number nor header */
		return (flags & GRE_SEQUENCE) != 0 ? LAYER_ERSPAN2 : LAYER_ETHERNET;
	if (type == ETHERTYPE_ERSPAN3)
		return LAYER_ERSPAN3;
	return link_ethertype(w, type);
}

enum layer
tunnel_erspan2(struct walk *w)
{
	return walk_take(w, 8) == NULL ? LAYER_BAD : LAYER_ETHERNET;
}

enum layer
tunnel_erspan3(struct walk *w)
{
	const uint8_t *h = walk_take(w, 12);

	if (h == NULL)
		return LAYER_BAD;
	if ((h[11] & 0x01) != 0 && walk_take(w, 8) == NULL) /* platform specific part */
		return LAYER_BAD;
	return (h[10] >> 2 & 0x1f) == 2 ? LAYER_RAW : LAYER_ETHERNET; /* frame type 2: bare IP */
}

enum layer
tunnel_vxlan(struct walk *w)
{
	const uint8_t *h = walk_take(w, 8);

	/* Without its one flag it is something else that uses the port. */
	return h == NULL || (h[0] & 0x08) == 0 ? LAYER_END : LAYER_ETHERNET;
}

enum layer
tunnel_geneve(struct walk *w)
{
	const uint8_t *h = walk_take(w, 8);

	if (h == NULL || h[0] >> 6 != 0 || walk_take(w, (size_t)(h[0] & 0x3f) * 4) == NULL)
		return LAYER_END;
	return link_ethertype(w, bytes_be16(h + 2));
}
