#include "analyzer/correlate/traces.h"

#include <stdlib.h>

enum status
traces_add(struct traces *l, const struct trace *t)
{
	if (l->count == l->room) {
		size_t room = l->room == 0 ? 256 : l->room * 2;
		struct trace *v = realloc(l->v, room * sizeof *v);

		if (v == NULL)
			return STATUS_NOMEM;
		l->v = v;
		l->room = room;
	}
	l->v[l->count++] = *t;
	return STATUS_OK;
}

static int
compare_addr(const struct trace *a, const struct trace *b)
{
	return memcmp(&a->addr, &b->addr, sizeof a->addr);
}

static int
by_time(const void *a, const void *b)
{
	const struct trace *x = a, *y = b;

	if (x->open_ns != y->open_ns)
		return x->open_ns < y->open_ns ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static int
by_client(const void *a, const void *b)
{
	int order = compare_addr(a, b);

	return order != 0 ? order : by_time(a, b);
}

void
traces_by_client(struct traces *l)
{
	if (l->count > 0)
		qsort(l->v, l->count, sizeof *l->v, by_client);
}

void
traces_by_time(struct traces *l)
{
	if (l->count > 0)
		qsort(l->v, l->count, sizeof *l->v, by_time);
}

/* How many there are of the first one's client. */
static size_t
group(const struct trace *t, size_t count)
{
	size_t n = 0;

	while (n < count && compare_addr(&t[n], t) == 0)
		n++;
	return n;
}

bool
party_next(struct party *rest, struct party *out)
{
	while (rest->wires > 0 && rest->logs > 0) {
		int order = compare_addr(rest->wire, rest->log);
		size_t n = order <= 0 ? group(rest->wire, rest->wires) : 0;
		size_t m = order >= 0 ? group(rest->log, rest->logs) : 0;

		*out = (struct party){ rest->wire, rest->log, n, m };
		*rest = (struct party){ rest->wire + n, rest->log + m, rest->wires - n,
			rest->logs - m };
		if (order == 0 && out->wire->addr.family != 0)
			return true;
	}
	return false;
}

uint64_t
traces_clients(const struct trace *t, size_t count)
{
	uint64_t n = 0;

	for (size_t i = 0; i < count; i += group(t + i, count - i))
		n++;
	return n;
}
