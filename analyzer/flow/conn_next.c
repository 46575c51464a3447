/*
 * A short way for what nearly every segment is. It does nothing that conn_any would not do
 * in its own order; what it passes over is what has no effect on a plain connection.
 */
#include "analyzer/flow/conn_parts.h"

/*
 * It looks the same as one of the last, and may be the same: one with octets that nobody has seen,
 * or that acknowledges such, is not.
 */
static bool
may_be_copy(const struct conn_half *h, const struct segment *s, uint64_t newly_acked)
{
	const uint64_t *known = h->copies.print;

	_Static_assert(CONN_COPIES == 4, "each is asked");
	/* The sum, because whether octets come cannot be predicted: no branch of its own. */
	return newly_acked + s->len == 0 &&
	       ((known[0] == s->print) | (known[1] == s->print) | (known[2] == s->print) |
		   (known[3] == s->print)) != 0;
}

/* Nothing about it has to be judged. */
static bool
is_ordinary(const struct conn *c, const struct conn_half *h, const struct segment *s)
{
	return (s->flags & CONN_FLAGS_THAT_COUNT & ~TCP_FIN) == TCP_ACK &&
	       s->ts_digits <= c->ts_digits && s->payload.n == s->len && !conn_doubts(h, s);
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

static enum dir
dir_of(const struct conn *c, const struct conn_half *h)
{
	return h == &c->half[DIR_CLIENT] ? DIR_CLIENT : DIR_SERVER;
}

/* Nothing waited before. */
static void
see_who_waits(struct conn *c, const struct segment *s)
{
	if (!conn_waits(c))
		return;
	c->plain = CONN_ANY;
	conn_pump(c);
	conn_lose_patience(c, s->ts_ns);
}

/* What is left to be done with octets; not in line, so that most of conn_next needs no stack. */
__attribute__((noinline)) static bool
take_octets(struct conn *c, const struct conn_half *h, const struct segment *s, uint64_t ack)
{
	conn_feed_next(c, dir_of(c, h), s, ack);
	see_who_waits(c, s);
	return true;
}

/* And with one that tells something new, or comes while the connection closes. */
__attribute__((noinline)) static bool
take_unusual(struct conn *c, struct conn_half *h, struct conn_half *peer, const struct segment *s,
    uint64_t ack)
{
	enum dir dir = dir_of(c, h);

	if (s->look != h->usual[s->len > 0])
		look(c, dir, s);
	conn_note_first_ack(c, dir, s);
	conn_note_ack(h, peer, s, ack);
	if (s->len > 0)
		conn_feed_next(c, dir, s, ack);
	else
		conn_note_stand(h, s);
	if (s->flags & TCP_FIN) {
		conn_note_fin(c, dir, s);
		c->plain = CONN_CLOSING;
	}
	/* What only acknowledges adds nothing. */
	if (s->len > 0 || (s->flags & TCP_FIN) != 0)
		see_who_waits(c, s);
	return true;
}

bool
conn_next(struct conn *c, struct conn_half *h, struct conn_half *peer, const struct segment *s)
{
	uint64_t next = h->stream.next, end = peer->stream.end, ack, acked;
	bool usual = s->look == h->usual[s->len > 0];
	int32_t unacked;

	if (next != h->stream.end ||
	    (c->plain == CONN_CLOSING && !pass_fins(h, peer, s, &next, &end)) ||
	    s->seq != conn_seq(h, next) || s->ts_ns < c->first_ts_ns)
		return false;
	unacked = (int32_t)(conn_seq(peer, end) - s->ack);
	ack = end - (uint64_t)unacked;
	acked = h->acked_set ? h->acked : peer->origin;
	if (unacked < 0 || ack < acked || may_be_copy(h, s, ack - acked) ||
	    !(usual || is_ordinary(c, h, s)))
		return false;
	conn_remember(h, s);
	if (s->ts_ns > c->last_ts_ns)
		c->last_ts_ns = s->ts_ns;
	c->last_frame_no = s->frame_no;
	h->packets++;
	if (!usual || c->plain != CONN_OPEN)
		return take_unusual(c, h, peer, s, ack);
	h->acked = ack;
	return s->len == 0 || take_octets(c, h, s, ack);
}
