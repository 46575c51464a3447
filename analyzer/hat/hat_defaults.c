#include "analyzer/hat/hat_reader.h"

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct bytes
trim(struct bytes b)
{
	while (b.n > 0 && is_blank(b.p[0]))
		b = bytes_skip(b, 1);
	while (b.n > 0 && is_blank(b.p[b.n - 1]))
		b.n--;
	return b;
}

bool
hat_defaults_heading(struct bytes line)
{
	const struct bytes heading = BYTES_LIT("Default Policy Parameters");

	line = trim(line);
	if (!bytes_case_starts(line, heading))
		return false;
	for (size_t i = heading.n; i < line.n; i++)
		if (!is_blank(line.p[i]) && line.p[i] != ':' && line.p[i] != '{')
			return false;
	return true;
}

/* A line that is only drawn: of `=`, `-`, or one brace. */
static bool
is_drawn(struct bytes line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] != '=' && line.p[i] != '-' && line.p[i] != '{' && line.p[i] != '}')
			return false;
	return true;
}

static struct bytes
unquote(struct bytes b)
{
	if (b.n >= 2 && b.p[0] == '"' && b.p[b.n - 1] == '"')
		return bytes_of(b.p + 1, b.n - 2);
	return b;
}

/* `Label of some words: value` or `key = value`; a group has nothing after its colon. */
static bool
split(struct bytes line, struct bytes *key, struct bytes *value)
{
	size_t at = 0;

	while (at < line.n && line.p[at] != ':' && line.p[at] != '=')
		at++;
	if (at == 0 || at == line.n || line.p[0] == '$')
		return false;
	*key = trim(bytes_head(line, at));
	*value = unquote(trim(bytes_skip(line, at + 1)));
	return value->n > 0 && (line.p[at] == '=' || memchr(key->p, ' ', key->n) != NULL);
}

void
hat_defaults_add(struct hat *h, struct bytes key, struct bytes value, uint32_t line)
{
	struct hat_param *p = hat_table_grow(h, &h->defaults, sizeof *p);

	if (p != NULL)
		*p = (struct hat_param){ key, value, line };
}

void
hat_defaults_read(struct hat_reader *r)
{
	hat_lex_skip_line(&r->lex);
	for (;;) {
		struct hat_lex before = r->lex;
		struct hat_token t = hat_lex_next(&r->lex, false);
		struct bytes line = trim(hat_lex_line(&r->lex)), key, value;

		if (t.type == HAT_TOKEN_END)
			return;
		if (!is_drawn(line)) {
			if (!split(line, &key, &value)) {
				r->lex = before;
				return;
			}
			hat_defaults_add(r->h, key, value, t.line);
		}
		hat_lex_skip_line(&r->lex);
	}
}
