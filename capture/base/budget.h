/*
 * budget: the one bound on tracking state, --max-memory, as a purse.
 *
 * Whoever keeps state takes its octets first and gives them back when it goes.
 * A refused take is no error: the caller does without, or frees something of
 * less worth and asks again, and counts it in limits.
 */
#ifndef HATCHECK_BUDGET_H
#define HATCHECK_BUDGET_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

struct budget {
	size_t used, max; /* octets */
};

static inline bool
budget_take(struct budget *b, size_t n)
{
	if (n > b->max || b->used > b->max - n)
		return false;
	b->used += n;
	return true;
}

static inline void
budget_give(struct budget *b, size_t n)
{
	assert(n <= b->used);
	b->used -= n;
}

#endif
