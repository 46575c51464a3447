/*
 * metrics: the numbers of a run that goes on, for Prometheus.       Text exposition format 0.0.4
 *
 * In:    counters and gauges as they are now.
 * Out:   the whole text, for the textfile collector of the node exporter: every series of every
 *        enumeration is there from the start, so that rates are right from the first reading.
 * Labels hold no octet from the wire but names of interfaces, which are escaped.
 */
#ifndef HATCHECK_METRICS_H
#define HATCHECK_METRICS_H

#include "capture/base/limits.h"
#include "reports/line.h"
#include "reports/tally.h"

struct metrics_interface {
	const char *name;
	uint64_t packets, octets;
	uint64_t dropped_kernel, dropped_interface;
	bool up;
};

struct metrics {
	const char *version;
	const struct tally *tally;
	const struct limits *limits;
	const struct metrics_interface *interfaces;
	size_t interface_count;
	uint64_t log_sessions, matched; /* 0 without logs */
	bool logs;
	int64_t start_ns, now_ns; /* of the calendar */
	int64_t packet_ns;        /* of the last packet; 0: none came yet */
};

void metrics_print(struct line *out, const struct metrics *m);

#endif
