/*
 * fuzz_source: any octets as a capture.
 * Holds: read from a file and, in pieces, from standard input they give the same frames and
 *        the same damage; frames lie within what was read; and as far as libpcap reads the
 *        same octets, it sees the same frames.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "capture/source/source.h"

#define MAX_INPUT 8192 /* what a socket holds before it is read */
#define MAX_FRAMES 1024

struct told {
	enum status status;
	size_t count;
	struct frame frame[MAX_FRAMES];
	uint8_t *data[MAX_FRAMES];
	struct source_input input;
};

static void
read_run(struct told *t, const char *path, const char *filter)
{
	const struct source_config config = { .paths = &path, .path_count = 1, .filter = filter };
	struct source *s;
	struct fault fault;
	const struct frame *frame;
	uint64_t octets = 0;
	size_t inputs;

	memset(t, 0, sizeof *t);
	fault.text[0] = '\0';
	t->status = source_open(&s, &config, &fault);
	assert((t->status == STATUS_OK) == (s != NULL));
	assert((t->status == STATUS_OK) == (fault.text[0] == '\0'));
	if (t->status != STATUS_OK)
		return;
	while (source_next(s, &frame) == STATUS_OK) {
		assert(frame->ts_ns >= 0 && frame->wire_len >= frame->data.n);
		assert(frame->ts_digits == 6 || frame->ts_digits == 9);
		octets += frame->data.n;
		if (t->count == MAX_FRAMES)
			continue;
		t->frame[t->count] = *frame;
		t->data[t->count] = malloc(frame->data.n + 1);
		assert(t->data[t->count] != NULL);
		if (frame->data.n > 0)
			memcpy(t->data[t->count], frame->data.p, frame->data.n);
		t->frame[t->count].data.p = t->data[t->count];
		t->count++;
	}
	t->input = *source_inputs(s, &inputs);
	assert(inputs == 1);
	assert(filter != NULL || t->input.bytes == octets);
	assert(t->input.packets >= t->count);
	assert(memchr(t->input.damaged, '\0', sizeof t->input.damaged) != NULL);
	source_close(s);
}

static void
told_clear(struct told *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->data[i]);
}

static void
read_file(struct told *t, struct bytes in, const char *filter)
{
	char path[32];
	int fd = memfd_create("capture", 0);

	assert(fd >= 0 && write(fd, in.p, in.n) == (ssize_t)in.n);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	read_run(t, path, filter);
	close(fd);
}

/* Each message of such a socket is what one read gives. */
static void
read_pieces(struct told *t, struct bytes in)
{
	int ends[2], made = socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends);
	size_t step = in.n / 24 + 1;

	assert(made == 0);
	for (size_t at = 0, n; at < in.n; at += n) {
		n = at % 7 * step / 5 + 1;
		n = n < in.n - at ? n : in.n - at;
		made = send(ends[1], in.p + at, n, MSG_DONTWAIT) == (ssize_t)n;
		assert(made);
	}
	close(ends[1]);
	made = dup2(ends[0], STDIN_FILENO);
	assert(made == STDIN_FILENO);
	close(ends[0]);
	read_run(t, "-", NULL); /* which stays open, so that no other file gets its number */
}

/*
 * How much a library puts out before it finds its input corrupt may hang on how it is cut; then
 * the one is the front of the other.
 */
static bool
is_corrupt(const struct told *t)
{
	return t->status != STATUS_OK ||
	       (t->input.damaged[0] != '\0' && strcmp(t->input.compression, "none") != 0);
}

static void
assert_same(const struct told *a, const struct told *b)
{
	size_t count = a->count < b->count ? a->count : b->count;

	if (!is_corrupt(a) || !is_corrupt(b)) {
		assert(a->status == b->status && a->count == b->count);
		assert(strcmp(a->input.damaged, b->input.damaged) == 0);
	}
	for (size_t i = 0; i < count; i++) {
		assert(a->frame[i].ts_ns == b->frame[i].ts_ns);
		assert(a->frame[i].frame_no == b->frame[i].frame_no);
		assert(a->frame[i].wire_len == b->frame[i].wire_len);
		assert(a->frame[i].link_type == b->frame[i].link_type);
		assert(bytes_eq(a->frame[i].data, b->frame[i].data));
	}
}

/* What libpcap reads of it, where it reads it at all, is what was read. */
static void
assert_as_libpcap(const struct told *t, struct bytes in)
{
	char error[PCAP_ERRBUF_SIZE];
	FILE *f = fmemopen((void *)(uintptr_t)in.p, in.n, "rb");
	pcap_t *p = f == NULL ? NULL
	                      : pcap_fopen_offline_with_tstamp_precision(
				    f, PCAP_TSTAMP_PRECISION_NANO, error);
	struct pcap_pkthdr *h;
	const uint8_t *data;

	if (p == NULL) {
		if (f != NULL)
			fclose(f);
		return;
	}
	for (size_t i = 0; pcap_next_ex(p, &h, &data) == 1 && i < MAX_FRAMES; i++) {
		const struct frame *frame = &t->frame[i];

		if (i == t->count) { /* it checks less of a pcapng's blocks */
			assert(
			    t->input.damaged[0] != '\0' && strcmp(t->input.format, "pcapng") == 0);
			break;
		}
		/* Bits above the 16 of a link type it takes for part of it. */
		assert(pcap_datalink(p) > 0xffff || frame->link_type == pcap_datalink(p));
		/* It cuts what is longer than the header's snaplen. */
		assert(h->caplen == frame->data.n || h->caplen == (bpf_u_int32)pcap_snapshot(p));
		assert(h->caplen <= frame->data.n && memcmp(data, frame->data.p, h->caplen) == 0);
		assert(h->len == frame->wire_len || h->len < frame->data.n);
		/* A fraction of more than a second it takes for a negative one. */
		if (strcmp(t->input.format, "pcap") == 0 && h->ts.tv_usec >= 0 &&
		    h->ts.tv_usec < 1000000000)
			assert(frame->ts_ns ==
			       (uint32_t)h->ts.tv_sec * INT64_C(1000000000) + h->ts.tv_usec);
	}
	pcap_close(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct told file, pieces, filtered;
	struct bytes in = bytes_of(data, size);

	if (size == 0 || size > MAX_INPUT)
		return 0;
	read_file(&file, in, NULL);
	read_pieces(&pieces, in);
	assert_same(&file, &pieces);
	if (file.status == STATUS_OK && strcmp(file.input.compression, "none") == 0)
		assert_as_libpcap(&file, in);
	read_file(&filtered, in, "len > 20");
	assert(filtered.count <= file.count);
	assert(filtered.status != STATUS_OK || filtered.input.packets == file.input.packets);
	told_clear(&file);
	told_clear(&pieces);
	told_clear(&filtered);
	return 0;
}
