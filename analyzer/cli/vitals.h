/*
 * vitals: how a run that goes on is doing, put together once for all who show it.
 */
#ifndef HATCHECK_VITALS_H
#define HATCHECK_VITALS_H

#include "capture/source/live.h"
#include "reports/metrics.h"

struct vitals {
	struct metrics metrics;
	struct metrics_interface interfaces[LIVE_MAX_INTERFACES];
	struct limits limits;
};

#endif
