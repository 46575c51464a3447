#include "analyzer/smtp/reply.h"

bool
reply_line_possible(struct bytes head)
{
	uint8_t line[4] = { '2', '0', '0', ' ' };
	struct reply_line part;

	/* What is missing is filled in with what would make a reply of it. */
	head = bytes_head(head, sizeof line);
	if (head.n > 0)
		memcpy(line, head.p, head.n);
	return reply_line_parse(bytes_of(line, sizeof line), &part);
}

/* One to three digits at *at; moves it behind them. */
static bool
number(struct bytes b, size_t *at)
{
	size_t from = *at;

	while (*at < b.n && *at - from < 3 && reply_digit(b.p[*at]))
		(*at)++;
	return *at > from;
}

struct bytes
reply_enhanced(uint16_t code, struct bytes text, struct bytes *rest)
{
	size_t from = text.n > 0 && text.p[0] == '#', at = from;

	*rest = text;
	if (at >= text.n || text.p[at] - '0' != code / 100)
		return bytes_of(NULL, 0);
	at++;
	for (int part = 0; part < 2; part++) {
		if (at >= text.n || text.p[at++] != '.' || !number(text, &at))
			return bytes_of(NULL, 0);
	}
	if (at < text.n && text.p[at] != ' ' && text.p[at] != '\n')
		return bytes_of(NULL, 0);
	*rest = bytes_skip(text, at + (at < text.n));
	return bytes_of(text.p + from, at - from);
}
