#include "analyzer/flow/pool.h"

#include <stdlib.h>
#include <string.h>

void
pool_init(struct pool *p, struct budget *budget, size_t stride)
{
	*p = (struct pool){ .budget = budget,
		.stride = (stride + 7) / 8 * 8,
		.open = POOL_NONE,
		.gone = POOL_NONE };
}

/* --- which chunks have room ------------------------------------------------------------- */

static void
list(struct pool *p, uint32_t n)
{
	struct pool_chunk *c = &p->chunk[n];

	c->before = POOL_NONE;
	c->after = p->open;
	if (c->after != POOL_NONE)
		p->chunk[c->after].before = n;
	p->open = n;
}

static void
unlist(struct pool *p, uint32_t n)
{
	const struct pool_chunk *c = &p->chunk[n];

	if (c->before != POOL_NONE)
		p->chunk[c->before].after = c->after;
	else
		p->open = c->after;
	if (c->after != POOL_NONE)
		p->chunk[c->after].before = c->before;
}

/* --- chunks come and go ------------------------------------------------------------------ */

static bool
make_room(struct pool *p)
{
	uint32_t room = p->room == 0 ? 16 : p->room * 2;
	struct pool_chunk *q;

	if (p->chunks < p->room)
		return true;
	if (room > POOL_MAX / POOL_CHUNK || !budget_take(p->budget, (room - p->room) * sizeof *q))
		return false;
	q = realloc(p->chunk, room * sizeof *q);
	if (q == NULL) {
		budget_give(p->budget, (room - p->room) * sizeof *q);
		return false;
	}
	p->chunk = q;
	p->room = room;
	return true;
}

/* By itself, so that pool_take keeps no registers for it. */
static __attribute__((noinline)) bool
add_chunk(struct pool *p)
{
	uint32_t n = p->gone;
	uint8_t *entries;

	if ((n == POOL_NONE && !make_room(p)) || !budget_take(p->budget, POOL_CHUNK * p->stride))
		return false;
	entries = aligned_alloc(CACHE_LINE, POOL_CHUNK * p->stride);
	if (entries == NULL) {
		budget_give(p->budget, POOL_CHUNK * p->stride);
		return false;
	}
	if (n != POOL_NONE)
		p->gone = p->chunk[n].after;
	else
		n = p->chunks++;
	p->chunk[n] = (struct pool_chunk){ .entries = entries, .free = POOL_NONE };
	list(p, n);
	return true;
}

static void
drop_chunk(struct pool *p, uint32_t n)
{
	struct pool_chunk *c = &p->chunk[n];

	unlist(p, n);
	free(c->entries);
	c->entries = NULL;
	c->after = p->gone;
	p->gone = n;
	budget_give(p->budget, POOL_CHUNK * p->stride);
}

/* --- entries ------------------------------------------------------------------------------ */

uint32_t
pool_take(struct pool *p)
{
	struct pool_chunk *c;
	uint32_t n, i;

	if (p->open == POOL_NONE && !add_chunk(p))
		return POOL_NONE;
	n = p->open;
	c = &p->chunk[n];
	i = c->free;
	if (i == POOL_NONE)
		i = c->fresh++;
	else
		memcpy(&c->free, c->entries + i * p->stride, sizeof c->free);
	if (++c->used == POOL_CHUNK)
		unlist(p, n);
	return n * POOL_CHUNK + i;
}

void
pool_give(struct pool *p, uint32_t number)
{
	uint32_t n = number / POOL_CHUNK, i = number % POOL_CHUNK;
	struct pool_chunk *c = &p->chunk[n];

	memcpy(c->entries + i * p->stride, &c->free, sizeof c->free);
	c->free = i;
	if (c->used-- == POOL_CHUNK)
		list(p, n);
	if (c->used == 0 && (p->open != n || c->after != POOL_NONE))
		drop_chunk(p, n);
}

void
pool_clear(struct pool *p)
{
	for (uint32_t n = 0; n < p->chunks; n++) {
		if (p->chunk[n].entries != NULL)
			budget_give(p->budget, POOL_CHUNK * p->stride);
		free(p->chunk[n].entries);
	}
	budget_give(p->budget, p->room * sizeof *p->chunk);
	free(p->chunk);
	pool_init(p, p->budget, p->stride);
}
