/*
 * conn: one TCP connection as it was seen.                  RFC 9293, 5961, 7323
 *
 * In:    the segments of both directions, in the order of the file.
 * Out:   the facts in this struct, complete after conn_finish.
 * Offsets of a direction count from `origin`, its first octet; they start far above zero so
 *        that octets before what was first seen have one too. Where the SYN was not
 *        seen, origin is the first octet that was, and `start_seen` is false.
 * A direction whose start may still come, or with a hole before kept octets, waits: twice, so that
 *        no single stamp ends it, for CONN_PATIENCE_LOST_NS once the peer has acknowledged what is
 *        missing (then only the capture lacks it), for CONN_PATIENCE_OPEN_NS otherwise. What is
 *        then still missing is a gap.
 * Owns:  its streams and its dialogue, taken from the budget.
 * Fails: never.
 */
#ifndef HATCHECK_CONN_H
#define HATCHECK_CONN_H

#include "analyzer/flow/key.h"
#include "analyzer/flow/stream.h"
#include "analyzer/smtp/dialog.h"
#include "capture/base/cache.h"
#include "capture/packet/segment.h"

#define CONN_ORIGIN (UINT64_C(1) << 32)
#define CONN_PATIENCE_LOST_NS (INT64_C(1) * 1000000000)
#define CONN_PATIENCE_OPEN_NS (INT64_C(60) * 1000000000)
#define CONN_COPY_AGE_NS (INT64_C(10) * 1000000) /* a mirrored port sends its copy sooner */
#define CONN_COPIES 4
#define CONN_HISTORY 40

/* A FIN or RST as it was sent. */
struct conn_close {
	uint64_t frame_no; /* 0: none */
	int64_t ts_ns;
	uint32_t seq, ack, len;
	uint8_t flags, ttl;
};

/* A SYN as it was sent. */
struct conn_start {
	uint64_t frame_no; /* 0: none */
	int64_t ts_ns;
	uint32_t seq;
	int8_t window_shift;
};

/* What the history tells again: bad checksums, octets sent again, closed windows, gaps. */
enum conn_again {
	CONN_AGAIN_CHECKSUM,
	CONN_AGAIN_SENT,
	CONN_AGAIN_WINDOW,
	CONN_AGAIN_GAP,
	CONN_AGAIN_COUNT
};

struct conn_copies { /* what the last segments looked like, to know them again */
	_Alignas(CACHE_LINE) uint64_t print[CONN_COPIES];
	int64_t ts_ns[CONN_COPIES];
};

/*
 * What a segment touches that comes next and tells nothing new is the first line, with the head of
 * the stream in it, and the line of the copies.
 */
struct conn_half {
	_Alignas(CACHE_LINE) uint64_t origin;
	uint64_t acked; /* the highest offset of the other direction acknowledged */
	uint64_t packets;
	uint32_t seq_of_0; /* what with an offset makes its sequence number, modulo 2^32 */
	uint32_t usual[2]; /* looks, without and with payload, that tell nothing new; 0: none */
	bool start_seen;   /* the SYN was: origin is proven */
	bool acked_set;
	uint8_t next_copy; /* the place in copies for the next */
	struct stream stream;
	bool seq_set;    /* seq_of_0 is known */
	bool start_open; /* octets came, the SYN may still */
	bool ended;      /* everything up to the FIN was handed up */
	int8_t window_shift;
	uint8_t ttl_min, ttl_max; /* of segments without RST; 0: none seen */
	bool sums_right;          /* not all its checksums are wrong */
	uint32_t window;          /* the largest offered, octets; 0: none seen */
	uint64_t letters;         /* letters of the history already set */
	struct conn_copies copies;
	struct conn_close fin, rst;
	struct conn_close odd_rst; /* one that did not close, or was overruled */
	bool overruled;            /* it was: this side went on */
	uint64_t rst_off; /* the highest at which an RST stood inside the window; 0: none */
	uint64_t fin_off;
	uint64_t reach;            /* where its segments stood, also those without payload */
	uint64_t fin_ack_frame_no; /* the other side's first ACK of the FIN; 0: none seen */
	/* The highest offset behind the octets seen that it acknowledged; where it first did. */
	uint64_t ahead, ahead_frame_no;
	uint32_t repeats[CONN_AGAIN_COUNT];
	uint64_t syn_frame_no, syn_count;
	int64_t syn_ts_ns;
	struct conn_start
	    other; /* a SYN with another number, while it may be the one that counts */
	uint8_t unused[CACHE_LINE - 32 - sizeof(struct conn_start)];
};

_Static_assert(sizeof(struct conn_half) == 512, "a side is found with a shift, for each segment");

/* Where both sides' numbers are known, none has sent an RST and nothing waits, it is plain. */
enum conn_plain { CONN_ANY, CONN_OPEN, CONN_CLOSING }; /* closing: at least one FIN was seen */

struct conn {
	struct conn_key key;
	int64_t first_ts_ns, last_ts_ns, ack_ts_ns; /* ack: the client's of the SYN,ACK */
	uint64_t last_frame_no, first_frame_no, ack_frame_no;
	uint8_t history_n, ts_digits;
	uint8_t plain;         /* enum conn_plain */
	bool overdue;          /* patience was once exceeded */
	bool ack_late;         /* ack: one of octets, and the one of the SYN,ACK was not seen */
	bool evicted;          /* given up for memory: not all of it was seen */
	bool dropped;          /* packets of its time were dropped before they were captured */
	int64_t wait_since_ns; /* 0: nothing waits */
	struct budget *budget;
	struct limits *limits;
	uint64_t id;
	char history[CONN_HISTORY];
	struct conn_half half[DIR_COUNT];
	/* From here on only what is not folded. */
	struct dialog dialog;
	uint8_t prefix[DIR_COUNT][STREAM_PREFIX]; /* of the streams; not cleared before use */
};

void conn_init(struct conn *c, const struct conn_key *key, uint64_t id, struct budget *budget,
    struct limits *limits);
/* Sets what the segment looks like, and the print by which it is known again, as copies of it are.
 */
void conn_mark(struct segment *seg);
/* Any segment, and one of a plain connection. */
void conn_any(struct conn *c, enum dir dir, const struct segment *seg);
/*
 * Of a plain connection, by its halves: a segment that acknowledges nothing unseen, and whose
 * octets, if it has any, come next in their direction, is dealt with as conn_any would. False: it
 * is none.
 */
bool conn_next(struct conn *c, struct conn_half *h, struct conn_half *peer,
    const struct segment *seg) __attribute__((noinline));
/* True where it only went on: it is open, as before. */
static inline bool
conn_segment(struct conn *c, enum dir dir, const struct segment *seg)
{
	struct conn_half *half = &c->half[dir], *other = &c->half[dir ^ 1];

	if (c->plain != CONN_ANY && conn_next(c, half, other, seg))
		return c->plain == CONN_OPEN;
	conn_any(c, dir, seg);
	return false;
}
/* Asks for the memory that most segments touch. In line: gcc drops a call that only prefetches. */
__attribute__((always_inline)) static inline void
conn_prefetch(const struct conn *c)
{
	const struct conn_half *client = &c->half[DIR_CLIENT], *server = &c->half[DIR_SERVER];

	__builtin_prefetch(c);
	__builtin_prefetch(&c->last_frame_no);
	__builtin_prefetch(client);
	__builtin_prefetch(&client->copies);
	__builtin_prefetch(server);
	__builtin_prefetch(&server->copies);
	__builtin_prefetch(&c->dialog);
	__builtin_prefetch((const char *)&c->dialog + 2 * CACHE_LINE);
}

bool conn_is_closed(const struct conn *c); /* conn_closed where it is not plain and open */
/* True when both sides have closed, or one has reset it: only stragglers may come. */
static inline bool
conn_closed(const struct conn *c)
{
	return c->plain != CONN_OPEN && conn_is_closed(c);
}
/* True when all of it was seen to its end: nothing that may still come can add to it. */
bool conn_complete(const struct conn *c);
/*
 * True when no octet was seen, nor a FIN, and none waits. Then all that it is stands in front of
 * the dialogue, which can be left out until something more is done with it.
 */
bool conn_foldable(const struct conn *c);
/* From such a one, of which the rest may be gone, the whole again. */
void conn_unfold(struct conn *out, const struct conn *folded);
/* Nothing more will be seen: what waits goes on, what is missing becomes gaps. */
void conn_finish(struct conn *c);
void conn_clear(struct conn *c);

/* One past the last octet of this direction that is known to have been sent, seen or not. */
uint64_t conn_known_end(const struct conn_half *h);
/* The same behind its FIN, which has a number too. */
static inline uint64_t
conn_behind(const struct conn_half *h)
{
	return h->fin.frame_no != 0 ? h->fin_off + 1 : conn_known_end(h);
}

/* The sequence number of an offset of this direction. */
static inline uint32_t
conn_seq(const struct conn_half *h, uint64_t off)
{
	return h->seq_of_0 + (uint32_t)off;
}
/* The offset that has this sequence number and is nearest to the last octet seen. */
static inline uint64_t
conn_off(const struct conn_half *h, uint32_t seq)
{
	return h->stream.end + (uint64_t)(int64_t)(int32_t)(seq - conn_seq(h, h->stream.end));
}

#endif
