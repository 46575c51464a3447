/*
 * join: a connection, its log session and what the HAT decides, held against each other.
 *
 * In:    a record as the engine made it; its match and session, if it has one.
 * Out:   the record that is reported: with the session and the decision in it, its confidence
 *        raised where the log confirms it, and the findings of log.*, hat.*, tls.* and policy.*
 *        behind those of the wire. Each says both sides in one sentence, with its proof.
 * Exceptions that are no contradictions: SMTP AUTH under delayed rejection; a 4xx greeting under
 *        REJECT, or under ACCEPT at a limit; a client that left first; TCPREFUSE unlogged;
 *        STARTTLS over the RCPT stage; sessions cut by the ends of capture or log; mail that
 *        the gateway itself delivers to others.
 */
#ifndef HATCHECK_JOIN_H
#define HATCHECK_JOIN_H

#include "analyzer/correlate/correlate.h"
#include "analyzer/correlate/gateway.h"
#include "analyzer/verdict/findings.h"

enum known { KNOWN_NOT, KNOWN_NO, KNOWN_YES };

struct join {
	const struct correlate *correlate; /* NULL: there are no logs */
	const struct hat *hat;             /* NULL: there is none */
	const struct gateway *gateway;     /* NULL: nothing is known of it */
	enum known delayed_reject;         /* how the listener is known to be set */
	enum known tcprefuse_logged;
	const char *(*log_path)(void *ctx, uint16_t file); /* of a session's file */
	void *ctx;
};

/* rule, severity, what it means, where that is from */
#define JOIN_RULES(X)                                                                            \
	X(LOG_ACTION, "log.action-mismatch", SEVERITY_ERROR,                                     \
	    "the logged action and the wire's verdict contradict each other",                    \
	    "Cisco 118214, 118007; AsyncOS User Guide, access rules")                            \
	X(LOG_STAGE, "log.stage-mismatch", SEVERITY_ERROR,                                       \
	    "log and wire both reject, but one at the greeting and the other at RCPT TO",        \
	    "Cisco 117960")                                                                      \
	X(LOG_MAIL, "log.mail-after-reject", SEVERITY_ERROR,                                     \
	    "mail was accepted on a connection logged as REJECT, without SMTP AUTH",             \
	    "Cisco 117960; AsyncOS User Guide, HAT delayed rejection")                           \
	X(LOG_RECIPIENT, "log.recipient-mismatch", SEVERITY_WARNING,                             \
	    "the recipients or the sender on the wire differ from those logged", "Cisco 117960") \
	X(LOG_NO_SESSION, "log.missing-session", SEVERITY_WARNING,                               \
	    "a connection without a log session; info for tcprefuse unless it is known to be "   \
	    "logged",                                                                            \
	    "Cisco 118214")                                                                      \
	X(LOG_NO_CONNECTION, JOIN_MISSING_CONNECTION, SEVERITY_WARNING,                          \
	    "a log session within the capture's time without a connection", "Cisco 118214")      \
	X(LOG_CLOSE, "log.close-mismatch", SEVERITY_INFO,                                        \
	    "the log says lost and the wire shows an orderly close, or the reverse",             \
	    "AsyncOS mail_logs, lines close and lost")                                           \
	X(POLICY_STAGE, "policy.stage-mismatch", SEVERITY_WARNING,                               \
	    "the wire rejects at another stage than the listener is set to", "Cisco 117960")     \
	X(HAT_GROUP, "hat.group-mismatch", SEVERITY_ERROR,                                       \
	    "the log names another sender group than the HAT decides for that peer",             \
	    "AsyncOS User Guide, HAT: first match wins")                                         \
	X(HAT_ACTION, "hat.action-mismatch", SEVERITY_ERROR,                                     \
	    "the wire shows another action than the HAT decides for that peer",                  \
	    "AsyncOS User Guide, access rules")                                                  \
	X(HAT_UNDECIDED, "hat.undecided", SEVERITY_INFO,                                         \
	    "the HAT's decision hangs on what is not known; the candidates are listed",          \
	    "AsyncOS User Guide, sender group syntax")                                           \
	X(TLS_UNVERIFIABLE, "tls.unverifiable", SEVERITY_INFO,                                   \
	    "a delayed rejection is logged, but STARTTLS hides the RCPT stage", "RFC 3207")

enum join_rule {
#define X(id, rule, severity, means, source) JOIN_##id,
	JOIN_RULES(X)
#undef X
	    JOIN_RULE_COUNT
};

/* `match` and `s` are NULL together. The record in `out` is rewritten. */
void join_connection(const struct join *j, const struct record *rec, const struct match *match,
    const struct log_session *s, struct record_builder *out);

#define JOIN_MISSING_CONNECTION "log.missing-connection"

/*
 * The message of log.missing-connection for a session without a connection; false when the
 * capture does not cover it and nothing is to be said.
 */
bool join_session(const struct join *j, const struct log_session *s, char *message, size_t room);

#endif
