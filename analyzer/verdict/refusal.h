/*
 * refusal: why was a recipient refused? One table, and a user may put rows before it.
 *
 * A reply to RCPT tells its reason by its code, its enhanced status code (RFC 3463) and its
 * text, and the three do not always agree: `554 5.7.1 Relay access denied` is about the recipient,
 * `550 5.7.1 Your access ... rejected` about the client. So texts stand before codes, and
 * what the table does not know is `other`: never a reason of access. Addresses, hosts and links in
 * the text are no words of it; only rows of a file are held against them too.
 *
 * A file of further rows has one row a line: CLASS CODE ENHANCED TEXT. CLASS is access,
 * recipient, temporary or other; CODE three digits or x for any (`5xx`); ENHANCED the front of an
 * enhanced code (`5.7.`) or `-` for any; TEXT, up to the end of the line, what the reply's
 * text must contain, in any case of letters; none for any text. `#` begins a comment.
 */
#ifndef HATCHECK_REFUSAL_H
#define HATCHECK_REFUSAL_H

#include "analyzer/verdict/record.h"
#include "capture/base/status.h"

#define REFUSAL_MAX_ROWS 1000 /* of a file */
#define REFUSAL_MAX_TEXT 512  /* octets of a reply that are looked at */
#define REFUSAL_MAX_SAID 128  /* of one that is remembered */

struct refusal_table;

/* What classes replies. Start with its table and zeroes; for one thread. */
struct refusal_reader {
	const struct refusal_table *table; /* borrowed; NULL: the built-in rows alone */
	/* The last reply, because a gateway says the same to everybody. */
	uint16_t code;
	uint8_t class;
	uint8_t enhanced_n, text_n;
	uint8_t said[REFUSAL_MAX_SAID]; /* enhanced code and text */
};

/* `enhanced` may be empty, and may begin with `#`. */
enum rcpt_class refusal_class(
    struct refusal_reader *r, uint16_t code, struct bytes enhanced, struct bytes text);

/* STATUS_IO, STATUS_FORMAT (file, line and what was expected in *fault), STATUS_NOMEM. */
enum status refusal_load(struct refusal_table **out, const char *path, struct fault *fault);
void refusal_free(struct refusal_table *table);

#endif
