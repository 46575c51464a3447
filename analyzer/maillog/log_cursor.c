#include "analyzer/maillog/log_cursor.h"

bool
log_cursor_words(struct log_cursor *c, const char *phrase)
{
	while (*phrase != '\0') {
		size_t n = strcspn(phrase, " ");

		log_cursor_spaces(c);
		if (!log_cursor_at(c, bytes_of(phrase, n)))
			return false;
		c->p += n;
		log_cursor_mark(c);
		phrase += n + (phrase[n] == ' ');
	}
	return true;
}

bool
log_cursor_number(struct log_cursor *c, uint64_t *value)
{
	const uint8_t *p = c->p, *end = c->end;
	uint64_t v = 0;

	for (; p < end && (uint8_t)(*p - '0') < 10; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	/* 19 digits fit 64 bits; a longer number is none of the gateway's. */
	if (p == c->p || p - c->p > 19)
		return false;
	*value = v;
	c->p = p;
	log_cursor_mark(c);
	return true;
}

struct bytes
log_cursor_bracketed(struct bytes *b)
{
	struct bytes inside;
	const uint8_t *open;

	*b = log_cursor_trim(*b);
	open = b->n > 2 && b->p[b->n - 1] == ')' ? memrchr(b->p, '(', b->n) : NULL;
	if (open == NULL)
		return bytes_of(NULL, 0);
	inside = bytes_of(open + 1, b->n - (size_t)(open - b->p) - 2);
	if (!log_cursor_is_address(inside))
		return bytes_of(NULL, 0);
	*b = log_cursor_trim(bytes_head(*b, (size_t)(open - b->p)));
	return inside;
}

bool
log_cursor_angle(struct log_cursor *c, struct bytes *inside)
{
	const uint8_t *close;

	log_cursor_spaces(c);
	if (c->p == c->end || *c->p != '<')
		return false;
	close = memrchr(c->p, '>', log_cursor_left(c));
	if (close == NULL)
		return false;
	*inside = bytes_of(c->p + 1, (size_t)(close - c->p) - 1);
	c->p = close + 1;
	log_cursor_mark(c);
	return true;
}

bool
log_cursor_dispatch(
    const struct log_row *rows, size_t count, struct log_event *out, struct log_cursor *c)
{
	size_t left = log_cursor_left(c);
	bool cut = left == 0;

	for (const struct log_row *row = rows; left > 0 && row < rows + count; row++) {
		/* The first octet tells most rows apart. */
		if (*c->p != *row->head.p)
			continue;
		if (log_cursor_starts(c, row->head)) {
			c->p += row->head.n;
			log_cursor_mark(c);
			row->parse(out, c, row->arg);
			return true;
		}
		cut |= left < row->head.n && memcmp(c->p, row->head.p, left) == 0;
	}
	if (cut)
		out->ending = LOG_ENDING_CUT;
	return false;
}

void
log_cursor_whole(struct log_event *out, struct log_cursor *c, int arg)
{
	c->p = c->end;
	log_cursor_mark(c);
	out->kind = (enum log_event_kind)arg;
	out->ending = LOG_ENDING_WHOLE;
}
