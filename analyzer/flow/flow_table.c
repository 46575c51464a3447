#include <stdlib.h>

#include "analyzer/flow/flow_parts.h"

static void
unlink_entry(struct flow *f, struct flow_entry *e)
{
	if (e->older != NULL)
		e->older->newer = e->newer;
	else
		f->oldest[e->list] = e->newer;
	if (e->newer != NULL)
		e->newer->older = e->older;
	else
		f->newest[e->list] = e->older;
	f->listed[e->list]--;
}

static void
link_entry(struct flow *f, struct flow_entry *e, enum flow_list list)
{
	e->list = (uint8_t)list;
	e->touched_ns = f->now_ns;
	e->newer = NULL;
	e->older = f->newest[list];
	if (e->older != NULL)
		e->older->newer = e;
	else
		f->oldest[list] = e;
	f->newest[list] = e;
	f->listed[list]++;
	flow_set_due(f, f->now_ns, f->idle_ns[list]);
}

static void
put(struct flow *f, struct flow_entry *e)
{
	size_t i = e->conn.key.hash & (f->slots - 1);

	while (f->slot[i].entry != NULL)
		i = (i + 1) & (f->slots - 1);
	f->slot[i] = (struct flow_slot){ e->conn.key.hash, e };
	f->recent[e->conn.key.hash % FLOW_RECENT] = f->slot[i];
}

/* The place of an entry that has one. */
static size_t
slot_of(const struct flow *f, const struct flow_entry *e)
{
	size_t i = e->conn.key.hash & (f->slots - 1);

	while (f->slot[i].entry != e)
		i = (i + 1) & (f->slots - 1);
	return i;
}

static void
unslot(struct flow *f, const struct flow_entry *e)
{
	size_t mask = f->slots - 1, hole = slot_of(f, e);

	for (size_t i = (hole + 1) & mask; f->slot[i].entry != NULL; i = (i + 1) & mask) {
		if (((i - f->slot[i].hash) & mask) >= ((i - hole) & mask)) {
			f->slot[hole] = f->slot[i];
			hole = i;
		}
	}
	f->slot[hole].entry = NULL;
}

struct flow_entry *
flow_search(struct flow *f, enum dir dir, const struct segment *s)
{
	size_t mask = f->slots - 1;
	struct flow_entry *e = NULL;

	if (f->slots == 0)
		return NULL;
	for (size_t i = s->hash & mask; (e = f->slot[i].entry) != NULL; i = (i + 1) & mask) {
		if (flow_holds(&f->slot[i], dir, s)) {
			f->recent[s->hash % FLOW_RECENT] = f->slot[i];
			break;
		}
	}
	return e;
}

static bool
grow(struct flow *f)
{
	struct flow_slot *old = f->slot;
	size_t slots = f->slots, want = slots == 0 ? 256 : slots * 2;

	if (slots > 0 && f->listed[LIST_OPEN] + f->listed[LIST_CLOSED] < slots / 2)
		return true;
	if (!budget_take(f->config.budget, want * sizeof *old))
		return false;
	f->slot = calloc(want, sizeof *old);
	if (f->slot == NULL) {
		budget_give(f->config.budget, want * sizeof *old);
		f->slot = old;
		return false;
	}
	f->slots = want;
	for (size_t i = 0; i < slots; i++) {
		if (old[i].entry != NULL)
			put(f, old[i].entry);
	}
	budget_give(f->config.budget, slots * sizeof *old);
	free(old);
	return true;
}

/* Memory that is there already, or that the budget allows; NULL when it does not. */
static struct flow_entry *
take_entry(struct flow *f)
{
	struct flow_entry *e = f->spare;

	if (e != NULL) {
		f->spare = e->newer;
		return e;
	}
	if (!budget_take(f->config.budget, sizeof *e))
		return NULL;
	e = aligned_alloc(CACHE_LINE, sizeof *e);
	if (e == NULL)
		budget_give(f->config.budget, sizeof *e);
	return e;
}

/* All but `keep` may have to go. */
static struct flow_entry *
make_entry(struct flow *f, const struct flow_entry *keep)
{
	struct flow_entry *e;

	while ((e = take_entry(f)) == NULL) {
		if (!flow_evict(f, keep))
			return NULL;
	}
	return e;
}

struct flow_entry *
flow_new_entry(struct flow *f, const struct conn_key *key, uint64_t id)
{
	struct flow_entry *e;

	while (!grow(f)) {
		if (!flow_evict(f, NULL))
			return NULL;
	}
	e = make_entry(f, NULL);
	if (e == NULL)
		return NULL;
	conn_init(&e->conn, key, id, f->config.budget, f->config.limits);
	e->challenged = e->folded = false;
	put(f, e);
	link_entry(f, e, LIST_OPEN);
	return e;
}

static void
drop_entry(struct flow *f, struct flow_entry *e)
{
	if (e->folded) {
		pool_give(&f->folded, e->number);
		return;
	}
	e->newer = f->spare;
	f->spare = e;
}

void
flow_remove(struct flow *f, struct flow_entry *e)
{
	unlink_entry(f, e);
	unslot(f, e);
	if (f->recent[e->conn.key.hash % FLOW_RECENT].entry == e)
		f->recent[e->conn.key.hash % FLOW_RECENT].entry = NULL;
	drop_entry(f, e);
}

/* `now` stands where `then` stood, in its list and in the index; what was there is spare. */
static void
replace(struct flow *f, struct flow_entry *then, struct flow_entry *now)
{
	struct flow_slot *slot = &f->slot[slot_of(f, then)];

	slot->entry = now;
	f->recent[slot->hash % FLOW_RECENT] = *slot;
	*(then->older != NULL ? &then->older->newer : &f->oldest[then->list]) = now;
	*(then->newer != NULL ? &then->newer->older : &f->newest[then->list]) = now;
	if (f->doubted == then)
		f->doubted = now;
	drop_entry(f, then);
}

void
flow_fold(struct flow *f, struct flow_entry *e)
{
	uint32_t number = pool_take(&f->folded);
	struct flow_entry *folded;

	if (number == POOL_NONE)
		return;
	folded = pool_at(&f->folded, number);
	memcpy(folded, e, FLOW_FOLDED);
	folded->folded = true;
	folded->number = number;
	conn_clear(&e->conn);
	replace(f, e, folded);
}

struct flow_entry *
flow_unfold(struct flow *f, struct flow_entry *e)
{
	struct flow_entry *whole = make_entry(f, e);

	if (whole == NULL)
		return NULL;
	memcpy(whole, e, offsetof(struct flow_entry, conn));
	conn_unfold(&whole->conn, &e->conn);
	whole->folded = false;
	replace(f, e, whole);
	return whole;
}

void
flow_touch(struct flow *f, struct flow_entry *e, enum flow_list list)
{
	unlink_entry(f, e);
	link_entry(f, e, list);
}

static void
free_entry(struct flow *f, struct flow_entry *e)
{
	budget_give(f->config.budget, sizeof *e);
	free(e);
}

bool
flow_trim(struct flow *f)
{
	struct flow_entry *e = f->spare;

	if (e == NULL)
		return false;
	f->spare = e->newer;
	free_entry(f, e);
	return true;
}

void
flow_table_clear(struct flow *f)
{
	for (int list = 0; list < LIST_COUNT; list++) {
		while (f->oldest[list] != NULL) {
			struct flow_entry *e = f->oldest[list];

			f->oldest[list] = e->newer;
			if (e->folded)
				continue;
			conn_clear(&e->conn);
			free_entry(f, e);
		}
	}
	while (flow_trim(f))
		;
	pool_clear(&f->folded);
	budget_give(f->config.budget, f->slots * sizeof *f->slot);
	free(f->slot);
}
