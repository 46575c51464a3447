/*
 * log_origin: the gateways that lines of a log come from.
 *
 * An origin is known by its serial number (header of a log), by the host that syslog
 * names, or by both. Number 0 is the one of which nothing is known.
 * Owns:  at most LOG_ORIGINS of them; any further one is 0, and counted in limits.
 */
#ifndef HATCHECK_LOG_ORIGIN_H
#define HATCHECK_LOG_ORIGIN_H

#include "analyzer/maillog/log_stamp.h"
#include "capture/base/limits.h"

#define LOG_ORIGINS 256

struct log_name {
	char text[64]; /* cut to this length */
	size_t n;
};

struct log_origin {
	struct log_name host, serial; /* n is 0 when not known */
	int32_t utc_offset_s;         /* by a header of that host; LOG_OFFSET_NONE */
};

struct log_origins {
	struct log_origin at[LOG_ORIGINS];
	uint16_t count; /* with number 0 */
	uint16_t last;  /* that _of_host returned: syslog names the same one again and again */
	struct limits *limits;
};

void log_origins_init(struct log_origins *o, struct limits *limits);
uint16_t log_origins_of_host(struct log_origins *o, struct bytes host);
/* The origin of that number; a new one unless `current` has none yet and can take it. */
uint16_t log_origins_of_serial(struct log_origins *o, struct bytes serial, uint16_t current);

#endif
