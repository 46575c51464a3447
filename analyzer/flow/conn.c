#include "analyzer/flow/conn.h"

#include <stdlib.h>

#include "analyzer/flow/closing.h"

static enum dir
other(enum dir dir)
{
	return dir == DIR_CLIENT ? DIR_SERVER : DIR_CLIENT;
}

void
conn_init(struct conn *c, const struct conn_key *key, uint64_t id, struct budget *budget,
    struct limits *limits)
{
	memset(c, 0, sizeof *c);
	c->key = *key;
	c->id = id;
	c->budget = budget;
	c->limits = limits;
	dialog_init(&c->dialog, budget, limits);
	for (int i = 0; i < DIR_COUNT; i++) {
		stream_init(&c->half[i].stream, 0);
		c->half[i].window_shift = -1;
	}
}

/* --- sequence numbers ------------------------------------------------------------ */

uint64_t
conn_off(const struct conn_half *h, uint32_t seq)
{
	return h->ref_off + (uint64_t)(int64_t)(int32_t)(seq - h->ref_seq);
}

/* The first sequence number known of a direction, its SYN or not. */
static void
set_reference(struct conn_half *h, uint32_t seq)
{
	h->ref_set = true;
	h->ref_seq = seq;
	h->ref_off = h->origin = CONN_ORIGIN;
	stream_start(&h->stream, CONN_ORIGIN);
}

/* Keeps the pair near the octets that pass, so that 32 bits are always enough. */
static void
move_reference(struct conn_half *h, uint32_t seq)
{
	uint64_t off = conn_off(h, seq);

	if (off > h->ref_off && off - h->ref_off < (uint64_t)STREAM_MAX_JUMP) {
		h->ref_off = off;
		h->ref_seq = seq;
	}
}

/* No window reaches farther. RFC 7323 2.3 */
static bool
is_near(const struct conn_half *h, uint64_t off)
{
	return off <= h->stream.end + (uint64_t)STREAM_MAX_JUMP &&
	       off + (uint64_t)STREAM_MAX_JUMP >= h->stream.end;
}

/* --- what a segment looked like ---------------------------------------------------- */

static uint64_t
fingerprint(const struct segment *s)
{
	uint64_t place = (uint64_t)s->seq << 32 | s->ack;
	uint64_t size = (uint64_t)s->len << 8 | s->flags;
	uint64_t look = (uint64_t)s->options_hash << 32 | (uint64_t)s->window << 16 | s->ip_id;

	return place * UINT64_C(0x9e3779b97f4a7c15) ^ size * UINT64_C(0x94d049bb133111eb) ^
	       look * UINT64_C(0xbf58476d1ce4e5b9);
}

/*
 * The same packet seen twice, at a mirrored port or on two interfaces: not sent twice. Without an
 * IPv4 identification, which the print holds, only time tells it from one that was.
 */
static bool
is_copy(struct conn_copies *known, const struct segment *s)
{
	uint64_t print = fingerprint(s);

	for (int i = 0; i < CONN_COPIES; i++) {
		if (known->print[i] == print &&
		    (s->ip_id != 0 || llabs(s->ts_ns - known->ts_ns[i]) < CONN_COPY_AGE_NS))
			return true;
	}
	known->print[known->at] = print;
	known->ts_ns[known->at] = s->ts_ns;
	known->at = (uint8_t)((known->at + 1) % CONN_COPIES);
	return false;
}

static bool
in_history(const struct conn_half *h, char letter)
{
	return (h->letters >> (letter - 'a') & 1) != 0;
}

/*
 * Zeek's history: capital letters are the client's. Each letter once per direction; those of
 * `counted` again whenever their number has grown tenfold.
 */
static void
history(struct conn *c, enum dir dir, char letter)
{
	static const char counted[] = "ctwg";
	struct conn_half *h = &c->half[dir];
	const char *at = strchr(counted, letter);

	if (at != NULL) {
		uint32_t n = ++h->repeats[at - counted];

		while (n >= 10 && n % 10 == 0)
			n /= 10;
		if (n != 1)
			return;
	} else if (in_history(h, letter)) {
		return;
	}
	h->letters |= UINT64_C(1) << (letter - 'a');
	if (c->history_n < CONN_HISTORY)
		c->history[c->history_n++] =
		    (char)(dir == DIR_CLIENT ? letter - 'a' + 'A' : letter);
}

static void
write_history(struct conn *c, enum dir dir, const struct segment *s)
{
	uint8_t odd = s->flags & (TCP_SYN | TCP_FIN | TCP_RST);

	/* What most segments are, and already told. */
	if (odd == 0 && !s->bad_checksum && s->window != 0 &&
	    in_history(&c->half[dir], s->len > 0 ? 'd' : 'a'))
		return;
	if (s->bad_checksum)
		history(c, dir, 'c');
	if ((odd & (odd - 1)) != 0)
		history(c, dir, odd & TCP_SYN ? 'q' : 'i');
	if (s->flags & TCP_SYN)
		history(c, dir, s->flags & TCP_ACK ? 'h' : 's');
	if (s->flags & TCP_RST)
		history(c, dir, 'r');
	else if (s->len > 0)
		history(c, dir, 'd');
	else if ((s->flags & (TCP_ACK | TCP_SYN | TCP_FIN)) == TCP_ACK)
		history(c, dir, 'a');
	if (s->flags & TCP_FIN)
		history(c, dir, 'f');
	if (s->window == 0 && (s->flags & (TCP_RST | TCP_SYN)) == 0)
		history(c, dir, 'w');
}

/* --- from streams to dialogue ------------------------------------------------------- */

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
	const struct conn_half *mine = &f->c->half[f->dir], *peer = &f->c->half[other(f->dir)];
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

	history(f->c, f->dir, 'g');
	dialog_gap(&f->c->dialog, f->dir, octets);
}

#define SINK(c, dir) (&(struct stream_sink){ feed_run, feed_gap, &(struct feeder){ (c), (dir) } })

/* All octets up to the FIN were handed up: a line without an end ends here. */
static void
end_direction(struct conn *c, enum dir dir)
{
	struct conn_half *h = &c->half[dir];

	if (h->fin.frame_no == 0 || h->ended || h->stream.next != h->fin_off)
		return;
	h->ended = true;
	dialog_end(&c->dialog, dir, true);
}

/* Lets both directions go as far as they can. */
static void
pump(struct conn *c)
{
	bool moved = true;

	while (moved) {
		moved = false;
		for (int dir = 0; dir < DIR_COUNT; dir++) {
			if (!c->half[dir].start_open)
				moved |= stream_resume(
				    &c->half[dir].stream, c->budget, SINK(c, (enum dir)dir));
			end_direction(c, (enum dir)dir);
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

static bool
waits(const struct conn *c)
{
	return c->half[DIR_CLIENT].stream.kept != NULL || c->half[DIR_SERVER].stream.kept != NULL ||
	       dialog_waits(&c->dialog, DIR_SERVER);
}

/* The octets that this direction lacks, as far as the other tells, become a gap. */
static void
skip_hole(struct conn *c, enum dir dir)
{
	struct conn_half *h = &c->half[dir];
	const struct conn_half *peer = &c->half[other(dir)];
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
		pump(c);
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
	pump(c);
	if (progress(c) != before)
		return true;
	released = dialog_release(&c->dialog);
	pump(c);
	return released || progress(c) != before;
}

/* The peer has acknowledged what this direction lacks: only the capture does. */
static bool
lost_to_capture(const struct conn *c)
{
	for (int dir = 0; dir < DIR_COUNT; dir++) {
		const struct conn_half *peer = &c->half[other((enum dir)dir)];

		if (peer->acked_set &&
		    octets_end(&c->half[dir], peer->acked) > c->half[dir].stream.next)
			return true;
	}
	return false;
}

static void
lose_patience(struct conn *c, int64_t now_ns)
{
	int64_t patience;

	if (!waits(c)) {
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
	while (waits(c) && unstick(c))
		;
	c->wait_since_ns = waits(c) ? now_ns : 0;
}

/* --- one segment ---------------------------------------------------------------------- */

/* The direction begins with this sequence number, by its own SYN or the one that answers it. */
static void
start_at(struct conn_half *h, uint32_t seq)
{
	if (h->ref_set && !h->start_open)
		return;
	/* Where octets came before their SYN in the file, they wait behind it. */
	if (!h->ref_set)
		set_reference(h, seq);
	h->start_seen = true;
	h->start_open = false;
	h->origin = conn_off(h, seq);
	stream_restart(&h->stream, h->origin);
}

static void
on_syn(struct conn *c, enum dir dir, const struct segment *s)
{
	struct conn_half *h = &c->half[dir];

	if (h->syn_frame_no == 0) {
		h->syn_frame_no = s->frame_no;
		h->syn_ts_ns = s->ts_ns;
		h->window_shift = s->window_shift;
	}
	start_at(h, s->seq + 1);
}

static void
on_ack(struct conn *c, enum dir dir, const struct segment *s)
{
	struct conn_half *h = &c->half[dir], *peer = &c->half[other(dir)];
	uint64_t off;

	if (dir == DIR_CLIENT && c->ack_frame_no == 0 && (s->flags & TCP_SYN) == 0) {
		c->ack_frame_no = s->frame_no;
		c->ack_ts_ns = s->ts_ns;
	}
	if (s->flags & TCP_SYN)
		start_at(peer, s->ack);
	if (!peer->ref_set) {
		set_reference(peer, s->ack);
		peer->start_open = true;
	}
	off = conn_off(peer, s->ack);
	if (!is_near(peer, off))
		return;
	if (peer->fin.frame_no != 0 && off == peer->fin_off + 1 && peer->fin_ack_frame_no == 0)
		peer->fin_ack_frame_no = s->frame_no;
	if (!h->acked_set || off > h->acked)
		h->acked = off;
	h->acked_set = true;
}

static void
on_window(struct conn_half *h, const struct segment *s)
{
	uint32_t window = s->window;

	if ((s->flags & TCP_SYN) == 0 && h->window_shift > 0)
		window <<= h->window_shift > 14 ? 14 : h->window_shift;
	if (window > h->window)
		h->window = window;
}

static void
on_payload(struct conn *c, enum dir dir, const struct segment *s, bool copy)
{
	struct conn_half *h = &c->half[dir];
	const struct conn_half *peer = &c->half[other(dir)];
	struct stream_segment piece = {
		.off = conn_off(h, s->seq + ((s->flags & TCP_SYN) != 0)),
		.len = s->len,
		.payload = s->payload,
		.peer_off = RUN_PEER_UNKNOWN,
		.frame_no = s->frame_no,
		.ts_ns = s->ts_ns,
	};
	uint64_t retransmitted = h->stream.retransmitted;

	if ((s->flags & TCP_ACK) && peer->ref_set)
		piece.peer_off = conn_off(peer, s->ack);
	if (!is_near(h, piece.off))
		return;
	if (h->start_open && piece.off <= h->stream.next)
		h->stream.next = piece.off - (uint64_t)STREAM_MAX_JUMP; /* a SYN may still come */
	while (stream_feed(&h->stream, &piece, c->budget, SINK(c, dir)) == STREAM_FULL) {
		if (!unstick(c)) {
			limits_hit(c->limits, LIMIT_OCTETS_NOT_BUFFERED, s->len);
			break;
		}
	}
	if (copy)
		h->stream.retransmitted = retransmitted;
	else if (h->stream.retransmitted > retransmitted)
		history(c, dir, 't');
	move_reference(h, s->seq);
}

/* A segment without payload stands behind what its sender had sent: octets may be missing there. */
static void
on_stand(struct conn_half *h, const struct segment *s)
{
	uint64_t off = conn_off(h, s->seq + ((s->flags & TCP_SYN) != 0));

	if (off > h->reach && off > h->stream.end &&
	    off - h->stream.end < (uint64_t)STREAM_MAX_JUMP)
		h->reach = off;
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

static void
on_fin(struct conn_half *h, const struct segment *s)
{
	uint64_t off = conn_off(h, s->seq) + s->len;

	if (h->fin.frame_no != 0 || !is_near(h, off))
		return;
	h->fin = close_of(s);
	h->fin_off = off;
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

/* The RST that fits best is kept; one that fits less is odd. */
static void
on_rst(struct conn *c, enum dir dir, const struct segment *s)
{
	struct conn_half *h = &c->half[dir];
	struct conn_close mine = close_of(s);

	if (h->rst.frame_no == 0) {
		h->rst = mine;
	} else if (closing_fit(c, dir, &h->rst) < closing_fit(c, dir, &mine)) {
		h->odd_rst = h->rst;
		h->rst = mine;
	}
}

/*
 * Octets or a FIN beyond an RST, or an ACK of more than it acknowledged, which was sent later:
 * whoever sent it, it was not this side.
 */
static void
overrule_rst(struct conn_half *h, const struct segment *s)
{
	uint32_t end = s->seq + segment_seq_len(s);
	bool beyond = end != s->seq && (int32_t)(end - h->rst.seq) > 0;
	bool later = (s->flags & h->rst.flags & TCP_ACK) && (int32_t)(s->ack - h->rst.ack) > 0;

	if (h->rst.frame_no == 0 || !(beyond || later))
		return;
	h->odd_rst = h->rst;
	h->rst.frame_no = 0;
}

void
conn_segment(struct conn *c, enum dir dir, const struct segment *s)
{
	struct conn_half *h = &c->half[dir];
	bool copy = is_copy(&h->copies, s);

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
		write_history(c, dir, s);
	}
	if (s->flags & TCP_RST) {
		if (!h->ref_set && !(s->flags & TCP_SYN)) {
			/* An RST alone proves nothing of where its direction begins. */
			set_reference(h, s->seq);
			h->start_open = true;
		}
		on_rst(c, dir, s);
		return;
	}
	if (s->flags & TCP_SYN)
		on_syn(c, dir, s);
	if (!h->ref_set) {
		set_reference(h, s->seq);
		h->start_open = true;
	}
	if (s->flags & TCP_ACK)
		on_ack(c, dir, s);
	on_window(h, s);
	if (h->ttl_min == 0 || s->ttl < h->ttl_min)
		h->ttl_min = s->ttl;
	if (s->ttl > h->ttl_max)
		h->ttl_max = s->ttl;
	overrule_rst(h, s);
	overrule_fin(h, s);
	if (s->len == 0)
		on_stand(h, s);
	else if (!is_probe(h, s))
		on_payload(c, dir, s, copy);
	if (s->flags & TCP_FIN) {
		on_fin(h, s);
		end_direction(c, dir);
	}
	if (waits(c) || c->wait_since_ns != 0) {
		pump(c);
		lose_patience(c, s->ts_ns);
	}
}

bool
conn_closed(const struct conn *c)
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
		const struct conn_half *h = &c->half[dir], *peer = &c->half[other((enum dir)dir)];

		if (!h->start_seen || !h->ended || !peer->acked_set || peer->acked <= h->fin_off)
			return false;
	}
	return c->half[DIR_CLIENT].syn_frame_no != 0 && c->half[DIR_SERVER].syn_frame_no != 0 &&
	       !waits(c);
}

/* What lies between the last octet seen and the known end of a direction was not captured. */
static void
finish_tail(struct conn *c, enum dir dir)
{
	struct conn_half *h = &c->half[dir];
	const struct conn_half *peer = &c->half[other(dir)];
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
	if (h->ref_set && end > h->stream.next)
		stream_skip_hole(&h->stream, end, c->budget, SINK(c, dir));
	pump(c);
	if (!h->ended)
		dialog_end(&c->dialog, dir, false);
}

void
conn_finish(struct conn *c)
{
	pump(c);
	while (waits(c) && unstick(c))
		;
	for (int dir = 0; dir < DIR_COUNT; dir++) {
		if (c->half[dir].ref_set && c->half[dir].start_open)
			start_unseen(c, (enum dir)dir);
	}
	finish_tail(c, DIR_SERVER);
	finish_tail(c, DIR_CLIENT);
	while (waits(c) && unstick(c))
		;
}

void
conn_clear(struct conn *c)
{
	for (int dir = 0; dir < DIR_COUNT; dir++)
		stream_clear(&c->half[dir].stream, c->budget);
	dialog_clear(&c->dialog);
}
