#include <criterion/criterion.h>
#include <limits.h>

#include "analyzer/verdict/record.h"

static struct record_builder
builder(void)
{
	struct record_builder b;

	cr_assert(record_builder_init(&b));
	return b;
}

static void
is(const struct record_builder *b, struct text t, const char *expected)
{
	cr_assert(text_present(t));
	cr_assert(bytes_eq(record_text(b->rec, t), bytes_str(expected)), "%.*s, not %s", (int)t.len,
	    (const char *)record_text(b->rec, t).p, expected);
}

Test(record, what_a_format_may_hold)
{
	struct record_builder b = builder();

	is(&b, record_add_format(&b, "words alone"), "words alone");
	is(&b, record_add_format(&b, "%s", ""), "");
	is(&b, record_add_format(&b, "%u in %s: %llu", 554u, "frame", ULLONG_MAX),
	    "554 in frame: 18446744073709551615");
	is(&b, record_add_format(&b, "%lld ms, %lld", -20LL, LLONG_MIN),
	    "-20 ms, -9223372036854775808");
	cr_assert_not(b.failed);
	record_builder_clear(&b);
}

/* Cut at its bound, wherever that falls: in a word, in the format, in a number. */
Test(record, a_format_ends_somewhere)
{
	struct record_builder b = builder();
	char word[1021] = { 0 }, more[1101] = { 0 }, expected[1024] = { 0 };

	memset(word, 'w', sizeof word - 1);
	memset(more, 'w', sizeof more - 1);
	memset(expected, 'w', sizeof expected - 1);
	is(&b, record_add_format(&b, "%s%s", word, more), expected);
	is(&b, record_add_format(&b, "%s%s%u", word, "www", 7u), expected);
	memcpy(expected + 1020, "-12", 3);
	is(&b, record_add_format(&b, "%s%lld", word, -1234LL), expected);
	memcpy(expected + 1020, " an", 3);
	is(&b, record_add_format(&b, "%s and so on", word), expected);
	record_builder_clear(&b);
}

/* The block moves as it grows; what was added before stays, and what lies between is zero. */
Test(record, texts_and_arrays_stay_as_it_grows)
{
	struct record_builder b = builder();
	struct text first = record_add_text(&b, BYTES_LIT("first"));
	struct span zeroes = record_add_array(&b, NULL, sizeof(uint64_t), 3);
	const uint64_t numbers[] = { 1, 2, 3 };
	struct span span;

	for (int i = 0; i < 1000; i++)
		record_add_text(&b, BYTES_LIT("more"));
	record_add_text(&b, BYTES_LIT("odd"));
	span = record_add_array(&b, numbers, sizeof *numbers, 3);
	is(&b, first, "first");
	cr_assert_eq(span.off % _Alignof(max_align_t), 0);
	cr_assert_eq(memcmp(record_array(b.rec, span), numbers, sizeof numbers), 0);
	for (uint32_t i = 0; i < 3; i++)
		cr_assert_eq(*(uint64_t *)record_element(&b, zeroes, sizeof(uint64_t), i), 0);
	for (uint32_t at = first.off + first.len; at < zeroes.off; at++)
		cr_assert_eq(((const uint8_t *)b.rec)[at], 0);
	cr_assert_eq(b.rec->size, span.off + sizeof numbers);
	record_builder_clear(&b);
}

Test(record, too_much_is_a_failure_and_no_text)
{
	struct record_builder b = builder();

	cr_assert_eq(record_add_array(&b, NULL, 16, UINT32_MAX / 2).count, 0);
	cr_assert(b.failed);
	is(&b, record_add_text(&b, BYTES_LIT("goes on")), "goes on");
	record_builder_clear(&b);
}
