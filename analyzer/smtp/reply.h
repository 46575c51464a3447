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

static inline bool
reply_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/*
 * False when the line is no reply line: not three digits of 2..5, any, any, then SP, `-` or the
 * end. Here, for it is asked of every line of a server.
 */
static inline bool
reply_line_parse(struct bytes line, struct reply_line *out)
{
	const uint8_t *p = line.p;

	if (line.n < 3 || p[0] < '2' || p[0] > '5' || !reply_digit(p[1]) || !reply_digit(p[2]))
		return false;
	if (line.n > 3 && p[3] != ' ' && p[3] != '-')
		return false;
	out->code = (uint16_t)((p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0'));
	out->separated = line.n > 3;
	out->more = line.n > 3 && p[3] == '-';
	out->text = bytes_skip(line, 4);
	return true;
}

/* True when the octets could be the beginning of a reply line. */
bool reply_line_possible(struct bytes head);

/*
 * Takes the enhanced status code off the front of a reply's text: class.subject.detail
 * with the class of the reply code, with or without the `#` that AsyncOS writes before it.
 * Empty when there is none; *rest is the text behind it.
 */
struct bytes reply_enhanced(uint16_t code, struct bytes text, struct bytes *rest);

#endif
