#include "analyzer/flow/brief.h"

#include <stdlib.h>

#include "analyzer/flow/pool.h"

#define NONE POOL_NONE
#define V6 UINT32_C(0x80000000) /* in a reference: which pool; the rest is a number there */

/* The hash beside the reference: a search looks at no entry but the one it finds. */
struct slot {
	uint32_t hash, ref;
};

struct brief {
	struct budget *budget;
	uint64_t secret;
	struct pool pool[2]; /* IPv4, IPv6 */
	uint32_t oldest, newest;
	struct slot *slot; /* linear probing */
	uint32_t slots, count, syns;
	uint32_t found; /* the slot of what was found last, if it is still there */
};

static size_t
addr_octets(uint8_t family)
{
	return family == 4 ? 4 : 16;
}

static struct pool *
pool_of(struct brief *h, uint32_t ref)
{
	return &h->pool[(ref & V6) != 0];
}

static struct brief_entry *
at(struct brief *h, uint32_t ref)
{
	return pool_at(pool_of(h, ref), ref & ~V6);
}

void
brief_key(const struct brief *h, const struct brief_entry *e, struct conn_key *key)
{
	size_t n = addr_octets(e->family);

	memset(key, 0, sizeof *key);
	key->client.addr.family = key->server.addr.family = e->family;
	memcpy(key->client.addr.octet, e->octet, n);
	memcpy(key->server.addr.octet, e->octet + n, n);
	key->client.port = e->client_port;
	key->server.port = e->server_port;
	key->hash = key_hash(h->secret, &key->client, &key->server);
}

/* The addresses of either family by themselves: of a size that the compiler knows. */
static bool
same_octets(const struct brief_entry *e, const struct conn_key *key, size_t n)
{
	return memcmp(e->octet, key->client.addr.octet, n) == 0 &&
	       memcmp(e->octet + n, key->server.addr.octet, n) == 0;
}

static bool
same(const struct brief_entry *e, const struct conn_key *key)
{
	if (e->family != key->client.addr.family || e->client_port != key->client.port ||
	    e->server_port != key->server.port)
		return false;
	return e->family == 4 ? same_octets(e, key, 4) : same_octets(e, key, 16);
}

static void
set_octets(struct brief_entry *e, const struct conn_key *key, size_t n)
{
	memcpy(e->octet, key->client.addr.octet, n);
	memcpy(e->octet + n, key->server.addr.octet, n);
}

struct brief *
brief_new(struct budget *budget, uint64_t secret)
{
	struct brief *h = calloc(1, sizeof *h);

	if (h == NULL)
		return NULL;
	h->budget = budget;
	h->secret = secret;
	h->oldest = h->newest = NONE;
	pool_init(&h->pool[0], budget, sizeof(struct brief_entry) + 8);
	pool_init(&h->pool[1], budget, sizeof(struct brief_entry) + 32);
	return h;
}

void
brief_free(struct brief *h)
{
	if (h == NULL)
		return;
	pool_clear(&h->pool[0]);
	pool_clear(&h->pool[1]);
	budget_give(h->budget, h->slots * sizeof *h->slot);
	free(h->slot);
	free(h);
}

/* --- the index ------------------------------------------------------------------------- */

static void
put(struct brief *h, struct slot slot)
{
	uint32_t mask = h->slots - 1, i = slot.hash & mask;

	while (h->slot[i].ref != NONE)
		i = (i + 1) & mask;
	h->slot[i] = slot;
}

/* Three quarters full is full. */
static bool
is_full(const struct brief *h)
{
	return h->count >= h->slots / 4 * 3;
}

/* By itself, so that what adds an entry keeps no registers for it. */
static __attribute__((noinline)) bool
grow(struct brief *h)
{
	uint32_t slots = h->slots, want = slots == 0 ? 256 : slots * 2;
	struct slot *old = h->slot;

	if (slots >= UINT32_C(1) << 30 || !budget_take(h->budget, want * sizeof *old))
		return false;
	h->slot = malloc(want * sizeof *old);
	if (h->slot == NULL) {
		budget_give(h->budget, want * sizeof *old);
		h->slot = old;
		return false;
	}
	h->slots = want;
	memset(h->slot, 0xff, want * sizeof *old);
	for (uint32_t i = 0; i < slots; i++) {
		if (old[i].ref != NONE)
			put(h, old[i]);
	}
	budget_give(h->budget, slots * sizeof *old);
	free(old);
	return true;
}

void
brief_prefetch(const struct brief *h, uint64_t hash)
{
	if (h->slots > 0)
		__builtin_prefetch(&h->slot[hash & (h->slots - 1)]);
}

struct brief_found
brief_find(struct brief *h, const struct conn_key *key)
{
	struct brief_found found = { NULL, NULL };
	uint32_t hash, mask = h->slots - 1;

	if (h->count == 0)
		return found;
	hash = (uint32_t)key->hash;
	for (uint32_t i = hash & mask; h->slot[i].ref != NONE; i = (i + 1) & mask) {
		struct brief_entry *e;

		if (h->slot[i].hash != hash)
			continue;
		e = at(h, h->slot[i].ref);
		if (!same(e, key))
			continue;
		*(brief_reported(e) ? &found.reported : &found.syn) = e;
		h->found = i;
	}
	return found;
}

/* The slot of an entry that has one. */
static uint32_t
slot_of(struct brief *h, const struct brief_entry *e)
{
	struct conn_key key;
	uint32_t hash, i = h->found;

	/* Most are removed as soon as they were found. */
	if (i < h->slots && h->slot[i].ref != NONE && at(h, h->slot[i].ref) == e)
		return i;
	brief_key(h, e, &key);
	hash = (uint32_t)key.hash;
	for (i = hash & (h->slots - 1); h->slot[i].hash != hash || at(h, h->slot[i].ref) != e;
	     i = (i + 1) & (h->slots - 1))
		;
	return i;
}

/* Closes the hole that a removed slot leaves in its run (Knuth 6.4, algorithm R). */
static void
unslot(struct brief *h, uint32_t hole)
{
	uint32_t mask = h->slots - 1;

	for (uint32_t i = (hole + 1) & mask; h->slot[i].ref != NONE; i = (i + 1) & mask) {
		if (((i - h->slot[i].hash) & mask) >= ((i - hole) & mask)) {
			h->slot[hole] = h->slot[i];
			hole = i;
		}
	}
	h->slot[hole].ref = NONE;
}

/* --- entries ----------------------------------------------------------------------------- */

static struct brief_entry *
add(struct brief *h, const struct conn_key *key, const struct brief_entry *from)
{
	struct brief_entry *e;
	uint32_t ref;

	if (is_full(h) && !grow(h))
		return NULL;
	ref = key->client.addr.family == 4 ? 0 : V6;
	ref |= pool_take(pool_of(h, ref));
	if (ref == NONE)
		return NULL;
	e = at(h, ref);
	*e = *from;
	e->older = h->newest;
	e->newer = NONE;
	e->client_port = key->client.port;
	e->server_port = key->server.port;
	e->family = (uint8_t)key->client.addr.family;
	if (e->family == 4)
		set_octets(e, key, 4);
	else
		set_octets(e, key, 16);
	if (h->newest != NONE)
		at(h, h->newest)->newer = ref;
	else
		h->oldest = ref;
	h->newest = ref;
	put(h, (struct slot){ (uint32_t)key->hash, ref });
	h->count++;
	h->syns += !brief_reported(e);
	return e;
}

static uint16_t
seconds(int64_t ns)
{
	return (uint16_t)(ns / 1000000000);
}

int64_t
brief_age_ns(const struct brief_entry *e, int64_t now_ns)
{
	return (uint16_t)(seconds(now_ns) - e->seen_s) * INT64_C(1000000000);
}

struct brief_entry *
brief_add(struct brief *h, const struct conn_key *key, const struct segment *syn, uint32_t id,
    int64_t now_ns)
{
	struct brief_entry e = {
		.ts_ns = syn->ts_ns,
		.frame_no = syn->frame_no,
		.id = id,
		.seq = syn->seq,
		.window = syn->window,
		.seen_s = seconds(now_ns),
		.syn_count = 1,
		.window_shift = syn->window_shift,
		.ts_digits = syn->ts_digits,
	};

	return add(h, key, &e);
}

/* The sequence number behind everything that a direction is known to have sent, its FIN too. */
static uint32_t
end_of(const struct conn *c, enum dir dir)
{
	const struct conn_half *h = &c->half[dir], *peer = &c->half[1 - dir];
	uint64_t end = conn_behind(h);

	return conn_seq(h, peer->acked_set && peer->acked > end ? peer->acked : end);
}

struct brief_entry *
brief_add_reported(struct brief *h, const struct conn *conn, int64_t now_ns)
{
	struct brief_entry e = { .seen_s = seconds(now_ns) };

	e.seq = conn_seq(&conn->half[DIR_CLIENT], conn->half[DIR_CLIENT].origin - 1);
	for (int dir = 0; dir < DIR_COUNT; dir++)
		e.end[dir] = end_of(conn, (enum dir)dir);
	return add(h, &conn->key, &e);
}

#define STRAGGLER_OCTETS (INT32_C(1) << 20) /* so far back a retransmission may begin */

bool
brief_straggler(const struct brief_entry *e, enum dir dir, const struct segment *s)
{
	int32_t back = (int32_t)(e->end[dir] - s->seq);
	int32_t unacked = (int32_t)(e->end[1 - dir] - s->ack);

	if ((s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return s->seq == e->seq;
	if (back < 0 || back > STRAGGLER_OCTETS)
		return false;
	/* A FIN may have come since, and was passed over. */
	if ((s->flags & TCP_ACK) != 0 && (unacked < -1 || unacked > STRAGGLER_OCTETS))
		return false;
	/* What an RST carries is no part of the stream; anything else that is new goes on. */
	return (s->flags & TCP_RST) != 0 || s->len <= (uint32_t)back;
}

void
brief_touch_newest(struct brief *h, int64_t now_ns)
{
	if (h->newest != NONE)
		at(h, h->newest)->seen_s = seconds(now_ns);
}

struct brief_entry *
brief_oldest(struct brief *h)
{
	return h->oldest == NONE ? NULL : at(h, h->oldest);
}

uint32_t
brief_syns(const struct brief *h)
{
	return h->syns;
}

struct brief_entry *
brief_newer(struct brief *h, const struct brief_entry *e)
{
	return e->newer == NONE ? NULL : at(h, e->newer);
}

void
brief_remove(struct brief *h, struct brief_entry *e)
{
	uint32_t i = slot_of(h, e), ref = h->slot[i].ref;

	h->syns -= !brief_reported(e);
	unslot(h, i);
	if (e->older != NONE)
		at(h, e->older)->newer = e->newer;
	else
		h->oldest = e->newer;
	if (e->newer != NONE)
		at(h, e->newer)->older = e->older;
	else
		h->newest = e->older;
	pool_give(pool_of(h, ref), ref & ~V6);
	h->count--;
}

void
brief_tell(const struct brief_entry *e, struct conn *out)
{
	struct segment syn = {
		.ts_ns = e->ts_ns,
		.frame_no = e->frame_no,
		.seq = e->seq,
		.window = e->window,
		.flags = TCP_SYN,
		.ts_digits = e->ts_digits,
		.window_shift = e->window_shift,
	};

	conn_mark(&syn);
	conn_segment(out, DIR_CLIENT, &syn);
	out->half[DIR_CLIENT].syn_count = out->half[DIR_CLIENT].packets = e->syn_count;
	out->last_ts_ns += (int64_t)e->last_ms * 1000000;
}
