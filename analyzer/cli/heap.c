/*
 * Connections lie far apart: in pages of the usual size the processor would have to look up the
 * page of nearly each that it comes to. And the arena that a second thread has of its own would
 * grow by one such page at a time, each a call of the system.
 */
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyzer/cli/heap.h"

#define LARGE_PAGE ((uintptr_t)2 << 20)
#define STEP ((size_t)128 << 10) /* octets by which it grows further, as it does by itself */

void
heap_prepare(void)
{
	char *at = sbrk(0), *end;
	void *full[4];

	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, (int)(2 * HEAP_LARGE));
	mallopt(M_TOP_PAD, (int)HEAP_LARGE);
	for (int i = 0; i < 4; i++)
		full[i] = malloc(STEP / 2); /* what there was of it, and so it grows */
	for (int i = 0; i < 4; i++)
		free(full[i]);
	mallopt(M_TOP_PAD, (int)STEP);
	at += -(uintptr_t)at % LARGE_PAGE;
	end = sbrk(0);
	end -= (uintptr_t)end % LARGE_PAGE;
	if (at < end)
		madvise(at, (size_t)(end - at), MADV_HUGEPAGE);
}
