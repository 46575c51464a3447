#include "analyzer/flow/closing.h"
#include "analyzer/flow/conn_parts.h"

struct feeder {
	struct conn *c;
	enum dir dir;
};

/* Behind the last octet of a direction that an ACK of `off` covers: its FIN is none. */
static uint64_t
octets_end(const struct conn_half *h, uint64_t off)
{
	return h->fin.frame_no != 0 && off > h->fin_off ? h->fin_off : off;
}

/*
 * Offsets as the dialogue counts them: from the first octet of each direction. Where that was not
 * seen, the first that was is octet 1, and all before it are 0.
 */
static uint64_t
dialog_off(const struct conn_half *h, uint64_t off)
{
	return off < h->origin ? 0 : off - h->origin + !h->start_seen;
}

static size_t
feed_run(void *ctx, const struct run *run)
{
	struct feeder *f = ctx;
	const struct conn_half *mine = &f->c->half[f->dir], *peer = &f->c->half[conn_other(f->dir)];
	struct run r = *run;

	/* Its offsets are not yet known, and what this one had of it when it spoke will be asked.
	 */
	if (peer->start_open)
		return 0;
	r.off = dialog_off(mine, r.off);
	if (r.peer_off != RUN_PEER_UNKNOWN)
		r.peer_off = dialog_off(peer, octets_end(peer, r.peer_off));
	return dialog_feed(&f->c->dialog, f->dir, &r);
}

static void
feed_gap(void *ctx, uint64_t octets)
{
	struct feeder *f = ctx;

	conn_history_again(f->c, f->dir, CONN_AGAIN_GAP);
	dialog_gap(&f->c->dialog, f->dir, octets);
}

/* What the other side has acknowledged it took for right. */
static uint64_t
sure(const struct conn *c, enum dir dir)
{
	const struct conn_half *peer = &c->half[conn_other(dir)];

	return peer->acked_set ? peer->acked : 0;
}

#define SINK(c, dir)            \
	(&(struct stream_sink){ \
	    feed_run, feed_gap, &(struct feeder){ (c), (dir) }, sure((c), (dir)) })

void
conn_end_direction(struct conn *c, enum dir dir)
{
	struct conn_half *h = &c->half[dir];

	if (h->fin.frame_no == 0 || h->ended || h->stream.next != h->fin_off)
		return;
	h->ended = true;
	dialog_end(&c->dialog, dir, true);
}

void
conn_pump(struct conn *c)
{
	bool moved = true;

	while (moved) {
		moved = false;
		for (int dir = 0; dir < DIR_COUNT; dir++) {
			if (!c->half[dir].start_open)
				moved |= stream_resume(
				    &c->half[dir].stream, c->budget, SINK(c, (enum dir)dir));
			conn_end_direction(c, (enum dir)dir);
		}
	}
}

/* The SYN of a direction will not come any more: it begins with what was seen. */
static void
start_unseen(struct conn *c, enum dir dir)
{
	struct conn_half *h = &c->half[dir];

	h->start_open = false;
	h->origin = stream_begin(&h->stream);
	dialog_start_unseen(&c->dialog, dir, 1);
}

/* The octets that this direction lacks, as far as the other tells, become a gap. */
static void
skip_hole(struct conn *c, enum dir dir)
{
	struct conn_half *h = &c->half[dir];
	const struct conn_half *peer = &c->half[conn_other(dir)];
	uint64_t end = peer->acked_set ? octets_end(h, peer->acked) : h->stream.next;

	if (stream_has_hole(&h->stream))
		end = UINT64_MAX;
	stream_skip_hole(&h->stream, end, c->budget, SINK(c, dir));
}

/* No SYN came for the octets that wait for one. Both directions, for their offsets go together. */
static bool
begin_unseen(struct conn *c)
{
	bool kept = false, begun = false;

	for (int dir = 0; dir < DIR_COUNT; dir++)
		kept |= c->half[dir].stream.kept != NULL;
	for (int dir = 0; kept && dir < DIR_COUNT; dir++) {
		if (c->half[dir].start_open) {
			start_unseen(c, (enum dir)dir);
			begun = true;
		}
	}
	if (begun)
		conn_pump(c);
	return begun;
}

/* Everything that a step out of a standstill can change, as one number. */
static uint64_t
progress(const struct conn *c)
{
	return c->half[DIR_CLIENT].stream.next + c->half[DIR_SERVER].stream.next +
	       c->half[DIR_CLIENT].stream.gaps + c->half[DIR_SERVER].stream.gaps;
}

/*
 * One step out of a standstill; false when there is none. Who is waited for moves first:
 * its hole becomes a gap. Where it has none, the waiting one goes on without it.
 */
static bool
unstick(struct conn *c)
{
	uint64_t before = progress(c);
	bool released;

	if (begin_unseen(c))
		return true;
	if (dialog_waits(&c->dialog, DIR_SERVER))
		skip_hole(c, DIR_CLIENT);
	else if (stream_has_hole(&c->half[DIR_SERVER].stream) ||
		 c->half[DIR_CLIENT].stream.kept != NULL)
		skip_hole(c, DIR_SERVER);
	if (progress(c) == before)
		skip_hole(c, DIR_CLIENT);
	conn_pump(c);
	if (progress(c) != before)
		return true;
	released = dialog_release(&c->dialog);
	conn_pump(c);
	return released || progress(c) != before;
}

/* The peer has acknowledged what this direction lacks: only the capture does. */
static bool
lost_to_capture(const struct conn *c)
{
	for (int dir = 0; dir < DIR_COUNT; dir++) {
		const struct conn_half *peer = &c->half[conn_other((enum dir)dir)];

		if (peer->acked_set &&
		    octets_end(&c->half[dir], peer->acked) > c->half[dir].stream.next)
			return true;
	}
	return false;
}

void
conn_lose_patience(struct conn *c, int64_t now_ns)
{
	int64_t patience;

	if (!conn_waits(c)) {
		c->wait_since_ns = 0;
		c->overdue = false;
		return;
	}
	if (c->wait_since_ns == 0 || now_ns < c->wait_since_ns)
		c->wait_since_ns = now_ns;
	patience = lost_to_capture(c) ? CONN_PATIENCE_LOST_NS : CONN_PATIENCE_OPEN_NS;
	if (now_ns - c->wait_since_ns <= patience)
		return;
	if (!c->overdue) {
		c->overdue = true; /* one stamp, or one pause, is not believed */
		c->wait_since_ns = now_ns;
		return;
	}
	while (conn_waits(c) && unstick(c))
		;
	c->wait_since_ns = conn_waits(c) ? now_ns : 0;
}

void
conn_feed(struct conn *c, enum dir dir, const struct stream_segment *piece)
{
	struct stream *stream = &c->half[dir].stream;

	while (stream_feed(stream, piece, c->budget, SINK(c, dir)) == STREAM_FULL) {
		if (!unstick(c)) {
			limits_hit(c->limits, LIMIT_OCTETS_NOT_BUFFERED, piece->len);
			break;
		}
	}
}

void
conn_feed_next(struct conn *c, enum dir dir, const struct segment *s, uint64_t ack)
{
	struct conn_half *h = &c->half[dir];
	const struct conn_half *peer = &c->half[conn_other(dir)];
	/* What octets_end says, without a look at the FIN: nothing unseen is acknowledged. */
	uint64_t off = h->stream.next, acked = ack < peer->stream.end ? ack : peer->stream.end;
	struct run run = { dialog_off(h, off), s->payload, dialog_off(peer, acked), s->frame_no,
		s->ts_ns, true };
	size_t n = dialog_feed(&c->dialog, dir, &run);
	struct stream_segment piece;

	stream_pass(&h->stream, bytes_head(s->payload, n));
	if (n == s->len) {
		h->stream.end = h->stream.next;
		return;
	}
	piece =
	    (struct stream_segment){ off, s->len, s->payload, acked, s->frame_no, s->ts_ns, false };
	conn_feed(c, dir, &piece); /* the rest, which has to wait */
}

/* What lies between the last octet seen and the known end of a direction was not captured. */
static void
finish_tail(struct conn *c, enum dir dir)
{
	struct conn_half *h = &c->half[dir];
	const struct conn_half *peer = &c->half[conn_other(dir)];
	uint64_t end = h->stream.next;
	bool whole = false;

	if (h->fin.frame_no != 0) {
		end = h->fin_off > end ? h->fin_off : end;
		whole = h->fin_off == end;
	} else if (h->rst.frame_no != 0 && closing_fit(c, dir, &h->rst) != FIT_NONE) {
		uint64_t off = conn_off(h, h->rst.seq);

		end = off > end ? off : end;
	}
	if (!whole && conn_known_end(h) > end)
		end = conn_known_end(h);
	if (!whole && peer->acked_set && peer->acked > end)
		end = peer->acked;
	if (h->seq_set && end > h->stream.next)
		stream_skip_hole(&h->stream, end, c->budget, SINK(c, dir));
	conn_pump(c);
	if (!h->ended)
		dialog_end(&c->dialog, dir, false);
}

void
conn_finish(struct conn *c)
{
	if (conn_complete(c))
		return; /* nothing waits, and both directions have ended */
	conn_pump(c);
	while (conn_waits(c) && unstick(c))
		;
	for (int dir = 0; dir < DIR_COUNT; dir++) {
		if (c->half[dir].seq_set && c->half[dir].start_open)
			start_unseen(c, (enum dir)dir);
	}
	finish_tail(c, DIR_SERVER);
	finish_tail(c, DIR_CLIENT);
	while (conn_waits(c) && unstick(c))
		;
}
