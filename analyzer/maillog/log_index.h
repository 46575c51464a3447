/*
 * log_index: from a number in a log to the session it belongs to.
 *
 * A hash table with open addressing. A key is an ICID or a MID of one appliance: two
 * appliances, and the two kinds, count each by itself. Numbers come one after the other, so a
 * multiplication scatters them well.
 * Owns:  its table, which grows with what is in it; not the drafts.
 * Fails: _put returns false without memory; the table is as it was.
 * Cost:  O(1).
 */
#ifndef HATCHECK_LOG_INDEX_H
#define HATCHECK_LOG_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_draft;

enum log_key_kind { LOG_KEY_ICID, LOG_KEY_MID };

struct log_key {
	uint64_t number;
	uint16_t appliance;
	uint8_t kind; /* enum log_key_kind */
};

struct log_index_entry {
	struct log_key key;
	struct log_draft *draft; /* NULL: free */
};

/* Start with zeroes. */
struct log_index {
	struct log_index_entry *entries;
	size_t mask, used; /* mask: entries less 1, 0 before the first */
};

void log_index_clear(struct log_index *x);
struct log_draft *log_index_get(const struct log_index *x, struct log_key key);
/* In place of a draft that the key led to before. */
bool log_index_put(struct log_index *x, struct log_key key, struct log_draft *draft);
/* Only if the key leads to this draft. */
void log_index_remove(struct log_index *x, struct log_key key, const struct log_draft *draft);

#endif
