#include "analyzer/correlate/align.h"

#include <stdlib.h>

enum choice { SKIP_LEFT, SKIP_RIGHT, PAIR };

#define EXCHANGE_ROUNDS 4
#define LEFT_ROUNDS 4
#define EXCHANGE_REACH 4 /* how many places apart two accepts may change order */

/*
 * best[j] is the greatest weight with the lefts so far and the rights up to j; `settled` is what
 * the rights before the band of this row come to. A row reads the one before it in place.
 */
static void
fill_row(const struct align *a, uint32_t i, int64_t *best, uint8_t *choice)
{
	uint32_t from = a->from[i], to = a->to[i];
	int64_t diagonal = from == 0 ? 0 : best[from - 1], left = diagonal;

	for (uint32_t j = from; j < to; j++) {
		int32_t w = a->weight(a->ctx, i, j);
		int64_t above = best[j], value = above;
		enum choice c = SKIP_LEFT;

		if (left > value) {
			value = left;
			c = SKIP_RIGHT;
		}
		if (w > 0 && diagonal + w > value) {
			value = diagonal + w;
			c = PAIR;
		}
		choice[j - from] = (uint8_t)c;
		diagonal = above;
		best[j] = left = value;
	}
}

/* Rights beyond the bands so far have the value of the last one inside. */
static void
extend(int64_t *best, uint32_t *filled, uint32_t to)
{
	for (; *filled < to; ++*filled)
		best[*filled] = *filled == 0 ? 0 : best[*filled - 1];
}

static void
walk_back(const struct align *a, const uint8_t *choices, const size_t *row, uint32_t *right)
{
	uint32_t i = a->n, j = a->m;

	while (i > 0 && j > 0) {
		uint32_t from = a->from[i - 1], to = a->to[i - 1];

		if (j > to) {
			j = to;
			continue;
		}
		if (j <= from) {
			i--;
			continue;
		}
		switch (choices[row[i - 1] + (j - 1 - from)]) {
		case PAIR:
			right[--i] = --j;
			break;
		case SKIP_RIGHT:
			j--;
			break;
		default:
			i--;
			break;
		}
	}
}

static int32_t
weight_or_none(const struct align *a, uint32_t i, uint32_t j)
{
	int32_t w;

	if (j == ALIGN_NONE)
		return 0;
	if (j < a->from[i] || j >= a->to[i])
		return -1;
	w = a->weight(a->ctx, i, j);
	return w > 0 ? w : -1;
}

/* `now`: the weight that each left has. */
static bool
exchange(const struct align *a, uint32_t *right, int32_t *now, uint32_t i, uint32_t k)
{
	uint32_t j = right[i];
	int32_t mine, its;

	if (right[i] == right[k])
		return false;
	mine = weight_or_none(a, i, right[k]);
	if (mine < 0)
		return false;
	its = weight_or_none(a, k, j);
	if (its < 0 || mine + its <= now[i] + now[k])
		return false;
	right[i] = right[k];
	right[k] = j;
	now[i] = mine;
	now[k] = its;
	return true;
}

static void
exchange_neighbours(const struct align *a, uint32_t *right, int32_t *now)
{
	bool changed = true;

	for (uint32_t i = 0; i < a->n; i++)
		now[i] = weight_or_none(a, i, right[i]);
	for (int round = 0; changed && round < EXCHANGE_ROUNDS; round++) {
		changed = false;
		for (uint32_t i = 0; i < a->n; i++) {
			for (uint32_t k = i + 1; k < a->n && k <= i + EXCHANGE_REACH; k++)
				changed |= exchange(a, right, now, i, k);
		}
	}
}

/* The right that fits this left best, of those that nobody has; ALIGN_NONE. */
static uint32_t
best_right(const struct align *a, uint32_t i, const uint8_t *taken)
{
	uint32_t at = ALIGN_NONE;
	int32_t best = INT32_MIN;

	for (uint32_t j = a->from[i]; j < a->to[i]; j++) {
		int32_t w = taken[j] ? 0 : a->weight(a->ctx, i, j);

		if (w != 0 && w > best) {
			best = w;
			at = j;
		}
	}
	return at;
}

/* Nobody who has nothing fits this right better than this left does. */
static bool
is_best_left(const struct align *a, uint32_t i, uint32_t j, const uint32_t *right)
{
	int32_t mine = a->weight(a->ctx, i, j), its;

	for (uint32_t k = i; k-- > 0 && j < a->to[k];)
		if (right[k] == ALIGN_NONE && j >= a->from[k] &&
		    (its = a->weight(a->ctx, k, j)) != 0 && its >= mine)
			return false;
	for (uint32_t k = i + 1; k < a->n && j >= a->from[k]; k++)
		if (right[k] == ALIGN_NONE && j < a->to[k] &&
		    (its = a->weight(a->ctx, k, j)) != 0 && its > mine)
			return false;
	return true;
}

/* What the order left over on both sides goes together where it may; first those that are each
 * other's best. */
static void
join_left_overs(const struct align *a, uint32_t *right, uint8_t *taken)
{
	bool changed = true;

	for (uint32_t i = 0; i < a->n; i++) {
		if (right[i] != ALIGN_NONE)
			taken[right[i]] = 1;
	}
	for (int round = 0; changed; round++) {
		changed = false;
		for (uint32_t i = 0; i < a->n; i++) {
			uint32_t j = right[i] == ALIGN_NONE ? best_right(a, i, taken) : ALIGN_NONE;

			if (j == ALIGN_NONE ||
			    ((round < LEFT_ROUNDS || a->weight(a->ctx, i, j) < 0) &&
				!is_best_left(a, i, j, right)))
				continue;
			right[i] = j;
			taken[j] = 1;
			changed = true;
		}
	}
}

bool
align_run(const struct align *a, uint32_t *right)
{
	size_t *row = calloc((size_t)a->n + 1, sizeof *row);
	int64_t *best = calloc((size_t)a->m + 1, sizeof *best);
	int32_t *now = calloc((size_t)a->n + 1, sizeof *now);
	uint8_t *taken = calloc((size_t)a->m + 1, 1), *choices = NULL;
	uint32_t filled = 0;
	size_t cells = 0;
	bool ok = false;

	for (uint32_t i = 0; i < a->n; i++)
		right[i] = ALIGN_NONE;
	if (row == NULL || best == NULL || taken == NULL || now == NULL)
		goto end;
	for (uint32_t i = 0; i < a->n; i++) {
		row[i] = cells;
		cells += a->to[i] - a->from[i];
	}
	choices = malloc(cells + 1);
	if (choices == NULL)
		goto end;
	for (uint32_t i = 0; i < a->n; i++) {
		extend(best, &filled, a->to[i]);
		fill_row(a, i, best, choices + row[i]);
	}
	walk_back(a, choices, row, right);
	exchange_neighbours(a, right, now);
	join_left_overs(a, right, taken);
	ok = true;
end:
	free(choices);
	free(taken);
	free(now);
	free(best);
	free(row);
	return ok;
}
