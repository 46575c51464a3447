/*
 * clock: what the log's clock reads when the capture's reads zero.
 *
 * Stamps of a log have the second as their unit, an unknown zone unless a header or the user tells
 * it, and the gateway's clock may be off and drift. The offset is estimated from pairs of a
 * connection and a session of the same client: the right pairs all lie at one offset, the wrong
 * ones everywhere. Pairs whose senders and recipients agree count more, those whose do not,
 * nothing, but where the zone is known and the clocks need not be off. A connection whose opening
 * was not seen tells no time. An offset is believed when it is a zone's and a small skew. Where no
 * pair votes at all, but the zone is known and clients have sessions when they have connections,
 * the clocks are taken for right. Likewise where no session names its client.
 */
#ifndef HATCHECK_CLOCK_H
#define HATCHECK_CLOCK_H

#include "analyzer/correlate/trace.h"

#define CLOCK_NS_PER_S INT64_C(1000000000)
#define CLOCK_MAX_ZONE_S (15 * 3600)
#define CLOCK_MAX_SKEW_S 900     /* of a gateway whose zone is known or guessed */
#define CLOCK_MAX_PAIRS 16000000 /* that vote */

struct clock {
	int64_t offset_ns; /* log minus capture, at `at_ns` of the capture */
	int64_t at_ns;
	int64_t drift_ppb;  /* of the log's clock, parts in 10^9 */
	int64_t spread_ns;  /* half of the pairs lie within this of the offset */
	uint64_t pairs;     /* it rests on */
	bool sure;          /* no other offset is nearly as good, and it is more than chance */
	const char *method; /* "header", "option", "estimated", "assumed" */
};

/* Both sorted by client and time of opening. `zone_known`: look for a skew only. */
void clock_estimate(const struct trace *wire, size_t wires, const struct trace *log, size_t logs,
    bool zone_known, struct clock *out);

/* The log's clock is off by more than its stamps and the way to it may make out. */
bool clock_skewed(const struct clock *c, bool zone_known);

/*
 * Refines an estimate by the pairs made with it: delta_ns[i] is log minus capture of pair i, opened
 * at at_ns[i], in the order of time. Both arrays are used up.
 */
void clock_refine(struct clock *c, int64_t *at_ns, int64_t *delta_ns, size_t pairs);

/* ns, grown by the drift since at_ns. */
static inline int64_t
clock_drifted(const struct clock *c, int64_t ns)
{
	__extension__ typedef __int128 wide;

	return (int64_t)((wide)(ns - c->at_ns) * c->drift_ppb / 1000000000);
}

/* A log's time on the capture's clock. */
static inline int64_t
clock_to_wire(const struct clock *c, int64_t log_ns)
{
	int64_t ns = log_ns - c->offset_ns;

	return c->drift_ppb == 0 ? ns : ns - clock_drifted(c, ns);
}

#endif
