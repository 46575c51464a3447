#include "analyzer/maillog/log_season.h"

#include "analyzer/maillog/log_stamp.h"

#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)
#define LAST_HOUR 3     /* of those at the end of which clocks are changed */
#define BACK (HOUR / 2) /* less than that a clock that is corrected goes back, too */
#define CLOSE 120

int32_t
log_season_change(int64_t before_ns, int64_t now_ns)
{
	int64_t before, now, hour;

	if (before_ns < 0 || now_ns < 0)
		return 0; /* LOG_TIME_NONE is one of them */
	before = before_ns / LOG_NS_PER_S;
	now = now_ns / LOG_NS_PER_S;
	hour = before / HOUR;
	/* 1970-01-01 was a Thursday. */
	if ((before / DAY + 4) % 7 != 0 || hour % 24 > LAST_HOUR)
		return 0;
	if (now / HOUR == hour && before - now > BACK)
		return -(int32_t)HOUR;
	if (now / HOUR == hour + 2 && (hour + 1) * HOUR - before <= CLOSE && now % HOUR <= CLOSE)
		return (int32_t)HOUR;
	return 0;
}
