#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <time.h>

#include "reports/rfc3339.h"

static const struct {
	const char *why;
	int64_t ts_ns;
	unsigned digits;
	const char *out;
} rows[] = {
	{ "the start of the count", 0, 6, "1970-01-01T00:00:00.000000Z" },
	{ "microseconds, zeroes kept in front", INT64_C(1247873976000456000), 6,
	    "2009-07-17T23:39:36.000456Z" },
	{ "nanoseconds", INT64_C(1247873976123456789), 9, "2009-07-17T23:39:36.123456789Z" },
	{ "what is not shown is cut, not rounded", INT64_C(1247873976999999999), 6,
	    "2009-07-17T23:39:36.999999Z" },
	{ "no decimals", INT64_C(1247873976999999999), 0, "2009-07-17T23:39:36Z" },
	{ "a leap day", INT64_C(1709210096000000000), 0, "2024-02-29T12:34:56Z" },
	{ "before 1970 the fraction still counts forward", -1, 9,
	    "1969-12-31T23:59:59.999999999Z" },
	{ "a whole second before 1970", INT64_C(-1000000000), 6, "1969-12-31T23:59:59.000000Z" },
	{ "the last that fits", INT64_MAX, 9, "2262-04-11T23:47:16.854775807Z" },
	{ "the first that fits", INT64_MIN, 9, "1677-09-21T00:12:43.145224192Z" },
};

ParameterizedTestParameters(rfc3339, table)
{
	static size_t index[sizeof rows / sizeof rows[0]];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, sizeof rows / sizeof rows[0]);
}

ParameterizedTest(size_t *i, rfc3339, table)
{
	char room[RFC3339_ROOM];

	/* The zone of the machine must not show. */
	setenv("TZ", "Asia/Kathmandu", 1);
	tzset();
	cr_assert_str_eq(rfc3339_format(room, rows[*i].ts_ns, rows[*i].digits), rows[*i].out,
	    "%s: %s", rows[*i].why, room);
}
