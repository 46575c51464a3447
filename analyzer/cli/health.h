/*
 * health: interfaces that go away and come back, and packets that were dropped: said, and counted.
 */
#ifndef HATCHECK_HEALTH_H
#define HATCHECK_HEALTH_H

#include "capture/source/live.h"

#define HEALTH_SAY_NS (10 * INT64_C(1000000000)) /* drops are told no more often than this */

/* Start with zeroes and `live`. */
struct health {
	struct live *live; /* borrowed */
	struct live_drops told[LIVE_MAX_INTERFACES];
	enum live_state state[LIVE_MAX_INTERFACES];
	int64_t say_ns;
};

/*
 * Asks the kernel, says on standard error what is new, and sets the sums of drops in *limits. True
 * when there were more of them than these had. now_ns: a clock that goes forward; `last`: drops are
 * told in any case.
 */
bool health_check(struct health *h, int64_t now_ns, bool last, struct limits *limits);

#endif
