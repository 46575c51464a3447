/*
 * maillog_read: mail logs from files, all of them, to their ends.
 *
 * In:    paths of files or directories (log_inputs.h), or "-" for standard input; plain, gzip,
 *        zstd or xz, told by their magic.
 * Out:   every line to `m`, in the order of the logs' first stamps. Sessions may stay
 *        open: maillog_finish ends them.
 * Fails: STATUS_IO, STATUS_FORMAT when not one log could be read and understood; the fault is that
 *        of the first. One of several that cannot be, and one that is damaged later,
 *        says so in its maillog_file; the others are read. STATUS_NOMEM.
 */
#ifndef HATCHECK_MAILLOG_READ_H
#define HATCHECK_MAILLOG_READ_H

#include "analyzer/maillog/maillog.h"

struct maillog_source {
	const char *const *paths;
	size_t path_count;
	/*
	 * A time near all the logs, as of a capture that they are held against: it tells the
	 * year of stamps without one. LOG_TIME_NONE: the files' names and dates tell it.
	 */
	int64_t near_ns;
	/*
	 * Called after each block with the octets read so far of all that can be known
	 * beforehand (0 when it cannot, as on standard input); false: read no further. NULL for
	 * none.
	 */
	bool (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *progress_ctx;
};

enum status maillog_read(
    struct maillog *m, const struct maillog_source *source, struct fault *fault);

#endif
