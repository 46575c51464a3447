#include "analyzer/flow/conn.h"

#include "analyzer/flow/closing.h"
#include "analyzer/flow/conn_parts.h"

void
conn_init(struct conn *c, const struct conn_key *key, uint64_t id, struct budget *budget,
    struct limits *limits)
{
	memset(c, 0, offsetof(struct conn, half));
	c->key = *key;
	c->id = id;
	c->budget = budget;
	c->limits = limits;
	dialog_init(&c->dialog, budget, limits);
	for (int i = 0; i < DIR_COUNT; i++) {
		struct conn_half *h = &c->half[i];

		memset(h, 0, offsetof(struct conn_half, unused));
		stream_init(&h->stream, 0, c->prefix[i]);
		h->window_shift = -1;
	}
}

/* --- sequence numbers ------------------------------------------------------------ */

/* The first sequence number known of a direction, its SYN or not. */
static void
set_seq(struct conn_half *h, uint32_t seq)
{
	h->seq_set = true;
	h->seq_of_0 = seq - (uint32_t)CONN_ORIGIN;
	h->origin = CONN_ORIGIN;
	stream_start(&h->stream, CONN_ORIGIN);
}

/* No window reaches farther. RFC 7323 2.3 */
static bool
is_near(const struct conn_half *h, uint64_t off)
{
	return off <= h->stream.end + (uint64_t)STREAM_MAX_JUMP &&
	       off + (uint64_t)STREAM_MAX_JUMP >= h->stream.end;
}

/* --- one segment ---------------------------------------------------------------------- */

/* The direction begins with this sequence number, by its own SYN or the one that answers it. */
static void
start_at(struct conn_half *h, uint32_t seq)
{
	if (h->seq_set && !h->start_open)
		return;
	/* Where octets came before their SYN in the file, they wait behind it. */
	if (!h->seq_set)
		set_seq(h, seq);
	h->start_seen = true;
	h->start_open = false;
	h->origin = conn_off(h, seq);
	stream_restart(&h->stream, h->origin);
	h->ended = false;
}

/* Nothing was seen of it but where it begins. */
static bool
only_began(const struct conn_half *h)
{
	return h->start_seen && h->stream.end == h->origin && h->stream.kept == NULL &&
	       h->fin.frame_no == 0 && h->rst.frame_no == 0;
}

static void
set_syn(struct conn_half *h, const struct conn_start *syn)
{
	h->syn_frame_no = syn->frame_no;
	h->syn_ts_ns = syn->ts_ns;
	h->window_shift = syn->window_shift;
	memset(h->usual, 0, sizeof h->usual); /* their windows are other ones */
}

/*
 * A server that keeps nothing of a SYN, or one in front of it, may answer the same SYN again with
 * another number. It is the other side's ACK that makes one of them count, or what comes behind it.
 * RFC 4987 3.6
 */
static void
start_at_other(struct conn_half *h, struct conn_half *peer)
{
	set_syn(h, &h->other);
	set_seq(h, h->other.seq + 1);
	h->other.frame_no = 0;
	h->reach = 0;
	peer->acked_set = false;
	peer->acked = peer->ahead = peer->ahead_frame_no = 0;
}

static bool
other_counts(const struct conn_half *h, const struct conn_half *peer, uint32_t number)
{
	return h->other.frame_no != 0 && number == h->other.seq + 1 && only_began(h) &&
	       (!peer->acked_set || conn_seq(h, peer->acked) == number);
}

static void
on_syn(struct conn *c, enum dir dir, const struct segment *s)
{
	const struct conn_start syn = { s->frame_no, s->ts_ns, s->seq, s->window_shift };
	struct conn_half *h = &c->half[dir], *peer = &c->half[conn_other(dir)];

	if (h->syn_frame_no == 0) {
		set_syn(h, &syn);
	} else if (only_began(h) && s->seq + 1 != conn_seq(h, h->origin)) {
		h->other = syn;
		if (peer->acked_set && other_counts(h, peer, conn_seq(h, peer->acked)))
			start_at_other(h, peer);
	}
	start_at(h, s->seq + 1);
}

static void
on_ack(struct conn *c, enum dir dir, const struct segment *s)
{
	struct conn_half *h = &c->half[dir], *peer = &c->half[conn_other(dir)];
	uint64_t off;

	conn_note_first_ack(c, dir, s);
	if (s->flags & TCP_SYN)
		start_at(peer, s->ack);
	if (!peer->seq_set) {
		set_seq(peer, s->ack);
		peer->start_open = true;
	}
	off = conn_off(peer, s->ack);
	if (is_near(peer, off))
		conn_note_ack(h, peer, s, off);
}

static void
on_payload(struct conn *c, enum dir dir, const struct segment *s, bool copy)
{
	struct conn_half *h = &c->half[dir];
	const struct conn_half *peer = &c->half[conn_other(dir)];
	struct stream_segment piece = {
		.off = conn_off(h, s->seq + ((s->flags & TCP_SYN) != 0)),
		.len = s->len,
		.payload = s->payload,
		.peer_off = RUN_PEER_UNKNOWN,
		.frame_no = s->frame_no,
		.ts_ns = s->ts_ns,
		.doubtful = conn_doubts(h, s),
	};
	uint64_t retransmitted = h->stream.retransmitted;

	if ((s->flags & TCP_ACK) && peer->seq_set)
		piece.peer_off = conn_off(peer, s->ack);
	if (!is_near(h, piece.off))
		return;
	if (h->start_open && piece.off <= h->stream.next)
		h->stream.next = piece.off - (uint64_t)STREAM_MAX_JUMP; /* a SYN may still come */
	conn_feed(c, dir, &piece);
	if (copy)
		h->stream.retransmitted = retransmitted;
	else if (h->stream.retransmitted > retransmitted)
		conn_history_again(c, dir, CONN_AGAIN_SENT);
}

uint64_t
conn_known_end(const struct conn_half *h)
{
	uint64_t reach = h->reach;

	/* A FIN has a number, but is no octet. */
	if (h->fin.frame_no != 0 && reach > h->fin_off)
		reach = h->fin_off;
	return reach > h->stream.end ? reach : h->stream.end;
}

static struct conn_close
close_of(const struct segment *s)
{
	return (
	    struct conn_close){ s->frame_no, s->ts_ns, s->seq, s->ack, s->len, s->flags, s->ttl };
}

void
conn_note_fin(struct conn *c, enum dir dir, const struct segment *s)
{
	struct conn_half *h = &c->half[dir];
	const struct conn_half *peer = &c->half[conn_other(dir)];
	uint64_t off = conn_off(h, s->seq) + s->len;

	if (h->fin.frame_no == 0 && is_near(h, off)) {
		h->fin = close_of(s);
		h->fin_off = off;
		/* Its ACK may come before it in the file. */
		if (peer->ahead == off + 1)
			h->fin_ack_frame_no = peer->ahead_frame_no;
	}
	conn_end_direction(c, dir);
}

/* The octet of garbage with which a side that has closed asks whether the other is alive. */
static bool
is_probe(const struct conn_half *h, const struct segment *s)
{
	return h->fin.frame_no != 0 && s->len == 1 && conn_off(h, s->seq) == h->fin_off;
}

/* Octets where a FIN was: whoever sent that, it was not this side. */
static void
overrule_fin(struct conn_half *h, const struct segment *s)
{
	uint64_t off = conn_off(h, s->seq);

	if (h->fin.frame_no == 0 || off > h->fin_off || off + s->len <= h->fin_off ||
	    is_probe(h, s))
		return;
	h->fin.frame_no = 0;
	h->fin_ack_frame_no = 0;
	h->ended = false;
}

/*
 * The RST that fits best is kept; one that fits less is odd. But one without ACK, with which a host
 * that has closed answers what comes late, takes no place of one that closed: where that stands
 * higher, octets before it were not captured. RFC 9293 3.10.7.1
 */
static void
on_rst(struct conn *c, enum dir dir, const struct segment *s)
{
	struct conn_half *h = &c->half[dir];
	struct conn_close mine = close_of(s);
	enum fit fit = closing_fit(c, dir, &mine), old;

	if (fit != FIT_NONE && conn_off(h, s->seq) > h->rst_off)
		h->rst_off = conn_off(h, s->seq);
	old = closing_fit(c, dir, &h->rst);
	if (h->rst.frame_no == 0) {
		h->rst = mine;
	} else if (old < fit &&
		   (old == FIT_NONE || (h->rst.flags & TCP_ACK) <= (mine.flags & TCP_ACK))) {
		h->odd_rst = h->rst;
		h->overruled = false;
		h->rst = mine;
	}
}

/*
 * Octets or a FIN beyond an RST, or an ACK of more than it acknowledged, which was sent later:
 * whoever sent it, it was not this side. But an RST without ACK may overtake the FIN of the side
 * that sent both: it stands where the other side's ACK was, which is in front of the FIN.
 */
static void
overrule_rst(struct conn_half *h, const struct segment *s)
{
	uint32_t end = s->seq + segment_seq_len(s);
	bool overtaken = (h->rst.flags & TCP_ACK) == 0 && s->seq + s->len == h->rst.seq;
	bool beyond = end != s->seq && (int32_t)(end - h->rst.seq) > 0 && !overtaken;
	bool later = (s->flags & h->rst.flags & TCP_ACK) && (int32_t)(s->ack - h->rst.ack) > 0;

	if (h->rst.frame_no == 0 || !(beyond || later))
		return;
	h->odd_rst = h->rst;
	h->overruled = true;
	h->rst.frame_no = 0;
	h->rst_off = 0;
}

static enum conn_plain
plain_state(const struct conn *c)
{
	bool closing = false;

	for (int dir = 0; dir < DIR_COUNT; dir++) {
		const struct conn_half *h = &c->half[dir];

		if (!h->seq_set || h->start_open || h->rst.frame_no != 0)
			return CONN_ANY;
		closing |= h->fin.frame_no != 0;
	}
	if (c->wait_since_ns != 0 || conn_waits(c))
		return CONN_ANY;
	return closing ? CONN_CLOSING : CONN_OPEN;
}

void
conn_any(struct conn *c, enum dir dir, const struct segment *s)
{
	struct conn_half *h = &c->half[dir], *peer = &c->half[conn_other(dir)];
	bool copy = conn_is_copy(h, s);

	if (c->first_frame_no == 0) {
		c->first_frame_no = s->frame_no;
		c->first_ts_ns = s->ts_ns;
	}
	if (s->ts_ns < c->first_ts_ns)
		c->first_ts_ns = s->ts_ns;
	if (c->last_frame_no == 0 || s->ts_ns > c->last_ts_ns)
		c->last_ts_ns = s->ts_ns;
	c->last_frame_no = s->frame_no;
	if (s->ts_digits > c->ts_digits)
		c->ts_digits = s->ts_digits;
	if (!copy) {
		h->packets++;
		h->syn_count += (s->flags & TCP_SYN) != 0;
		conn_look(c, dir, s);
	}
	if (other_counts(h, peer, s->seq))
		start_at_other(h, peer);
	else if ((s->flags & TCP_ACK) && other_counts(peer, h, s->ack))
		start_at_other(peer, h);
	if (s->flags & TCP_RST) {
		if (!h->seq_set && !(s->flags & TCP_SYN)) {
			/* An RST alone proves nothing of where its direction begins. */
			set_seq(h, s->seq);
			h->start_open = true;
		}
		on_rst(c, dir, s);
		c->plain = CONN_ANY;
		return;
	}
	if (s->flags & TCP_SYN)
		on_syn(c, dir, s);
	if (!h->seq_set) {
		set_seq(h, s->seq);
		h->start_open = true;
	}
	if (s->flags & TCP_ACK)
		on_ack(c, dir, s);
	if (stream_has_hole(&peer->stream))
		conn_pump(c); /* it may have acknowledged what was in doubt */
	h->sums_right |= !s->bad_checksum;
	conn_note_window(h, s);
	conn_note_ttl(h, s->ttl);
	overrule_rst(h, s);
	overrule_fin(h, s);
	if (s->len == 0)
		conn_note_stand(h, s);
	else if (!is_probe(h, s))
		on_payload(c, dir, s, copy);
	if (s->flags & TCP_FIN)
		conn_note_fin(c, dir, s);
	if (conn_waits(c) || c->wait_since_ns != 0) {
		conn_pump(c);
		conn_lose_patience(c, s->ts_ns);
	}
	c->plain = (uint8_t)plain_state(c);
}

bool
conn_is_closed(const struct conn *c)
{
	if (c->half[DIR_CLIENT].fin.frame_no != 0 && c->half[DIR_SERVER].fin.frame_no != 0)
		return true;
	for (int dir = 0; dir < DIR_COUNT; dir++) {
		const struct conn_close *rst = &c->half[dir].rst;

		if (rst->frame_no != 0 && closing_fit(c, (enum dir)dir, rst) != FIT_NONE)
			return true;
	}
	return false;
}

bool
conn_complete(const struct conn *c)
{
	for (int dir = 0; dir < DIR_COUNT; dir++) {
		const struct conn_half *h = &c->half[dir],
				       *peer = &c->half[conn_other((enum dir)dir)];

		if (!h->start_seen || !h->ended || !peer->acked_set || peer->acked <= h->fin_off)
			return false;
	}
	return c->half[DIR_CLIENT].syn_frame_no != 0 && c->half[DIR_SERVER].syn_frame_no != 0 &&
	       !conn_waits(c);
}

bool
conn_foldable(const struct conn *c)
{
	for (int dir = 0; dir < DIR_COUNT; dir++) {
		const struct conn_half *h = &c->half[dir];

		if (h->fin.frame_no != 0 || h->stream.end != h->stream.prefix_off ||
		    h->stream.kept != NULL || h->stream.gaps != 0)
			return false;
	}
	return true;
}

void
conn_unfold(struct conn *out, const struct conn *folded)
{
	memcpy(out, folded, offsetof(struct conn, dialog));
	dialog_init(&out->dialog, out->budget, out->limits);
	for (int dir = 0; dir < DIR_COUNT; dir++)
		out->half[dir].stream.prefix = out->prefix[dir];
}

void
conn_clear(struct conn *c)
{
	for (int dir = 0; dir < DIR_COUNT; dir++)
		stream_clear(&c->half[dir].stream, c->budget);
	dialog_clear(&c->dialog);
}
