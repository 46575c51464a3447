/*
 * A datagram under reassembly keeps its fragments as they came and, in a bitmap of
 * blocks of 8 octets, what of it has come at all. Fragments start on a block and only
 * the last one ends within one (RFC 791 3.2), so a count of blocks tells exactly when
 * it is complete, and nothing has to be sorted. The octets are laid out once, then.
 */
#include "capture/packet/fragment.h"

#include <stdlib.h>

#include "capture/packet/packet.h"

#define MAX_OCTETS 65535u /* of a datagram's payload */
#define BLOCK 8u
#define MAX_BLOCKS ((MAX_OCTETS + BLOCK - 1) / BLOCK)
#define BUCKETS 1024u
#define UNKNOWN UINT32_MAX

struct block_set {
	uint64_t bit[MAX_BLOCKS / 64 + 1];
};

struct piece {
	struct piece *next; /* in order of arrival */
	uint32_t offset, len;
	struct bytes data; /* behind the struct */
};

struct partial {
	struct fragment_key key;
	struct partial *chain;           /* of its bucket */
	struct partial *younger, *older; /* of its list */
	struct piece *first, **last;
	int64_t ts_ns; /* of its first fragment to come */
	size_t octets; /* taken from the budget */
	uint32_t pieces;
	uint32_t blocks; /* that have come */
	uint32_t total;  /* octets, UNKNOWN until the last fragment comes */
	uint8_t protocol;
	bool done;
	struct block_set have;
};

struct list {
	struct partial *oldest, *youngest;
	size_t count;
};

struct fragments {
	struct budget *budget;
	struct limits *limits;
	size_t octets; /* taken from the budget */
	struct list waiting, done;
	struct partial *bucket[BUCKETS];
	uint8_t whole[MAX_BLOCKS * BLOCK]; /* the datagram handed out */
};

static bool
block_add(struct block_set *s, uint32_t block)
{
	uint64_t bit = UINT64_C(1) << (block % 64);
	bool fresh = (s->bit[block / 64] & bit) == 0;

	s->bit[block / 64] |= bit;
	return fresh;
}

static bool
block_has(const struct block_set *s, uint32_t block)
{
	return (s->bit[block / 64] >> (block % 64) & 1) != 0;
}

/* How many blocks the first n octets touch. */
static uint32_t
block_end(uint32_t n)
{
	return (n + BLOCK - 1) / BLOCK;
}

static void
list_add(struct list *l, struct partial *p)
{
	p->older = l->youngest;
	p->younger = NULL;
	*(l->youngest != NULL ? &l->youngest->younger : &l->oldest) = p;
	l->youngest = p;
	l->count++;
}

static void
list_remove(struct list *l, struct partial *p)
{
	*(p->older != NULL ? &p->older->younger : &l->oldest) = p->younger;
	*(p->younger != NULL ? &p->younger->older : &l->youngest) = p->older;
	l->count--;
}

static struct partial **
bucket_of(struct fragments *f, const struct fragment_key *key)
{
	uint64_t hash = key->id * UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 0; i < sizeof key->addr; i += sizeof hash) {
		uint64_t word;

		memcpy(&word, key->addr + i, sizeof word);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return &f->bucket[hash % BUCKETS];
}

static struct partial *
look_up(struct fragments *f, const struct fragment_key *key)
{
	struct partial *p = *bucket_of(f, key);

	while (p != NULL && memcmp(&p->key, key, sizeof *key) != 0)
		p = p->chain;
	return p;
}

static void
forget(struct fragments *f, struct partial *p)
{
	struct partial **at = bucket_of(f, &p->key);
	struct piece *piece = p->first;

	while (*at != p)
		at = &(*at)->chain;
	*at = p->chain;
	list_remove(p->done ? &f->done : &f->waiting, p);
	if (!p->done)
		limits_hit(f->limits, LIMIT_FRAGMENTS_DROPPED, p->pieces);
	f->octets -= p->octets;
	budget_give(f->budget, p->octets);
	while (piece != NULL) {
		struct piece *next = piece->next;

		free(piece);
		piece = next;
	}
	free(p);
}

/* Takes n octets, at the cost of the oldest datagrams but never of `keep`. */
static bool
take(struct fragments *f, size_t n, const struct partial *keep)
{
	while (
	    f->octets + n > f->budget->max / FRAGMENT_BUDGET_SHARE || !budget_take(f->budget, n)) {
		struct partial *victim = f->done.oldest;

		if (victim == NULL)
			victim = f->waiting.oldest != keep ? f->waiting.oldest
			         : keep != NULL            ? keep->younger
			                                   : NULL;
		if (victim == NULL)
			return false;
		forget(f, victim);
	}
	f->octets += n;
	return true;
}

static bool
too_old(const struct partial *p, int64_t now_ns)
{
	return now_ns > p->ts_ns &&
	       (uint64_t)now_ns - (uint64_t)p->ts_ns > (uint64_t)PACKET_FRAGMENT_AGE_NS;
}

static void
expire(struct fragments *f, struct list *l, int64_t now_ns, size_t max)
{
	while (l->oldest != NULL && (l->count > max || too_old(l->oldest, now_ns)))
		forget(f, l->oldest);
}

static struct partial *
start(struct fragments *f, const struct fragment *frag)
{
	struct partial *p, **bucket = bucket_of(f, &frag->key);

	if (!take(f, sizeof *p, NULL))
		return NULL;
	p = calloc(1, sizeof *p);
	if (p == NULL) {
		f->octets -= sizeof *p;
		budget_give(f->budget, sizeof *p);
		return NULL;
	}
	p->key = frag->key;
	p->ts_ns = frag->ts_ns;
	p->octets = sizeof *p;
	p->total = UNKNOWN;
	p->last = &p->first;
	p->chain = *bucket;
	*bucket = p;
	list_add(&f->waiting, p);
	return p;
}

static bool
keep(struct fragments *f, struct partial *p, const struct fragment *frag)
{
	size_t octets = sizeof(struct piece) + frag->data.n;
	struct piece *piece;

	if (!take(f, octets, p))
		return false;
	piece = malloc(octets);
	if (piece == NULL) {
		f->octets -= octets;
		budget_give(f->budget, octets);
		return false;
	}
	if (frag->data.n > 0)
		memcpy(piece + 1, frag->data.p, frag->data.n);
	*piece = (struct piece){
		.offset = frag->offset, .len = frag->len, .data = bytes_of(piece + 1, frag->data.n)
	};
	*p->last = piece;
	p->last = &piece->next;
	p->octets += octets;
	p->pieces++;
	return true;
}

/* The end of the datagram: the first last fragment says it, and what lies beyond is void. */
static void
set_total(struct partial *p, uint32_t total)
{
	if (p->total != UNKNOWN)
		return;
	p->total = total;
	p->blocks = 0;
	for (uint32_t b = 0; b < block_end(total); b++)
		p->blocks += block_has(&p->have, b);
}

/* True when the fragment brought at least one block that had not come before. */
static bool
mark(struct partial *p, uint32_t offset, uint32_t end)
{
	uint32_t before = p->blocks;

	if (p->total != UNKNOWN && end > p->total)
		end = p->total;
	for (uint32_t b = offset / BLOCK; b < block_end(end); b++)
		p->blocks += block_add(&p->have, b);
	return p->blocks != before;
}

/* Copies what is new of a piece, block by block, and says so in the two sets. */
static void
lay_out(struct fragments *f, const struct piece *piece, struct block_set *sent,
    struct block_set *captured)
{
	for (uint32_t at = 0; at < piece->len; at += BLOCK) {
		uint32_t block = (piece->offset + at) / BLOCK;
		size_t n = piece->len - at < BLOCK ? piece->len - at : BLOCK;

		if (!block_add(sent, block) || at + n > piece->data.n)
			continue;
		memcpy(f->whole + piece->offset + at, piece->data.p + at, n);
		block_add(captured, block);
	}
}

static void
assemble(struct fragments *f, const struct partial *p, struct datagram *out)
{
	struct block_set sent = { { 0 } }, captured = { { 0 } };
	uint32_t block = 0;
	size_t prefix;

	for (const struct piece *piece = p->first; piece != NULL; piece = piece->next)
		lay_out(f, piece, &sent, &captured);
	while (block < block_end(p->total) && block_has(&captured, block))
		block++;
	prefix = (size_t)block * BLOCK;
	out->data = bytes_of(f->whole, prefix < p->total ? prefix : p->total);
	out->len = p->total;
	out->protocol = p->protocol;
}

static bool
is_copy(const struct partial *p, const struct fragment *frag)
{
	for (const struct piece *piece = p->first; piece != NULL; piece = piece->next)
		if (piece->offset == frag->offset && piece->len == frag->len &&
		    bytes_eq(piece->data, frag->data))
			return true;
	return false;
}

static void
finish(struct fragments *f, struct partial *p)
{
	list_remove(&f->waiting, p);
	p->done = true;
	list_add(&f->done, p);
}

static bool
possible(const struct fragment *frag)
{
	return frag->len > 0 && frag->len <= MAX_OCTETS && frag->offset <= MAX_OCTETS - frag->len &&
	       (!frag->more || frag->len % BLOCK == 0);
}

struct fragments *
fragment_new(struct budget *budget, struct limits *limits)
{
	struct fragments *f = calloc(1, sizeof *f);

	if (f != NULL) {
		f->budget = budget;
		f->limits = limits;
	}
	return f;
}

void
fragment_free(struct fragments *f)
{
	if (f == NULL)
		return;
	while (f->done.oldest != NULL)
		forget(f, f->done.oldest);
	while (f->waiting.oldest != NULL)
		forget(f, f->waiting.oldest);
	free(f);
}

enum fragment_result
fragment_feed(struct fragments *f, const struct fragment *frag, struct datagram *out)
{
	struct partial *p;

	if (!possible(frag))
		return FRAGMENT_BAD;
	expire(f, &f->waiting, frag->ts_ns, FRAGMENT_MAX_DATAGRAMS - 1);
	expire(f, &f->done, frag->ts_ns, FRAGMENT_KEPT_DONE);
	p = look_up(f, &frag->key);
	if (p != NULL && p->done) {
		if (is_copy(p, frag))
			return FRAGMENT_HELD;
		forget(f, p); /* the same number again, for another datagram */
		p = NULL;
	}
	if (p == NULL)
		p = start(f, frag);
	if (p == NULL) {
		limits_hit(f->limits, LIMIT_FRAGMENTS_DROPPED, 1);
		return FRAGMENT_HELD;
	}
	if (frag->offset == 0 && p->protocol == 0)
		p->protocol = frag->protocol;
	if (!frag->more)
		set_total(p, frag->offset + frag->len);
	if (mark(p, frag->offset, frag->offset + frag->len) && !keep(f, p, frag)) {
		limits_hit(f->limits, LIMIT_FRAGMENTS_DROPPED, 1);
		forget(f, p);
		return FRAGMENT_HELD;
	}
	if (p->total == UNKNOWN || p->blocks < block_end(p->total))
		return FRAGMENT_HELD;
	assemble(f, p, out);
	finish(f, p);
	return FRAGMENT_WHOLE;
}
