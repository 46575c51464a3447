/*
 * ip: IPv4 (RFC 791), IPv6 and its extension headers (RFC 8200), AH (RFC 4302).
 *
 * The length of what follows comes from here and not from the frame, so that padding
 * is no data. Offload leaves it 0 where the card was to fill it in; then the frame's
 * length is all there is, and the truth.
 */
#include "capture/packet/walk.h"

#define IPV4_HEADER 20
#define IPV4_PLAIN 0x45 /* the first octet of one without options */
#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_LOOSE_ROUTE 131
#define OPTION_STRICT_ROUTE 137
#define OPTION_FIRST_HOP 4 /* the least pointer, counted from 1 */
#define IPV6_HEADER 40
#define IPV6_ADDRESS 16
#define IPV4_MORE 0x2000
#define IPV4_OFFSET 0x1fff

/* What follows an IP header; LAYER_END for what carries no TCP. */
static enum layer
next_layer(uint8_t protocol)
{
	static const uint8_t layers[256] = {
		[0] = LAYER_IP_OPTIONS, /* hop by hop */
		[4] = LAYER_IPV4,
		[6] = LAYER_TCP,
		[17] = LAYER_UDP,
		[41] = LAYER_IPV6,
		[43] = LAYER_IP_ROUTING,
		[44] = LAYER_IP_FRAGMENT,
		[47] = LAYER_GRE,
		[51] = LAYER_IP_AUTHENTICATION,
		[60] = LAYER_IP_OPTIONS,  /* destination */
		[135] = LAYER_IP_OPTIONS, /* mobility */
		[137] = LAYER_MPLS,       /* RFC 4023 */
		[139] = LAYER_IP_OPTIONS, /* host identity */
		[140] = LAYER_IP_OPTIONS, /* shim6 */
	};

	return layers[protocol] == 0 ? LAYER_END : layers[protocol];
}

static enum layer
reassemble(struct walk *w, uint32_t offset, bool more)
{
	struct fragment frag = {
		.key = { .id = w->ip_id, .family = w->family },
		.ts_ns = w->frame->ts_ns,
		.offset = offset,
		.len = (uint32_t)w->wire,
		.more = more,
		.protocol = w->protocol,
		.data = w->rest,
	};
	struct datagram whole;

	if (next_layer(w->protocol) == LAYER_END)
		return LAYER_END;
	memcpy(frag.key.addr, w->addr, w->family == 4 ? 8 : 32);
	if (w->family == 4)
		frag.key.protocol = w->protocol;
	switch (fragment_feed(w->packet->fragments, &frag, &whole)) {
	case FRAGMENT_BAD:
		return LAYER_BAD;
	case FRAGMENT_HELD:
		return LAYER_END;
	case FRAGMENT_WHOLE:
		break;
	}
	w->joined = true;
	w->rest = whole.data;
	w->wire = whole.len;
	w->protocol = whole.protocol;
	return next_layer(whole.protocol);
}

/* What the header at h tells of the `total` octets that follow it. */
static void
set_v4(struct walk *w, const uint8_t *h, struct bytes rest, size_t total)
{
	w->rest = bytes_head(rest, total);
	w->wire = total;
	w->family = 4;
	w->ip_id = bytes_be16(h + 4);
	w->ttl = h[8];
	w->protocol = h[9];
	w->rerouted = false;
	memcpy(w->addr, h + 12, 8);
}

bool
ip_plain(struct walk *w, struct bytes datagram)
{
	const uint8_t *h = datagram.p;
	size_t total;

	if (datagram.n < IPV4_HEADER)
		return false;
	total = bytes_be16(h + 2);
	if (h[0] != IPV4_PLAIN || next_layer(h[9]) != LAYER_TCP || total < IPV4_HEADER ||
	    (bytes_be16(h + 6) & (IPV4_MORE | IPV4_OFFSET)) != 0)
		return false;
	set_v4(w, h, bytes_skip(datagram, IPV4_HEADER), total - IPV4_HEADER);
	return true;
}

/* Where a source route with hops left ends; NULL when there is none. */
static const uint8_t *
v4_route_end(struct bytes options)
{
	for (size_t n; options.n >= 3; options = bytes_skip(options, n)) {
		uint8_t kind = options.p[0];

		n = kind == OPTION_NOP ? 1 : options.p[1];
		if (kind == OPTION_END || n == 0 || n > options.n)
			break;
		if (kind == OPTION_LOOSE_ROUTE || kind == OPTION_STRICT_ROUTE)
			return options.p[2] >= OPTION_FIRST_HOP && options.p[2] + 3u <= n
			           ? options.p + n - 4
			           : NULL;
	}
	return NULL;
}

enum layer
ip_v4(struct walk *w)
{
	const uint8_t *h = w->rest.p, *route_end;
	size_t head, total;
	unsigned fragment;

	if (w->rest.n < IPV4_HEADER || h[0] >> 4 != 4)
		return LAYER_BAD;
	head = (size_t)(h[0] & 0x0f) * 4;
	total = bytes_be16(h + 2);
	if (total == 0)
		total = w->wire;
	if (head < IPV4_HEADER || head > w->rest.n || head > total)
		return LAYER_BAD;
	(void)walk_take(w, head);
	set_v4(w, h, w->rest, total - head);
	route_end = v4_route_end(bytes_of(h + IPV4_HEADER, head - IPV4_HEADER));
	if (route_end != NULL)
		memcpy(w->addr + 4, route_end, 4);
	fragment = bytes_be16(h + 6);
	if ((fragment & (IPV4_MORE | IPV4_OFFSET)) != 0)
		return reassemble(w, (fragment & IPV4_OFFSET) * 8, (fragment & IPV4_MORE) != 0);
	return next_layer(w->protocol);
}

enum layer
ip_v6(struct walk *w)
{
	const uint8_t *h = walk_take(w, IPV6_HEADER);
	size_t payload;

	if (h == NULL || h[0] >> 4 != 6)
		return LAYER_BAD;
	payload = bytes_be16(h + 4);
	if (payload != 0) { /* 0: a jumbogram or offload */
		w->rest = bytes_head(w->rest, payload);
		w->wire = payload;
	}
	w->family = 6;
	w->ip_id = 0;
	w->ttl = h[7];
	w->protocol = h[6];
	w->rerouted = false;
	memcpy(w->addr, h + 8, 32);
	return next_layer(w->protocol);
}

/* An extension header of `octets`; its first octet names what follows. */
static enum layer
extension(struct walk *w, size_t octets)
{
	const uint8_t *h = walk_take(w, octets);

	if (h == NULL)
		return LAYER_BAD;
	w->protocol = h[0];
	return next_layer(w->protocol);
}

enum layer
ip_options(struct walk *w)
{
	return w->rest.n < 2 ? LAYER_BAD : extension(w, ((size_t)w->rest.p[1] + 1) * 8);
}

/* Where the route at h, which ends at `end`, leads to; NULL where its kind does not tell. */
static const uint8_t *
v6_route_end(const uint8_t *h, const uint8_t *end)
{
	if (end - h < 8 + IPV6_ADDRESS)
		return NULL;
	switch (h[2]) {
	case 0: /* RFC 2460 4.4 */
	case 2: /* RFC 6275 6.4 */
		return end - IPV6_ADDRESS;
	case 4: /* RFC 8754 2 */
		return h + 8;
	default:
		return NULL;
	}
}

enum layer
ip_routing(struct walk *w)
{
	const uint8_t *h = w->rest.p, *route_end;
	enum layer next = ip_options(w);

	if (next == LAYER_BAD || h[3] == 0) /* segments left */
		return next;
	route_end = v6_route_end(h, w->rest.p);
	w->rerouted = route_end == NULL;
	if (route_end != NULL)
		memcpy(w->addr + IPV6_ADDRESS, route_end, IPV6_ADDRESS);
	return next;
}

enum layer
ip_authentication(struct walk *w)
{
	return w->rest.n < 2 ? LAYER_BAD : extension(w, ((size_t)w->rest.p[1] + 2) * 4);
}

enum layer
ip_fragment(struct walk *w)
{
	const uint8_t *h = walk_take(w, 8);
	unsigned fragment;

	if (h == NULL || w->family != 6)
		return LAYER_BAD;
	w->protocol = h[0];
	w->ip_id = bytes_be32(h + 4);
	fragment = bytes_be16(h + 2);
	if ((fragment & 0xfff9) == 0) /* an atomic fragment is whole (RFC 6946) */
		return next_layer(w->protocol);
	return reassemble(w, fragment & 0xfff8, (fragment & 1) != 0);
}
