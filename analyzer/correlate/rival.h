/*
 * rival: what is left of a match when the assignments next to it are looked at.
 *
 * Those that differ from it in one pair or in two, and weigh nearly the same: the connection takes
 * another session (exchanging it with whoever has it), or another connection takes its own.
 * Cost:  O(RIVAL_REACH) weights.
 */
#ifndef HATCHECK_RIVAL_H
#define HATCHECK_RIVAL_H

#include "analyzer/correlate/align.h"
#include "analyzer/correlate/pairing.h"

#define RIVAL_MARGIN 260 /* less than this apart, two assignments are as good as equal */
#define RIVAL_REACH 32   /* neighbours on each side that are looked at */

struct outlook {
	uint8_t clash; /* enum clash bits that hold whichever is taken */
	bool ambiguous;
};

/*
 * Of connection i and its session; `right` as align_run gives it, `left` the other way round. The
 * context of `a` is `p`.
 */
struct outlook rival_look(const struct align *a, const struct pairing *p, const uint32_t *right,
    const uint32_t *left, uint32_t i);

#endif
