#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "analyzer/correlate/align.h"
#include "tests/unit/rows.h"

#define MAX 6

struct matrix {
	int32_t w[MAX][MAX];
	uint32_t n, m, from[MAX], to[MAX];
};

static int32_t
weight(void *ctx, uint32_t i, uint32_t j)
{
	const struct matrix *x = ctx;

	cr_assert(j >= x->from[i] && j < x->to[i], "asked outside the band: %u, %u", i, j);
	return x->w[i][j];
}

/* The best order-preserving one-to-one assignment, by trying all. */
static int64_t
best_in_order(const struct matrix *x, uint32_t i, uint32_t j)
{
	int64_t best;

	if (i == x->n)
		return 0;
	best = best_in_order(x, i + 1, j);
	for (uint32_t k = j; k < x->m; k++) {
		bool may = k >= x->from[i] && k < x->to[i] && x->w[i][k] > 0;
		int64_t with = may ? x->w[i][k] + best_in_order(x, i + 1, k + 1) : 0;

		best = with > best ? with : best;
	}
	return best;
}

/* The weight of what was assigned, once it is seen to be one to one and inside the bands. */
static int64_t
assigned(const struct matrix *x, const uint32_t *right)
{
	bool taken[MAX] = { false };
	int64_t sum = 0;

	for (uint32_t i = 0; i < x->n; i++) {
		uint32_t j = right[i];

		if (j == ALIGN_NONE)
			continue;
		cr_assert(j >= x->from[i] && j < x->to[i] && !taken[j]);
		cr_assert_neq(x->w[i][j], 0);
		taken[j] = true;
		sum += x->w[i][j] > 0 ? x->w[i][j] : 0;
	}
	return sum;
}

static uint32_t
some(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(*state >> 33) % below;
}

static void
draw(struct matrix *x, bool some_last, uint64_t *state)
{
	x->n = some(state, MAX + 1);
	x->m = some(state, MAX + 1);
	for (uint32_t i = 0; i < x->n; i++) {
		uint32_t lo = i == 0 ? 0 : x->from[i - 1], hi = i == 0 ? 0 : x->to[i - 1];

		x->from[i] = lo + some(state, 2);
		x->from[i] = x->from[i] > x->m ? x->m : x->from[i];
		hi = hi > x->from[i] ? hi : x->from[i];
		x->to[i] = hi + some(state, x->m - hi + 1);
		for (uint32_t j = 0; j < MAX; j++)
			x->w[i][j] = some(state, 4) == 0 ? 0 : (int32_t)some(state, 100);
		for (uint32_t j = 0; some_last && j < MAX && i % 3 == 1; j++)
			x->w[i][j] -= x->w[i][j] == 0 ? 0 : 1000;
	}
}

/* Whoever has nothing could have had nothing that is free, nor what one has who comes last. */
static void
assert_last(const struct matrix *x, const uint32_t *right)
{
	bool first_has[MAX] = { false };

	for (uint32_t i = 0; i < x->n; i++)
		if (right[i] != ALIGN_NONE && x->w[i][right[i]] > 0)
			first_has[right[i]] = true;
	for (uint32_t i = 0; i < x->n; i++)
		for (uint32_t j = x->from[i]; right[i] == ALIGN_NONE && j < x->to[i]; j++)
			cr_assert(x->w[i][j] <= 0 || first_has[j], "%u could have %u", i, j);
}

/* Exchanges and left-overs may only add to what the order gives. */
Test(align, is_never_worse_than_the_best_in_order)
{
	uint64_t state = 1;

	for (int round = 0; round < 20000; round++) {
		struct matrix x;
		struct align a = { .weight = weight, .ctx = &x };
		uint32_t right[MAX];

		draw(&x, round % 2 == 0, &state);
		a.n = x.n;
		a.m = x.m;
		a.from = x.from;
		a.to = x.to;
		cr_assert(align_run(&a, right));
		cr_assert_geq(assigned(&x, right), best_in_order(&x, 0, 0), "round %d", round);
		assert_last(&x, right);
	}
}

static const struct row {
	const char *why;
	struct matrix x;
	uint32_t right[MAX];
} rows[] = {
	{ "nothing on either side", { .n = 0, .m = 0 }, { 0 } },
	{ "no rights", { .n = 1, .m = 0 }, { ALIGN_NONE } },
	{ "a pair that may not be is none",
	    { .w = { { 0 } }, .n = 1, .m = 1, .from = { 0 }, .to = { 1 } }, { ALIGN_NONE } },
	{ "of two, the one that fits better",
	    { .w = { { 3, 7 } }, .n = 1, .m = 2, .from = { 0 }, .to = { 2 } }, { 1 } },
	{ "not greedy: the best pair would cost more than it brings",
	    { .w = { { 6, 7 }, { 0, 6 } }, .n = 2, .m = 2, .from = { 0, 0 }, .to = { 2, 2 } },
	    { 0, 1 } },
	{ "equal ones keep their order",
	    { .w = { { 5, 5 }, { 5, 5 } }, .n = 2, .m = 2, .from = { 0, 0 }, .to = { 2, 2 } },
	    { 0, 1 } },
	{ "neighbours that fit the other way round are exchanged",
	    { .w = { { 1, 9 }, { 9, 1 } }, .n = 2, .m = 2, .from = { 0, 0 }, .to = { 2, 2 } },
	    { 1, 0 } },
	{ "what the order left over goes together",
	    { .w = { { 0, 9 }, { 5, 0 } }, .n = 2, .m = 2, .from = { 0, 0 }, .to = { 2, 2 } },
	    { 1, 0 } },
	{ "and not with the first that may, if another fits better",
	    { .w = { { 0, 9 }, { 2, 0 }, { 5, 0 } },
		.n = 3,
		.m = 2,
		.from = { 0, 0, 0 },
		.to = { 2, 2, 2 } },
	    { 1, ALIGN_NONE, 0 } },
	{ "bands that do not overlap",
	    { .w = { { 4, 0 }, { 0, 4 } }, .n = 2, .m = 2, .from = { 0, 1 }, .to = { 1, 2 } },
	    { 0, 1 } },
};

ROWS(align, rows, rows)

ParameterizedTest(size_t *i, align, rows)
{
	const struct row *r = &rows[*i];
	struct matrix x = r->x;
	struct align a = { x.n, x.m, x.from, x.to, weight, &x };
	uint32_t right[MAX];

	cr_assert(align_run(&a, right));
	for (uint32_t k = 0; k < x.n; k++)
		cr_expect_eq(right[k], r->right[k], "%s: %u has %u", r->why, k, right[k]);
}
