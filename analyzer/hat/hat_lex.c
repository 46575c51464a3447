#include "analyzer/hat/hat_lex.h"

/* How far a word follows a bracket that is not closed; longer hosts are none. */
#define BRACKET_MAX 300

struct hat_lex
hat_lex_init(struct bytes text, uint32_t line)
{
	struct reader r = rd_init(text);

	return (struct hat_lex){
		.p = r.p, .end = r.end, .line_start = r.p, .line = line, .fresh = true
	};
}

static bool
is_line_end(uint8_t c)
{
	return c == '\n' || c == '\r';
}

/* May stand inside of a host that has spaces. */
static bool
is_text(uint8_t c)
{
	return (c >= ' ' && c != 0x7f) || c == '\t';
}

/* Where the line ends that p lies in. */
static const uint8_t *
line_end(const struct hat_lex *l, const uint8_t *p)
{
	while (p < l->end && !is_line_end(*p))
		p++;
	return p;
}

/* One octet on; CRLF is one line end. */
static void
step(struct hat_lex *l)
{
	uint8_t c = *l->p++;

	if (c == '\n' || (c == '\r' && (l->p == l->end || *l->p != '\n'))) {
		l->line++;
		l->line_start = l->p;
		l->fresh = true;
	}
}

/* Also in the midst of a text, where files were put together. */
static bool
is_byte_order_mark(const struct hat_lex *l)
{
	return l->end - l->p >= 3 && memcmp(l->p, "\xef\xbb\xbf", 3) == 0;
}

static void
skip_space(struct hat_lex *l)
{
	while (l->p < l->end) {
		if (*l->p == '#')
			l->p = line_end(l, l->p);
		else if (is_byte_order_mark(l))
			l->p += 3;
		else if (*l->p <= ' ' || *l->p == 0x7f || *l->p == ')' || *l->p == ';')
			step(l);
		else
			return;
	}
}

/* The next parenthesis of the line that p lies in, or NULL. */
static const uint8_t *
parenthesis(const struct hat_lex *l, const uint8_t *p)
{
	while (p < l->end && *p != '(' && *p != ')' && !is_line_end(*p))
		p++;
	return p < l->end && !is_line_end(*p) ? p : NULL;
}

/*
 * The parenthesis that closes the comment at `open`: where as many closed as opened, unless
 * the line has one more to close, as in "(on holiday :) till May)". NULL: the line has none.
 */
static const uint8_t *
closing(const struct hat_lex *l, const uint8_t *open)
{
	const uint8_t *last = NULL, *next;
	size_t depth = 0;

	for (const uint8_t *p = open; (p = parenthesis(l, p)) != NULL; p++) {
		if (*p == '(') {
			depth++;
			continue;
		}
		last = p;
		if (--depth > 0)
			continue;
		next = parenthesis(l, p + 1);
		if (next == NULL || *next == '(')
			return p;
		depth = 1;
	}
	return last;
}

static struct hat_token
comment(struct hat_lex *l, struct hat_token t)
{
	const uint8_t *open = l->p, *close = closing(l, open);

	t.type = HAT_TOKEN_COMMENT;
	t.unclosed = close == NULL;
	if (close == NULL)
		close = line_end(l, open);
	t.text = bytes_of(open + 1, (size_t)(close - open - 1));
	l->p = t.unclosed ? close : close + 1;
	return t;
}

/* The first octet from p on that is no blank. */
static const uint8_t *
skip_blanks(const uint8_t *p, const uint8_t *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

/* The line that begins at p holds nothing but the brace that closes a block. */
static bool
closes_block(const uint8_t *p, const uint8_t *end)
{
	p = skip_blanks(p, end);
	if (p == end || *p != '}')
		return false;
	p = skip_blanks(p + 1, end);
	return p == end || is_line_end(*p);
}

/* The quote that closes the one at `open`, or where it is known that none does. */
static const uint8_t *
closing_quote(const uint8_t *open, const uint8_t *end)
{
	const uint8_t *p = open + 1;

	while (p < end && *p != *open && !(is_line_end(*p) && closes_block(p + 1, end)))
		p += *p == '\\' && end - p > 1 ? 2 : 1;
	return p < end ? p : end;
}

/* Only a parameter's reaches over lines: elsewhere it is none, and shall hide no group. */
static struct hat_token
string(struct hat_lex *l, struct hat_token t, bool in_block)
{
	bool *lost = *l->p == '"' ? &l->lost_double : &l->lost_single;
	const uint8_t *end = in_block && !*lost ? l->end : line_end(l, l->p);
	const uint8_t *open = l->p, *close = closing_quote(open, end);

	t.type = HAT_TOKEN_STRING;
	t.unclosed = close == end || *close != *open;
	if (t.unclosed) {
		/* Nothing closes this one, so nothing closes the later ones. */
		*lost |= in_block && close == end;
		close = line_end(l, open);
	}
	t.text = bytes_of(open + 1, (size_t)(close - open - 1));
	while (l->p < close)
		step(l);
	if (!t.unclosed)
		l->p++;
	l->fresh = false;
	return t;
}

static bool
ends_word(uint8_t c, bool in_block)
{
	return c <= ' ' || c == 0x7f || strchr("(){},\"", c) != NULL ||
	       (in_block && strchr("=;", c) != NULL);
}

/* After the bracket that closes the one at p, or after p. */
static const uint8_t *
after_bracket(const struct hat_lex *l, const uint8_t *p)
{
	const uint8_t *end = l->end - p > BRACKET_MAX ? p + BRACKET_MAX : l->end;

	for (const uint8_t *q = p + 1; q < end && is_text(*q); q++)
		if (*q == ']')
			return q + 1;
	return p + 1;
}

static struct hat_token
word(struct hat_lex *l, struct hat_token t, bool in_block)
{
	const uint8_t *start = l->p;

	t.type = HAT_TOKEN_WORD;
	while (l->p < l->end && !ends_word(*l->p, in_block))
		l->p = *l->p == '[' && !in_block ? after_bracket(l, l->p) : l->p + 1;
	t.text = bytes_of(start, (size_t)(l->p - start));
	return t;
}

struct hat_token
hat_lex_next(struct hat_lex *l, bool in_block)
{
	static const struct {
		char c;
		enum hat_token_type type;
	} marks[] = {
		{ '{', HAT_TOKEN_OPEN },
		{ '}', HAT_TOKEN_CLOSE },
		{ ',', HAT_TOKEN_COMMA },
		{ '=', HAT_TOKEN_EQUALS },
	};
	struct hat_token t = { .type = HAT_TOKEN_END };

	skip_space(l);
	t.line = l->line;
	t.first = l->fresh;
	if (l->p == l->end)
		return t;
	l->fresh = false;
	if (*l->p == '(')
		return comment(l, t);
	if (*l->p == '"' || (in_block && *l->p == '\''))
		return string(l, t, in_block);
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (*l->p == (uint8_t)marks[i].c && (in_block || marks[i].c != '=')) {
			t.type = marks[i].type;
			t.text = bytes_of(l->p++, 1);
			return t;
		}
	return word(l, t, in_block);
}

struct hat_token
hat_lex_peek(const struct hat_lex *l)
{
	struct hat_lex ahead = *l;
	struct hat_token t;

	do
		t = hat_lex_next(&ahead, false);
	while (t.type == HAT_TOKEN_COMMENT);
	return t;
}

struct bytes
hat_lex_line(const struct hat_lex *l)
{
	return bytes_of(l->line_start, (size_t)(line_end(l, l->line_start) - l->line_start));
}

void
hat_lex_skip_line(struct hat_lex *l)
{
	l->p = line_end(l, l->p);
}

struct bytes
hat_lex_argument(struct hat_lex *l)
{
	const uint8_t *p;
	struct bytes arg;

	l->p = skip_blanks(l->p, l->end);
	for (p = l->p; p < l->end && is_text(*p) && strchr("#(){},\"$", *p) == NULL; p++)
		;
	arg = bytes_of(l->p, (size_t)(p - l->p));
	while (arg.n > 0 && arg.p[arg.n - 1] <= ' ')
		arg.n--;
	l->p = p;
	return arg;
}
