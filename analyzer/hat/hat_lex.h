/*
 * hat_lex: the text of a HAT to tokens.
 *
 * Lenient: line ends are LF, CRLF or CR, and count only where a comment or an unclosed quote
 * ends at them; control characters and byte order marks are space; `#` at the start of a word
 * begins a comment to the end of the line. A comment in parentheses ends at the parenthesis
 * that closes it, even if it holds others, and at the latest with its line. A word reaches over
 * `[...]`, spaces included, but not in a block of parameters. Quoted strings may hold escaped
 * quotes, and in such a block line ends.
 *
 * In:    the whole text, borrowed; the tokens' texts point into it, quotes and parentheses
 *        taken off, escapes not yet resolved.
 * Fails: never. A quote or parenthesis that nothing closes is `unclosed`; the token then ends
 *        with its line.
 * Cost:  O(text); a struct hat_lex may be copied to look ahead.
 */
#ifndef HATCHECK_HAT_LEX_H
#define HATCHECK_HAT_LEX_H

#include "capture/base/bytes.h"

enum hat_token_type {
	HAT_TOKEN_END,
	HAT_TOKEN_WORD,
	HAT_TOKEN_STRING,
	HAT_TOKEN_COMMENT, /* in parentheses */
	HAT_TOKEN_OPEN,    /* { */
	HAT_TOKEN_CLOSE,   /* } */
	HAT_TOKEN_EQUALS,  /* only where asked for */
	HAT_TOKEN_COMMA
};

struct hat_token {
	enum hat_token_type type;
	struct bytes text;
	uint32_t line;
	bool first; /* of its line */
	bool unclosed;
};

struct hat_lex {
	const uint8_t *p, *end, *line_start;
	uint32_t line;
	bool fresh;                    /* no token yet on this line */
	bool lost_double, lost_single; /* quotes of this kind are not closed any more */
};

/* `line` is the number of the first line. */
struct hat_lex hat_lex_init(struct bytes text, uint32_t line);
/* In a block of parameters, `=` and `;` are no part of a word, and strings reach over lines. */
struct hat_token hat_lex_next(struct hat_lex *l, bool in_block);
/* The next token that is no comment, without taking it. */
struct hat_token hat_lex_peek(const struct hat_lex *l);
/* The line in which the last token began, whole and without its end; as read so far. */
struct bytes hat_lex_line(const struct hat_lex *l);
void hat_lex_skip_line(struct hat_lex *l);
/*
 * After a word: what follows it in its line up to a comma, parenthesis or brace, trimmed; taken.
 * Empty if there is nothing.
 */
struct bytes hat_lex_argument(struct hat_lex *l);

#endif
