/*
 * log_inputs: the logs of a run, found, looked into and put in order.
 *
 * A directory stands for the logs in it, not below it, other files in it are passed over; a
 * file that is named twice is read once. Logs go by their first stamp, and those of the
 * consolidated event log after the others, for they tell less. Each is opened once to see what it
 * is, and closed again when it can be opened a second time.
 */
#ifndef HATCHECK_LOG_INPUTS_H
#define HATCHECK_LOG_INPUTS_H

#include <sys/types.h>

#include "capture/base/bytes.h"
#include "capture/base/status.h"

struct stream;

struct log_input {
	char *path;            /* owned */
	struct stream *stream; /* NULL while it is closed */
	size_t order;          /* as given */
	bool listed;           /* found in a directory */
	bool events;           /* begins with the consolidated event log */
	bool is_log;           /* a line of a gateway's log was seen */
	bool dated;            /* near_ns is the stamp of one of its lines */
	dev_t device;
	ino_t inode;
	bool regular;
	uint64_t size;    /* octets on the disk, 0 if that cannot be known */
	int64_t near_ns;  /* a time near its first stamp */
	int64_t first_ns; /* its first stamp, by UTC as far as the offset is known; INT64_MAX */
	int32_t first_offset_s; /* by which that was found; LOG_OFFSET_NONE */
	int32_t utc_offset_s;   /* of its header; LOG_OFFSET_NONE */
	char problem[256];      /* why it cannot be read; "" if it can */
};

struct log_inputs {
	struct log_input *all; /* in the order of the run */
	size_t count, room;
};

/* near_ns: a time near all of them, over what their names and dates say; or LOG_TIME_NONE. */
enum status log_inputs_find(struct log_inputs *in, const char *const *paths, size_t count,
    int64_t near_ns, struct fault *fault);
void log_inputs_clear(struct log_inputs *in);
/* Opens it if it is not open; false, with its problem, when that cannot be. */
bool log_inputs_start(struct log_input *i);
void log_inputs_stop(struct log_input *i);

#endif
