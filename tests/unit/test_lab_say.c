#include <criterion/criterion.h>

#include "fixtures/lab/lab_say.h"
#include "tests/unit/rows.h"

static const struct row {
	const char *why, *text, *said;
	unsigned recipients; /* named by then */
} rows[] = {
	{ "nothing", "", "", 0 },
	{ "line ends", "A|B|", "A\r\nB\r\n", 0 },
	{ "a sender of the visit's own", "MAIL FROM:<$f>|",
	    "MAIL FROM:<sender7@client.example>\r\n", 0 },
	{ "each recipient once", "$r $r", "visit7.1@lab.example visit7.2@lab.example", 2 },
	{ "the client's name", "EHLO $h|", "EHLO client.lab.example\r\n", 0 },
	/* "\0lab\0secret" */
	{ "what AUTH PLAIN sends", "AUTH PLAIN $a|", "AUTH PLAIN AGxhYgBzZWNyZXQ=\r\n", 0 },
};

ROWS(lab_say, rows, rows)

ParameterizedTest(size_t *i, lab_say, rows)
{
	const struct row *r = &rows[*i];
	const struct lab_visit visit = { .number = 7 };
	struct lab_words words;
	unsigned recipients = 0;

	lab_say(&words, r->text, &visit, &recipients);
	cr_expect_eq(words.n, strlen(r->said), "%s", r->why);
	cr_expect_eq(memcmp(words.text, r->said, strlen(r->said)), 0, "%s: %.*s", r->why,
	    (int)words.n, words.text);
	cr_expect_eq(recipients, r->recipients, "%s", r->why);
}

Test(lab_say, much_text_is_whole_lines)
{
	const struct lab_visit visit = { .number = 1 };
	struct lab_words words;
	unsigned recipients = 0;

	lab_say(&words, "$z", &visit, &recipients);
	cr_expect_geq(words.n, LAB_MUCH);
	cr_expect_eq(memcmp(words.text + words.n - 2, "\r\n", 2), 0);
	for (size_t n = 0; n + 2 < words.n; n++)
		cr_expect_not(
		    words.text[n] == '\n' && words.text[n + 1] == '.', "no line begins with a dot");
}

Test(lab_say, what_does_not_fit_is_cut)
{
	const struct lab_visit visit = { .number = 1 };
	struct lab_words words;
	unsigned recipients = 0;

	lab_say(&words, "$z$z$z", &visit, &recipients);
	cr_expect_eq(words.n, LAB_WORDS);
}
