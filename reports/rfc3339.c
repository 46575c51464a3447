#include "reports/rfc3339.h"

#include <time.h>

#include "reports/decimal.h"

#define NS_PER_S INT64_C(1000000000)

static char *
put(char *at, int number, unsigned width, char then)
{
	at = decimal_put_padded(at, width, (uint64_t)number);
	*at++ = then;
	return at;
}

const char *
rfc3339_format(char room[static RFC3339_ROOM], int64_t ts_ns, unsigned digits)
{
	time_t s = ts_ns / NS_PER_S;
	int64_t ns = ts_ns % NS_PER_S;
	char *at = room;
	struct tm tm;

	if (ns < 0) { /* before 1970: the fraction still counts forward */
		ns += NS_PER_S;
		s--;
	}
	gmtime_r(&s, &tm);
	at = put(at, tm.tm_year + 1900, 4, '-');
	at = put(at, tm.tm_mon + 1, 2, '-');
	at = put(at, tm.tm_mday, 2, 'T');
	at = put(at, tm.tm_hour, 2, ':');
	at = put(at, tm.tm_min, 2, ':');
	at = put(at, tm.tm_sec, 2, '.');
	decimal_put_padded(at, 9, (uint64_t)ns);
	at += digits < 9 ? digits : 9;
	if (digits == 0)
		at--; /* nor the point */
	*at++ = 'Z';
	*at = '\0';
	return room;
}
