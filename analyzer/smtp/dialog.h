/*
 * dialog: what both sides said, as facts.          RFC 5321, 2920, 3030, 3207, 4954
 *
 * An observer's machine, not a server's: it decides nothing about the connection and
 * believes nothing it has not seen. It reads commands from the client's stream, replies
 * from the server's, and ties each reply to its command:
 *
 *   - in order, as the protocol demands, pipelined or not;
 *   - a reply can only answer a command that its sender had received: its ACK number
 *     tells. So a 421 that nobody asked for is nobody's answer, and a reply that the
 *     file shows before its command waits for it;
 *   - after octets that were not seen the order proves nothing. A reply is tied again only
 *     at a point of rest: it begins exactly where the client had read to when it sent
 *     the command, its sender had then received exactly that command, and the replies
 *     that came are not too few for what was sent before. Replies in between stay untied
 *     and are counted.
 *
 * Bodies (DATA, BDAT) are passed over and never read as dialogue; the lines of an AUTH
 * exchange are never kept; after an accepted STARTTLS nothing is read at all.
 *
 * In:    runs and gaps of either direction, each in stream order.
 * Out:   the facts in this struct, read by analyzer/verdict.
 * Owns:  the texts, senders, recipients and unanswered commands, bounded by the numbers below;
 *        what is beyond them is counted in limits. There is room for a few in the struct, so it
 *        cannot be copied or moved; for more it is taken from the budget.
 * Fails: never.
 * Cost:  O(octets); a body costs one memchr per line.
 */
#ifndef HATCHECK_SMTP_DIALOG_H
#define HATCHECK_SMTP_DIALOG_H

#include "analyzer/smtp/body.h"
#include "analyzer/smtp/command.h"
#include "analyzer/smtp/line.h"
#include "capture/base/limits.h"

#define DIALOG_MAX_PENDING 4096 /* commands not yet answered */
#define DIALOG_MAX_PATHS 4096   /* senders and recipients, each */
#define DIALOG_MAX_TEXT 262144  /* octets of addresses and replies */
#define DIALOG_MAX_REPLY 512    /* octets kept of one reply's text */
#define DIALOG_FEW_PENDING 4    /* of these the struct itself has room */
#define DIALOG_FEW_PATHS 1
#define DIALOG_FEW_TEXT 256
#define DIALOG_PASSED 8 /* replies counted that are not tied; more are taken for enough */

#define DIALOG_NO_SENDER UINT32_MAX           /* MAIL was not sent, or is over */
#define DIALOG_SENDER_UNSEEN (UINT32_MAX - 1) /* it may have been, and is not in the list */

/* A piece of dialog.text; absent when len is DIALOG_ABSENT. */
struct piece {
	uint32_t off, len;
};
#define DIALOG_ABSENT UINT32_MAX

struct dialog_path { /* a MAIL or a RCPT, and its reply */
	struct piece address, reply;
	uint64_t frame_no, reply_frame_no; /* 0: the reply was not seen */
	uint32_t sender; /* the MAIL before it in its transaction, or one of the two */
	uint16_t code;   /* 0: the reply was not seen */
	bool cut;        /* its text is not all there */
};

struct dialog_paths {
	struct dialog_path *v;
	uint32_t count, room;
};

struct dialog_pending {
	uint64_t off, end_off, peer_off;
	uint32_t index; /* of its path; of the sender whose transaction it ends */
	uint8_t id;     /* enum command_id, or PENDING_GAP */
	bool last;      /* of a BDAT */
};

struct dialog_reply {
	uint64_t off, end_off;
	uint64_t ack_off;      /* client octets its sender had when it began the reply */
	uint64_t last_ack_off; /* and when it ended it */
	uint64_t frame_no;
	int64_t ts_ns;
	uint16_t code;
	bool cut; /* its text is not all there */
};

enum client_state {
	CLIENT_COMMANDS,
	CLIENT_WAIT,   /* the reply to the last command decides what comes next */
	CLIENT_BODY,   /* after 354, up to the dot */
	CLIENT_CHUNK,  /* the announced octets of a BDAT */
	CLIENT_SECRET, /* one line of an AUTH exchange */
	CLIENT_LOST,   /* after a gap: what this is cannot be known yet */
	CLIENT_OPAQUE  /* TLS, or no SMTP */
};

enum dialog_try { TRY_NONE, TRY_REFUSED, TRY_ACCEPTED };

struct dialog {
	struct budget *budget;
	struct limits *limits;

	/* Where the machine stands: what every line touches comes first. */
	uint64_t off[DIR_COUNT]; /* next octet to be taken */
	uint8_t client;          /* enum client_state */
	bool held_set;           /* `reply` is whole and waits: until then no further one is read */
	bool reply_open;         /* `reply` is being put together */
	bool reply_joined;       /* its lines are, in reply_text */
	bool last_set;
	bool unsure;      /* octets of the server are missing since the last tie */
	bool unsure_then; /* and so it will be after the held reply */
	bool server_opaque, server_begun;
	bool footing_waits;  /* a lost client waits for the server to catch up */
	bool footing_new;    /* the line to come has to be a command, or it was none */
	bool released;       /* it shall not */
	bool bare_lf;        /* the client ends its lines with a bare LF */
	bool tx_unsure;      /* octets are missing since the last MAIL */
	uint8_t proxy_lines; /* so many of a proxy's header have come */
	bool overlaps;       /* the client goes on at one of several replies that it waits for */
	struct body body;
	uint16_t reply_text_n;
	struct dialog_reply reply;
	struct { /* of the last reply that was tied, or passed */
		uint64_t off, end_off, ack_off;
		uint16_t code;
	} last;
	struct { /* of the last that was tied, or greets, and of its command */
		uint64_t end_off, peer_off, command_end;
	} tied;
	uint64_t greatest_ack;          /* of client octets, in any reply */
	struct dialog_pending *pending; /* few_pending, or more */
	uint32_t pending_head, pending_count, pending_room;
	uint32_t tx_sender;   /* the current MAIL, or one of the two */
	uint32_t tx_accepted; /* recipients accepted since the last MAIL, by the replies */
	struct smtp_line line[DIR_COUNT];
	uint8_t *reply_text;
	uint64_t begin;         /* the client's first octet seen */
	uint64_t body_off;      /* where it began */
	uint64_t chunk_left;    /* of a BDAT */
	uint64_t footing_needs; /* server octets that a lost client has to see before it goes on */
	uint64_t unseen_end;    /* behind the last octets of the server that were not seen */
	uint64_t passed_off[DIALOG_PASSED]; /* a ring: where replies began that were not tied, */
	uint32_t passed;                    /* so many since the last that was */

	/* Facts. */
	uint8_t *text;
	uint32_t text_n, text_room;
	struct dialog_paths senders, recipients;
	bool greeting_sure;              /* it is proven to be the server's first reply */
	bool client_lost;                /* commands may have been passed over */
	bool not_smtp;                   /* the server's first octets are no reply */
	bool client_spoke, server_spoke; /* at least one octet was seen */
	bool start_unseen[DIR_COUNT];
	uint8_t tls, auth; /* enum dialog_try */
	bool tls_begun;    /* STARTTLS was sent */
	bool quit_answered;
	bool body_open;               /* a body has begun and is not answered */
	bool body_refused;            /* while it was sent */
	bool passed_over;             /* a line that is no reply, since the last that is one */
	struct dialog_reply greeting; /* code 0: none was seen */
	struct dialog_reply first;    /* the first reply seen, the greeting or not */
	uint64_t first_peer_off;      /* server octets the client had when it first spoke */
	uint64_t first_frame_no;
	struct piece first_text, helo;
	uint64_t messages;        /* accepted after their last octet */
	uint64_t bodies_accepted; /* 354, or 2xx to a BDAT */
	uint64_t content_refused; /* DATA, BDAT or message refused with a recipient accepted */
	uint64_t untied;          /* replies that could not be tied to a command */
	uint64_t unsolicited;     /* replies that answer nothing, by their ACK number */
	uint64_t accepted_unlisted, refused_unlisted; /* recipients beyond DIALOG_MAX_PATHS */
	uint64_t gap_octets[DIR_COUNT];

	/* Room for what most connections have; not cleared before it is used. */
	struct dialog_pending few_pending[DIALOG_FEW_PENDING];
	struct dialog_path few_senders[DIALOG_FEW_PATHS], few_recipients[DIALOG_FEW_PATHS];
	uint8_t few_text[DIALOG_FEW_TEXT];
};

void dialog_init(struct dialog *d, struct budget *budget, struct limits *limits);

/* The first octet of this direction was not seen; before any feed. */
void dialog_start_unseen(struct dialog *d, enum dir dir, uint64_t off);

/*
 * Returns how many octets it took. Fewer than run.data.n: the direction waits for the
 * other; feed the rest again, from the same offset, after that one has moved.
 */
size_t dialog_feed(struct dialog *d, enum dir dir, const struct run *run);

/* n octets were not captured. */
void dialog_gap(struct dialog *d, enum dir dir, uint64_t n);

/* True while this direction waits for octets of the other. */
static inline bool
dialog_waits(const struct dialog *d, enum dir dir)
{
	return dir == DIR_SERVER ? d->held_set : d->client == CLIENT_WAIT;
}

/*
 * The other direction will not move any more: whoever waits goes on without it. False when
 * nobody waits.
 */
bool dialog_release(struct dialog *d);

/*
 * No further octets: `whole` when the direction is known to end here (FIN),
 * not so when only the capture does.
 */
void dialog_end(struct dialog *d, enum dir dir, bool whole);

/* A refusal of this RCPT is its own: it does not follow from that of MAIL, or from its absence. */
bool dialog_judged(const struct dialog *d, const struct dialog_path *rcpt);
/* Octets of a piece, borrowed. */
struct bytes dialog_text(const struct dialog *d, struct piece p);

void dialog_clear(struct dialog *d);

#endif
