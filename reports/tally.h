/*
 * tally: the numbers of a report's summary, counted as connections end.
 */
#ifndef HATCHECK_TALLY_H
#define HATCHECK_TALLY_H

#include "analyzer/verdict/record.h"

struct tally {
	uint64_t connections;
	uint64_t verdicts[VERDICT_COUNT];
	uint64_t findings[SEVERITY_COUNT];
};

void tally_add(struct tally *t, const struct record *rec);

#endif
