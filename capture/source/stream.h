/*
 * stream: the octets of one input, a capture or a log, decompressed, in order.
 *
 * In:    a path, or "-" for standard input; anything that can be read, seeking or not.
 * Out:   runs of octets in one buffer, borrowed until the next _peek or _skip. What is
 *        there is handed out at once: a pipe is waited for only as long as fewer octets
 *        have come than were asked for.
 * Fails: _open says why in *fault, without the path; STATUS_NOMEM also when the process
 *        has no descriptor left. A stream that breaks later ends there, and s->problem
 *        says why.
 * Cost:  a file is read in pieces of STREAM_BUFFER, and copied by the kernel alone; one
 *        that fits in the buffer holds no descriptor after its last octet was read.
 */
#ifndef HATCHECK_STREAM_H
#define HATCHECK_STREAM_H

#include "capture/base/bytes.h"
#include "capture/base/status.h"

#define STREAM_BUFFER (128u << 10)

struct codec;

/*
 * Asked before what is no file is read, and so might let the caller wait: `ready` waits in the
 * caller's own way until fd can be read, and returns false when nothing more is wanted of it;
 * the stream ends there.
 */
struct stream_wait {
	bool (*ready)(void *ctx, int fd);
	void *ctx;
};

struct stream {
	const uint8_t *at, *end; /* in the buffer, not yet taken */
	uint64_t end_offset;     /* of `end`, in octets of the decompressed stream */
	bool ended;              /* nothing comes after `end` */
	char problem[128];       /* why it ended before its time; "" if it did not */

	uint8_t *buffer;
	size_t room;
	int fd;                         /* -1 after its end */
	const struct stream_wait *wait; /* NULL: read waits */
	bool once;                      /* cannot be opened a second time: no file */
	uint64_t size;                  /* of the file, 0 when that cannot be known */
	uint64_t consumed;              /* octets read of the file, as it lies on the disk */

	const struct codec *codec; /* NULL: not compressed */
	void *codec_state;
	uint8_t *packed; /* STREAM_BUFFER octets, NULL without codec */
	struct bytes packed_left;
};

enum status stream_open(struct stream **out, const char *path, struct fault *fault);
/* The same; `wait` is borrowed for the stream's life. */
enum status stream_open_waiting(
    struct stream **out, const char *path, const struct stream_wait *wait, struct fault *fault);
void stream_close(struct stream *s);
const char *stream_compression(const struct stream *s); /* "none", "gzip", ... */

/* Reads until n octets lie between at and end, or the stream ends. */
void stream_fill(struct stream *s, size_t n);
/* Passes over n octets; false when fewer came. */
bool stream_skip(struct stream *s, uint64_t n);

/* All that is in the buffer; fewer than n octets only when the stream ends there. */
static inline struct bytes
stream_peek(struct stream *s, size_t n)
{
	if ((size_t)(s->end - s->at) < n)
		stream_fill(s, n);
	return bytes_of(s->at, (size_t)(s->end - s->at));
}

/* Of the n octets that a _peek showed. */
static inline void
stream_take(struct stream *s, size_t n)
{
	s->at += n;
}

static inline uint64_t
stream_offset(const struct stream *s)
{
	return s->end_offset - (uint64_t)(s->end - s->at);
}

#endif
