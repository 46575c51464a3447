#include <criterion/criterion.h>

#include <pcap/dlt.h>

#include "capture/packet/packet.h"
#include "tests/unit/frame_build.h"
#include "tests/unit/rows.h"

#define TEXT "554 no access\r\n"
#define TEXT_OCTETS (sizeof TEXT - 1)

/* What was found. */
struct got {
	unsigned count;
	struct segment seg;
	uint8_t payload[65536];
};

static void
keep(struct got *g, const struct segment *seg)
{
	g->count++;
	g->seg = *seg;
	cr_assert_leq(seg->payload.n, sizeof g->payload);
	if (seg->payload.n > 0)
		memcpy(g->payload, seg->payload.p, seg->payload.n);
	g->seg.payload.p = g->payload;
}

struct bench {
	struct port_set ports;
	struct budget budget;
	struct limits limits;
	struct packet *packet;
	struct got got;
};

static struct bench *
bench_new(void)
{
	struct bench *b = calloc(1, sizeof *b);

	cr_assert_not_null(b);
	port_set_add(&b->ports, 25);
	b->budget.max = 1 << 20;
	b->packet = packet_new(&b->ports, &b->budget, &b->limits);
	cr_assert_not_null(b->packet);
	return b;
}

static void
bench_free(struct bench *b)
{
	packet_free(b->packet);
	cr_assert_eq(b->budget.used, 0, "every octet taken is given back");
	free(b);
}

/* The frame in a block of its own size, so that the sanitizer sees a read beyond it. */
static void
feed(struct bench *b, int link_type, struct bytes data, size_t captured, int64_t ts_ns)
{
	uint8_t *copy = malloc(captured + (captured == 0));
	struct frame frame = { .ts_ns = ts_ns,
		.frame_no = packet_stats(b->packet)->frames + 1,
		.wire_len = (uint32_t)data.n,
		.link_type = link_type,
		.ts_digits = 9 };
	struct segment seg;

	cr_assert_not_null(copy);
	if (captured > 0)
		memcpy(copy, data.p, captured);
	frame.data = bytes_of(copy, captured);
	if (packet_decode(b->packet, &frame, &seg))
		keep(&b->got, &seg);
	free(copy);
}

static void
assert_segment(const struct got *g, const char *why)
{
	const struct segment *s = &g->seg;
	bool six = s->src.addr.family == 6;
	struct addr src = { 0 }, dst = { 0 };

	src.family = dst.family = six ? 6 : 4;
	memcpy(src.octet, six ? BUILD_SRC6 : BUILD_SRC4, six ? 16 : 4);
	memcpy(dst.octet, six ? BUILD_DST6 : BUILD_DST4, six ? 16 : 4);
	cr_assert_eq(g->count, 1, "%s: one segment, not %u", why, g->count);
	cr_assert_eq(memcmp(&s->src.addr, &src, sizeof src), 0, "%s: source", why);
	cr_assert_eq(memcmp(&s->dst.addr, &dst, sizeof dst), 0, "%s: destination", why);
	cr_assert_eq(s->src.port, 40001, "%s", why);
	cr_assert_eq(s->dst.port, 25, "%s", why);
	cr_assert_eq(s->seq, BUILD_SEQ, "%s", why);
	cr_assert_eq(s->ack, BUILD_ACK, "%s", why);
	cr_assert_eq(s->window, 512, "%s", why);
	cr_assert_eq(s->ttl, 57, "%s", why);
	cr_assert_eq(s->ip_id, six ? 0 : 7, "%s", why);
	cr_assert_eq(s->ts_ns, 5, "%s", why);
	cr_assert_eq(s->ts_digits, 9, "%s", why);
}

static void
assert_whole(const struct got *g, const char *why)
{
	assert_segment(g, why);
	cr_assert_eq(g->seg.flags, TCP_PSH | TCP_ACK, "%s", why);
	cr_assert_eq(g->seg.window_shift, -1, "%s", why);
	cr_assert_eq(g->seg.len, TEXT_OCTETS, "%s: %u octets", why, g->seg.len);
	cr_assert(bytes_eq(g->seg.payload, BYTES_LIT(TEXT)), "%s: payload", why);
	cr_assert_not(g->seg.bad_checksum, "%s: checksum", why);
}

static const struct {
	const char *why;
	int link_type;
	const char *recipe;
	bool six;
} layers[] = {
	{ "plain Ethernet", DLT_EN10MB, "eth ip4 tcp", false },
	{ "IPv6", DLT_EN10MB, "eth ip6 tcp", true },
	{ "a VLAN tag", DLT_EN10MB, "eth vlan ip4 tcp", false },
	{ "QinQ as standardised", DLT_EN10MB, "eth vlan_88a8 vlan ip6 tcp", true },
	{ "QinQ of old switches, three tags", DLT_EN10MB, "eth vlan_9100 vlan vlan ip4 tcp",
	    false },
	{ "a port extender's tag", DLT_EN10MB, "eth etag vlan ip4 tcp", false },
	{ "802.3 with SNAP", DLT_EN10MB, "eth snap ip4 tcp", false },
	{ "802.3 with SNAP of a bridge, in a VLAN", DLT_EN10MB, "eth vlan snap_bridge ip4 tcp",
	    false },
	{ "802.2 that names IP itself", DLT_EN10MB, "eth llc_ip ip4 tcp", false },
	{ "MPLS", DLT_EN10MB, "eth mpls ip4 tcp", false },
	{ "MPLS, two labels, IPv6", DLT_EN10MB, "eth mpls_two ip6 tcp", true },
	{ "MPLS pseudowire with a control word", DLT_EN10MB, "eth mpls_control eth vlan ip4 tcp",
	    false },
	{ "MPLS pseudowire without", DLT_EN10MB, "eth mpls eth ip4 tcp", false },
	{ "MPLS pseudowire with a control word, then LLC", DLT_EN10MB,
	    "eth mpls_control eth snap ip4 tcp", false },
	{ "MPLS pseudowire without, an address that may be an IPv4 header", DLT_EN10MB,
	    "eth mpls eth_40 ip4 tcp", false },
	{ "the same with what may be options", DLT_EN10MB, "eth mpls eth_4c vlan ip4 tcp", false },
	{ "the same with what may be an IPv6 header", DLT_EN10MB, "eth mpls eth_60 snap ip6 tcp",
	    true },
	{ "MPLS with options of IPv4", DLT_EN10MB, "eth mpls ip4_options tcp", false },
	{ "MPLS alone", DLT_MPLS, "mpls_two ip4 tcp", false },
	{ "PPPoE", DLT_EN10MB, "eth pppoe ppp ip4 tcp", false },
	{ "PPPoE in a VLAN, compressed protocol field", DLT_EN10MB,
	    "eth vlan pppoe ppp_compressed ip6 tcp", true },
	{ "PPPoE without Ethernet", DLT_PPP_ETHER, "pppoe ppp ip4 tcp", false },
	{ "PPP", DLT_PPP, "ppp ip4 tcp", false },
	{ "PPP with address and control", DLT_PPP, "ppp_framed ip6 tcp", true },
	{ "PPP with MPLS", DLT_PPP, "ppp mpls ip4 tcp", false },
	{ "PPP with the direction before it", DLT_PPP_WITH_DIR, "ppp_directed ip4 tcp", false },
	{ "PPP with the direction over the address", DLT_PPP_PPPD, "ppp_pppd ip6 tcp", true },
	{ "PPP on a serial line", DLT_PPP_SERIAL, "ppp_framed ip4 tcp", false },
	{ "Cisco HDLC on a serial line", DLT_PPP_SERIAL, "hdlc ip4 tcp", false },
	{ "Cisco HDLC", DLT_C_HDLC, "hdlc ip6 tcp", true },
	{ "Linux cooked", DLT_LINUX_SLL, "sll ip4 tcp", false },
	{ "Linux cooked, a VLAN tag, IPv6", DLT_LINUX_SLL, "sll vlan ip6 tcp", true },
	{ "Linux cooked, 802.2", DLT_LINUX_SLL, "sll snap_bare ip4 tcp", false },
	{ "Linux cooked v2", DLT_LINUX_SLL2, "sll2 ip4 tcp", false },
	{ "Linux cooked v2, MPLS", DLT_LINUX_SLL2, "sll2 mpls ip6 tcp", true },
	{ "NULL, little endian", DLT_NULL, "null_little ip4 tcp", false },
	{ "NULL, big endian, Linux", DLT_NULL, "null_big ip6 tcp", true },
	{ "NULL of FreeBSD", DLT_NULL, "null_freebsd ip6 tcp", true },
	{ "NULL of macOS", DLT_NULL, "null_macos ip6 tcp", true },
	{ "NULL of Windows", DLT_NULL, "null_windows ip6 tcp", true },
	{ "LOOP of OpenBSD", DLT_LOOP, "null_openbsd ip6 tcp", true },
	{ "raw IPv4", DLT_RAW, "ip4 tcp", false },
	{ "raw IPv6", DLT_RAW, "ip6 tcp", true },
	{ "raw, as OpenBSD numbers it", 14, "ip4 tcp", false },
	{ "raw by number, LOOP by content", DLT_RAW, "null_openbsd ip6 tcp", true },
	{ "IPv4 only", DLT_IPV4, "ip4 tcp", false },
	{ "IPv6 only", DLT_IPV6, "ip6 tcp", true },
	{ "PKTAP of macOS", DLT_PKTAP, "pktap_ethernet eth ip4 tcp", false },
	{ "ATM with LLC", DLT_ATM_RFC1483, "snap_bare ip4 tcp", false },
	{ "IPv4 with options", DLT_EN10MB, "eth ip4_options tcp", false },
	{ "IPv4 on a route, at a hop before the last", DLT_EN10MB, "eth via ip4_routed tcp",
	    false },
	{ "IPv4 with a route that holds no hop", DLT_EN10MB, "eth ip4_pointless tcp", false },
	{ "IPv4 on a route, at its end", DLT_EN10MB, "eth ip4_arrived tcp", false },
	{ "IPv4 with total length 0", DLT_EN10MB, "eth ip4_zero tcp", false },
	{ "IPv6 with payload length 0", DLT_EN10MB, "eth ip6_zero tcp", true },
	{ "hop by hop options", DLT_EN10MB, "eth ip6 hop_by_hop tcp", true },
	{ "all extension headers", DLT_EN10MB,
	    "eth ip6 hop_by_hop destination routing atomic authentication destination tcp", true },
	{ "IPv6 on a route, at a hop before the last", DLT_EN10MB, "eth via ip6 route tcp", true },
	{ "IPv6 on a route of segments", DLT_EN10MB, "eth via ip6 hop_by_hop segments tcp", true },
	{ "AH over IPv4", DLT_EN10MB, "eth ip4 authentication tcp", false },
	{ "GRE", DLT_EN10MB, "eth ip4 gre ip4 tcp", false },
	{ "GRE with checksum, key and sequence number", DLT_EN10MB, "eth ip4 gre_all ip6 tcp",
	    true },
	{ "GRE with a source route", DLT_EN10MB, "eth ip4 gre_routing ip4 tcp", false },
	{ "GRE over IPv6, Ethernet in it", DLT_EN10MB, "eth ip6 gre_ethernet eth vlan ip4 tcp",
	    false },
	{ "GRE with MPLS", DLT_EN10MB, "eth ip4 gre mpls ip4 tcp", false },
	{ "PPTP", DLT_EN10MB, "eth ip4 gre_pptp ppp_framed ip4 tcp", false },
	{ "ERSPAN I", DLT_EN10MB, "eth ip4 erspan1 eth ip4 tcp", false },
	{ "ERSPAN II", DLT_EN10MB, "eth vlan ip4 erspan2 eth vlan ip4 tcp", false },
	{ "ERSPAN III", DLT_EN10MB, "eth ip4 erspan3 eth ip6 tcp", true },
	{ "ERSPAN III with a subheader", DLT_EN10MB, "eth ip4 erspan3_sub eth ip4 tcp", false },
	{ "ERSPAN III with bare IP", DLT_EN10MB, "eth ip4 erspan3_ip ip4 tcp", false },
	{ "VXLAN", DLT_EN10MB, "eth ip4 udp4789 vxlan eth ip4 tcp", false },
	{ "VXLAN at Linux' old port, over IPv6", DLT_EN10MB,
	    "eth ip6 udp8472 vxlan eth vlan ip6 tcp", true },
	{ "Geneve with Ethernet", DLT_EN10MB, "eth ip4 udp6081 geneve eth ip4 tcp", false },
	{ "Geneve with options and bare IP", DLT_EN10MB, "eth ip4 udp6081 geneve_options ip6 tcp",
	    true },
	{ "IP in IP", DLT_EN10MB, "eth ip4 ip4 tcp", false },
	{ "6in4", DLT_EN10MB, "eth ip4 ip6 tcp", true },
	{ "4in6", DLT_EN10MB, "eth ip6 ip4 tcp", false },
	{ "6in6 behind options", DLT_EN10MB, "eth ip6 destination ip6 tcp", true },
	{ "MPLS in IP", DLT_EN10MB, "eth ip4 mpls ip4 tcp", false },
	{ "a mirror of a mirror", DLT_EN10MB,
	    "eth ip4 udp4789 vxlan eth ip4 erspan2 eth vlan ip4 tcp", false },
};

ROWS(packet, layers, layers)

/* Each row as it is, and padded as short Ethernet frames are. */
ParameterizedTest(size_t *row, packet, layers)
{
	const char *why = layers[*row].why;
	struct build *build = malloc(sizeof *build);
	bool offloaded = strstr(layers[*row].recipe, "zero") != NULL;

	for (size_t padding = 0; padding <= (offloaded ? 0 : 18); padding += 18) {
		struct bench *b = bench_new();
		uint8_t padded[2048] = { 0 };
		struct bytes frame;

		build_start(build, BYTES_LIT(TEXT));
		build_layers(build, layers[*row].recipe);
		frame = build_bytes(build);
		memcpy(padded, frame.p, frame.n);
		feed(b, layers[*row].link_type, bytes_of(padded, frame.n + padding),
		    frame.n + padding, 5);
		assert_whole(&b->got, why);
		cr_assert_eq(b->got.seg.src.addr.family, layers[*row].six ? 6 : 4, "%s", why);
		cr_assert_eq(packet_stats(b->packet)->undecoded, 0, "%s", why);
		cr_assert(packet_link_known(layers[*row].link_type), "%s", why);
		bench_free(b);
	}
	free(build);
}

/*
 * Every snaplen: either the segment comes, with all its numbers and what was captured of
 * its payload, or the frame is counted as undecoded; and it comes from the TCP header on.
 */
ROWS(packet, snaplen, layers)

ParameterizedTest(size_t *row, packet, snaplen)
{
	const char *why = layers[*row].why;
	struct build *build = malloc(sizeof *build);
	struct bytes frame;

	build_start(build, BYTES_LIT(TEXT));
	build_layers(build, layers[*row].recipe);
	frame = build_bytes(build);
	for (size_t captured = 0; captured < frame.n; captured++) {
		struct bench *b = bench_new();
		size_t missing = frame.n - captured;

		feed(b, layers[*row].link_type, frame, captured, 5);
		if (missing > TEXT_OCTETS) {
			cr_assert_eq(b->got.count, 0, "%s, %zu octets", why, captured);
		} else {
			assert_segment(&b->got, why);
			cr_assert_eq(b->got.seg.len, TEXT_OCTETS, "%s: %u", why, b->got.seg.len);
			cr_assert(bytes_eq(b->got.seg.payload,
				      bytes_head(BYTES_LIT(TEXT), TEXT_OCTETS - missing)),
			    "%s, %zu octets", why, captured);
			cr_assert_not(b->got.seg.bad_checksum, "%s: none was taken", why);
		}
		bench_free(b);
	}
	free(build);
}

/* Frames that hold no segment of ours, or none that can be read. */
static const struct {
	const char *why;
	int link_type;
	const char *recipe;
	int patch; /* offset from the end of the frame, or 0 */
	uint8_t octet;
	unsigned segments, undecoded;
} others[] = {
	{ "an unknown link type", 147, "eth ip4 tcp", 0, 0, 0, 1 },
	{ "a negative one", -1, "eth ip4 tcp", 0, 0, 0, 1 },
	{ "an EtherType that is not followed", DLT_EN10MB, "eth_trill ip4 tcp", 0, 0, 0, 1 },
	{ "a version that is not IPv4's", DLT_EN10MB, "eth ip4 tcp", 55, 0x55, 0, 1 },
	{ "an IPv4 header of 16 octets", DLT_EN10MB, "eth ip4 tcp", 55, 0x44, 0, 1 },
	{ "an IPv4 header longer than the packet", DLT_EN10MB, "eth ip4 tcp", 55, 0x4f, 0, 1 },
	{ "a total length below the header's", DLT_EN10MB, "eth ip4 tcp", 52, 0x13, 0, 1 },
	{ "UDP", DLT_EN10MB, "eth ip4 udp53 tcp", 0, 0, 0, 0 },
	{ "VXLAN without its flag", DLT_EN10MB, "eth ip4 udp4789 gre", 0, 0, 0, 0 },
	{ "ESP", DLT_EN10MB, "eth ip4 tcp", 46, 50, 0, 0 },
	{ "a TCP header of 16 octets", DLT_EN10MB, "eth ip4 tcp", 23, 0x40, 0, 1 },
	{ "a TCP header longer than the datagram", DLT_EN10MB, "eth ip4 tcp", 23, 0xf0, 0, 1 },
	{ "GRE of version 2", DLT_EN10MB, "eth ip4 gre ip4 tcp", 58, 2, 0, 1 },
	{ "a raw packet of neither version", DLT_RAW, "ip4 tcp", 55, 0x75, 0, 1 },
	{ "spanning tree", DLT_EN10MB, "eth llc_bpdu ip4 tcp", 0, 0, 0, 0 },
	{ "SNAP of a vendor", DLT_EN10MB, "eth snap_cisco ip4 tcp", 0, 0, 0, 0 },
	{ "MPLS with what is neither IP nor Ethernet", DLT_EN10MB, "eth mpls ip4 tcp", 55, 0x85, 0,
	    1 },
	{ "PPP's own protocols", DLT_PPP, "ppp_lcp ip4 tcp", 0, 0, 0, 0 },
	{ "keepalives of HDLC", DLT_C_HDLC, "hdlc_slarp ip4 tcp", 0, 0, 0, 0 },
	{ "PPPoE of another version", DLT_PPP_ETHER, "pppoe ppp ip4 tcp", 63, 0x21, 0, 1 },
	{ "a fragment that ends within a block", DLT_EN10MB, "eth ip4 tcp", 49, 0x20, 0, 1 },
	{ "IPv6's fragment header in IPv4", DLT_EN10MB, "eth ip4 atomic tcp", 0, 0, 0, 1 },
	{ "PKTAP that holds no packet", DLT_PKTAP, "pktap_ethernet eth ip4 tcp", 85, 0, 0, 1 },
	{ "another port", DLT_EN10MB, "eth ip4 tcp", 32, 80, 0, 0 },
	{ "an octet of the payload changed", DLT_EN10MB, "eth ip4 tcp", 1, '!', 1, 0 },
};

ROWS(packet, others, others)

ParameterizedTest(size_t *row, packet, others)
{
	struct build *build = malloc(sizeof *build);
	struct bench *b = bench_new();

	build_start(build, BYTES_LIT(TEXT));
	build_layers(build, others[*row].recipe);
	if (others[*row].patch != 0)
		build->room[BUILD_ROOM - others[*row].patch] = others[*row].octet;
	feed(b, others[*row].link_type, build_bytes(build), build_octets(build), 5);
	cr_assert_eq(b->got.count, others[*row].segments, "%s: segments", others[*row].why);
	cr_assert_eq(packet_stats(b->packet)->segments, others[*row].segments);
	cr_assert_eq(packet_stats(b->packet)->undecoded, others[*row].undecoded, "%s: undecoded",
	    others[*row].why);
	cr_assert_eq(packet_stats(b->packet)->bad_checksums, others[*row].segments,
	    "a changed octet shows in the checksum");
	cr_assert_eq(b->got.seg.bad_checksum, others[*row].segments != 0);
	bench_free(b);
	free(build);
}

Test(packet, nesting_is_bounded)
{
	struct build *build = malloc(sizeof *build);
	struct bench *b = bench_new();

	build_start(build, BYTES_LIT(TEXT));
	build_layers(build, "ip4 tcp");
	for (unsigned depth = 2; depth < PACKET_MAX_DEPTH; depth++)
		build_layers(build, "ip4");
	feed(b, DLT_RAW, build_bytes(build), build_octets(build), 5);
	cr_assert_eq(b->got.count, 0);
	cr_assert_eq(b->limits.reached[LIMIT_DECAPSULATION_DEPTH], 1);
	feed(b, DLT_IPV4, build_bytes(build), build_octets(build), 5);
	cr_assert_eq(b->got.count, 1, "one layer less is followed");
	bench_free(b);
	free(build);
}

static const struct {
	const char *why;
	const char *options;
	uint8_t flags;
	int shift;
} options[] = {
	{ "a window scale in a SYN",
	    "020405b4"
	    "01030307",
	    TCP_SYN, 7 },
	{ "none in a SYN", "020405b4", TCP_SYN, -1 },
	{ "one outside a SYN says nothing", "01030307", TCP_ACK, -1 },
	{ "more than RFC 7323 allows", "0303ff00", TCP_SYN | TCP_ACK, 14 },
	{ "one behind the end of the options", "00030307", TCP_SYN, -1 },
	{ "one of another length", "03040707", TCP_SYN, -1 },
	{ "an option of length 0",
	    "0800"
	    "03030700"
	    "0000",
	    TCP_SYN, -1 },
	{ "an option that runs over the end", "01010808", TCP_SYN, -1 },
	{ "one cut by the end", "01010303", TCP_SYN, -1 },
};

ROWS(packet, options, options)

ParameterizedTest(size_t *row, packet, options)
{
	struct build *build = malloc(sizeof *build);
	struct bench *b = bench_new();

	build_start(build, BYTES_LIT(""));
	build->tcp_flags = options[*row].flags | 0xc0; /* ECN's are none of ours */
	build->tcp_options = options[*row].options;
	build_layers(build, "eth ip4 tcp");
	feed(b, DLT_EN10MB, build_bytes(build), build_octets(build), 5);
	assert_segment(&b->got, options[*row].why);
	cr_assert_eq(b->got.seg.flags, options[*row].flags, "%s: flags", options[*row].why);
	cr_assert_eq(b->got.seg.len, 0, "%s: length", options[*row].why);
	cr_assert_eq(b->got.seg.window_shift, options[*row].shift, "%s: %d", options[*row].why,
	    b->got.seg.window_shift);
	bench_free(b);
	free(build);
}

/* Only what differs in its options is a retransmission and not a copy of the frame. */
Test(packet, options_hash_tells_copies)
{
	static const char *const stamps[] = { "0101080a0000000100000002",
		"0101080a0000000100000002", "0101080a0000000200000002", "0101080a0000000100000003",
		"0101080a0000000200000001" };
	struct build *build = malloc(sizeof *build);
	struct bench *b = bench_new();
	uint32_t hash[5];

	for (size_t i = 0; i < 5; i++) {
		build_start(build, BYTES_LIT(TEXT));
		build->tcp_options = stamps[i];
		build_layers(build, "eth ip4 tcp");
		feed(b, DLT_EN10MB, build_bytes(build), build_octets(build), 5);
		hash[i] = b->got.seg.options_hash;
	}
	cr_assert_eq(hash[0], hash[1]);
	for (size_t i = 1; i < 5; i++)
		for (size_t j = i + 1; j < 5; j++)
			cr_assert_neq(hash[i], hash[j], "%zu and %zu", i, j);
	bench_free(b);
	free(build);
}

/* The piece [offset, offset + n) of what an IP packet carries, as a packet of its own. */
static size_t
fragment(uint8_t *to, struct bytes whole, size_t offset, size_t n, size_t carried)
{
	bool six = whole.p[0] >> 4 == 6;
	size_t head = six ? 40 : 20, at = head;
	bool more = offset + n < carried;

	memcpy(to, whole.p, head);
	if (six) {
		const uint8_t extension[8] = { whole.p[6], 0, (uint8_t)(offset >> 8),
			(uint8_t)(offset | more), 0, 0, 0, 9 };

		memcpy(to + at, extension, 8);
		at += 8;
		to[6] = 44;
		bytes_put_be16(to + 4, 8 + n);
	} else {
		bytes_put_be16(to + 2, head + n);
		bytes_put_be16(to + 6, offset / 8 | (more ? 0x2000 : 0));
	}
	memcpy(to + at, whole.p + head + offset, n);
	return at + n;
}

struct pieces {
	size_t count;
	size_t n[64];
	uint8_t octets[64][256];
};

static void
cut(struct pieces *out, struct bytes whole, size_t step)
{
	size_t head = whole.p[0] >> 4 == 6 ? 40 : 20, carried = whole.n - head;

	for (size_t at = 0; at < carried; at += step) {
		size_t n = carried - at < step ? carried - at : step;

		cr_assert_lt(out->count, 64);
		out->n[out->count] = fragment(out->octets[out->count], whole, at, n, carried);
		out->count++;
	}
}

static const struct {
	const char *why, *recipe;
} fragmented[] = {
	{ "IPv4", "ip4 tcp" },
	{ "IPv6", "ip6 tcp" },
	{ "an extension header in the first fragment", "ip6 destination tcp" },
	{ "GRE", "ip4 gre_all ip6 tcp" },
	{ "VXLAN", "ip6 udp4789 vxlan eth vlan ip4 tcp" },
	{ "IP in IP", "ip4 ip4 tcp" },
};

ROWS(packet, fragmented, fragmented)

/* Cut at every size, in order, backwards, and each twice: the same segment as whole. */
ParameterizedTest(size_t *row, packet, fragmented)
{
	static const char *const orders[] = { "in order", "backwards", "twice" };
	const char *why = fragmented[*row].why;
	struct build *build = malloc(sizeof *build);
	size_t carried;

	build_start(build, BYTES_LIT(TEXT));
	build_layers(build, fragmented[*row].recipe);
	carried = build_octets(build) - (build->p[0] >> 4 == 6 ? 40 : 20);
	for (size_t step = 8; step < carried; step += 8)
		for (size_t order = 0; order < COUNT(orders); order++) {
			struct bench *b = bench_new();
			struct pieces pieces = { 0 };

			cut(&pieces, build_bytes(build), step);
			for (size_t i = 0; i < pieces.count; i++) {
				size_t at = order == 1 ? pieces.count - 1 - i : i;

				for (size_t copies = order == 2 ? 2 : 1; copies > 0; copies--)
					feed(b, DLT_RAW, bytes_of(pieces.octets[at], pieces.n[at]),
					    pieces.n[at], 5);
			}
			assert_whole(&b->got, why);
			cr_assert_eq(
			    packet_stats(b->packet)->undecoded, 0, "%s %s", why, orders[order]);
			bench_free(b);
		}
	free(build);
}

/* Fragments whose pieces are again tunnelled and cut. */
Test(packet, fragments_in_fragments)
{
	struct build *build = malloc(sizeof *build);
	struct bench *b = bench_new();
	struct pieces inner = { 0 }, outer = { 0 };

	build_start(build, BYTES_LIT(TEXT));
	build_layers(build, "ip4 tcp");
	cut(&inner, build_bytes(build), 16);
	for (size_t i = 0; i < inner.count; i++) {
		build_start(build, bytes_of(inner.octets[i], inner.n[i]));
		build_is(build, 0x0800, 4, 0, 0);
		build_layers(build, "ip6");
		build->p[23] = (uint8_t)i; /* another source each: another datagram */
		cut(&outer, build_bytes(build), 24);
	}
	for (size_t i = outer.count; i-- > 0;)
		feed(b, DLT_IPV6, bytes_of(outer.octets[i], outer.n[i]), outer.n[i], 5);
	assert_whole(&b->got, "both reassembled");
	bench_free(b);
	free(build);
}

/*
 * Two datagrams of one number, of each of which a fragment was lost: what they make together has a
 * wrong sum. That alone says nothing where all sums are wrong.
 */
Test(packet, fragments_of_two_datagrams)
{
	struct build *build = malloc(sizeof *build);
	struct bench *b = bench_new();

	build_start(build, BYTES_LIT(TEXT));
	build_layers(build, "ip4 tcp");
	for (unsigned round = 0; round < 2; round++) {
		struct pieces pieces = { 0 };

		cut(&pieces, build_bytes(build), 24);
		pieces.octets[1][20] ^= 1; /* the other's */
		for (size_t i = 0; i < pieces.count; i++) {
			pieces.octets[i][5] = (uint8_t)round; /* in the number */
			feed(b, DLT_RAW, bytes_of(pieces.octets[i], pieces.n[i]), pieces.n[i], 5);
		}
		cr_assert_eq(b->got.count, 2 * round);
		cr_assert_eq(packet_stats(b->packet)->bad_checksums, 1 + 2 * round);
		cr_assert_eq(packet_stats(b->packet)->undecoded, 1);
		build->p[build_octets(build) - 1] ^= 1; /* one in one piece */
		feed(b, DLT_RAW, build_bytes(build), build_octets(build), 5);
	}
	bench_free(b);
	free(build);
}

/* A fragment of what cannot carry TCP is not kept. */
Test(packet, fragments_of_others_cost_nothing)
{
	struct build *build = malloc(sizeof *build);
	struct bench *b = bench_new();
	uint8_t piece[256];
	size_t n;

	build_start(build, BYTES_LIT(TEXT));
	build_is(build, 0, 1, 0, 0);
	build_layers(build, "ip4");
	n = fragment(piece, build_bytes(build), 0, 8, TEXT_OCTETS);
	feed(b, DLT_RAW, bytes_of(piece, n), n, 5);
	cr_assert_eq(b->budget.used, 0);
	cr_assert_eq(packet_stats(b->packet)->undecoded, 0);
	bench_free(b);
	free(build);
}

Test(packet, gre_without_a_packet)
{
	struct build *build = malloc(sizeof *build);
	struct bench *b = bench_new();

	build_start(build, BYTES_LIT(""));
	build_layers(build, "ip4 gre_pptp");
	feed(b, DLT_RAW, build_bytes(build), build_octets(build), 5);
	cr_assert_eq(b->got.count, 0);
	cr_assert_eq(packet_stats(b->packet)->undecoded, 0, "it is only an acknowledgement");
	bench_free(b);
	free(build);
}

static void
assert_same(const struct bench *a, const struct bench *b)
{
	const struct packet_stats *one = packet_stats(a->packet), *other = packet_stats(b->packet);
	const struct segment *s = &a->got.seg, *t = &b->got.seg;

	cr_assert_eq(memcmp(one, other, sizeof *one), 0);
	cr_assert(endpoint_eq(&s->src, &t->src) && endpoint_eq(&s->dst, &t->dst));
	cr_assert(s->seq == t->seq && s->ack == t->ack && s->len == t->len);
	cr_assert(bytes_eq(s->payload, t->payload));
	cr_assert(s->window == t->window && s->ip_id == t->ip_id && s->flags == t->flags);
	cr_assert(s->ttl == t->ttl && s->window_shift == t->window_shift);
	cr_assert(s->bad_checksum == t->bad_checksum && s->options_hash == t->options_hash);
}

/* A frame without a tag goes another way than one with a tag; whatever is in it, and missing. */
Test(packet, a_tag_changes_nothing)
{
	struct build *build = malloc(sizeof *build);
	struct bench *plain = bench_new(), *tagged = bench_new();
	uint8_t frame[256], longer[256];
	size_t n, headers = 14 + 20 + 20;

	build_start(build, BYTES_LIT(TEXT));
	build_layers(build, "eth ip4 tcp");
	n = build_octets(build);
	memcpy(frame, build_bytes(build).p, n);
	for (size_t at = 12; at < headers; at++) {
		uint8_t right = frame[at];

		for (unsigned value = 0; value < 256; value++) {
			size_t captured = value % 16 == 0 ? at + value / 8 : n;

			if (captured > n)
				captured = n;
			frame[at] = (uint8_t)value;
			memcpy(longer, frame, 12);
			memcpy(longer + 12, "\x81\x00\x00\x07", 4);
			memcpy(longer + 16, frame + 12, n - 12);
			feed(plain, DLT_EN10MB, bytes_of(frame, n), captured, 5);
			feed(tagged, DLT_EN10MB, bytes_of(longer, n + 4), captured + 4, 5);
			assert_same(plain, tagged);
		}
		frame[at] = right;
	}
	cr_assert_gt(packet_stats(plain->packet)->segments, 1000);
	bench_free(plain);
	bench_free(tagged);
	free(build);
}
