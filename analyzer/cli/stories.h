/*
 * stories: what log and HAT say beside the wire, in one run.
 *
 * In:    the logs and the HAT that were named; then every record, as its connection ends.
 * Out:   at the end each record, joined to its log session and the HAT's decision
 *        (analyzer/correlate/join.h), to the report, by id; and the sessions left over.
 * Owns:  records and sessions wait in spools (reports/spool.h); a trace of each is in memory.
 */
#ifndef HATCHECK_STORIES_H
#define HATCHECK_STORIES_H

#include "analyzer/correlate/join.h"
#include "analyzer/maillog/maillog_read.h"
#include "reports/report.h"

#define STORIES_MAX_LOGS 256 /* on one command line; a directory stands for any number */

struct stories_config {
	const char *logs[STORIES_MAX_LOGS];
	size_t log_count;
	const char *hat, *listener; /* NULL: none */
	int32_t utc_offset_s;       /* LOG_OFFSET_NONE: not given */
	int64_t window_ns;
	enum known delayed_reject, tcprefuse_logged;
	const char *folder; /* for temporary files */
	int64_t near_ns;    /* a time of the captures: it tells the year of stamps without one */
	bool filtered;      /* of what was captured not all is seen: no connection is missed */
};

struct stories;

/* True when there is anything beside the wire. */
bool stories_wanted(const struct stories_config *config);
enum status stories_open(
    struct stories **out, const struct stories_config *config, struct fault *fault);
const struct maillog *stories_logs(const struct stories *s); /* NULL without logs */
const struct hat *stories_hat(const struct stories *s);
enum status stories_record(struct stories *s, const struct record *rec, struct fault *fault);
/* Finds the matches, gives every record to the report, and fills in what `run` says of logs and
 * HAT. */
enum status stories_end(
    struct stories *s, struct report *report, struct report_run *run, struct fault *fault);
void stories_close(struct stories *s);

#endif
