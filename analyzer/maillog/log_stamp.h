/*
 * log_stamp: the time stamps that mail logs and syslog begin their lines with.
 *
 * Reads, at the front of the text:
 *   Fri Jul 17 23:39:36 2009      the gateway's own, 24 octets; one space before the day will do
 *   Fri Jul 17 23:39:36           syslog with the day of the week
 *   Jul 17 23:39:36 [2009]        RFC 3164 4.1.2, and as relays add the year
 *   2009-07-17T23:39:36[+09:00]   ISO 8601 as in RFC 5424 6.2.3, 'T' or a space, 'Z' or an offset
 * each with or without a fraction of a second. No locale and no time zone is asked.
 *
 * A stamp is a reading of the gateway's clock: local_ns counts as if that clock went by
 * UTC, and who knows its offset subtracts it.
 */
#ifndef HATCHECK_LOG_STAMP_H
#define HATCHECK_LOG_STAMP_H

#include "capture/base/bytes.h"

#define LOG_NS_PER_S INT64_C(1000000000)
#define LOG_TIME_NONE INT64_MIN
#define LOG_OFFSET_NONE INT32_MIN

struct log_stamp {
	int64_t local_ns;     /* nanoseconds since 1970-01-01 00:00 of the clock's own time */
	int32_t utc_offset_s; /* local minus UTC as the stamp says it, or LOG_OFFSET_NONE */
	bool dated;           /* the year is the stamp's own */
};

/*
 * Octets of the stamp at the front of `in`, and the stamp; 0 if there is none there.
 * A stamp without a year gets the one that puts it nearest to near_ns.
 */
size_t log_stamp_parse(struct log_stamp *out, struct bytes in, int64_t near_ns);

#endif
