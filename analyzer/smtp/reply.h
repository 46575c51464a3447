/*
 * reply: one line of a server's reply, and what its text tells.   RFC 5321 4.2, RFC 3463
 *
 * Pure functions over borrowed octets; results are borrowed from the input.
 */
#ifndef HATCHECK_SMTP_REPLY_H
#define HATCHECK_SMTP_REPLY_H

#include "capture/base/bytes.h"

struct reply_line {
	uint16_t code;     /* 200..599 */
	bool more;         /* `250-`: further lines follow */
	bool separated;    /* an SP or `-` followed the code; false: the code ended the line */
	struct bytes text; /* after the code and its separator */
};

/* False when the line is no reply line: not three digits of 2..5, any, any, then SP, `-` or the
 * end. */
bool reply_line_parse(struct bytes line, struct reply_line *out);

/* True when the octets could be the beginning of a reply line. */
bool reply_line_possible(struct bytes head);

/*
 * Takes the enhanced status code off the front of a reply's text: class.subject.detail
 * with the class of the reply code, with or without the `#` that AsyncOS writes before it.
 * Empty when there is none; *rest is the text behind it.
 */
struct bytes reply_enhanced(uint16_t code, struct bytes text, struct bytes *rest);

#endif
