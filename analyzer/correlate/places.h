/*
 * places: the addresses of the gateway, as connections go to them and as the log names them.
 *
 * Where the capture shows one that the log names, addresses are the same on both sides: a session
 * at one of them is no connection's to another, and what lies where the other side knows of nothing
 * is not missed. Behind a NAT they may all differ, and then nothing is concluded. Bound: PLACES_MAX
 * that the log names; what more there are is not known.
 */
#ifndef HATCHECK_PLACES_H
#define HATCHECK_PLACES_H

#include "analyzer/correlate/traces.h"

#define PLACES_MAX 64

struct places {
	uint32_t place[PLACES_MAX]; /* of trace_place; the log names it */
	bool shown[PLACES_MAX];     /* the capture shows connections to it */
	size_t count;
	bool more, any_shown;
};

/* From zeroes; marks the traces whose place both sides name (TRACE_PLACED). O(traces * places). */
void places_learn(struct places *p, struct traces *wire, struct traces *log);
/* The log may tell of connections to this place, and the capture show those of sessions at it. */
bool places_logged(const struct places *p, uint32_t place);
bool places_captured(const struct places *p, uint32_t place);

#endif
