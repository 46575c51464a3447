/*
 * capture_build: captures for tests, put together in memory and written to files of a
 * directory that is removed when the test's process ends in order.
 */
#ifndef HATCHECK_CAPTURE_BUILD_H
#define HATCHECK_CAPTURE_BUILD_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture/source/source.h"

#define SECOND INT64_C(1000000000)

/* Octets under construction, numbers in this machine's order or in the other. */
struct sheet {
	uint8_t *p;
	size_t n, room;
	bool swapped;
};

static inline void
sheet_octets(struct sheet *s, const void *p, size_t n)
{
	if (s->n + n >= s->room) {
		s->room = (s->n + n) * 2 + 64;
		s->p = realloc(s->p, s->room);
		cr_assert_not_null(s->p);
	}
	if (n > 0)
		memcpy(s->p + s->n, p, n);
	s->n += n;
}

static inline void
sheet_16(struct sheet *s, unsigned value)
{
	uint16_t v = (uint16_t)value;

	v = s->swapped ? __builtin_bswap16(v) : v;
	sheet_octets(s, &v, sizeof v);
}

static inline void
sheet_32(struct sheet *s, uint32_t v)
{
	v = s->swapped ? __builtin_bswap32(v) : v;
	sheet_octets(s, &v, sizeof v);
}

static inline void
sheet_64(struct sheet *s, uint64_t v)
{
	v = s->swapped ? __builtin_bswap64(v) : v;
	sheet_octets(s, &v, sizeof v);
}

static inline void
sheet_clear(struct sheet *s)
{
	free(s->p);
	*s = (struct sheet){ 0 };
}

static inline void
pcap_header(struct sheet *s, uint32_t magic, unsigned major, unsigned minor, uint32_t link_type)
{
	sheet_32(s, magic);
	sheet_16(s, major);
	sheet_16(s, minor);
	sheet_64(s, 0);
	sheet_32(s, 65535);
	sheet_32(s, link_type);
}

/* A frame that is its text. */
static inline void
pcap_record(struct sheet *s, uint32_t seconds, uint32_t fraction, const char *text, uint32_t wire)
{
	sheet_32(s, seconds);
	sheet_32(s, fraction);
	sheet_32(s, (uint32_t)strlen(text));
	sheet_32(s, wire);
	sheet_octets(s, text, strlen(text));
}

/* A whole capture of Ethernet, with a frame of one octet for each letter, a second each. */
static inline void
pcap_letters(struct sheet *s, uint32_t first_second, const char *letters)
{
	pcap_header(s, 0xa1b2c3d4, 2, 4, 1);
	for (; *letters != '\0'; letters++, first_second++)
		pcap_record(s, first_second, 0, (const char[]){ *letters, 0 }, 1);
}

/* A pcapng block around a body, padded to 32 bits. */
static inline void
block(struct sheet *s, uint32_t type, const struct sheet *body)
{
	uint32_t padded = (uint32_t)(body->n + 3) / 4 * 4;

	sheet_32(s, type);
	sheet_32(s, padded + 12);
	sheet_octets(s, body->p, body->n);
	sheet_octets(s, "\0\0\0", padded - body->n);
	sheet_32(s, padded + 12);
}

static inline void
block_section(struct sheet *s)
{
	struct sheet body = { .swapped = s->swapped };

	sheet_32(&body, 0x1a2b3c4d);
	sheet_16(&body, 1);
	sheet_16(&body, 0);
	sheet_64(&body, UINT64_MAX);
	block(s, 0x0a0d0d0a, &body);
	sheet_clear(&body);
}

/* resolution and offset: as in the options, the default where they are 6 and 0. */
static inline void
block_interface(
    struct sheet *s, unsigned link_type, uint32_t snaplen, uint8_t resolution, int64_t offset)
{
	struct sheet body = { .swapped = s->swapped };

	sheet_16(&body, link_type);
	sheet_16(&body, 0);
	sheet_32(&body, snaplen);
	sheet_16(&body, 2); /* its name comes first */
	sheet_16(&body, 5);
	sheet_octets(&body, "eth01\0\0\0", 8);
	if (resolution != 6) {
		sheet_16(&body, 9);
		sheet_16(&body, 1);
		sheet_octets(&body, &resolution, 1);
		sheet_octets(&body, "\0\0\0", 3);
	}
	if (offset != 0) {
		sheet_16(&body, 14);
		sheet_16(&body, 8);
		sheet_64(&body, (uint64_t)offset);
	}
	sheet_32(&body, 0);
	block(s, 1, &body);
	sheet_clear(&body);
}

static inline void
block_packet_body(struct sheet *body, uint64_t ticks, const char *text, uint32_t wire)
{
	sheet_32(body, (uint32_t)(ticks >> 32));
	sheet_32(body, (uint32_t)ticks);
	sheet_32(body, (uint32_t)strlen(text));
	sheet_32(body, wire);
	sheet_octets(body, text, strlen(text));
}

static inline void
block_enhanced(struct sheet *s, uint32_t interface, uint64_t ticks, const char *text, uint32_t wire)
{
	struct sheet body = { .swapped = s->swapped };

	sheet_32(&body, interface);
	block_packet_body(&body, ticks, text, wire);
	block(s, 6, &body);
	sheet_clear(&body);
}

static inline void
block_obsolete(struct sheet *s, unsigned interface, uint64_t ticks, const char *text, uint32_t wire)
{
	struct sheet body = { .swapped = s->swapped };

	sheet_16(&body, interface);
	sheet_16(&body, 3); /* drops */
	block_packet_body(&body, ticks, text, wire);
	block(s, 2, &body);
	sheet_clear(&body);
}

static inline void
block_simple(struct sheet *s, const char *text, uint32_t wire)
{
	struct sheet body = { .swapped = s->swapped };

	sheet_32(&body, wire);
	sheet_octets(&body, text, strlen(text));
	block(s, 3, &body);
	sheet_clear(&body);
}

static char folder_path[64];

static inline void
folder_remove(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", folder_path);
	if (folder_path[0] != '\0' && system(command) != 0)
		folder_path[0] = '\0';
}

/* The test's own directory. */
static inline const char *
folder(void)
{
	if (folder_path[0] == '\0') {
		snprintf(folder_path, sizeof folder_path, "/tmp/hatcheck-test-XXXXXX");
		cr_assert_not_null(mkdtemp(folder_path));
	}
	return folder_path;
}

/* Writes the octets to a file of that name in it; its path, borrowed until the next 64 calls. */
static inline const char *
file(const char *name, const void *p, size_t n)
{
	static char paths[64][128];
	static unsigned next;
	char *path = paths[next++ % 64];
	FILE *f;

	snprintf(path, sizeof paths[0], "%s/%s", folder(), name);
	f = fopen(path, "wb");
	cr_assert_not_null(f);
	cr_assert_eq(fwrite(p, 1, n, f), n);
	cr_assert_eq(fclose(f), 0);
	return path;
}

/* What a run gave: each frame as "number@second.nanosecond/linktype:octets ". */
struct told {
	char text[4096];
	size_t n;
	enum status status; /* of source_open */
	struct fault fault;
	struct source_input input; /* the first one; its path is gone */
	size_t inputs;
};

static inline void
tell(struct told *t, const struct frame *f)
{
	t->n += (size_t)snprintf(t->text + t->n, sizeof t->text - t->n,
	    "%s%llu@%lld.%09lld/%d:%.*s", t->n == 0 ? "" : " ", (unsigned long long)f->frame_no,
	    (long long)(f->ts_ns / SECOND), (long long)(f->ts_ns % SECOND), f->link_type,
	    (int)f->data.n, (const char *)f->data.p);
	if (f->wire_len != f->data.n)
		t->n += (size_t)snprintf(t->text + t->n, sizeof t->text - t->n, "+%u",
		    f->wire_len - (unsigned)f->data.n);
	cr_assert_lt(t->n, sizeof t->text);
}

/* Only the octets of each frame, which is enough to tell the order of single letters. */
static inline void
tell_letters(struct told *t, const struct frame *f)
{
	cr_assert_lt(t->n + f->data.n, sizeof t->text);
	memcpy(t->text + t->n, f->data.p, f->data.n);
	t->n += f->data.n;
	t->text[t->n] = '\0';
}

static inline void
run(struct told *t, const struct source_config *config,
    void (*each)(struct told *t, const struct frame *f))
{
	struct source *s;
	const struct frame *frame;
	uint64_t last = 0;

	memset(t, 0, sizeof *t);
	t->status = source_open(&s, config, &t->fault);
	if (t->status != STATUS_OK) {
		cr_assert_null(s);
		return;
	}
	while (source_next(s, &frame) == STATUS_OK) {
		cr_assert_gt(frame->frame_no, last);
		cr_assert_leq(frame->data.n, frame->wire_len);
		last = frame->frame_no;
		each(t, frame);
	}
	cr_assert_eq(source_next(s, &frame), STATUS_END, "and it stays the end");
	t->input = source_inputs(s, &t->inputs)[0];
	source_close(s);
}

static inline void
run_one(struct told *t, const char *path, void (*each)(struct told *t, const struct frame *f))
{
	const struct source_config config = { .paths = &path, .path_count = 1 };

	run(t, &config, each);
}

#endif
