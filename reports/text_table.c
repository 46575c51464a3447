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

/* `have`: characters of the cell. `plain`: it is as it shall be. */
static void
put(struct text_table *t, int width, size_t have, enum text_color color, struct bytes cell,
    bool plain)
{
	bool colored = t->color && color != TEXT_PLAIN;
	size_t wide = (size_t)(width < 0 ? -width : width), pad = wide > have ? wide - have : 0;

	if (!t->first)
		t->owed += 2;
	t->first = false;
	if (width > 0)
		t->owed += pad;
	if (cell.n > 0) {
		line_spaces(&t->line, t->owed);
		if (colored)
			line_bytes(&t->line, bytes_str(color_code[color]));
		if (plain)
			line_bytes(&t->line, cell);
		else
			line_escaped(&t->line, cell);
		if (colored)
			LINE_LITERAL(&t->line, "\033[0m");
		t->owed = 0;
	}
	if (width < 0)
		t->owed += pad;
}

void
text_cell(struct text_table *t, int width, enum text_color color, struct bytes raw)
{
	put(t, width, width == 0 ? 0 : text_width(raw), color, raw, false);
}

void
text_plain(struct text_table *t, int width, enum text_color color, struct bytes plain)
{
	put(t, width, plain.n, color, plain, true);
}

void
text_number(struct text_table *t, int width, uint64_t number)
{
	char digits[DECIMAL_ROOM];
	const char *end = decimal_put(digits, number);

	text_plain(t, width, TEXT_PLAIN, bytes_of(digits, (size_t)(end - digits)));
}

void
text_more(struct text_table *t, struct bytes plain)
{
	line_bytes(&t->line, plain);
}

void
text_end(struct text_table *t)
{
	LINE_LITERAL(&t->line, "\n");
	t->owed = 0;
	if (t->out != NULL)
		line_flush(&t->line, t->out);
}

void
text_clear(struct text_table *t)
{
	line_clear(&t->line);
}
