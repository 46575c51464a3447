#include "analyzer/flow/stream.h"

#include <stdlib.h>

struct stream_piece {
	struct stream_piece *after;
	uint64_t off, peer_off, frame_no;
	int64_t ts_ns;
	uint32_t len;  /* on the wire */
	uint32_t have; /* of these in data */
	bool segment_start, doubtful;
	uint8_t data[];
};

void
stream_init(struct stream *s, uint64_t off, uint8_t prefix[static STREAM_PREFIX])
{
	memset(s, 0, sizeof *s);
	s->prefix = prefix;
	stream_start(s, off);
}

static void
drop_piece(struct stream *s, struct stream_piece **at, struct budget *budget)
{
	struct stream_piece *p = *at;

	*at = p->after;
	s->kept_octets -= p->have;
	s->kept_pieces--;
	budget_give(budget, sizeof *p + p->have);
	free(p);
}

/* --- the second copy ------------------------------------------------------------ */

/*
 * A keep-alive probe is one octet sent again, and what it says there is garbage (RFC 9293 3.8.4),
 * which may even be the first copy seen. So one octet alone that differs is no conflict yet; two of
 * them side by side are, which no probes are.
 */
static bool
may_be_probe(const struct stream *s, uint64_t off, uint32_t len)
{
	uint64_t away = off > s->doubt_off ? off - s->doubt_off : s->doubt_off - off;

	return s->doubt_off == UINT64_MAX || away == 0 || (len == 1 && away > 1);
}

static void
differs(struct stream *s, uint64_t from, uint64_t to, const struct stream_segment *seg)
{
	if (to - from == 1 && may_be_probe(s, from, seg->len))
		s->doubt_off = from;
	else if (s->conflict_frame_no == 0)
		s->conflict_frame_no = seg->frame_no;
}

static void
compare(struct stream *s, const uint8_t *mine, uint64_t mine_off, size_t mine_n,
    const struct stream_segment *seg)
{
	uint64_t from = seg->off > mine_off ? seg->off : mine_off;
	uint64_t seg_end = seg->off + seg->payload.n, mine_end = mine_off + mine_n;
	uint64_t to = seg_end < mine_end ? seg_end : mine_end;

	if (from < to && memcmp(mine + (from - mine_off), seg->payload.p + (from - seg->off),
			     (size_t)(to - from)) != 0)
		differs(s, from, to, seg);
}

/* It holds what was handed up, without holes. */
void
stream_keep_prefix(struct stream *s, struct bytes data)
{
	size_t need = s->prefix_n + data.n;

	if (s->next != s->prefix_off + s->prefix_n)
		return;
	if (need > STREAM_PREFIX)
		need = STREAM_PREFIX;
	/* Not memcpy, which gcc makes a string instruction of so few octets, and that starts
	 * slowly. */
	memmove(s->prefix + s->prefix_n, data.p, need - s->prefix_n);
	s->prefix_n = (uint16_t)need;
}

/* --- handing up ------------------------------------------------------------------ */

/* Hands up a run that begins at `next`; returns what the sink took. */
static size_t
hand_up(struct stream *s, const struct run *run, const struct stream_sink *sink)
{
	size_t n = sink->run(sink->ctx, run);

	stream_pass(s, bytes_head(run->data, n));
	return n;
}

static void
gap(struct stream *s, uint64_t octets, const struct stream_sink *sink)
{
	s->gaps++;
	s->next += octets;
	sink->gap(sink->ctx, octets);
}

/* Hands up kept pieces while they join on and the sink takes them; true if any octet went. */
static bool
drain(struct stream *s, struct budget *budget, const struct stream_sink *sink)
{
	bool moved = false;

	while (s->kept != NULL && s->kept->off <= s->next) {
		struct stream_piece *p = s->kept;
		size_t done = (size_t)(s->next - p->off);

		p->doubtful = p->doubtful && p->off + p->len > sink->sure;
		if (p->doubtful)
			return moved;
		if (done < p->have) {
			struct run run = { p->off + done, bytes_of(p->data + done, p->have - done),
				p->peer_off, p->frame_no, p->ts_ns, p->segment_start && done == 0 };
			size_t n = hand_up(s, &run, sink);

			moved = moved || n > 0;
			if (n < run.data.n)
				return moved;
			done += n;
		}
		if (done < p->len) {
			s->snaplen_cut = true;
			gap(s, p->len - done, sink);
			moved = true;
		}
		drop_piece(s, &s->kept, budget);
	}
	return moved;
}

bool
stream_resume(struct stream *s, struct budget *budget, const struct stream_sink *sink)
{
	return s->kept != NULL && drain(s, budget, sink);
}

void
stream_restart(struct stream *s, uint64_t off)
{
	s->next = s->end = s->prefix_off = off;
	for (const struct stream_piece *p = s->kept; p != NULL; p = p->after) {
		if (p->off + p->len > s->end)
			s->end = p->off + p->len;
	}
}

uint64_t
stream_begin(struct stream *s)
{
	stream_restart(s, s->kept != NULL ? s->kept->off : s->end);
	return s->next;
}

bool
stream_has_hole(const struct stream *s)
{
	return s->kept != NULL && (s->kept->off > s->next || s->kept->doubtful);
}

void
stream_skip_hole(
    struct stream *s, uint64_t end, struct budget *budget, const struct stream_sink *sink)
{
	if (s->kept != NULL && s->kept->off < end)
		end = s->kept->off;
	if (end > s->next)
		gap(s, end - s->next, sink);
	else if (s->kept != NULL)
		s->kept->doubtful = false;
	drain(s, budget, sink);
}

/* --- keeping ----------------------------------------------------------------------- */

static struct stream_piece *
new_piece(struct stream *s, const struct stream_segment *seg, uint64_t from, uint64_t to,
    struct budget *budget)
{
	size_t skip = (size_t)(from - seg->off);
	size_t have = skip < seg->payload.n ? seg->payload.n - skip : 0;
	struct stream_piece *p;

	if (have > to - from)
		have = (size_t)(to - from);
	if (s->kept_octets + have > STREAM_MAX_KEPT || s->kept_pieces >= STREAM_MAX_PIECES ||
	    !budget_take(budget, sizeof *p + have))
		return NULL;
	p = malloc(sizeof *p + have);
	if (p == NULL) {
		budget_give(budget, sizeof *p + have);
		return NULL;
	}
	*p = (struct stream_piece){
		.off = from,
		.peer_off = seg->peer_off,
		.frame_no = seg->frame_no,
		.ts_ns = seg->ts_ns,
		.len = (uint32_t)(to - from),
		.have = (uint32_t)have,
		.segment_start = skip == 0,
		.doubtful = seg->doubtful,
	};
	if (have > 0)
		memcpy(p->data, seg->payload.p + skip, have);
	s->kept_octets += (uint32_t)have;
	s->kept_pieces++;
	return p;
}

/* Puts [from, end of seg) where nothing is kept yet; what is there already wins. */
static enum stream_result
keep(struct stream *s, const struct stream_segment *seg, uint64_t from, struct budget *budget)
{
	uint64_t end = seg->off + seg->len;
	struct stream_piece **at = &s->kept;
	enum stream_result result = STREAM_OLD;

	while (from < end) {
		struct stream_piece *p = *at;
		uint64_t to = end;

		if (p != NULL && p->off <= from) {
			compare(s, p->data, p->off, p->have, seg);
			if (p->off + p->len > from)
				from = p->off + p->len;
			at = &p->after;
			continue;
		}
		if (p != NULL && p->off < end)
			to = p->off;
		p = new_piece(s, seg, from, to, budget);
		if (p == NULL)
			return STREAM_FULL;
		p->after = *at;
		*at = p;
		at = &p->after;
		from = to;
		result = STREAM_NEW;
	}
	return result;
}

/* The receiver has not taken them either: this is why they are sent again. */
static bool
replaces(struct stream *s, const struct stream_segment *seg, struct budget *budget)
{
	bool any = false;

	for (struct stream_piece **at = &s->kept, *p; !seg->doubtful && (p = *at) != NULL;) {
		if (!p->doubtful || p->off >= seg->off + seg->len || p->off + p->len <= seg->off) {
			at = &p->after;
			continue;
		}
		compare(s, p->data, p->off, p->have, seg);
		s->conflict_won |= s->conflict_frame_no == seg->frame_no;
		drop_piece(s, at, budget);
		any = true;
	}
	return any;
}

enum stream_result
stream_feed(struct stream *s, const struct stream_segment *seg, struct budget *budget,
    const struct stream_sink *sink)
{
	uint64_t end = seg->off + seg->len, from = seg->off;
	enum stream_result result;
	bool again = replaces(s, seg, budget), late = seg->off < s->end && !again;

	if (seg->off < s->next) {
		compare(s, s->prefix, s->prefix_off, s->prefix_n, seg);
		from = s->next;
	}
	s->retransmitted += again;
	if (end <= s->next) {
		s->retransmitted++;
		return STREAM_OLD;
	}
	if (s->kept == NULL && from == s->next && !seg->doubtful) {
		size_t skip = (size_t)(from - seg->off);
		struct run run = { from, bytes_skip(seg->payload, skip), seg->peer_off,
			seg->frame_no, seg->ts_ns, skip == 0 };

		if (run.data.n > 0)
			from += hand_up(s, &run, sink);
		if (end > s->end)
			s->end = end;
		if (from == end)
			return STREAM_NEW;
		if (from == seg->off + seg->payload.n) {
			/* All that was captured is up; the snaplen left the rest out. */
			s->snaplen_cut = true;
			gap(s, end - from, sink);
			return STREAM_NEW;
		}
	}
	if (end > s->end)
		s->end = end;
	result = keep(s, seg, from, budget);
	if (result == STREAM_OLD)
		s->retransmitted++;
	else if (result == STREAM_NEW)
		s->reordered += late;
	drain(s, budget, sink);
	return result;
}

void
stream_clear(struct stream *s, struct budget *budget)
{
	while (s->kept != NULL)
		drop_piece(s, &s->kept, budget);
}
