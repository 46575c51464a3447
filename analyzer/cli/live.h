/*
 * live: what `hatcheck live` was asked for.
 */
#ifndef HATCHECK_CLI_LIVE_H
#define HATCHECK_CLI_LIVE_H

#include "analyzer/cli/judging.h"
#include "capture/source/live.h"

#define LIVE_SETTLE_NS (5 * CLOCK_NS_PER_S)
#define LIVE_SPOOL ((size_t)1 << 30)

struct live_options {
	struct judging judging;
	const char *interfaces[LIVE_MAX_INTERFACES];
	size_t interface_count;   /* 0: standard input */
	size_t buffer;            /* octets of ring for each */
	int64_t duration_ns;      /* 0: until it is ended */
	uint64_t count;           /* connections, 0 likewise */
	int64_t settle_ns;        /* how long a connection waits for its log session */
	const char *user, *group; /* NULL: the default */
	const char *write;        /* packets are kept there (keep.h), NULL */
	size_t write_octets;
	int64_t write_ns; /* 0: rotated by size only */
	uint64_t write_files;
	const char *metrics; /* NULL */
	size_t spool;        /* octets of what the report lists */
	bool list;
};

#endif
