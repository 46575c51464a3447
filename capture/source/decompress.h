/*
 * decompress: gzip, zstd and xz, told by their magic.          Inside capture/source/ only.
 *
 * A codec is one row of a table. Concatenated members (gzip), frames (zstd) and streams
 * (xz) are one input. Memory: a gzip window is 32 KiB; zstd and xz are held to
 * DECOMPRESS_MAX_MEMORY whatever their headers ask for.
 */
#ifndef HATCHECK_DECOMPRESS_H
#define HATCHECK_DECOMPRESS_H

#include "capture/base/bytes.h"

#define DECOMPRESS_MAGIC 6 /* octets that tell every codec */
#define DECOMPRESS_MAX_MEMORY (128u << 20)

enum decompress_result {
	DECOMPRESS_OK,  /* went on as far as the input or the room allowed */
	DECOMPRESS_END, /* complete; what may follow is padding */
	DECOMPRESS_BAD  /* corrupt or cut short: io->why */
};

struct decompress_io {
	struct bytes in; /* what is left of it, on return */
	bool last;       /* no input comes after `in` */
	uint8_t *out;
	size_t room; /* > 0; what is left of it, on return */
	const char *why;
};

struct codec {
	const char *name;
	const char *magic;
	size_t magic_octets;
	uint8_t any;          /* bits of its first octet that may be set or not */
	void *(*start)(void); /* NULL without memory */
	enum decompress_result (*step)(void *state, struct decompress_io *io);
	void (*stop)(void *state);
};

/* The codec of an input that starts like this; NULL: it is not compressed. */
const struct codec *decompress_find(struct bytes head);

#endif
