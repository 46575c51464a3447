/*
 * hat_table: the inside of a struct hat, and how the readers fill it.
 *
 * The readers (hat_parse.c, hat_xml.c) append; hat_table_finish resolves policies, numbers the
 * outcomes and builds the index. An append that finds no memory sets `failed`, returns
 * HAT_NO_INDEX and is otherwise harmless, so that a reader checks once, at the end.
 */
#ifndef HATCHECK_HAT_TABLE_H
#define HATCHECK_HAT_TABLE_H

#include "analyzer/hat/hat.h"
#include "analyzer/hat/hat_index.h"

struct hat_array {
	void *at;
	size_t count, room;
};

struct hat {
	char *text; /* what every struct bytes of the table points into */
	size_t text_len;
	struct bytes listener;
	struct hat_array policies, groups, entries, params, defaults, messages;
	size_t message_total, syntax_errors;
	struct hat_index index;
	bool failed;
};

/* Room for one more element of `size` octets, zeroed; NULL: no memory. */
void *hat_table_grow(struct hat *h, struct hat_array *a, size_t size);
/* syntax: an error of severity `error`; see struct hat_message. */
void hat_table_say(struct hat *h, enum severity severity, bool syntax, uint32_t line,
    uint32_t other_line, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* How many of the group's hosts were understood. */
size_t hat_table_understood(const struct hat *h, const struct hat_group *g);
/* Resolves, numbers, indexes. False: no memory. */
bool hat_table_finish(struct hat *h);

static inline struct hat_policy *
hat_table_policies(const struct hat *h)
{
	return h->policies.at;
}

static inline struct hat_group *
hat_table_groups(const struct hat *h)
{
	return h->groups.at;
}

static inline struct hat_entry *
hat_table_entries(const struct hat *h)
{
	return h->entries.at;
}

#endif
