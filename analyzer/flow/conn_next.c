/*
 * A short way for what nearly every segment is. It does nothing that conn_segment would not do
 * in its own order; what it passes over is what has no effect on a plain connection.
 */
#include "analyzer/flow/conn_parts.h"

#define FLAGS_THAT_COUNT (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)

/* One of these looks the same, and may be the same. */
static bool
seen_like(const struct conn_copies *known, uint64_t print)
{
	bool same = false;

	for (int i = 0; i < CONN_COPIES; i++)
		same |= known->print[i] == print;
	return same;
}

/* Nothing about it has to be judged. */
static bool
is_ordinary(const struct conn *c, const struct conn_half *h, const struct segment *s)
{
	return (s->flags & FLAGS_THAT_COUNT) == TCP_ACK && s->ts_ns >= c->first_ts_ns &&
	       s->ts_digits <= c->ts_digits && s->payload.n == s->len &&
	       !seen_like(&h->copies, s->print);
}

bool
conn_next(struct conn *c, enum dir dir, const struct segment *s)
{
	struct conn_half *h = &c->half[dir], *peer = &c->half[conn_other(dir)];
	uint64_t off = conn_off(h, s->seq), ack = conn_off(peer, s->ack);

	if (off != h->stream.next || off != h->stream.end || !h->acked_set || ack < h->acked ||
	    ack > peer->stream.end || !is_ordinary(c, h, s))
		return false;
	conn_remember(&h->copies, s);
	if (s->ts_ns > c->last_ts_ns)
		c->last_ts_ns = s->ts_ns;
	c->last_frame_no = s->frame_no;
	h->packets++;
	conn_look(c, dir, s);
	h->acked = ack;
	conn_note_window(h, s);
	conn_note_ttl(h, s->ttl);
	if (s->len > 0) {
		conn_feed_next(c, dir, s, ack);
		conn_move_reference(h, s->seq, off);
		if (conn_waits(c)) {
			c->plain = false;
			conn_pump(c);
			conn_lose_patience(c, s->ts_ns);
		}
	}
	return true;
}
