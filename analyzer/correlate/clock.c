#include "analyzer/correlate/clock.h"

#include <stdlib.h>

#include "analyzer/correlate/traces.h"

#define RANGE_S (CLOCK_MAX_ZONE_S + CLOCK_MAX_SKEW_S)
#define BUCKETS (2 * RANGE_S + 1)
#define AROUND 12     /* buckets on each side that tell what chance alone gives */
#define RIVAL_APART 3 /* buckets: nearer is the same peak */

#define NEAR_S 5 /* of clocks that nothing tells to be wrong */
#define NEAR_NS (NEAR_S * CLOCK_NS_PER_S)

#define VOTE_TIME 1
#define VOTE_PARTIES 8
#define MIN_DRIFT_PAIRS 60
#define MIN_DRIFT_SPAN_NS (600 * CLOCK_NS_PER_S)

/* Offsets from UTC that are in use, in minutes; whole hours from -12 to +14 besides. */
static const int16_t odd_zones[] = { -570, -210, 210, 270, 330, 345, 390, 525, 570, 630, 765 };

/* Seconds from the nearest zone. */
static int64_t
skew_of(int64_t offset_s)
{
	int64_t hour = 3600, nearest = ((offset_s + (offset_s < 0 ? -1800 : 1800)) / hour) * hour;
	int64_t skew = llabs(offset_s - nearest);

	if (nearest > 14 * hour || nearest < -12 * hour)
		skew = INT64_MAX;
	for (size_t i = 0; i < sizeof odd_zones / sizeof *odd_zones; i++) {
		int64_t off = llabs(offset_s - odd_zones[i] * INT64_C(60));

		skew = off < skew ? off : skew;
	}
	return skew;
}

/* `plain`: the two are as far apart as those of clocks that agree. */
static uint32_t
vote_of(const struct trace *w, const struct trace *l, bool plain)
{
	bool both = w->recipients != 0 && l->recipients != 0;

	if (both && (w->recipients != l->recipients || w->senders != l->senders))
		return plain ? VOTE_TIME : 0;
	return both ? VOTE_PARTIES : VOTE_TIME;
}

static void
vote_group(const struct trace *w, size_t n, const struct trace *l, size_t m, uint32_t *votes,
    uint64_t share, uint64_t *left, bool zone_known)
{
	/* Of a large group every so-manieth session votes, with all connections. */
	size_t step = (size_t)((uint64_t)n * m / share) + 1;

	for (size_t j = 0; j<m && * left> 0; j += step) {
		if (l[j].open_ns == TRACE_NEVER)
			continue;
		for (size_t i = 0; i<n && * left> 0; i++) {
			int64_t s = (l[j].open_ns - w[i].open_ns) / CLOCK_NS_PER_S -
			            (l[j].open_ns < w[i].open_ns);

			if (s < -RANGE_S || s > RANGE_S || (w[i].flags & TRACE_OPENED) == 0)
				continue;
			votes[s + RANGE_S] +=
			    vote_of(&w[i], &l[j], zone_known && llabs(s) <= NEAR_S);
			--*left;
		}
	}
}

static void
vote_all(struct party all, uint32_t *votes, bool zone_known)
{
	uint64_t left = CLOCK_MAX_PAIRS, clients = traces_clients(all.wire, all.wires);
	uint64_t share = CLOCK_MAX_PAIRS / (clients > 0 ? clients : 1);
	struct party p;

	while (party_next(&all, &p))
		vote_group(p.wire, p.wires, p.log, p.logs, votes, share, &left, zone_known);
}

/* Both come in the order of time. */
static bool
lie_near(const struct party *p)
{
	size_t i = 0, j = 0;

	while (i < p->wires && j < p->logs) {
		int64_t d = p->log[j].open_ns == TRACE_NEVER
		                ? INT64_MIN
		                : p->log[j].open_ns - p->wire[i].open_ns;

		if (d >= -NEAR_NS && d <= NEAR_NS)
			return true;
		j += d < 0;
		i += d > 0;
	}
	return false;
}

/* Of sessions none of which names its client (refusals as ICID 0) one is near a connection. */
static bool
nameless_near(const struct party *all)
{
	uint64_t left = CLOCK_MAX_PAIRS;

	if (all->logs == 0 || all->log[all->logs - 1].addr.family != 0)
		return false;
	for (size_t j = 0; j < all->logs; j++) {
		for (size_t i = 0; i < all->wires && left > 0; i++, left--) {
			const struct party pair = { &all->wire[i], &all->log[j], 1, 1 };

			if (lie_near(&pair))
				return true;
		}
	}
	return false;
}

/* A client's connection and session at the same time, if the clocks are right. */
static bool
any_near(struct party all)
{
	struct party p;

	if (nameless_near(&all))
		return true;
	while (party_next(&all, &p))
		if (lie_near(&p))
			return true;
	return false;
}

/* Votes for an offset between bucket b and b + 2, beyond what its surroundings get by chance. */
static int64_t
contrast(const uint32_t *votes, int64_t b)
{
	int64_t mine = (int64_t)votes[b] + votes[b + 1], around = 0;

	for (int64_t k = 3; k <= AROUND; k++) {
		around += b - k >= 0 ? votes[b - k] : 0;
		around += b + 1 + k < BUCKETS ? votes[b + 1 + k] : 0;
	}
	return mine * (AROUND - 2) - around;
}

static bool
allowed(int64_t offset_s, bool zone_known)
{
	return (zone_known ? llabs(offset_s) : skew_of(offset_s)) <= CLOCK_MAX_SKEW_S;
}

bool
clock_skewed(const struct clock *c, bool zone_known)
{
	int64_t offset_s = c->offset_ns / CLOCK_NS_PER_S;

	return (zone_known ? llabs(offset_s) : skew_of(offset_s)) > NEAR_S;
}

/* Greatest contrast; of equals the smallest skew, then the smallest offset. */
static bool
better(int64_t mine, int64_t s, int64_t best, int64_t best_s)
{
	if (mine != best)
		return mine > best;
	if (skew_of(s) != skew_of(best_s))
		return skew_of(s) < skew_of(best_s);
	return llabs(s) < llabs(best_s);
}

void
clock_estimate(const struct trace *wire, size_t wires, const struct trace *log, size_t logs,
    bool zone_known, struct clock *out)
{
	uint32_t *votes = calloc(BUCKETS + 1, sizeof *votes); /* the last stays empty */
	int64_t best = 0, best_s = 0, rival = 0;

	*out = (struct clock){ .method = "assumed" };
	if (votes == NULL)
		return;
	vote_all((struct party){ wire, log, wires, logs }, votes, zone_known);
	for (int64_t b = 0; b < BUCKETS; b++) {
		int64_t s = b - RANGE_S, mine;

		if (votes[b] == 0 && votes[b + 1] == 0)
			continue;
		mine = contrast(votes, b);
		if (mine > 0 && allowed(s, zone_known) &&
		    (best == 0 || better(mine, s, best, best_s))) {
			best = mine;
			best_s = s;
		}
	}
	for (int64_t b = 0; b < BUCKETS; b++) {
		int64_t s = b - RANGE_S, mine = contrast(votes, b);

		if (llabs(s - best_s) >= RIVAL_APART && mine > rival && allowed(s, zone_known))
			rival = mine;
	}
	out->sure = best > 0 ? rival * 4 < best * 3
	                     : zone_known && any_near((struct party){ wire, log, wires, logs });
	if (best > 0) {
		out->pairs = (uint64_t)best / (AROUND - 2);
		/* Two buckets vote together: the offset is where they meet. */
		out->offset_ns = (best_s + 1) * CLOCK_NS_PER_S;
		out->method = "estimated";
	}
	free(votes);
}

static int
compare_ns(const void *a, const void *b)
{
	int64_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

/* The middle of v[0..n); reorders it. */
static int64_t
median(int64_t *v, size_t n)
{
	qsort(v, n, sizeof *v, compare_ns);
	return v[n / 2];
}

/* The drift from the first third of the pairs to the last, if there is enough to tell. */
static int64_t
drift_of(const int64_t *at_ns, const int64_t *delta_ns, size_t n)
{
	size_t third = n / 3;
	int64_t *copy, early, late, drift = 0, from = at_ns[third / 2],
				    to = at_ns[n - 1 - third / 2];

	if (n < MIN_DRIFT_PAIRS || to - from < MIN_DRIFT_SPAN_NS)
		return 0;
	copy = malloc(third * sizeof *copy);
	if (copy == NULL)
		return 0;
	memcpy(copy, delta_ns, third * sizeof *copy);
	early = median(copy, third);
	memcpy(copy, delta_ns + n - third, third * sizeof *copy);
	late = median(copy, third);
	free(copy);
	drift = (late - early) * 1000 / ((to - from) / 1000000); /* parts in 10^9 */

	/* Less than a third of a second in all is the stamps' own grain. */
	return llabs(late - early) > CLOCK_NS_PER_S / 3 ? drift : 0;
}

void
clock_refine(struct clock *c, int64_t *at_ns, int64_t *delta_ns, size_t pairs)
{
	if (pairs == 0)
		return;
	c->pairs = pairs;
	c->at_ns = at_ns[pairs / 2];
	c->drift_ppb = drift_of(at_ns, delta_ns, pairs);
	for (size_t i = 0; i < pairs; i++)
		delta_ns[i] -= clock_drifted(c, at_ns[i]);
	c->offset_ns = median(delta_ns, pairs);
	for (size_t i = 0; i < pairs; i++)
		delta_ns[i] = llabs(delta_ns[i] - c->offset_ns);
	c->spread_ns = median(delta_ns, pairs);
}
