/*
 * fragment: IP fragments to datagrams.                     RFC 791 3.2, RFC 8200 4.5
 *
 * In:    fragments of IPv4 and IPv6 in any order, repeated, overlapping, of which less
 *        may have been captured than was sent.
 * Out:   the datagram, once, when its last missing fragment comes. The first copy of an
 *        octet wins. A copy of a fragment of a datagram that is already out (a mirrored
 *        port shows every frame twice) is recognised and starts nothing.
 * Owns:  copies of the fragments, charged to the budget.
 * Bound: FRAGMENT_MAX_DATAGRAMS, FRAGMENT_BUDGET_SHARE of the budget, and
 *        PACKET_FRAGMENT_AGE_NS of packet time; the oldest go first, and the fragments
 *        that go with them are counted as LIMIT_FRAGMENTS_DROPPED.
 * Cost:  O(octets); a lookup among at most FRAGMENT_MAX_DATAGRAMS.
 */
#ifndef HATCHECK_FRAGMENT_H
#define HATCHECK_FRAGMENT_H

#include "capture/base/budget.h"
#include "capture/base/bytes.h"
#include "capture/base/limits.h"

#define FRAGMENT_MAX_DATAGRAMS 1024
#define FRAGMENT_BUDGET_SHARE 4 /* at most a fourth of it */
#define FRAGMENT_KEPT_DONE 64   /* datagrams remembered after they are out */

struct fragment_key {
	uint8_t addr[32]; /* source, then destination; unused octets 0 */
	uint32_t id;
	uint8_t family;
	uint8_t protocol; /* 0 for IPv6, where it does not tell datagrams apart */
	uint8_t zero[2];
};

struct fragment {
	struct fragment_key key;
	int64_t ts_ns;
	uint32_t offset; /* octets */
	uint32_t len;    /* octets on the wire, >= data.n */
	bool more;
	uint8_t protocol; /* what the datagram holds, if this is its first fragment */
	struct bytes data;
};

struct datagram {
	struct bytes data; /* its octets up to the first that was not captured */
	uint32_t len;      /* octets on the wire */
	uint8_t protocol;
};

enum fragment_result {
	FRAGMENT_BAD,  /* no fragment can be like that */
	FRAGMENT_HELD, /* kept, or of no use */
	FRAGMENT_WHOLE /* *out is the datagram, borrowed until the next call */
};

struct fragments;

/* `budget` and `limits` are borrowed. NULL without memory. */
struct fragments *fragment_new(struct budget *budget, struct limits *limits);
void fragment_free(struct fragments *f);
enum fragment_result fragment_feed(
    struct fragments *f, const struct fragment *frag, struct datagram *out);

#endif
