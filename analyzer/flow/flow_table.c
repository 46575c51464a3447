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

static void
unslot(struct flow *f, const struct flow_entry *e)
{
	size_t mask = f->slots - 1, hole = e->conn.key.hash & mask;

	while (f->slot[hole].entry != e)
		hole = (hole + 1) & mask;
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

static struct flow_entry *
take_entry(struct flow *f)
{
	struct flow_entry *e;

	while (f->spare == NULL && !budget_take(f->config.budget, sizeof *e)) {
		if (!flow_evict(f, NULL))
			return NULL;
	}
	e = f->spare;
	if (e != NULL) {
		f->spare = e->newer;
		return e;
	}
	e = aligned_alloc(CONN_LINE, sizeof *e);
	if (e == NULL)
		budget_give(f->config.budget, sizeof *e);
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
	e = take_entry(f);
	if (e == NULL)
		return NULL;
	conn_init(&e->conn, key, id, f->config.budget, f->config.limits);
	e->challenged = false;
	put(f, e);
	link_entry(f, e, LIST_OPEN);
	return e;
}

void
flow_remove(struct flow *f, struct flow_entry *e)
{
	unlink_entry(f, e);
	unslot(f, e);
	if (f->recent[e->conn.key.hash % FLOW_RECENT].entry == e)
		f->recent[e->conn.key.hash % FLOW_RECENT].entry = NULL;
	e->newer = f->spare;
	f->spare = e;
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
			conn_clear(&e->conn);
			free_entry(f, e);
		}
	}
	while (flow_trim(f))
		;
	budget_give(f->config.budget, f->slots * sizeof *f->slot);
	free(f->slot);
}
