/*
 * pool: very many entries of one size, each known by a number of 32 bits.
 *
 * They lie in chunks that never move and begin with a line of the cache. A chunk that becomes
 * empty is given back, unless no other has room: so that what has grown in a flood becomes free
 * again for others.
 *
 * Owns:  its chunks, taken from the budget.
 * Fails: pool_take returns POOL_NONE without budget or memory.
 * Cost:  O(1) each.
 */
#ifndef HATCHECK_POOL_H
#define HATCHECK_POOL_H

#include <stdint.h>

#include "capture/base/budget.h"
#include "capture/base/cache.h"

#define POOL_NONE UINT32_MAX
#define POOL_CHUNK 64                /* entries; so that a small budget has room for some */
#define POOL_MAX (UINT32_C(1) << 30) /* numbers are below this */

struct pool_chunk {       /* in the open for pool_at alone */
	uint8_t *entries; /* NULL: given back */
	uint32_t used;
	uint32_t fresh;         /* the first that was never taken */
	uint32_t free;          /* list of those that were given, by their first 4 octets */
	uint32_t before, after; /* in `open`; `after` also in `gone` */
};

struct pool {
	struct budget *budget;
	size_t stride; /* octets of an entry, at least 4, in words of 8 */
	struct pool_chunk *chunk;
	uint32_t chunks, room;
	uint32_t open; /* list of chunks with entries to give */
	uint32_t gone; /* list of numbers of chunks that were given back */
};

void pool_init(struct pool *p, struct budget *budget, size_t stride);
uint32_t pool_take(struct pool *p);
void pool_give(struct pool *p, uint32_t number);
/* The entry of a number that was taken. */
static inline void *
pool_at(const struct pool *p, uint32_t number)
{
	return p->chunk[number / POOL_CHUNK].entries + number % POOL_CHUNK * p->stride;
}

void pool_clear(struct pool *p);

#endif
