#include "analyzer/maillog/log_index.h"

#include <stdlib.h>

#define FIRST_ENTRIES 1024

static size_t
home_of(const struct log_index *x, struct log_key key)
{
	uint64_t h = key.number + ((uint64_t)key.appliance << 40) + ((uint64_t)key.kind << 56);

	h *= UINT64_C(0x9e3779b97f4a7c15); /* 2^64 by the golden ratio */
	return (size_t)(h >> 32) & x->mask;
}

static bool
same(struct log_key a, struct log_key b)
{
	return a.number == b.number && a.appliance == b.appliance && a.kind == b.kind;
}

/* Where the key is, or the free entry where it would be. */
static struct log_index_entry *
find(const struct log_index *x, struct log_key key)
{
	size_t i = home_of(x, key);

	while (x->entries[i].draft != NULL && !same(x->entries[i].key, key))
		i = (i + 1) & x->mask;
	return &x->entries[i];
}

/* At most half full, so that every search ends soon. */
static bool
make_room(struct log_index *x)
{
	size_t count = x->entries == NULL ? 0 : x->mask + 1;
	struct log_index larger = { .used = x->used };

	if (x->used * 2 < count)
		return true;
	larger.mask = (count == 0 ? FIRST_ENTRIES : count * 2) - 1;
	larger.entries = calloc(larger.mask + 1, sizeof *larger.entries);
	if (larger.entries == NULL)
		return x->used + 1 < count;
	for (size_t i = 0; i < count; i++)
		if (x->entries[i].draft != NULL)
			*find(&larger, x->entries[i].key) = x->entries[i];
	free(x->entries);
	*x = larger;
	return true;
}

void
log_index_clear(struct log_index *x)
{
	free(x->entries);
	*x = (struct log_index){ .entries = NULL };
}

struct log_draft *
log_index_get(const struct log_index *x, struct log_key key)
{
	return x->entries == NULL ? NULL : find(x, key)->draft;
}

bool
log_index_put(struct log_index *x, struct log_key key, struct log_draft *draft)
{
	struct log_index_entry *e;

	if (!make_room(x))
		return false;
	e = find(x, key);
	x->used += e->draft == NULL;
	*e = (struct log_index_entry){ key, draft };
	return true;
}

void
log_index_remove(struct log_index *x, struct log_key key, const struct log_draft *draft)
{
	struct log_index_entry *e = x->entries == NULL ? NULL : find(x, key);
	size_t hole, i;

	if (e == NULL || e->draft == NULL || e->draft != draft)
		return;
	hole = (size_t)(e - x->entries);
	x->used--;
	/* What was pushed past the hole moves into it: then no search stops too early. */
	for (i = (hole + 1) & x->mask; x->entries[i].draft != NULL; i = (i + 1) & x->mask) {
		size_t home = home_of(x, x->entries[i].key);

		if (((i - home) & x->mask) < ((i - hole) & x->mask))
			continue;
		x->entries[hole] = x->entries[i];
		hole = i;
	}
	x->entries[hole].draft = NULL;
}
