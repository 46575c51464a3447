/*
 * facts: a finished connection, put into the words that the tables of verdict speak.
 *
 * Derived from struct conn alone; judges nothing. Whatever is proven is true here, what
 * is not is false, and what was not seen is counted as unseen.
 */
#ifndef HATCHECK_FACTS_H
#define HATCHECK_FACTS_H

#include "analyzer/flow/closing.h"
#include "analyzer/verdict/record.h"
#include "analyzer/verdict/refusal.h"

struct facts {
	const struct conn *conn;
	const struct dialog *dialog;
	const struct conn_half *client, *server;
	struct closing closing;

	bool syn, syn_ack, ack;              /* of the handshake, seen */
	bool only_syns;                      /* nothing but SYNs, from the client */
	bool server_silent;                  /* proven: the server sent no octet */
	const struct dialog_reply *greeting; /* its code is 0 when none was seen */
	bool greeting_proven;                /* it is the server's first reply */
	bool conflict;                       /* octets came twice with different content */
	bool
	    server_whole; /* every octet of the server was seen, to its end, and every reply tied */
	uint64_t octets[DIR_COUNT]; /* sent, seen or not */

	/* Recipients by class, only those whose MAIL was not refused. */
	uint64_t rcpt[RCPT_COUNT];
	uint64_t rcpt_refused; /* 4xx or 5xx, judged on their own */
	uint64_t senders_accepted, senders_refused;
};

/* Everything but the recipients that the dialogue has listed: these are counted one by one. */
void facts_of(const struct conn *conn, struct facts *out);

/*
 * Counts one recipient of conn->dialog, and tells how. `enhanced` and `rest` are what
 * reply_enhanced found in its reply.
 */
enum rcpt_class facts_recipient(struct facts *f, const struct dialog_path *rcpt,
    struct bytes enhanced, struct bytes rest, struct refusal_reader *refusals);

#endif
