/*
 * log_join: lines that a mail, a web page or a terminal broke in two, put together again.
 *
 * A line of a connection after which more can follow is held until the next line shows
 * whether it is its continuation: one without stamp and level that, behind the held
 * line, leads the known form further (log_line.h). It joins at a space, or without one where a word
 * was broken; a name of several words at the very end (a country) is joined when the line was
 * long enough to have been broken there. Prose between log lines joins nothing.
 *
 * Widths count the octets of a line with all that stands before its text.
 * Owns:  room for one line of LOG_JOIN_MAX octets, twice; longer ones are not held.
 * Cost:  a held line is borrowed and not copied until log_join_keep, which the reader calls
 *        before the block that holds it goes away.
 */
#ifndef HATCHECK_LOG_JOIN_H
#define HATCHECK_LOG_JOIN_H

#include "analyzer/maillog/log_follow.h"

#define LOG_JOIN_MAX 4096
#define LOG_JOIN_WIDTH 60 /* columns; nobody breaks lines that are shorter */

/* Start with zeroes. */
struct log_join {
	bool holds;
	struct log_event event; /* what the held line says as it is now; while none is held, free */
	struct log_where where; /* of its first part */
	struct bytes text;
	size_t width; /* columns of its last part */
	uint8_t room[2][LOG_JOIN_MAX];
	int turn; /* which of the two rooms `text` is in, -1 for neither */
};

/* Holds the line whose event is in j->event, if more can follow. */
bool log_join_hold(struct log_join *j, const struct log_where *w, struct bytes text, size_t width);
/* True if the line belongs behind the held one, which now has it. */
bool log_join_continue(struct log_join *j, struct bytes line);
/* What is held no longer points into the reader's block. */
void log_join_keep(struct log_join *j);

#endif
