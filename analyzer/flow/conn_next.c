/*
 * A short way for what nearly every segment is. It does nothing that conn_segment would not do
 * in its own order; what it passes over is what has no effect on a plain connection.
 */
#include "analyzer/flow/conn_parts.h"

/*
 * It looks the same as one of the last, and may be the same: one with octets that nobody has seen,
 * or that acknowledges such, is not.
 */
static bool
may_be_copy(const struct conn_half *h, const struct segment *s, uint64_t ack)
{
	bool same = false;

	if (((s->len == 0) & (ack == h->acked)) == 0)
		return false;
	for (int i = 0; i < CONN_COPIES; i++)
		same |= h->copies.print[i] == s->print;
	return same;
}

/* Nothing about it has to be judged. */
static bool
is_ordinary(const struct conn *c, const struct segment *s)
{
	return (s->flags & CONN_FLAGS_THAT_COUNT & ~TCP_FIN) == TCP_ACK &&
	       s->ts_digits <= c->ts_digits && s->payload.n == s->len;
}

/* What looks the same later tells nothing more, but for what is told each time. */
static void
look(struct conn *c, enum dir dir, const struct segment *s)
{
	struct conn_half *h = &c->half[dir];

	conn_look(c, dir, s);
	conn_note_window(h, s);
	conn_note_ttl(h, s->ttl);
	if (!s->bad_checksum && s->window != 0 && (s->flags & TCP_FIN) == 0)
		h->usual[s->len > 0] = s->look;
}

/*
 * What comes next behind a FIN, which has a number too, and how far the other side's can be
 * acknowledged. False: behind its own FIN a side sends nothing but acknowledgements.
 */
static bool
pass_fins(const struct conn_half *h, const struct conn_half *peer, const struct segment *s,
    uint64_t *next, uint64_t *end)
{
	if (peer->fin.frame_no != 0 && peer->ended)
		*end = peer->fin_off + 1;
	if (h->fin.frame_no == 0)
		return true;
	*next = h->fin_off + 1;
	return h->ended && s->len == 0 && (s->flags & TCP_FIN) == 0;
}

bool
conn_next(struct conn *c, enum dir dir, const struct segment *s)
{
	struct conn_half *h = &c->half[dir], *peer = &c->half[conn_other(dir)];
	uint64_t off = conn_off(h, s->seq), next = h->stream.next;
	uint64_t ack = conn_off(peer, s->ack), end = peer->stream.end;
	bool usual = s->look == h->usual[s->len > 0];

	if (next != h->stream.end ||
	    (c->plain == CONN_CLOSING && !pass_fins(h, peer, s, &next, &end)) || off != next ||
	    ack > end || ack < (h->acked_set ? h->acked : peer->origin) ||
	    s->ts_ns < c->first_ts_ns || may_be_copy(h, s, ack) || !(usual || is_ordinary(c, s)))
		return false;
	conn_remember(h, s);
	if (s->ts_ns > c->last_ts_ns)
		c->last_ts_ns = s->ts_ns;
	c->last_frame_no = s->frame_no;
	h->packets++;
	if (!usual)
		look(c, dir, s);
	conn_note_first_ack(c, dir, s);
	if (c->plain == CONN_CLOSING) {
		conn_note_ack(h, peer, s, ack);
	} else {
		h->acked = ack;
		h->acked_set = true;
	}
	if (s->len > 0) {
		/* A FIN has a number, but is no octet. */
		conn_feed_next(c, dir, s, ack < peer->stream.end ? ack : peer->stream.end);
		conn_move_reference(h, s->seq, off);
	} else if (off > h->stream.end && off > h->reach) {
		h->reach = off;
	}
	if (s->flags & TCP_FIN) {
		conn_note_fin(c, dir, s);
		c->plain = CONN_CLOSING;
	}
	/* Nothing waited before, and what only acknowledges adds nothing. */
	if ((s->len > 0 || (s->flags & TCP_FIN) != 0) && conn_waits(c)) {
		c->plain = CONN_ANY;
		conn_pump(c);
		conn_lose_patience(c, s->ts_ns);
	}
	return true;
}
