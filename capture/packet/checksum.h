/*
 * checksum: the Internet's one's complement sum.                       RFC 1071
 *
 * Sums are of the octets as they lie in memory, 16 bits at a time, so a run of odd
 * length must be the last. A message that holds its checksum is right when its sum is ok.
 * Cost: 16 octets a step; no alignment is asked.
 */
#ifndef HATCHECK_CHECKSUM_H
#define HATCHECK_CHECKSUM_H

#include "capture/base/bytes.h"

/* `sum` and a run of less than 2^31 octets. */
uint64_t checksum_add(uint64_t sum, struct bytes run);

static inline bool
checksum_ok(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return sum == UINT16_MAX;
}

#endif
