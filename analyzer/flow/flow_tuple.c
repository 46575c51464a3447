#include "analyzer/flow/flow_parts.h"

/* The connection of a half-open entry, now that something else is seen of it. */
static struct flow_entry *
promote(struct flow *f, struct brief_entry *h, const struct conn_key *key)
{
	struct brief_entry syn = *h; /* without the addresses, which are in the key */
	struct flow_entry *e;

	brief_remove(f->brief, h);
	e = flow_new_entry(f, key, syn.id);
	if (e != NULL)
		brief_tell(&syn, &e->conn);
	return e;
}

static void
add_half_open(struct flow *f, const struct conn_key *key, const struct segment *s)
{
	uint32_t id = (uint32_t)++f->last_id;

	while (brief_add(f->brief, key, s, id, f->now_ns) == NULL) {
		if (!flow_evict(f, NULL)) {
			limits_hit(f->config.limits, LIMIT_EVICTED_HALF_OPEN, 1);
			return;
		}
	}
	flow_set_due(f, f->now_ns, FLOW_BRIEF_NS);
}

static void
repeat_syn(struct brief_entry *h, const struct segment *s)
{
	int64_t after_ns = s->ts_ns - h->ts_ns - (int64_t)h->last_ms * 1000000;

	if (after_ns < CONN_COPY_AGE_NS && after_ns > -CONN_COPY_AGE_NS)
		return; /* no timer is that short: the same packet, captured twice */
	if (h->syn_count < UINT8_MAX)
		h->syn_count++;
	if (after_ns > 0 && after_ns / 1000000 + h->last_ms < UINT32_MAX)
		h->last_ms += (uint32_t)(after_ns / 1000000);
}

#define ANSWER_OCTETS (UINT32_C(1) << 24) /* so many may be lost behind a SYN */

static bool
is_syn(const struct segment *s)
{
	return (s->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

/* A SYN of this very connection: sent again, or later in the file than what followed it. */
static bool
own_syn(const struct conn *c, const struct segment *s)
{
	const struct conn_half *client = &c->half[DIR_CLIENT];
	uint64_t off;

	if (!client->seq_set)
		return true;
	off = conn_off(client, s->seq + 1);
	if (client->start_seen)
		return off == client->origin;
	return client->start_open && off <= client->stream.end &&
	       client->stream.end - off <= STREAM_MAX_KEPT;
}

/*
 * How many octets the client of the waiting SYN had sent by this segment, if that belongs to the
 * connection that the SYN opens.
 */
static uint32_t
octets_behind(const struct brief_entry *syn, enum dir dir, const struct segment *s)
{
	uint32_t number = dir == DIR_CLIENT ? s->seq : s->ack;

	if (dir == DIR_CLIENT && number == syn->seq)
		return 0; /* a keep-alive, RFC 9293 3.8.4 */
	return dir == DIR_CLIENT || (s->flags & TCP_ACK) ? number - (syn->seq + 1) : UINT32_MAX;
}

/*
 * The segment belongs to the connection that the waiting SYN opens, not to one before it on the
 * same ports. It need not be the very answer, which may not have been captured; but what the old
 * one sends is behind the new one's initial number. RFC 6191
 */
static bool
answers(const struct brief_entry *syn, enum dir dir, const struct segment *s)
{
	return octets_behind(syn, dir, s) < ANSWER_OCTETS;
}

/*
 * The segment comes of a connection that was reported. Not so what stands exactly behind a SYN that
 * waits, whatever else its numbers would fit: an RST from where nobody listens is always numbered
 * 0.
 */
static bool
is_straggler(const struct brief_found *known, enum dir dir, const struct segment *s)
{
	if (known->reported == NULL ||
	    (known->syn != NULL && octets_behind(known->syn, dir, s) == 0))
		return false;
	return brief_straggler(known->reported, dir, s);
}

/* A SYN that opens another connection than the one that is there, which goes on until it is
 * answered. */
static void
on_new_syn(struct flow *f, const struct conn_key *key, struct flow_entry *e,
    struct brief_entry *syn, const struct segment *s)
{
	if (syn != NULL && syn->seq == s->seq) {
		repeat_syn(syn, s);
		return;
	}
	if (syn != NULL)
		flow_end_brief(f, syn, false);
	if (e != NULL)
		e->challenged = true; /* closed or not, its last packets may come after the SYN */
	add_half_open(f, key, s);
}

/* The connection that begins with this segment, on the SYN that is known of it, or NULL. */
static struct flow_entry *
begin(struct flow *f, const struct conn_key *key, struct brief_entry *syn)
{
	struct flow_entry *e;

	if (syn != NULL)
		return promote(f, syn, key);
	e = flow_new_entry(f, key, f->last_id + 1);
	f->last_id += e != NULL;
	return e;
}

/*
 * It answers another SYN than that of this connection: a SYN,ACK, or the RST,ACK of where nobody
 * listens, which is numbered 0. RFC 9293 3.10.7.1
 */
static bool
answers_other_syn(const struct conn *c, enum dir dir, const struct segment *s)
{
	const struct conn_half *client = &c->half[DIR_CLIENT], *server = &c->half[DIR_SERVER];
	uint64_t acked;

	if (dir != DIR_SERVER || !client->start_seen)
		return false;
	acked = conn_off(client, s->ack);
	switch (s->flags & (TCP_SYN | TCP_ACK | TCP_RST)) {
	case TCP_SYN | TCP_ACK:
		return acked != client->origin &&
		       !(server->start_seen && conn_off(server, s->seq + 1) == server->origin);
	case TCP_RST | TCP_ACK:
		return s->seq == 0 && (acked < client->origin || acked > conn_behind(client));
	default:
		return false;
	}
}

/* It stands exactly behind all that both sides of this connection are known to have sent. */
static bool
comes_next(const struct conn *c, enum dir dir, const struct segment *s)
{
	const struct conn_half *h = &c->half[dir], *peer = &c->half[dir ^ 1];

	return (s->flags & (TCP_SYN | TCP_ACK)) == TCP_ACK && h->seq_set && peer->seq_set &&
	       s->seq == conn_seq(h, conn_behind(h)) && s->ack == conn_seq(peer, conn_behind(peer));
}

/* Where nothing but brief entries is known of a segment's ports. */
static struct flow_entry *
begin_anew(struct flow *f, const struct conn_key *key, enum dir dir, const struct segment *s,
    const struct brief_found *known)
{
	bool numbered = dir == DIR_CLIENT || (s->flags & TCP_ACK);
	struct flow_entry *e;

	if (known->syn != NULL && numbered && !answers(known->syn, dir, s)) {
		e = begin(f, key, NULL); /* the capture has only the end of it */
		if (e != NULL)
			e->challenged = true;
		return e;
	}
	if (known->reported != NULL)
		brief_remove(f->brief, known->reported);
	return begin(f, key, known->syn);
}

static struct conn_key
key_of(enum dir dir, const struct segment *s)
{
	return (struct conn_key){
		.client = dir == DIR_CLIENT ? s->src : s->dst,
		.server = dir == DIR_CLIENT ? s->dst : s->src,
		.hash = s->hash,
	};
}

struct flow_entry *
flow_entry_of(struct flow *f, enum dir dir, const struct segment *s)
{
	const struct conn_key own = key_of(dir, s), *key = &own;
	struct flow_entry *e;
	struct brief_found known;
	bool foreign;

	/* What begins is looked for in both tables, and what ends goes over into the other. */
	brief_prefetch(f->brief, s->hash);
	e = flow_find(f, dir, s);
	foreign = e != NULL && answers_other_syn(&e->conn, dir, s);
	if (foreign && conn_closed(&e->conn)) {
		flow_end(f, e); /* its SYN comes later in the file, or not at all */
		e = NULL;
	}
	/* Whatever else it is, a connection whose starts are known goes on without it. */
	foreign = foreign && e != NULL && e->conn.half[DIR_SERVER].start_seen;
	if (e != NULL && (is_syn(s) ? own_syn(&e->conn, s) : !e->challenged))
		return foreign ? NULL : e;
	known = brief_find(f->brief, key);
	if (is_straggler(&known, dir, s))
		return NULL;
	/* What a SYN carries is only kept where nothing else is known of its ports. RFC 7413 */
	if (is_syn(s) &&
	    (s->len == 0 || e != NULL || known.syn != NULL || known.reported != NULL)) {
		on_new_syn(f, key, e, known.syn, s);
		return NULL;
	}
	if (e == NULL)
		return begin_anew(f, key, dir, s, &known);
	if (known.syn != NULL && (comes_next(&e->conn, dir, s) || !answers(known.syn, dir, s)))
		return foreign ? NULL : e;
	e->challenged = false;
	if (known.syn == NULL)
		return e; /* its challenger was given up */
	flow_end(f, e);
	return begin(f, key, known.syn);
}

/* Of a connection, or of a SYN that waits for its answer, or of what was reported. */
static bool
from_known_server(struct flow *f, const struct segment *s)
{
	const struct conn_key key = key_of(DIR_SERVER, s);
	struct brief_found known;

	if (flow_find(f, DIR_SERVER, s) != NULL)
		return true;
	known = brief_find(f->brief, &key);
	return known.syn != NULL || known.reported != NULL;
}

bool
flow_orient(struct flow *f, const struct segment *s, enum dir *dir)
{
	uint8_t syn = s->flags & (TCP_SYN | TCP_ACK);

	*dir = s->to_server ? DIR_CLIENT : DIR_SERVER;
	if (s->to_server && s->from_server) {
		if (syn == (TCP_SYN | TCP_ACK) || (syn != TCP_SYN && from_known_server(f, s)))
			*dir = DIR_SERVER;
		return true;
	}
	return syn != (*dir == DIR_SERVER ? TCP_SYN : TCP_SYN | TCP_ACK);
}
