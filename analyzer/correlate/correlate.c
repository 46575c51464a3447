#include "analyzer/correlate/correlate.h"

#include <stdlib.h>

#include "analyzer/correlate/align.h"

/* Weights of a pair. Whoever is of the same client and inside the window may be a pair. */
#define WEIGHT_CLIENT 2400
#define WEIGHT_UNKNOWN_CLIENT 1200
#define WEIGHT_OPEN 500      /* lost over the window */
#define WEIGHT_CLOSE 300     /* likewise */
#define WEIGHT_PARTIES 600   /* won or lost, for senders and recipients each */
#define WEIGHT_ONE_SIDED 500 /* one side has parties and the other, whole, has none */
#define WEIGHT_ACTION 200
#define WEIGHT_TLS 50
#define WEIGHT_UNMET 1500 /* lost where the gateway need not have known of it */
#define RIVAL_MARGIN 260  /* less than this apart, two assignments are as good as equal */
#define RIVAL_REACH 32    /* neighbours on each side that are looked at */
#define NEAR_NS (CLOCK_NS_PER_S * 3 / 2)
#define MAX_CELLS ((uint64_t)1 << 25) /* of the bands of one client, and octets */
#define SLICES ((size_t)8)            /* of a client's connections that tell the clock, */
#define SLICE 512                     /* each of so many */
#define CLOCK_MATCHES 100000          /* are enough for it */
#define LOSSY_PER_MILLE 3

struct list {
	struct trace *v;
	size_t count, room;
};

/* What a session without a client says of it. */
struct hint {
	char group[64], match[64], sbrs[16];
	bool masked; /* the log has it, but not to be read: x.x.x.x */
};

struct correlate {
	struct correlate_config config;
	struct clock clock;
	struct list wire, log;
	struct hint *hints;
	size_t hint_count, hint_room;
	struct match *matches; /* by connection, then looked up by index */
	size_t match_count;
	uint32_t *of_connection, *of_session; /* id to match + 1 */
	uint64_t last_connection, last_session;
	int64_t wire_first_ns, wire_last_ns, log_first_ns, log_last_ns; /* each on its own clock */
	int64_t lines_first_ns, lines_last_ns; /* of the log, sessions or not */
	bool lossy, clock_known;
};

const char *
match_ground_name(enum match_ground g)
{
#define X(id, word) word,
	static const char *const words[] = { MATCH_GROUNDS(X) };
#undef X

	return g < MATCH_GROUND_COUNT ? words[g] : NULL;
}

struct correlate *
correlate_new(const struct correlate_config *config)
{
	struct correlate *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->config = *config;
	c->wire_first_ns = c->log_first_ns = c->lines_first_ns = INT64_MAX;
	c->wire_last_ns = c->log_last_ns = c->lines_last_ns = INT64_MIN;
	return c;
}

void
correlate_free(struct correlate *c)
{
	if (c == NULL)
		return;
	free(c->wire.v);
	free(c->log.v);
	free(c->hints);
	free(c->matches);
	free(c->of_connection);
	free(c->of_session);
	free(c);
}

/* --- collecting ------------------------------------------------------------------------- */

static enum status
append(struct list *l, const struct trace *t)
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

static void
widen(int64_t *first, int64_t *last, int64_t ns)
{
	if (ns == TRACE_NEVER)
		return;
	if (ns < *first)
		*first = ns;
	if (ns > *last)
		*last = ns;
}

enum status
correlate_trace(struct correlate *c, const struct trace *wire)
{
	widen(&c->wire_first_ns, &c->wire_last_ns, wire->open_ns);
	widen(&c->wire_first_ns, &c->wire_last_ns, wire->close_ns);
	if (wire->id > c->last_connection)
		c->last_connection = wire->id;
	return append(&c->wire, wire);
}

enum status
correlate_connection(struct correlate *c, const struct record *rec)
{
	struct trace t;

	trace_of_record(rec, &t);
	return correlate_trace(c, &t);
}

void
correlate_lines(struct correlate *c, const struct correlate_span *log)
{
	widen(&c->lines_first_ns, &c->lines_last_ns, log->first_ns);
	widen(&c->lines_first_ns, &c->lines_last_ns, log->last_ns);
}

void
correlate_window(struct correlate *c, const struct correlate_span *wire,
    const struct correlate_span *log, const struct clock *clock)
{
	c->wire_first_ns = wire->first_ns;
	c->wire_last_ns = wire->last_ns;
	c->log_first_ns = log->first_ns;
	c->log_last_ns = log->last_ns;
	c->clock_known = clock != NULL;
	if (clock != NULL)
		c->clock = *clock;
}

static void
copy_text(char *to, size_t room, struct bytes from)
{
	size_t n = from.n < room - 1 ? from.n : room - 1;

	if (n > 0)
		memcpy(to, from.p, n);
	to[n] = '\0';
}

static enum status
add_hint(struct correlate *c, const struct log_session *s, struct trace *t)
{
	struct hint *h;

	if (c->hint_count == c->hint_room) {
		size_t room = c->hint_room == 0 ? 64 : c->hint_room * 2;

		h = realloc(c->hints, room * sizeof *h);
		if (h == NULL)
			return STATUS_NOMEM;
		c->hints = h;
		c->hint_room = room;
	}
	h = &c->hints[c->hint_count];
	copy_text(h->group, sizeof h->group, log_session_text(s, s->text[LOG_TEXT_GROUP]));
	copy_text(h->match, sizeof h->match, log_session_text(s, s->text[LOG_TEXT_MATCH]));
	copy_text(h->sbrs, sizeof h->sbrs, log_session_text(s, s->text[LOG_TEXT_SBRS]));
	h->masked = log_text_present(s->text[LOG_TEXT_ADDRESS]);
	t->hint = (uint32_t)c->hint_count++;
	return STATUS_OK;
}

enum status
correlate_session(struct correlate *c, const struct log_session *s)
{
	struct trace t;

	trace_of_session(s, &t);
	widen(&c->log_first_ns, &c->log_last_ns, trace_log_ns(s, s->first_ns));
	widen(&c->log_first_ns, &c->log_last_ns, trace_log_ns(s, s->last_ns));

	if (t.id > c->last_session)
		c->last_session = t.id;
	if (t.addr.family == 0 && add_hint(c, s, &t) != STATUS_OK)
		return STATUS_NOMEM;
	return append(&c->log, &t);
}

static int
by_client(const void *a, const void *b)
{
	const struct trace *x = a, *y = b;
	int order = memcmp(&x->addr, &y->addr, sizeof x->addr);

	if (order != 0)
		return order;
	if (x->open_ns != y->open_ns)
		return x->open_ns < y->open_ns ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/*
 * A session that began and ended well inside the log, but lacks one of the lines that every session
 * has, tells that lines are missing.
 */
static bool
log_is_lossy(const struct correlate *c)
{
	size_t inside = 0, broken = 0;

	for (size_t i = 0; i < c->log.count; i++) {
		const struct trace *t = &c->log.v[i];
		bool edge = t->open_ns == TRACE_NEVER || t->close_ns == TRACE_NEVER ||
		            t->open_ns < c->log_first_ns + c->config.window_ns ||
		            t->close_ns > c->log_last_ns - c->config.window_ns;

		if (t->addr.family == 0)
			continue;
		inside++;
		broken += (t->flags & TRACE_WHOLE) == 0 && !edge;
	}
	return broken * 1000 > inside * LOSSY_PER_MILLE;
}

/* --- one pair -------------------------------------------------------------------------------- */

struct span_ns {
	int64_t open, close; /* or TRACE_NEVER */
};

struct pairing { /* the connections and sessions of one client, or those left over */
	const struct correlate *c;
	const struct trace *wire, *log;
	const struct span_ns *times; /* of the sessions, on the capture's clock */
	int64_t reach_ns;            /* no further apart may the openings lie */
	int64_t late_ns;             /* allowance for DNS */
	bool left_over;
};

static int64_t
aligned(const struct correlate *c, int64_t log_ns)
{
	return log_ns == TRACE_NEVER ? TRACE_NEVER : clock_to_wire(&c->clock, log_ns);
}

/*
 * How far apart the openings lie: full on the early side; a session that opens later, while the
 * connection still lives, may have waited for DNS and counts a quarter. -1: too far.
 */
static int64_t
distance(const struct pairing *p, const struct trace *w, int64_t open)
{
	int64_t d = open - w->open_ns;
	int64_t window = p->c->config.window_ns + CLOCK_NS_PER_S / 2;

	if (open == TRACE_NEVER)
		return -1;
	if (d <= window)
		return d < -window ? -1 : llabs(d);
	if (d > p->late_ns || open > w->close_ns + window)
		return -1;
	return window + (d - window) / 4 < 2 * window ? window + (d - window) / 4 : 2 * window;
}

static int32_t
weigh_parties(uint64_t wire, uint64_t log, bool whole)
{
	if (wire != 0 && log != 0)
		return wire == log ? WEIGHT_PARTIES : -WEIGHT_PARTIES;
	return wire != log && whole ? -WEIGHT_ONE_SIDED : 0;
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
capture_ran(const struct correlate *c, int64_t ns, int64_t grain_ns)
{
	return ns >= c->wire_first_ns - grain_ns && ns <= c->wire_last_ns + grain_ns;
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
	const struct hint *h = &p->c->hints[l->hint];
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
	*sure = by_address &&
	        (is_client(&host, w) || capture_ran(p->c, p->times[j].open, CLOCK_NS_PER_S));
	if (p->c->config.hat != NULL) {
		hat_peer_sbrs(&peer, bytes_str(h->sbrs));
		peer.matched = bytes_str(h->match);
		hat_decide(p->c->config.hat, &peer, &decision);
		same = bytes_eq(decision.sender_group, bytes_str(h->group));
		*sure = by_address && decision.certain && same;
	}
	if (w->verdict != VERDICT_TCPREFUSE && (!*sure || is_unmet(w)))
		return 0;
	if (by_address) {
		*by |= 1u << MATCH_BY_MATCH;
		return WEIGHT_CLIENT;
	}
	if (p->c->config.hat == NULL)
		return WEIGHT_UNKNOWN_CLIENT;
	if (decision.certain && !same)
		return WEIGHT_UNKNOWN_CLIENT / 2;
	*by |= 1u << MATCH_BY_HAT;
	return WEIGHT_CLIENT;
}

/* 0: cannot be a pair. `by` collects the grounds; *sure: whose session it is. */
static int32_t
weigh(const struct pairing *p, uint32_t i, uint32_t j, uint16_t *by, bool *sure)
{
	const struct trace *w = &p->wire[i], *l = &p->log[j];
	int64_t window = p->c->config.window_ns + CLOCK_NS_PER_S / 2,
		open = distance(p, w, p->times[j].open), close;
	bool whole = (w->flags & l->flags & TRACE_WHOLE) != 0;
	int32_t weight = WEIGHT_CLIENT, parties;
	uint8_t clash = trace_clash(w, l);

	*by = 0;
	*sure = true;
	if (open < 0)
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
	/* A plain REJECT names no parties. */
	whole = whole && (l->action != LOG_ACTION_REJECT || (l->flags & TRACE_DELAYED));
	parties = weigh_parties(w->senders, l->senders, whole);
	*by |= (uint16_t)((parties > 0) << MATCH_BY_SENDER);
	weight += parties;
	parties = weigh_parties(w->recipients, l->recipients, whole);
	*by |= (uint16_t)((parties > 0) << MATCH_BY_RECIPIENTS);
	weight += parties;
	if (clash & (CLASH_ACTION | CLASH_STAGE)) {
		weight -= WEIGHT_ACTION;
	} else if (is_unmet(w)) {
		weight -= WEIGHT_UNMET;
	} else if (l->action != LOG_ACTION_NONE && w->verdict != VERDICT_INCOMPLETE) {
		weight += WEIGHT_ACTION;
		*by |= 1u << MATCH_BY_ACTION;
	}
	if (w->flags & l->flags & TRACE_TLS) {
		weight += WEIGHT_TLS;
		*by |= 1u << MATCH_BY_TLS;
	}
	return weight > 1 ? weight : 1; /* there may be nothing better */
}

static int32_t
weight_of(void *ctx, uint32_t i, uint32_t j)
{
	const struct pairing *p = ctx;
	uint16_t by;
	bool sure;

	return weigh(p, i, j, &by, &sure);
}

/* --- how sure
 * ------------------------------------------------------------------------------------- */

static uint8_t
clash_of(const struct correlate *c, const struct trace *w, const struct trace *l)
{
	uint8_t clash = trace_clash(w, l);

	/* Where lines are missing, or the session is cut, a missing line says nothing. */
	if ((c->lossy || (l->flags & TRACE_WHOLE) == 0) && (clash & CLASH_ABSENT))
		clash &= CLASH_PARTIES;
	return clash & (uint8_t)~CLASH_ABSENT;
}

struct outlook { /* what is left of a match when its rivals are looked at */
	uint8_t clash;
	bool ambiguous;
};

/*
 * The assignments that differ from this one in one pair or in two, and weigh nearly the same: i
 * takes another session (exchanging it with whoever has it), or another connection takes i's.
 */
static struct outlook
look_around(const struct align *a, const uint32_t *right, const uint32_t *left, uint32_t i)
{
	const struct pairing *p = a->ctx;
	uint32_t mine = right[i];
	int32_t now = a->weight(a->ctx, i, mine);
	struct outlook o = { clash_of(p->c, &p->wire[i], &p->log[mine]), false };
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
			o.clash &= clash_of(p->c, &p->wire[i], &p->log[j]);
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

static void
store(struct correlate *c, const struct pairing *p, const struct align *a, const uint32_t *right,
    const uint32_t *left)
{
	for (uint32_t i = 0; i < a->n; i++) {
		struct match *m = &c->matches[c->match_count];
		struct outlook o;
		bool strong, whose;

		if (right[i] == ALIGN_NONE)
			continue;
		o = look_around(a, right, left, i);
		*m = (struct match){
			.connection = p->wire[i].id,
			.session = p->log[right[i]].id,
			.clash = o.clash,
		};
		weigh(p, i, right[i], &m->by, &whose);
		m->ambiguous = o.ambiguous || !whose || !c->clock.sure;
		if (!whose || !c->clock.sure)
			m->clash = 0; /* what it rests on is too little to accuse anybody */
		strong = (m->by & (1u << MATCH_BY_OPEN | 1u << MATCH_BY_RECIPIENTS)) != 0;
		m->confidence = o.ambiguous || !strong || !c->clock.sure ? CONFIDENCE_LOW
		                : p->left_over                           ? CONFIDENCE_MEDIUM
		                                                         : CONFIDENCE_HIGH;
		c->of_connection[m->connection] = c->of_session[m->session] =
		    (uint32_t)++c->match_count;
	}
}

/* --- all pairs
 * ------------------------------------------------------------------------------------- */

/* The sessions that may be of each connection, as bands; what lies outside is too far in time. */
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

/* Bands of a bearable size: first the allowance for DNS is given up, then the reach is halved. */
static void
choose_bands(struct pairing *p, uint32_t n, uint32_t m, uint32_t *from, uint32_t *to)
{
	while (set_bands(p, n, m, from, to) > MAX_CELLS && p->reach_ns > CLOCK_NS_PER_S) {
		if (p->late_ns == 0)
			p->reach_ns /= 2;
		p->late_ns = 0;
	}
}

/* The pairs of one client, or of those left over; sorted by time. */
static enum status
pair_up(struct correlate *c, const struct trace *wire, size_t n, const struct trace *log, size_t m,
    bool left_over)
{
	struct span_ns *times = malloc((m + 1) * sizeof *times);
	struct pairing p = { c, wire, log, times, c->config.window_ns + CLOCK_NS_PER_S / 2,
		CORRELATE_DNS_NS, left_over };
	uint32_t *room = malloc((3 * n + m + 1) * sizeof *room);
	uint32_t *right = room + 2 * n, *left = room + 3 * n;
	struct align a = { (uint32_t)n, (uint32_t)m, room, room + n, weight_of, &p };
	bool ok = room != NULL && times != NULL;

	for (size_t j = 0; ok && j < m; j++)
		times[j] =
		    (struct span_ns){ aligned(c, log[j].open_ns), aligned(c, log[j].close_ns) };
	if (ok)
		choose_bands(&p, a.n, a.m, room, room + n);
	ok = ok && align_run(&a, right);
	if (ok) {
		for (size_t j = 0; j < m; j++)
			left[j] = ALIGN_NONE;
		for (uint32_t i = 0; i < a.n; i++) {
			if (right[i] != ALIGN_NONE)
				left[right[i]] = i;
		}
		store(c, &p, &a, right, left);
	}
	free(room);
	free(times);
	return ok ? STATUS_OK : STATUS_NOMEM;
}

/*
 * Some of the pairs of one client, for the clock: slices of its connections, spread over the time,
 * with the sessions that may belong to them.
 */
static enum status
pair_slices(
    struct correlate *c, const struct trace *wire, size_t n, const struct trace *log, size_t m)
{
	int64_t window = c->config.window_ns + CLOCK_NS_PER_S / 2;
	enum status status = STATUS_OK;
	size_t lo = 0, hi = 0;

	if (n <= SLICES * SLICE)
		return pair_up(c, wire, n, log, m, false);
	for (size_t k = 0; k < SLICES && status == STATUS_OK; k++) {
		const struct trace *w = wire + k * (n / SLICES);

		while (lo < m && aligned(c, log[lo].open_ns) < w->open_ns - window)
			lo++;
		hi = hi < lo ? lo : hi;
		while (hi < m && aligned(c, log[hi].open_ns) <= w[SLICE - 1].open_ns + window)
			hi++;
		status = pair_up(c, w, SLICE, log + lo, hi - lo, false);
	}
	return status;
}

static size_t
group_end(const struct list *l, size_t from)
{
	size_t to = from;

	while (to < l->count && memcmp(&l->v[to].addr, &l->v[from].addr, sizeof l->v->addr) == 0)
		to++;
	return to;
}

static enum status
pair_clients(struct correlate *c, bool for_clock)
{
	size_t i = 0, j = 0;
	enum status status = STATUS_OK;

	c->match_count = 0;
	memset(c->of_connection, 0, (c->last_connection + 1) * sizeof *c->of_connection);
	memset(c->of_session, 0, (c->last_session + 1) * sizeof *c->of_session);
	while (i < c->wire.count && j < c->log.count && status == STATUS_OK &&
	       !(for_clock && c->match_count > CLOCK_MATCHES)) {
		int order = memcmp(&c->wire.v[i].addr, &c->log.v[j].addr, sizeof c->wire.v->addr);
		size_t i_end = group_end(&c->wire, i), j_end = group_end(&c->log, j);

		if (order == 0 && c->wire.v[i].addr.family != 0) {
			size_t known = j;

			/* Those whose opening is not known sort first, and cannot be placed. */
			while (known < j_end && c->log.v[known].open_ns == TRACE_NEVER)
				known++;
			status = for_clock ? pair_slices(c, c->wire.v + i, i_end - i,
						 c->log.v + known, j_end - known)
			                   : pair_up(c, c->wire.v + i, i_end - i, c->log.v + known,
						 j_end - known, false);
		}
		i = order <= 0 ? i_end : i;
		j = order >= 0 ? j_end : j;
	}
	return status;
}

static int
by_time(const void *a, const void *b)
{
	const struct trace *x = a, *y = b;

	if (x->open_ns != y->open_ns)
		return x->open_ns < y->open_ns ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* Traces of the list that have no match yet and, of sessions, no client; by time. */
static enum status
left_over(const struct list *l, const uint32_t *matched, bool sessions, struct list *out)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct trace *t = &l->v[i];

		if (matched[t->id] != 0 || t->open_ns == TRACE_NEVER ||
		    (sessions && t->addr.family != 0))
			continue;
		if (append(out, t) != STATUS_OK)
			return STATUS_NOMEM;
	}
	if (out->count > 0)
		qsort(out->v, out->count, sizeof *out->v, by_time);
	return STATUS_OK;
}

static enum status
pair_left_over(struct correlate *c)
{
	struct list wire = { 0 }, log = { 0 };
	enum status status = left_over(&c->log, c->of_session, true, &log);

	if (status == STATUS_OK && log.count > 0)
		status = left_over(&c->wire, c->of_connection, false, &wire);
	if (status == STATUS_OK && log.count > 0 && wire.count > 0)
		status = pair_up(c, wire.v, wire.count, log.v, log.count, true);
	free(wire.v);
	free(log.v);
	return status;
}

/* The time between the two clocks, by every match that nothing rivals. */
static enum status
refine_clock(struct correlate *c)
{
	int64_t *at = malloc((c->match_count + 1) * sizeof *at);
	int64_t *delta = malloc((c->match_count + 1) * sizeof *delta);
	const struct trace **wire = calloc(c->last_connection + 1, sizeof *wire);
	const struct trace **log = calloc(c->last_session + 1, sizeof *log);
	size_t n = 0;
	bool ok = at != NULL && delta != NULL && wire != NULL && log != NULL;

	for (size_t i = 0; ok && i < c->wire.count; i++)
		wire[c->wire.v[i].id] = &c->wire.v[i];
	for (size_t i = 0; ok && i < c->log.count; i++)
		log[c->log.v[i].id] = &c->log.v[i];
	/* Ids of connections are in the order of time. */
	for (uint64_t id = 1; ok && id <= c->last_connection; id++) {
		const struct match *m = correlate_of_connection(c, id);

		if (m == NULL || m->ambiguous || wire[id] == NULL)
			continue;
		at[n] = wire[id]->open_ns;
		delta[n++] = log[m->session]->open_ns - wire[id]->open_ns;
	}
	if (ok)
		clock_refine(&c->clock, at, delta, n);
	free(at);
	free(delta);
	free(wire);
	free(log);
	return ok ? STATUS_OK : STATUS_NOMEM;
}

enum status
correlate_run(struct correlate *c, const char *offset_from)
{
	bool known = offset_from != NULL;
	enum status status;

	c->matches = calloc(c->wire.count + 1, sizeof *c->matches);
	c->of_connection = calloc(c->last_connection + 1, sizeof *c->of_connection);
	c->of_session = calloc(c->last_session + 1, sizeof *c->of_session);
	if (c->matches == NULL || c->of_connection == NULL || c->of_session == NULL)
		return STATUS_NOMEM;
	if (c->wire.count > 0)
		qsort(c->wire.v, c->wire.count, sizeof *c->wire.v, by_client);
	if (c->log.count > 0)
		qsort(c->log.v, c->log.count, sizeof *c->log.v, by_client);
	c->lossy = log_is_lossy(c);
	if (!c->clock_known)
		clock_estimate(c->wire.v, c->wire.count, c->log.v, c->log.count, known, &c->clock);
	/* Once with the estimate, once with what its matches tell. */
	status = pair_clients(c, true);
	if (status == STATUS_OK)
		status = refine_clock(c);
	if (status == STATUS_OK)
		status = pair_clients(c, false);
	if (status == STATUS_OK)
		status = pair_left_over(c);
	if (known)
		c->clock.method = offset_from;
	/* Of a log with sessions the header may have been put before a later part. */
	if (known && c->log_first_ns > c->log_last_ns) {
		c->log_first_ns = c->lines_first_ns;
		c->log_last_ns = c->lines_last_ns;
	}
	return status;
}

/* --- answers
 * ------------------------------------------------------------------------------------------- */

const struct match *
correlate_of_connection(const struct correlate *c, uint64_t id)
{
	uint32_t i = id <= c->last_connection ? c->of_connection[id] : 0;

	return i == 0 ? NULL : &c->matches[i - 1];
}

const struct match *
correlate_of_session(const struct correlate *c, uint64_t id)
{
	uint32_t i = id <= c->last_session ? c->of_session[id] : 0;

	return i == 0 ? NULL : &c->matches[i - 1];
}

uint64_t
correlate_matches(const struct correlate *c)
{
	return c->match_count;
}

const struct clock *
correlate_clock(const struct correlate *c)
{
	return &c->clock;
}

bool
correlate_log_lossy(const struct correlate *c)
{
	return c->lossy;
}

bool
correlate_log_covers(const struct correlate *c, const struct record *rec)
{
	int64_t window = c->config.window_ns;

	if (c->log_first_ns > c->log_last_ns)
		return false;
	return rec->start_ns >= clock_to_wire(&c->clock, c->log_first_ns) - window &&
	       rec->end_ns <= clock_to_wire(&c->clock, c->log_last_ns) + window;
}

bool
correlate_capture_covers(const struct correlate *c, const struct log_session *s)
{
	int64_t opened = log_session_opened(s), at;

	if (opened == LOG_TIME_NONE || c->wire_first_ns > c->wire_last_ns)
		return false;
	at = clock_to_wire(&c->clock, trace_log_ns(s, opened));
	return capture_ran(c, at, 0);
}
