/*
 * findings: what was found on one connection, with its proof, until it goes into the record.
 */
#ifndef HATCHECK_FINDINGS_H
#define HATCHECK_FINDINGS_H

#include "analyzer/verdict/record.h"

#define FINDINGS_MAX 24 /* more rules than one connection can break */

struct findings {
	struct record_finding v[FINDINGS_MAX];
	uint32_t count;
};

/* Begins with those that `rec` has already; NULL: with none. */
void findings_init(struct findings *f, const struct record *rec);

/* A zero frame is left out. The message is formatted into the record's room. */
void findings_add(struct findings *f, struct record_builder *b, enum severity severity,
    const char *rule, const uint64_t *frames, size_t frame_count, const char *fmt, ...)
    __attribute__((format(printf, 7, 8)));

/* Moves all of them into b->rec. */
void findings_store(const struct findings *f, struct record_builder *b);

#define FINDING_FRAMES(...)                  \
	((const uint64_t[]){ __VA_ARGS__ }), \
	    (sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

#endif
