/*
 * line: lines of output put together in memory, and quickly.
 *
 * For lists of millions, where a call for each field would cost more than all that was
 * done to know it. What is appended waits until line_flush.
 * Owns:  its room, which grows with what waits in it.
 * Fails: without memory `failed` is set, and nothing more is appended.
 */
#ifndef HATCHECK_LINE_H
#define HATCHECK_LINE_H

#include "reports/output.h"
#include "reports/rfc3339.h"

#define LINE_FLUSH ((size_t)1 << 12) /* more than this is worth a write */

#define LINE_STAMPS 16

/* What line_time wrote for a second; the text is empty before the first. */
struct line_stamp {
	int64_t s;
	char text[RFC3339_ROOM];
};

/* Start with zeroes. */
struct line {
	char *text;
	size_t n, room;
	size_t start; /* of the line, for line_pad */
	bool failed;
	struct line_stamp stamps[LINE_STAMPS];
};

void line_clear(struct line *l);
/* All that waits goes to the output. */
void line_flush(struct line *l, struct output *out);
/* Room for n more octets; false without memory. */
bool line_grow(struct line *l, size_t n);

static inline void
line_bytes(struct line *l, struct bytes b)
{
	if (b.n > l->room - l->n && !line_grow(l, b.n))
		return;
	if (b.n > 0)
		memcpy(l->text + l->n, b.p, b.n);
	l->n += b.n;
}

#define LINE_LITERAL(l, s) line_bytes(l, BYTES_LIT(s))

void line_number(struct line *l, uint64_t number);
/* As escape_text makes it. */
void line_escaped(struct line *l, struct bytes raw);
/* The same as a JSON string, in its quotes. */
void line_quoted(struct line *l, struct bytes raw);
/* RFC 3339 with full seconds, by UTC. */
void line_time(struct line *l, int64_t ts_ns);
void line_spaces(struct line *l, size_t count);
/* Here a line begins. */
void line_begin(struct line *l);
/* Spaces up to that column, at least one. */
void line_pad(struct line *l, size_t column);

#endif
