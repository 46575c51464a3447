#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "analyzer/smtp/body.h"
#include "rows.h"

/* What is left of the octets behind the message; NULL when it has not ended. */
static const struct {
	const char *why, *octets;
	bool bare_lf;
	const char *left;
} rows[] = {
	{ "a message", "x\r\n.\r\nQUIT\r\n", false, "QUIT\r\n" },
	{ "one without a line", ".\r\nQUIT\r\n", false, "QUIT\r\n" },
	{ "the end is the last there is", "x\r\n.\r\n", false, "" },
	{ "a dot within a line", "a.\r\nb.c\r\n", false, NULL },
	{ "a line that begins with a dot", "x\r\n..\r\n.x\r\n", false, NULL },
	{ "the end, behind lines that begin with a dot", "..\r\n.x\r\n.\r\ny", false, "y" },
	{ "a dot alone between bare LF ends nothing", "x\n.\ny\n", false, NULL },
	{ "but for a client whose lines end so", "x\n.\nQUIT\n", true, "QUIT\n" },
	{ "such a client's dot, then CR LF", "x\n.\r\ny", true, "y" },
	{ "a CR that is no line end", "x\r.\r\n", false, NULL },
	{ "CR CR LF ends a line", "x\r\r\n.\r\ny", false, "y" },
	{ "the dot's line has more CR", "x\r\n.\r\r\n", false, NULL },
	{ "the end at once after a line that was nearly it", "\r\n.x\r\n.\r\n", false, "" },
	{ "no dot at all", "x\r\ny\r\n", false, NULL },
};

static const char *
left_of(size_t i, size_t step)
{
	struct bytes octets = bytes_str(rows[i].octets);
	struct body body;
	size_t at = 0;

	body_begin(&body);
	while (at < octets.n) {
		struct bytes data = bytes_head(bytes_skip(octets, at), step);
		size_t taken;

		if (body_skip(&body, data, rows[i].bare_lf, &taken))
			return rows[i].octets + at + taken;
		cr_assert_eq(taken, data.n, "%s: it stops in the middle", rows[i].why);
		at += taken;
	}
	return NULL;
}

ROWS(body, rows, rows)

ParameterizedTest(size_t *i, body, rows)
{
	for (size_t step = 1; step <= strlen(rows[*i].octets); step++) {
		const char *left = left_of(*i, step);

		cr_assert_eq(left == NULL, rows[*i].left == NULL, "%s, by %zu", rows[*i].why, step);
		if (left != NULL)
			cr_assert_str_eq(left, rows[*i].left, "%s, by %zu", rows[*i].why, step);
	}
}

static const struct {
	const char *octets;
	bool dotted;
} tails[] = {
	{ "", false },
	{ ".", false },
	{ ".\n", true },
	{ ".\r\r\n", true },
	{ "x\n.\r\n", true },
	{ "x\n.\n", true },
	{ "x\r\n.\r\r\r\r\n", true },
	{ "x\r\n.\r\r\r\r\r\r\r\r\n", false },
	{ "x.\r\n", false },
	{ "x\n..\n", false },
	{ "x\n.\ny", false },
	{ "\r\r\r\r\r\r\r\n", false },
};

ROWS(body, tails, tails)

ParameterizedTest(size_t *i, body, tails)
{
	struct bytes octets = bytes_str(tails[*i].octets);

	for (size_t step = 1; step <= octets.n + 1; step++) {
		struct body body;
		size_t taken;

		body_begin(&body);
		for (size_t at = 0; at < octets.n; at += step)
			body_skip(&body, bytes_head(bytes_skip(octets, at), step), false, &taken);
		cr_expect_eq(body_dotted(&body), tails[*i].dotted, "row %zu by %zu", *i, step);
	}
}
