#include "analyzer/correlate/settle_window.h"

#include <stdlib.h>

void
settle_window_clear(struct settle_window *w)
{
	for (size_t i = 0; i < w->connection_count; i++)
		free(w->connections[i].rec);
	for (size_t i = 0; i < w->session_count; i++)
		free(w->sessions[i].block);
	free(w->connections);
	free(w->sessions);
	free(w->slots);
	*w = (struct settle_window){ 0 };
}

static void *
copy_of(const void *block, uint32_t size)
{
	void *copy = malloc(size);

	if (copy != NULL)
		memcpy(copy, block, size);
	return copy;
}

/* The array with room for one more; NULL without memory. */
static void *
grow(void *array, size_t count, size_t *room, size_t size)
{
	size_t more = *room == 0 ? 64 : *room * 2;

	if (count < *room)
		return array;
	array = reallocarray(array, more, size);
	if (array != NULL)
		*room = more;
	return array;
}

/* --- connections -------------------------------------------------------------------------- */

struct settle_connection *
settle_window_add_record(struct settle_window *w, const struct record *rec)
{
	struct settle_connection *all =
	    grow(w->connections, w->connection_count, &w->connection_room, sizeof *w->connections);
	struct settle_connection *c;

	if (all == NULL)
		return NULL;
	w->connections = all;
	c = &all[w->connection_count];
	*c = (struct settle_connection){ .rec = copy_of(rec, rec->size) };
	if (c->rec == NULL)
		return NULL;
	trace_of_record(rec, &c->trace);
	w->octets += sizeof *c + rec->size;
	w->connection_count++;
	return c;
}

void
settle_window_report(struct settle_window *w, struct settle_connection *c)
{
	w->octets -= c->rec->size;
	free(c->rec);
	c->rec = NULL;
	c->reported = true;
}

/* --- sessions, found by their ids ------------------------------------------------------------ */

static size_t
slot_of(const struct settle_window *w, uint64_t id)
{
	return (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & w->slot_mask;
}

static void
put_slot(struct settle_window *w, uint64_t id, size_t place)
{
	size_t i = slot_of(w, id);

	while (w->slots[i] != 0)
		i = (i + 1) & w->slot_mask;
	w->slots[i] = (uint32_t)place;
}

/* All of them anew, in a table at most half full once there is one more. */
static bool
index_sessions(struct settle_window *w)
{
	size_t slots = w->slot_mask + 1;

	if (w->slots == NULL || (w->session_count + 1) * 2 > slots) {
		uint32_t *more;

		slots = w->slots == NULL ? 128 : slots * 2;
		more = reallocarray(w->slots, slots, sizeof *more);
		if (more == NULL)
			return false;
		w->slots = more;
		w->slot_mask = slots - 1;
	}
	memset(w->slots, 0, slots * sizeof *w->slots);
	for (size_t i = 0; i < w->session_count; i++)
		put_slot(w, w->sessions[i].block->id, i + 1);
	return true;
}

static struct settle_session *
find(const struct settle_window *w, uint64_t id)
{
	if (w->slots == NULL)
		return NULL;
	for (size_t i = slot_of(w, id); w->slots[i] != 0; i = (i + 1) & w->slot_mask)
		if (w->sessions[w->slots[i] - 1].block->id == id)
			return &w->sessions[w->slots[i] - 1];
	return NULL;
}

static struct settle_session *
update(struct settle_window *w, struct settle_session *x, const struct log_session *s)
{
	struct log_session *copy = copy_of(s, s->size);

	if (copy == NULL)
		return NULL;
	w->octets += copy->size;
	w->octets -= x->block->size;
	free(x->block);
	x->block = copy;
	return x;
}

struct settle_session *
settle_window_put_session(struct settle_window *w, const struct log_session *s)
{
	struct settle_session *x = find(w, s->id), *all;

	if (x != NULL)
		return update(w, x, s);
	all = grow(w->sessions, w->session_count, &w->session_room, sizeof *w->sessions);
	if (all == NULL)
		return NULL;
	w->sessions = all;
	if ((w->slots == NULL || (w->session_count + 1) * 2 > w->slot_mask + 1) &&
	    !index_sessions(w))
		return NULL;
	x = &all[w->session_count];
	*x = (struct settle_session){ .block = copy_of(s, s->size) };
	if (x->block == NULL)
		return NULL;
	w->octets += sizeof *x + s->size;
	put_slot(w, s->id, ++w->session_count);
	return x;
}

/* --- going ---------------------------------------------------------------------------------- */

static void
forget_connections(struct settle_window *w, int64_t now_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->connection_count; i++) {
		const struct settle_connection *c = &w->connections[i];

		if (c->reported && c->due_ns <= now_ns)
			w->octets -= sizeof *c;
		else
			w->connections[kept++] = *c;
	}
	w->connection_count = kept;
}

/* `passing`: those, else those of which the time is over. */
static void
forget_sessions(struct settle_window *w, bool passing, int64_t now_ns)
{
	size_t kept = 0, before = w->session_count;

	for (size_t i = 0; i < before; i++) {
		struct settle_session *x = &w->sessions[i];
		bool over =
		    passing ? x->passing && !x->told : x->told && !x->open && x->due_ns <= now_ns;

		if (over) {
			w->octets -= sizeof *x + x->block->size;
			free(x->block);
		} else {
			x->passing = false;
			w->sessions[kept++] = *x;
		}
	}
	w->session_count = kept;
	if (kept < before)
		(void)index_sessions(w); /* fewer than before: they fit */
}

void
settle_window_forget(struct settle_window *w, int64_t now_ns)
{
	forget_connections(w, now_ns);
	forget_sessions(w, false, now_ns);
}

void
settle_window_end_round(struct settle_window *w)
{
	forget_sessions(w, true, 0);
}
