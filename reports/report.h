/*
 * report: what a run has to say, and the writers that say it.
 *
 * A run calls report_connection once per connection as it ends, then report_end
 * once. Each writer (text, json, ndjson) is one row of a table of functions over the
 * same calls; any number of them write in one run. Writers escape whatever came from
 * the wire and own nothing but their output.
 *
 * json and text list connections by id although they end in another order: records
 * wait in a spool (spool.h), in memory while they are few and in an unlinked temporary file
 * beyond that, so that memory does not grow with their number. ndjson writes as they come.
 */
#ifndef HATCHECK_REPORT_H
#define HATCHECK_REPORT_H

#include "analyzer/verdict/record.h"
#include "capture/base/limits.h"
#include "capture/base/status.h"
#include "capture/source/source.h"

struct report_config {
	const char *json, *ndjson, *text; /* paths, "-" for standard output, NULL for none */
	const char *folder;               /* for temporary files, "/tmp" */
	bool color;
	int verbose; /* -1 quiet, 0, 1: text lists every connection and its steps */
};

struct report_run {
	const struct source_input *captures;
	size_t capture_count;
	const struct limits *limits;
	const struct packet_stats *packets;
};

struct report;

/* Opens every output; the strings of the configuration are borrowed for the report's life. */
enum status report_open(
    struct report **out, const struct report_config *config, struct fault *fault);
void report_connection(struct report *r, const struct record *rec);
/* Writes what is written at the end; the worst of everything that could not be written. */
enum status report_end(struct report *r, const struct report_run *run, struct fault *fault);
/* Findings so far of exactly this severity. */
uint64_t report_findings(const struct report *r, enum severity s);
/* True once every output has failed, so that a run need not go on for nobody. */
bool report_unheard(const struct report *r);
void report_close(struct report *r);

#endif
