/*
 * output: where a report is written: a file, or standard output.
 *
 * The first failed write is kept with its cause, and everything after it is
 * dropped, so that a writer writes on and asks once at the end.
 * Owns:  OUTPUT_ROOM octets inside the struct, and the file unless it is standard output.
 * Waits: for the reader of a pipe or terminal, unless output_queue was called: then its lines
 *        wait in memory, and only output_close waits, OUTPUT_PATIENCE_MS for each sign of life.
 */
#ifndef HATCHECK_OUTPUT_H
#define HATCHECK_OUTPUT_H

#include "capture/base/bytes.h"
#include "capture/base/status.h"
#include "reports/queue.h"

#define OUTPUT_ROOM ((size_t)1 << 16)
#define OUTPUT_PATIENCE_MS 5000

struct output {
	const char *path; /* borrowed, "-" for standard output; NULL once closed */
	int fd;
	int error;   /* errno of the first failure, 0 */
	size_t used; /* of the buffer */
	bool queued;
	struct queue queue; /* if it is queued */
	char buffer[OUTPUT_ROOM];
};

/* Creates or empties the file. Who else truncates it later leaves no hole in it. */
enum status output_open(struct output *o, const char *path, struct fault *fault);
void output_bytes(struct output *o, struct bytes b);
/* At most OUTPUT_ROOM - 1 octets; what is longer is cut. */
void output_format(struct output *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* As escape_text makes it. */
void output_escaped(struct output *o, struct bytes raw);
void output_flush(struct output *o);
/* A file that was named is empty again; what goes elsewhere goes on. */
void output_rewind(struct output *o);
/* What comes now goes to fd, which is the output's; for one that is a file. */
void output_go_on(struct output *o, int fd);
/* From now on no line waits for its reader, if it may have one. */
enum status output_queue(struct output *o, size_t octets, struct fault *fault);
/* Its lines go out as far as the reader takes them. */
void output_pump(struct output *o);
/*
 * Flushes, and closes all but standard output. The cause of the first failure, if there was
 * one. What never was opened, or is closed already, is no failure.
 */
enum status output_close(struct output *o, struct fault *fault);

#endif
