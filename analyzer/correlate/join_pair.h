/*
 * join_pair: a connection and its session while they are held against each other, and the words in
 * which it is said.                                            Inside analyzer/correlate/ only.
 */
#ifndef HATCHECK_JOIN_PAIR_H
#define HATCHECK_JOIN_PAIR_H

#include "analyzer/correlate/join.h"

#define QUOTE_ROOM 160

struct pair {
	const struct join *join;
	const struct record *rec;
	const struct match *match; /* NULL: there is no session */
	const struct log_session *s;
	struct hat_decision decision;
	struct record_builder *out;
	struct findings found;
	bool lossy;         /* the log lacks lines */
	char log_says[512]; /* "REJECT, sender group BLACKLIST (mail.log line 3, ICID 4155)" */
};

/* Text of a log or the wire, safe and short, for a message. */
const char *pair_quote(char room[static QUOTE_ROOM], struct bytes text);
/* The reason of the verdict. */
const char *pair_wire_says(const struct pair *p, char room[static QUOTE_ROOM]);
void pair_describe(const struct join *j, const struct log_session *s, char *out, size_t room);
/* A finding with the frames that prove it; `severity` where it is not that of the rule's row. */
void pair_find(struct pair *p, enum join_rule rule, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void pair_find_as(struct pair *p, enum join_rule rule, enum severity severity, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Log against wire, and the listener's setting: findings of log.*, tls.* and policy.* */
void join_check_log(struct pair *p);
/* What the HAT decides for the peer, into p->decision. */
void join_decide(struct pair *p);
const struct hat_group *join_group_of(const struct pair *p, uint32_t entry);
/* The decision against both: findings of hat.* */
void join_check_hat(struct pair *p);

#endif
