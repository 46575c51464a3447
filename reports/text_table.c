#include "reports/text_table.h"

#include "capture/base/escape.h"
#include "capture/base/decimal.h"

static const char *const color_code[] = {
	[TEXT_PLAIN] = "",
	[TEXT_BOLD] = "\033[1m",
	[TEXT_RED] = "\033[1;31m",
	[TEXT_GREEN] = "\033[32m",
	[TEXT_YELLOW] = "\033[33m",
	[TEXT_MAGENTA] = "\033[35m",
	[TEXT_CYAN] = "\033[36m",
};

size_t
text_width(struct bytes raw)
{
	size_t width = 0;

	while (raw.n > 0) {
		size_t plain = escape_plain(raw), n = 0;
		char one[ESCAPE_CHARACTER];

		width += plain;
		raw = bytes_skip(raw, plain);
		if (raw.n > 0)
			n = escape_character(&raw, one);
		for (size_t i = 0; i < n; i++)
			width += ((uint8_t)one[i] & 0xc0) != 0x80;
	}
	return width;
}

void
text_begin(struct text_table *t, size_t indent)
{
	t->first = true;
	t->owed = indent;
}

void
text_cell(struct text_table *t, int width, enum text_color color, struct bytes raw)
{
	bool colored = t->color && color != TEXT_PLAIN;
	size_t wide = (size_t)(width < 0 ? -width : width), have = wide == 0 ? 0 : text_width(raw);
	size_t pad = wide > have ? wide - have : 0;

	if (!t->first)
		t->owed += 2;
	t->first = false;
	if (width > 0)
		t->owed += pad;
	if (raw.n > 0) {
		output_spaces(t->out, t->owed);
		if (colored)
			output_bytes(t->out, bytes_str(color_code[color]));
		output_escaped(t->out, raw);
		if (colored)
			output_bytes(t->out, BYTES_LIT("\033[0m"));
		t->owed = 0;
	}
	if (width < 0)
		t->owed += pad;
}

void
text_number(struct text_table *t, int width, uint64_t number)
{
	char digits[DECIMAL_ROOM];
	const char *end = decimal_put(digits, number);

	text_cell(t, width, TEXT_PLAIN, bytes_of(digits, (size_t)(end - digits)));
}

void
text_end(struct text_table *t)
{
	output_bytes(t->out, BYTES_LIT("\n"));
	t->owed = 0;
}
