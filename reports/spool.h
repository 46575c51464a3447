/*
 * spool: records put in as connections end, read back in the order of their ids.
 *
 * In:    records, each id once, in any order.
 * Out:   any number of readings, each a sink call per record, by ascending id.
 * Owns:  SPOOL_MEMORY octets, whatever the number of records. What does not fit waits in two
 *        unlinked files: the records one behind the other, and an index of eight octets
 *        for each id. A single record may be larger than SPOOL_MEMORY; then memory is
 *        twice the largest.
 * Fails: a disk that is full, no memory: spool_add returns the status and keeps
 *        it; spool_read returns it again and reads nothing.
 * Cost:  O(1) calls of the system for each record, far less where neighbours in time are
 *        neighbours in id; a record without such neighbours costs 4 KiB of index on disk.
 */
#ifndef HATCHECK_SPOOL_H
#define HATCHECK_SPOOL_H

#include "analyzer/verdict/record.h"
#include "capture/base/status.h"

#define SPOOL_MEMORY ((size_t)1 << 20)

struct spool;

typedef void spool_sink(void *ctx, const struct record *rec);

/* `folder` is where the files go once they are needed, borrowed; NULL without memory. */
struct spool *spool_new(const char *folder);
void spool_free(struct spool *s);
enum status spool_add(struct spool *s, const struct record *rec, struct fault *fault);
/* The record is borrowed until the sink returns. Nothing can be added after the first reading. */
enum status spool_read(struct spool *s, spool_sink *sink, void *ctx, struct fault *fault);

#endif
