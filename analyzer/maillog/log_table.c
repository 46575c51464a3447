#include "analyzer/maillog/log_table.h"

#include <stdlib.h>

static struct log_key
key_of(enum log_key_kind kind, uint16_t appliance, uint64_t number)
{
	return (struct log_key){ number, appliance, (uint8_t)kind };
}

static struct log_queue *
queue_of(struct log_table *t, const struct log_draft *d)
{
	return d->closed ? &t->closed : &t->open;
}

static void
append(struct log_queue *q, struct log_draft *d)
{
	d->older = q->newest;
	d->newer = NULL;
	if (q->newest != NULL)
		q->newest->newer = d;
	else
		q->oldest = d;
	q->newest = d;
	q->count++;
}

static void
take_out(struct log_queue *q, struct log_draft *d)
{
	if (d->older != NULL)
		d->older->newer = d->newer;
	else
		q->oldest = d->newer;
	if (d->newer != NULL)
		d->newer->older = d->older;
	else
		q->newest = d->older;
	q->count--;
}

void
log_table_init(struct log_table *t, size_t max_open, size_t max_memory, struct limits *limits,
    log_session_sink *sink, void *ctx)
{
	memset(t, 0, sizeof *t);
	t->max_open = max_open;
	t->keep.budget.max = max_memory;
	t->keep.limits = limits;
	t->clock_ns = LOG_TIME_NONE;
	t->sink = sink;
	t->ctx = ctx;
}

static void
free_draft(struct log_table *t, struct log_draft *d)
{
	log_draft_clear(d, &t->keep);
	budget_give(&t->keep.budget, sizeof *d);
	free(d);
}

/* For the next session, unless memory is short. */
static void
discard(struct log_table *t, struct log_draft *d)
{
	if (t->keep.budget.used > t->keep.budget.max / 2) {
		free_draft(t, d);
		return;
	}
	log_draft_shrink(d, &t->keep);
	d->newer = t->spare;
	t->spare = d;
}

static void
free_queue(struct log_table *t, struct log_draft *d)
{
	while (d != NULL) {
		struct log_draft *newer = d->newer;

		free_draft(t, d);
		d = newer;
	}
}

void
log_table_clear(struct log_table *t)
{
	free_queue(t, t->open.oldest);
	free_queue(t, t->closed.oldest);
	free_queue(t, t->spare);
	log_index_clear(&t->index);
}

static void
forget_numbers(struct log_table *t, struct log_draft *d)
{
	const struct log_message *m = d->messages.at;

	log_index_remove(&t->index, key_of(LOG_KEY_ICID, d->s.appliance, d->s.icid), d);
	for (size_t i = 0; i < d->messages.used / sizeof *m; i++)
		log_index_remove(&t->index, key_of(LOG_KEY_MID, d->s.appliance, m[i].mid), d);
}

void
log_table_end(struct log_table *t, struct log_draft *d)
{
	take_out(queue_of(t, d), d);
	forget_numbers(t, d);
	t->unnamed -= d->s.appliance == 0;
	t->sink(t->ctx, log_draft_session(d, &t->room));
	discard(t, d);
}

/* Ends the sessions of a queue that no line came in for since `age_ns`. */
static void
expire(struct log_table *t, struct log_queue *q, int64_t age_ns)
{
	while (q->oldest != NULL) {
		/* Lines without a stamp came before the first with one: they count as now. */
		if (q->oldest->touched_ns == LOG_TIME_NONE)
			q->oldest->touched_ns = t->clock_ns;
		if (t->clock_ns - q->oldest->touched_ns <= age_ns)
			break;
		log_table_end(t, q->oldest);
	}
}

void
log_table_clock(struct log_table *t, int64_t now_ns)
{
	if (now_ns == t->clock_ns)
		return;
	t->clock_ns = now_ns;
	expire(t, &t->closed, LOG_LINGER_NS);
	expire(t, &t->open, LOG_IDLE_NS);
}

void
log_table_quiet(struct log_table *t)
{
	while (t->closed.oldest != NULL)
		log_table_end(t, t->closed.oldest);
}

void
log_table_peek(struct log_table *t, log_session_sink *sink, void *ctx)
{
	const struct log_draft *oldest[] = { t->closed.oldest, t->open.oldest };

	for (size_t i = 0; i < sizeof oldest / sizeof oldest[0]; i++)
		for (const struct log_draft *d = oldest[i]; d != NULL; d = d->newer)
			sink(ctx, log_draft_session(d, &t->room));
}

void
log_table_finish(struct log_table *t)
{
	log_table_quiet(t);
	while (t->open.oldest != NULL)
		log_table_end(t, t->open.oldest);
}

/* The draft's numbers are that appliance's from now on. */
static bool
adopt(struct log_table *t, struct log_draft *d, uint16_t appliance)
{
	const struct log_message *m = d->messages.at;

	forget_numbers(t, d);
	d->s.appliance = appliance;
	t->unnamed--;
	for (size_t i = 0; i < d->messages.used / sizeof *m; i++)
		(void)log_index_put(&t->index, key_of(LOG_KEY_MID, appliance, m[i].mid), d);
	return log_index_put(&t->index, key_of(LOG_KEY_ICID, appliance, d->s.icid), d);
}

struct log_draft *
log_table_find(struct log_table *t, uint16_t appliance, uint64_t icid)
{
	struct log_draft *d = t->open.newest;

	/* Two lines of one session often follow each other. */
	if (d != NULL && d->s.icid == icid && d->s.appliance == appliance)
		return d;
	d = log_index_get(&t->index, key_of(LOG_KEY_ICID, appliance, icid));
	if (d != NULL || appliance == 0 || t->unnamed == 0)
		return d;
	d = log_index_get(&t->index, key_of(LOG_KEY_ICID, 0, icid));
	return d != NULL && adopt(t, d, appliance) ? d : NULL;
}

struct log_draft *
log_table_find_mid(struct log_table *t, uint16_t appliance, uint64_t mid)
{
	struct log_draft *d = log_index_get(&t->index, key_of(LOG_KEY_MID, appliance, mid));

	if (d != NULL || appliance == 0 || t->unnamed == 0)
		return d;
	return log_index_get(&t->index, key_of(LOG_KEY_MID, 0, mid));
}

struct log_draft *
log_table_find_peer(struct log_table *t, const struct addr *peer)
{
	struct log_draft *found = NULL;

	for (struct log_draft *d = t->open.newest; d != NULL; d = d->older) {
		if (memcmp(&d->s.peer, peer, sizeof *peer) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = d;
	}
	return found;
}

/* An empty draft in no queue; NULL without memory. */
static struct log_draft *
new_draft(struct log_table *t)
{
	struct log_draft *d = t->spare;

	if (d != NULL) {
		t->spare = d->newer;
	} else {
		if (!budget_take(&t->keep.budget, sizeof *d))
			return NULL;
		d = calloc(1, sizeof *d);
		if (d == NULL) {
			budget_give(&t->keep.budget, sizeof *d);
			return NULL;
		}
	}
	log_draft_reset(d);
	return d;
}

/* Makes room for one more; a closed session loses nothing by ending now. */
static void
evict(struct log_table *t)
{
	const struct budget *b = &t->keep.budget;

	while (t->open.count + t->closed.count >= t->max_open || b->used > b->max / 4 * 3) {
		if (t->closed.oldest != NULL) {
			log_table_end(t, t->closed.oldest);
		} else if (t->open.oldest != NULL) {
			limits_hit(
			    t->keep.limits, LIMIT_LOG_SESSIONS_EVICTED, !t->open.oldest->s.event);
			log_table_end(t, t->open.oldest);
		} else {
			break;
		}
	}
}

struct log_draft *
log_table_begin(struct log_table *t, uint16_t appliance, uint64_t icid)
{
	struct log_draft *d;

	evict(t);
	d = new_draft(t);
	if (d == NULL)
		return NULL;
	d->s.icid = icid;
	d->s.appliance = appliance;
	if (icid != 0 && !log_index_put(&t->index, key_of(LOG_KEY_ICID, appliance, icid), d)) {
		discard(t, d);
		return NULL;
	}
	d->s.id = ++t->last_id;
	t->unnamed += appliance == 0;
	append(&t->open, d);
	return d;
}

struct log_message *
log_table_message(struct log_table *t, struct log_draft *d, uint64_t mid)
{
	struct log_message *m = log_draft_message(d, mid);

	if (m != NULL)
		return m;
	m = log_draft_add_message(d, &t->keep, mid);
	/* Not to be found by its number later is a loss that the list does not have. */
	if (m != NULL)
		(void)log_index_put(&t->index, key_of(LOG_KEY_MID, d->s.appliance, mid), d);
	return m;
}

void
log_table_tell(struct log_table *t, uint16_t appliance, uint64_t icid)
{
	struct log_told *told = &t->told[appliance];

	if (told->high == 0 || icid < told->low)
		told->low = icid;
	if (icid > told->high)
		told->high = icid;
}

static bool
is_told(const struct log_told *told, uint64_t icid)
{
	return told->high != 0 && icid >= told->low && icid <= told->high;
}

bool
log_table_told(const struct log_table *t, uint16_t appliance, uint64_t icid)
{
	return is_told(&t->told[appliance], icid) || is_told(&t->told[0], icid);
}

void
log_table_touch(struct log_table *t, struct log_draft *d, bool closed)
{
	d->touched_ns = t->clock_ns;
	if (queue_of(t, d)->newest == d && (d->closed || !closed))
		return;
	take_out(queue_of(t, d), d);
	d->closed |= closed;
	append(queue_of(t, d), d);
}
