#include <criterion/criterion.h>
#include <stdlib.h>

#include "analyzer/maillog/log_draft.h"
#include "analyzer/maillog/log_index.h"

#define NUMBERS 97
#define STEPS 20000

static struct log_key
key_of(unsigned n)
{
	/* Numbers that share a home with others, of two kinds and three appliances. */
	return (struct log_key){ (uint64_t)(n / 6) << 32, (uint16_t)(n % 3), (uint8_t)(n / 3 % 2) };
}

Test(log_index, leads_to_what_was_put_last_whatever_else_came_and_went)
{
	static struct log_draft drafts[4];
	struct log_draft *want[NUMBERS] = { NULL };
	struct log_index x = { .entries = NULL };
	size_t used = 0;

	cr_assert_null(log_index_get(&x, key_of(0)), "nothing is in it before the first");
	log_index_remove(&x, key_of(0), &drafts[0]);
	srand(1);
	for (int i = 0; i < STEPS; i++) {
		unsigned n = (unsigned)rand() % NUMBERS;
		struct log_draft *d = &drafts[rand() % 4];

		if (rand() % 2 == 0) {
			cr_assert(log_index_put(&x, key_of(n), d));
			want[n] = d;
		} else {
			log_index_remove(&x, key_of(n), d);
			if (want[n] == d)
				want[n] = NULL;
		}
		used = 0;
		for (unsigned k = 0; k < NUMBERS; k++) {
			cr_assert_eq(
			    log_index_get(&x, key_of(k)), want[k], "step %d, key %u", i, k);
			used += want[k] != NULL;
		}
		cr_assert_eq(x.used, used);
	}
	log_index_clear(&x);
}

Test(log_index, grows)
{
	static struct log_draft draft;
	struct log_index x = { .entries = NULL };

	for (uint64_t n = 0; n < 100000; n++)
		cr_assert(log_index_put(&x, (struct log_key){ n, 0, LOG_KEY_ICID }, &draft));
	for (uint64_t n = 0; n < 100000; n++)
		cr_assert_eq(log_index_get(&x, (struct log_key){ n, 0, LOG_KEY_ICID }), &draft);
	cr_assert_null(log_index_get(&x, (struct log_key){ 100000, 0, LOG_KEY_ICID }));
	log_index_clear(&x);
}
