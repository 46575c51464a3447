#include "reports/rfc3339.h"

#include <stdio.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)

const char *
rfc3339_format(char room[static RFC3339_ROOM], int64_t ts_ns, unsigned digits)
{
	time_t s = ts_ns / NS_PER_S;
	int64_t ns = ts_ns % NS_PER_S;
	size_t at;
	struct tm tm;

	if (ns < 0) { /* before 1970: the fraction still counts forward */
		ns += NS_PER_S;
		s--;
	}
	gmtime_r(&s, &tm);
	at = strftime(room, RFC3339_ROOM, "%Y-%m-%dT%H:%M:%S", &tm);
	if (digits > 0 && digits <= 9) {
		char fraction[10];

		snprintf(fraction, sizeof fraction, "%09u", (unsigned)ns);
		at +=
		    (size_t)snprintf(room + at, RFC3339_ROOM - at, ".%.*s", (int)digits, fraction);
	}
	snprintf(room + at, RFC3339_ROOM - at, "Z");
	return room;
}
