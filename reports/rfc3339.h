/*
 * rfc3339: packet time as text, "2009-07-17T23:39:36.123456Z".     RFC 3339 5.6
 *
 * Nanoseconds since 1970-01-01 UTC to a UTC stamp with `digits` decimals of a second
 * (0 to 9, cut and not rounded). Years 1677 to 2262, all that 64 bits hold. No time
 * zone or locale is asked.
 */
#ifndef HATCHECK_RFC3339_H
#define HATCHECK_RFC3339_H

#include <stdint.h>

#define RFC3339_ROOM 36

/* Returns room. */
const char *rfc3339_format(char room[static RFC3339_ROOM], int64_t ts_ns, unsigned digits);

#endif
