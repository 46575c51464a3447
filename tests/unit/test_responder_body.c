#include <criterion/criterion.h>

#include "fixtures/responder/body.h"
#include "tests/unit/rows.h"

static const struct {
	const char *why, *in;
	bool ended;
	size_t taken; /* octets, if it ended */
	uint64_t octets;
} rows[] = {
	{ "nothing", ".\r\n", true, 3, 0 },
	{ "a line", "hi\r\n.\r\n", true, 7, 4 },
	{ "what is behind it is not taken", ".\r\nQUIT\r\n", true, 3, 0 },
	{ "a stuffed dot is not counted", "..\r\n.\r\n", true, 7, 3 },
	{ "nor is one before text", ".x\r\n.\r\n", true, 7, 3 },
	{ "a dot within a line is text", "a.\r\n.\r\n", true, 7, 4 },
	{ "LF . LF is text", "a\n.\nb\r\n.\r\n", true, 10, 7 },
	{ "LF . CRLF is text", "a\n.\r\n.\r\n", true, 8, 5 },
	{ "CRLF . LF is text", "a\r\n.\nb\r\n.\r\n", true, 11, 7 },
	{ "CR . CR is text", "a\r.\rb\r\n.\r\n", true, 10, 7 },
	{ "a CR before the CRLF", "a\r\r\n.\r\n", true, 7, 4 },
	{ "a dot, two CR", "\r\n.\r\r\n.\r\n", true, 9, 5 },
	{ "a dot, a CR, text", "\r\n.\rx\r\n.\r\n", true, 10, 6 },
	{ "an empty line first", "\r\n.\r\n", true, 5, 2 },
	{ "no end", "hi\r\n.\r", false, 0, 4 },
	{ "no end, a dot last", "hi\r\n.", false, 0, 4 },
};

ROWS(responder_body, end, rows)

ParameterizedTest(size_t *i, responder_body, end)
{
	struct bytes in = bytes_str(rows[*i].in);

	for (size_t step = 1; step <= in.n; step++) {
		struct body b = { BODY_LINE_START, 0 };
		size_t n = 0, took = 0;

		while (n < in.n && b.state != BODY_ENDED) {
			took = body_feed(&b, bytes_head(bytes_skip(in, n), step));
			n += took;
		}
		cr_assert_eq(
		    b.state == BODY_ENDED, rows[*i].ended, "%s, by %zu", rows[*i].why, step);
		cr_assert_eq(n, rows[*i].ended ? rows[*i].taken : in.n, "%s, by %zu: %zu taken",
		    rows[*i].why, step, n);
		cr_assert_eq(b.octets, rows[*i].octets, "%s, by %zu: %lu octets", rows[*i].why,
		    step, (unsigned long)b.octets);
	}
}
