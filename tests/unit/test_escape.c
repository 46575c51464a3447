#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "capture/base/escape.h"

struct row {
	const char *why;
	struct bytes in;
	const char *out;
};

#define SAME(why, s)                                               \
	{                                                          \
		why, { (const uint8_t *)("" s), sizeof(s) - 1 }, s \
	}
#define ROW(why, in, out)                                              \
	{                                                              \
		why, { (const uint8_t *)("" in), sizeof(in) - 1 }, out \
	}

static const struct row rows[] = {
	SAME("nothing stays nothing", ""),
	SAME("printable ASCII stays", " 554 5.7.1 <a@b> ~\"'"),
	SAME("a backslash stays as it is", "DOMAIN\\user"),
	SAME("two, three and four octets of UTF-8 stay", "\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x93\xa7"),
	SAME("the first characters of two, three and four octets",
	    "\xc2\xa0 \xe0\xa0\x80 \xf0\x90\x80\x80"),
	ROW("NUL", "a\0b", "a\\x00b"),
	ROW("the line end and the tab", "a\r\n\tb", "a\\x0d\\x0a\\x09b"),
	ROW("an escape sequence of a terminal", "\x1b[31m", "\\x1b[31m"),
	ROW("DEL", "\x7f", "\\x7f"),
	ROW("C1: CSI in UTF-8",
	    "\xc2\x9b"
	    "2J",
	    "\\xc2\\x9b2J"),
	ROW("C1: CSI as a single octet",
	    "\x9b"
	    "2J",
	    "\\x9b2J"),
	ROW("soft hyphen", "\xc2\xad", "\\xc2\\xad"),
	ROW("zero width space",
	    "a\xe2\x80\x8b"
	    "b",
	    "a\\xe2\\x80\\x8bb"),
	ROW("mark of direction", "\xe2\x80\x8f", "\\xe2\\x80\\x8f"),
	ROW("override of direction", "\xe2\x80\xae", "\\xe2\\x80\\xae"),
	ROW("isolate of direction", "\xe2\x81\xa6", "\\xe2\\x81\\xa6"),
	ROW("Arabic letter mark", "\xd8\x9c", "\\xd8\\x9c"),
	ROW("line separator", "\xe2\x80\xa8", "\\xe2\\x80\\xa8"),
	ROW("paragraph separator", "\xe2\x80\xa9", "\\xe2\\x80\\xa9"),
	ROW("byte order mark", "\xef\xbb\xbf", "\\xef\\xbb\\xbf"),
	ROW("noncharacter FDD0", "\xef\xb7\x90", "\\xef\\xb7\\x90"),
	ROW("noncharacter FFFE", "\xef\xbf\xbe", "\\xef\\xbf\\xbe"),
	ROW("noncharacter 1FFFF", "\xf0\x9f\xbf\xbf", "\\xf0\\x9f\\xbf\\xbf"),
	ROW("private use", "\xee\x80\x80", "\\xee\\x80\\x80"),
	ROW("tag characters", "\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81"),
	SAME("the replacement character is no secret", "\xef\xbf\xbd"),
	ROW("an octet that begins nothing",
	    "\xff"
	    "a",
	    "\\xffa"),
	ROW("a continuation without its start",
	    "\x80"
	    "a",
	    "\\x80a"),
	ROW("a character that ends too early", "\xe6\x97", "\\xe6\\x97"),
	ROW("a character broken by another",
	    "\xe6\x97"
	    "a",
	    "\\xe6\\x97a"),
	ROW("over-long NUL and slash", "\xc0\x80\xc0\xaf", "\\xc0\\x80\\xc0\\xaf"),
	ROW("over-long in three octets", "\xe0\x80\xaf", "\\xe0\\x80\\xaf"),
	ROW("over-long in four octets", "\xf0\x82\x82\xac", "\\xf0\\x82\\x82\\xac"),
	ROW("a surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"),
	ROW("beyond the last plane", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"),
	ROW("five octets", "\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"),
};

ParameterizedTestParameters(escape, table)
{
	static size_t index[sizeof rows / sizeof rows[0]];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, sizeof rows / sizeof rows[0]);
}

ParameterizedTest(size_t *i, escape, table)
{
	const struct row *row = &rows[*i];
	char out[128];
	size_t n = escape_text(out, sizeof out, row->in);

	cr_assert_str_eq(out, row->out, "%s: %s", row->why, out);
	cr_assert_eq(n, strlen(row->out), "%s", row->why);
	cr_assert_leq(n, row->in.n * ESCAPE_GROWTH, "%s", row->why);
	cr_assert_eq(n == row->in.n, memcmp(row->out, row->in.p, row->in.n) == 0, "%s", row->why);
}

Test(escape, what_does_not_fit_is_left_out_whole)
{
	static const struct bytes in = { (const uint8_t *)"a\x1b\xe6\x97\xa5z", 6 };
	static const char whole[] = "a\\x1b\xe6\x97\xa5z";
	/* What each room can hold: never half an escape, half a character, or the z alone. */
	static const size_t kept[] = { 0, 0, 1, 1, 1, 1, 5, 5, 5, 8, 9, 9 };

	for (size_t room = 0; room < sizeof kept / sizeof kept[0]; room++) {
		char out[16] = "untouched";

		cr_assert_eq(escape_text(out, room, in), sizeof whole - 1);
		if (room == 0)
			cr_assert_str_eq(out, "untouched");
		else
			cr_assert(strlen(out) == kept[room] && memcmp(out, whole, kept[room]) == 0,
			    "room %zu: %s", room, out);
	}
}

/* Every code point, so that the sorted table and its bisection are right at each edge. */
Test(escape, controls_and_surrogates_never_come_out)
{
	for (uint32_t c = 0; c < 0x3000; c++) {
		uint8_t in[3] = { (uint8_t)c };
		size_t n = 1, len;
		char out[ESCAPE_CHARACTER];
		struct bytes run;
		bool hidden = c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
		              (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f);

		if (c >= 0x800) {
			in[0] = (uint8_t)(0xe0 | c >> 12);
			in[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
			in[2] = (uint8_t)(0x80 | (c & 0x3f));
			n = 3;
		} else if (c >= 0x80) {
			in[0] = (uint8_t)(0xc0 | c >> 6);
			in[1] = (uint8_t)(0x80 | (c & 0x3f));
			n = 2;
		}
		run = bytes_of(in, n);
		len = escape_character(&run, out);
		cr_assert_eq(run.n, 0, "%x", c);
		if (hidden)
			cr_assert_eq(len, 4 * n, "%x", c);
		if (len == n)
			cr_assert_arr_eq(out, in, n, "%x", c);
	}
}
