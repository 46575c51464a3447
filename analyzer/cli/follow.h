/*
 * follow: what log and HAT say beside a wire that is watched.
 *
 * In:    the logs, read on as they grow (log_tail.h), and the HAT that were named; every record as
 *        its connection ends.
 * Out:   each record, joined to its session and the HAT's decision, and each session without
 *        a connection, to the report: after --settle where there are logs (settle.h), at
 *        once where there are none.
 * Logs are read as soon as the kernel tells of a change in their folders (inotify), so that a
 * truncation loses next to nothing; and at every tick, for file systems that do not tell. What the
 * logs held before the start only tells whose and of which zone they are, and what is open; with
 * `behind` its sessions are there to be found too, and those that are nobody's are not told.
 */
#ifndef HATCHECK_FOLLOW_H
#define HATCHECK_FOLLOW_H

#include "analyzer/cli/broker.h"
#include "analyzer/cli/stories.h"
#include "analyzer/correlate/settle.h"

#define FOLLOW_MAX_LOGS 64
#define FOLLOW_QUIET_NS CLOCK_NS_PER_S /* after so long the last line of a log is whole */
#define FOLLOW_ROUND_NS (CLOCK_NS_PER_S / 2)

struct follow_config {
	const struct stories_config *beside;
	struct broker *broker; /* opens the logs */
	int64_t settle_ns;
	bool
	    behind; /* the capture may be of before the start: the log's sessions from then count */
	size_t max_octets; /* of what waits to be settled */
	settle_record_sink *record;
	settle_session_sink *session;
	bool (*is_open)(void *ctx, const struct addr *client);
	void *ctx; /* of the three */
};

struct follow;

/* Before the rights are dropped: loads the HAT, and names the logs to the broker. */
enum status follow_open(
    struct follow **out, const struct follow_config *config, struct fault *fault);
/*
 * Before the capture begins: reads what the logs hold. One that is not there yet is waited for; one
 * that cannot be read is STATUS_IO.
 */
enum status follow_begin(struct follow *f, int64_t now_ns, struct fault *fault);
void follow_close(struct follow *f);
const struct maillog *follow_logs(const struct follow *f); /* NULL without logs */

void follow_record(struct follow *f, const struct record *rec);
/* The capture lost packets up to now (packet time): before it nothing is complete. */
void follow_gap(struct follow *f, int64_t packet_ns);
/* To wait for (POLLIN) beside all else: a log may have grown. -1: there is none to wait for. */
int follow_descriptor(const struct follow *f);
/* It could be read from: reads what was added. */
void follow_news(struct follow *f, int64_t now_ns);
/*
 * Reads what was added to the logs, and reports what is settled. `now_ns` of the monotonic clock;
 * `packet_ns`, up to where the wire was seen. False: there is more to read.
 */
bool follow_tick(struct follow *f, int64_t now_ns, int64_t packet_ns);
/* Everything that waits is reported. */
void follow_finish(struct follow *f, int64_t now_ns, int64_t packet_ns);
/* What the report says of logs and HAT. */
void follow_run(const struct follow *f, struct report_run *run);
void follow_limits(const struct follow *f, struct limits *sum); /* adds its own */

#endif
