/*
 * escape: octets of the wire, a log or a file name as text that is safe to show.
 *
 * In:    any octets.
 * Out:   valid UTF-8 (RFC 3629) that moves no cursor, hides nothing and reorders
 *        nothing: each octet of a character that cannot be seen becomes \xNN in lower
 *        case. Cannot be seen: C0, DEL and C1 controls, bidirectional controls, format and
 *        zero-width characters, line and paragraph separators, private use,
 *        noncharacters; and every octet that is no part of valid UTF-8.
 *        A backslash stays as it is, so the form is for the eye and not to be undone.
 * Fails: never.
 * Cost:  O(octets); the text is at most ESCAPE_GROWTH times as long as the octets.
 */
#ifndef HATCHECK_ESCAPE_H
#define HATCHECK_ESCAPE_H

#include "capture/base/bytes.h"

#define ESCAPE_GROWTH 4
#define ESCAPE_CHARACTER 16 /* octets that one character can become */

/* How many octets at the front are printable ASCII, which is what most text is. */
static inline size_t
escape_plain(struct bytes in)
{
	size_t n = 0;

	/* Eight at once: none is below 0x20, none has its high bit, none is 0x7f. */
	for (uint64_t eight; n + sizeof eight <= in.n; n += sizeof eight) {
		memcpy(&eight, in.p + n, sizeof eight);
		if ((((eight - UINT64_C(0x2020202020202020)) | eight |
			 (eight + UINT64_C(0x0101010101010101))) &
			UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	while (n < in.n && in.p[n] >= 0x20 && in.p[n] < 0x7f)
		n++;
	return n;
}

/*
 * Takes one character (or one octet that is part of none) off the front of *in, which
 * is not empty, and writes its safe form, unterminated. Returns that form's octets.
 */
size_t escape_character(struct bytes *in, char out[static ESCAPE_CHARACTER]);

/*
 * As snprintf: writes what fits and a NUL (nothing at all when room is 0), never a
 * part of a character or of an escape, and returns the octets of the whole text without the NUL.
 * The result equals in.n exactly when nothing had to be escaped.
 */
size_t escape_text(char *out, size_t room, struct bytes in);

#endif
