#include "analyzer/flow/flow.h"

#include <stdlib.h>

#include "analyzer/flow/brief.h"

enum list { LIST_OPEN, LIST_CLOSED, LIST_COUNT };

struct entry {
	struct entry *older, *newer;
	int64_t touched_ns; /* when it came to the end of its list: FLOW_SLACK_NS late at most */
	uint8_t list;       /* enum list */
	bool challenged;    /* a SYN with another sequence number waits in half-open */
	struct conn conn;
};

struct slot {
	uint64_t hash;
	struct entry *entry;
};

struct flow {
	struct flow_config config;
	flow_sink *sink;
	void *ctx;
	struct brief *brief;
	struct slot *slot; /* linear probing, at most half full */
	size_t slots, count;
	struct entry *oldest[LIST_COUNT], *newest[LIST_COUNT];
	int64_t idle_ns[LIST_COUNT]; /* after so long an entry ends */
	struct entry *spare;         /* ended ones by `newer`, kept warm until memory is short */
	uint64_t last_id;
	int64_t now_ns, doubted_ns;
	struct entry *doubted; /* whose last segment has the stamp that is in doubt */
	int64_t gap_ns;        /* the last time at which packets were dropped */
	int64_t due_ns;        /* until then nothing has to end */
	bool clock_set;
};

/* --- lists, oldest first ------------------------------------------------------------ */

/* Something ends idle_ns after `since`, if nothing comes between. */
static void
set_due(struct flow *f, int64_t since_ns, int64_t idle_ns)
{
	if (since_ns < INT64_MAX - idle_ns && since_ns + idle_ns < f->due_ns)
		f->due_ns = since_ns + idle_ns;
}

static void
unlink_entry(struct flow *f, struct entry *e)
{
	if (e->older != NULL)
		e->older->newer = e->newer;
	else
		f->oldest[e->list] = e->newer;
	if (e->newer != NULL)
		e->newer->older = e->older;
	else
		f->newest[e->list] = e->older;
}

static void
link_entry(struct flow *f, struct entry *e, enum list list)
{
	e->list = (uint8_t)list;
	e->touched_ns = f->now_ns;
	e->newer = NULL;
	e->older = f->newest[list];
	if (e->older != NULL)
		e->older->newer = e;
	else
		f->oldest[list] = e;
	f->newest[list] = e;
	set_due(f, f->now_ns, f->idle_ns[list]);
}

/* --- the index ----------------------------------------------------------------------- */

static struct entry *
find(const struct flow *f, const struct conn_key *key)
{
	for (size_t i = key->hash & (f->slots - 1); f->slot[i].entry != NULL;
	     i = (i + 1) & (f->slots - 1)) {
		if (f->slot[i].hash == key->hash && conn_key_eq(&f->slot[i].entry->conn.key, key))
			return f->slot[i].entry;
	}
	return NULL;
}

static void
put(struct flow *f, struct entry *e)
{
	size_t i = e->conn.key.hash & (f->slots - 1);

	while (f->slot[i].entry != NULL)
		i = (i + 1) & (f->slots - 1);
	f->slot[i] = (struct slot){ e->conn.key.hash, e };
}

static void
unslot(struct flow *f, const struct entry *e)
{
	size_t mask = f->slots - 1, hole = e->conn.key.hash & mask;

	while (f->slot[hole].entry != e)
		hole = (hole + 1) & mask;
	for (size_t i = (hole + 1) & mask; f->slot[i].entry != NULL; i = (i + 1) & mask) {
		if (((i - f->slot[i].hash) & mask) >= ((i - hole) & mask)) {
			f->slot[hole] = f->slot[i];
			hole = i;
		}
	}
	f->slot[hole].entry = NULL;
}

static bool
grow(struct flow *f)
{
	struct slot *old = f->slot;
	size_t slots = f->slots, want = slots == 0 ? 256 : slots * 2;

	if (slots > 0 && f->count < slots / 2)
		return true;
	if (!budget_take(f->config.budget, want * sizeof *old))
		return false;
	f->slot = calloc(want, sizeof *old);
	if (f->slot == NULL) {
		budget_give(f->config.budget, want * sizeof *old);
		f->slot = old;
		return false;
	}
	f->slots = want;
	for (size_t i = 0; i < slots; i++) {
		if (old[i].entry != NULL)
			put(f, old[i].entry);
	}
	budget_give(f->config.budget, slots * sizeof *old);
	free(old);
	return true;
}

/* --- ends ------------------------------------------------------------------------------ */

static void
end_entry(struct flow *f, struct entry *e)
{
	unlink_entry(f, e);
	unslot(f, e);
	f->count--;
	if (f->doubted == e)
		f->doubted = NULL;
	e->conn.dropped = e->conn.first_ts_ns <= f->gap_ns;
	conn_finish(&e->conn);
	f->sink(f->ctx, &e->conn);
	conn_clear(&e->conn);
	e->newer = f->spare;
	f->spare = e;
}

static void
free_spare(struct flow *f)
{
	struct entry *e = f->spare;

	f->spare = e->newer;
	budget_give(f->config.budget, sizeof *e);
	free(e);
}

static void
end_brief(struct flow *f, struct brief_entry *h, bool evicted)
{
	struct conn_key key;
	struct conn conn;

	if (brief_reported(h)) {
		brief_remove(f->brief, h);
		return;
	}
	brief_key(f->brief, h, &key);
	conn_init(&conn, &key, h->id, f->config.budget, f->config.limits);
	brief_tell(h, &conn);
	conn.evicted = evicted;
	if (evicted && f->now_ns > conn.last_ts_ns)
		conn.last_ts_ns = f->now_ns;
	conn.dropped = conn.first_ts_ns <= f->gap_ns;
	brief_remove(f->brief, h);
	conn_finish(&conn);
	f->sink(f->ctx, &conn);
	conn_clear(&conn);
}

/* The oldest of a list but the one to be kept, or NULL. */
static struct entry *
oldest_but(const struct flow *f, enum list list, const struct entry *keep)
{
	struct entry *e = f->oldest[list];

	return e != NULL && e == keep ? e->newer : e;
}

/* Frees the state of least worth; false when there is none, or only the one to be kept. */
static bool
evict(struct flow *f, const struct entry *keep)
{
	struct entry *e = oldest_but(f, LIST_CLOSED, keep);
	struct brief_entry *h;

	if (f->spare != NULL) {
		free_spare(f);
		return true;
	}
	if (e != NULL) {
		end_entry(f, e);
		return true;
	}
	h = brief_oldest(f->brief);
	if (h != NULL) {
		if (!brief_reported(h))
			limits_hit(f->config.limits, LIMIT_EVICTED_HALF_OPEN, 1);
		end_brief(f, h, true);
		return true;
	}
	e = oldest_but(f, LIST_OPEN, keep);
	if (e == NULL)
		return false;
	limits_hit(f->config.limits, LIMIT_EVICTED_CONNECTIONS, 1);
	e->conn.evicted = true;
	end_entry(f, e);
	return true;
}

/* The end of one that was closed and quiet; stragglers may still come, and are no connection. */
static void
retire(struct flow *f, struct entry *e)
{
	const struct conn *c = &e->conn;

	if (!e->challenged && c->half[DIR_CLIENT].ref_set && c->half[DIR_SERVER].ref_set &&
	    brief_add_reported(f->brief, c, f->now_ns) != NULL)
		set_due(f, f->now_ns, FLOW_STRAGGLER_NS);
	end_entry(f, e);
}

static void
expire_list(struct flow *f, enum list list)
{
	struct entry *e;

	while ((e = f->oldest[list]) != NULL && f->now_ns - e->touched_ns > f->idle_ns[list]) {
		if (list == LIST_CLOSED)
			retire(f, e);
		else
			end_entry(f, e);
	}
	if (e != NULL)
		set_due(f, e->touched_ns, f->idle_ns[list]);
}

/* There is one list: a reported one may have to wait for a SYN that is older. */
static int64_t
brief_ns(const struct brief_entry *h)
{
	return brief_reported(h) ? FLOW_STRAGGLER_NS : FLOW_BRIEF_NS;
}

static void
expire(struct flow *f)
{
	struct brief_entry *h;

	f->due_ns = INT64_MAX;
	expire_list(f, LIST_CLOSED);
	while ((h = brief_oldest(f->brief)) != NULL && brief_age_ns(h, f->now_ns) > brief_ns(h))
		end_brief(f, h, false);
	if (h != NULL)
		set_due(f, f->now_ns - brief_age_ns(h, f->now_ns), brief_ns(h));
	expire_list(f, LIST_OPEN);
}

/* What came with the stamp that was in doubt came just now, whatever became of the stamp. */
static void
resolve_doubt(struct flow *f)
{
	if (f->doubted != NULL)
		f->doubted->touched_ns = f->now_ns;
	else
		brief_touch_newest(f->brief, f->now_ns);
	f->doubted = NULL;
	f->doubted_ns = 0;
}

/* A stamp far ahead has to be confirmed by the next one. */
static bool
doubtful(const struct flow *f, int64_t ts_ns)
{
	return f->clock_set && ts_ns - f->now_ns > FLOW_JUMP_NS &&
	       (f->doubted_ns == 0 || ts_ns < f->doubted_ns);
}

static void
turn_clock(struct flow *f, int64_t ts_ns)
{
	if (doubtful(f, ts_ns)) {
		f->doubted_ns = ts_ns;
		return;
	}
	if (!f->clock_set || ts_ns > f->now_ns)
		f->now_ns = ts_ns;
	f->clock_set = true;
	if (f->doubted_ns != 0)
		resolve_doubt(f);
	if (f->now_ns > f->due_ns)
		expire(f);
}

static inline void
set_clock(struct flow *f, int64_t ts_ns)
{
	if (ts_ns > f->now_ns || f->doubted_ns != 0 || !f->clock_set)
		turn_clock(f, ts_ns);
}

void
flow_time(struct flow *f, int64_t now_ns)
{
	set_clock(f, now_ns);
}

void
flow_gap(struct flow *f, int64_t now_ns)
{
	f->gap_ns = now_ns;
}

/* --- beginnings -------------------------------------------------------------------------- */

static struct entry *
take_entry(struct flow *f)
{
	struct entry *e;

	while (f->spare == NULL && !budget_take(f->config.budget, sizeof *e)) {
		if (!evict(f, NULL))
			return NULL;
	}
	e = f->spare;
	if (e != NULL) {
		f->spare = e->newer;
		return e;
	}
	e = malloc(sizeof *e);
	if (e == NULL)
		budget_give(f->config.budget, sizeof *e);
	return e;
}

/* A fresh connection, of which nothing is known yet. */
static struct entry *
new_entry(struct flow *f, const struct conn_key *key, uint64_t id)
{
	struct entry *e;

	while (!grow(f)) {
		if (!evict(f, NULL))
			return NULL;
	}
	e = take_entry(f);
	if (e == NULL)
		return NULL;
	conn_init(&e->conn, key, id, f->config.budget, f->config.limits);
	e->challenged = false;
	put(f, e);
	f->count++;
	link_entry(f, e, LIST_OPEN);
	return e;
}

/* The connection of a half-open entry, now that something else is seen of it. */
static struct entry *
promote(struct flow *f, struct brief_entry *h, const struct conn_key *key)
{
	struct brief_entry syn = *h; /* without the addresses, which are in the key */
	struct entry *e;

	brief_remove(f->brief, h);
	e = new_entry(f, key, syn.id);
	if (e != NULL)
		brief_tell(&syn, &e->conn);
	return e;
}

static void
add_half_open(struct flow *f, const struct conn_key *key, const struct segment *s)
{
	uint32_t id = (uint32_t)++f->last_id;

	while (brief_add(f->brief, key, s, id, f->now_ns) == NULL) {
		if (!evict(f, NULL)) {
			limits_hit(f->config.limits, LIMIT_EVICTED_HALF_OPEN, 1);
			return;
		}
	}
	set_due(f, f->now_ns, FLOW_BRIEF_NS);
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

	if (!client->ref_set)
		return true;
	off = conn_off(client, s->seq + 1);
	if (client->start_seen)
		return off == client->origin;
	return client->start_open && off <= client->stream.end &&
	       client->stream.end - off <= STREAM_MAX_KEPT;
}

/*
 * The segment belongs to the connection that the waiting SYN opens, not to one before it on the
 * same ports. It need not be the very answer, which may not have been captured; but what the old
 * one sends is behind the new one's initial number. RFC 6191
 */
static bool
answers(const struct brief_entry *syn, enum dir dir, const struct segment *s)
{
	uint32_t number = dir == DIR_CLIENT ? s->seq : s->ack;

	return (dir == DIR_CLIENT || (s->flags & TCP_ACK)) &&
	       number - (syn->seq + 1) < ANSWER_OCTETS;
}

/* A SYN that opens another connection than the one that is there, which goes on until it is
 * answered. */
static void
on_new_syn(struct flow *f, const struct conn_key *key, struct entry *e, struct brief_entry *syn,
    const struct segment *s)
{
	if (syn != NULL && syn->seq == s->seq) {
		repeat_syn(syn, s);
		return;
	}
	if (syn != NULL)
		end_brief(f, syn, false);
	if (e != NULL)
		e->challenged = true; /* closed or not, its last packets may come after the SYN */
	add_half_open(f, key, s);
}

/* The connection that begins with this segment, on the SYN that is known of it, or NULL. */
static struct entry *
begin(struct flow *f, const struct conn_key *key, struct brief_entry *syn)
{
	struct entry *e;

	if (syn != NULL)
		return promote(f, syn, key);
	e = new_entry(f, key, f->last_id + 1);
	f->last_id += e != NULL;
	return e;
}

/* A SYN,ACK of another connection, for another SYN than that of this one, which is closed. */
static bool
answers_other_syn(const struct conn *c, enum dir dir, const struct segment *s)
{
	const struct conn_half *client = &c->half[DIR_CLIENT], *server = &c->half[DIR_SERVER];

	return dir == DIR_SERVER &&
	       (s->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK) &&
	       client->start_seen && conn_off(client, s->ack) != client->origin &&
	       !(server->start_seen && conn_off(server, s->seq + 1) == server->origin) &&
	       conn_closed(c);
}

/* Where nothing but brief entries is known of a segment's ports. */
static struct entry *
begin_anew(struct flow *f, const struct conn_key *key, enum dir dir, const struct segment *s,
    const struct brief_found *known)
{
	bool numbered = dir == DIR_CLIENT || (s->flags & TCP_ACK);
	struct entry *e;

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

/* The entry that a segment belongs to; NULL when it was dealt with, or there is no memory. */
static struct entry *
entry_of(struct flow *f, const struct conn_key *key, enum dir dir, const struct segment *s)
{
	struct entry *e = f->slots == 0 ? NULL : find(f, key);
	struct brief_found known;

	if (e != NULL && answers_other_syn(&e->conn, dir, s)) {
		end_entry(f, e); /* its SYN comes later in the file, or not at all */
		e = NULL;
	}
	if (e != NULL && (is_syn(s) ? own_syn(&e->conn, s) : !e->challenged))
		return e;
	known = brief_find(f->brief, key);
	if (known.reported != NULL && brief_straggler(known.reported, dir, s))
		return NULL;
	/* What a SYN carries is only kept where nothing else is known of its ports. RFC 7413 */
	if (is_syn(s) &&
	    (s->len == 0 || e != NULL || known.syn != NULL || known.reported != NULL)) {
		on_new_syn(f, key, e, known.syn, s);
		return NULL;
	}
	if (e == NULL)
		return begin_anew(f, key, dir, s, &known);
	if (known.syn != NULL && !answers(known.syn, dir, s))
		return e;
	e->challenged = false;
	if (known.syn == NULL)
		return e; /* its challenger was given up */
	end_entry(f, e);
	return begin(f, key, known.syn);
}

static void
set_key(struct conn_key *key, const struct segment *s, enum dir dir)
{
	key->client = *(dir == DIR_CLIENT ? &s->src : &s->dst);
	key->server = *(dir == DIR_CLIENT ? &s->dst : &s->src);
}

/*
 * Which side is the client. Between two server ports the SYN tells, then what is known of the
 * tuple. A server that opens a connection from its own port 25 is no listener: false.
 */
static bool
orient(struct flow *f, const struct segment *s, struct conn_key *key, enum dir *dir)
{
	bool to = port_set_has(f->config.ports, s->dst.port);
	bool from = port_set_has(f->config.ports, s->src.port);
	uint8_t syn = s->flags & (TCP_SYN | TCP_ACK);

	*dir = to ? DIR_CLIENT : DIR_SERVER;
	if (to && from) {
		set_key(key, s, DIR_SERVER);
		if (syn == (TCP_SYN | TCP_ACK) ||
		    (syn != TCP_SYN && f->slots > 0 && find(f, key) != NULL))
			*dir = DIR_SERVER;
	} else if (syn == (*dir == DIR_SERVER ? TCP_SYN : TCP_SYN | TCP_ACK)) {
		return false;
	}
	set_key(key, s, *dir);
	return true;
}

/* A connection seen whole ends at once; only its stragglers have to be known again. */
static void
after_segment(struct flow *f, struct entry *e)
{
	enum list list = conn_closed(&e->conn) ? LIST_CLOSED : LIST_OPEN;

	if (list == LIST_CLOSED && !e->challenged && conn_complete(&e->conn) &&
	    brief_add_reported(f->brief, &e->conn, f->now_ns) != NULL) {
		set_due(f, f->now_ns, FLOW_STRAGGLER_NS);
		end_entry(f, e);
	} else if (list != e->list || f->now_ns - e->touched_ns > FLOW_SLACK_NS ||
		   f->doubted_ns != 0) {
		unlink_entry(f, e);
		link_entry(f, e, list);
		if (f->doubted_ns != 0)
			f->doubted = e;
	}
}

static void
one_segment(struct flow *f, const struct segment *s, uint64_t hash)
{
	struct conn_key key;
	struct entry *e;
	enum dir dir;

	set_clock(f, s->ts_ns);
	key.hash = hash;
	if (!orient(f, s, &key, &dir))
		return;
	e = entry_of(f, &key, dir, s);
	if (e != NULL) {
		conn_segment(&e->conn, dir, s);
		after_segment(f, e);
	}
	/* A sixteenth stays free for what connections keep, so that floods do not cut them short.
	 */
	while (f->config.budget->used > f->config.budget->max / 16 * 15 && evict(f, e))
		;
}

#define AHEAD 16 /* segments; so many lines of the cache can be on their way */

/*
 * Where the index and the connections lie is asked for before it is needed: with thousands of them
 * most of the time would go by in waiting for memory. (In a function of its own it would have
 * no effect that gcc sees, and be gone.)
 */
void
flow_segments(struct flow *f, const struct segment *s, size_t n)
{
	uint64_t hash[AHEAD];
	size_t some;

	for (; n > 0; s += some, n -= some) {
		some = n < AHEAD ? n : AHEAD;
		for (size_t i = 0; i < some; i++) {
			hash[i] = key_hash(f->config.secret, &s[i].src, &s[i].dst);
			if (f->slots > 0)
				__builtin_prefetch(&f->slot[hash[i] & (f->slots - 1)]);
		}
		for (size_t i = 0; i < some && f->slots > 0; i++) {
			const struct entry *e = f->slot[hash[i] & (f->slots - 1)].entry;

			if (e != NULL)
				conn_prefetch(&e->conn);
		}
		for (size_t i = 0; i < some; i++)
			one_segment(f, &s[i], hash[i]);
	}
}

bool
flow_has_client(const struct flow *f, const struct addr *client)
{
	for (int list = 0; list < LIST_COUNT; list++)
		for (const struct entry *e = f->oldest[list]; e != NULL; e = e->newer)
			if (client->family == 0 ||
			    memcmp(&e->conn.key.client.addr, client, sizeof *client) == 0)
				return true;
	return false;
}

/* --- life -------------------------------------------------------------------------------- */

struct flow *
flow_new(const struct flow_config *config, flow_sink *sink, void *ctx)
{
	struct flow *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->config = *config;
	f->idle_ns[LIST_OPEN] = FLOW_IDLE_NS;
	f->idle_ns[LIST_CLOSED] = config->linger_ns;
	f->due_ns = INT64_MAX;
	f->gap_ns = INT64_MIN;
	f->sink = sink;
	f->ctx = ctx;
	f->brief = brief_new(config->budget, config->secret);
	if (f->brief == NULL) {
		free(f);
		return NULL;
	}
	return f;
}

void
flow_finish(struct flow *f)
{
	struct brief_entry *h;

	for (int list = 0; list < LIST_COUNT; list++) {
		while (f->oldest[list] != NULL)
			end_entry(f, f->oldest[list]);
	}
	while ((h = brief_oldest(f->brief)) != NULL)
		end_brief(f, h, false);
}

void
flow_free(struct flow *f)
{
	if (f == NULL)
		return;
	for (int list = 0; list < LIST_COUNT; list++) {
		while (f->oldest[list] != NULL) {
			struct entry *e = f->oldest[list];

			f->oldest[list] = e->newer;
			conn_clear(&e->conn);
			budget_give(f->config.budget, sizeof *e);
			free(e);
		}
	}
	while (f->spare != NULL)
		free_spare(f);
	brief_free(f->brief);
	budget_give(f->config.budget, f->slots * sizeof *f->slot);
	free(f->slot);
	free(f);
}
