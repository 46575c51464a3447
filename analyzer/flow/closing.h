/*
 * closing: who closed first, and how.                     RFC 9293 3.5.2, 3.10.7.4, RFC 5961
 *
 * An RST is believed by its sequence number, not for being one. Who closed first is read from
 * what each had acknowledged of the other, and from the stamps only where this does not tell.
 */
#ifndef HATCHECK_CLOSING_H
#define HATCHECK_CLOSING_H

#include "analyzer/flow/conn.h"

enum fit {
	FIT_NONE,   /* outside the window: the receiver ignores it */
	FIT_WINDOW, /* inside: octets before it were not seen, or were in flight */
	FIT_EXACT   /* where the direction stood */
};

enum fit closing_fit(const struct conn *c, enum dir dir, const struct conn_close *rst);

struct closing {
	const struct conn_close *by; /* NULL: nobody was seen to close */
	enum dir dir;
	bool rst;
	uint64_t off; /* of the close in its direction */
	/* The closer had received more of the other than was seen: a close may be among it. */
	bool peer_unseen;
};

/* After conn_finish, or before, as far as it goes. */
void closing_first(const struct conn *c, struct closing *out);

#endif
