/*
 * output: where a report is written: a file, or standard output.
 *
 * The first failed write is kept with its cause, and everything after it is
 * dropped, so that a writer writes on and asks once at the end.
 * Owns:  its buffer, and the file unless it is standard output.
 */
#ifndef HATCHECK_OUTPUT_H
#define HATCHECK_OUTPUT_H

#include <stdio.h>

#include "capture/base/bytes.h"
#include "capture/base/status.h"

struct output {
	FILE *file;
	const char *path; /* borrowed, "-" for standard output */
	int error;        /* errno of the first failure, 0 */
};

/* Creates or empties the file. `lines`: each line leaves at once (for a reader that follows). */
enum status output_open(struct output *o, const char *path, bool lines, struct fault *fault);
void output_bytes(struct output *o, struct bytes b);
void output_format(struct output *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* As escape_text makes it. */
void output_escaped(struct output *o, struct bytes raw);
/* Flushes; the cause of the first failure, if there was one. Standard output stays open. */
enum status output_close(struct output *o, struct fault *fault);

#endif
