/*
 * progress: a bar on standard error for a run that takes its time.
 *
 * Drawn at most ten times a second and not in the first half second, so that a short run
 * shows none; gone again after _finish.
 */
#ifndef HATCHECK_PROGRESS_H
#define HATCHECK_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool wanted, drawn;
	int64_t start_ns, next_ns; /* of the monotonic clock */
};

void progress_init(struct progress *p, bool wanted);
/* As source_config.progress calls it; ctx is the struct progress. */
void progress_step(void *ctx, uint64_t done, uint64_t total);
void progress_finish(struct progress *p);

#endif
