/*
 * maillog: mail logs in, one log session out for each connection they tell of.
 *
 * The whole way of a log, in one object: blocks > lines > prefix > (wrapped lines joined)
 * > event > session. It reads no clock and no file; maillog_read.h feeds it from files,
 * and whoever follows a log that grows feeds it what was added.
 *
 * In:    logs, one after the other, each in blocks of any size; LF or CRLF. The sessions are
 *        the same for every way of cutting a log into blocks. A session may begin in
 *        one log and end in another.
 * Out:   one call of the sink per session, when it ends (log_table.h), in that order.
 * Clock: a stamp is local to the gateway. Its offset from UTC is, in this order, the caller's,
 *        the stamp's own (ISO 8601), what a header said for this sender or this log, and what
 *        a header said in the log before; else it is not known, and taken as 0. The year of a
 *        stamp without one is that which brings it nearest to the stamp before, and at
 *        first to `near_ns`.
 * Whose: a header's serial number tells appliances apart, and so does the host that syslog
 *        names. A log without a header is taken to be of the same appliance as the one before.
 * Owns:  the open sessions, within the bounds of the configuration.
 * Fails: _new returns NULL, _begin STATUS_NOMEM, without memory. No line is an error: what
 *        tells of a connection and could not be read is counted in `unparsed`.
 */
#ifndef HATCHECK_MAILLOG_H
#define HATCHECK_MAILLOG_H

#include "analyzer/maillog/log_table.h"
#include "capture/base/status.h"

#define MAILLOG_MAX_OPEN 65536
#define MAILLOG_MAX_MEMORY ((size_t)64 << 20)
#define MAILLOG_MAX_FILES UINT16_MAX
#define MAILLOG_MAX_LINE 65536 /* octets of a line that are read */

struct maillog_file {
	char *path;              /* as given, or directory/name; "-" for standard input */
	const char *compression; /* "none", "gzip", "zstd", "xz" */
	uint64_t lines;
	uint64_t sessions; /* that have their first line in it */
	uint64_t unparsed; /* lines of a connection that could not be read */
	int32_t utc_offset_s;
	enum log_offset_from offset_from;
	int64_t first_ns, last_ns; /* earliest and latest stamp, local; LOG_TIME_NONE */
	uint64_t understood;       /* lines that were of a gateway's log */
	char damaged[256];         /* what is wrong with it; "" if nothing is */
};

/* A line that could not be read: its place and its text, borrowed. */
typedef void maillog_unparsed(void *ctx, const char *path, uint64_t line, struct bytes text);

struct maillog_config {
	size_t max_open, max_memory; /* 0: MAILLOG_MAX_OPEN, MAILLOG_MAX_MEMORY */
	int32_t utc_offset_s;        /* over what headers say; LOG_OFFSET_NONE: it is not given */
	log_session_sink *sink;
	maillog_unparsed *unparsed; /* NULL: nobody wants to see them */
	void *ctx;                  /* of both */
};

/* What is known of a log before its first line. */
struct maillog_start {
	const char *path;        /* copied */
	const char *compression; /* a literal */
	int64_t near_ns;         /* a time near its first stamp (its year is all that counts) */
	int32_t utc_offset_s;    /* what its header will say; LOG_OFFSET_NONE */
};

struct maillog;

struct maillog *maillog_new(const struct maillog_config *config);
void maillog_free(struct maillog *m);

enum status maillog_begin(struct maillog *m, const struct maillog_start *start);
void maillog_feed(struct maillog *m, struct bytes block);
/*
 * For logs that grow, several at once: as _begin, but the log keeps a place of its own, to which
 * _resume returns with its number in maillog_files. What follows is of the log resumed last.
 */
enum status maillog_follow(struct maillog *m, const struct maillog_start *start);
void maillog_resume(struct maillog *m, size_t file);
/* It goes on in a new file of its name: the line begun is whole, and lines count from 1. */
void maillog_rotate(struct maillog *m);
/* So many lines of it went by unread. */
void maillog_skip(struct maillog *m, uint64_t lines);
/* Nothing came for a while: the line that is held is whole, and closed sessions end. */
void maillog_quiet(struct maillog *m);
/* Calls the sink for each open session, as it would end now, with its id, and leaves it open. */
void maillog_peek(struct maillog *m, log_session_sink *sink, void *ctx);

/*
 * The end of the log that was begun last. Its last line may lack its end, and may then be the front
 * of a longer one: it counts for what is sure all the same (log_line_cut).
 */
void maillog_end(struct maillog *m);
/* Says of it that what follows could not be read, and why. */
void maillog_damaged(struct maillog *m, const char *why);
/* Every open session ends here. */
void maillog_finish(struct maillog *m);

/* In the order in which they were begun; struct log_place.file counts in them. */
const struct maillog_file *maillog_files(const struct maillog *m, size_t *count);
/* The serial number of struct log_session.appliance; NULL when it is not known. */
const char *maillog_serial(const struct maillog *m, uint16_t appliance);
/* How the zone of the stamps is known, "header", "option" or "stamp"; NULL if one log does not
 * tell. */
const char *maillog_offset_from(const struct maillog *m);
const struct limits *maillog_limits(const struct maillog *m);

#endif
