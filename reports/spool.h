/*
 * spool: blocks put in as they come (records, log sessions), read back in the order of their ids.
 *
 * In:    blocks of at least SPOOL_BLOCK_MIN octets that begin with their size, a uint32_t; each id
 *        once, in any order.
 * Out:   any number of readings, each a sink call per block, by ascending id; or a block by its id.
 * Bound: none, or that of spool_bound: then the oldest blocks are given up as new ones come, and
 *        their place on the disk with them.
 * Owns:  SPOOL_MEMORY octets, whatever the number of blocks. What does not fit waits in two
 *        unlinked files: the blocks one behind the other, and an index of eight octets
 *        for each id. A single block may be larger than SPOOL_MEMORY; then memory is
 *        twice the largest.
 * Fails: a disk that is full, no memory: spool_add returns the status and keeps
 *        it; spool_read returns it again and reads nothing.
 * Cost:  O(1) calls of the system for each block; ids that are far apart cost a hole in the
 *        index, no disk.
 */
#ifndef HATCHECK_SPOOL_H
#define HATCHECK_SPOOL_H

#include <stdint.h>

#include "capture/base/status.h"

#define SPOOL_MEMORY ((size_t)1 << 20)
#define SPOOL_BLOCK_MIN 64

struct spool;

typedef void spool_sink(void *ctx, const void *block);

/* `folder` is where the files go once they are needed, borrowed; NULL without memory. */
struct spool *spool_new(const char *folder);
void spool_free(struct spool *s);
/* From now on no more than about `octets` of blocks are kept, the newest. */
void spool_bound(struct spool *s, uint64_t octets);
/* Blocks given up for the bound. */
uint64_t spool_lost(const struct spool *s);
/*
 * Before a fork: what a process of its own reads of it is all that was added so far, while this one
 * goes on adding.
 */
void spool_settle(struct spool *s);
enum status spool_add(struct spool *s, uint64_t id, const void *block, struct fault *fault);
/* The block is borrowed until the sink returns. Nothing can be added after the first reading. */
enum status spool_read(struct spool *s, spool_sink *sink, void *ctx, struct fault *fault);
/* The block of that id, borrowed until the next call; NULL: there is none, or *fault. No adding
 * afterwards. */
const void *spool_get(struct spool *s, uint64_t id, struct fault *fault);

#endif
