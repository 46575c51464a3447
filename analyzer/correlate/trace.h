/*
 * trace: one side of a pair, a connection or a log session, reduced to what tells them apart.
 *
 * A million of each are held at once, so a trace is small and has no pointers. What both say is
 * compared here and nowhere else: trace_clash is the one place that knows which logged action
 * and which verdict contradict each other, and what explains it away.
 */
#ifndef HATCHECK_TRACE_H
#define HATCHECK_TRACE_H

#include "analyzer/maillog/log_session.h"
#include "analyzer/verdict/record.h"

#define TRACE_NEVER INT64_MIN

enum trace_flag {
	TRACE_WHOLE = 0x01,   /* seen from its start to its end, nothing hidden in between */
	TRACE_TLS = 0x02,     /* STARTTLS was accepted */
	TRACE_AUTH = 0x04,    /* SMTP AUTH succeeded */
	TRACE_LET_IN = 0x08,  /* wire: a recipient was accepted. log: a message was begun */
	TRACE_MAIL = 0x10,    /* a message was accepted */
	TRACE_REFUSED = 0x20, /* a recipient was refused; log: for another reason than the HAT's */
	TRACE_DELAYED = 0x40, /* log: a Delayed HAT REJECT line is there */
	TRACE_GREETED = 0x80, /* wire: the server sent a whole 2xx greeting */
	TRACE_SEEN = 0x100,   /* wire: nothing is missing from the handshake to what came last */
	TRACE_PLACED = 0x200, /* the other side names its place, too: set by correlate */
	TRACE_OPENED = 0x400, /* wire: its opening was seen, so that is when it was opened */
	TRACE_LEFT = 0x800    /* log: the client was gone before the HAT decided */
};

struct trace {
	int64_t open_ns, close_ns; /* on its own clock, or TRACE_NEVER */
	uint64_t id;
	uint64_t senders, recipients; /* sums of the hashes of the addresses, each once; 0: none */
	struct addr addr;             /* of the client; family 0: not known */
	uint16_t flags;               /* enum trace_flag */
	uint8_t verdict;              /* wire: enum verdict */
	uint8_t action;               /* log: enum log_action */
	uint32_t hint;                /* for the owner */
	uint32_t place;               /* the gateway's address, hashed; 0: not known */
};

/*
 * The mailbox of a path, which is all of it that a log need tell: without the source route and the
 * spaces around it. RFC 5321 4.1.2, borrowed
 */
struct bytes trace_mailbox(struct bytes path);
/* The place of an address of the gateway; 0 for family 0. */
uint32_t trace_place(const struct addr *gateway);
void trace_of_record(const struct record *rec, struct trace *out);
void trace_of_session(const struct log_session *s, struct trace *out);
/*
 * A local time of the session, turned to UTC by its own offset, where that is known. A stamp
 * without a fraction is the second that had begun: its middle is taken. LOG_TIME_NONE: TRACE_NEVER.
 */
int64_t trace_log_ns(const struct log_session *s, int64_t local_ns);

enum clash {
	CLASH_ACTION = 1,  /* the logged action and the verdict */
	CLASH_STAGE = 2,   /* both reject, one at the greeting, the other at RCPT TO */
	CLASH_MAIL = 4,    /* mail went in on a connection logged as REJECT */
	CLASH_PARTIES = 8, /* senders or recipients differ */
	CLASH_ABSENT = 16  /* not a kind: the others rest on a line that the log does not have */
};

/*
 * Both sides have all parties: TLS hides them from the wire, what was not seen to its end does not
 * have them all, and a plain REJECT names none.
 */
bool trace_parties_comparable(const struct trace *wire, const struct trace *log);
/* enum clash bits. */
uint8_t trace_clash(const struct trace *wire, const struct trace *log);

#endif
