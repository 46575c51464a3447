/*
 * log_line: the text of a log line as an event of a connection.
 *
 * Knows every line by which the gateway tells of an incoming connection (ICID), of
 * the messages (MID) that came in on it, and the header of a log file. Fields are found by
 * their keywords, never by counting words: interfaces, rules, scores and countries contain
 * spaces, and a sender group may be called TCP-REFUSE. What the gateway writes about its
 * own deliveries (DCID) is LOG_OTHER, like every line that is not of these.
 *
 * In:    the text behind the level (log_prefix.h).
 * Out:   an event whose runs are borrowed from the text. A field that the line does not
 *        have is the empty run.
 * Fails: never. A line that names an ICID and follows no known form is LOG_UNPARSED,
 *        with the ICID where that could be read.
 * Cost:  a look at the first octets for lines of other kinds, else O(octets).
 *
 * A mail or a web page may have broken the line in two. `understood` tells how far the known
 * form was followed, so that a line with its continuation is right when it leads further than
 * the line alone, and `ending` tells whether anything can follow.
 */
#ifndef HATCHECK_LOG_LINE_H
#define HATCHECK_LOG_LINE_H

#include "capture/base/bytes.h"

enum log_event_kind {
	LOG_OTHER,    /* not of a connection */
	LOG_UNPARSED, /* of a connection, in a form that is not known */
	LOG_NEW,      /* New SMTP ICID 4 interface ... */
	LOG_HAT,      /* ICID 4 REJECT SG ...; of ICID 0 too */
	LOG_SCORE,    /* ICID 4 SBRS None: no action, AsyncOS 3 */
	LOG_DELAYED,  /* ... continuing session for recipient logging */
	LOG_SENDER,   /* of MAIL FROM: with a MID, by delayed rejection, or refused */
	LOG_RECIPIENT,
	LOG_TLS,
	LOG_AUTH,
	LOG_CLOSE,
	LOG_LOST,
	LOG_FAILED,       /* Receiving Failed, Injection Failed */
	LOG_DISCONNECTED, /* by the gateway */
	LOG_HARVEST,      /* dropped for a directory harvest attack; names the peer, no ICID */
	LOG_NOTE,         /* known, and nothing in it is kept but its time */
	LOG_MID_START,
	LOG_MID_READY, /* received whole */
	LOG_MID_DONE,
	LOG_MID_ABORTED, /* not received whole */
	LOG_SUMMARY,     /* of a message, by the consolidated event log (log_cef.h) */
	LOG_VERSION,     /* header of a log file */
	LOG_OFFSET
};

#define LOG_ACTIONS(X)      \
	X(NONE, NULL)       \
	X(ACCEPT, "ACCEPT") \
	X(RELAY, "RELAY") X(REJECT, "REJECT") X(TCPREFUSE, "TCPREFUSE") X(CONTINUE, "CONTINUE")

/* By what a recipient or a sender was refused. */
#define LOG_REFUSALS(X)                                                  \
	X(NONE, NULL)                                                    \
	X(DELAYED, "delayed_hat_reject")                                 \
	X(RAT, "rat")                                                    \
	X(LDAP, "ldap")                                                  \
	X(RATE, "rate_limit") /* Injection Control, Receiving Control */ \
	X(BOUNCE, "bounce_verification")                                 \
	X(DOMAIN, "sender_domain") /* sender verification */             \
	X(OTHER, "other")

#define LOG_TLS_STATES(X) \
	X(NONE, NULL) X(SUCCESS, "success") X(FAILED, "failed") X(REQUIRED, "required")

#define LOG_AUTH_STATES(X) \
	X(NONE, NULL) X(SUCCEEDED, "succeeded") X(FAILED, "failed") X(REQUIRED, "required")

#define E(id, name) LOG_ACTION_##id,
enum log_action { LOG_ACTIONS(E) LOG_ACTION_COUNT };
#undef E
#define E(id, name) LOG_REFUSAL_##id,
enum log_refusal { LOG_REFUSALS(E) LOG_REFUSAL_COUNT };
#undef E
#define E(id, name) LOG_TLS_##id,
enum log_tls { LOG_TLS_STATES(E) LOG_TLS_COUNT };
#undef E
#define E(id, name) LOG_AUTH_##id,
enum log_auth { LOG_AUTH_STATES(E) LOG_AUTH_COUNT };
#undef E

/* The word of the report; NULL where it says null. */
const char *log_action_name(enum log_action a);
const char *log_refusal_name(enum log_refusal r);
const char *log_tls_name(enum log_tls t);
const char *log_auth_name(enum log_auth a);
/* The action of that name in capitals, LOG_ACTION_NONE if it is none. */
enum log_action log_action_of(struct bytes word);

enum log_ending {
	LOG_ENDING_WHOLE, /* nothing can follow */
	LOG_ENDING_OPEN,  /* reads as it is; more could follow */
	LOG_ENDING_NAMES, /* likewise, and its last field is words without an end of its own */
	LOG_ENDING_CUT    /* something must follow */
};

struct log_event {
	enum log_event_kind kind;
	enum log_ending ending;
	size_t understood;  /* octets of the text that the form accounts for */
	uint64_t icid, mid; /* 0: the line names none */
	union {
		struct {
			struct bytes interface, interface_address, address, host, verified;
		} peer; /* address alone for all but LOG_NEW and LOG_LOST */
		struct {
			enum log_action action;
			struct bytes group, match, sbrs, country;
		} hat; /* sbrs alone for LOG_SCORE */
		struct {
			struct bytes address; /* without <> */
			enum log_refusal refusal;
			struct bytes peer; /* of a delayed rejection */
		} party;
		enum log_tls tls;
		enum log_auth auth;
		struct {
			struct bytes address, host, sender, recipients, serial;
			struct bytes group, sbrs, country;
			enum log_action action;
			enum log_tls tls;
			int64_t started_ns; /* local; LOG_TIME_NONE */
		} summary;
		struct bytes serial;  /* LOG_VERSION */
		int32_t utc_offset_s; /* LOG_OFFSET */
	};
};

void log_line_parse(struct log_event *out, struct bytes text);
/*
 * Takes back what the text, whose line may have gone on, does not prove: what touches its end and
 * is no fixed word of the form. Where that is what the line is about, it is not read (LOG_UNPARSED,
 * or LOG_OTHER without an ICID). Nothing follows any more.
 */
void log_line_cut(struct log_event *e, struct bytes text);

#endif
