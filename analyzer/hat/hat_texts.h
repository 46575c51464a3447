/*
 * hat_texts: a table from short texts to the first entry that bears them.
 *
 * Keys are compared octet by octet (callers write them in the canonical, lower-case form).
 * Owns a copy of every key. Cost: O(1) each on average.
 */
#ifndef HATCHECK_HAT_TEXTS_H
#define HATCHECK_HAT_TEXTS_H

#include "capture/base/bytes.h"

#define HAT_TEXTS_NONE UINT32_MAX

struct hat_texts_slot {
	uint64_t hash;
	size_t offset; /* of the key */
	uint32_t len;
	uint32_t value; /* HAT_TEXTS_NONE: the slot is free */
};

struct hat_texts {
	struct hat_texts_slot *slots;
	size_t slot_count, used; /* slot_count: 0, or a power of two */
	char *keys;
	size_t keys_len, keys_room;
};

/*
 * Adds the key with its value unless it is there. Returns the value that is there now.
 * HAT_TEXTS_NONE: no memory.
 */
uint32_t hat_texts_add(struct hat_texts *t, struct bytes key, uint32_t value);
uint32_t hat_texts_find(const struct hat_texts *t, struct bytes key);
void hat_texts_clear(struct hat_texts *t);

#endif
