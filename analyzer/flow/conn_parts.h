/*
 * conn_parts: what the files of conn tell each other; nobody else includes it.
 *
 *   conn_look   what a segment looked like: copies of it, and the history
 *   conn_feed   from streams to the dialogue: who waits for whom, for how long, and the end
 *   conn_next   the segment that comes next where nothing is special: nearly all of them
 *   conn        any segment: where it stands, and what it tells
 */
#ifndef HATCHECK_CONN_PARTS_H
#define HATCHECK_CONN_PARTS_H

#include "analyzer/flow/conn.h"

static inline enum dir
conn_other(enum dir dir)
{
	return dir == DIR_CLIENT ? DIR_SERVER : DIR_CLIENT;
}

#define CONN_FLAGS_THAT_COUNT (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)

/* --- what every segment tells --- */

/*
 * A host, or the capture, that leaves checksums to the adapter has all of them wrong. Where others
 * of the same side are right, the receiver drops this one, and waits for it to be sent again.
 */
static inline bool
conn_doubts(const struct conn_half *h, const struct segment *s)
{
	return s->bad_checksum && h->sums_right;
}

static inline void
conn_note_window(struct conn_half *h, const struct segment *s)
{
	uint32_t window = s->window;

	if ((s->flags & TCP_SYN) == 0 && h->window_shift > 0)
		window <<= h->window_shift > 14 ? 14 : h->window_shift;
	h->window = window > h->window ? window : h->window;
}

static inline void
conn_note_ttl(struct conn_half *h, uint8_t ttl)
{
	if (h->ttl_min == 0 || ttl < h->ttl_min)
		h->ttl_min = ttl;
	if (ttl > h->ttl_max)
		h->ttl_max = ttl;
}

/* An ACK; `off` is behind all that it acknowledges of the other side. */
static inline void
conn_note_ack(struct conn_half *h, struct conn_half *peer, const struct segment *s, uint64_t off)
{
	if (peer->fin.frame_no != 0 && off == peer->fin_off + 1 && peer->fin_ack_frame_no == 0)
		peer->fin_ack_frame_no = s->frame_no;
	if (off > peer->stream.end && off > h->ahead) {
		h->ahead = off;
		h->ahead_frame_no = s->frame_no;
	}
	if (!h->acked_set || off > h->acked)
		h->acked = off;
	h->acked_set = true;
}
/* A segment without payload stands behind what its sender had sent: octets may be missing there. */
static inline void
conn_note_stand(struct conn_half *h, const struct segment *s)
{
	uint64_t off = conn_off(h, s->seq + ((s->flags & TCP_SYN) != 0));

	if (off > h->reach && off > h->stream.end &&
	    off - h->stream.end < (uint64_t)STREAM_MAX_JUMP)
		h->reach = off;
}
/* The client's first, which completes the handshake. */
static inline void
conn_note_first_ack(struct conn *c, enum dir dir, const struct segment *s)
{
	const struct conn_half *server = &c->half[DIR_SERVER];
	bool late;

	if (dir != DIR_CLIENT || (s->flags & TCP_SYN) != 0 ||
	    (c->ack_frame_no != 0 && !c->ack_late))
		return;
	late = server->start_seen && conn_off(server, s->ack) > server->origin;
	if (c->ack_frame_no == 0 || !late) {
		c->ack_frame_no = s->frame_no;
		c->ack_ts_ns = s->ts_ns;
	}
	c->ack_late = late;
}
/* A FIN, behind the octets of its segment. Where those were all handed up its direction ends. */
void conn_note_fin(struct conn *c, enum dir dir, const struct segment *s);

/* --- conn_look --- */

/*
 * The same packet seen twice, at a mirrored port or on two interfaces: not sent twice. Without an
 * IPv4 identification, which the print holds, only time tells it from one that was.
 */
bool conn_is_copy(struct conn_half *h, const struct segment *s);
/* One print more, the oldest is forgotten. */
static inline void
conn_remember(struct conn_half *h, const struct segment *s)
{
	h->copies.print[h->next_copy] = s->print;
	h->copies.ts_ns[h->next_copy] = s->ts_ns;
	h->next_copy = (uint8_t)((h->next_copy + 1) % CONN_COPIES);
}
/*
 * Zeek's history: capital letters are the client's. Each letter once per direction; those of
 * conn_again also whenever their number has grown tenfold.
 */
void conn_history_again(struct conn *c, enum dir dir, enum conn_again what);
static inline bool
conn_in_history(const struct conn_half *h, char letter)
{
	return (h->letters >> (letter - 'a') & 1) != 0;
}
/* The letters of a segment. */
void conn_look_closely(struct conn *c, enum dir dir, const struct segment *s);
static inline void
conn_look(struct conn *c, enum dir dir, const struct segment *s)
{
	/* What most segments are, and already told. */
	if ((s->flags & (TCP_SYN | TCP_FIN | TCP_RST)) != 0 || s->bad_checksum || s->window == 0 ||
	    !conn_in_history(&c->half[dir], s->len > 0 ? 'd' : 'a'))
		conn_look_closely(c, dir, s);
}

/* --- conn_feed --- */

/* The octets of a segment of a plain connection, which come next; `ack` is its offset there. */
void conn_feed_next(struct conn *c, enum dir dir, const struct segment *s, uint64_t ack);
/* Octets of a direction, in any order. */
void conn_feed(struct conn *c, enum dir dir, const struct stream_segment *piece);
/* Lets both directions go as far as they can. */
void conn_pump(struct conn *c);
/* Once all octets up to the FIN were handed up: a line without an end ends here. */
void conn_end_direction(struct conn *c, enum dir dir);
/* Where something has waited too long, what is missing becomes a gap. */
void conn_lose_patience(struct conn *c, int64_t now_ns);

static inline bool
conn_waits(const struct conn *c)
{
	/* One branch, not three: nearly never. */
	return (c->half[DIR_CLIENT].stream.kept != NULL) |
	       (c->half[DIR_SERVER].stream.kept != NULL) | dialog_waits(&c->dialog, DIR_SERVER);
}

#endif
