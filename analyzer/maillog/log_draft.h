/*
 * log_draft: a session while its lines are still coming in.
 *
 * Its texts and lists grow in buffers of their own, charged to a budget; log_draft_session
 * lays them out as the one block that log_session.h describes.
 * Owns:  its buffers. log_draft_reset empties it for the next session and keeps them.
 * Fails: what has no room any more (LOG_SESSION_MAX, the budget, memory) is left out,
 *        marked by s.incomplete and counted in limits.
 */
#ifndef HATCHECK_LOG_DRAFT_H
#define HATCHECK_LOG_DRAFT_H

#include "analyzer/maillog/log_session.h"
#include "capture/base/budget.h"
#include "capture/base/limits.h"

#define LOG_TEXT_MAX 1024 /* octets kept of one text */

struct log_buffer {
	void *at;
	size_t used, room; /* octets */
};

struct log_draft {
	struct log_session s;            /* texts count from the start of `text` */
	struct log_draft *older, *newer; /* of the list it is in (log_table.h) */
	int64_t touched_ns;              /* of the log's clock when a line last came in */
	bool has_new, closed;            /* a New SMTP line, a close line is there */
	size_t size;                     /* octets that the session will have */
	struct log_buffer text, senders, recipients, messages;
};

/* Borrowed by all drafts. */
struct log_keep {
	struct budget budget;
	struct limits *limits;
};

/* An empty draft; its buffers may be left over from the one before. */
void log_draft_reset(struct log_draft *d);
/* Gives back what is more than most sessions need. */
void log_draft_shrink(struct log_draft *d, struct log_keep *k);
void log_draft_clear(struct log_draft *d, struct log_keep *k);

/* An empty text leaves what is there. */
void log_draft_set(
    struct log_draft *d, struct log_keep *k, enum log_text_id which, struct bytes raw);
/* Here an empty address is one. */
void log_draft_sender(
    struct log_draft *d, struct log_keep *k, struct bytes address, enum log_refusal refusal);
void log_draft_recipient(
    struct log_draft *d, struct log_keep *k, struct bytes address, enum log_refusal refusal);
/* The message of that number, borrowed until the next is added; NULL if there is none. */
struct log_message *log_draft_message(struct log_draft *d, uint64_t mid);
/* A new one; NULL if it had to be left out. */
struct log_message *log_draft_add_message(struct log_draft *d, struct log_keep *k, uint64_t mid);
/* The octets of a text, borrowed until the next change; the empty run when absent. */
struct bytes log_draft_text(const struct log_draft *d, enum log_text_id which);

union log_room {
	struct log_session s;
	uint8_t octets[LOG_SESSION_MAX + 1];
};

/* The session as one block, in `room`. */
const struct log_session *log_draft_session(const struct log_draft *d, union log_room *room);

#endif
