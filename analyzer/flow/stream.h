/*
 * stream: the segments of one direction, put in order.              RFC 9293 3.10
 *
 * In:    payload of segments by offset, in any order, overlapping, doubled, cut by the
 *        snaplen. The first copy of an octet wins; a later copy that differs is noted, as
 *        far as the first STREAM_PREFIX octets of the direction or kept ones go. Octets in
 *        doubt are kept until they are known to be right; a copy beyond doubt replaces them.
 * Out:   runs and gaps, through the sink, in stream order. The sink may take less than a
 *        run: the rest is kept, and offered again by stream_resume.
 * Owns:  what came out of order or was not taken, from the budget; room for the prefix is lent.
 * Fails: never. STREAM_FULL: no more can be kept; the caller makes the stream move
 *        (stream_skip_hole, or by releasing the sink) and feeds the segment again.
 * Cost:  in order: O(1) beyond the sink; out of order: O(pieces kept), at most
 *        STREAM_MAX_PIECES.
 */
#ifndef HATCHECK_STREAM_H
#define HATCHECK_STREAM_H

#include "analyzer/flow/run.h"
#include "capture/base/budget.h"

#define STREAM_MAX_KEPT 262144 /* octets */
#define STREAM_MAX_PIECES 1024
#define STREAM_PREFIX 512
#define STREAM_MAX_JUMP (INT64_C(1) << 30) /* the largest window. RFC 7323 2.3 */

struct stream_sink {
	/* Returns how many octets it took. */
	size_t (*run)(void *ctx, const struct run *run);
	void (*gap)(void *ctx, uint64_t octets);
	void *ctx;
	uint64_t sure; /* no octet in front of it is in doubt */
};

struct stream_piece;

struct stream {
	uint64_t next;             /* the first octet that was not handed up */
	uint64_t end;              /* one past the last octet seen */
	struct stream_piece *kept; /* by offset, none overlaps another */
	uint32_t kept_octets, kept_pieces;
	uint8_t *prefix; /* room for STREAM_PREFIX octets */
	uint16_t prefix_n;
	uint64_t prefix_off;
	uint64_t gaps;              /* holes handed up */
	uint64_t reordered;         /* segments that filled a hole */
	uint64_t retransmitted;     /* segments that brought nothing new */
	uint64_t conflict_frame_no; /* of the first differing copy, 0: none */
	uint64_t doubt_off;         /* of the last single octet that differed, UINT64_MAX: none */
	bool snaplen_cut;           /* the snaplen left octets out */
	bool conflict_won;          /* the differing copy took the place of doubtful octets */
};

struct stream_segment {
	uint64_t off;
	uint32_t len;         /* on the wire */
	struct bytes payload; /* captured */
	uint64_t peer_off;
	uint64_t frame_no;
	int64_t ts_ns;
	bool doubtful;
};

enum stream_result { STREAM_NEW, STREAM_OLD, STREAM_FULL };

void stream_init(struct stream *s, uint64_t off, uint8_t prefix[static STREAM_PREFIX]);
/* Before the first feed: where it begins. */
static inline void
stream_start(struct stream *s, uint64_t off)
{
	s->next = s->end = s->prefix_off = off;
	s->doubt_off = UINT64_MAX;
}
/* Keeps of the octets at `next` what the prefix still has room for. */
void stream_keep_prefix(struct stream *s, struct bytes data);
/* These octets, the next ones, were handed up. */
static inline void
stream_pass(struct stream *s, struct bytes data)
{
	if (data.n > 0 && s->prefix_n < STREAM_PREFIX)
		stream_keep_prefix(s, data);
	s->next += data.n;
}
enum stream_result stream_feed(struct stream *s, const struct stream_segment *seg,
    struct budget *budget, const struct stream_sink *sink);
/* Before anything was handed up: where it begins after all. What is kept stays. */
void stream_restart(struct stream *s, uint64_t off);
/* The start of the direction was not seen: it begins with the first octet kept. Returns its offset.
 */
uint64_t stream_begin(struct stream *s);
/* Offers kept octets again; true when any were taken. */
bool stream_resume(struct stream *s, struct budget *budget, const struct stream_sink *sink);
/* True when octets are kept behind a hole, or in doubt. */
bool stream_has_hole(const struct stream *s);
/*
 * Declares the hole before the kept octets, or up to `end` where none are kept, a gap. Where there
 * is none, kept octets are no longer in doubt.
 */
void stream_skip_hole(
    struct stream *s, uint64_t end, struct budget *budget, const struct stream_sink *sink);
void stream_clear(struct stream *s, struct budget *budget);

#endif
