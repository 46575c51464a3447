#include "analyzer/hat/hat_ranges.h"

#include <stdlib.h>

static int
by_key(const void *a, const void *b)
{
	return hat_key_compare(*(const struct hat_key *)a, *(const struct hat_key *)b);
}

static size_t
sort_unique(struct hat_key *keys, size_t count)
{
	size_t n = 0;

	qsort(keys, count, sizeof *keys, by_key);
	for (size_t i = 0; i < count; i++)
		if (n == 0 || hat_key_compare(keys[n - 1], keys[i]) != 0)
			keys[n++] = keys[i];
	return n;
}

/* The last piece that starts at or before the key. */
static size_t
piece_of(const struct hat_key *start, size_t count, struct hat_key key)
{
	size_t lo = 0, hi = count;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (hat_key_compare(start[mid], key) <= 0)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* next[i]: a piece at or after i that is still free, with the way there made shorter. */
static size_t
free_piece(size_t *next, size_t i)
{
	while (next[i] != i) {
		next[i] = next[next[i]];
		i = next[i];
	}
	return i;
}

/* Gives every piece to the first range that covers it. */
static void
paint(struct hat_ranges *r, const struct hat_range *ranges, size_t count, size_t *next,
    uint32_t *covered)
{
	for (size_t i = 0; i <= r->count; i++)
		next[i] = i;
	for (size_t i = 0; i < count; i++) {
		size_t first = piece_of(r->start, r->count, ranges[i].lo), p;

		covered[i] = r->value[first];
		for (p = free_piece(next, first);
		     p < r->count && hat_key_compare(r->start[p], ranges[i].hi) <= 0;
		     p = free_piece(next, p)) {
			r->value[p] = ranges[i].value;
			next[p] = p + 1;
			covered[i] = HAT_RANGES_NONE;
		}
	}
}

bool
hat_ranges_build(
    struct hat_ranges *r, const struct hat_range *ranges, size_t count, uint32_t *covered)
{
	size_t *next = malloc((2 * count + 2) * sizeof *next);

	*r = (struct hat_ranges){ .start = malloc((2 * count + 1) * sizeof *r->start),
		.value = malloc((2 * count + 1) * sizeof *r->value) };
	if (next == NULL || r->start == NULL || r->value == NULL) {
		free(next);
		hat_ranges_clear(r);
		return false;
	}
	/* From the first key on, so that every key lies in a piece. */
	r->start[0] = (struct hat_key){ 0, 0 };
	for (size_t i = 0; i < count; i++) {
		r->start[2 * i + 1] = ranges[i].lo;
		r->start[2 * i + 2] = hat_key_next(ranges[i].hi);
	}
	r->count = sort_unique(r->start, 2 * count + 1);
	for (size_t i = 0; i < r->count; i++)
		r->value[i] = HAT_RANGES_NONE;
	paint(r, ranges, count, next, covered);
	free(next);
	return true;
}

uint32_t
hat_ranges_find(const struct hat_ranges *r, struct hat_key key)
{
	return r->count == 0 ? HAT_RANGES_NONE : r->value[piece_of(r->start, r->count, key)];
}

void
hat_ranges_clear(struct hat_ranges *r)
{
	free(r->start);
	free(r->value);
	*r = (struct hat_ranges){ 0 };
}
