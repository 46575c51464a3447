/*
 * metrics_file: the numbers of the run (reports/metrics.h) in a file, again and again.
 *
 * Each time whole, in a new file that takes the name, so that no reader ever finds half of it.
 * A failure is said once, until it works again.
 */
#ifndef HATCHECK_METRICS_FILE_H
#define HATCHECK_METRICS_FILE_H

#include "analyzer/cli/broker.h"
#include "reports/metrics.h"

#define METRICS_FILE_NS (5 * INT64_C(1000000000))

struct metrics_file {
	const char *path; /* NULL: there is none */
	struct broker *broker;
	size_t broker_path;
	int64_t due_ns;
	int error; /* told */
};

/* Before the rights are dropped. `path` is borrowed, and may be NULL. */
void metrics_file_init(struct metrics_file *f, const char *path, struct broker *broker);
/* now_ns: of a clock that goes forward. */
bool metrics_file_due(const struct metrics_file *f, int64_t now_ns);
/* 0, or the errno of what failed. */
int metrics_file_write(struct metrics_file *f, const struct metrics *m, int64_t now_ns);

#endif
