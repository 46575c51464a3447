/*
 * interim: a whole report while the run goes on.
 *
 * A child process writes it, from what there was when it was asked for, so that no report, however
 * long or slow its reader, keeps the run from its packets. One at a time.
 */
#ifndef HATCHECK_INTERIM_H
#define HATCHECK_INTERIM_H

#include <sys/types.h>

#include "reports/report.h"

#define INTERIM_PATIENCE_MS 10000 /* at the end of the run, for one that is being written */

/* Start with zeroes. */
struct interim {
	pid_t child; /* 0: none */
};

/* Whether one is being written. */
bool interim_running(struct interim *i);
/* Begins one; says why if it cannot. */
void interim_start(struct interim *i, struct report *r, const struct report_run *run);
/* Waits for one that is being written, so that the report of the end comes after it. */
void interim_finish(struct interim *i);

#endif
