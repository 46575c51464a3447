/*
 * report: what a run has to say, and the writers that say it.
 *
 * A run calls report_connection once per connection as it ends, then report_end
 * once. Each writer (text, json, ndjson) is one row of a table of functions over the
 * same calls; any number of them write in one run. Writers escape whatever came from
 * the wire and own nothing but their output.
 *
 * json and text list connections by id although they end in another order: records, or lines
 * put together, wait in a spool of each (spool.h), in memory while they are few and in an unlinked
 * temporary file beyond that, so that memory does not grow with their number. ndjson writes as
 * they come.
 */
#ifndef HATCHECK_REPORT_H
#define HATCHECK_REPORT_H

#include "analyzer/correlate/clock.h"
#include "analyzer/hat/hat.h"
#include "analyzer/maillog/maillog.h"
#include "analyzer/verdict/record.h"
#include "capture/base/limits.h"
#include "capture/base/status.h"
#include "capture/source/source.h"

struct report_config {
	const char *json, *ndjson, *text; /* paths, "-" for standard output, NULL for none */
	const char *folder;               /* for temporary files, "/tmp" */
	bool color;
	bool prompt;         /* somebody may follow the lines of --ndjson: each goes out at once */
	uint64_t max_listed; /* octets on disk of each list; 0: no bound */
	int verbose;         /* -1 quiet, 0, 1: text lists every connection and its steps */
	const struct maillog *logs; /* borrowed: names the files of log sessions; NULL: no logs */
};

/*
 * A log session without a connection; `missing` is the message of its finding, NULL when there is
 * none. Both are borrowed until the sink returns.
 */
typedef void report_session_sink(void *ctx, const struct log_session *s, const char *missing);

struct report_run {
	const struct source_input *captures;
	size_t capture_count;
	const struct limits *limits;
	const struct packet_stats *packets;
	/* Zero and NULL where there are no logs, or no HAT. */
	uint64_t log_sessions, matched;
	const struct clock *clock;
	const struct hat *hat;
	const char *hat_path;
	/* Calls the sink for each session without a connection, every time in the same order. */
	void (*sessions)(void *ctx, report_session_sink *sink, void *sink_ctx);
	void *sessions_ctx;
};

struct report;

/* Opens every output; the strings of the configuration are borrowed for the report's life. */
enum status report_open(
    struct report **out, const struct report_config *config, struct fault *fault);
void report_connection(struct report *r, const struct record *rec);
/*
 * Likewise a session without a connection, as soon as that is known; run.sessions is NULL then. It
 * is a report_session_sink.
 */
void report_session(void *report, const struct log_session *s, const char *missing);
/*
 * A report on what there was so far, while the run goes on. _settle comes first; then a fork, and
 * in the child _interim, after which it may only end. Lines that were written as they came are not
 * written again; a file is emptied first, here and by report_end.
 */
void report_settle(struct report *r);
enum status report_interim(struct report *r, const struct report_run *run, struct fault *fault);
/* Writes what is written at the end; the worst of everything that could not be written. */
enum status report_end(struct report *r, const struct report_run *run, struct fault *fault);
/*
 * For a run that must not wait for its readers: from now on up to `octets` of lines wait in memory
 * for each that is slow (queue.h). _poll: what to wait for, so that _pump has something to do;
 * returns how many of REPORT_MAX_QUEUES. _dropped: lines.
 */
#define REPORT_MAX_QUEUES 1
struct pollfd;
enum status report_queue(struct report *r, size_t octets, struct fault *fault);
size_t report_poll(const struct report *r, struct pollfd *fds);
void report_pump(struct report *r);
uint64_t report_dropped(const struct report *r);
/* The JSON lines go on in that file, which is the report's now; the one before is closed. */
void report_go_on(struct report *r, int fd);
/* Connections and sessions that are too old for the lists of the report, the shortest one. */
uint64_t report_unlisted(const struct report *r);
struct tally;
const struct tally *report_tally(const struct report *r);
/* Findings so far of exactly this severity. */
uint64_t report_findings(const struct report *r, enum severity s);
/* True once every output has failed, so that a run need not go on for nobody. */
bool report_unheard(const struct report *r);
void report_close(struct report *r);

#endif
