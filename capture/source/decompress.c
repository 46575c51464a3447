#define ZLIB_CONST /* its input is not written to */

#include "capture/source/decompress.h"

#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

static const char cut_short[] = "the compressed data is cut short";

static enum decompress_result
bad(struct decompress_io *io, const char *why)
{
	io->why = why;
	return DECOMPRESS_BAD;
}

struct gzip {
	z_stream z;
	bool between; /* members */
};

static void *
gzip_start(void)
{
	struct gzip *g = calloc(1, sizeof *g);

	if (g != NULL && inflateInit2(&g->z, 16 + MAX_WBITS) != Z_OK) {
		free(g);
		return NULL;
	}
	return g;
}

static enum decompress_result
gzip_step(void *state, struct decompress_io *io)
{
	struct gzip *g = state;
	size_t room = io->room;
	int result;

	if (g->between) {
		while (io->in.n > 0 && io->in.p[0] == 0) /* tapes and block devices pad */
			io->in = bytes_skip(io->in, 1);
		if (io->in.n == 0)
			return io->last ? DECOMPRESS_END : DECOMPRESS_OK;
		inflateReset(&g->z);
		g->between = false;
	}
	g->z.next_in = io->in.p;
	g->z.avail_in = (uInt)io->in.n;
	g->z.next_out = io->out;
	g->z.avail_out = (uInt)io->room;
	result = inflate(&g->z, Z_NO_FLUSH);
	io->in = bytes_of(g->z.next_in, g->z.avail_in);
	io->room = g->z.avail_out;
	switch (result) {
	case Z_STREAM_END:
		g->between = true;
		return DECOMPRESS_OK;
	case Z_OK:
	case Z_BUF_ERROR:
		if (io->last && io->in.n == 0 && io->room == room)
			return bad(io, cut_short);
		return DECOMPRESS_OK;
	default:
		return bad(io, g->z.msg != NULL ? g->z.msg : zError(result));
	}
}

static void
gzip_stop(void *state)
{
	struct gzip *g = state;

	inflateEnd(&g->z);
	free(g);
}

struct zstd {
	ZSTD_DStream *z;
	size_t first, want; /* octets it asks for, at a frame's start and now */
	bool inside;        /* a frame */
};

static void *
zstd_start(void)
{
	struct zstd *s = calloc(1, sizeof *s);

	if (s != NULL && (s->z = ZSTD_createDStream()) == NULL) {
		free(s);
		return NULL;
	}
	if (s != NULL)
		s->first = s->want = ZSTD_initDStream(s->z);
	return s; /* its own limit of a window is 2^27, DECOMPRESS_MAX_MEMORY */
}

#define ZSTD_BLOCK_HEADER 3

/*
 * What it wants is most often a block and the next one's header. They are given to it one
 * by one: a call that fails does not say what it put out before, so a good block and a bad
 * header must not be of the same call.
 */
static size_t
zstd_want(const struct zstd *s)
{
	return s->want > ZSTD_BLOCK_HEADER ? s->want - ZSTD_BLOCK_HEADER : s->want;
}

static enum decompress_result
zstd_step(void *state, struct decompress_io *io)
{
	struct zstd *s = state;
	ZSTD_inBuffer in = { io->in.p, bytes_head(io->in, zstd_want(s)).n, 0 };
	ZSTD_outBuffer out = { io->out, io->room, 0 };
	size_t result;

	if (!s->inside && in.size == 0)
		return io->last ? DECOMPRESS_END : DECOMPRESS_OK;
	result = ZSTD_decompressStream(s->z, &out, &in);
	io->in = bytes_skip(io->in, in.pos);
	io->room -= out.pos;
	if (ZSTD_isError(result))
		return bad(io, ZSTD_getErrorName(result));
	s->inside = result != 0;
	s->want = s->inside ? result : s->first;
	if (s->inside && io->last && io->in.n == 0 && out.pos == 0)
		return bad(io, cut_short);
	return DECOMPRESS_OK;
}

static void
zstd_stop(void *state)
{
	struct zstd *s = state;

	ZSTD_freeDStream(s->z);
	free(s);
}

static void *
xz_start(void)
{
	lzma_stream *x = calloc(1, sizeof *x);

	if (x != NULL &&
	    lzma_stream_decoder(x, DECOMPRESS_MAX_MEMORY, LZMA_CONCATENATED) != LZMA_OK) {
		free(x);
		return NULL;
	}
	return x;
}

static enum decompress_result
xz_step(void *state, struct decompress_io *io)
{
	static const char *const reasons[] = {
		[LZMA_MEM_ERROR] = "no memory left to decompress it",
		[LZMA_MEMLIMIT_ERROR] = "its dictionary is larger than the 128 MiB allowed",
		[LZMA_FORMAT_ERROR] = "no xz stream follows the first",
		[LZMA_OPTIONS_ERROR] = "it was compressed with options that are not known",
		[LZMA_DATA_ERROR] = "the compressed data is corrupt",
		[LZMA_BUF_ERROR] = cut_short,
	};
	lzma_stream *x = state;
	lzma_ret result;

	x->next_in = io->in.p;
	x->avail_in = io->in.n;
	x->next_out = io->out;
	x->avail_out = io->room;
	result = lzma_code(x, io->last ? LZMA_FINISH : LZMA_RUN);
	io->in = bytes_of(x->next_in, x->avail_in);
	io->room = x->avail_out;
	if (result == LZMA_STREAM_END)
		return DECOMPRESS_END;
	if (result == LZMA_OK || (result == LZMA_BUF_ERROR && !io->last))
		return DECOMPRESS_OK;
	if ((size_t)result < sizeof reasons / sizeof *reasons && reasons[result] != NULL)
		return bad(io, reasons[result]);
	return bad(io, "it cannot be decompressed");
}

static void
xz_stop(void *state)
{
	lzma_end(state);
	free(state);
}

static const struct codec codecs[] = {
	{ "gzip", "\x1f\x8b", 2, 0, gzip_start, gzip_step, gzip_stop },
	{ "zstd", "\x28\xb5\x2f\xfd", 4, 0, zstd_start, zstd_step, zstd_stop },
	/* A frame to be skipped. RFC 8878 3.1.2 */
	{ "zstd", "\x50\x2a\x4d\x18", 4, 0x0f, zstd_start, zstd_step, zstd_stop },
	{ "xz", "\xfd\x37zXZ", 6, 0, xz_start, xz_step, xz_stop }, /* with the 0 that ends it */
};

static bool
starts_like(struct bytes head, const struct codec *c)
{
	return head.n >= c->magic_octets &&
	       (head.p[0] | c->any) == ((uint8_t)c->magic[0] | c->any) &&
	       memcmp(head.p + 1, c->magic + 1, c->magic_octets - 1) == 0;
}

const struct codec *
decompress_find(struct bytes head)
{
	for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
		if (starts_like(head, &codecs[i]))
			return &codecs[i];
	return NULL;
}
