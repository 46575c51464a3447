/*
 * log_session: what a log tells of one connection, as one value.
 *
 * A block of memory without pointers, as record.h is for the wire: the struct, and behind
 * it the room that its lists and texts lie in. It can be copied with memcpy and kept, and is
 * small, because a log has millions: `size` octets, about 250, and never more than LOG_SESSION_MAX.
 * Absent texts have len LOG_ABSENT; texts are raw octets of the log, never yet escaped.
 *
 * Times are readings of the gateway's clock, as if it went by UTC (log_stamp.h);
 * log_session_utc turns them into UTC by the offset that was known when the session began.
 */
#ifndef HATCHECK_LOG_SESSION_H
#define HATCHECK_LOG_SESSION_H

#include "analyzer/maillog/log_line.h"
#include "analyzer/maillog/log_stamp.h"
#include "capture/packet/segment.h"

#define LOG_SESSION_MAX 65535
#define LOG_ABSENT UINT16_MAX

struct log_text {
	uint16_t off, len; /* from the start of the session */
};

struct log_list {
	uint16_t off, count; /* off is aligned for the element */
};

enum log_text_id {
	LOG_TEXT_ADDRESS, /* the peer as written, where it is no address (x.x.x.x) */
	LOG_TEXT_INTERFACE,
	LOG_TEXT_HOST, /* of reverse DNS */
	LOG_TEXT_GROUP,
	LOG_TEXT_MATCH,
	LOG_TEXT_SBRS,
	LOG_TEXT_COUNTRY,
	LOG_TEXT_COUNT
};

/* A sender or a recipient. */
struct log_party {
	struct log_text address; /* without <>; empty for the null sender */
	uint8_t refusal;         /* enum log_refusal */
};

/* What became of a message while it came in. */
#define LOG_RECEIPTS(X)                                   \
	X(STARTED, "started") /* nothing more is known */ \
	X(READY, "received")                              \
	X(ABORTED, "aborted")

/* How the log says that a connection ended; a later row wins over an earlier one. */
#define LOG_ENDS(X)                   \
	X(NONE, NULL)                 \
	X(CLOSE, "close")             \
	X(FAILED, "receiving_failed") \
	X(LOST, "lost")               \
	X(DISCONNECTED, "disconnected") /* by the gateway */

/* From where the offset of the log's clock is known. */
#define LOG_OFFSETS(X)      \
	X(NONE, "none")     \
	X(HEADER, "header") \
	X(STAMP, "stamp")   \
	X(OPTION, "option")

#define E(id, name) LOG_RECEIPT_##id,
enum log_receipt { LOG_RECEIPTS(E) LOG_RECEIPT_COUNT };
#undef E
#define E(id, name) LOG_END_##id,
enum log_end { LOG_ENDS(E) LOG_END_COUNT };
#undef E
#define E(id, name) LOG_OFFSET_FROM_##id,
enum log_offset_from { LOG_OFFSETS(E) LOG_OFFSET_FROM_COUNT };
#undef E

const char *log_receipt_name(enum log_receipt r);
const char *log_end_name(enum log_end e);
const char *log_offset_from_name(enum log_offset_from f);

struct log_message {
	uint64_t mid;
	uint8_t receipt; /* enum log_receipt */
};

/* A place in the logs. */
struct log_place {
	uint32_t line; /* from 1; 0: no such line */
	uint16_t file; /* index into maillog_files */
};

struct log_session {
	uint32_t size;
	int32_t utc_offset_s; /* local minus UTC; 0 when offset_from is LOG_OFFSET_FROM_NONE */
	uint64_t id;          /* from 1, in the order of the sessions' first lines */
	uint64_t icid;        /* 0: a refusal that the log gives no number */
	int64_t first_ns,
	    last_ns;       /* the earliest and the latest stamp; LOG_TIME_NONE without any */
	int64_t closed_ns; /* of the line that says so; LOG_TIME_NONE */
	struct log_place first_line, hat_line, close_line;

	uint16_t appliance; /* index for maillog_serial */
	uint8_t action;     /* enum log_action */
	uint8_t end;        /* enum log_end */
	uint8_t tls, auth;  /* enum log_tls, log_auth */
	uint8_t offset_from;
	int8_t verified; /* 1 yes, 0 no, -1 not said */

	bool delayed;    /* a Delayed HAT REJECT line is there */
	bool harvest;    /* dropped for a directory harvest attack */
	bool started;    /* its first lines are there: New SMTP, or the decision of the HAT */
	bool ended;      /* its last line is there */
	bool event;      /* known from the consolidated event log only */
	bool incomplete; /* more parties, messages or text than are kept (limits) */

	struct addr peer, interface_addr; /* family 0: absent, or masked */
	struct log_text text[LOG_TEXT_COUNT];
	struct log_list senders, recipients; /* struct log_party */
	struct log_list messages;            /* struct log_message */
};

static inline bool
log_text_present(struct log_text t)
{
	return t.len != LOG_ABSENT;
}

/* The octets of a text, borrowed from the session; the empty run when absent. */
static inline struct bytes
log_session_text(const struct log_session *s, struct log_text t)
{
	if (!log_text_present(t))
		return bytes_of(NULL, 0);
	return bytes_of((const uint8_t *)s + t.off, t.len);
}

/* The first element of a list, borrowed from the session. */
static inline const void *
log_session_list(const struct log_session *s, struct log_list l)
{
	return (const uint8_t *)s + l.off;
}

static inline int64_t
log_session_utc(const struct log_session *s, int64_t local_ns)
{
	return local_ns - s->utc_offset_s * LOG_NS_PER_S;
}

/* When the connection was opened, local; LOG_TIME_NONE when that was before the log. */
static inline int64_t
log_session_opened(const struct log_session *s)
{
	return s->started ? s->first_ns : LOG_TIME_NONE;
}

#endif
