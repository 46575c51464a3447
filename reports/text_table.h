/*
 * text_table: aligned, optionally coloured cells.
 *
 * A line is text_begin, cells, text_end; two spaces part the cells, and no line ends in
 * spaces. Widths count characters, not octets. Whatever a cell shows is escaped.
 * Out:   each line goes to the output as it ends; without one all stay in `line`.
 * Owns:  the line; text_clear.
 * Fails: without memory, as struct line.
 */
#ifndef HATCHECK_TEXT_TABLE_H
#define HATCHECK_TEXT_TABLE_H

#include "reports/line.h"

enum text_color {
	TEXT_PLAIN,
	TEXT_BOLD,
	TEXT_RED,
	TEXT_GREEN,
	TEXT_YELLOW,
	TEXT_MAGENTA,
	TEXT_CYAN,
};

struct text_table {
	struct output *out; /* or NULL */
	struct line line;
	bool color;
	bool first;  /* no cell in this line yet */
	size_t owed; /* spaces due before the next cell */
};

void text_begin(struct text_table *t, size_t indent);
/* Padded to `width` characters as by printf: to the left if it is negative. 0: as it is. */
void text_cell(struct text_table *t, int width, enum text_color color, struct bytes raw);
/* The same of what is printable ASCII, or was escaped before and has no width. */
void text_plain(struct text_table *t, int width, enum text_color color, struct bytes plain);
void text_number(struct text_table *t, int width, uint64_t number);
/* More of the cell before. */
void text_more(struct text_table *t, struct bytes plain);
void text_end(struct text_table *t);
void text_clear(struct text_table *t);

/* Characters that a cell takes once it is escaped. */
size_t text_width(struct bytes raw);

#endif
