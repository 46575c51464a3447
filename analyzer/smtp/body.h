/*
 * body: the end of a message, found without reading the message.      RFC 5321 4.1.1.4
 *
 * In:    the client's octets after 354, in any cut.
 * Out:   where <CR LF . CR LF> ends. A client that ends its own lines with a bare LF is taken to
 *        end its message so. Whether others would see its end in the last octets.
 * Fails: never.
 * Cost:  one memchr for each dot.
 */
#ifndef HATCHECK_BODY_H
#define HATCHECK_BODY_H

#include "capture/base/bytes.h"

#define BODY_TAIL 8

struct body {
	uint8_t seen;            /* octets of the ending, up to where it stands */
	uint8_t tail[BODY_TAIL]; /* the last octets, zeroes before the first */
};

/* It begins here, at the start of a line. */
void body_begin(struct body *b);

/* Takes octets up to the end of the message, *taken of them: true when that was there. */
bool body_skip(struct body *b, struct bytes data, bool bare_lf, size_t *taken);

/* The octets so far end with a dot alone in its line, whatever ends the lines. */
bool body_dotted(const struct body *b);

#endif
