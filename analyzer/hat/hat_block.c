#include "analyzer/hat/hat_reader.h"

/* Resolves the escapes where the text stands; it only gets shorter. */
static struct bytes
unescape(struct hat *h, struct bytes quoted)
{
	static const char from[] = "nrt\"'\\", to[] = "\n\r\t\"'\\";
	char *at = h->text + (quoted.p - (const uint8_t *)h->text), *out = at;

	for (size_t i = 0; i < quoted.n; i++) {
		const char *e = NULL, *plain = &at[i];

		if (at[i] == '\\' && i + 1 < quoted.n && at[i + 1] != '\0')
			e = strchr(from, at[i + 1]);
		if (e != NULL)
			i++;
		*out++ = *(e != NULL ? &to[e - from] : plain);
	}
	return bytes_of(at, (size_t)(out - at));
}

/* After a word that is no number: the words that follow in its line and are no next key. */
static struct bytes
rest_of_value(struct hat_lex *lex, struct hat_token value)
{
	for (;;) {
		struct hat_lex ahead = *lex;
		struct hat_token more = hat_lex_next(&ahead, true);
		struct hat_lex after = ahead;

		if (value.text.p[0] <= '9' || more.type != HAT_TOKEN_WORD ||
		    more.line != value.line || hat_lex_next(&after, true).type == HAT_TOKEN_EQUALS)
			return value.text;
		*lex = ahead;
		value.text.n = (size_t)(more.text.p + more.text.n - value.text.p);
	}
}

/* After `{` in the place of a value: everything to its `}`, as it stands. */
static struct bytes
nested(struct hat_lex *lex, struct hat_token open)
{
	struct hat_token t = open;

	for (size_t depth = 1; depth > 0 && t.type != HAT_TOKEN_END;) {
		t = hat_lex_next(lex, true);
		depth += t.type == HAT_TOKEN_OPEN;
		depth -= t.type == HAT_TOKEN_CLOSE;
	}
	return bytes_of(open.text.p, (size_t)(lex->p - open.text.p));
}

/* What stands where `=` should, in the key's line, and is no key itself: one error, not two. */
static bool
is_lost_value(const struct hat_lex *lex, const struct hat_token *t, const struct hat_token *key)
{
	struct hat_lex ahead = *lex;

	return (t->type == HAT_TOKEN_WORD || t->type == HAT_TOKEN_STRING) && t->line == key->line &&
	       hat_lex_next(&ahead, true).type != HAT_TOKEN_EQUALS;
}

static void
read_param(struct hat_reader *r, struct hat_token key, struct hat_block *block)
{
	struct hat_lex before = r->lex;
	struct hat_token t = hat_lex_next(&r->lex, true);
	struct hat_param param = { .key = key.text, .line = key.line }, *p;
	char found[64];

	if (t.type != HAT_TOKEN_EQUALS) {
		hat_table_say(r->h, SEVERITY_ERROR, true, t.line, 0,
		    "expected `=` after the parameter \"%.*s\", found %s",
		    (int)(key.text.n < 40 ? key.text.n : 40), (const char *)key.text.p,
		    hat_reader_found(&t, found));
		if (!is_lost_value(&r->lex, &t, &key))
			r->lex = before;
		return;
	}
	before = r->lex;
	t = hat_lex_next(&r->lex, true);
	if (t.type == HAT_TOKEN_STRING && t.unclosed)
		hat_table_say(r->h, SEVERITY_ERROR, true, t.line, 0,
		    "expected a quote to close the text that opens here; the line is taken for it");
	if (t.type == HAT_TOKEN_STRING)
		param.value = unescape(r->h, t.text);
	else if (t.type == HAT_TOKEN_WORD)
		param.value = rest_of_value(&r->lex, t);
	else if (t.type == HAT_TOKEN_OPEN)
		param.value = nested(&r->lex, t);
	else {
		hat_table_say(r->h, SEVERITY_ERROR, true, t.line, 0,
		    "expected a value after `=`, found %s", hat_reader_found(&t, found));
		r->lex = before;
		return;
	}
	p = hat_table_grow(r->h, &r->h->params, sizeof *p);
	if (p != NULL) {
		*p = param;
		block->count++;
	}
}

/* A policy or group where a key should be: the block was not closed. */
static bool
begins_statement(const struct hat_lex *lex, const struct hat_token *t)
{
	struct hat_lex ahead = *lex;

	return t->type == HAT_TOKEN_WORD && t->first &&
	       (t->text.p[0] == '$' || t->text.p[t->text.n - 1] == ':') &&
	       hat_lex_next(&ahead, true).type != HAT_TOKEN_EQUALS;
}

struct hat_block
hat_block_read(struct hat_reader *r, uint32_t open_line)
{
	struct hat_block block = { (uint32_t)r->h->params.count, 0 };
	char found[64];

	for (;;) {
		struct hat_lex before = r->lex;
		struct hat_token t = hat_lex_next(&r->lex, true);

		if (t.type == HAT_TOKEN_CLOSE)
			return block;
		if (t.type == HAT_TOKEN_END || begins_statement(&r->lex, &t)) {
			hat_table_say(r->h, SEVERITY_ERROR, true, t.line, open_line,
			    "expected `}` to close the parameters, found %s",
			    hat_reader_found(&t, found));
			r->lex = before;
			return block;
		}
		if (t.type == HAT_TOKEN_WORD)
			read_param(r, t, &block);
		else if (t.type != HAT_TOKEN_COMMA && t.type != HAT_TOKEN_COMMENT)
			hat_table_say(r->h, SEVERITY_ERROR, true, t.line, 0,
			    "expected a parameter or `}`, found %s", hat_reader_found(&t, found));
	}
}
