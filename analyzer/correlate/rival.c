#include "analyzer/correlate/rival.h"

static uint8_t
clash_of(const struct pairing *p, const struct trace *w, const struct trace *l)
{
	uint8_t clash = trace_clash(w, l);

	/* Where lines are missing, or the session is cut, a missing line says nothing. */
	if ((p->lossy || (l->flags & TRACE_WHOLE) == 0) && (clash & CLASH_ABSENT))
		clash &= CLASH_PARTIES;
	return clash & (uint8_t)~CLASH_ABSENT;
}

struct outlook
rival_look(const struct align *a, const struct pairing *p, const uint32_t *right,
    const uint32_t *left, uint32_t i)
{
	uint32_t mine = right[i];
	int32_t now = a->weight(a->ctx, i, mine);
	struct outlook o = { clash_of(p, &p->wire[i], &p->log[mine]), false };
	uint32_t from = mine > RIVAL_REACH ? mine - RIVAL_REACH : 0;

	for (uint32_t j = from < a->from[i] ? a->from[i] : from;
	     j < a->to[i] && j <= mine + RIVAL_REACH; j++) {
		int32_t with = j == mine ? 0 : a->weight(a->ctx, i, j), loss;
		uint32_t k = left[j];

		if (with <= 0)
			continue;
		loss = now - with;
		if (k != ALIGN_NONE) {
			bool may = mine >= a->from[k] && mine < a->to[k];

			loss += a->weight(a->ctx, k, j) - (may ? a->weight(a->ctx, k, mine) : 0);
		}
		if (loss < RIVAL_MARGIN) {
			o.ambiguous = true;
			o.clash &= clash_of(p, &p->wire[i], &p->log[j]);
		}
	}
	for (uint32_t k = i > RIVAL_REACH ? i - RIVAL_REACH : 0; k < a->n && k <= i + RIVAL_REACH;
	     k++) {
		if (right[k] != ALIGN_NONE || mine < a->from[k] || mine >= a->to[k])
			continue;
		if (now - a->weight(a->ctx, k, mine) < RIVAL_MARGIN) {
			o.ambiguous = true;
			o.clash = 0; /* the session may be the other's */
		}
	}
	return o;
}
