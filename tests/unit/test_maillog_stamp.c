#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>

#include "analyzer/maillog/log_stamp.h"

#define S(seconds) (INT64_C(seconds) * LOG_NS_PER_S)
#define NEAR S(1247873976) /* 2009-07-17 23:39:36 */

struct row {
	const char *why, *text;
	size_t taken;
	int64_t local_ns;
	int32_t utc_offset_s;
};

#define NONE LOG_OFFSET_NONE

static const struct row rows[] = {
	{ "as the gateway writes it", "Fri Jul 17 23:39:36 2009 Info: x", 24, S(1247873976), NONE },
	{ "the day padded with a space", "Wed Jun  2 14:58:14 2004 Info", 24, S(1086188294), NONE },
	{ "one space, as documents print it", "Mon Mar 5 14:21:04 2018 Info", 23, S(1520259664),
	    NONE },
	{ "a fraction of a second", "Fri Jul 17 23:39:36.25 2009 x", 27, S(1247873976) + 250000000,
	    NONE },
	{ "the fraction behind a comma", "Fri Jul 17 23:39:36,123456789 2009", 34,
	    S(1247873976) + 123456789, NONE },
	{ "a colon behind it, as in the consolidated log", "Tue Aug 13 15:15:49 2019: CEF:0", 24,
	    S(1565709349), NONE },
	{ "syslog, without a year", "Jul 17 23:39:36 host", 15, S(1247873976), NONE },
	{ "syslog with the day of the week", "Thu Feb  1 08:32:59 c60 smail:", 19, S(1233477179),
	    NONE },
	{ "syslog with the year", "Oct 19 06:33:29 2011 host", 20, S(1319006009), NONE },
	{ "a host that begins like a year is none", "Jul 17 23:39:36 2009x", 15, S(1247873976),
	    NONE },
	{ "nor is the address of a host", "Jul 17 23:39:36 2001:db8::25 m:", 15, S(1247873976),
	    NONE },
	{ "nor a short one", "Jul 17 23:39:36 2003::1 m:", 15, S(1247873976), NONE },
	{ "a colon at the end", "Tue Aug 13 15:15:49 2019:", 24, S(1565709349), NONE },
	{ "without a year: the nearest, before", "Feb  1 00:00:00 h", 15, S(1233446400), NONE },
	{ "without a year: the nearest, after", "Jan  2 00:00:00 h", 15, S(1262390400), NONE },
	{ "a leap day in the leap year that is nearest", "Feb 29 12:00:00 h", 15, S(1204286400),
	    NONE },
	{ "ISO without a zone", "2009-07-17T23:39:36 h", 19, S(1247873976), NONE },
	{ "ISO with a space", "2009-07-17 23:39:36 h", 19, S(1247873976), NONE },
	{ "ISO in UTC", "2009-07-17T23:39:36Z h", 20, S(1247873976), 0 },
	{ "ISO east of UTC", "2009-07-17T23:39:36.5+09:00 h", 27, S(1247873976) + 500000000,
	    32400 },
	{ "ISO west of UTC, without a colon", "2009-07-17T23:39:36-0730", 24, S(1247873976),
	    -27000 },
	{ "a leap second", "Sat Dec 31 23:59:60 2016", 24, S(1483228800), NONE },
	{ "a leap day", "Thu Feb 29 00:00:00 2024", 24, S(1709164800), NONE },
	{ "the 29th in another year", "Wed Feb 29 00:00:00 2023", 0, 0, 0 },
	{ "the 31st of June", "Wed Jun 31 00:00:00 2004", 0, 0, 0 },
	{ "the day 0", "Wed Jun  0 00:00:00 2004", 0, 0, 0 },
	{ "the hour 24", "Wed Jun  2 24:00:00 2004", 0, 0, 0 },
	{ "the minute 60", "Wed Jun  2 23:60:00 2004", 0, 0, 0 },
	{ "the month 13", "2009-13-17T23:39:36", 0, 0, 0 },
	{ "no month", "Wed Jux  2 14:58:14 2004", 0, 0, 0 },
	{ "cut", "Wed Jun  2 14:58:1", 0, 0, 0 },
	{ "a year beyond what the count holds", "Wed Jun  2 14:58:14 9999", 0, 0, 0 },
	{ "the year 0", "0000-01-01T00:00:00", 0, 0, 0 },
	{ "a zone that is none", "2009-07-17T23:39:36+99:00", 0, 0, 0 },
	{ "words", "Information", 0, 0, 0 },
	{ "nothing", "", 0, 0, 0 },
};

ParameterizedTestParameters(log_stamp, table)
{
	static size_t index[sizeof rows / sizeof rows[0]];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, sizeof rows / sizeof rows[0]);
}

ParameterizedTest(size_t *i, log_stamp, table)
{
	const struct row *r = &rows[*i];
	struct log_stamp stamp;
	size_t n = log_stamp_parse(&stamp, bytes_str(r->text), NEAR);

	cr_assert_eq(n, r->taken, "%s: %zu octets taken", r->why, n);
	if (n == 0)
		return;
	cr_assert_eq(stamp.local_ns, r->local_ns, "%s: %lld", r->why, (long long)stamp.local_ns);
	cr_assert_eq(
	    stamp.utc_offset_s, r->utc_offset_s, "%s: offset %d", r->why, stamp.utc_offset_s);
}

Test(log_stamp, every_cut_is_read_without_a_look_behind_its_end)
{
	static const char text[] = "2009-07-17T23:39:36.5+09:00";

	for (size_t n = 0; n <= sizeof text - 1; n++) {
		/* An allocation of its own, so that an octet too many is seen. */
		uint8_t *cut = malloc(n == 0 ? 1 : n);
		struct log_stamp stamp;

		memcpy(cut, text, n);
		cr_assert(log_stamp_parse(&stamp, bytes_of(cut, n), NEAR) <= n);
		free(cut);
	}
}
