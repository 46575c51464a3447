/*
 * text_log: what the mail logs say, for a person at a terminal: a line for each session.
 *
 * Sessions are listed as they end, so that memory does not grow with their number; columns
 * have a width of their own, and what is wider pushes the rest of its line. Whatever
 * came from the log is escaped. Then the logs, and how many sessions had which action.
 */
#ifndef HATCHECK_TEXT_LOG_H
#define HATCHECK_TEXT_LOG_H

#include "analyzer/maillog/maillog.h"
#include "reports/line.h"

struct text_log {
	struct line line; /* the caller clears it */
	struct output *out;
	bool quiet;                         /* the summary only */
	uint64_t actions[LOG_ACTION_COUNT]; /* sessions */
	uint64_t delayed;
};

void text_log_begin(struct text_log *t, struct output *out, bool quiet);
/* What waits goes out now. */
void text_log_flush(struct text_log *t);
void text_log_next(struct text_log *t, const struct log_session *s);
void text_log_end(struct text_log *t, const struct maillog *m);

#endif
