/*
 * segment: one TCP segment, as the packet layer hands it up.    RFC 9293 3.1
 *
 * Everything is in host order. `payload` is what was captured of the `len`
 * octets that were on the wire (payload.n <= len), and borrowed. Lengths come from IP, never from
 * the frame, so that padding is not data; where the IP total length is 0 (segmentation offload)
 * they come from the frame's length on the wire, which is the captured one unless a snaplen cut it.
 */
#ifndef HATCHECK_SEGMENT_H
#define HATCHECK_SEGMENT_H

#include "capture/base/bytes.h"

struct addr {
	uint8_t octet[16]; /* network order; the first 4 for family 4, the rest 0 */
	uint16_t family;   /* 4 or 6 */
};

struct endpoint {
	struct addr addr;
	uint16_t port;
};

_Static_assert(sizeof(struct endpoint) == 20, "it is compared as words, without padding");

static inline bool
endpoint_eq(const struct endpoint *a, const struct endpoint *b)
{
	const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;

	return ((bytes_word64(x) ^ bytes_word64(y)) | (bytes_word64(x + 8) ^ bytes_word64(y + 8)) |
		   (bytes_word32(x + 16) ^ bytes_word32(y + 16))) == 0;
}

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20
};

/* As small as it can be: millions of them go from one thread to another. */
struct segment {
	int64_t ts_ns;     /* since 1970-01-01 UTC, the capture's clock */
	uint64_t frame_no; /* from 1, in the order in which the run read its frames */
	struct bytes payload;
	uint64_t hash, print; /* set by flow_mark, as are look and side */
	union {
		struct {
			struct endpoint src, dst;
		};
		struct endpoint end[2];
	};
	uint32_t seq, ack;
	uint32_t len;          /* payload octets on the wire */
	uint32_t look;         /* what next to no segment of a direction differs in; never 0 */
	uint32_t options_hash; /* of all TCP options: tells a copy from a retransmission */
	uint16_t window;
	uint16_t ip_id;      /* 0 for IPv6 */
	uint8_t flags;       /* TCP_* */
	uint8_t ttl;         /* TTL or hop limit */
	uint8_t ts_digits;   /* decimals of a second that the capture can tell: 6 or 9 */
	int8_t window_shift; /* from the option of a SYN, -1 if it had none */
	uint8_t side;        /* enum dir, or DIR_COUNT where the ports alone do not tell */
	bool bad_checksum;
	bool from_server, to_server; /* by its ports; both between two servers, never neither */
};

static inline uint32_t
segment_seq_len(const struct segment *s)
{
	return s->len + ((s->flags & TCP_SYN) != 0) + ((s->flags & TCP_FIN) != 0);
}

#endif
