/*
 * cache: memory in the lines in which a processor fetches it.
 *
 * A line that one thread writes is fetched anew by each other that reads it, also where the two
 * mean different octets of it: what one thread writes for each packet has lines of its own.
 */
#ifndef HATCHECK_CACHE_H
#define HATCHECK_CACHE_H

#include <stdlib.h>
#include <string.h>

#define CACHE_LINE ((size_t)64) /* octets */

/* n octets of 0 in lines of their own; NULL without memory, free() gives them back. */
static inline void *
cache_alloc(size_t n)
{
	void *p;

	n += -n % CACHE_LINE;
	p = aligned_alloc(CACHE_LINE, n);
	return p == NULL ? NULL : memset(p, 0, n);
}

#endif
