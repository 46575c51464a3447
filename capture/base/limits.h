/*
 * limits: every bound of the program that can be reached, and how often it was.
 *
 * Nothing grows without a bound, and a bound that is reached is never silent:
 * it is counted here, and the report's `limits` shows the count under the name
 * in the table. A new bound is one new row. The bound's value stands beside the
 * code that keeps it.
 */
#ifndef HATCHECK_LIMITS_H
#define HATCHECK_LIMITS_H

#include <stdint.h>

#define LIMITS(X)                                                                                 \
	X(EVICTED_CONNECTIONS, "evicted_connections", "open connections given up for memory")     \
	X(EVICTED_HALF_OPEN, "evicted_half_open", "unanswered SYNs given up for memory")          \
	X(OCTETS_NOT_BUFFERED, "octets_not_buffered", "octets out of order, not kept for memory") \
	X(FRAGMENTS_DROPPED, "fragments_dropped", "IP fragments given up for memory or age")      \
	X(DECAPSULATION_DEPTH, "decapsulation_depth", "packets nested deeper than is followed")   \
	X(LINES_CUT, "lines_cut", "SMTP lines longer than is kept")                               \
	X(COMMANDS_NOT_TIED, "commands_not_tied", "pipelined commands beyond the bound")          \
	X(RECIPIENTS_NOT_KEPT, "recipients_not_kept",                                             \
	    "recipients or senders counted but not listed")                                       \
	X(TEXT_NOT_KEPT, "text_not_kept", "octets of addresses and replies not kept")             \
	X(LOG_LINES_CUT, "log_lines_cut", "log lines longer than is read")                        \
	X(LOG_SESSIONS_EVICTED, "log_sessions_evicted", "open log sessions given up for memory")  \
	X(LOG_MESSAGES_NOT_KEPT, "log_messages_not_kept", "messages of a log session not listed") \
	X(LOG_APPLIANCES_MERGED, "log_appliances_merged", "gateways in the logs not told apart")  \
	X(PACKETS_DROPPED_KERNEL, "packets_dropped_kernel", "packets that found the ring full")   \
	X(PACKETS_DROPPED_INTERFACE, "packets_dropped_interface",                                 \
	    "packets that the interface or its driver lost")                                      \
	X(PACKETS_NOT_WRITTEN, "packets_not_written", "packets that could not be kept in a file") \
	X(OUTPUT_LINES_DROPPED, "output_lines_dropped",                                           \
	    "lines that their reader was too slow for")                                           \
	X(CONNECTIONS_NOT_LISTED, "connections_not_listed",                                       \
	    "connections too old for the list of a report")                                       \
	X(NOT_SETTLED, "not_settled",                                                             \
	    "connections that could not wait for their log session for memory")                   \
	X(SESSIONS_LATE, "sessions_late",                                                         \
	    "log sessions that came after their connection was reported")

enum limit {
#define X(id, name, meaning) LIMIT_##id,
	LIMITS(X)
#undef X
	    LIMIT_COUNT
};

struct limits {
	uint64_t reached[LIMIT_COUNT];
};

const char *limit_name(enum limit which);
const char *limit_meaning(enum limit which);

static inline void
limits_add(struct limits *sum, const struct limits *l)
{
	for (int i = 0; i < LIMIT_COUNT; i++)
		sum->reached[i] += l->reached[i];
}

static inline void
limits_hit(struct limits *l, enum limit which, uint64_t n)
{
	l->reached[which] += n;
}

#endif
