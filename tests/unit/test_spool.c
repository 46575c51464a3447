#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "reports/spool.h"
#include "tests/unit/sample.h"

/* In which order ids are put in. */
enum order { ASCENDING, DESCENDING, SHUFFLED };

static const struct {
	const char *why;
	uint64_t count, step; /* ids 1, 1 + step ... */
	enum order order;
	size_t text; /* octets of text in each record */
} rows[] = {
	{ "nothing", 0, 1, ASCENDING, 0 },
	{ "one", 1, 1, ASCENDING, 10 },
	{ "a few in memory, the last first", 500, 1, DESCENDING, 10 },
	{ "a few in memory, shuffled", 500, 1, SHUFFLED, 10 },
	{ "several buffers", 20000, 1, ASCENDING, 100 },
	{ "several buffers, the last first", 20000, 1, DESCENDING, 100 },
	{ "several buffers, shuffled", 20000, 1, SHUFFLED, 100 },
	{ "ids with holes, as when only some are listed", 5000, 1000, SHUFFLED, 100 },
	{ "each larger than what is read at once", 200, 1, SHUFFLED, 50000 },
	{ "each larger than the buffer", 5, 1, SHUFFLED, 3 * SPOOL_MEMORY },
};

struct check {
	const char *why;
	uint64_t next, step, seen;
	size_t text;
};

/* A record whose every octet follows from its id. */
static void
make(struct record_builder *b, uint64_t id, const uint8_t *octets, size_t text)
{
	struct text history;

	sample_plain(b, id);
	history = record_add_text(b, bytes_of(octets + id % 256, text + id % 7));
	b->rec->history = history;
}

static void
on_record(void *ctx, const void *block)
{
	const struct record *rec = block;
	struct check *c = ctx;
	struct bytes text = record_text(rec, rec->history);

	cr_assert_eq(rec->id, c->next, "%s: %lu, not %lu", c->why, rec->id, c->next);
	cr_assert_eq(text.n, c->text + rec->id % 7, "%s", c->why);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != (uint8_t)(rec->id + i))
			cr_assert_fail("%s: octet %zu of %lu", c->why, i, rec->id);
	c->next += c->step;
	c->seen++;
}

ParameterizedTestParameters(spool, round_trip)
{
	static size_t index[sizeof rows / sizeof rows[0]];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, sizeof rows / sizeof rows[0]);
}

ParameterizedTest(size_t *i, spool, round_trip)
{
	uint64_t count = rows[*i].count;
	size_t room = rows[*i].text + 512;
	uint8_t *octets = malloc(room);
	struct spool *s = spool_new("/tmp");
	struct record_builder b;
	struct fault fault;

	cr_assert(octets != NULL && s != NULL && record_builder_init(&b));
	for (size_t k = 0; k < room; k++)
		octets[k] = (uint8_t)k;
	for (uint64_t k = 0; k < count; k++) {
		/* 7919 is prime and divides no count: every k comes once. */
		uint64_t at = rows[*i].order == ASCENDING    ? k
		              : rows[*i].order == DESCENDING ? count - 1 - k
		                                             : k * 7919 % count;

		make(&b, 1 + at * rows[*i].step, octets, rows[*i].text);
		cr_assert_eq(spool_add(s, b.rec->id, b.rec, &fault), STATUS_OK, "%s", rows[*i].why);
	}
	/* Twice: a report lists connections, then their findings. */
	for (int reading = 0; reading < 2; reading++) {
		struct check c = { rows[*i].why, 1, rows[*i].step, 0, rows[*i].text };

		cr_assert_eq(spool_read(s, on_record, &c, &fault), STATUS_OK, "%s", rows[*i].why);
		cr_assert_eq(c.seen, count, "%s: %lu", rows[*i].why, c.seen);
	}
	record_builder_clear(&b);
	spool_free(s);
	free(octets);
}

static void
count_record(void *ctx, const void *block)
{
	const struct record *rec = block;
	(void)rec;
	++*(uint64_t *)ctx;
}

static void
on_newest(void *ctx, const void *block)
{
	const struct record *rec = block;
	uint64_t *last = ctx;

	cr_assert_gt(rec->id, *last);
	last[0] = rec->id;
	last[1]++;
	if (last[2] == 0)
		last[2] = rec->id;
}

/* The newest are kept; what was given up is counted, and a late end of an early id is found. */
Test(spool, a_bound_gives_up_the_oldest)
{
	const uint64_t count = 40000, max = UINT64_C(4) << 20, early = 3;
	struct spool *s = spool_new("/tmp");
	struct record_builder b;
	struct fault fault;
	uint64_t seen[3] = { 0 };

	cr_assert(s != NULL && record_builder_init(&b));
	spool_bound(s, max);
	for (uint64_t id = 1; id <= count; id++) {
		sample_plain(&b, id == early ? count + 1 : id);
		cr_assert_eq(spool_add(s, b.rec->id, b.rec, &fault), STATUS_OK);
	}
	sample_plain(&b, early);
	cr_assert_eq(spool_add(s, early, b.rec, &fault), STATUS_OK);
	cr_assert_eq(spool_read(s, on_newest, seen, &fault), STATUS_OK);
	cr_assert_eq(seen[2], early, "%lu", seen[2]);
	cr_assert_eq(seen[1] + spool_lost(s), count + 1, "%lu %lu", seen[1], spool_lost(s));
	cr_assert_gt(seen[1] * b.rec->size, max / 8 * 6);
	cr_assert_lt(seen[1] * b.rec->size, max + SPOOL_MEMORY);
	cr_assert_not_null(spool_get(s, count, &fault));
	cr_assert_null(spool_get(s, 1, &fault), "it was given up");
	record_builder_clear(&b);
	spool_free(s);
}

Test(spool, no_folder_is_told_once_and_kept)
{
	struct spool *s = spool_new("/nonexistent/folder");
	struct record_builder b;
	struct fault fault = { "" };
	enum status status = STATUS_OK;
	uint64_t seen = 0;

	cr_assert(s != NULL && record_builder_init(&b));
	for (uint64_t id = 1; id < 10000 && status == STATUS_OK; id++) {
		sample_plain(&b, id);
		status = spool_add(s, b.rec->id, b.rec, &fault);
	}
	cr_assert_eq(status, STATUS_IO);
	cr_assert_not_null(strstr(fault.text, "/nonexistent/folder"), "%s", fault.text);
	fault.text[0] = '\0';
	cr_assert_eq(spool_read(s, count_record, &seen, &fault), STATUS_IO);
	cr_assert_eq(seen, 0);
	cr_assert_not_null(strstr(fault.text, "/nonexistent/folder"), "%s", fault.text);
	record_builder_clear(&b);
	spool_free(s);
}

Test(spool, a_full_disk_is_a_status)
{
	/* Files of this process end at 256 KiB; the signal that says so is not wanted. */
	struct rlimit limit = { 256 << 10, 256 << 10 };
	struct spool *s = spool_new("/tmp");
	struct record_builder b;
	struct fault fault;
	enum status status = STATUS_OK;
	uint64_t seen = 0;

	cr_assert(s != NULL && record_builder_init(&b));
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (uint64_t id = 1; id < 10000 && status == STATUS_OK; id++) {
		sample_plain(&b, id);
		status = spool_add(s, b.rec->id, b.rec, &fault);
	}
	cr_assert_eq(status, STATUS_IO);
	cr_assert_eq(spool_read(s, count_record, &seen, &fault), STATUS_IO);
	cr_assert_eq(seen, 0);
	record_builder_clear(&b);
	spool_free(s);
}
