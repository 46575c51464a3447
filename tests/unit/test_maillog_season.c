#include <criterion/criterion.h>

#include "analyzer/maillog/log_season.h"
#include "analyzer/maillog/log_stamp.h"
#include "tests/unit/rows.h"

static const struct row {
	const char *why, *before, *now;
	int32_t change;
} rows[] = {
	{ "Europe, end of summer", "2026-10-25 02:59:58", "2026-10-25 02:00:03", -3600 },
	{ "America", "2026-11-01 01:59:15", "2026-11-01 01:00:15", -3600 },
	{ "the Azores", "2026-10-25 00:59:59", "2026-10-25 00:00:00", -3600 },
	{ "few lines", "2026-11-01 01:40:00", "2026-11-01 01:05:00", -3600 },
	{ "a clock that is corrected", "2026-11-01 01:40:00", "2026-11-01 01:15:00", 0 },
	{ "two excerpts, the later one first", "2026-11-01 02:10:00", "2026-11-01 01:15:00", 0 },
	{ "not a Sunday", "2026-11-02 01:59:15", "2026-11-02 01:00:15", 0 },
	{ "nor at night", "2026-11-01 13:59:15", "2026-11-01 13:00:15", 0 },
	{ "Europe, beginning of summer", "2026-03-29 01:59:58", "2026-03-29 03:00:03", 3600 },
	{ "at the limits", "2026-03-29 01:58:00", "2026-03-29 03:02:00", 3600 },
	{ "the hour may have been quiet", "2026-03-29 01:57:59", "2026-03-29 03:00:03", 0 },
	{ "here too", "2026-03-29 01:59:58", "2026-03-29 03:02:01", 0 },
	{ "an hour and more is left out", "2026-03-29 01:59:58", "2026-03-29 04:00:03", 0 },
	{ "time goes on", "2026-03-29 01:59:58", "2026-03-29 02:00:03", 0 },
};

ROWS(maillog_season, change, rows)

static int64_t
time_of(const char *text)
{
	struct log_stamp stamp;

	cr_assert_neq(log_stamp_parse(&stamp, bytes_str(text), 0), 0);
	return stamp.local_ns;
}

ParameterizedTest(size_t *i, maillog_season, change)
{
	const struct row *r = &rows[*i];

	cr_expect_eq(
	    log_season_change(time_of(r->before), time_of(r->now)), r->change, "%s", r->why);
}

Test(maillog_season, without_times_nothing_is_known)
{
	int64_t sunday = time_of("2026-10-25 02:59:58");

	cr_expect_eq(log_season_change(LOG_TIME_NONE, sunday), 0);
	cr_expect_eq(log_season_change(sunday, LOG_TIME_NONE), 0);
}
