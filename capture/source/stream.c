#include "capture/source/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/source/decompress.h"

static void
problem_set(struct stream *s, const char *what, const char *why)
{
	snprintf(s->problem, sizeof s->problem, "%s: %s", what, why);
	s->ended = true;
}

static void
close_descriptor(struct stream *s)
{
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	s->fd = -1;
}

/* Up to n octets as they lie on the disk; 0 at the end, or after a problem. */
static size_t
read_raw(struct stream *s, uint8_t *to, size_t n)
{
	ssize_t got;

	if (s->fd < 0)
		return 0;
	if (s->wait != NULL && s->size == 0 && !s->wait->ready(s->wait->ctx, s->fd)) {
		close_descriptor(s);
		return 0;
	}
	do
		got = read(s->fd, to, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		problem_set(s, "read", strerror(errno));
	if (got <= 0) {
		close_descriptor(s);
		return 0;
	}
	s->consumed += (uint64_t)got;
	/* A whole file in memory needs its descriptor no longer; there may be thousands. */
	if (s->size != 0 && s->consumed == s->size && s->size < STREAM_BUFFER)
		close_descriptor(s);
	return (size_t)got;
}

/* n octets have been put behind those that are there. */
static void
grow_end(struct stream *s, size_t n)
{
	s->end += n;
	s->end_offset += n;
}

static size_t
room_behind(const struct stream *s)
{
	return (size_t)(s->buffer + s->room - s->end);
}

static void
fill_plain(struct stream *s)
{
	size_t room = room_behind(s), got = read_raw(s, s->buffer + s->room - room, room);

	if (got == 0)
		s->ended = true;
	grow_end(s, got);
}

static void
fill_packed(struct stream *s)
{
	size_t room = room_behind(s);
	struct decompress_io io = { .in = s->packed_left,
		.last = s->fd < 0,
		.out = s->buffer + s->room - room,
		.room = room };
	enum decompress_result result = s->codec->step(s->codec_state, &io);
	bool idle = io.room == room && io.in.n == s->packed_left.n;

	s->packed_left = io.in;
	grow_end(s, room - io.room);
	if (result == DECOMPRESS_BAD)
		problem_set(s, s->codec->name, io.why);
	else if (result == DECOMPRESS_END)
		s->ended = true;
	else if (idle && s->packed_left.n == 0)
		s->packed_left = bytes_of(s->packed, read_raw(s, s->packed, STREAM_BUFFER));
}

/* Room for n octets from `at` on, with what is there moved to the front. */
static bool
make_room(struct stream *s, size_t n)
{
	size_t left = (size_t)(s->end - s->at);

	if (left > 0)
		memmove(s->buffer, s->at, left);
	if (n > s->room) {
		uint8_t *larger = realloc(s->buffer, n);

		if (larger == NULL) {
			problem_set(s, "read", "no memory left");
			n = s->room;
			larger = s->buffer;
		}
		s->buffer = larger;
		s->room = n;
	}
	s->at = s->buffer;
	s->end = s->buffer + left;
	return !s->ended;
}

void
stream_fill(struct stream *s, size_t n)
{
	if (s->codec == NULL && s->fd < 0)
		s->ended = true;
	if (s->ended || !make_room(s, n))
		return;
	while (!s->ended && (size_t)(s->end - s->at) < n)
		if (s->codec == NULL)
			fill_plain(s);
		else
			fill_packed(s);
}

bool
stream_skip(struct stream *s, uint64_t n)
{
	while (n > 0) {
		struct bytes there = stream_peek(s, 1);
		size_t step = there.n < n ? there.n : (size_t)n;

		if (step == 0)
			return false;
		stream_take(s, step);
		n -= step;
	}
	return true;
}

/* What was read to tell the codec becomes its input. */
static bool
start_codec(struct stream *s, const struct codec *codec)
{
	size_t have = (size_t)(s->end - s->at);

	s->ended = false; /* it was the end of the packed octets only */
	if (!make_room(s, STREAM_BUFFER))
		return false;
	s->packed = malloc(STREAM_BUFFER);
	s->codec_state = codec->start();
	s->codec = codec;
	if (s->packed == NULL || s->codec_state == NULL)
		return false;
	memcpy(s->packed, s->at, have);
	s->packed_left = bytes_of(s->packed, have);
	s->end = s->at;
	s->end_offset = 0;
	return true;
}

static enum status
system_fault(struct fault *fault)
{
	bool want = errno == EMFILE || errno == ENFILE || errno == ENOMEM;

	return fault_set(fault, want ? STATUS_NOMEM : STATUS_IO, "%s", strerror(errno));
}

static enum status
open_descriptor(struct stream *s, const char *path, struct fault *fault)
{
	struct stat st;

	s->once = true;
	s->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &st) != 0)
		return system_fault(fault);
	if (S_ISREG(st.st_mode)) {
		s->once = s->fd == STDIN_FILENO;
		s->size = (uint64_t)st.st_size;
	}
	return STATUS_OK;
}

static enum status
open_buffers(struct stream *s, struct fault *fault)
{
	const struct codec *codec;

	s->room = s->size != 0 && s->size < STREAM_BUFFER ? (size_t)s->size : STREAM_BUFFER;
	s->buffer = malloc(s->room);
	if (s->buffer == NULL)
		return fault_set(fault, STATUS_NOMEM, "no memory left");
	s->at = s->end = s->buffer;
	codec = decompress_find(stream_peek(s, DECOMPRESS_MAGIC));
	if (s->problem[0] != '\0')
		return fault_set(fault, STATUS_IO, "%s", s->problem);
	if (codec != NULL && !start_codec(s, codec))
		return fault_set(fault, STATUS_NOMEM, "no memory left");
	return STATUS_OK;
}

enum status
stream_open(struct stream **out, const char *path, struct fault *fault)
{
	return stream_open_waiting(out, path, NULL, fault);
}

enum status
stream_open_waiting(
    struct stream **out, const char *path, const struct stream_wait *wait, struct fault *fault)
{
	struct stream *s = calloc(1, sizeof *s);
	enum status status;

	*out = NULL;
	if (s == NULL)
		return fault_set(fault, STATUS_NOMEM, "no memory left");
	s->fd = -1;
	s->wait = wait;
	status = open_descriptor(s, path, fault);
	if (status == STATUS_OK)
		status = open_buffers(s, fault);
	if (status != STATUS_OK) {
		stream_close(s);
		return status;
	}
	*out = s;
	return STATUS_OK;
}

void
stream_close(struct stream *s)
{
	if (s == NULL)
		return;
	close_descriptor(s);
	if (s->codec_state != NULL)
		s->codec->stop(s->codec_state);
	free(s->packed);
	free(s->buffer);
	free(s);
}

const char *
stream_compression(const struct stream *s)
{
	return s->codec == NULL ? "none" : s->codec->name;
}
