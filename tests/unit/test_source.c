#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <zlib.h>

#include "tests/unit/capture_build.h"
#include "tests/unit/rows.h"

#define MAX_FILES 4

TestSuite(source, .fini = folder_remove, .timeout = 60);

/* Captures given in this order, as "second:frames", a letter a frame and a second. */
static const struct {
	const char *why;
	const char *captures[MAX_FILES];
	const char *letters; /* of the run */
	const char *order;   /* the files' numbers, as they are listed */
} runs[] = {
	{ "one after the other", { "100:abc", "200:def" }, "abcdef", "01" },
	{ "given the wrong way round", { "200:def", "100:abc" }, "abcdef", "10" },
	{ "overlapping", { "100:aceg", "101:bdfh" }, "acbedgfh", "01" },
	{ "the same times: as given", { "100:abc", "100:xyz" }, "axbycz", "01" },
	{ "one inside the other", { "100:abcdef", "102:xy" }, "abcxdyef", "01" },
	{ "the second starts with the first's last", { "100:abc", "102:xyz" }, "abcxyz", "01" },
	{ "three, the last of which starts first", { "300:x", "100:abc", "50:q" }, "qabcx", "210" },
	{ "one without frames comes last", { "100:", "100:ab" }, "ab", "10" },
	{ "four at once", { "100:ad", "100:be", "100:cf", "99:xyz" }, "xyabczdef", "3012" },
};

ROWS(source, runs, runs)

static const char *
put_capture(const char *name, const char *described)
{
	struct sheet s = { 0 };
	const char *path;

	pcap_letters(&s, (uint32_t)atoi(described), strchr(described, ':') + 1);
	path = file(name, s.p, s.n);
	sheet_clear(&s);
	return path;
}

ParameterizedTest(size_t *i, source, runs)
{
	const char *paths[MAX_FILES], *order = runs[*i].order;
	const struct source_input *inputs;
	struct source *s;
	struct fault fault;
	const struct frame *frame;
	struct told t = { .n = 0 };
	size_t count = 0;
	int64_t starts_ns;
	bool starts;

	for (; count < MAX_FILES && runs[*i].captures[count] != NULL; count++)
		paths[count] =
		    put_capture((const char[]){ (char)('0' + count), 0 }, runs[*i].captures[count]);
	cr_assert_eq(
	    source_open(&s, &(struct source_config){ .paths = paths, .path_count = count }, &fault),
	    STATUS_OK);
	starts = source_starts(s, &starts_ns);
	for (uint64_t no = 1; source_next(s, &frame) == STATUS_OK; no++) {
		cr_assert_eq(frame->frame_no, no, "counted over all captures");
		tell_letters(&t, frame);
	}
	cr_assert_str_eq(t.text, runs[*i].letters, "%s: %s", runs[*i].why, t.text);
	inputs = source_inputs(s, &count);
	cr_assert_eq(starts, inputs[0].packets > 0);
	cr_assert(!starts || starts_ns == inputs[0].first_ns, "known before the first frame");
	cr_assert_eq(count, strlen(order));
	for (size_t n = 0; n < count; n++)
		cr_assert_str_eq(inputs[n].path, paths[order[n] - '0'], "%s: %zu", runs[*i].why, n);
	source_close(s);
}

/* Half of a frame more than the first two: merged all the same, and told of the third. */
Test(source, a_damaged_one_among_others)
{
	struct sheet s = { 0 };
	const char *paths[] = { put_capture("0", "100:abc"), NULL, "/nowhere/at/all",
		file("text", "no capture", 10) };
	const struct source_input *inputs;
	struct source *source;
	struct fault fault;
	const struct frame *frame;
	struct told t = { .n = 0 };
	size_t count;

	pcap_letters(&s, 102, "xyz");
	paths[1] = file("1", s.p, s.n - 1);
	sheet_clear(&s);
	cr_assert_eq(source_open(&source,
			 &(struct source_config){ .paths = paths, .path_count = 4 }, &fault),
	    STATUS_OK);
	while (source_next(source, &frame) == STATUS_OK)
		tell_letters(&t, frame);
	cr_assert_str_eq(t.text, "abcxy");
	inputs = source_inputs(source, &count);
	cr_assert_eq(count, 4);
	cr_assert_str_eq(inputs[0].damaged, "");
	cr_assert_str_eq(inputs[1].damaged, "at offset 74: the file ends in the middle of a frame",
	    "%s", inputs[1].damaged);
	cr_assert_str_eq(inputs[2].damaged, "No such file or directory");
	cr_assert_str_eq(inputs[2].format, "unknown");
	cr_assert_str_eq(inputs[3].damaged, "neither pcap nor pcapng");
	source_close(source);
}

static const struct {
	const char *why;
	const char *paths[2]; /* in the test's directory */
	enum status status;
	const char *ends; /* of the fault */
} faults[] = {
	{ "no path at all", { NULL }, STATUS_USAGE, "no capture was named" },
	{ "a path that is not there", { "none" }, STATUS_IO, "/none: No such file or directory" },
	{ "two of which neither can be read: the first", { "text", "none" }, STATUS_FORMAT,
	    "/text: neither pcap nor pcapng" },
	{ "an empty directory", { "empty" }, STATUS_FORMAT, "/empty: no capture in it" },
	{ "a directory of other things", { "others" }, STATUS_FORMAT, "/others: no capture in it" },
};

ROWS(source, faults, faults)

static void
put_directory(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", folder(), name);
	cr_assert_eq(mkdir(path, 0700), 0);
}

ParameterizedTest(size_t *i, source, faults)
{
	const char *paths[2];
	char room[2][128];
	size_t count = 0;
	struct told t;

	put_directory("empty");
	put_directory("others");
	file("others/README", "text", 4);
	file("text", "a text that is long enough", 26);
	for (; count < 2 && faults[*i].paths[count] != NULL; count++) {
		snprintf(
		    room[count], sizeof room[count], "%s/%s", folder(), faults[*i].paths[count]);
		paths[count] = room[count];
	}
	run(&t, &(struct source_config){ .paths = paths, .path_count = count }, tell_letters);
	cr_assert_eq(t.status, faults[*i].status, "%s", faults[*i].why);
	cr_assert_geq(strlen(t.fault.text), strlen(faults[*i].ends));
	cr_assert_str_eq(t.fault.text + strlen(t.fault.text) - strlen(faults[*i].ends),
	    faults[*i].ends, "%s: %s", faults[*i].why, t.fault.text);
}

/* Every capture directly in it, whatever its name says; nothing else, and nothing below. */
Test(source, directory)
{
	const char *path = folder();
	const struct source_input *inputs;
	struct source *s;
	struct fault fault;
	const struct frame *frame;
	struct told t = { .n = 0 };
	char expected[128];
	size_t count;

	put_capture("b.pcap", "200:def");
	put_capture("a.txt", "300:gh");
	put_capture("c", "100:abc");
	file("notes.pcap", "this is no capture", 18);
	file("empty.pcap", "", 0);
	put_directory("below");
	put_capture("below/d", "50:zzz");
	snprintf(expected, sizeof expected, "%s/fifo", path);
	cr_assert_eq(mkfifo(expected, 0600), 0, "would be waited for if it were opened");
	cr_assert_eq(
	    source_open(&s, &(struct source_config){ .paths = &path, .path_count = 1 }, &fault),
	    STATUS_OK, "%s", fault.text);
	while (source_next(s, &frame) == STATUS_OK)
		tell_letters(&t, frame);
	cr_assert_str_eq(t.text, "abcdefgh");
	inputs = source_inputs(s, &count);
	cr_assert_eq(count, 3);
	snprintf(expected, sizeof expected, "%s/c", path);
	cr_assert_str_eq(inputs[0].path, expected);
	source_close(s);
}

/* A capture that is broken from its start on is none of the other things. */
Test(source, broken_in_a_directory)
{
	static const uint8_t gzip[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff };
	const char *path = folder();
	const struct source_input *inputs;
	struct source *s;
	struct fault fault;
	size_t count;

	put_capture("a", "100:abc");
	file("b", "\xd4\xc3\xb2\xa1\2\0\4\0", 8);
	file("c", "\xd4\xc3\xb2\xa1\3\0\4\0\0\0\0\0\0\0\0\0\0\0\1\0\1\0\0\0", 24);
	file("d", gzip, sizeof gzip);
	cr_assert_eq(
	    source_open(&s, &(struct source_config){ .paths = &path, .path_count = 1 }, &fault),
	    STATUS_OK, "%s", fault.text);
	inputs = source_inputs(s, &count);
	cr_assert_eq(count, 4);
	for (size_t i = 0; i < count; i++)
		cr_assert_eq(inputs[i].damaged[0] == '\0', strrchr(inputs[i].path, '/')[1] == 'a',
		    "%s: %s", inputs[i].path, inputs[i].damaged);
	source_close(s);
}

/* What cannot be read may be a capture: it is not passed over. */
Test(source, unreadable_in_a_directory)
{
	const char *path = folder();
	char hidden[128];
	struct source *s;
	struct fault fault;
	size_t count;

	put_capture("a", "100:abc");
	put_capture("b", "200:def");
	snprintf(hidden, sizeof hidden, "%s/b", path);
	cr_assert_eq(chmod(hidden, 0), 0);
	cr_assert_eq(chmod(path, 0755), 0);
	if (geteuid() == 0)
		cr_assert_eq(seteuid(65534), 0);
	cr_assert_eq(
	    source_open(&s, &(struct source_config){ .paths = &path, .path_count = 1 }, &fault),
	    STATUS_OK, "%s", fault.text);
	cr_assert_str_eq(source_inputs(s, &count)[1].damaged, "Permission denied");
	cr_assert_eq(count, 2);
	source_close(s);
	if (getuid() == 0)
		cr_assert_eq(seteuid(0), 0);
}

#define MANY 300

/* More captures than descriptors, and larger than what is held in memory whole. */
static void
run_many(uint32_t apart, struct told *t)
{
	static char names[MANY][16];
	static char letters[2][2] = { "x", "y" };
	const char *paths[MANY];
	const struct rlimit few = { 24, 24 };
	struct sheet s = { 0 }, filler = { 0 };

	for (unsigned n = 0; n < 140000 / sizeof names; n++)
		sheet_octets(&filler, names, sizeof names);
	for (uint32_t n = 0; n < MANY; n++) {
		char *path = malloc(128);

		snprintf(names[n], sizeof names[n], "%u", n);
		block_section(&s);
		block_interface(&s, 1, 0, 0, 0);
		block_enhanced(&s, 0, 1000 + n * apart, letters[0], 1);
		block(&s, 0x0bad, &filler);
		block_enhanced(&s, 0, 1001 + n * apart, letters[1], 1);
		snprintf(path, 128, "%s", file(names[n], s.p, s.n));
		paths[n] = path;
		sheet_clear(&s);
	}
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	run(t, &(struct source_config){ .paths = paths, .path_count = MANY }, tell_letters);
	for (size_t n = 0; n < MANY; n++)
		free((char *)paths[n]);
	sheet_clear(&filler);
}

Test(source, many_that_follow_each_other)
{
	struct told t;

	run_many(2, &t);
	cr_assert_eq(t.status, STATUS_OK, "%s", t.fault.text);
	cr_assert_eq(t.n, 2 * MANY);
	for (size_t n = 0; n < MANY; n++)
		cr_assert_eq(strncmp(t.text + 2 * n, "xy", 2), 0, "%zu", n);
}

/* All at the same time: those that cannot be open wait, and are read all the same. */
Test(source, many_that_overlap)
{
	struct told t;
	size_t x = 0;

	run_many(0, &t);
	cr_assert_eq(t.status, STATUS_OK, "%s", t.fault.text);
	cr_assert_eq(t.n, 2 * MANY);
	for (size_t n = 0; n < t.n; n++)
		x += t.text[n] == 'x';
	cr_assert_eq(x, MANY);
}

/* Ethernet with this type, which is all that the filters ask for. */
static void
put_frame(struct sheet *s, uint32_t interface, const char *type)
{
	static const char zeroes[48];
	struct sheet body = { 0 };

	sheet_32(&body, interface);
	sheet_64(&body, 0);
	sheet_32(&body, 60);
	sheet_32(&body, 60);
	sheet_octets(&body, zeroes, 12);
	sheet_octets(&body, type, 2);
	sheet_octets(&body, zeroes, 46);
	block(s, 6, &body);
	sheet_clear(&body);
}

static const struct {
	const char *why, *filter, *numbers;
	enum status status;
} filters[] = {
	{ "none", NULL, "1 2 3 4 ", STATUS_OK },
	{ "one that all pass", "len > 0", "1 2 3 4 ", STATUS_OK },
	{ "one that some pass", "ether proto 0x0806", "2 4 ", STATUS_OK },
	{ "one that none passes", "len < 10", "", STATUS_OK },
	{ "one that raw IP has not", "vlan", "3 ", STATUS_OK },
	{ "one that is none", "tcp prot 25", "", STATUS_USAGE },
};

ROWS(source, filters, filters)

/* Frames keep the numbers they have without the filter. */
ParameterizedTest(size_t *i, source, filters)
{
	struct sheet s = { 0 };
	const char *path;
	const struct source_input *input;
	struct source *source;
	struct fault fault;
	const struct frame *frame;
	char told[64] = "";
	size_t n = 0, count;
	enum status status;

	block_section(&s);
	block_interface(&s, 1, 0, 6, 0);
	block_interface(&s, 101, 0, 6, 0);
	put_frame(&s, 1, "\x08\x00");
	put_frame(&s, 0, "\x08\x06");
	put_frame(&s, 0, "\x81\x00");
	put_frame(&s, 0, "\x08\x06");
	path = file("a", s.p, s.n);
	sheet_clear(&s);
	status = source_open(&source,
	    &(struct source_config){
		.paths = &path, .path_count = 1, .filter = filters[*i].filter },
	    &fault);
	cr_assert_eq(status, filters[*i].status, "%s: %s", filters[*i].why, fault.text);
	if (status != STATUS_OK) {
		cr_assert_eq(strncmp(fault.text, "--filter: ", 10), 0, "%s", fault.text);
		return;
	}
	while (source_next(source, &frame) == STATUS_OK)
		n += (size_t)snprintf(
		    told + n, sizeof told - n, "%llu ", (unsigned long long)frame->frame_no);
	cr_assert_str_eq(told, filters[*i].numbers, "%s: %s", filters[*i].why, told);
	input = source_inputs(source, &count);
	cr_assert_eq(input->packets, 4, "%s: counted before the filter", filters[*i].why);
	cr_assert_eq(input->bytes, 240);
	source_close(source);
}

/* NULL is in the order of the machine that wrote it. */
Test(source, filter_of_either_byte_order)
{
	static const uint8_t families[][4] = { { 2, 0, 0, 0 }, { 0, 0, 0, 2 }, { 7, 0, 0, 0 } };
	struct sheet s = { 0 };
	struct told t;
	const char *path;

	block_section(&s);
	block_interface(&s, 0, 0, 6, 0);
	for (size_t n = 0; n < COUNT(families); n++) {
		struct sheet body = { 0 };

		sheet_32(&body, 0);
		sheet_64(&body, 0);
		sheet_32(&body, 4);
		sheet_32(&body, 4);
		sheet_octets(&body, families[n], 4);
		block(&s, 6, &body);
		sheet_clear(&body);
	}
	path = file("a", s.p, s.n);
	sheet_clear(&s);
	run(&t, &(struct source_config){ .paths = &path, .path_count = 1, .filter = "ip" }, tell);
	cr_assert_eq(t.status, STATUS_OK, "%s", t.fault.text);
	cr_expect_not_null(strstr(t.text, "1@"), "%s", t.text);
	cr_expect_not_null(strstr(t.text, "2@"), "%s", t.text);
	cr_expect_null(strstr(t.text, "3@"), "%s", t.text);
}

/* More link types than are kept compiled, turn about; and none at all. */
Test(source, filter_of_many_link_types)
{
	struct sheet s = { 0 };
	struct told t;
	const char *path;

	block_section(&s);
	for (unsigned n = 0; n < 20; n++)
		block_interface(&s, n % 2 == 0 ? 1 : 200 + n, 0, 6, 0);
	for (unsigned n = 0; n < 60; n++)
		block_enhanced(&s, n % 20, 0, "0123456789abcdef", 16);
	path = file("a", s.p, s.n);
	run(&t, &(struct source_config){ .paths = &path, .path_count = 1, .filter = "len = 16" },
	    tell);
	cr_assert_eq(t.status, STATUS_OK, "%s", t.fault.text);
	cr_assert_eq(t.input.packets, 60);
	for (unsigned n = 1; n <= 60; n += 2) {
		char number[16];

		snprintf(number, sizeof number, "%u@", n);
		cr_assert_not_null(strstr(t.text, number), "frame %u is of Ethernet", n);
	}
	s.n = 0;
	block_section(&s);
	path = file("a", s.p, s.n);
	run(&t, &(struct source_config){ .paths = &path, .path_count = 1, .filter = "vlan" }, tell);
	cr_assert_eq(t.status, STATUS_OK, "it can be compiled: %s", t.fault.text);
	run(&t, &(struct source_config){ .paths = &path, .path_count = 1, .filter = "vlan vlan" },
	    tell);
	cr_assert_eq(t.status, STATUS_USAGE);
	sheet_clear(&s);
}

/* It was there when it was looked into, and is gone when its turn comes. */
Test(source, a_capture_that_goes_away)
{
	const char *paths[] = { put_capture("0", "100:abc"), put_capture("1", "200:def") };
	struct source *s;
	struct fault fault;
	const struct frame *frame;
	struct told t = { .n = 0 };
	size_t count;

	cr_assert_eq(
	    source_open(&s, &(struct source_config){ .paths = paths, .path_count = 2 }, &fault),
	    STATUS_OK);
	cr_assert_eq(unlink(paths[1]), 0);
	while (source_next(s, &frame) == STATUS_OK)
		tell_letters(&t, frame);
	cr_assert_str_eq(t.text, "abc");
	cr_assert_str_eq(source_inputs(s, &count)[1].damaged, "No such file or directory");
	source_close(s);
}

/* The offset is that of the octets as they were before they were compressed. */
Test(source, compressed_and_cut)
{
	struct sheet s = { 0 };
	struct told t;
	char path[128];
	gzFile g;

	snprintf(path, sizeof path, "%s/a", folder());
	pcap_header(&s, 0xa1b2c3d4, 2, 4, 1);
	for (unsigned n = 0; n < 400; n++)
		pcap_record(
		    &s, n * 7919, n * 7907, (const char[]){ (char)('a' + n * n % 26), 0 }, 1);
	g = gzopen(path, "wb");
	cr_assert_eq(gzwrite(g, s.p, (unsigned)s.n), (int)s.n);
	gzclose(g);
	cr_assert_eq(truncate(path, 900), 0);
	run_one(&t, path, tell_letters);
	cr_assert_eq(t.status, STATUS_OK);
	cr_assert_gt(t.n, 20, "what could be read was");
	cr_assert_eq(t.text[1], 'b');
	cr_assert_str_eq(t.input.compression, "gzip");
	cr_assert_not_null(strstr(t.input.damaged, "gzip: the compressed data is cut short"), "%s",
	    t.input.damaged);
	cr_assert_eq(strtoull(t.input.damaged + strlen("at offset "), NULL, 10) / 17,
	    (24 + t.n * 17) / 17, "%s after %zu frames", t.input.damaged, t.n);
	cr_assert_eq(truncate(path, 12), 0);
	run_one(&t, path, tell_letters);
	cr_assert_eq(t.status, STATUS_IO);
	cr_assert_not_null(strstr(t.fault.text, "/a: gzip: the compressed data is cut short"));
	sheet_clear(&s);
}

struct progress {
	unsigned calls;
	uint64_t done, total;
};

static void
note_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct progress *p = ctx;

	cr_assert_geq(done, p->done, "it never goes back");
	p->calls++;
	p->done = done;
	p->total = total;
}

/* In octets as they lie on the disk, compressed or not. */
Test(source, progress)
{
	struct sheet s = { 0 };
	struct progress p = { 0 };
	const char *paths[2];
	char gz[128];
	struct source_config config = {
		.paths = paths, .path_count = 2, .progress = note_progress, .progress_ctx = &p
	};
	struct told t;
	gzFile g;

	pcap_header(&s, 0xa1b2c3d4, 2, 4, 1);
	for (uint32_t n = 0; n < 20000; n++)
		pcap_record(&s, n, 0, "", 60);
	paths[0] = file("a", s.p, s.n);
	snprintf(gz, sizeof gz, "%s/b", folder());
	g = gzopen(gz, "wb");
	cr_assert_eq(gzwrite(g, s.p, (unsigned)s.n), (int)s.n);
	gzclose(g);
	paths[1] = gz;
	run(&t, &config, tell_letters);
	cr_assert_eq(t.inputs, 2);
	cr_assert_gt(p.calls, 5);
	cr_assert_gt(p.total, s.n);
	cr_assert_lt(p.total, 2 * s.n);
	cr_assert_eq(p.done, p.total);
	sheet_clear(&s);
}

/* A frame is handed out as soon as it is whole, while the pipe goes on. */
Test(source, standard_input_as_it_comes)
{
	const char *path = "-";
	struct progress p = { 0 };
	const struct source_config config = {
		.paths = &path, .path_count = 1, .progress = note_progress, .progress_ctx = &p
	};
	struct sheet s = { 0 };
	struct source *source;
	struct fault fault;
	const struct frame *frame;
	size_t count;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_geq(dup2(ends[0], STDIN_FILENO), 0);
	pcap_letters(&s, 1, "a");
	cr_assert_eq(write(ends[1], s.p, s.n), (ssize_t)s.n);
	cr_assert_eq(source_open(&source, &config, &fault), STATUS_OK, "%s", fault.text);
	cr_assert_eq(source_next(source, &frame), STATUS_OK);
	cr_assert(bytes_eq(frame->data, BYTES_LIT("a")));
	cr_assert_eq(write(ends[1], s.p + 24, s.n - 24), (ssize_t)s.n - 24, "the same again");
	cr_assert_eq(source_next(source, &frame), STATUS_OK);
	cr_assert_eq(frame->frame_no, 2);
	cr_assert_eq(write(ends[1], s.p + 24, 5), 5);
	close(ends[1]);
	cr_assert_eq(source_next(source, &frame), STATUS_END);
	cr_assert_str_eq(source_inputs(source, &count)->path, "-");
	cr_assert_str_eq(source_inputs(source, &count)->damaged,
	    "at offset 63: the file ends in the middle of a record's header");
	cr_assert_eq(p.total, 0, "it cannot be known");
	source_close(source);
	sheet_clear(&s);
}

Test(source, standard_input_among_files)
{
	const char *paths[] = { put_capture("0", "100:abc"), "-" };
	struct sheet s = { 0 };
	struct told t;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_geq(dup2(ends[0], STDIN_FILENO), 0);
	pcap_letters(&s, 99, "xyz");
	cr_assert_eq(write(ends[1], s.p, s.n), (ssize_t)s.n);
	close(ends[1]);
	run(&t, &(struct source_config){ .paths = paths, .path_count = 2 }, tell_letters);
	cr_assert_str_eq(t.text, "xyazbc", "%s", t.text);
	sheet_clear(&s);
}

Test(source, standard_input_is_named_in_a_fault)
{
	struct told t;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_geq(dup2(ends[0], STDIN_FILENO), 0);
	close(ends[1]);
	run_one(&t, "-", tell_letters);
	cr_assert_eq(t.status, STATUS_FORMAT);
	cr_assert_str_eq(t.fault.text, "standard input: it is empty");
}

Test(source, link_names)
{
	char room[16];

	cr_assert_str_eq(source_link_name(1, room), "EN10MB");
	cr_assert_str_eq(source_link_name(276, room), "LINUX_SLL2");
	cr_assert_str_eq(source_link_name(65000, room), "65000");
}
