#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <pcap/dlt.h>

#include "analyzer/cli/keep.h"
#include "capture/source/source.h"
#include "tests/unit/rows.h"
#include "folder.h"

#define S INT64_C(1000000000)
#define OCTETS 1000 /* of a frame */

/* Frames are kept in order, as many as fit in the files that may be there; each file is whole. */
static const struct {
	const char *why;
	size_t max_octets;
	int64_t max_ns;
	uint64_t max_files;
	uint32_t frames;       /* one a second */
	bool there;            /* a file of that name, and a fifth one, are there at the start */
	uint32_t files;        /* expected */
	uint32_t oldest, last; /* numbers of files, 0: none */
	uint32_t first_frame;  /* the oldest that is kept, from 0 */
} rows[] = {
	{ "one file", 1 << 20, 0, 10, 20, false, 1, 0, 0, 0 },
	{ "no frame", 1 << 20, 0, 10, 0, false, 1, 0, 0, 0 },
	{ "by size", 10 * OCTETS, 0, 10, 20, false, 3, 1, 2, 0 },
	{ "by size, and the oldest is removed", 10 * OCTETS, 0, 2, 45, false, 2, 4, 4, 27 },
	{ "one at most", 10 * OCTETS, 0, 1, 45, false, 1, 0, 0, 36 },
	{ "by time", 1 << 20, 10 * S, 10, 25, false, 3, 1, 2, 0 },
	{ "smaller than a frame", 10, 0, 10, 3, false, 4, 1, 3, 0 },
	{ "numbers go on where they ended", 10 * OCTETS, 0, 10, 20, true, 5, 5, 8, 0 },
};

static char folder[] = "/tmp/hatcheck-test-XXXXXX";
static char path[64], numbered[80];

static const char *
name_of(uint32_t number)
{
	snprintf(numbered, sizeof numbered, number > 0 ? "%s.%u" : "%s", path, number);
	return numbered;
}

static void
make_empty(const char *name)
{
	FILE *f = fopen(name, "w");

	cr_assert_not_null(f);
	fclose(f);
}

static struct keep *
begin(struct broker *b, size_t row)
{
	const struct keep_config config = { .path = path,
		.max_octets = rows[row].max_octets,
		.max_ns = rows[row].max_ns,
		.files = rows[row].max_files,
		.broker = b };
	struct keep *k;
	struct fault fault;

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/packets", folder);
	if (rows[row].there) {
		make_empty(path);
		make_empty(name_of(5));
	}
	broker_init(b);
	cr_assert_eq(keep_open(&k, &config, &fault), STATUS_OK);
	cr_assert_eq(keep_begin(k, 0, &fault), STATUS_OK, "%s", fault.text);
	return k;
}

static void
end(void)
{
	cr_assert_eq(folder_remove(folder), 0);
}

static void
feed(struct keep *k, uint32_t n)
{
	static const uint8_t octets[OCTETS];
	const struct frame frame = { .ts_ns = (1000 + n) * S,
		.data = bytes_of(octets, OCTETS),
		.wire_len = OCTETS,
		.link_type = n % 2 == 0 ? DLT_EN10MB : DLT_RAW };

	keep_frame(k, &frame, n * S);
	keep_tick(k, n * S);
}

static uint32_t
count_files(void)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	uint32_t n = 0;

	cr_assert_not_null(d);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* Reads one file, and checks that its frames follow those before. */
static void
read_file(const char *name, uint32_t *next)
{
	const struct source_config config = { .paths = &name, .path_count = 1 };
	struct source *s;
	const struct frame *frame;
	struct fault fault;
	size_t count;

	cr_assert_eq(source_open(&s, &config, &fault), STATUS_OK, "%s", fault.text);
	while (source_next(s, &frame) == STATUS_OK) {
		cr_expect_eq(frame->ts_ns, (1000 + *next) * S, "%s: frame %u", name, *next);
		cr_expect_eq(frame->link_type, *next % 2 == 0 ? DLT_EN10MB : DLT_RAW);
		++*next;
	}
	cr_expect_str_eq(source_inputs(s, &count)->damaged, "");
	source_close(s);
}

ROWS(keep, rows, rows)

ParameterizedTest(size_t *i, keep, rows)
{
	uint32_t next = rows[*i].first_frame, number = rows[*i].oldest;
	struct broker b;
	struct keep *k = begin(&b, *i);

	for (uint32_t n = 0; n < rows[*i].frames; n++)
		feed(k, n);
	cr_expect_eq(keep_lost(k), 0);
	keep_close(k);
	cr_expect_eq(count_files(), rows[*i].files, "%s: %u files", rows[*i].why, count_files());
	for (; number != 0 && number <= rows[*i].last; number++)
		if (!rows[*i].there || number > 6)
			read_file(name_of(number), &next);
	read_file(path, &next);
	cr_expect_eq(next, rows[*i].frames, "%s: %u", rows[*i].why, next);
	end();
}

/* Whatever takes the file away: what comes meanwhile is counted, and it goes on when it can. */
Test(keep, a_folder_that_is_gone_for_a_while)
{
	struct broker b;
	struct keep *k = begin(&b, 0);
	uint32_t next = 20;

	feed(k, 0);
	cr_assert_eq(rename(folder, "/tmp/hatcheck-test-moved"), 0);
	keep_rotate(k, 1 * S);
	feed(k, 2);
	feed(k, 3);
	cr_expect_eq(keep_lost(k), 2, "%lu", keep_lost(k));
	cr_assert_eq(rename("/tmp/hatcheck-test-moved", folder), 0);
	feed(k, 20);
	cr_expect_eq(keep_lost(k), 2, "%lu", keep_lost(k));
	keep_close(k);
	read_file(path, &next);
	cr_expect_eq(next, 21);
	end();
}

Test(keep, what_cannot_be_begun_is_said)
{
	const struct keep_config config = { .path = "/nonexistent/folder/file",
		.files = 1,
		.broker = &(struct broker){ .socket = -1 } };
	struct keep *k;
	struct fault fault = { "" };

	cr_assert_eq(keep_open(&k, &config, &fault), STATUS_OK);
	cr_expect_eq(keep_begin(k, 0, &fault), STATUS_IO);
	cr_expect_not_null(strstr(fault.text, config.path), "%s", fault.text);
	keep_close(k);
}
