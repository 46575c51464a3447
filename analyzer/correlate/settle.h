/*
 * settle: connections wait for their log sessions, and sessions for their connections, while both
 * come in.                                                      correlate.h over a moving window
 *
 * In:    records as connections end, sessions as they end, and a way to look at those that are
 *        still open in the log; time, from the caller.
 * Out:   each record once, `wait_ns` after it came in: joined to its session and the HAT's decision
 *        (join.h), or without a session. Each session without a connection once, `wait_ns` after it
 *        came in, and not while the wire still has an open connection that it may be of, or
 *        was not yet seen up to the session's end.
 * How:   what waits, the pairs reported in the last SETTLE_CONTEXT_NS, and what was reported
 * without its other side in the last SETTLE_LATE_NS, is correlated anew each time that something is
 * due, so that order and rivals are as in a whole run. What was reported stands: a session that is
 * another's already goes to nobody else; whoever it would go to now gets what is left over for the
 * other, unsure, and accuses nobody. The clock that was found is remembered. Of a session that is
 * not yet ended only what is there counts: a line that is missing may still come. Late:  a session
 * that comes after its connection was reported without it is told as a session without a finding,
 * and counted in limits. Bound: `max_octets` of records and sessions; beyond it the oldest are
 * reported at once, and that is counted in limits.
 */
#ifndef HATCHECK_SETTLE_H
#define HATCHECK_SETTLE_H

#include "analyzer/correlate/join.h"
#include "analyzer/correlate/settle_window.h"
#include "analyzer/maillog/log_table.h"
#include "capture/base/limits.h"

#define SETTLE_CONTEXT_NS (15 * CLOCK_NS_PER_S)
#define SETTLE_LATE_NS (60 * CLOCK_NS_PER_S)

/* A record that is settled; a session that is nobody's, `missing` as of join_session, or NULL. */
typedef void settle_record_sink(void *ctx, const struct record *rec);
typedef void settle_session_sink(void *ctx, const struct log_session *s, const char *missing);

struct settle_config {
	struct correlate_config match;
	struct join join; /* its `correlate` is set here */
	int64_t wait_ns;
	size_t max_octets;
	settle_record_sink *record;
	settle_session_sink *session;
	/* Calls the sink for each session that is open in the log (maillog_peek). */
	void (*peek)(void *ctx, log_session_sink *sink, void *sink_ctx);
	/* Whether the wire has an open connection of that client (family 0: of any). */
	bool (*is_open)(void *ctx, const struct addr *client);
	void *ctx;
};

/* What the rest of the run knows at the time of a tick. */
struct settle_now {
	int64_t now_ns;             /* of the caller's clock, which goes forward */
	struct correlate_span wire; /* what the capture covers without a gap, up to now */
	struct correlate_span log;  /* what the log covers; first after last: nothing yet */
	const char *offset_from;    /* as correlate_run */
};

struct settle;

struct settle *settle_new(const struct settle_config *config);
void settle_free(struct settle *s);
/* Copied. STATUS_NOMEM: it is not known. */
enum status settle_record(struct settle *s, const struct record *rec, int64_t now_ns);
enum status settle_session(struct settle *s, const struct log_session *session, int64_t now_ns);
/* Reports what is due. STATUS_NOMEM: nothing was, and it will be tried again. */
enum status settle_tick(struct settle *s, const struct settle_now *now);
/* All that waits is due. */
enum status settle_finish(struct settle *s, const struct settle_now *now);

uint64_t settle_matches(const struct settle *s);
const struct clock *settle_clock(const struct settle *s); /* NULL: none was found yet */
const struct limits *settle_limits(const struct settle *s);

#endif
