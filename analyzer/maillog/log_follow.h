/*
 * log_follow: the events of a log, each to the session that it belongs to.
 *
 * Lines of a session may come in any order. A number begins a new session when a second
 * New SMTP line, or a second decision of the HAT, comes for it that is not a copy of the
 * first: gateways count from 1 again after a reboot. A line of an ICID that is not open begins a
 * session too, one that was opened before the log. ICID 0 joins nothing: its lines are of
 * messages that the gateway made itself, but for refusals, each of which is a session.
 */
#ifndef HATCHECK_LOG_FOLLOW_H
#define HATCHECK_LOG_FOLLOW_H

#include "analyzer/maillog/log_table.h"

/* Lines of one connection that are further apart than this may be of two. */
#define LOG_REUSE_NS (60 * LOG_NS_PER_S)

/* Where and when a line was written. */
struct log_where {
	struct log_place place;
	int64_t local_ns;     /* LOG_TIME_NONE without a stamp */
	int32_t utc_offset_s; /* of the log's clock; 0 when it is not known */
	uint8_t offset_from;  /* enum log_offset_from */
	uint16_t appliance;   /* 0: not known which */
};

void log_follow_event(struct log_table *t, const struct log_event *e, const struct log_where *w);

#endif
