#include "analyzer/hat/hat_texts.h"

#include <stdlib.h>
#include <xxhash.h>

/* The slot of the key, or the free one where it belongs. Needs a free slot. */
static struct hat_texts_slot *
slot_of(const struct hat_texts *t, struct bytes key, uint64_t hash)
{
	size_t mask = t->slot_count - 1, i = (size_t)hash & mask;

	while (t->slots[i].value != HAT_TEXTS_NONE &&
	       !(t->slots[i].hash == hash &&
		   bytes_eq(key, bytes_of(t->keys + t->slots[i].offset, t->slots[i].len))))
		i = (i + 1) & mask;
	return &t->slots[i];
}

static bool
grow_slots(struct hat_texts *t)
{
	struct hat_texts old = *t;

	t->slot_count = old.slot_count == 0 ? 64 : old.slot_count * 2;
	t->slots = malloc(t->slot_count * sizeof *t->slots);
	if (t->slots == NULL) {
		*t = old;
		return false;
	}
	for (size_t i = 0; i < t->slot_count; i++)
		t->slots[i].value = HAT_TEXTS_NONE;
	for (size_t i = 0; i < old.slot_count; i++) {
		const struct hat_texts_slot *s = &old.slots[i];

		if (s->value != HAT_TEXTS_NONE)
			*slot_of(t, bytes_of(t->keys + s->offset, s->len), s->hash) = *s;
	}
	free(old.slots);
	return true;
}

static bool
grow_keys(struct hat_texts *t, size_t more)
{
	size_t room = (t->keys_len + more) * 2;
	char *keys;

	if (t->keys_len + more <= t->keys_room)
		return true;
	keys = realloc(t->keys, room);
	if (keys == NULL)
		return false;
	t->keys = keys;
	t->keys_room = room;
	return true;
}

uint32_t
hat_texts_add(struct hat_texts *t, struct bytes key, uint32_t value)
{
	uint64_t hash = XXH3_64bits(key.p, key.n);
	struct hat_texts_slot *s;

	if (t->used * 2 >= t->slot_count && !grow_slots(t))
		return HAT_TEXTS_NONE;
	s = slot_of(t, key, hash);
	if (s->value != HAT_TEXTS_NONE)
		return s->value;
	if (!grow_keys(t, key.n + 1))
		return HAT_TEXTS_NONE;
	memcpy(t->keys + t->keys_len, key.p, key.n);
	*s = (struct hat_texts_slot){ hash, t->keys_len, (uint32_t)key.n, value };
	t->keys_len += key.n;
	t->used++;
	return value;
}

uint32_t
hat_texts_find(const struct hat_texts *t, struct bytes key)
{
	if (t->slot_count == 0)
		return HAT_TEXTS_NONE;
	return slot_of(t, key, XXH3_64bits(key.p, key.n))->value;
}

void
hat_texts_clear(struct hat_texts *t)
{
	free(t->slots);
	free(t->keys);
	*t = (struct hat_texts){ 0 };
}
