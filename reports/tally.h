/*
 * tally: the numbers of a report's summary, counted as connections end.
 */
#ifndef HATCHECK_TALLY_H
#define HATCHECK_TALLY_H

#include "analyzer/maillog/log_session.h"
#include "analyzer/verdict/record.h"

struct tally {
	uint64_t connections;
	uint64_t verdicts[VERDICT_COUNT];
	uint64_t findings[SEVERITY_COUNT];
};

void tally_add(struct tally *t, const struct record *rec);
/* A log session without a connection, with its finding or without; a report_session_sink. */
void tally_add_session(void *tally, const struct log_session *s, const char *missing);

#endif
