#include <criterion/criterion.h>

#include "capture/base/bytes.h"
#include "tests/unit/rows.h"

Test(bytes, skip_and_head_stay_inside)
{
	struct bytes b = BYTES_LIT("abcdef"), none = bytes_of(NULL, 0);

	cr_assert(bytes_eq(bytes_skip(b, 2), BYTES_LIT("cdef")));
	cr_assert_eq(bytes_skip(b, 7).n, 0);
	cr_assert(bytes_eq(bytes_head(b, 2), BYTES_LIT("ab")));
	cr_assert(bytes_eq(bytes_head(b, 7), b));
	cr_assert_null(bytes_skip(none, 3).p, "no arithmetic on a null pointer");
	cr_assert(bytes_eq(none, BYTES_LIT("")));
}

static const struct {
	const char *why, *text, *head;
	bool equal, starts;
} rows[] = {
	{ "the same", "MAIL", "MAIL", true, true },
	{ "another case", "mAiL", "MAIL", true, true },
	{ "more behind", "MAIL FROM", "mail", false, true },
	{ "less", "MAI", "MAIL", false, false },
	{ "another", "RCPT", "MAIL", false, false },
	{ "nothing starts everything", "MAIL", "", false, true },
	{ "nothing is nothing", "", "", true, true },
	{ "only letters have a case", "MAIL[", "MAIL{", false, false },
};

ROWS(bytes, without_case, rows)

ParameterizedTest(size_t *i, bytes, without_case)
{
	struct bytes text = bytes_str(rows[*i].text), head = bytes_str(rows[*i].head);

	cr_assert_eq(bytes_case_eq(text, head), rows[*i].equal, "%s", rows[*i].why);
	cr_assert_eq(bytes_case_starts(text, head), rows[*i].starts, "%s", rows[*i].why);
}

Test(bytes, reader_reads_in_network_order)
{
	struct reader r = rd_init(BYTES_LIT("\x01\x02\x03\xf4\xf5\xf6\xf7xyz"));

	cr_assert_eq(rd_u8(&r), 0x01);
	cr_assert_eq(rd_be16(&r), 0x0203);
	cr_assert_eq(rd_be32(&r), 0xf4f5f6f7u);
	cr_assert_eq(rd_left(&r), 3);
	rd_skip(&r, 1);
	cr_assert(bytes_eq(rd_rest(&r), BYTES_LIT("yz")));
	cr_assert_not(r.cut, "all that was asked for was there");
	cr_assert_eq(rd_left(&r), 0);
}

/* A read past the end reads nothing, and neither does any later one. */
Test(bytes, reader_is_sticky)
{
	struct reader r = rd_init(BYTES_LIT("\x01\x02\x03"));

	cr_assert_eq(rd_be32(&r), 0);
	cr_assert(r.cut);
	cr_assert_eq(rd_u8(&r), 0, "though three octets were there");
	cr_assert_eq(rd_bytes(&r, 0).n, 0);
	cr_assert_eq(rd_rest(&r).n, 0);
	cr_assert(r.cut);
	r = rd_init(bytes_of(NULL, 0));
	cr_assert_eq(rd_be16(&r), 0);
	cr_assert(r.cut);
}

Test(bytes, loads)
{
	static const uint8_t octets[] = { 0xfe, 0xdc, 0xba, 0x98 };

	cr_assert_eq(bytes_be16(octets), 0xfedc);
	cr_assert_eq(bytes_be32(octets), 0xfedcba98u);
}
