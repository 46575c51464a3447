/*
 * hat_ranges: of many ranges in an order, the first that holds a key.
 *
 * Built once: the line of keys is cut at every end of a range, and each piece belongs to the
 * first range that covers it. A range that gets no piece can never be found: ranges before it,
 * one or several together, cover it all.
 *
 * Cost: building O(n log n), finding O(log n).
 */
#ifndef HATCHECK_HAT_RANGES_H
#define HATCHECK_HAT_RANGES_H

#include "analyzer/hat/hat_host.h"

struct hat_range {
	struct hat_key lo, hi; /* both included */
	uint32_t value;        /* ascending in the order of the ranges; not HAT_RANGES_NONE */
};

#define HAT_RANGES_NONE UINT32_MAX

struct hat_ranges {
	struct hat_key *start; /* of each piece, ascending */
	uint32_t *value;       /* of the range it belongs to, or HAT_RANGES_NONE */
	size_t count;
};

/*
 * covered[i] becomes the value of a range that covers the start of range i, if range i got no
 * piece, else HAT_RANGES_NONE. False: no memory, and the struct is empty.
 */
bool hat_ranges_build(
    struct hat_ranges *r, const struct hat_range *ranges, size_t count, uint32_t *covered);
uint32_t hat_ranges_find(const struct hat_ranges *r, struct hat_key key);
void hat_ranges_clear(struct hat_ranges *r);

#endif
