/*
 * watch_run: the state of a run of `hatcheck live`.                 Inside analyzer/cli/watch*
 * only.
 */
#ifndef HATCHECK_WATCH_RUN_H
#define HATCHECK_WATCH_RUN_H

#include "analyzer/cli/follow.h"
#include "analyzer/cli/health.h"
#include "analyzer/cli/interim.h"
#include "analyzer/cli/keep.h"
#include "analyzer/cli/metrics_file.h"
#include "analyzer/cli/screen.h"
#include "analyzer/cli/watch.h"

struct watch {
	const struct live_options *options;
	struct live *live;     /* or */
	struct source *source; /* standard input */
	struct engine *engine;
	struct refusal_table *refusals;
	struct follow *follow; /* NULL: nothing beside the wire */
	struct report *report;
	struct keep *keep;     /* NULL: no packets are kept */
	struct screen *screen; /* NULL: nobody looks on */
	struct metrics_file metrics;
	struct interim interim;
	struct health health;
	struct rights rights;
	struct broker broker;
	bool renewable;       /* the JSON lines are in a file, */
	size_t ndjson_path;   /* which the broker knows by this number */
	struct limits limits; /* of what is not the engine's */

	int64_t start_ns, now_ns;        /* of the monotonic clock */
	int64_t began_ns;                /* of the calendar */
	int64_t tick_ns, second_ns;      /* when each is due */
	int64_t packet_ns, packet_at_ns; /* the last stamp that came by a pipe, and when */
	uint64_t connections;            /* reported */
	bool ended;
};

int64_t watch_clock_ns(clockid_t which);
/* Opens all, and gives the rights up in between. */
enum status watch_open(struct watch *w, struct fault *fault);
void watch_close(struct watch *w);

/* For the opening: sinks, whose ctx is the watch, and the waiting of a pipe. */
void watch_on_record(void *ctx, const struct record *rec);
void watch_deliver(void *ctx, const struct record *rec);
void watch_deliver_session(void *ctx, const struct log_session *s, const char *missing);
bool watch_is_open(void *ctx, const struct addr *client);
bool watch_pipe_ready(void *ctx, int fd);

#endif
