#include "reports/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

bool
queue_needed(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 &&
	       (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode) || S_ISSOCK(st.st_mode));
}

/* The same pipe or terminal, opened once more. */
static int
open_again(int fd)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

bool
queue_init(struct queue *q, int fd, size_t room)
{
	struct stat st;
	int again;

	*q = (struct queue){ .ring = malloc(room), .room = room, .fd = fd };
	q->socket = fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
	if (q->socket)
		return q->ring != NULL;
	again = open_again(fd);
	q->own = again >= 0;
	if (q->own)
		q->fd = again;
	else
		(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return q->ring != NULL;
}

void
queue_clear(struct queue *q)
{
	if (q->own)
		close(q->fd);
	free(q->ring);
	*q = (struct queue){ 0 };
}

static void
append(struct queue *q, struct bytes b)
{
	size_t at = (q->head + q->used) % q->room;
	struct bytes first = bytes_head(b, q->room - at);

	memcpy(q->ring + at, first.p, first.n);
	memcpy(q->ring, first.p + first.n, b.n - first.n);
	q->used += b.n;
	q->line += b.n;
}

static void
drop_line(struct queue *q)
{
	q->dropped++;
	q->used -= q->line;
	q->line = 0;
	q->dropping = true;
}

void
queue_add(struct queue *q, struct bytes b)
{
	while (b.n > 0) {
		const uint8_t *end = memchr(b.p, '\n', b.n);
		struct bytes part = end == NULL ? b : bytes_head(b, (size_t)(end - b.p) + 1);

		b = bytes_skip(b, part.n);
		if (!q->dropping && part.n > q->room - q->used)
			drop_line(q);
		if (!q->dropping)
			append(q, part);
		if (end != NULL) {
			q->dropping = false;
			q->line = 0;
		}
	}
}

static ssize_t
write_some(const struct queue *q, struct iovec v[static 2])
{
	const struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };

	/* Others may share the socket, who want it to block. */
	return q->socket ? sendmsg(q->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) : writev(q->fd, v, 2);
}

int
queue_write(struct queue *q)
{
	while (queue_waits(q)) {
		size_t n = q->used - q->line;
		size_t first = n < q->room - q->head ? n : q->room - q->head;
		struct iovec v[2] = { { q->ring + q->head, first }, { q->ring, n - first } };
		ssize_t done = write_some(q, v);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return errno == EAGAIN ? 0 : errno;
		q->head = (q->head + (size_t)done) % q->room;
		q->used -= (size_t)done;
	}
	return 0;
}
