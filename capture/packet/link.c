/*
 * link: what lies between the wire and IP. Numbers are those of the IEEE's EtherType
 * registry, RFC 1661 (PPP), RFC 2516 (PPPoE), RFC 3032 (MPLS), RFC 1042 (SNAP), and
 * tcpdump.org/linktypes.
 */
#include "capture/packet/walk.h"

/* Up to here the field after the addresses is an 802.3 length. */
#define MAX_802_3_LENGTH 1500

#define ETHERNET_HEADER 14
#define ETHERTYPE_IPV4 0x0800

struct row {
	uint16_t type;
	uint8_t layer;
};

static const struct row ethertypes[] = {
	{ ETHERTYPE_IPV4, LAYER_IPV4 }, { 0x86dd, LAYER_IPV6 }, { 0x8100, LAYER_VLAN },
	{ 0x88a8, LAYER_VLAN }, { 0x9100, LAYER_VLAN }, { 0x9200, LAYER_VLAN },
	{ 0x893f, LAYER_ETAG }, { 0x8847, LAYER_MPLS }, { 0x8848, LAYER_MPLS },
	{ 0x8864, LAYER_PPPOE }, { 0x880b, LAYER_PPP },
	{ 0x6558, LAYER_ETHERNET }, /* transparent Ethernet bridging, RFC 1701 */
	{ 0x0806, LAYER_END },      /* ARP */
	{ 0x8035, LAYER_END },      /* RARP */
	{ 0x8863, LAYER_END },      /* PPPoE discovery */
	{ 0x888e, LAYER_END },      /* EAPOL */
	{ 0x88cc, LAYER_END },      /* LLDP */
};

static const struct row ppp_protocols[] = {
	{ 0x0021, LAYER_IPV4 },
	{ 0x0057, LAYER_IPV6 },
	{ 0x0281, LAYER_MPLS },
	{ 0x0283, LAYER_MPLS },
};

/* What the address families of BSD, Linux and Windows call IP. */
static const struct row address_families[] = {
	{ 2, LAYER_IPV4 }, { 10, LAYER_IPV6 }, /* Linux */
	{ 23, LAYER_IPV6 },                    /* Windows */
	{ 24, LAYER_IPV6 },                    /* NetBSD, OpenBSD */
	{ 28, LAYER_IPV6 },                    /* FreeBSD */
	{ 30, LAYER_IPV6 },                    /* macOS */
};

static enum layer
look_up(const struct row *rows, size_t count, uint32_t type)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].type == type)
			return rows[i].layer;
	return LAYER_BAD;
}

#define LOOK_UP(rows, type) look_up(rows, sizeof(rows) / sizeof *(rows), type)

enum layer
link_ethertype(struct walk *w, uint16_t type)
{
	if (type > MAX_802_3_LENGTH)
		return LOOK_UP(ethertypes, type);
	walk_trim(w, type);
	return LAYER_LLC;
}

enum layer
link_ethernet(struct walk *w)
{
	const uint8_t *h = walk_take(w, ETHERNET_HEADER);

	return h == NULL ? LAYER_BAD : link_ethertype(w, bytes_be16(h + 12));
}

struct bytes
link_plain(struct bytes ethernet)
{
	bool ipv4 = ethernet.n > ETHERNET_HEADER && bytes_be16(ethernet.p + 12) == ETHERTYPE_IPV4;

	return bytes_skip(ethernet, ipv4 ? ETHERNET_HEADER : ethernet.n);
}

enum layer
link_vlan(struct walk *w)
{
	const uint8_t *h = walk_take(w, 4);

	return h == NULL ? LAYER_BAD : link_ethertype(w, bytes_be16(h + 2));
}

/* A port extender's tag, IEEE 802.1BR. */
enum layer
link_etag(struct walk *w)
{
	const uint8_t *h = walk_take(w, 8);

	return h == NULL ? LAYER_BAD : link_ethertype(w, bytes_be16(h + 6));
}

enum layer
link_llc(struct walk *w)
{
	const uint8_t *h = walk_take(w, 3);

	if (h == NULL)
		return LAYER_BAD;
	if (h[0] == 0x06 && h[1] == 0x06 && h[2] == 0x03)
		return LAYER_IPV4;
	if (h[0] != 0xaa || h[1] != 0xaa || h[2] != 0x03)
		return LAYER_END; /* spanning tree, IPX and the like */
	h = walk_take(w, 5);
	if (h == NULL)
		return LAYER_BAD;
	if (h[0] != 0 || h[1] != 0 || (h[2] != 0 && h[2] != 0xf8))
		return LAYER_END; /* a vendor's own numbers */
	return LOOK_UP(ethertypes, bytes_be16(h + 3));
}

/* An Ethernet header may stand so far behind: it is followed by what is known, or by SNAP. */
static bool
may_be_ethernet(const struct walk *w, size_t off)
{
	struct bytes at = bytes_skip(w->rest, off), behind = bytes_skip(at, ETHERNET_HEADER);
	uint16_t type;

	if (behind.n < 3)
		return false;
	type = bytes_be16(at.p + ETHERNET_HEADER - 2);
	if (type > MAX_802_3_LENGTH)
		return LOOK_UP(ethertypes, type) != LAYER_BAD;
	return bytes_eq(bytes_head(behind, 3), BYTES_LIT("\xaa\xaa\x03"));
}

/*
 * The label stack does not say what it carries. The first nibble does (RFC 4928), but for a
 * pseudowire without a control word, where it is that of an address: then lengths tell.
 */
enum layer
link_mpls(struct walk *w)
{
	const uint8_t *h;

	do {
		h = walk_take(w, 4);
		if (h == NULL)
			return LAYER_BAD;
	} while ((h[2] & 0x01) == 0);
	if (w->rest.n == 0)
		return LAYER_BAD;
	h = w->rest.p;
	switch (h[0] >> 4) {
	case 4:
		if ((h[0] & 0x0f) == 5 || ((h[0] & 0x0f) > 5 && !may_be_ethernet(w, 0)))
			return LAYER_IPV4;
		return LAYER_ETHERNET;
	case 6:
		if (!may_be_ethernet(w, 0) || bytes_be16(h + 4) + 40u <= w->rest.n)
			return LAYER_IPV6;
		return LAYER_ETHERNET;
	case 0: /* a pseudowire's control word, or an address without one */
		if (may_be_ethernet(w, 4))
			(void)walk_take(w, 4);
		return LAYER_ETHERNET;
	default:
		return LAYER_ETHERNET;
	}
}

enum layer
link_pppoe(struct walk *w)
{
	const uint8_t *h = walk_take(w, 6);

	if (h == NULL || h[0] != 0x11 || h[1] != 0)
		return LAYER_BAD;
	walk_trim(w, bytes_be16(h + 4));
	return LAYER_PPP;
}

enum layer
link_ppp(struct walk *w)
{
	const uint8_t *h;
	uint32_t type;

	if (w->rest.n >= 2 && w->rest.p[0] == 0xff && w->rest.p[1] == 0x03)
		(void)walk_take(w, 2);
	h = walk_take(w, 1);
	if (h == NULL)
		return LAYER_BAD;
	type = h[0];
	if ((type & 1) == 0) { /* odd: the protocol field is compressed to one octet */
		h = walk_take(w, 1);
		if (h == NULL)
			return LAYER_BAD;
		type = type << 8 | h[0];
	}
	if (type >= 0x4000)
		return LAYER_END; /* control protocols */
	return LOOK_UP(ppp_protocols, type);
}

/* An octet tells the direction; pppd writes it over the address. */
enum layer
link_ppp_directed(struct walk *w)
{
	if (walk_take(w, 1) == NULL)
		return LAYER_BAD;
	if (w->rest.n > 0 && w->rest.p[0] == 0x03)
		(void)walk_take(w, 1);
	return LAYER_PPP;
}

/* A serial line runs either PPP or Cisco's HDLC, told apart by the address octet. */
enum layer
link_ppp_serial(struct walk *w)
{
	if (w->rest.n > 0 && (w->rest.p[0] == 0x0f || w->rest.p[0] == 0x8f))
		return LAYER_HDLC;
	return LAYER_PPP;
}

enum layer
link_hdlc(struct walk *w)
{
	const uint8_t *h = walk_take(w, 4);

	if (h == NULL)
		return LAYER_BAD;
	if (bytes_be16(h + 2) == 0x8035) /* SLARP, not RARP */
		return LAYER_END;
	return LOOK_UP(ethertypes, bytes_be16(h + 2));
}

/* Below 0x600 the cooked headers hold Linux's own numbers, of which 4 is 802.2. */
static enum layer
cooked(struct walk *w, uint16_t type)
{
	if (type > MAX_802_3_LENGTH)
		return link_ethertype(w, type);
	return type == 4 ? LAYER_LLC : LAYER_END;
}

enum layer
link_linux_sll(struct walk *w)
{
	const uint8_t *h = walk_take(w, 16);

	return h == NULL ? LAYER_BAD : cooked(w, bytes_be16(h + 14));
}

enum layer
link_linux_sll2(struct walk *w)
{
	const uint8_t *h = walk_take(w, 20);

	return h == NULL ? LAYER_BAD : cooked(w, bytes_be16(h));
}

/* DLT_NULL is in the order of the machine that wrote it, DLT_LOOP in network order. */
enum layer
link_loopback(struct walk *w)
{
	const uint8_t *h = walk_take(w, 4);
	uint32_t family;

	if (h == NULL)
		return LAYER_BAD;
	family = bytes_be32(h);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	return LOOK_UP(address_families, family);
}

enum layer
link_raw(struct walk *w)
{
	if (w->rest.n == 0)
		return LAYER_BAD;
	switch (w->rest.p[0] >> 4) {
	case 4:
		return LAYER_IPV4;
	case 6:
		return LAYER_IPV6;
	case 0: /* where OpenBSD's DLT_LOOP has the number of DLT_RAW */
		return LAYER_LOOPBACK;
	default:
		return LAYER_BAD;
	}
}

static uint32_t
little32(const uint8_t *p)
{
	return __builtin_bswap32(bytes_be32(p));
}

/* macOS, on all interfaces: the header's length, its kind (1: a packet), and a DLT_ value. */
enum layer
link_pktap(struct walk *w)
{
	const uint8_t *h = w->rest.p;
	enum layer inner;

	if (w->rest.n < 12 || little32(h) < 12 || little32(h + 4) != 1 ||
	    little32(h + 8) > INT32_MAX)
		return LAYER_BAD;
	inner = packet_outermost((int)little32(h + 8));
	return walk_take(w, little32(h)) == NULL ? LAYER_BAD : inner;
}
