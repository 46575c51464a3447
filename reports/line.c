#include "reports/line.h"

#include <stdlib.h>

#include "capture/base/escape.h"
#include "capture/base/decimal.h"

bool
line_grow(struct line *l, size_t n)
{
	size_t room = (l->n + n) * 2;
	char *text;

	if (l->room - l->n >= n)
		return !l->failed;
	text = l->failed ? NULL : realloc(l->text, room);
	if (text == NULL) {
		l->failed = true;
		l->n = l->room = 0; /* so that everything comes here */
		return false;
	}
	l->text = text;
	l->room = room;
	return true;
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
line_number(struct line *l, uint64_t number)
{
	if (line_grow(l, DECIMAL_ROOM))
		l->n = (size_t)(decimal_put(l->text + l->n, number) - l->text);
}

/* Octets at the front that stand for themselves in a JSON string. */
static size_t
plain_quoted(struct bytes b)
{
	size_t n = escape_plain(b);
	const uint8_t *quote = n > 0 ? memchr(b.p, '"', n) : NULL;

	if (quote != NULL)
		n = (size_t)(quote - b.p);
	quote = n > 0 ? memchr(b.p, '\\', n) : NULL;
	return quote != NULL ? (size_t)(quote - b.p) : n;
}

static void
escape(struct line *l, struct bytes raw, bool quoted)
{
	for (;;) {
		size_t n = quoted ? plain_quoted(raw) : escape_plain(raw);
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
	int64_t s = ts_ns / 1000000000;
	struct line_stamp *stamp = &l->stamps[(uint64_t)s % LINE_STAMPS];

	/* Many things happen in one second, and end in one a little later. */
	if (stamp->s != s || stamp->text[0] == '\0') {
		stamp->s = s;
		rfc3339_format(stamp->text, s * 1000000000, 0);
	}
	line_bytes(l, bytes_of(stamp->text, sizeof "2009-07-17T23:39:36Z" - 1));
}

void
line_begin(struct line *l)
{
	l->start = l->n;
}

void
line_spaces(struct line *l, size_t count)
{
	if (count == 0 || !line_grow(l, count))
		return;
	memset(l->text + l->n, ' ', count);
	l->n += count;
}

void
line_pad(struct line *l, size_t column)
{
	size_t have = l->n - l->start;

	line_spaces(l, have < column ? column - have : 1);
}
