#include "analyzer/hat/hat_table.h"

#define SEEN_BITS 1024

/* What one decision works with. */
struct choice {
	const struct hat *h;
	struct hat_decision *out;
	/* One bit for the outcomes of equal remainder: most that are new are seen to be so. */
	uint64_t seen[SEEN_BITS / 64];
};

static const struct hat_group *
group_of(const struct hat *h, uint32_t entry)
{
	return &hat_table_groups(h)[hat_table_entries(h)[entry].group];
}

static bool
is_there(const struct choice *c, uint32_t outcome)
{
	const struct hat_decision *d = c->out;

	for (uint32_t i = 0; i < d->candidate_count; i++)
		if (group_of(c->h, d->candidates[i])->outcome == outcome)
			return true;
	return false;
}

/* Adds the entry unless its outcome is there. */
static void
add(struct choice *c, uint32_t entry)
{
	struct hat_decision *d = c->out;
	uint32_t outcome = group_of(c->h, entry)->outcome, bit = outcome % SEEN_BITS;
	uint64_t mask = UINT64_C(1) << bit % 64, *seen = &c->seen[bit / 64];

	if ((*seen & mask) != 0 && is_there(c, outcome))
		return;
	*seen |= mask;
	if (d->candidate_count == HAT_MAX_CANDIDATES)
		d->more = true;
	else
		d->candidates[d->candidate_count++] = entry;
}

/* The entries, in order, that may match: a prepared list for each fact that is not known. */
static size_t
unsure_lists(const struct hat *h, const struct hat_peer *peer, struct hat_list *lists)
{
	const struct hat_index *x = &h->index;
	size_t n = 0;

	for (int k = 0; k < HAT_CLASS_COUNT; k++)
		if (hat_index_is_unsure((enum hat_class)k, peer))
			lists[n++] = x->unsure[k];
	/* A country that is known may still be written in another form. */
	if (peer->country_state == HAT_KNOWN)
		lists[n++] = x->countries;
	return n;
}

/* All that may match before entry `until`, in order; no more once they do not fit. */
static void
add_unsure(struct choice *c, const struct hat_peer *peer, uint32_t until)
{
	struct hat_list lists[HAT_CLASS_COUNT + 1];
	size_t n = unsure_lists(c->h, peer, lists);

	while (!c->out->more) {
		struct hat_list *first = NULL;
		uint32_t next = until;

		for (size_t k = 0; k < n; k++)
			if (lists[k].count > 0 && lists[k].at[0] < next) {
				first = &lists[k];
				next = first->at[0];
			}
		if (first == NULL)
			return;
		first->at++;
		first->count--;
		if (hat_host_match(&hat_table_entries(c->h)[next].host, peer) == HAT_MAYBE)
			add(c, next);
	}
}

/* What all candidates say alike. */
static void
agree(struct choice *c)
{
	struct hat_decision *d = c->out;
	const struct hat_group *first = group_of(c->h, d->candidates[0]);

	d->sender_group = first->name;
	d->policy = first->policy;
	d->action = first->action;
	for (uint32_t i = 1; i < d->candidate_count; i++) {
		const struct hat_group *g = group_of(c->h, d->candidates[i]);

		if (!bytes_eq(d->sender_group, g->name))
			d->sender_group = bytes_of(NULL, 0);
		if (!bytes_eq(d->policy, g->policy))
			d->policy = bytes_of(NULL, 0);
		if (d->action != (enum hat_action)g->action)
			d->action = HAT_ACTION_UNKNOWN;
	}
}

/* A score at the very end of the entry's range: whether that is of it no source tells. */
static bool
at_an_end(const struct hat *h, const struct hat_peer *peer, uint32_t entry)
{
	const struct hat_host *host;
	struct hat_key score;

	if (entry == HAT_NO_INDEX || peer->sbrs_state != HAT_KNOWN)
		return false;
	host = &hat_table_entries(h)[entry].host;
	score = hat_score_key(peer->sbrs);
	return host->kind == HAT_KIND_SCORE &&
	       (hat_key_compare(host->lo, score) == 0 || hat_key_compare(host->hi, score) == 0);
}

/*
 * The gateway names its match: those before it did not match, and it did, if nothing speaks
 * against it. True: so nothing is left undecided.
 */
static bool
settle(const struct hat *h, const struct hat_peer *peer, uint32_t *sure)
{
	uint32_t named = hat_index_named(&h->index, peer->matched);

	if (named == HAT_NO_INDEX ||
	    hat_host_match(&hat_table_entries(h)[named].host, peer) == HAT_NO)
		return false;
	if (named < *sure || at_an_end(h, peer, *sure))
		*sure = named;
	return true;
}

void
hat_decide(const struct hat *h, const struct hat_peer *peer, struct hat_decision *out)
{
	struct choice c = { .h = h, .out = out };

	out->sender_group = out->policy = bytes_of(NULL, 0);
	out->action = HAT_ACTION_UNKNOWN;
	out->certain = out->more = false;
	out->candidate_count = 0;
	out->entry = hat_index_first(&h->index, hat_table_entries(h), peer);
	if (!settle(h, peer, &out->entry))
		add_unsure(&c, peer, out->entry);
	if (out->entry == HAT_NO_INDEX)
		return;
	add(&c, out->entry);
	if (out->more)
		return;
	agree(&c);
	/* Undecided entries of the very same outcome do not matter. */
	if (out->candidate_count == 1 && out->action != HAT_ACTION_UNKNOWN) {
		out->certain = true;
		out->candidate_count = 0;
	}
}

uint32_t
hat_decision_group(const struct hat *h, const struct hat_decision *d)
{
	return d->entry == HAT_NO_INDEX ? HAT_NO_INDEX : hat_table_entries(h)[d->entry].group;
}

const char *
hat_decision_why(const struct hat *h, const struct hat_decision *d, uint32_t i)
{
	uint32_t entry = d->candidates[i];

	if (entry != d->entry)
		return hat_kind_why(hat_table_entries(h)[entry].host.kind);
	return group_of(h, entry)->action == HAT_ACTION_UNKNOWN ? "its rule is not known" : NULL;
}
