/*
 * put: numbers in network order, for the makers of captures here, each of which is a program alone.
 */
#ifndef HATCHECK_BENCH_PUT_H
#define HATCHECK_BENCH_PUT_H

#include <stdint.h>

static inline void
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

#endif
