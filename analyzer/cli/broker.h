/*
 * broker: the files that a run has to open after it gave up its rights.
 *
 * A log that was rotated, a report or capture that goes on in a new file: their paths are
 * known from the command line, and nothing else is ever opened here. Where the user that the
 * run goes on as may do it by itself, it does. Where it may not (a log that only root reads), a
 * helper process is started before the rights are dropped: it too is that user, keeps the
 * one right to pass over the permissions of files, and does only what this header lists, on
 * those paths. It ends with the run.
 *
 * Owns:  the helper and a socket to it. The paths are borrowed.
 * Fails: each call as the system calls do, by an errno value.
 * Cost:  with the helper two messages and two switches of process for each call.
 */
#ifndef HATCHECK_BROKER_H
#define HATCHECK_BROKER_H

#include <stdint.h>
#include <sys/types.h>

#include "analyzer/cli/rights.h"

#define BROKER_MAX_PATHS 320

enum broker_use {
	BROKER_LOG,     /* is read */
	BROKER_OUTPUT,  /* is written, renamed and removed */
	BROKER_CAPTURE, /* likewise, and no matter of everybody */
	BROKER_LINES    /* is gone on with where that may be; it alone is no reason for a helper */
};

struct broker {
	const char *path[BROKER_MAX_PATHS];
	uint8_t use[BROKER_MAX_PATHS];
	size_t count;
	int socket; /* -1: no helper */
	pid_t helper;
};

void broker_init(struct broker *b);
/* One more path; returns its number. */
size_t broker_add(struct broker *b, const char *path, enum broker_use use);
/* Before the rights are dropped: starts the helper if one of the paths needs it. */
enum status broker_start(struct broker *b, const struct rights *rights, struct fault *fault);
void broker_stop(struct broker *b);

/*
 * Each returns 0, or an errno value; those with `fd` set it to a new descriptor, or to -1.
 * A file of a path with a number is PATH.number.
 */
int broker_read(struct broker *b, size_t path, int *fd);   /* opens it to be read */
int broker_append(struct broker *b, size_t path, int *fd); /* to be written at its end */
int broker_create(struct broker *b, size_t path, int *fd); /* a new file, nameless to others */
int broker_commit(struct broker *b, size_t path);          /* which takes the path's name now */
int broker_keep(struct broker *b, size_t path, uint32_t number);   /* PATH becomes PATH.number */
int broker_remove(struct broker *b, size_t path, uint32_t number); /* PATH.number */

#endif
