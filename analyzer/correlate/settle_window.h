/*
 * settle_window: what settle holds: connections and sessions that wait, and those reported lately.
 *
 * Both in the order in which they came. A place in the window, from 1, is the id that correlate
 * knows them by in one round; it changes with settle_window_forget.
 * Owns:  copies of the records (until they are reported) and of the sessions.
 * Fails: NULL without memory; the window is as it was.
 */
#ifndef HATCHECK_SETTLE_WINDOW_H
#define HATCHECK_SETTLE_WINDOW_H

#include "analyzer/correlate/trace.h"

struct settle_connection {
	struct trace trace;
	struct record *rec; /* NULL once it is reported */
	uint64_t session;   /* the id of its session, or of one that came late; 0: none */
	int64_t due_ns;     /* when it is reported, and then when it is forgotten */
	bool reported;
};

struct settle_session {
	struct log_session *block;
	int64_t due_ns; /* likewise */
	bool open;      /* in the log; it will end later */
	bool told;      /* to be of a connection, or of none */
	bool passing;   /* here for one round only, unless it is told */
};

struct settle_window {
	struct settle_connection *connections;
	struct settle_session *sessions;
	size_t connection_count, connection_room, session_count, session_room;
	uint32_t *slots; /* a hash of session ids: their places, 0 for none */
	size_t slot_mask;
	size_t octets; /* of all that is held */
};

void settle_window_clear(struct settle_window *w);
struct settle_connection *settle_window_add_record(
    struct settle_window *w, const struct record *rec);
/* In place of what was known of that id before, if anything was. */
struct settle_session *settle_window_put_session(
    struct settle_window *w, const struct log_session *s);
/* The record is no longer needed. */
void settle_window_report(struct settle_window *w, struct settle_connection *c);
/* What was reported and is due. An open session stays, to be known when it ends. */
void settle_window_forget(struct settle_window *w, int64_t now_ns);
/* Those that were passing. */
void settle_window_end_round(struct settle_window *w);

#endif
