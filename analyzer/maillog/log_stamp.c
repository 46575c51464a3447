#include "analyzer/maillog/log_stamp.h"

#define YEAR_UNKNOWN 0

/* What is read before it is a time. */
struct parts {
	int year, month, day, hour, minute, second; /* month from 1 */
	int64_t fraction_ns;
	int32_t utc_offset_s;
};

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* `n` digits at *r as a number, false if they are not there. */
static bool
take_digits(struct reader *r, size_t n, int *value)
{
	struct bytes b = rd_bytes(r, n);
	int v = 0;

	if (b.n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(b.p[i]))
			return false;
		v = v * 10 + (b.p[i] - '0');
	}
	*value = v;
	return true;
}

static bool
take_octet(struct reader *r, uint8_t c)
{
	if (rd_left(r) == 0 || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* Row of three letters at *r from 1, 0 if it is none of them. */
static int
take_name(struct reader *r, const char *names, int count)
{
	if (rd_left(r) < 3)
		return 0;
	for (int i = 1; i <= count; i++, names += 3) {
		if (memcmp(r->p, names, 3) == 0) {
			r->p += 3;
			return i;
		}
	}
	return 0;
}

static void
take_fraction(struct reader *r, int64_t *fraction_ns)
{
	int64_t unit = LOG_NS_PER_S;

	*fraction_ns = 0;
	if (rd_left(r) < 2 || (*r->p != '.' && *r->p != ',') || !is_digit(r->p[1]))
		return;
	for (r->p++; rd_left(r) > 0 && is_digit(*r->p); r->p++) {
		unit /= 10;
		*fraction_ns += unit * (*r->p - '0');
	}
}

/* "23:39:36" and its fraction. */
static bool
take_clock(struct reader *r, struct parts *t)
{
	if (!take_digits(r, 2, &t->hour) || !take_octet(r, ':') || !take_digits(r, 2, &t->minute) ||
	    !take_octet(r, ':') || !take_digits(r, 2, &t->second))
		return false;
	take_fraction(r, &t->fraction_ns);
	return t->hour < 24 && t->minute < 60 && t->second <= 60;
}

/* May follow a year: 2009x is a host, and 2001:db8::25, too. */
static bool
is_year_end(struct bytes b)
{
	if (b.n > 0 && *b.p == ':')
		b = bytes_skip(b, 1);
	return b.n == 0 || *b.p == ' ' || *b.p == '\r';
}

/* " 2009" as a word, with or without a colon; without one the year is unknown. */
static void
take_year(struct reader *r, struct parts *t)
{
	struct reader at = *r;

	t->year = YEAR_UNKNOWN;
	if (!take_octet(&at, ' ') || !take_digits(&at, 4, &t->year) ||
	    !is_year_end(bytes_of(at.p, rd_left(&at)))) {
		t->year = YEAR_UNKNOWN;
		return;
	}
	*r = at;
}

/* "Fri Jul 17 23:39:36 2009" */
static bool
take_named(struct reader *r, struct parts *t)
{
	if (take_name(r, "MonTueWedThuFriSatSun", 7) != 0 && !take_octet(r, ' '))
		return false;
	t->month = take_name(r, "JanFebMarAprMayJunJulAugSepOctNovDec", 12);
	if (t->month == 0 || !take_octet(r, ' '))
		return false;
	(void)take_octet(r, ' ');
	if (!take_digits(r, rd_left(r) > 1 && is_digit(r->p[1]) ? 2 : 1, &t->day) ||
	    !take_octet(r, ' ') || !take_clock(r, t))
		return false;
	take_year(r, t);
	t->utc_offset_s = LOG_OFFSET_NONE;
	return true;
}

/* "Z", "+09:00" or "-0400" */
static bool
take_zone(struct reader *r, int32_t *utc_offset_s)
{
	int hours, minutes;
	bool west;

	*utc_offset_s = LOG_OFFSET_NONE;
	if (take_octet(r, 'Z')) {
		*utc_offset_s = 0;
		return true;
	}
	west = rd_left(r) > 0 && *r->p == '-';
	if (!west && (rd_left(r) == 0 || *r->p != '+'))
		return true;
	r->p++;
	if (!take_digits(r, 2, &hours))
		return false;
	(void)take_octet(r, ':');
	if (!take_digits(r, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*utc_offset_s = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

/* "2009-07-17T23:39:36+09:00" */
static bool
take_iso(struct reader *r, struct parts *t)
{
	return take_digits(r, 4, &t->year) && t->year != YEAR_UNKNOWN && take_octet(r, '-') &&
	       take_digits(r, 2, &t->month) && take_octet(r, '-') && take_digits(r, 2, &t->day) &&
	       (take_octet(r, 'T') || take_octet(r, ' ')) && take_clock(r, t) &&
	       take_zone(r, &t->utc_offset_s);
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool
is_date(int year, int month, int day)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	/* The years that 64 bits of nanoseconds hold whole. */
	return year >= 1678 && year <= 2261 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= days[month - 1] + (month == 2 && is_leap(year));
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar, with years that begin in March. */
static int64_t
days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t m = month <= 2 ? month + 9 : month - 3;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static int64_t
time_of(const struct parts *t, int year)
{
	int64_t minutes = (days_of(year, t->month, t->day) * 24 + t->hour) * 60 + t->minute;

	return (minutes * 60 + t->second) * LOG_NS_PER_S + t->fraction_ns;
}

/* The year, about that of near_ns, which puts the stamp nearest to it; false if none has the day.
 */
static bool
resolve_year(const struct parts *t, int64_t near_ns, int64_t *local_ns)
{
	int near_year = 1970 + (int)(near_ns / LOG_NS_PER_S / 31556952);
	uint64_t best = UINT64_MAX;

	/* Four each way: 29 February of the leap year, too. */
	for (int year = near_year - 4; year <= near_year + 4; year++) {
		int64_t ns;
		uint64_t away;

		if (!is_date(year, t->month, t->day))
			continue;
		ns = time_of(t, year);
		away = ns > near_ns ? (uint64_t)ns - (uint64_t)near_ns
		                    : (uint64_t)near_ns - (uint64_t)ns;
		if (away < best) {
			best = away;
			*local_ns = ns;
		}
	}
	return best != UINT64_MAX;
}

size_t
log_stamp_parse(struct log_stamp *out, struct bytes in, int64_t near_ns)
{
	struct reader r = rd_init(in);
	struct parts t;

	if (in.n == 0 || !(is_digit(*in.p) ? take_iso(&r, &t) : take_named(&r, &t)))
		return 0;
	if (t.year == YEAR_UNKNOWN) {
		if (!resolve_year(&t, near_ns, &out->local_ns))
			return 0;
	} else {
		if (!is_date(t.year, t.month, t.day))
			return 0;
		out->local_ns = time_of(&t, t.year);
	}
	out->utc_offset_s = t.utc_offset_s;
	out->dated = t.year != YEAR_UNKNOWN;
	return (size_t)(r.p - in.p);
}
