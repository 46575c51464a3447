/*
 * log_table: the sessions that are open at a point of the log.
 *
 * A session ends, and goes to the sink, when its close line is LOG_LINGER_NS old (lines
 * of one second come in any order), when nothing was heard of it for LOG_IDLE_NS, when its number
 * is taken by another, or at the end of the logs. Time is that of the log: a gap in it ends
 * sessions, a clock set back keeps them longer.
 * Owns:  the drafts, at most max_open of them and `max_memory` octets: beyond that the one that
 *        was silent longest ends early; unless it was closed, that is counted in limits.
 * Fails: without memory log_table_begin returns NULL, and the session is not known.
 * Cost:  O(1) for each line, and one layout for each session (log_draft.h).
 */
#ifndef HATCHECK_LOG_TABLE_H
#define HATCHECK_LOG_TABLE_H

#include "analyzer/maillog/log_address.h"
#include "analyzer/maillog/log_draft.h"
#include "analyzer/maillog/log_index.h"
#include "analyzer/maillog/log_origin.h"

#define LOG_LINGER_NS (2 * LOG_NS_PER_S)
#define LOG_IDLE_NS (3600 * LOG_NS_PER_S)

/* The session is borrowed until the sink returns. */
typedef void log_session_sink(void *ctx, const struct log_session *s);

/* Oldest first: by when a line last came in. */
struct log_queue {
	struct log_draft *oldest, *newest;
	size_t count;
};

/* From the lowest to the highest ICID that mail logs named. */
struct log_told {
	uint64_t low, high; /* high 0: none */
};

struct log_table {
	struct log_index index;
	struct log_queue open, closed;
	struct log_draft *spare;
	struct log_keep keep;
	size_t max_open;
	size_t unnamed;   /* sessions of appliance 0 */
	uint64_t last_id; /* of the sessions begun */
	int64_t clock_ns; /* of the last line with a stamp; LOG_TIME_NONE */
	struct log_told told[LOG_ORIGINS];
	struct log_address_memo interface;
	union log_room room;
	log_session_sink *sink;
	void *ctx;
};

void log_table_init(struct log_table *t, size_t max_open, size_t max_memory, struct limits *limits,
    log_session_sink *sink, void *ctx);
void log_table_clear(struct log_table *t);

/* The stamp of the line that comes next: sessions whose time is over end now. */
void log_table_clock(struct log_table *t, int64_t now_ns);
/* The session of that number; one of an appliance yet unknown (0) becomes this one's. */
struct log_draft *log_table_find(struct log_table *t, uint16_t appliance, uint64_t icid);
struct log_draft *log_table_find_mid(struct log_table *t, uint16_t appliance, uint64_t mid);
/* The only open session of that peer; NULL if there are none or several. */
struct log_draft *log_table_find_peer(struct log_table *t, const struct addr *peer);
/* A new session, found by its number from now on unless that is 0. */
struct log_draft *log_table_begin(struct log_table *t, uint16_t appliance, uint64_t icid);
/* A message of the session, found by its number from now on; NULL if it had to be left out. */
struct log_message *log_table_message(struct log_table *t, struct log_draft *d, uint64_t mid);
/* A mail log named the ICID; did one name it, or some before and some after it? */
void log_table_tell(struct log_table *t, uint16_t appliance, uint64_t icid);
bool log_table_told(const struct log_table *t, uint16_t appliance, uint64_t icid);
/* A line came in; with `closed` it was the close line. */
void log_table_touch(struct log_table *t, struct log_draft *d, bool closed);
void log_table_end(struct log_table *t, struct log_draft *d);
void log_table_finish(struct log_table *t);
/* Those that were closed end without waiting for more. */
void log_table_quiet(struct log_table *t);
/* All that are open or closed, as they are now; they stay. */
void log_table_peek(struct log_table *t, log_session_sink *sink, void *ctx);

#endif
