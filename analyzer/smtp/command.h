/*
 * command: one line of a client's dialogue.        RFC 5321 4.1, 3030, 3207, 4954, 1985
 *
 * Pure functions over borrowed octets; results are borrowed from the input.
 */
#ifndef HATCHECK_SMTP_COMMAND_H
#define HATCHECK_SMTP_COMMAND_H

#include "capture/base/bytes.h"

/* id, verb, what the client may do before the reply is in, clause */
#define SMTP_COMMANDS(X)                            \
	X(HELO, "HELO", GO_ON, "RFC 5321 4.1.1.1")  \
	X(EHLO, "EHLO", GO_ON, "RFC 5321 4.1.1.1")  \
	X(MAIL, "MAIL", GO_ON, "RFC 5321 4.1.1.2")  \
	X(RCPT, "RCPT", GO_ON, "RFC 5321 4.1.1.3")  \
	X(DATA, "DATA", WAIT, "RFC 5321 4.1.1.4")   \
	X(BDAT, "BDAT", BODY, "RFC 3030 2")         \
	X(RSET, "RSET", GO_ON, "RFC 5321 4.1.1.5")  \
	X(VRFY, "VRFY", GO_ON, "RFC 5321 4.1.1.6")  \
	X(EXPN, "EXPN", GO_ON, "RFC 5321 4.1.1.7")  \
	X(HELP, "HELP", GO_ON, "RFC 5321 4.1.1.8")  \
	X(NOOP, "NOOP", GO_ON, "RFC 5321 4.1.1.9")  \
	X(QUIT, "QUIT", GO_ON, "RFC 5321 4.1.1.10") \
	X(STARTTLS, "STARTTLS", WAIT, "RFC 3207 4") \
	X(AUTH, "AUTH", WAIT, "RFC 4954 4")         \
	X(ETRN, "ETRN", GO_ON, "RFC 1985 5")

enum command_id {
#define X(id, verb, after, clause) COMMAND_##id,
	SMTP_COMMANDS(X)
#undef X
	    COMMAND_UNKNOWN, /* some other verb: the server will answer it all the same */
	COMMAND_BODY,        /* no line: the message that followed a 354 */
	COMMAND_SECRET       /* no command: a line of an AUTH exchange */
};

/* What the octets after the command line are. */
enum command_after {
	AFTER_GO_ON, /* further commands, reply or not */
	AFTER_WAIT,  /* the reply decides */
	AFTER_BODY   /* a body of the announced length */
};

struct command {
	enum command_id id;
	enum command_after after;
	struct bytes arg; /* behind the verb and its spaces */
};

void command_parse(struct bytes line, struct command *out);

/* The address in MAIL FROM:<a> or RCPT TO:<a>, brackets or not, without source route. */
struct bytes command_path(struct bytes arg);

/* BDAT's octet count and LAST. False when the size is none: the body's end is then unknown. */
bool command_bdat(struct bytes arg, uint64_t *octets, bool *last);

#endif
