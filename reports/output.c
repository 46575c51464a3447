#include "reports/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/base/escape.h"

static enum status
failure(const struct output *o, struct fault *fault)
{
	char path[256];

	escape_text(path, sizeof path, bytes_str(o->path));
	return fault_set(fault, STATUS_IO, "%s: %s",
	    strcmp(o->path, "-") == 0 ? "standard output" : path, strerror(o->error));
}

enum status
output_open(struct output *o, const char *path, struct fault *fault)
{
	enum status status;

	o->path = path;
	o->used = 0;
	o->error = 0;
	o->queued = false;
	o->fd = STDOUT_FILENO;
	if (strcmp(path, "-") != 0)
		o->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
	if (o->fd >= 0)
		return STATUS_OK;
	o->error = errno;
	status = failure(o, fault);
	o->path = NULL;
	return status;
}

enum status
output_queue(struct output *o, size_t octets, struct fault *fault)
{
	output_flush(o);
	if (o->path == NULL || o->queued || !queue_needed(o->fd))
		return STATUS_OK;
	o->queued = queue_init(&o->queue, o->fd, octets);
	return o->queued ? STATUS_OK : fault_set(fault, STATUS_NOMEM, "out of memory");
}

void
output_pump(struct output *o)
{
	if (o->queued && o->error == 0)
		o->error = queue_write(&o->queue);
}

/* The reader has so long to take something, each time. What it leaves is a failure. */
static void
close_queue(struct output *o)
{
	struct pollfd p = { .fd = o->queue.fd, .events = POLLOUT };

	while (o->error == 0 && queue_waits(&o->queue) && poll(&p, 1, OUTPUT_PATIENCE_MS) > 0)
		output_pump(o);
	if (o->error == 0 && queue_waits(&o->queue))
		o->error = ETIMEDOUT;
	queue_clear(&o->queue);
	o->queued = false;
}

void
output_flush(struct output *o)
{
	size_t done = 0;

	if (o->queued) {
		queue_add(&o->queue, bytes_of(o->buffer, o->used));
		output_pump(o);
		o->used = 0;
		return;
	}
	while (o->error == 0 && done < o->used) {
		ssize_t n = write(o->fd, o->buffer + done, o->used - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			o->error = errno;
	}
	o->used = 0;
}

void
output_rewind(struct output *o)
{
	struct stat st;

	if (o->path == NULL || strcmp(o->path, "-") == 0 || fstat(o->fd, &st) != 0 ||
	    !S_ISREG(st.st_mode))
		return;
	if ((ftruncate(o->fd, 0) != 0 || lseek(o->fd, 0, SEEK_SET) != 0) && o->error == 0)
		o->error = errno;
}

void
output_go_on(struct output *o, int fd)
{
	output_flush(o);
	if (o->path != NULL && o->fd != STDOUT_FILENO)
		close(o->fd);
	o->fd = fd;
	o->error = 0;
}

void
output_bytes(struct output *o, struct bytes b)
{
	while (b.n > 0) {
		struct bytes part = bytes_head(b, OUTPUT_ROOM - o->used);

		memcpy(o->buffer + o->used, part.p, part.n);
		o->used += part.n;
		b = bytes_skip(b, part.n);
		if (o->used == OUTPUT_ROOM)
			output_flush(o);
	}
}

void
output_format(struct output *o, const char *fmt, ...)
{
	size_t n = OUTPUT_ROOM;

	/* Straight into the buffer; once more into an empty one if it did not fit. */
	for (int tries = 0; tries < 2 && n >= OUTPUT_ROOM - o->used; tries++) {
		va_list ap;
		int wanted;

		if (tries > 0)
			output_flush(o);
		va_start(ap, fmt);
		wanted = vsnprintf(o->buffer + o->used, OUTPUT_ROOM - o->used, fmt, ap);
		va_end(ap);
		n = wanted > 0 ? (size_t)wanted : 0;
	}
	o->used += n < OUTPUT_ROOM - o->used ? n : OUTPUT_ROOM - o->used - 1;
}

void
output_escaped(struct output *o, struct bytes raw)
{
	while (raw.n > 0) {
		struct bytes plain = bytes_head(raw, escape_plain(raw));

		output_bytes(o, plain);
		raw = bytes_skip(raw, plain.n);
		if (raw.n > 0) {
			char one[ESCAPE_CHARACTER];
			size_t n = escape_character(&raw, one);

			output_bytes(o, bytes_of(one, n));
		}
	}
}

enum status
output_close(struct output *o, struct fault *fault)
{
	enum status status;

	if (o->path == NULL)
		return STATUS_OK;
	output_flush(o);
	if (o->queued)
		close_queue(o);
	if (o->fd != STDOUT_FILENO && close(o->fd) != 0 && o->error == 0)
		o->error = errno;
	status = o->error == 0 ? STATUS_OK : failure(o, fault);
	o->path = NULL;
	return status;
}
