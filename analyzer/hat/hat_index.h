/*
 * hat_index: the entries of a HAT, arranged so that a peer's first match is found at once.
 *
 * Entries of CONTINUE never decide and are not in it. What a peer surely matches comes from
 * ranges (addresses, scores), a table of texts (names, each of their domains) and the first
 * entry of each remaining kind. What it may match comes from `unsure`: per class of
 * fact, the first entry of each outcome, since a later one of the same outcome adds nothing.
 *
 * Built once from the entries, which it borrows by number. Unchanged afterwards.
 */
#ifndef HATCHECK_HAT_INDEX_H
#define HATCHECK_HAT_INDEX_H

#include "analyzer/hat/hat.h"
#include "analyzer/hat/hat_ranges.h"
#include "analyzer/hat/hat_texts.h"

/* The facts that entries hang on; what of them is unknown makes all entries of it unsure. */
enum hat_class {
	HAT_CLASS_CERTAIN, /* ALL: hangs on nothing */
	HAT_CLASS_ADDRESS,
	HAT_CLASS_NAME,
	HAT_CLASS_VERIFICATION,
	HAT_CLASS_SCORE,
	HAT_CLASS_COUNTRY,
	HAT_CLASS_NEVER_KNOWN,
	HAT_CLASS_COUNT
};

struct hat_list {
	uint32_t *at; /* entries, ascending */
	size_t count;
};

struct hat_index {
	struct hat_ranges v4, v6, score;
	struct hat_texts names, texts;           /* texts: of all that are no names */
	struct hat_list group_ranges, countries; /* tried one by one */
	struct hat_list unsure[HAT_CLASS_COUNT];
	uint32_t first[HAT_KIND_COUNT];
	/*
	 * For each entry, an earlier one that leaves it nothing to match, or HAT_NO_INDEX. With
	 * ranges: one of those that do so together.
	 */
	uint32_t *covered;
};

/* False: no memory; the index can be cleared. */
bool hat_index_build(struct hat_index *x, const struct hat_entry *entries, size_t entry_count,
    const struct hat_group *groups, size_t group_count);
/* The first entry that surely matches, or HAT_NO_INDEX. */
uint32_t hat_index_first(
    const struct hat_index *x, const struct hat_entry *entries, const struct hat_peer *peer);
/* True when the peer may match any entry of the class. */
bool hat_index_is_unsure(enum hat_class c, const struct hat_peer *peer);
/* The entry that the gateway names as its match, or HAT_NO_INDEX. */
uint32_t hat_index_named(const struct hat_index *x, struct bytes matched);
void hat_index_clear(struct hat_index *x);

#endif
