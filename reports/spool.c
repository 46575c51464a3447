#include "reports/spool.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/spool_file.h"

/* Records lie at multiples of this in memory and in the file, so that either can be read in place.
 */
#define ALIGN _Alignof(max_align_t)
/* No more records than this fit in the buffer at once. */
#define PENDING_MAX (SPOOL_MEMORY / SPOOL_BLOCK_MIN + 1)
/*
 * While the file is read the buffer is cut into windows. One begins at each multiple of STRIDE in
 * the file, so that only a block larger than their overlap can be in none. There are many
 * because neighbours by id ended at different times: some at once, some after their idle time.
 */
#define WINDOW ((size_t)64 << 10)
#define STRIDE ((size_t)48 << 10)
#define WINDOWS (SPOOL_MEMORY / WINDOW)
#define INDEX_BLOCK 512 /* entries */

struct entry {
	uint64_t id, offset; /* where the record starts in the sequence of all records */
};

struct window {
	uint64_t number; /* of its stride in the file, from 1; 0: nothing was read */
	uint64_t turn;   /* when it was looked into last */
	size_t used;
};

struct spool {
	const char *folder;
	uint8_t *buf; /* the newest records; while reading from the file, windows */
	size_t room, used;
	uint64_t start;     /* offset of buf[0] in the sequence */
	int records, index; /* -1 until the buffer was full once */
	uint64_t last_id;   /* the highest in the index file */
	uint64_t max;       /* octets of the sequence that are kept; 0: all */
	uint64_t floor;     /* what lies before this offset was given up */
	uint64_t low_id;    /* and every id below this one; at the beginning of a block */
	uint64_t lost;      /* blocks */
	enum status status;
	struct fault fault; /* why status is what it is */
	bool sorted;        /* pending is, by id; nothing is added any more */
	struct window windows[WINDOWS];
	uint64_t turn;
	size_t pending_count; /* of the records in buf, once they are not yet in the index */
	struct entry pending[PENDING_MAX];
};

struct spool *
spool_new(const char *folder)
{
	struct spool *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->folder = folder;
	s->records = s->index = -1;
	s->room = SPOOL_MEMORY;
	s->buf = malloc(s->room);
	if (s->buf == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

void
spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	if (s->records >= 0)
		close(s->records);
	if (s->index >= 0)
		close(s->index);
	free(s->buf);
	free(s);
}

static enum status
failed(struct spool *s, const char *doing)
{
	if (s->status == STATUS_OK)
		s->status = fault_set(&s->fault, STATUS_IO, "temporary file in %s: %s: %s",
		    s->folder, doing, strerror(errno));
	return s->status;
}

static enum status
told(const struct spool *s, struct fault *fault)
{
	if (s->status != STATUS_OK)
		fault_set(fault, s->status, "%s", s->fault.text);
	return s->status;
}

static int
by_id(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/*
 * The index holds offset + 1 at 8 * id, so that a hole reads as "no such record". It is
 * changed by whole blocks: records that end together began together, and most share one.
 */
static bool
write_index(struct spool *s)
{
	uint64_t block[INDEX_BLOCK];
	size_t i = 0;

	qsort(s->pending, s->pending_count, sizeof s->pending[0], by_id);
	while (i < s->pending_count) {
		uint64_t first = s->pending[i].id / INDEX_BLOCK * INDEX_BLOCK;

		memset(block, 0, sizeof block);
		if (spool_file_read(s->index, block, sizeof block, first * sizeof block[0]) < 0)
			return false;
		for (; i < s->pending_count && s->pending[i].id - first < INDEX_BLOCK; i++)
			block[s->pending[i].id - first] = s->pending[i].offset + 1;
		if (first < s->low_id)
			s->low_id = first; /* it was open for long */
		if (!spool_file_write(s->index, block, sizeof block, first * sizeof block[0]))
			return false;
	}
	if (i > 0 && s->pending[i - 1].id > s->last_id)
		s->last_id = s->pending[i - 1].id;
	s->pending_count = 0;
	return true;
}

/* Every block begins with its size. */
static uint32_t
size_of(const void *block)
{
	uint32_t size;

	memcpy(&size, block, sizeof size);
	return size;
}

static size_t
padded(const void *block)
{
	return (size_of(block) + ALIGN - 1) / ALIGN * ALIGN;
}

/* --- the bound --------------------------------------------------------------------------- */

/* Passes over the oldest blocks. The buffer is empty, and large enough for any of them. */
static bool
raise_floor(struct spool *s, uint64_t to)
{
	while (s->floor < to) {
		ssize_t got = spool_file_read(s->records, s->buf, s->room, s->floor);
		size_t at = 0;

		if (got < (ssize_t)SPOOL_BLOCK_MIN)
			return false;
		for (; s->floor + at < to && (size_t)got - at >= SPOOL_BLOCK_MIN; s->lost++) {
			if (padded(s->buf + at) > (size_t)got - at)
				break;
			at += padded(s->buf + at);
		}
		if (at == 0)
			return false;
		s->floor += at;
	}
	return true;
}

/* Ids from the lowest on, as long as whole blocks of the index name nothing that is kept. */
static bool
raise_low_id(struct spool *s)
{
	uint64_t block[INDEX_BLOCK];

	for (; s->low_id + INDEX_BLOCK <= s->last_id; s->low_id += INDEX_BLOCK) {
		if (spool_file_read(s->index, block, sizeof block, s->low_id * sizeof block[0]) < 0)
			return false;
		for (size_t i = 0; i < INDEX_BLOCK; i++)
			if (block[i] > s->floor)
				return true;
	}
	return true;
}

/* An eighth at a time, so that it seldom has to be done. */
static enum status
trim(struct spool *s)
{
	if (s->max == 0 || s->start - s->floor <= s->max)
		return STATUS_OK;
	if (!raise_floor(s, s->start - s->max / 8 * 7) || !raise_low_id(s))
		return failed(s, "read");
	if (!spool_file_give_back(s->records, s->floor) ||
	    !spool_file_give_back(s->index, s->low_id * sizeof(uint64_t)))
		return failed(s, "give back");
	return STATUS_OK;
}

void
spool_bound(struct spool *s, uint64_t octets)
{
	s->max = octets;
}

uint64_t
spool_lost(const struct spool *s)
{
	return s == NULL ? 0 : s->lost;
}

static enum status
flush(struct spool *s)
{
	if (s->records < 0) {
		s->records = spool_file_new(s->folder);
		s->index = spool_file_new(s->folder);
		if (s->records < 0 || s->index < 0)
			return failed(s, "open");
	}
	if (!spool_file_write(s->records, s->buf, s->used, s->start) || !write_index(s))
		return failed(s, "write");
	s->start += s->used;
	s->used = 0;
	return trim(s);
}

void
spool_settle(struct spool *s)
{
	if (s->status == STATUS_OK && s->records >= 0 && s->pending_count > 0)
		flush(s);
}

/* Makes the (empty) buffer at least n octets large. */
static enum status
widen(struct spool *s, size_t n)
{
	uint8_t *buf;

	if (n <= s->room)
		return STATUS_OK;
	buf = realloc(s->buf, n);
	if (buf == NULL)
		return s->status = fault_set(&s->fault, STATUS_NOMEM, "out of memory");
	s->buf = buf;
	s->room = n;
	return STATUS_OK;
}

enum status
spool_add(struct spool *s, uint64_t id, const void *block, struct fault *fault)
{
	size_t n = padded(block);

	if (s->status == STATUS_OK && n > s->room - s->used && flush(s) == STATUS_OK)
		widen(s, n);
	if (s->status != STATUS_OK)
		return told(s, fault);
	assert(size_of(block) >= SPOOL_BLOCK_MIN);
	memcpy(s->buf + s->used, block, size_of(block));
	memset(s->buf + s->used + size_of(block), 0, n - size_of(block));
	assert(s->pending_count < PENDING_MAX);
	s->pending[s->pending_count++] = (struct entry){ id, s->start + s->used };
	s->used += n;
	return STATUS_OK;
}

/* n octets of the file, from `offset` on. Octets read, or SIZE_MAX and the failure kept. */
static size_t
fetch(struct spool *s, uint8_t *to, size_t n, uint64_t offset)
{
	ssize_t got = spool_file_read(s->records, to, n, offset);

	if (got < 0)
		failed(s, "read");
	return got < 0 ? SIZE_MAX : (size_t)got;
}

/* A block larger than a window takes the place of all of them. */
static const void *
load_large(struct spool *s, uint64_t offset, size_t n)
{
	memset(s->windows, 0, sizeof s->windows);
	if (widen(s, n) != STATUS_OK)
		return NULL;
	return fetch(s, s->buf, n, offset) == n ? s->buf : NULL;
}

/* The window of that number, or the one that was not looked into for longest. */
static struct window *
window_for(struct spool *s, uint64_t number)
{
	struct window *oldest = &s->windows[0];

	for (size_t i = 0; i < WINDOWS; i++) {
		if (s->windows[i].number == number)
			return &s->windows[i];
		if (s->windows[i].turn < oldest->turn)
			oldest = &s->windows[i];
	}
	return oldest;
}

static const void *
load(struct spool *s, uint64_t offset)
{
	uint64_t number = offset / STRIDE + 1;
	struct window *w = window_for(s, number);
	uint8_t *at = s->buf + (size_t)(w - s->windows) * WINDOW;
	const void *block = at + offset % STRIDE;
	size_t left;

	if (w->number != number) {
		w->number = 0;
		w->used = fetch(s, at, WINDOW, (number - 1) * STRIDE);
		if (w->used == SIZE_MAX)
			return NULL;
		w->number = number;
	}
	w->turn = ++s->turn;
	left = w->used > offset % STRIDE ? w->used - offset % STRIDE : 0;
	if (left >= SPOOL_BLOCK_MIN && left < size_of(block))
		block = load_large(s, offset, size_of(block));
	else if (left < SPOOL_BLOCK_MIN)
		block = NULL;
	if (block == NULL) {
		errno = EIO; /* the file is shorter than what was written */
		failed(s, "read");
	}
	return block;
}

static enum status
read_files(struct spool *s, spool_sink *sink, void *ctx)
{
	uint64_t block[INDEX_BLOCK];

	if (s->pending_count > 0 && flush(s) != STATUS_OK)
		return s->status;
	for (uint64_t id = s->low_id; id <= s->last_id; id += INDEX_BLOCK) {
		ssize_t got = spool_file_read(s->index, block, sizeof block, id * sizeof block[0]);

		if (got < 0)
			return failed(s, "read");
		for (size_t i = 0; i < (size_t)got / sizeof block[0]; i++) {
			const void *found;

			if (block[i] <= s->floor)
				continue; /* no such id, or given up */
			found = load(s, block[i] - 1);
			if (found == NULL)
				return s->status;
			sink(ctx, found);
		}
	}
	return STATUS_OK;
}

enum status
spool_read(struct spool *s, spool_sink *sink, void *ctx, struct fault *fault)
{
	if (s->status == STATUS_OK && s->records >= 0)
		read_files(s, sink, ctx);
	if (s->status == STATUS_OK && s->records < 0) {
		qsort(s->pending, s->pending_count, sizeof s->pending[0], by_id);
		for (size_t i = 0; i < s->pending_count; i++)
			sink(ctx, s->buf + s->pending[i].offset);
	}
	return told(s, fault);
}

/* Its offset, or UINT64_MAX. */
static uint64_t
offset_of(struct spool *s, uint64_t id)
{
	const struct entry key = { id, 0 };
	const struct entry *found;
	uint64_t offset = 0;

	if (s->records >= 0) {
		if (spool_file_read(s->index, &offset, sizeof offset, id * sizeof offset) < 0)
			failed(s, "read");
		return offset > s->floor ? offset - 1 : UINT64_MAX; /* a hole reads as 0 */
	}
	found = bsearch(&key, s->pending, s->pending_count, sizeof s->pending[0], by_id);
	return found != NULL ? found->offset : UINT64_MAX;
}

const void *
spool_get(struct spool *s, uint64_t id, struct fault *fault)
{
	uint64_t offset;

	if (s->status == STATUS_OK && s->records >= 0 && s->pending_count > 0)
		flush(s);
	if (!s->sorted)
		qsort(s->pending, s->pending_count, sizeof s->pending[0], by_id);
	s->sorted = true;
	offset = s->status == STATUS_OK ? offset_of(s, id) : UINT64_MAX;
	if (told(s, fault) != STATUS_OK || offset == UINT64_MAX)
		return NULL;
	return s->records < 0 ? s->buf + offset : load(s, offset);
}
