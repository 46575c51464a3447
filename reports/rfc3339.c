#include "reports/rfc3339.h"

#include "capture/base/decimal.h"

#define NS_PER_S INT64_C(1000000000)
#define S_PER_DAY 86400
#define DAYS_TO_1970 719468 /* from the 1st of March of the year 0 */
#define DAYS_PER_ERA 146097 /* of 400 years */

static char *
put(char *at, uint64_t number, unsigned width, char then)
{
	at = decimal_put_padded(at, width, number);
	*at++ = then;
	return at;
}

/*
 * A day counted from 1970-01-01, in the proleptic Gregorian calendar. By hand, because gmtime_r
 * takes a lock and asks for the zone each time. A year begins in March, so that the leap day is its
 * last, and five months have 153 days.
 */
static char *
put_date(char *at, int64_t day)
{
	uint64_t since = (uint64_t)(day + DAYS_TO_1970), of_era = since % DAYS_PER_ERA;
	uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * of_year + 2) / 153;

	at = put(at, since / DAYS_PER_ERA * 400 + year + (month >= 10), 4, '-');
	at = put(at, month < 10 ? month + 3 : month - 9, 2, '-');
	return put(at, of_year - (153 * month + 2) / 5 + 1, 2, 'T');
}

const char *
rfc3339_format(char room[static RFC3339_ROOM], int64_t ts_ns, unsigned digits)
{
	int64_t s = ts_ns / NS_PER_S, ns = ts_ns % NS_PER_S, day;
	uint64_t of_day;
	char *at = room;

	if (ns < 0) { /* before 1970: the fraction still counts forward */
		ns += NS_PER_S;
		s--;
	}
	day = s / S_PER_DAY - (s % S_PER_DAY < 0);
	of_day = (uint64_t)(s - day * S_PER_DAY);
	at = put_date(at, day);
	at = put(at, of_day / 3600, 2, ':');
	at = put(at, of_day / 60 % 60, 2, ':');
	at = decimal_put_padded(at, 2, of_day % 60);
	if (digits > 0) {
		*at++ = '.';
		decimal_put_padded(at, 9, (uint64_t)ns);
		at += digits < 9 ? digits : 9;
	}
	*at++ = 'Z';
	*at = '\0';
	return room;
}
