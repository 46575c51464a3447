#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/flow/pool.h"

#define MANY (3 * POOL_CHUNK + 7)

struct bench {
	struct budget budget;
	struct pool pool;
	uint32_t *number;
};

static void
bench_init(struct bench *b, size_t max, size_t stride)
{
	*b = (struct bench){ .budget = { .max = max } };
	pool_init(&b->pool, &b->budget, stride);
	b->number = malloc(MANY * sizeof *b->number);
	cr_assert_not_null(b->number);
}

static void
bench_clear(struct bench *b)
{
	pool_clear(&b->pool);
	cr_assert_eq(b->budget.used, 0, "every octet taken is given back");
	free(b->number);
}

static uint32_t
take(struct bench *b, uint32_t mark)
{
	uint32_t number = pool_take(&b->pool);

	cr_assert_neq(number, POOL_NONE);
	memcpy(pool_at(&b->pool, number), &mark, sizeof mark);
	return number;
}

static uint32_t
mark_of(const struct bench *b, uint32_t number)
{
	uint32_t mark;

	memcpy(&mark, pool_at(&b->pool, number), sizeof mark);
	return mark;
}

Test(pool, entries_stay_what_they_are)
{
	struct bench b;
	uint32_t state = 1, live = 0;

	bench_init(&b, 1 << 24, 20);
	for (uint32_t i = 0; i < MANY; i++)
		b.number[i] = POOL_NONE;
	for (uint32_t step = 0; step < 20 * MANY; step++) {
		uint32_t i = (state = state * 1664525 + 1013904223) / 64 % MANY;

		if (b.number[i] == POOL_NONE) {
			b.number[i] = take(&b, i);
			live++;
		} else {
			cr_assert_eq(mark_of(&b, b.number[i]), i, "two have the same place");
			pool_give(&b.pool, b.number[i]);
			b.number[i] = POOL_NONE;
			live--;
		}
	}
	for (uint32_t i = 0; i < MANY; i++)
		cr_assert(b.number[i] == POOL_NONE || mark_of(&b, b.number[i]) == i);
	cr_assert_gt(live, POOL_CHUNK);
	bench_clear(&b);
}

Test(pool, memory_comes_back_when_the_oldest_go)
{
	struct bench b;
	size_t most;

	bench_init(&b, 1 << 24, 56);
	for (uint32_t i = 0; i < MANY; i++)
		b.number[i] = take(&b, i);
	most = b.budget.used;
	for (uint32_t i = 0; i < POOL_CHUNK; i++)
		pool_give(&b.pool, b.number[i]);
	cr_assert_eq(b.budget.used, most - POOL_CHUNK * 56, "one chunk of the four is given back");
	for (uint32_t i = POOL_CHUNK; i < MANY; i++)
		pool_give(&b.pool, b.number[i]);
	cr_assert_lt(b.budget.used, 2 * POOL_CHUNK * 56, "one stays, for those to come");
	b.number[0] = take(&b, 1);
	cr_assert_lt(b.budget.used, 2 * POOL_CHUNK * 56);
	bench_clear(&b);
}

Test(pool, one_that_comes_and_goes_costs_no_chunk_each_time)
{
	struct bench b;
	size_t used;

	bench_init(&b, 1 << 24, 56);
	pool_give(&b.pool, take(&b, 1));
	used = b.budget.used;
	for (int i = 0; i < 10; i++) {
		uint32_t number = take(&b, 2);

		cr_assert_eq(b.budget.used, used);
		pool_give(&b.pool, number);
		cr_assert_eq(b.budget.used, used);
	}
	bench_clear(&b);
}

Test(pool, without_budget_there_is_none)
{
	struct bench b;
	uint32_t n = 0;

	bench_init(&b, 2 * POOL_CHUNK * 56 + 1024, 56);
	while (n < MANY && (b.number[n] = pool_take(&b.pool)) != POOL_NONE)
		n++;
	cr_assert_eq(n, 2 * POOL_CHUNK);
	pool_give(&b.pool, b.number[5]);
	cr_assert_eq(pool_take(&b.pool), b.number[5], "what was given is there again");
	cr_assert_eq(pool_take(&b.pool), POOL_NONE);
	bench_clear(&b);
}
