#include "analyzer/maillog/log_tail.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK ((size_t)64 << 10)
#define HEADER ((uint64_t)64 << 10) /* of a long backlog */

struct telling {
	log_tail_sink *sink;
	void *ctx;
};

static void
tell(const struct telling *to, struct log_tail_news news)
{
	to->sink(to->ctx, &news);
}

void
log_tail_init(struct log_tail *t, log_tail_open *open, void *ctx)
{
	memset(t, 0, sizeof *t);
	t->open = open;
	t->ctx = ctx;
}

void
log_tail_clear(struct log_tail *t)
{
	for (size_t i = 0; i < t->count; i++)
		close(t->parts[i].fd);
	t->count = 0;
}

/* --- the path ------------------------------------------------------------------------------ */

/* Of the file that is there at first. */
static void
set_backlog(struct log_tail_part *p, off_t size)
{
	if ((uint64_t)size <= LOG_TAIL_BACKLOG + HEADER)
		return;
	p->skip_from = HEADER;
	p->skip_to = (uint64_t)size - LOG_TAIL_BACKLOG;
}

static bool
is_newest(const struct log_tail *t, const struct stat *st)
{
	const struct log_tail_part *p;

	if (t->count == 0)
		return false;
	p = &t->parts[t->count - 1];
	return p->device == st->st_dev && p->inode == st->st_ino;
}

/* What the path names now joins the parts, unless it is there already. */
static int
look(struct log_tail *t, int64_t now_ns)
{
	struct log_tail_part *p = &t->parts[t->count];
	struct stat st;
	int fd, error = t->open(t->ctx, &fd);

	if (error != 0)
		return error;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || is_newest(t, &st)) {
		close(fd);
		return t->count == 0 ? EINVAL : 0;
	}
	if (t->count == LOG_TAIL_PARTS) { /* it will still be there when one of them is done */
		close(fd);
		return 0;
	}
	*p = (struct log_tail_part){
		.fd = fd, .device = st.st_dev, .inode = st.st_ino, .quiet_ns = now_ns
	};
	if (!t->begun)
		set_backlog(p, st.st_size);
	if (t->count > 0)
		p[-1].quiet_ns = now_ns;
	t->count++;
	return 0;
}

static void
check_path(struct log_tail *t, int64_t now_ns, const struct telling *to)
{
	int error;

	if (t->check_ns != 0 && now_ns < t->check_ns)
		return;
	t->check_ns = now_ns + LOG_TAIL_CHECK_NS;
	error = look(t, now_ns);
	t->begun = true;
	/* Between two steps of a rotation there is no file, and that is no problem. */
	if (error == ENOENT && t->count > 0)
		error = 0;
	if (error != 0 && error != t->problem)
		tell(to, (struct log_tail_news){ .event = LOG_TAIL_PROBLEM, .error = error });
	t->problem = error;
}

/* --- the file --------------------------------------------------------------------------------- */

static void
remember(struct log_tail *t, struct bytes b)
{
	size_t keep;

	if (b.n >= LOG_TAIL_PRINT) {
		memcpy(t->print, b.p + b.n - LOG_TAIL_PRINT, LOG_TAIL_PRINT);
		t->print_n = LOG_TAIL_PRINT;
		return;
	}
	keep = t->print_n < LOG_TAIL_PRINT - b.n ? t->print_n : LOG_TAIL_PRINT - b.n;
	memmove(t->print, t->print + t->print_n - keep, keep);
	memcpy(t->print + keep, b.p, b.n);
	t->print_n = keep + b.n;
}

/* What was read last no longer stands where it stood. */
static bool
was_rewritten(const struct log_tail *t, off_t size)
{
	const struct log_tail_part *p = &t->parts[0];
	uint8_t now[LOG_TAIL_PRINT];

	if ((uint64_t)size < p->offset)
		return true;
	if ((uint64_t)size == p->offset || t->print_n == 0)
		return false;
	return pread(p->fd, now, t->print_n, (off_t)(p->offset - t->print_n)) !=
	           (ssize_t)t->print_n ||
	       memcmp(now, t->print, t->print_n) != 0;
}

static uint64_t
count_lines(struct bytes b)
{
	uint64_t lines = 0;
	const uint8_t *end;

	for (; (end = memchr(b.p, '\n', b.n)) != NULL; lines++)
		b = bytes_skip(b, (size_t)(end - b.p) + 1);
	return lines;
}

/* An edge of what is skipped moves back to the line end before it, so that no line is cut there. */
static struct bytes
whole_lines(struct log_tail_part *p, struct bytes b)
{
	uint64_t *edge = p->offset + b.n == p->skip_from ? &p->skip_from
	                 : p->offset + b.n == p->skip_to ? &p->skip_to
	                                                 : NULL;
	const uint8_t *end = edge == NULL ? NULL : memrchr(b.p, '\n', b.n);

	if (end == NULL)
		return b;
	b.n = (size_t)(end - b.p) + 1;
	*edge = p->offset + b.n;
	return b;
}

/* How much to read at once, so that the edges of what is skipped are met. */
static size_t
piece(const struct log_tail_part *p)
{
	uint64_t edge = p->offset < p->skip_from ? p->skip_from
	                : p->offset < p->skip_to ? p->skip_to
	                                         : UINT64_MAX;

	return edge - p->offset < BLOCK ? (size_t)(edge - p->offset) : BLOCK;
}

/* One block of the first part; false at its end. */
static bool
read_block(struct log_tail *t, int64_t now_ns, const struct telling *to)
{
	struct log_tail_part *p = &t->parts[0];
	bool skipped = p->offset >= p->skip_from && p->offset < p->skip_to;
	uint8_t room[BLOCK];
	struct bytes b;
	ssize_t n = pread(p->fd, room, piece(p), (off_t)p->offset);

	if (n <= 0)
		return false;
	b = whole_lines(p, bytes_of(room, (size_t)n));
	p->offset += b.n;
	p->quiet_ns = now_ns;
	remember(t, b);
	if (skipped)
		tell(to, (struct log_tail_news){ LOG_TAIL_SKIPPED, .lines = count_lines(b) });
	else
		tell(to, (struct log_tail_news){ LOG_TAIL_BLOCK, .block = b });
	return true;
}

/* The beginning of a file: the next one, or the first once more. */
static void
start_over(struct log_tail *t, enum log_tail_event event, const struct telling *to)
{
	t->parts[0].offset = 0;
	t->parts[0].skip_from = t->parts[0].skip_to = 0;
	t->print_n = 0;
	tell(to, (struct log_tail_news){ .event = event });
}

/* The first part lost the name, and nobody writes to it any more. */
static bool
is_done(const struct log_tail *t, int64_t now_ns)
{
	return t->count > 1 && now_ns - t->parts[0].quiet_ns >= LOG_TAIL_GRACE_NS;
}

static void
next_part(struct log_tail *t, const struct telling *to)
{
	close(t->parts[0].fd);
	t->count--;
	memmove(t->parts, t->parts + 1, t->count * sizeof t->parts[0]);
	start_over(t, LOG_TAIL_ROTATED, to);
}

void
log_tail_look(struct log_tail *t)
{
	t->check_ns = 0;
}

bool
log_tail_poll(struct log_tail *t, int64_t now_ns, size_t octets, log_tail_sink *sink, void *ctx)
{
	const struct telling to = { sink, ctx };
	size_t blocks = octets / BLOCK + 1;
	struct stat st;

	check_path(t, now_ns, &to);
	while (t->count > 0) {
		if (fstat(t->parts[0].fd, &st) == 0 && was_rewritten(t, st.st_size))
			start_over(t, LOG_TAIL_TRUNCATED, &to);
		while (read_block(t, now_ns, &to))
			if (--blocks == 0)
				return true;
		if (!is_done(t, now_ns))
			return false;
		next_part(t, &to);
	}
	return false;
}
