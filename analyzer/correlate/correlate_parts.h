/*
 * correlate_parts: what the files of correlate tell each other; nobody else includes it.
 *
 *   correlate         collects both sides, finds the clock, and answers
 *   correlate_assign  by a clock that is given: which session each connection has
 */
#ifndef HATCHECK_CORRELATE_PARTS_H
#define HATCHECK_CORRELATE_PARTS_H

#include "analyzer/correlate/correlate.h"
#include "analyzer/correlate/places.h"
#include "analyzer/correlate/traces.h"

struct correlate {
	struct correlate_config config;
	struct clock clock;
	struct traces wire, log;
	struct hint *hints;
	size_t hint_count, hint_room;
	struct match *matches; /* by connection, then looked up by index */
	size_t match_count;
	uint32_t *of_connection, *of_session; /* id to match + 1 */
	uint64_t last_connection, last_session;
	int64_t wire_first_ns, wire_last_ns, log_first_ns, log_last_ns; /* each on its own clock */
	int64_t lines_first_ns, lines_last_ns; /* of the log, sessions or not */
	struct spans files, captures;          /* each on its own clock */
	struct places places;
	bool *contested; /* connections, by id: another one may have their session */
	bool lossy, clock_known;
	bool sessions_of_all; /* not only of those with mail */
};

/* --- correlate --- */

/* The log must have a session of it. */
bool correlate_has_session(const struct correlate *c, const struct trace *w);

/* --- correlate_assign --- */

/*
 * Each client's connections and sessions, anew: the matches, and who is contested. For the clock
 * only as many as it takes. Both sides are sorted by client. STATUS_NOMEM.
 */
enum status correlate_clients(struct correlate *c, bool for_clock);
/*
 * After it: sessions without a client, and the connections without a session; and which of these
 * may have one of which the opening is not in the log. STATUS_NOMEM.
 */
enum status correlate_left_over(struct correlate *c);

#endif
