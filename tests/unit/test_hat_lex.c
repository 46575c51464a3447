#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stdio.h>

#include "analyzer/hat/hat_lex.h"

/*
 * Tokens as text: w(word) s(string) c(comment) { } = , each with ! before it when it is not
 * closed, and | before it when it is the first of its line.
 */
static const struct row {
	const char *why, *text, *tokens;
	bool in_block;
} rows[] = {
	{ "nothing", "", "", false },
	{ "space and control characters part words", " a\tb\001c ", "|w(a)w(b)w(c)", false },
	{ "LF, CRLF and CR end lines", "a\nb\r\nc\rd", "|w(a)|w(b)|w(c)|w(d)", false },
	{ "a comma ends a word", "a,b, c", "|w(a),w(b),w(c)", false },
	{ "braces end a word", "A{b}", "|w(A){w(b)}", false },
	{ "outside of a block `=` belongs to the word", "a=b", "|w(a=b)", false },
	{ "inside it does not", "a=b", "|w(a)=w(b)", true },
	{ "nor does `;`", "a=1;b=2", "|w(a)=w(1)w(b)=w(2)", true },
	{ "a comment line", "# one\n  # two\na", "|w(a)", false },
	{ "a comment after a word", "a # rest\nb", "|w(a)|w(b)", false },
	{ "a `#` inside a word is none", "a#b", "|w(a#b)", false },
	{ "parentheses", "a (b c) d", "|w(a)c(b c)w(d)", false },
	{ "parentheses in parentheses", "a (b (c) d), e", "|w(a)c(b (c) d),w(e)", false },
	{ "two comments in a line", "a (b), c (d)", "|w(a)c(b),w(c)c(d)", false },
	{ "one parenthesis too many", "a (b :) c)\nd", "|w(a)c(b :) c)|w(d)", false },
	{ "one too few: to the last of the line", "a (b :( c)\nd", "|w(a)c(b :( c)|w(d)", false },
	{ "none: to the end of the line", "a (b c\nd", "|w(a)!c(b c)|w(d)", false },
	{ "quotes in parentheses are text", "a (\"b)", "|w(a)c(\"b)", false },
	{ "a parenthesis after a word without space", "a(b)", "|w(a)c(b)", false },
	{ "a string", "a = \"b c\" d", "|w(a)=s(b c)w(d)", true },
	{ "single quotes in a block", "a = 'b c'", "|w(a)=s(b c)", true },
	{ "a string over lines", "a=\"b\nc\" d\ne", "|w(a)=s(b\nc)w(d)|w(e)", true },
	{ "but not over the line that closes the block", "a=\"b\nc\n } \nd\"",
	    "|w(a)=!s(b)|w(c)|}|w(d)!s()", true },
	{ "a brace in a line of its text is none", "a=\"b\n}c\" d", "|w(a)=s(b\n}c)w(d)", true },
	{ "outside of a block a string ends with its line", "\"a\nb\"", "|!s(a)|w(b)!s()", false },
	{ "an escaped quote", "a=\"b\\\"c\"", "|w(a)=s(b\\\"c)", true },
	{ "a string that nothing closes ends with its line", "a=\"b\nc", "|w(a)=!s(b)|w(c)", true },
	{ "an escape at the very end", "\"a\\", "|!s(a\\)", true },
	{ "brackets hold spaces and commas", "sbrs[ -1 : 2 ], x[a,b]",
	    "|w(sbrs[ -1 : 2 ]),w(x[a,b])", false },
	{ "a bracket that is not closed in its line holds nothing", "x[a b\nc]",
	    "|w(x[a)w(b)|w(c])", false },
	{ "nor is one with a control character", "x[a\001b]", "|w(x[a)w(b])", false },
	{ "nor any in a block", "x[a = \"]\"", "|w(x[a)=s(])", true },
	{ "colons and dollars belong to words", "A: $B 2001:db8::", "|w(A:)w($B)w(2001:db8::)",
	    false },
	{ "stray closing parentheses are nothing", ") a )", "|w(a)", false },
};

ParameterizedTestParameters(hat_lex, table)
{
	static size_t index[sizeof rows / sizeof *rows];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, sizeof rows / sizeof *rows);
}

ParameterizedTest(size_t *i, hat_lex, table)
{
	const struct row *row = &rows[*i];
	struct hat_lex lex = hat_lex_init(bytes_str(row->text), 1);
	char out[512] = "";
	size_t n = 0;

	for (;;) {
		struct hat_token t = hat_lex_next(&lex, row->in_block);
		const char *mark = t.type == HAT_TOKEN_WORD     ? "w"
		                   : t.type == HAT_TOKEN_STRING ? "s"
		                                                : "c";

		if (t.type == HAT_TOKEN_END)
			break;
		n += (size_t)snprintf(
		    out + n, sizeof out - n, "%s%s", t.first ? "|" : "", t.unclosed ? "!" : "");
		if (t.type > HAT_TOKEN_COMMENT)
			n += (size_t)snprintf(
			    out + n, sizeof out - n, "%.*s", (int)t.text.n, (const char *)t.text.p);
		else
			n += (size_t)snprintf(out + n, sizeof out - n, "%s(%.*s)", mark,
			    (int)t.text.n, (const char *)t.text.p);
	}
	cr_assert_str_eq(out, row->tokens, "%s: %s", row->why, out);
}

Test(hat_lex, lines_are_numbered_from_the_one_given)
{
	struct hat_lex lex = hat_lex_init(BYTES_LIT("a\r\n\r\nb \"c\n\nd\" e"), 10);
	static const uint32_t lines[] = { 10, 12, 12, 14 };

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		cr_assert_eq(hat_lex_next(&lex, true).line, lines[i], "token %zu", i);
}

Test(hat_lex, an_argument_ends_before_what_follows_it)
{
	struct hat_lex lex = hat_lex_init(BYTES_LIT("country: New  Land (far), x\n"), 1);
	struct bytes arg;

	hat_lex_next(&lex, false);
	arg = hat_lex_argument(&lex);
	cr_assert(bytes_eq(arg, BYTES_LIT("New  Land")));
	cr_assert_eq(hat_lex_next(&lex, false).type, HAT_TOKEN_COMMENT);
}

Test(hat_lex, looking_ahead_passes_over_comments_and_takes_nothing)
{
	struct hat_lex lex = hat_lex_init(BYTES_LIT("(a)\n(b) c"), 1);

	cr_assert(bytes_eq(hat_lex_peek(&lex).text, BYTES_LIT("c")));
	cr_assert_eq(hat_lex_next(&lex, false).type, HAT_TOKEN_COMMENT);
}
