/*
 * text_table: aligned, optionally coloured cells on an output.
 *
 * A line is text_begin, cells, text_end; two spaces part the cells, and no line ends in
 * spaces. Widths count characters, not octets. Whatever a cell shows is escaped.
 */
#ifndef HATCHECK_TEXT_TABLE_H
#define HATCHECK_TEXT_TABLE_H

#include "reports/output.h"

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
	struct output *out;
	bool color;
	bool first;  /* no cell in this line yet */
	size_t owed; /* spaces due before the next cell */
};

void text_begin(struct text_table *t, size_t indent);
/* Padded to `width` characters as by printf: to the left if it is negative. 0: as it is. */
void text_cell(struct text_table *t, int width, enum text_color color, struct bytes raw);
void text_number(struct text_table *t, int width, uint64_t number);
void text_end(struct text_table *t);

/* Characters that a cell takes once it is escaped. */
size_t text_width(struct bytes raw);

#endif
