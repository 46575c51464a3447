/*
 * checksum: the Internet's one's complement sum.                       RFC 1071
 *
 * Sums are of octets as they lie in memory, 16 bits at a time; a run of odd length
 * must be the last. A message with its checksum in it is right when checksum_ok.
 * Cost: about 16 octets a cycle's worth of adds; no alignment is asked.
 */
#ifndef HATCHECK_CHECKSUM_H
#define HATCHECK_CHECKSUM_H

#include "capture/base/bytes.h"

/* `sum` and a run of less than 2^32 octets. */
uint64_t checksum_add(uint64_t sum, struct bytes run);
bool checksum_ok(uint64_t sum);

#endif
