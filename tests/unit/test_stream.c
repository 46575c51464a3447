#include <criterion/criterion.h>
#include <lzma.h>
#include <pthread.h>
#include <zlib.h>
#include <zstd.h>

#include "capture/source/stream.h"
#include "tests/unit/capture_build.h"
#include "tests/unit/rows.h"

TestSuite(stream, .fini = folder_remove, .timeout = 60);

static size_t
pack_none(uint8_t *to, size_t room, struct bytes in)
{
	cr_assert_geq(room, in.n);
	memcpy(to, in.p, in.n);
	return in.n;
}

static size_t
pack_gzip(uint8_t *to, size_t room, struct bytes in)
{
	z_stream z = { .next_in = (Bytef *)in.p,
		.avail_in = (uInt)in.n,
		.next_out = to,
		.avail_out = (uInt)room };

	cr_assert_eq(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static size_t
pack_zstd(uint8_t *to, size_t room, struct bytes in)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	size_t n;

	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1); /* as the command does */
	n = ZSTD_compress2(z, to, room, in.p, in.n);
	cr_assert_not(ZSTD_isError(n));
	ZSTD_freeCCtx(z);
	return n;
}

/* Behind a frame that tells the lengths of others, as pzstd writes them. RFC 8878 3.1.2 */
static size_t
pack_pzstd(uint8_t *to, size_t room, struct bytes in)
{
	static const uint8_t skippable[] = { 0x5e, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4 };

	memcpy(to, skippable, sizeof skippable);
	return sizeof skippable + pack_zstd(to + sizeof skippable, room - sizeof skippable, in);
}

static size_t
pack_xz(uint8_t *to, size_t room, struct bytes in)
{
	size_t n = 0;

	cr_assert_eq(
	    lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, in.p, in.n, to, &n, room), LZMA_OK);
	return n;
}

static const struct {
	const char *name;
	size_t (*pack)(uint8_t *to, size_t room, struct bytes in);
} codecs[] = {
	{ "none", pack_none },
	{ "gzip", pack_gzip },
	{ "zstd", pack_zstd },
	{ "zstd", pack_pzstd },
	{ "xz", pack_xz },
};

/* Octets that do not compress to nothing, and tell their place. */
static void
fill(uint8_t *p, size_t n)
{
	uint32_t state = 1;

	for (size_t i = 0; i < n; i++) {
		state = state * 1664525 + 1013904223;
		p[i] = (uint8_t)(i % 5 == 0 ? state >> 24 : i >> 8);
	}
}

#define PLAIN (700u << 10) /* several buffers */

struct packed {
	uint8_t *plain, *octets;
	size_t n;
};

/* As one member, or as three one after the other. */
static struct packed
packed_new(size_t codec, unsigned members)
{
	size_t room = PLAIN + (64u << 10), at = 0;
	struct packed p = { malloc(PLAIN), malloc(room), 0 };

	fill(p.plain, PLAIN);
	for (unsigned m = 0; m < members; m++) {
		size_t end = PLAIN / members * (m + 1);

		if (m + 1 == members)
			end = PLAIN;
		p.n += codecs[codec].pack(
		    p.octets + p.n, room - p.n, bytes_of(p.plain + at, end - at));
		at = end;
	}
	return p;
}

static void
packed_free(struct packed *p)
{
	free(p->plain);
	free(p->octets);
}

/* Reads in steps of that size; how many octets came, all of them as they should be. */
static size_t
read_all(struct stream *s, const uint8_t *plain, size_t step)
{
	size_t at = 0;

	for (;;) {
		struct bytes b = stream_peek(s, step);
		size_t n = b.n < step ? b.n : step;

		if (n == 0)
			return at;
		cr_assert_eq(stream_offset(s), at);
		cr_assert_leq(at + n, PLAIN);
		cr_assert_eq(memcmp(b.p, plain + at, n), 0, "at %zu", at);
		stream_take(s, n);
		at += n;
	}
}

ROWS(stream, codecs, codecs)

ParameterizedTest(size_t *codec, stream, codecs)
{
	static const size_t steps[] = { 1, 1000, 65536, 500000 };

	for (unsigned members = 1; members <= 3; members += 2)
		for (size_t i = 0; i < COUNT(steps); i++) {
			struct packed p = packed_new(*codec, members);
			struct stream *s;
			struct fault fault;

			cr_assert_eq(stream_open(&s, file("a", p.octets, p.n), &fault), STATUS_OK);
			cr_assert_str_eq(stream_compression(s), codecs[*codec].name);
			cr_assert_eq(s->size, p.n);
			cr_assert_not(s->once);
			cr_assert_eq(read_all(s, p.plain, steps[i]), PLAIN);
			cr_assert_str_eq(s->problem, "", "%s", s->problem);
			cr_assert_eq(s->consumed, p.n);
			stream_close(s);
			packed_free(&p);
		}
}

/* Cut short: what came before the cut is there, and the end is not an orderly one. */
ROWS(stream, cut_short, codecs)

ParameterizedTest(size_t *codec, stream, cut_short)
{
	struct packed p = packed_new(*codec, 3);

	for (size_t n = 0; n < p.n; n += p.n / 61 + 1) {
		struct stream *s;
		struct fault fault;
		size_t came;

		cr_assert_eq(stream_open(&s, file("a", p.octets, n), &fault), STATUS_OK);
		came = read_all(s, p.plain, 1000);
		cr_assert_leq(came, PLAIN);
		if (*codec == 0 || n == 0)
			cr_assert(came == n && s->problem[0] == '\0', "%zu: %s", n, s->problem);
		else
			cr_assert_neq(s->problem[0], '\0', "%zu", n);
		stream_close(s);
	}
	packed_free(&p);
}

ROWS(stream, corrupt, codecs)

/* An octet changed in the middle: what came before it is there, and who can tell tells. */
ParameterizedTest(size_t *codec, stream, corrupt)
{
	const char *name = *codec == 0 ? "" : codecs[*codec].name;
	struct packed p = packed_new(*codec, 3);
	size_t came = 0;
	struct stream *s;
	struct fault fault;

	p.octets[p.n / 2] ^= 0xff;
	cr_assert_eq(stream_open(&s, file("a", p.octets, p.n), &fault), STATUS_OK);
	while (stream_peek(s, 1).n > 0) {
		stream_take(s, 1);
		came++;
	}
	cr_assert_geq(came, PLAIN / 3, "the first member at least");
	cr_assert_eq(strncmp(s->problem, name, strlen(name)), 0, "%s", s->problem);
	cr_assert_eq(s->problem[0] == '\0', *codec == 0);
	stream_close(s);
	packed_free(&p);
}

Test(stream, padding_behind_gzip)
{
	struct packed p = packed_new(1, 1);
	struct stream *s;
	struct fault fault;

	p.octets = realloc(p.octets, 2 * p.n + 512);
	cr_assert_not_null(p.octets);
	memset(p.octets + p.n, 0, 512);
	cr_assert_eq(stream_open(&s, file("a", p.octets, p.n + 512), &fault), STATUS_OK);
	cr_assert_eq(read_all(s, p.plain, 1000), PLAIN);
	cr_assert_str_eq(s->problem, "", "%s", s->problem);
	stream_close(s);
	memcpy(p.octets + p.n + 512, p.octets, p.n);
	cr_assert_eq(stream_open(&s, file("a", p.octets, 2 * p.n + 512), &fault), STATUS_OK);
	for (int member = 0; member < 2; member++)
		for (size_t at = 0; at < PLAIN; at++) {
			struct bytes b = stream_peek(s, 1);

			cr_assert(b.n > 0 && *b.p == p.plain[at], "member %d at %zu", member, at);
			stream_take(s, 1);
		}
	cr_assert_eq(stream_peek(s, 1).n, 0);
	cr_assert_str_eq(s->problem, "", "%s", s->problem);
	stream_close(s);
	memset(p.octets + p.n, 0, 512);
	memcpy(p.octets + p.n + 500, "rubbish", 7);
	cr_assert_eq(stream_open(&s, file("a", p.octets, p.n + 507), &fault), STATUS_OK);
	cr_assert_eq(read_all(s, p.plain, 1000), PLAIN);
	cr_assert_neq(s->problem[0], '\0');
	stream_close(s);
	memcpy(p.octets + p.n, "rubbish", 7);
	cr_assert_eq(stream_open(&s, file("a", p.octets, p.n + 7), &fault), STATUS_OK);
	cr_assert_eq(read_all(s, p.plain, 1000), PLAIN);
	cr_assert_neq(s->problem[0], '\0');
	stream_close(s);
	packed_free(&p);
}

Test(stream, skip)
{
	struct packed p = packed_new(1, 1);
	struct stream *s;
	struct fault fault;

	cr_assert_eq(stream_open(&s, file("a", p.octets, p.n), &fault), STATUS_OK);
	cr_assert(stream_skip(s, 300000));
	cr_assert_eq(*stream_peek(s, 1).p, p.plain[300000]);
	cr_assert_eq(stream_offset(s), 300000);
	cr_assert_not(stream_skip(s, PLAIN));
	cr_assert_eq(stream_offset(s), PLAIN);
	stream_close(s);
	packed_free(&p);
}

Test(stream, faults)
{
	struct stream *s;
	struct fault fault;
	char path[128];

	snprintf(path, sizeof path, "%s/none", folder());
	cr_assert_eq(stream_open(&s, path, &fault), STATUS_IO);
	cr_assert_str_eq(fault.text, "No such file or directory");
	cr_assert_eq(stream_open(&s, folder(), &fault), STATUS_IO);
	cr_assert_str_eq(fault.text, "read: Is a directory", "%s", fault.text);
	cr_assert_null(s);
}

struct writer {
	int fd;
	const struct packed *packed;
	pthread_t thread;
};

/* In pieces of 1 to 2000 octets, so that none ends where something ends. */
static void *
dribble(void *ctx)
{
	struct writer *w = ctx;
	size_t n = 1;

	for (size_t at = 0; at < w->packed->n; at += n) {
		n = (at * 31 + 7) % 2000 + 1;
		if (n > w->packed->n - at)
			n = w->packed->n - at;
		if (write(w->fd, w->packed->octets + at, n) != (ssize_t)n)
			break;
	}
	close(w->fd);
	return NULL;
}

ROWS(stream, standard_input, codecs)

ParameterizedTest(size_t *codec, stream, standard_input)
{
	struct packed p = packed_new(*codec, 3);
	struct writer w = { .packed = &p };
	struct stream *s;
	struct fault fault;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_geq(dup2(ends[0], STDIN_FILENO), 0);
	close(ends[0]);
	w.fd = ends[1];
	cr_assert_eq(pthread_create(&w.thread, NULL, dribble, &w), 0);
	cr_assert_eq(stream_open(&s, "-", &fault), STATUS_OK);
	cr_assert(s->once);
	cr_assert_eq(s->size, 0);
	cr_assert_eq(read_all(s, p.plain, 3000), PLAIN);
	cr_assert_str_eq(s->problem, "", "%s", s->problem);
	stream_close(s);
	pthread_join(w.thread, NULL);
	packed_free(&p);
}

/* What has been written is handed out though the pipe is still open. */
Test(stream, a_pipe_is_not_waited_for)
{
	struct stream *s;
	struct fault fault;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_geq(dup2(ends[0], STDIN_FILENO), 0);
	cr_assert_eq(write(ends[1], "abcdefgh", 8), 8);
	cr_assert_eq(stream_open(&s, "-", &fault), STATUS_OK);
	cr_assert_eq(stream_peek(s, 8).n, 8);
	stream_take(s, 8);
	cr_assert_eq(write(ends[1], "xyz", 3), 3);
	cr_assert_eq(stream_peek(s, 1).n, 3, "all there is, since it is there");
	stream_close(s);
}
