/*
 * keep: the packets of a run, kept in a file, so that what it told can be looked at again.
 *
 * In:    frames as they are read; time, from the caller.
 * Out:   PATH, a pcapng that is being written. Once it has `max_octets`, or is `max_ns` old, it
 *        becomes PATH.n, n being higher each time and after a new start too, and a new one
 *        is begun. There are `files` of them at most with PATH: the oldest is removed. What PATH
 * held at the start becomes a PATH.n likewise. Waits: for the disk only, with KEEP_ROOM octets at a
 * time. What cannot be written (a full disk) waits in those; what comes when they are full is not
 * kept, and counted. It is tried again, and standard error says when it fails and when it works
 * again.
 */
#ifndef HATCHECK_KEEP_H
#define HATCHECK_KEEP_H

#include "analyzer/cli/broker.h"
#include "capture/packet/packet.h"

#define KEEP_ROOM ((size_t)1 << 20)
#define KEEP_OCTETS ((size_t)100 << 20)
#define KEEP_FILES 10
#define KEEP_FLUSH_NS (1 * INT64_C(1000000000)) /* a frame is in the file after so long */
#define KEEP_RETRY_NS (5 * INT64_C(1000000000))

struct keep_config {
	const char *path; /* borrowed */
	size_t max_octets;
	int64_t max_ns; /* 0: any age */
	uint64_t files; /* from 1 */
	struct broker *broker;
};

struct keep;

/* Before the rights are dropped: names the path to the broker, and finds the number of the next. */
enum status keep_open(struct keep **out, const struct keep_config *config, struct fault *fault);
/* Begins the first file. STATUS_IO when that is not possible. now_ns: a clock that goes forward. */
enum status keep_begin(struct keep *k, int64_t now_ns, struct fault *fault);
void keep_frame(struct keep *k, const struct frame *frame, int64_t now_ns);
void keep_tick(struct keep *k, int64_t now_ns);
/* Goes on in a new file. */
void keep_rotate(struct keep *k, int64_t now_ns);
/* Writes what waits. NULL does nothing. */
void keep_close(struct keep *k);
/* Frames that were not kept. */
uint64_t keep_lost(const struct keep *k);

#endif
