/*
 * frame_build: frames for tests, written as the names of their layers, outermost first:
 * "eth vlan:8100 ip4 gre:key ip6 tcp". Built from the inside out in one buffer, with
 * valid lengths and checksums; each layer names the one inside it by the right number.
 */
#ifndef HATCHECK_FRAME_BUILD_H
#define HATCHECK_FRAME_BUILD_H

#include <assert.h>
#include <stdlib.h>

#include "capture/base/bytes.h"

#define BUILD_ROOM 70000
#define BUILD_SRC4 "\xc0\x00\x02\x0a" /* 192.0.2.10 */
#define BUILD_DST4 "\xc6\x33\x64\x19" /* 198.51.100.25 */
#define BUILD_SRC6 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x0a"
#define BUILD_DST6 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x19"
#define BUILD_SEQ 0xfffffff0u
#define BUILD_ACK 0x01020304u

struct build {
	uint8_t room[BUILD_ROOM];
	uint8_t *p;         /* the frame so far runs from here to the end of the room */
	uint16_t ethertype; /* of what is at p; 0 where there is no number */
	uint8_t protocol;
	uint16_t ppp, family;
	uint8_t tcp_flags;
	const char *tcp_options; /* as hex digits, a multiple of 8 */
	bool six;                /* the innermost IP is 6: what TCP's checksum is over */
};

static inline size_t
build_octets(const struct build *b)
{
	return (size_t)(b->room + BUILD_ROOM - b->p);
}

static inline struct bytes
build_bytes(const struct build *b)
{
	return bytes_of(b->p, build_octets(b));
}

static inline uint8_t *
build_put(struct build *b, const void *octets, size_t n)
{
	assert((size_t)(b->p - b->room) >= n);
	b->p -= n;
	memcpy(b->p, octets, n);
	return b->p;
}

/* Octets from hex digits. */
static inline size_t
build_hex(uint8_t *to, const char *hex)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		char digits[3] = { hex[2 * i], hex[2 * i + 1], 0 };

		to[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return n;
}

static inline uint32_t
build_sum(uint32_t sum, const uint8_t *p, size_t n)
{
	for (; n > 1; n -= 2, p += 2)
		sum += (uint32_t)(p[0] << 8 | p[1]);
	return n == 1 ? sum + ((uint32_t)p[0] << 8) : sum;
}

static inline uint16_t
build_folded(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static inline void
build_is(struct build *b, uint16_t ethertype, uint8_t protocol, uint16_t ppp, uint16_t family)
{
	b->ethertype = ethertype;
	b->protocol = protocol;
	b->ppp = ppp;
	b->family = family;
}

static inline void
build_tcp(struct build *b)
{
	uint8_t head[60] = { 0 };
	size_t n = 20 + build_hex(head + 20, b->tcp_options == NULL ? "" : b->tcp_options);
	uint32_t sum;
	uint8_t *p;

	bytes_put_be16(head, 40001);
	bytes_put_be16(head + 2, 25);
	bytes_put_be32(head + 4, BUILD_SEQ);
	bytes_put_be32(head + 8, BUILD_ACK);
	head[12] = (uint8_t)(n / 4 << 4);
	head[13] = b->tcp_flags;
	bytes_put_be16(head + 14, 512);
	p = build_put(b, head, n);
	sum = 6 + (uint32_t)build_octets(b);
	if (b->six)
		sum = build_sum(build_sum(sum, (const uint8_t *)BUILD_SRC6, 16),
		    (const uint8_t *)BUILD_DST6, 16);
	else
		sum = build_sum(
		    build_sum(sum, (const uint8_t *)BUILD_SRC4, 4), (const uint8_t *)BUILD_DST4, 4);
	bytes_put_be16(p + 16, build_folded(build_sum(sum, p, build_octets(b))));
	build_is(b, 0, 6, 0, 0);
}

/* `fragment`: the flags and offset field. */
static inline void
build_ip4(struct build *b, const char *options, bool zero_length, unsigned fragment, uint16_t id)
{
	uint8_t head[60] = { 0x45, 0 };
	size_t n = 20 + build_hex(head + 20, options);

	head[0] = (uint8_t)(0x40 | n / 4);
	bytes_put_be16(head + 2, zero_length ? 0 : n + build_octets(b));
	bytes_put_be16(head + 4, id);
	bytes_put_be16(head + 6, fragment);
	head[8] = 57;
	head[9] = b->protocol;
	memcpy(head + 12, BUILD_SRC4, 4);
	memcpy(head + 16, BUILD_DST4, 4);
	bytes_put_be16(head + 10, build_folded(build_sum(0, head, n)));
	build_put(b, head, n);
	build_is(b, 0x0800, 4, 0x0021, 2);
}

static inline void
build_ip6(struct build *b, bool zero_length)
{
	uint8_t head[40] = { 0x60 };

	bytes_put_be16(head + 4, zero_length ? 0 : build_octets(b));
	head[6] = b->protocol;
	head[7] = 57;
	memcpy(head + 8, BUILD_SRC6, 16);
	memcpy(head + 24, BUILD_DST6, 16);
	build_put(b, head, 40);
	build_is(b, 0x86dd, 41, 0x0057, 10);
}

/* The IP header at the front names another destination: the next hop of a route. */
static inline void
build_via(struct build *b)
{
	b->p[b->ethertype == 0x86dd ? 39 : 19] ^= 0x55;
}

/* An extension header: its own number, and its octets but for the first. */
static inline void
build_extension(struct build *b, uint8_t number, const char *rest)
{
	uint8_t head[64] = { b->protocol };

	build_put(b, head, 1 + build_hex(head + 1, rest));
	build_is(b, 0, number, 0, 0);
}

static inline void
build_udp(struct build *b, uint16_t port)
{
	uint8_t head[8] = { 0x30, 0x39 };

	bytes_put_be16(head + 2, port);
	bytes_put_be16(head + 4, 8 + build_octets(b));
	build_put(b, head, 8);
	build_is(b, 0, 17, 0, 0);
}

/* A header whose last two octets are the EtherType of what is inside. */
static inline void
build_typed(struct build *b, const char *before, uint16_t own_ethertype)
{
	uint8_t head[64];
	size_t n = build_hex(head, before);

	bytes_put_be16(head + n, b->ethertype);
	build_put(b, head, n + 2);
	build_is(b, own_ethertype, 0, 0, 0);
}

static inline void
build_plain(struct build *b, const char *hex)
{
	uint8_t head[160];

	build_put(b, head, build_hex(head, hex));
	build_is(b, 0, 0, 0, 0);
}

static inline void
build_mpls(struct build *b, const char *hex)
{
	build_plain(b, hex);
	build_is(b, 0x8847, 137, 0x0281, 0);
}

static inline void
build_gre(struct build *b, const char *flags, uint16_t type, const char *optional)
{
	uint8_t head[64];
	size_t n = build_hex(head, flags);

	bytes_put_be16(head + n, type);
	n += 2;
	n += build_hex(head + n, optional);
	build_put(b, head, n);
	build_is(b, 0, 47, 0, 0);
}

static inline void
build_llc(struct build *b, const char *before_type)
{
	build_typed(b, before_type, 0);
	b->ethertype = (uint16_t)build_octets(b); /* the 802.3 length */
}

static inline void
build_pppoe(struct build *b)
{
	uint8_t head[6] = { 0x11, 0, 0x12, 0x34 };

	bytes_put_be16(head + 4, build_octets(b));
	build_put(b, head, 6);
	build_is(b, 0x8864, 0, 0, 0);
}

static inline void
build_ppp(struct build *b, const char *before, bool compressed)
{
	uint8_t head[8];
	size_t n = build_hex(head, before);

	if (!compressed)
		head[n++] = (uint8_t)(b->ppp >> 8);
	head[n++] = (uint8_t)b->ppp;
	build_put(b, head, n);
	build_is(b, 0x880b, 0, 0, 0);
}

/* A loopback's address family; `order` 'L' little, 'B' big. */
static inline void
build_null(struct build *b, uint16_t family, char order)
{
	uint8_t head[4] = { 0 };

	head[order == 'L' ? 0 : 3] = (uint8_t)family;
	build_put(b, head, 4);
}

static inline void
build_sll2(struct build *b)
{
	uint8_t head[20] = { 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2 };

	bytes_put_be16(head, b->ethertype);
	build_put(b, head, sizeof head);
}

#define BUILD_MACS "020000000001020000000002"
#define BUILD_WORDS(X)                                                                           \
	X(tcp, build_tcp(b))                                                                     \
	X(ip4, build_ip4(b, "", false, 0x4000, 7))                                               \
	X(ip4_options, build_ip4(b, "0104000094040000", false, 0, 7))                            \
	X(ip4_routed, build_ip4(b, "01830b08cb007101c6336419", false, 0, 7))                     \
	X(ip4_pointless, build_ip4(b, "01830300", false, 0, 7))                                  \
	X(ip4_arrived, build_ip4(b, "01830b0cc6336401cb007101", false, 0, 7))                    \
	X(ip4_zero, build_ip4(b, "", true, 0x4000, 7))                                           \
	X(ip6, build_ip6(b, false))                                                              \
	X(ip6_zero, build_ip6(b, true))                                                          \
	X(hop_by_hop, build_extension(b, 0, "00050200000100"))                                   \
	X(destination, build_extension(b, 60, "01010c000000000000000000000000"))                 \
	X(routing, build_extension(b, 43, "0200000000000020010db8000000000000000000000019"))     \
	X(route, build_extension(b, 43,                                                          \
		     "04000100000000"                                                            \
		     "20010db8000000000000000000000001"                                          \
		     "20010db8000000000000000000000019"))                                        \
	X(segments, build_extension(b, 43,                                                       \
			"05040101000000"                                                         \
			"20010db8000000000000000000000019"                                       \
			"20010db8000000000000000000000001"                                       \
			"0406000000000000"))                                                     \
	X(via, build_via(b))                                                                     \
	X(authentication,                                                                        \
	    build_extension(b, 51, "040000000000010000000200112233445566778899aabb"))            \
	X(atomic, build_extension(b, 44, "00000000000001"))                                      \
	X(gre, build_gre(b, "0000", b->ethertype, ""))                                           \
	X(gre_all, build_gre(b, "b000", b->ethertype, "000000000000000100000002"))               \
	X(gre_routing, build_gre(b, "4000", b->ethertype, "0000000008000004c000020100000000"))   \
	X(gre_ethernet, build_gre(b, "2000", 0x6558, "00000001"))                                \
	X(gre_pptp, build_gre(b, "3081", 0x880b, "004000010000000200000003"))                    \
	X(erspan1, build_gre(b, "0000", 0x88be, ""))                                             \
	X(erspan2, build_gre(b, "1000", 0x88be,                                                  \
		       "00000001"                                                                \
		       "1001000a00000000"))                                                      \
	X(erspan3, build_gre(b, "1000", 0x22eb,                                                  \
		       "00000001"                                                                \
		       "2001000a0000000000000000"))                                              \
	X(erspan3_sub, build_gre(b, "1000", 0x22eb,                                              \
			   "00000001"                                                            \
			   "2001000a0000000000000001"                                            \
			   "0c00000000000000"))                                                  \
	X(erspan3_ip, build_gre(b, "1000", 0x22eb,                                               \
			  "00000001"                                                             \
			  "2001000a0000000000000800"))                                           \
	X(udp4789, build_udp(b, 4789))                                                           \
	X(udp8472, build_udp(b, 8472))                                                           \
	X(udp6081, build_udp(b, 6081))                                                           \
	X(udp53, build_udp(b, 53))                                                               \
	X(vxlan, build_plain(b, "0800000000002a00"))                                             \
	X(geneve, build_gre(b, "0000", b->ethertype, "00002a00"))                                \
	X(geneve_options, build_gre(b, "0240", b->ethertype,                                     \
			      "00002a00"                                                         \
			      "0102800101020304"))                                               \
	X(eth, build_typed(b, BUILD_MACS, 0x6558))                                               \
	X(eth_40, build_typed(b, "401234567890020000000001", 0x6558))                            \
	X(eth_4c, build_typed(b, "4c1234567890020000000001", 0x6558))                            \
	X(eth_60, build_typed(b, "601234567890020000000001", 0x6558))                            \
	X(eth_trill, build_plain(b, BUILD_MACS "22f3"))                                          \
	X(llc_ip, (build_plain(b, "060603"), build_is(b, (uint16_t)build_octets(b), 0, 0, 0)))   \
	X(llc_bpdu, (build_plain(b, "424203"), build_is(b, (uint16_t)build_octets(b), 0, 0, 0))) \
	X(snap_cisco, build_llc(b, "aaaa0300000c"))                                              \
	X(vlan, build_typed(b, "0064", 0x8100))                                                  \
	X(vlan_88a8, build_typed(b, "0064", 0x88a8))                                             \
	X(vlan_9100, build_typed(b, "0064", 0x9100))                                             \
	X(etag, build_typed(b, "100000d80000", 0x893f))                                          \
	X(snap, build_llc(b, "aaaa03000000"))                                                    \
	X(snap_bridge, build_llc(b, "aaaa030000f8"))                                             \
	X(snap_bare, build_typed(b, "aaaa03000000", 4))                                          \
	X(mpls, build_mpls(b, "00010140"))                                                       \
	X(mpls_two, build_mpls(b, "0001004000020140"))                                           \
	X(mpls_control, build_mpls(b, "0001014000000001"))                                       \
	X(pppoe, build_pppoe(b))                                                                 \
	X(ppp, build_ppp(b, "", false))                                                          \
	X(ppp_directed, build_ppp(b, "01ff03", false))                                           \
	X(ppp_pppd, build_ppp(b, "0103", false))                                                 \
	X(ppp_compressed, build_ppp(b, "", true))                                                \
	X(ppp_framed, build_ppp(b, "ff03", false))                                               \
	X(ppp_lcp, build_plain(b, "c021"))                                                       \
	X(hdlc_slarp, build_plain(b, "8f008035"))                                                \
	X(hdlc, build_typed(b, "0f00", 0))                                                       \
	X(sll, build_typed(b, "0000000100060200000000010000", 0))                                \
	X(sll2, build_sll2(b))                                                                   \
	X(null_little, build_null(b, b->family, 'L'))                                            \
	X(null_big, build_null(b, b->family, 'B'))                                               \
	X(null_freebsd, build_null(b, 28, 'L'))                                                  \
	X(null_macos, build_null(b, 30, 'L'))                                                    \
	X(null_openbsd, build_null(b, 24, 'B'))                                                  \
	X(null_windows, build_null(b, 23, 'L'))                                                  \
	X(pktap_ethernet, build_plain(b, "1400000001000000010000000000000000000000"))

#define X(word, call)                                         \
	static inline void build_word_##word(struct build *b) \
	{                                                     \
		call;                                         \
	}
BUILD_WORDS(X)
#undef X

static const struct build_word {
	const char *name;
	void (*put)(struct build *b);
} build_words[] = {
#define X(word, call) { #word, build_word_##word },
	BUILD_WORDS(X)
#undef X
};

static inline void
build_wrap(struct build *b, struct bytes word)
{
	for (size_t i = 0; i < sizeof build_words / sizeof *build_words; i++)
		if (bytes_eq(bytes_str(build_words[i].name), word)) {
			build_words[i].put(b);
			return;
		}
	assert(!"a word that is in the table");
}

/* Starts with the innermost octets. */
static inline void
build_start(struct build *b, struct bytes payload)
{
	b->p = b->room + BUILD_ROOM;
	b->tcp_flags = 0x18;
	b->tcp_options = NULL;
	b->six = false;
	build_is(b, 0, 0, 0, 0);
	build_put(b, payload.p, payload.n);
}

/* Wraps what is there in the layers of a recipe, from its last word to its first. */
static inline void
build_layers(struct build *b, const char *recipe)
{
	const char *end = recipe + strlen(recipe);
	const char *tcp = strstr(recipe, "tcp"), *four, *six;

	/* TCP's checksum is over the addresses of the IP header that comes last before it. */
	four = six = NULL;
	for (const char *p = recipe; tcp != NULL && p < tcp; p++) {
		four = strncmp(p, "ip4", 3) == 0 ? p : four;
		six = strncmp(p, "ip6", 3) == 0 ? p : six;
	}
	b->six = six != NULL && (four == NULL || six > four);
	while (end > recipe) {
		const char *word = end;

		while (word > recipe && word[-1] != ' ')
			word--;
		build_wrap(b, bytes_of(word, (size_t)(end - word)));
		end = word > recipe ? word - 1 : word;
	}
}

#endif
