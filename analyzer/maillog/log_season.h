/*
 * log_season: where a log's clock changes between summer time and standard time.
 *
 * A gateway writes local time, and says its offset from UTC when it begins a log, not when the
 * offset changes. In between the stamps show it: on a Sunday night, when all but a few countries
 * change, they go back within one hour, or leave one out. An hour without a line looks like the
 * latter; only where lines come close to both of its ends it is taken for that.
 */
#ifndef HATCHECK_LOG_SEASON_H
#define HATCHECK_LOG_SEASON_H

#include <stdint.h>

/*
 * Seconds by which a line's clock was set forward against that of the line before: 3600, -3600, or
 * 0. Both are local times as log_stamp has them.
 */
int32_t log_season_change(int64_t before_ns, int64_t now_ns);

#endif
