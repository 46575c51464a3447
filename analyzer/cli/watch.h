/*
 * watch: the run of `hatcheck live`, from the first frame to the report.
 *
 * One thread and one place to wait. Frames go to the engine as they come; every WATCH_TICK_MS
 * its time is moved on, so that connections end while the wire is silent.
 */
#ifndef HATCHECK_WATCH_H
#define HATCHECK_WATCH_H

#include "analyzer/cli/live.h"

#define WATCH_TICK_MS 100
#define WATCH_LINGER_NS (5 * INT64_C(250000000)) /* a closed connection waits for stragglers */

/* Opens everything, watches until the end, and returns the exit status. */
int watch(const struct live_options *options);

#endif
