#include <criterion/criterion.h>

#include "tests/unit/capture_build.h"
#include "tests/unit/rows.h"

TestSuite(savefile, .fini = folder_remove, .timeout = 60);

static const struct {
	const char *why;
	uint32_t magic;
	unsigned major, minor;
	uint32_t link_type;
	const char *told;
	unsigned digits;
} forms[] = {
	{ "microseconds", 0xa1b2c3d4, 2, 4, 1, "1@7.000123000/1:abc 2@8.000000000/1:d+9", 6 },
	{ "nanoseconds", 0xa1b23c4d, 2, 4, 1, "1@7.000000123/1:abc 2@8.000000000/1:d+9", 9 },
	{ "LINKTYPE_RAW is DLT_RAW", 0xa1b2c3d4, 2, 4, 101,
	    "1@7.000123000/12:abc 2@8.000000000/12:d+9", 6 },
	{ "what a link type means to the checksum is not the link type", 0xa1b2c3d4, 2, 4,
	    0x24000071, "1@7.000123000/113:abc 2@8.000000000/113:d+9", 6 },
};

ROWS(savefile, forms, forms)

/* In this machine's octet order and in the other. */
ParameterizedTest(size_t *i, savefile, forms)
{
	for (int swapped = 0; swapped < 2; swapped++) {
		struct sheet s = { .swapped = swapped != 0 };
		struct told t;

		pcap_header(
		    &s, forms[*i].magic, forms[*i].major, forms[*i].minor, forms[*i].link_type);
		pcap_record(&s, 7, 123, "abc", 3);
		pcap_record(&s, 8, 0, "d", 10);
		run_one(&t, file("a", s.p, s.n), tell);
		cr_assert_eq(t.status, STATUS_OK, "%s: %s", forms[*i].why, t.fault.text);
		cr_assert_str_eq(t.text, forms[*i].told, "%s: %s", forms[*i].why, t.text);
		cr_assert_str_eq(t.input.format, "pcap");
		cr_assert_str_eq(t.input.compression, "none");
		cr_assert_str_eq(t.input.damaged, "", "%s", t.input.damaged);
		cr_assert_eq(t.input.ts_digits, forms[*i].digits, "%s", forms[*i].why);
		cr_assert_eq(t.input.packets, 2);
		cr_assert_eq(t.input.bytes, 4);
		cr_assert_eq(t.input.snaplen_cut, 1);
		cr_assert_eq(t.input.first_ns / SECOND, 7);
		cr_assert_eq(t.input.last_ns / SECOND, 8);
		cr_assert_eq(t.input.link_type_count, 1);
		sheet_clear(&s);
	}
}

/* Before version 2.3 the length on the wire came first; in it, either. */
Test(savefile, lengths_the_other_way_round)
{
	static const struct {
		unsigned major, minor;
		uint32_t first, second;
	} rows[] = { { 2, 2, 10, 1 }, { 543, 0, 10, 1 }, { 2, 3, 10, 1 }, { 2, 3, 1, 10 },
		{ 2, 4, 1, 10 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sheet s = { 0 };
		struct told t;

		pcap_header(&s, 0xa1b2c3d4, rows[i].major, rows[i].minor, 1);
		sheet_64(&s, 7);
		sheet_32(&s, rows[i].first);
		sheet_32(&s, rows[i].second);
		sheet_octets(&s, "x", 1);
		run_one(&t, file("a", s.p, s.n), tell);
		cr_assert_str_eq(t.text, "1@7.000000000/1:x+9", "row %zu: %s", i, t.text);
		sheet_clear(&s);
	}
}

Test(savefile, longer_record_headers)
{
	struct sheet s = { 0 };
	struct told t;

	pcap_header(&s, 0xa1b2cd34, 2, 4, 1);
	for (uint32_t n = 1; n < 4; n++) {
		sheet_32(&s, n);
		sheet_32(&s, 5);
		sheet_32(&s, 1);
		sheet_32(&s, 1);
		sheet_64(&s, 0x1234); /* interface, protocol, type */
		sheet_octets(&s, "x", 1);
	}
	run_one(&t, file("a", s.p, s.n), tell);
	cr_assert_str_eq(t.text, "1@1.000005000/1:x 2@2.000005000/1:x 3@3.000005000/1:x");
	sheet_clear(&s);
}

/* Cut after every octet: the whole records are read, and a cut within one is told. */
Test(savefile, pcap_cut_anywhere)
{
	struct sheet s = { 0 };
	size_t ends[4];

	pcap_letters(&s, 1, "");
	for (unsigned i = 0; i < 4; i++) {
		ends[i] = s.n;
		pcap_record(&s, i, 0, "abcdef", 6);
	}
	for (size_t n = 24; n <= s.n; n++) {
		unsigned whole = (unsigned)(n - 24) / 22;
		bool clean = (n - 24) % 22 == 0;
		char expected[128];
		struct told t;

		run_one(&t, file("a", s.p, n), tell_letters);
		snprintf(
		    expected, sizeof expected, "at offset %zu: the file ends in the middle of ", n);
		cr_assert_eq(t.input.packets, whole, "%zu octets", n);
		cr_assert_eq(t.n, whole * 6);
		if (clean)
			cr_assert_str_eq(t.input.damaged, "", "%zu: %s", n, t.input.damaged);
		else
			cr_assert_eq(strncmp(t.input.damaged, expected, strlen(expected)), 0,
			    "%zu: %s", n, t.input.damaged);
	}
	cr_assert_eq(ends[3], 24 + 3 * 22);
	sheet_clear(&s);
}

Test(savefile, pcap_corrupt_half_way)
{
	struct sheet s = { 0 };
	struct told t;

	pcap_letters(&s, 1, "abc");
	sheet_32(&s, 5);
	sheet_32(&s, 0);
	sheet_32(&s, 0xeafeb40d);
	sheet_32(&s, 60);
	sheet_octets(&s, "lost", 4);
	run_one(&t, file("a", s.p, s.n), tell_letters);
	cr_assert_str_eq(t.text, "abc");
	cr_assert_str_eq(t.input.damaged,
	    "at offset 75: a record cannot hold a frame of 3942560781 captured octets", "%s",
	    t.input.damaged);
	sheet_clear(&s);
}

Test(savefile, the_largest_frame)
{
	struct sheet s = { 0 };
	struct source *source;
	const struct frame *frame;
	struct fault fault;
	uint8_t *octets = calloc(1, 262144);
	const char *path;

	pcap_header(&s, 0xa1b2c3d4, 2, 4, 1);
	for (unsigned n = 0; n < 3; n++) {
		sheet_64(&s, n);
		sheet_32(&s, 262144);
		sheet_32(&s, 262144);
		sheet_octets(&s, octets, 262144);
	}
	path = file("a", s.p, s.n);
	cr_assert_eq(source_open(&source,
			 &(struct source_config){ .paths = &path, .path_count = 1 }, &fault),
	    STATUS_OK);
	for (unsigned n = 0; n < 3; n++) {
		cr_assert_eq(source_next(source, &frame), STATUS_OK);
		cr_assert_eq(frame->data.n, 262144);
	}
	cr_assert_eq(source_next(source, &frame), STATUS_END);
	source_close(source);
	free(octets);
	sheet_clear(&s);
}

static const struct {
	const char *why, *octets;
	size_t n;
	const char *fault;
} others[] = {
	{ "nothing", "", 0, "it is empty" },
	{ "three octets", "abc", 3, "neither pcap nor pcapng" },
	{ "a text", "From: a@b\n\nHello, this is no capture.\n", 36, "neither pcap nor pcapng" },
	{ "a text that starts as pcapng does", "\n\r\r\nHello\n\nthis is none", 23,
	    "neither pcap nor pcapng" },
	{ "a header cut short", "\xd4\xc3\xb2\xa1\2\0\4\0", 8,
	    "the pcap header is cut short after 8 octets" },
	{ "another version", "\xd4\xc3\xb2\xa1\3\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0", 24,
	    "pcap version 3.1 is not known" },
	{ "another version of pcapng",
	    "\n\r\r\n\x1c\0\0\0\x4d\x3c\x2b\x1a\2\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0",
	    28, "pcapng version 2 is not known" },
	{ "gzip of nothing that is known",
	    "\x1f\x8b\x08\0\0\0\0\0\0\3\x4b\x4c\x4a\x06\0\xc2\x41\x24\x35\3\0\0\0", 23,
	    "neither pcap nor pcapng" },
};

ROWS(savefile, others, others)

ParameterizedTest(size_t *i, savefile, others)
{
	const char *path = file("a", others[*i].octets, others[*i].n);
	char expected[256];
	struct told t;

	run_one(&t, path, tell);
	snprintf(expected, sizeof expected, "%s: %s", path, others[*i].fault);
	cr_assert_eq(t.status, STATUS_FORMAT, "%s", others[*i].why);
	cr_assert_str_eq(t.fault.text, expected, "%s: %s", others[*i].why, t.fault.text);
}

/* Interfaces of two link types and three clocks, three kinds of packets, and blocks between. */
static void
put_pcapng(struct sheet *s)
{
	struct sheet filler = { .swapped = s->swapped };

	sheet_octets(&filler, "0123456789", 10);
	block_section(s);
	block_interface(s, 1, 0, 6, 0);
	block_interface(s, 113, 4, 9, 0);
	block(s, 4, &filler); /* name resolution */
	block_enhanced(s, 0, 7000123, "one", 3);
	block_enhanced(s, 1, UINT64_C(7000000456), "two", 10);
	block_simple(s, "three", 5);
	block_obsolete(s, 1, UINT64_C(8000000000), "four", 4);
	block(s, 5, &filler); /* statistics */
	block_interface(s, 101, 0, 3, 1000);
	block_enhanced(s, 2, 9001, "five", 4);
	sheet_clear(&filler);
}

#define PCAPNG_TOLD                                                          \
	"1@7.000123000/1:one 2@7.000000456/113:two+7 3@7.000000456/1:three " \
	"4@8.000000000/113:four 5@1009.001000000/12:five"

Test(savefile, pcapng)
{
	for (int swapped = 0; swapped < 2; swapped++) {
		struct sheet s = { .swapped = swapped != 0 };
		struct told t;

		put_pcapng(&s);
		run_one(&t, file("a", s.p, s.n), tell);
		cr_assert_eq(t.status, STATUS_OK, "%s", t.fault.text);
		cr_assert_str_eq(t.text, PCAPNG_TOLD, "%s", t.text);
		cr_assert_str_eq(t.input.format, "pcapng");
		cr_assert_str_eq(t.input.damaged, "", "%s", t.input.damaged);
		cr_assert_eq(t.input.ts_digits, 9);
		cr_assert_eq(t.input.link_type_count, 3);
		cr_assert_eq(t.input.link_types[2], 12);
		sheet_clear(&s);
	}
}

/* A second section starts over: other octet order, other interfaces. */
Test(savefile, pcapng_sections)
{
	struct sheet s = { 0 };
	struct told t;

	put_pcapng(&s);
	s.swapped = true;
	block_section(&s);
	block_interface(&s, 276, 0, 6, 0);
	block_enhanced(&s, 0, 10000000, "six", 3);
	run_one(&t, file("a", s.p, s.n), tell);
	cr_assert_str_eq(t.text, PCAPNG_TOLD " 6@10.000000000/276:six", "%s", t.text);
	cr_assert_str_eq(t.input.damaged, "", "%s", t.input.damaged);
	sheet_clear(&s);
}

static const struct {
	const char *why;
	uint8_t resolution;
	int64_t offset;
	uint64_t ticks;
	const char *time;
	unsigned digits;
} clocks[] = {
	{ "seconds", 0, 0, 1700000000, "1700000000.000000000", 6 },
	{ "milliseconds", 3, 0, 1500, "1.500000000", 6 },
	{ "100 nanoseconds", 7, 0, 15000001, "1.500000100", 9 },
	{ "picoseconds", 12, 0, UINT64_C(1500000000999), "1.500000000", 9 },
	{ "finer than any clock", 127, 0, UINT64_MAX, "0.000000001", 9 },
	{ "2^-1 s", 0x81, 0, 3, "1.500000000", 6 },
	{ "2^-20 s", 0x94, 0, 3 << 19, "1.500000000", 6 },
	{ "2^-30 s", 0x9e, 0, (UINT64_C(3) << 29) + 2, "1.500000001", 9 },
	{ "2^-40 s", 0xa8, 0, UINT64_C(3) << 39, "1.500000000", 9 },
	{ "2^-64 s", 0xc0, 0, UINT64_C(1) << 63, "0.500000000", 9 },
	{ "2^-127 s", 0xff, 0, UINT64_MAX, "0.000000000", 9 },
	{ "2^-0 s is seconds", 0x80, 0, 3, "3.000000000", 6 },
	{ "an offset", 6, 1000000000, 500000, "1000000000.500000000", 6 },
	{ "a negative offset", 6, -1, 1500000, "0.500000000", 6 },
	{ "before 1970 is 1970", 6, -10, 1500000, "0.000000000", 6 },
	{ "beyond what can be told is the end of it", 0, 0, UINT64_MAX, "4611686018.427387903", 6 },
	{ "so is an offset beyond it", 6, INT64_MAX, 0, "4611686018.000000000", 6 },
	{ "and one of 2^-1 s", 0x81, 0, UINT64_MAX, "4611686018.427387903", 6 },
};

ROWS(savefile, clocks, clocks)

ParameterizedTest(size_t *i, savefile, clocks)
{
	struct sheet s = { 0 };
	char expected[128];
	struct told t;

	block_section(&s);
	block_interface(&s, 1, 0, clocks[*i].resolution, clocks[*i].offset);
	block_enhanced(&s, 0, clocks[*i].ticks, "x", 1);
	run_one(&t, file("a", s.p, s.n), tell);
	snprintf(expected, sizeof expected, "1@%s/1:x", clocks[*i].time);
	cr_assert_str_eq(t.text, expected, "%s: %s", clocks[*i].why, t.text);
	cr_assert_eq(t.input.ts_digits, clocks[*i].digits, "%s", clocks[*i].why);
	sheet_clear(&s);
}

/* Blocks that say nothing to us may be of any length. */
Test(savefile, pcapng_large_foreign_block)
{
	struct sheet s = { 0 }, filler = { 0 };
	uint8_t *octets = calloc(1, 3 << 20);
	struct told t;

	sheet_octets(&filler, octets, 3 << 20);
	block_section(&s);
	block_interface(&s, 1, 0, 6, 0);
	block_enhanced(&s, 0, 1000000, "x", 1);
	block(&s, 0x40000bad, &filler);
	block_enhanced(&s, 0, 2000000, "y", 1);
	run_one(&t, file("a", s.p, s.n), tell_letters);
	cr_assert_str_eq(t.text, "xy");
	cr_assert_str_eq(t.input.damaged, "", "%s", t.input.damaged);
	run_one(&t, file("a", s.p, s.n - 100), tell_letters);
	cr_assert_str_eq(t.text, "x");
	cr_assert_neq(t.input.damaged[0], '\0', "cut in the middle of it");
	free(octets);
	sheet_clear(&filler);
	sheet_clear(&s);
}

/* Cut after every octet: what is whole is read, never more, and the cut is told. */
Test(savefile, pcapng_cut_anywhere)
{
	struct sheet s = { 0 };
	uint64_t packets = 0;

	put_pcapng(&s);
	for (size_t n = 28; n <= s.n; n++) {
		struct told t;

		run_one(&t, file("a", s.p, n), tell);
		cr_assert_eq(t.status, STATUS_OK, "%zu: %s", n, t.fault.text);
		cr_assert_geq(t.input.packets, packets, "%zu", n);
		cr_assert_eq(strncmp(t.text, PCAPNG_TOLD, t.n), 0, "%zu: %s", n, t.text);
		cr_assert_eq(t.input.packets > packets && t.input.damaged[0] != '\0', false,
		    "a cut block is no frame");
		packets = t.input.packets;
	}
	cr_assert_eq(packets, 5);
	sheet_clear(&s);
}

/* It says how long the frame was, and the interface how much of it is kept. */
Test(savefile, pcapng_simple_packets)
{
	static const struct {
		uint32_t snaplen;
		const char *told;
	} rows[] = { { 0, "1@0.000000000/1:abcdefgh+12" }, { 3, "1@0.000000000/1:abc+17" },
		{ 100, "1@0.000000000/1:abcdefgh+12" } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sheet s = { 0 };
		struct told t;

		block_section(&s);
		block_interface(&s, 1, rows[i].snaplen, 6, 0);
		block_simple(&s, "abcdefgh", 20);
		run_one(&t, file("a", s.p, s.n), tell);
		cr_assert_str_eq(t.text, rows[i].told, "%u: %s", rows[i].snaplen, t.text);
		sheet_clear(&s);
	}
}

Test(savefile, pcapng_sections_that_are_none)
{
	static const struct {
		size_t at;
		uint8_t octet;
		const char *damaged;
	} rows[] = { { 28 + 12, 2, "at offset 28: pcapng version 2 is not known" },
		{ 28 + 8, 2,
		    "at offset 28: a block of type 0xa0d0d0a cannot have a length of 469762048 "
		    "octets" },
		{ 28 + 4, 24,
		    "at offset 28: a block of type 0xa0d0d0a cannot have a length of 24 octets" } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sheet s = { 0 };
		struct told t;

		block_section(&s);
		block_section(&s);
		s.p[rows[i].at] = rows[i].octet;
		run_one(&t, file("a", s.p, s.n), tell);
		cr_assert_eq(t.status, STATUS_OK, "%s", t.fault.text);
		cr_assert_str_eq(t.input.damaged, rows[i].damaged, "%s", t.input.damaged);
		sheet_clear(&s);
	}
}

/* One octet of the third block changed, a packet of 36 octets at offset 76. */
static const struct {
	const char *why;
	size_t at;
	uint8_t octet;
	const char *damaged;
} broken[] = {
	{ "a length that is no multiple of 4", 4, 39,
	    "at offset 76: a block cannot have a length of 39 octets" },
	{ "a length below the least", 4, 8,
	    "at offset 76: a block cannot have a length of 8 octets" },
	{ "a length below what a packet needs", 4, 28,
	    "at offset 76: a block of type 0x6 cannot have a length of 28 octets" },
	{ "a length of 16 MiB", 7, 1,
	    "at offset 76: a block of type 0x6 cannot have a length of 16777252 octets" },
	{ "two lengths", 32, 44, "at offset 76: a block's two lengths, 36 and 44, differ" },
	{ "an interface that is not there", 8, 1,
	    "at offset 76: a frame of interface 1, which no block describes" },
	{ "more octets than its block", 20, 5,
	    "at offset 76: a frame of 5 captured octets in a block of 4" },
};

ROWS(savefile, broken, broken)

ParameterizedTest(size_t *i, savefile, broken)
{
	struct sheet s = { 0 };
	struct told t;

	block_section(&s);
	block_interface(&s, 1, 0, 6, 1);
	cr_assert_eq(s.n, 76, "%zu", s.n);
	block_enhanced(&s, 0, 1, "abc", 3);
	block_enhanced(&s, 0, 2, "def", 3);
	s.p[76 + broken[*i].at] = broken[*i].octet;
	run_one(&t, file("a", s.p, s.n), tell_letters);
	cr_assert_eq(t.status, STATUS_OK, "%s: %s", broken[*i].why, t.fault.text);
	cr_assert_str_eq(t.text, "", "%s", broken[*i].why);
	cr_assert_str_eq(
	    t.input.damaged, broken[*i].damaged, "%s: %s", broken[*i].why, t.input.damaged);
	sheet_clear(&s);
}

/* What is passed over has to end where it says, or it may have taken frames with it. */
Test(savefile, pcapng_unknown_block)
{
	struct sheet s = { 0 }, body = { 0 };
	struct told t;

	block_section(&s);
	block_interface(&s, 1, 0, 6, 1);
	sheet_octets(&body, "whatever", 8);
	block(&s, 0xbad, &body);
	block_enhanced(&s, 0, 1, "abc", 3);
	run_one(&t, file("a", s.p, s.n), tell_letters);
	cr_assert_str_eq(t.text, "abc");
	cr_assert_str_eq(t.input.damaged, "");
	s.p[76 + 16] = 21;
	run_one(&t, file("a", s.p, s.n), tell_letters);
	cr_assert_str_eq(t.text, "");
	cr_assert_str_eq(t.input.damaged, "at offset 76: a block's two lengths, 20 and 21, differ",
	    "%s", t.input.damaged);
	run_one(&t, file("a", s.p, 76 + 18), tell_letters);
	cr_assert_str_eq(t.input.damaged, "at offset 94: the file ends in the middle of a block",
	    "%s", t.input.damaged);
	sheet_clear(&body);
	sheet_clear(&s);
}

Test(savefile, pcapng_interfaces_without_end)
{
	struct sheet s = { 0 };
	struct told t;

	block_section(&s);
	for (unsigned n = 0; n < 65537; n++)
		block_interface(&s, 1, 0, 6, 0);
	block_enhanced(&s, 0, 1, "x", 1);
	run_one(&t, file("a", s.p, s.n), tell);
	cr_assert_str_eq(t.text, "");
	cr_assert_str_eq(t.input.damaged,
	    "at offset 2359324: a section of more interfaces than there is room for", "%s",
	    t.input.damaged);
	sheet_clear(&s);
}

/* More link types than are listed, and interfaces beyond the first growth. */
Test(savefile, pcapng_many_interfaces)
{
	struct sheet s = { 0 };
	struct told t;

	block_section(&s);
	for (unsigned n = 0; n < 40; n++)
		block_interface(&s, 200 + n, 0, 6, 0);
	block_enhanced(&s, 39, 1, "x", 1);
	run_one(&t, file("a", s.p, s.n), tell);
	cr_assert_str_eq(t.text, "1@0.000001000/239:x");
	cr_assert_eq(t.input.link_type_count, SOURCE_MAX_LINK_TYPES);
	sheet_clear(&s);
}
