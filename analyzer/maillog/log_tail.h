/*
 * log_tail: a log that grows, read on as `tail -F` does.
 *
 * In:    a way to open the log's path, asked again and again; time, from the caller.
 * Out:   what was added, in blocks, and when the log went on in another file: the path names
 * another one now (rotation by rename), or the file is shorter than what was read or no longer
 * holds what was read last (truncation). Late:  a file that lost the name is read on until nothing
 * was added for LOG_TAIL_GRACE_NS, since its writer may not have noticed yet; files that have the
 * name meanwhile are held, and read after it. Begin: what is there when the log is first opened is
 * read too, but of more than LOG_TAIL_BACKLOG only the beginning, which may be a header, and the
 * end; the lines in between are counted. Owns:  the descriptors, at most LOG_TAIL_PARTS.
 */
#ifndef HATCHECK_LOG_TAIL_H
#define HATCHECK_LOG_TAIL_H

#include <stdint.h>
#include <sys/types.h>

#include "capture/base/bytes.h"

#define LOG_TAIL_GRACE_NS INT64_C(1000000000)
#define LOG_TAIL_CHECK_NS INT64_C(200000000) /* from one look at the path to the next */
#define LOG_TAIL_BACKLOG (UINT64_C(64) << 20)
#define LOG_TAIL_PARTS 8
#define LOG_TAIL_PRINT 64 /* octets by which the file is known again */

enum log_tail_event {
	LOG_TAIL_BLOCK,     /* `block` was added */
	LOG_TAIL_SKIPPED,   /* `lines` were passed over */
	LOG_TAIL_ROTATED,   /* what comes next is the beginning of another file */
	LOG_TAIL_TRUNCATED, /* or of the same, and lines may be lost that were never read */
	LOG_TAIL_PROBLEM    /* the path cannot be opened: `error`, an errno; once for each */
};

struct log_tail_news {
	enum log_tail_event event;
	struct bytes block; /* borrowed until the sink returns */
	uint64_t lines;
	int error;
};

typedef void log_tail_sink(void *ctx, const struct log_tail_news *news);

/* Opens the path to be read: 0, or an errno value. */
typedef int log_tail_open(void *ctx, int *fd);

struct log_tail_part {
	int fd;
	dev_t device;
	ino_t inode;
	uint64_t offset;             /* read so far */
	uint64_t skip_from, skip_to; /* of the backlog */
	int64_t quiet_ns;            /* since when nothing was added, or it lost the name */
};

struct log_tail {
	log_tail_open *open;
	void *ctx;
	struct log_tail_part parts[LOG_TAIL_PARTS]; /* the one being read first */
	size_t count;
	bool begun;
	int64_t check_ns;              /* when to look at the path */
	int problem;                   /* told */
	uint8_t print[LOG_TAIL_PRINT]; /* the last octets read of parts[0] */
	size_t print_n;
};

void log_tail_init(struct log_tail *t, log_tail_open *open, void *ctx);
void log_tail_clear(struct log_tail *t);
/* The path may name another file now: look at once. */
void log_tail_look(struct log_tail *t);
/*
 * Tells what is new, up to about `octets` of it; true when there is more. now_ns: of any clock that
 * goes forward.
 */
bool log_tail_poll(
    struct log_tail *t, int64_t now_ns, size_t octets, log_tail_sink *sink, void *ctx);

#endif
