/*
 * traces: a growing list of them, and the clients that two sorted lists share.
 *
 * Owns:  its entries; `v` may be freed by whoever holds the list.
 * Fails: traces_add: STATUS_NOMEM; the list stays as it is.
 * Cost:  adding O(1) on average, sorting O(n log n), a walk over all parties O(n).
 */
#ifndef HATCHECK_TRACES_H
#define HATCHECK_TRACES_H

#include "analyzer/correlate/trace.h"
#include "capture/base/status.h"

struct traces {
	struct trace *v;
	size_t count, room;
};

enum status traces_add(struct traces *l, const struct trace *t);
/* Those of one client together, each by time; who opened at TRACE_NEVER comes first. */
void traces_by_client(struct traces *l);
void traces_by_time(struct traces *l);

/* A client's connections and sessions, or all that are left of two lists sorted by client. */
struct party {
	const struct trace *wire, *log;
	size_t wires, logs;
};

/* The next client of known address that has both, from `rest`, which is moved on. */
bool party_next(struct party *rest, struct party *out);
/* How many clients there are in a sorted list. */
uint64_t traces_clients(const struct trace *t, size_t count);

#endif
