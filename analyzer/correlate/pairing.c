#include "analyzer/correlate/pairing.h"

#include <stdlib.h>

#include "analyzer/correlate/clock.h"

#define WEIGHT_CLIENT 2400
#define WEIGHT_UNKNOWN_CLIENT 1200
#define WEIGHT_OPEN 500      /* lost over the window */
#define WEIGHT_CLOSE 300     /* likewise */
#define WEIGHT_PARTIES 600   /* won or lost, for senders and recipients each */
#define WEIGHT_ONE_SIDED 500 /* one side has parties and the other, whole, has none */
#define WEIGHT_ACTION 200
#define WEIGHT_TLS 50
#define WEIGHT_UNTOLD 300 /* a connection of which nothing but its opening was seen */
#define UNTOLD (TRACE_OPENED | TRACE_PLACED)
#define WEIGHT_UNMET 10000 /* lost where the gateway need not have known of it: more than all */
#define NEAR_NS (CLOCK_NS_PER_S * 3 / 2)
#define MAX_CELLS ((uint64_t)1 << 25) /* of the bands of one client, and octets */

const char *
match_ground_name(enum match_ground g)
{
#define X(id, word) word,
	static const char *const words[] = { MATCH_GROUNDS(X) };
#undef X

	return g < MATCH_GROUND_COUNT ? words[g] : NULL;
}

/*
 * How far apart the openings lie: full on the early side; a session that opens later, while the
 * connection still lives, may have waited for DNS and counts a quarter. -1: too far.
 */
static int64_t
distance(const struct pairing *p, const struct trace *w, int64_t open)
{
	int64_t d = open - w->open_ns;
	int64_t window = p->window_ns;

	if (open == TRACE_NEVER)
		return -1;
	if (d <= window)
		return d < -window ? -1 : llabs(d);
	if (d > p->late_ns || open > w->close_ns + window)
		return -1;
	return window + (d - window) / 4 < 2 * window ? window + (d - window) / 4 : 2 * window;
}

/* Where one side does not have them all, that they differ says nothing. */
static int32_t
weigh_parties(uint64_t wire, uint64_t log, bool comparable)
{
	if (wire == log)
		return wire != 0 ? WEIGHT_PARTIES : 0;
	if (!comparable)
		return 0;
	return wire != 0 && log != 0 ? -WEIGHT_PARTIES : -WEIGHT_ONE_SIDED;
}

static bool
closes_near(const struct trace *w, int64_t close, int64_t *d)
{
	if (close == TRACE_NEVER || w->close_ns == TRACE_NEVER)
		return false;
	*d = llabs(close - w->close_ns);
	return true;
}

/* The gateway may know nothing of it: no handshake was seen. */
static bool
is_unmet(const struct trace *w)
{
	return w->verdict == VERDICT_UNANSWERED || w->verdict == VERDICT_PORT_CLOSED;
}

static bool
capture_ran(const struct pairing *p, int64_t ns)
{
	return ns >= p->capture_first_ns - CLOCK_NS_PER_S &&
	       ns <= p->capture_last_ns + CLOCK_NS_PER_S;
}

/* The entry is the client itself, not a network that it is in. */
static bool
is_client(const struct hat_host *host, const struct trace *w)
{
	struct hat_key key = hat_key_of(&w->addr);

	return host->kind == HAT_KIND_ADDRESS && host->family == w->addr.family &&
	       hat_key_compare(host->lo, key) == 0 && hat_key_compare(host->hi, key) == 0;
}

/*
 * What the HAT and the logged match say of a client whose address the log does not. *sure: nothing
 * else decides for this client, so that another verdict contradicts the log. Without a HAT a
 * network is enough where the capture ran: who was refused then is in it, and who looks like
 * it takes the session before anybody else.
 */
static int
weigh_client(const struct pairing *p, const struct trace *w, uint32_t j, uint16_t *by, bool *sure)
{
	const struct trace *l = &p->log[j];
	const struct hint *h = &p->hints[l->hint];
	struct hat_decision decision = { .certain = false };
	struct hat_peer peer = hat_peer_init(w->addr);
	bool by_address, same = false;
	const char *remark;
	struct hat_host host;
	enum hat_truth truth;

	*sure = false;
	/* Masked in an excerpt, or its first line is missing: then nothing says whose it is. */
	if (l->action != LOG_ACTION_TCPREFUSE)
		return h->masked || (w->recipients != 0 && w->recipients == l->recipients)
		           ? WEIGHT_UNKNOWN_CLIENT
		           : 0;
	truth = hat_host_parse(&host, bytes_str(h->match), &remark) ? hat_host_match(&host, &peer)
	                                                            : HAT_MAYBE;
	if (truth == HAT_NO)
		return 0;
	by_address = truth == HAT_YES && host.kind != HAT_KIND_ALL;
	*sure = by_address && (is_client(&host, w) || capture_ran(p, p->times[j].open));
	if (p->hat != NULL) {
		hat_peer_sbrs(&peer, bytes_str(h->sbrs));
		peer.matched = bytes_str(h->match);
		hat_decide(p->hat, &peer, &decision);
		same = bytes_eq(decision.sender_group, bytes_str(h->group));
		*sure = by_address && decision.certain && same;
	}
	if (w->verdict == VERDICT_INCOMPLETE && !*sure && (w->flags & ~UNTOLD) == 0)
		return WEIGHT_UNTOLD; /* the RST may not have been captured */
	if (w->verdict != VERDICT_TCPREFUSE && (!*sure || is_unmet(w)))
		return 0;
	if (by_address) {
		*by |= 1u << MATCH_BY_MATCH;
		return WEIGHT_CLIENT;
	}
	if (p->hat == NULL)
		return WEIGHT_UNKNOWN_CLIENT;
	if (decision.certain && !same)
		return WEIGHT_UNKNOWN_CLIENT / 2;
	*by |= 1u << MATCH_BY_HAT;
	return WEIGHT_CLIENT;
}

/* The log names another address of the gateway, and they are the same on both sides. */
static bool
is_elsewhere(const struct trace *w, const struct trace *l)
{
	return w->place != l->place && l->place != 0 && ((w->flags | l->flags) & TRACE_PLACED);
}

int32_t
pairing_weigh(const struct pairing *p, uint32_t i, uint32_t j, uint16_t *by, bool *sure)
{
	const struct trace *w = &p->wire[i], *l = &p->log[j];
	int64_t window = p->window_ns, open = distance(p, w, p->times[j].open), close;
	bool comparable = trace_parties_comparable(w, l);
	int32_t weight = WEIGHT_CLIENT, parties;
	uint8_t clash = trace_clash(w, l);

	*by = 0;
	*sure = true;
	if (open < 0 || is_elsewhere(w, l))
		return 0;
	if (p->left_over) {
		weight = weigh_client(p, w, j, by, sure);
		if (weight == 0 || ((clash & (CLASH_ACTION | CLASH_STAGE)) && !*sure))
			return 0;
	} else {
		*by |= 1u << MATCH_BY_ADDRESS;
	}
	weight -= (int32_t)(open * WEIGHT_OPEN / window);
	if (open <= NEAR_NS)
		*by |= 1u << MATCH_BY_OPEN;
	if (closes_near(w, p->times[j].close, &close)) {
		weight -= (int32_t)((close < window ? close : window) * WEIGHT_CLOSE / window);
		if (close <= NEAR_NS)
			*by |= 1u << MATCH_BY_CLOSE;
	}
	parties = weigh_parties(w->senders, l->senders, comparable);
	*by |= (uint16_t)((parties > 0) << MATCH_BY_SENDER);
	weight += parties;
	parties = weigh_parties(w->recipients, l->recipients, comparable);
	*by |= (uint16_t)((parties > 0) << MATCH_BY_RECIPIENTS);
	weight += parties;
	if (clash & (CLASH_ACTION | CLASH_STAGE)) {
		weight -= WEIGHT_ACTION;
	} else if (l->action != LOG_ACTION_NONE && w->verdict != VERDICT_INCOMPLETE &&
		   !is_unmet(w)) {
		weight += WEIGHT_ACTION;
		*by |= 1u << MATCH_BY_ACTION;
	}
	if (w->flags & l->flags & TRACE_TLS) {
		weight += WEIGHT_TLS;
		*by |= 1u << MATCH_BY_TLS;
	}
	if (weight < 1)
		weight = 1; /* there may be nothing better */
	return is_unmet(w) ? weight - WEIGHT_UNMET : weight;
}

/* How many cells the bands have. */
static uint64_t
set_bands(const struct pairing *p, uint32_t n, uint32_t m, uint32_t *from, uint32_t *to)
{
	int64_t window = p->reach_ns;
	uint32_t lo = 0, hi = 0;
	uint64_t cells = 0;

	for (uint32_t i = 0; i < n; i++) {
		int64_t open = p->wire[i].open_ns, close = p->wire[i].close_ns;
		int64_t late =
		    close - open + window < p->late_ns ? close - open + window : p->late_ns;
		int64_t last = open + (late > window ? late : window);

		while (lo < m && p->times[lo].open < open - window)
			lo++;
		hi = hi < lo ? lo : hi;
		while (hi < m && p->times[hi].open <= last)
			hi++;
		from[i] = lo;
		to[i] = hi;
		cells += hi - lo;
	}
	return cells;
}

void
pairing_bands(struct pairing *p, uint32_t n, uint32_t m, uint32_t *from, uint32_t *to)
{
	while (set_bands(p, n, m, from, to) > MAX_CELLS && p->reach_ns > CLOCK_NS_PER_S) {
		if (p->late_ns == 0)
			p->reach_ns /= 2;
		p->late_ns = 0;
	}
}
