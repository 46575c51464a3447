/*
 * hat_reader: the text of a table into a struct hat.
 *
 * hat_reader.c reads statements (policies, groups, anonymous entries), hat_block.c what stands
 * in braces, hat_defaults.c the list of default parameters that the gateway prints. All
 * append to the table and say as messages what they could not read; none of them fails but
 * for memory (hat_table.h).
 */
#ifndef HATCHECK_HAT_READER_H
#define HATCHECK_HAT_READER_H

#include "analyzer/hat/hat_lex.h"
#include "analyzer/hat/hat_table.h"

struct hat_reader {
	struct hat *h;
	struct hat_lex lex;
};

/* Reads h->text from octet `from`, the first line having the number `line`, to its end. */
void hat_reader_run(struct hat *h, size_t from, uint32_t line);
/* "the end", or the token in quotes, cut to what a message holds. */
const char *hat_reader_found(const struct hat_token *t, char room[static 64]);

/* After the brace: parameters up to the closing one, appended to the table's. */
struct hat_block hat_block_read(struct hat_reader *r, uint32_t open_line);

/* True for the heading of the default parameters. */
bool hat_defaults_heading(struct bytes line);
/* The lines after the heading, `Label: value` or `key = value`, as far as they are such. */
void hat_defaults_read(struct hat_reader *r);
/* One default; texts that live as long as the table. */
void hat_defaults_add(struct hat *h, struct bytes key, struct bytes value, uint32_t line);

#endif
