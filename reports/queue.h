/*
 * queue: lines that wait for a reader who may be slow, or have stopped.
 *
 * In:    octets, of which '\n' ends a line.
 * Out:   whole lines, in order, to a descriptor, as far as it takes them without waiting.
 * Bound: `room` octets. A line that does not fit is dropped whole, and counted.
 * Owns:  room octets, of which the machine provides those that were ever used; and a descriptor
 *        of its own for a pipe or terminal, since those who share one share whether it blocks.
 */
#ifndef HATCHECK_QUEUE_H
#define HATCHECK_QUEUE_H

#include <stdint.h>

#include "capture/base/bytes.h"

struct queue {
	char *ring;
	size_t room, head, used; /* head: where the oldest octet is */
	size_t line;             /* of the used ones: the last line, as long as it has no end */
	bool dropping;           /* until the end of a line that did not fit */
	uint64_t dropped;        /* lines */
	int fd;                  /* never blocks, or is a socket */
	bool own, socket;
};

/* Whether writing to it may have to wait for somebody: no file of a disk. */
bool queue_needed(int fd);
/* fd stays the caller's. False: no memory. */
bool queue_init(struct queue *q, int fd, size_t room);
void queue_clear(struct queue *q);
void queue_add(struct queue *q, struct bytes b);
/* Writes what can be written now; 0, or the errno of a failure that is for good. */
int queue_write(struct queue *q);

/* Something waits for the reader. */
static inline bool
queue_waits(const struct queue *q)
{
	return q->used > q->line;
}

#endif
