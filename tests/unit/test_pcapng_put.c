#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include <pcap/dlt.h>

#include "capture/source/pcapng_put.h"
#include "capture/source/source.h"
#include "tests/unit/rows.h"

/* What is put is what is read again. */
static const struct {
	int64_t ts_ns;
	uint32_t octets, wire_len;
	int link_type;
} rows[] = {
	{ INT64_C(1247873976123456789), 60, 60, DLT_EN10MB },
	{ INT64_C(1247873976123456790), 61, 61, DLT_EN10MB },
	{ INT64_C(1247873977000000000), 62, 1500, DLT_RAW },
	{ INT64_C(4398046511103000000), 63, 63, DLT_LINUX_SLL2 }, /* beyond 2^32 s */
	{ INT64_C(4398046511103000001), 0, 90, DLT_EN10MB },
	{ INT64_C(4398046511103999999), 65535, 70000, DLT_RAW },
};

static size_t
put_all(uint8_t *room, const uint8_t *octets)
{
	static const int links[] = { DLT_EN10MB, DLT_RAW, DLT_LINUX_SLL2 };
	size_t n = pcapng_put_section(room);

	for (size_t i = 0; i < COUNT(links); i++)
		n += pcapng_put_interface(room + n, links[i]);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct frame frame = { .ts_ns = rows[i].ts_ns,
			.data = bytes_of(octets + i, rows[i].octets),
			.wire_len = rows[i].wire_len,
			.link_type = rows[i].link_type };
		uint32_t interface = 0;
		size_t block;

		while (links[interface] != rows[i].link_type)
			interface++;
		block = pcapng_put_frame(room + n, interface, &frame);
		cr_expect_eq(block % 4, 0);
		cr_expect_leq(block, rows[i].octets + PCAPNG_BLOCK_ROOM);
		n += block;
	}
	return n;
}

Test(pcapng_put, what_is_put_is_read_again)
{
	char path[] = "/tmp/hatcheck-test-XXXXXX";
	const char *const paths[] = { path };
	const struct source_config config = { .paths = paths, .path_count = 1 };
	static uint8_t room[1 << 18], octets[1 << 17];
	int fd = mkstemp(path);
	struct source *s;
	struct fault fault;
	const struct frame *frame;
	size_t n, count;

	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)(i * 7);
	n = put_all(room, octets);
	cr_assert_eq(write(fd, room, n), (ssize_t)n);
	close(fd);
	cr_assert_eq(source_open(&s, &config, &fault), STATUS_OK, "%s", fault.text);
	for (size_t i = 0; i < COUNT(rows); i++) {
		cr_assert_eq(source_next(s, &frame), STATUS_OK, "frame %zu", i);
		cr_expect_eq(frame->ts_ns, rows[i].ts_ns, "frame %zu", i);
		cr_expect_eq(frame->ts_digits, 9);
		cr_expect_eq(frame->link_type, rows[i].link_type, "frame %zu", i);
		cr_expect_eq(frame->wire_len, rows[i].wire_len, "frame %zu", i);
		cr_expect(
		    bytes_eq(frame->data, bytes_of(octets + i, rows[i].octets)), "frame %zu", i);
	}
	cr_expect_eq(source_next(s, &frame), STATUS_END);
	cr_expect_str_eq(source_inputs(s, &count)->damaged, "");
	source_close(s);
	unlink(path);
}
