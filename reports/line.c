#include "reports/line.h"

#include <stdlib.h>

#include "capture/base/escape.h"
#include "reports/decimal.h"
#include "reports/rfc3339.h"

/* Room for n more octets; NULL without memory. */
static char *
reserve(struct line *l, size_t n)
{
	if (l->failed)
		return NULL;
	if (l->n + n > l->room) {
		size_t room = (l->n + n) * 2;
		char *text = realloc(l->text, room);

		if (text == NULL) {
			l->failed = true;
			return NULL;
		}
		l->text = text;
		l->room = room;
	}
	return l->text + l->n;
}

void
line_clear(struct line *l)
{
	free(l->text);
	*l = (struct line){ .text = NULL };
}

void
line_flush(struct line *l, struct output *out)
{
	if (l->n > 0)
		output_bytes(out, bytes_of(l->text, l->n));
	l->n = l->start = 0;
}

void
line_bytes(struct line *l, struct bytes b)
{
	char *at = reserve(l, b.n);

	if (at == NULL || b.n == 0)
		return;
	memcpy(at, b.p, b.n);
	l->n += b.n;
}

void
line_number(struct line *l, uint64_t number)
{
	char *at = reserve(l, DECIMAL_ROOM);

	if (at != NULL)
		l->n += (size_t)(decimal_put(at, number) - at);
}

/* Octets at the front that stand for themselves, in JSON too if `quoted`. */
static size_t
plain_length(struct bytes b, bool quoted)
{
	size_t n = 0, plain = escape_plain(b);

	while (quoted && n < plain && b.p[n] != '"' && b.p[n] != '\\')
		n++;
	return quoted ? n : plain;
}

static void
escape(struct line *l, struct bytes raw, bool quoted)
{
	for (;;) {
		size_t n = plain_length(raw, quoted);
		char one[ESCAPE_CHARACTER];

		line_bytes(l, bytes_head(raw, n));
		raw = bytes_skip(raw, n);
		if (raw.n == 0)
			return;
		n = escape_character(&raw, one);
		for (size_t i = 0; i < n; i++) {
			if (quoted && (one[i] == '"' || one[i] == '\\'))
				LINE_LITERAL(l, "\\");
			line_bytes(l, bytes_of(&one[i], 1));
		}
	}
}

void
line_escaped(struct line *l, struct bytes raw)
{
	escape(l, raw, false);
}

void
line_quoted(struct line *l, struct bytes raw)
{
	LINE_LITERAL(l, "\"");
	escape(l, raw, true);
	LINE_LITERAL(l, "\"");
}

void
line_time(struct line *l, int64_t ts_ns)
{
	char room[RFC3339_ROOM];

	line_bytes(l, bytes_str(rfc3339_format(room, ts_ns, 0)));
}

void
line_begin(struct line *l)
{
	l->start = l->n;
}

void
line_pad(struct line *l, size_t column)
{
	size_t have = l->n - l->start, n = have < column ? column - have : 1;
	char *at = reserve(l, n);

	if (at == NULL)
		return;
	memset(at, ' ', n);
	l->n += n;
}
