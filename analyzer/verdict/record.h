/*
 * record: a finished connection as one value.
 *
 * Everything that is known and was decided of a connection, in one block of
 * memory without pointers: the struct, and behind it the room that its texts and
 * arrays lie in. A record can be copied with memcpy, written to a file, read
 * again and reported, with the same result.
 *
 * struct text and struct span are offsets into the room. Absent texts have
 * len RECORD_NONE; an empty text is present and has len 0 (MAIL FROM:<>).
 * Texts are raw octets of the wire or a log, never yet escaped; only `reason` and
 * finding messages are our own words, and even these may quote the wire.
 */
#ifndef HATCHECK_RECORD_H
#define HATCHECK_RECORD_H

#include "analyzer/flow/run.h"
#include "capture/packet/segment.h"

/* id, name, accusation? (a claim that the gateway turned the client away), meaning */
#define VERDICTS(X)                                                                           \
	X(UNANSWERED, "unanswered", "SYN, and nothing from the server")                       \
	X(PORT_CLOSED, "port_closed", "RST in answer to the SYN")                             \
	X(TCPREFUSE, "tcprefuse", "RST after the handshake, before any octet")                \
	X(DROPPED, "dropped", "FIN after the handshake, before any octet")                    \
	X(CLIENT_ABORT, "client_abort", "the client closed before the server spoke")          \
	X(NOT_SMTP, "not_smtp", "the server speaks something else")                           \
	X(REJECT, "reject", "5xx greeting")                                                   \
	X(DEFERRED, "deferred", "4xx greeting")                                               \
	X(DELAYED_REJECT, "delayed_reject", "every recipient refused for a reason of access") \
	X(ACCEPTED, "accepted", "the dialogue was let in")                                    \
	X(INCOMPLETE, "incomplete", "the capture does not show enough")

#define OUTCOMES(X)                                   \
	X(NONE, NULL)                                 \
	X(MAIL_ACCEPTED, "mail_accepted")             \
	X(RECIPIENTS_REFUSED, "recipients_refused")   \
	X(RECIPIENTS_DEFERRED, "recipients_deferred") \
	X(SENDER_REFUSED, "sender_refused")           \
	X(CONTENT_REFUSED, "content_refused")         \
	X(NO_MAIL, "no_mail")                         \
	X(ENCRYPTED, "encrypted")                     \
	X(CUT_OFF, "cut_off")

#define CONFIDENCES(X) X(HIGH, "high") X(MEDIUM, "medium") X(LOW, "low")

/* What was seen of SYN, SYN,ACK and the first ACK. */
#define HANDSHAKES(X)                                                    \
	X(UNSEEN, "unseen")     /* neither SYN nor SYN,ACK */            \
	X(SYN_ONLY, "syn_only") /* no SYN,ACK was seen */                \
	X(SYN_ACK, "syn_ack")   /* SYN,ACK, but no ACK of it was seen */ \
	X(COMPLETE, "complete")

#define CLOSES(X) X(NONE, NULL) X(FIN, "fin") X(RST, "rst")

/* How a RCPT reply counts; the table is analyzer/verdict/refusal.h. */
#define RCPT_CLASSES(X)                                                              \
	X(UNKNOWN, "unknown") /* the reply was not seen */                           \
	X(ACCEPTED, "accepted")                                                      \
	X(ACCESS, "access")       /* this client may not send here */                \
	X(RECIPIENT, "recipient") /* this recipient may not be sent to */            \
	X(TEMPORARY, "temporary") /* 4xx */                                          \
	X(OTHER, "other")         /* refused, for a reason the text does not tell */ \
	X(UNJUDGED, "unjudged")   /* follows from an earlier refusal: MAIL was refused, 503 */

#define SEVERITIES(X) X(INFO, "info") X(WARNING, "warning") X(ERROR, "error")

#define STEP_RESULTS(X) X(PASS, "pass") X(UNKNOWN, "unknown") X(FAIL, "fail") /* worst last */

#define E(id, ...) VERDICT_##id,
enum verdict { VERDICTS(E) VERDICT_COUNT };
#undef E
#define E(id, ...) OUTCOME_##id,
enum outcome { OUTCOMES(E) OUTCOME_COUNT };
#undef E
#define E(id, ...) CONFIDENCE_##id,
enum confidence { CONFIDENCES(E) CONFIDENCE_COUNT };
#undef E
#define E(id, ...) HANDSHAKE_##id,
enum handshake { HANDSHAKES(E) HANDSHAKE_COUNT };
#undef E
#define E(id, ...) CLOSE_##id,
enum close { CLOSES(E) CLOSE_COUNT };
#undef E
#define E(id, ...) RCPT_##id,
enum rcpt_class { RCPT_CLASSES(E) RCPT_COUNT };
#undef E
#define E(id, ...) SEVERITY_##id,
enum severity { SEVERITIES(E) SEVERITY_COUNT };
#undef E
#define E(id, ...) STEP_##id,
enum step_result { STEP_RESULTS(E) STEP_RESULT_COUNT };
#undef E

/* The word the contract uses; NULL where the report says null. */
const char *verdict_name(enum verdict v);
const char *verdict_meaning(enum verdict v);
const char *outcome_name(enum outcome o);
const char *confidence_name(enum confidence c);
const char *handshake_name(enum handshake h);
const char *close_name(enum close c);
const char *rcpt_class_name(enum rcpt_class c);
const char *severity_name(enum severity s);
const char *step_result_name(enum step_result r);
const char *dir_name(enum dir d); /* "client", "server" */

#define RECORD_NONE UINT32_MAX

struct text {
	uint32_t off, len;
};

struct span {
	uint32_t off, count; /* off is aligned for the element */
};

struct record_sender {
	struct text address;
	uint16_t code; /* of the reply to MAIL, 0 if it was not seen */
};

struct record_recipient {
	struct text address;  /* without <> */
	struct text enhanced; /* "5.7.1", absent if the reply has none */
	struct text reply; /* the reply's text without code and enhanced code; absent if unseen */
	uint16_t code;     /* 0 if the reply was not seen */
	uint8_t class;     /* enum rcpt_class */
};

struct record_step {
	struct text step;  /* "syn_ack" */
	uint64_t frame_no; /* 0: none */
	uint8_t from;      /* enum dir */
	uint8_t result;    /* enum step_result */
};

#define RECORD_MAX_FRAMES 4

struct record_finding {
	struct text rule;    /* "wire.early-talker", "profile.reject.fin_ack" */
	struct text message; /* one sentence */
	uint64_t frames[RECORD_MAX_FRAMES];
	uint8_t frame_count;
	uint8_t severity; /* enum severity */
};

struct record_candidate { /* absent texts where it has none */
	struct text sender_group, policy, action, why;
};

struct record_hat {
	bool present, certain;
	struct text sender_group, policy, action; /* absent where undecided */
	struct span candidates;                   /* struct record_candidate */
};

struct record {
	uint32_t size; /* of the whole block: this struct and its room */
	uint8_t verdict, outcome, confidence;

	uint8_t handshake, close;
	uint8_t closed_by; /* enum dir, DIR_COUNT when nobody was seen to close */
	uint8_t ts_digits; /* 6 or 9 */

	bool smtp;              /* false: the report's smtp is null */
	bool profile;           /* false: the report's profile is null */
	uint8_t profile_result; /* enum step_result */
	uint16_t greeting_code; /* 0: no greeting was seen */

	uint64_t id; /* from 1, in the order of the connections' first frames */
	struct endpoint client, server;
	int64_t start_ns, end_ns;    /* first and last frame */
	uint64_t packets[DIR_COUNT]; /* frames, a mirrored copy not counted again */
	uint64_t octets[DIR_COUNT];  /* payload sent, also what only the other's ACKs tell of */
	uint64_t first_frame, last_frame;

	struct text reason;
	struct text history; /* Zeek's letters */
	uint64_t retransmitted, reordered, gaps;

	struct text greeting, helo; /* greeting: its text without codes, lines joined by '\n' */
	struct text tls;            /* "accepted", "refused", absent if STARTTLS was not tried */
	struct text auth;           /* "succeeded", "failed", absent likewise */
	struct span senders;        /* struct record_sender */
	struct span recipients;     /* struct record_recipient */
	uint64_t messages;          /* accepted after the final dot or the last BDAT */

	struct text profile_name;
	struct span steps;    /* struct record_step */
	struct span findings; /* struct record_finding, in order of raising */

	/* Joined to it where there are logs or a HAT (analyzer/correlate/join.h). */
	struct span log;     /* one struct log_session (analyzer/maillog/log_session.h), or none */
	uint16_t matched_by; /* bit per enum match_ground */
	uint8_t log_confidence;
	struct record_hat hat;
};

static inline bool
text_present(struct text t)
{
	return t.len != RECORD_NONE;
}

/* The octets of a text, borrowed from the record; the empty run when absent. */
static inline struct bytes
record_text(const struct record *r, struct text t)
{
	if (!text_present(t))
		return bytes_of(NULL, 0);
	return bytes_of((const uint8_t *)r + t.off, t.len);
}

/* The first element of an array, borrowed from the record. Offsets count from the struct's start.
 */
static inline const void *
record_array(const struct record *r, struct span s)
{
	return (const uint8_t *)r + s.off;
}

/*
 * Building: a block that grows. _init with zeroes; the record may move at every
 * call, so write through b->rec. After a failed allocation `failed` is set, texts
 * and arrays come out absent or empty, and the record stays well formed.
 */
struct record_builder {
	struct record *rec;
	size_t room; /* octets allocated */
	bool failed;
};

bool record_builder_init(struct record_builder *b);  /* false: no memory */
void record_builder_reset(struct record_builder *b); /* empties, keeps the memory */
/* Makes the block a copy of `rec`, to be added to. */
void record_builder_copy(struct record_builder *b, const struct record *rec);
void record_builder_clear(struct record_builder *b);
/* For the functions below alone: n octets more of room, after a look at what there is. */
bool record_make_room(struct record_builder *b, size_t n);

static inline bool
record_has_room(struct record_builder *b, size_t n)
{
	return n <= b->room - b->rec->size || record_make_room(b, n);
}

/* Likewise: the next n octets, which are written and have room, as a text. */
static inline struct text
record_take(struct record_builder *b, size_t n)
{
	struct text t = { b->rec->size, (uint32_t)n };

	b->rec->size += (uint32_t)n;
	return t;
}

static inline struct text
record_add_text(struct record_builder *b, struct bytes text)
{
	if (!record_has_room(b, text.n))
		return (struct text){ 0, RECORD_NONE };
	if (text.n > 0)
		memcpy((uint8_t *)b->rec + b->rec->size, text.p, text.n);
	return record_take(b, text.n);
}

/* As printf, of which there are %s, %u, %llu and %lld, bare. At most 1023 octets. */
struct text record_add_format(struct record_builder *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Appends `count` elements of `size` octets, copied from `from` (NULL: zeroed). */
struct span record_add_array(struct record_builder *b, const void *from, size_t size, size_t count);

/* Element i of an array of the block under construction; good until the next addition. */
static inline void *
record_element(struct record_builder *b, struct span s, size_t size, uint32_t i)
{
	return (uint8_t *)b->rec + s.off + size * i;
}

#endif
