#include <criterion/criterion.h>
#include <stdlib.h>

#include "analyzer/smtp/line.h"
#include "rows.h"

/* A line of so many octets, and its end: the same, however it was cut into runs. */
static const struct row {
	size_t octets;
	const char *end;
	size_t text; /* octets of it that are shown */
	bool cut;
} rows[] = {
	{ 0, "\n", 0, false },
	{ 0, "\r\n", 0, false },
	{ 3, "\n", 3, false },
	{ 3, "\r\n", 3, false },
	{ SMTP_LINE_KEEP - 1, "\n", SMTP_LINE_KEEP - 1, false },
	{ SMTP_LINE_KEEP - 1, "\r\n", SMTP_LINE_KEEP - 1, false },
	{ SMTP_LINE_KEEP, "\n", SMTP_LINE_KEEP, false },
	{ SMTP_LINE_KEEP, "\r\n", SMTP_LINE_KEEP, false },
	{ SMTP_LINE_KEEP + 1, "\n", SMTP_LINE_KEEP, true },
	{ SMTP_LINE_KEEP + 1, "\r\n", SMTP_LINE_KEEP, true },
	{ SMTP_LINE_KEEP * 3, "\r\n", SMTP_LINE_KEEP, true },
};

ROWS(line, rows, rows)

static bool
feed(struct smtp_line *l, struct bytes piece, uint64_t off, struct budget *budget, struct line *out)
{
	struct run run = { .off = off, .data = piece };
	size_t at = 0;

	return piece.n > 0 && smtp_line_next(l, &run, &at, budget, out);
}

ParameterizedTest(size_t *i, line, rows)
{
	const struct row *r = &rows[*i];
	size_t n = r->octets + strlen(r->end);
	uint8_t *octets = malloc(n);

	cr_assert_not_null(octets);
	memset(octets, 'x', r->octets);
	memcpy(octets + r->octets, r->end, n - r->octets);
	for (size_t at = 0; at <= n; at++) {
		struct budget budget = { 0, 1 << 20 };
		struct smtp_line l = { 0 };
		struct line line;

		if (!feed(&l, bytes_of(octets, at), 0, &budget, &line))
			cr_assert(feed(&l, bytes_of(octets + at, n - at), at, &budget, &line));
		cr_expect_eq(line.text.n, r->text, "%zu octets cut at %zu", r->octets, at);
		cr_expect_eq(line.cut, r->cut, "%zu octets cut at %zu", r->octets, at);
		cr_expect_eq(line.end, r->end[0] == '\r' ? LINE_CRLF : LINE_LF);
		cr_expect_eq(line.off, 0);
		cr_expect_eq(line.end_off, n);
		cr_expect(r->text == 0 || memcmp(line.text.p, octets, r->text) == 0);
		smtp_line_clear(&l, &budget);
		cr_expect_eq(budget.used, 0);
	}
	free(octets);
}
