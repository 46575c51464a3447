/*
 * What the HAT decides for a peer, against what the log and the wire say.
 */
#include <stdio.h>

#include "analyzer/correlate/join_pair.h"
#include "analyzer/correlate/logged.h"

/* Everything the log knows of the peer helps the HAT to decide. */
void
join_decide(struct pair *p)
{
	const struct log_session *s = p->match != NULL && !p->match->ambiguous ? p->s : NULL;
	struct hat_peer peer = logged_peer(p->rec->client.addr, s);

	hat_decide(p->join->hat, &peer, &p->decision);
}

const struct hat_group *
join_group_of(const struct pair *p, uint32_t entry)
{
	size_t n;

	return &hat_groups(p->join->hat, &n)[hat_entries(p->join->hat, &n)[entry].group];
}

/* The outcomes that are still possible: the decision, or each candidate. */
static uint32_t
possible(const struct pair *p, uint32_t i, const struct hat_group **group)
{
	const struct hat_decision *d = &p->decision;

	if (d->certain) {
		*group = d->entry == HAT_NO_INDEX ? NULL : join_group_of(p, d->entry);
		return *group != NULL;
	}
	if (i < d->candidate_count)
		*group = join_group_of(p, d->candidates[i]);
	return d->candidate_count;
}

/* A rule that is not known may be any: CONTINUE too, and then other groups decide. */
static bool
may_be_any(const struct hat_group *g)
{
	return g->action == HAT_ACTION_UNKNOWN;
}

/* Whether a line would be in the log if what it tells of had happened. */
static bool
log_is_whole(const struct pair *p)
{
	struct trace log;

	if (p->s == NULL)
		return p->rec->verdict == VERDICT_DELAYED_REJECT && !p->lossy;
	trace_of_session(p->s, &log);
	return (log.flags & TRACE_WHOLE) && !p->lossy;
}

/* A listener that rejects with its greeting greets nobody whom the HAT rejects. */
static bool
greets_rejected(const struct pair *p, const struct hat_group *g)
{
	return g->action == HAT_ACTION_REJECT && p->join->delayed_reject == KNOWN_NO &&
	       !(p->s != NULL && p->s->delayed) && p->rec->verdict == VERDICT_ACCEPTED;
}

/*
 * The wire against an action of the HAT, by the same table as against a logged one. Whether
 * REJECT is delayed is known from the session or the option; where it is not, both stages agree.
 */
static bool
action_clashes(const struct pair *p, const struct hat_group *g)
{
	struct trace wire,
	    as_logged = { .action = (uint8_t)logged_action_of(g), .flags = TRACE_DELAYED };
	uint8_t clash;

	if (greets_rejected(p, g))
		return true;
	trace_of_record(p->rec, &wire);
	if (p->s != NULL && p->s->auth == LOG_AUTH_SUCCEEDED)
		as_logged.flags |= TRACE_AUTH;
	if (p->s != NULL && p->s->recipients.count > 0 && !p->s->delayed)
		as_logged.flags |= TRACE_REFUSED; /* the log has reasons of its own for refusals */
	clash = trace_clash(&wire, &as_logged);
	return (clash & CLASH_ACTION) && ((clash & CLASH_ABSENT) == 0 || log_is_whole(p));
}

static void
check_group(struct pair *p)
{
	const struct hat_group *g = NULL;
	uint32_t n = possible(p, 0, &g);
	char name[QUOTE_ROOM];

	if (p->s == NULL || p->match->ambiguous || n == 0 || p->decision.more ||
	    !log_text_present(p->s->text[LOG_TEXT_GROUP]))
		return;
	for (uint32_t i = 0; i < n; i++) {
		possible(p, i, &g);
		if (may_be_any(g) || logged_group_is(p->s, g))
			return;
	}
	pair_find(p, JOIN_HAT_GROUP,
	    "the log says %s, the HAT decides %ssender group %s (line %u) for this peer",
	    p->log_says, p->decision.certain ? "" : "among others ", pair_quote(name, g->name),
	    g->line);
}

static void
check_hat_action(struct pair *p)
{
	const struct hat_group *g = NULL;
	uint32_t n = possible(p, 0, &g);
	char name[QUOTE_ROOM], why[QUOTE_ROOM];

	if (n == 0 || p->decision.more)
		return;
	for (uint32_t i = 0; i < n; i++) {
		possible(p, i, &g);
		if (may_be_any(g) || !action_clashes(p, g))
			return;
	}
	pair_find(p, JOIN_HAT_ACTION,
	    "the HAT decides %s by sender group %s (line %u), the wire shows %s: %s",
	    hat_action_name(g->action), pair_quote(name, g->name), g->line,
	    verdict_name(p->rec->verdict), pair_wire_says(p, why));
}

static void
check_undecided(struct pair *p)
{
	char list[256] = "", name[QUOTE_ROOM];
	size_t used = 0;

	if (p->decision.certain || p->decision.candidate_count == 0)
		return;
	for (uint32_t i = 0; i < p->decision.candidate_count && used < sizeof list - 1; i++) {
		const struct hat_group *g = join_group_of(p, p->decision.candidates[i]);
		const char *does = hat_action_name(g->action);
		int n = snprintf(list + used, sizeof list - used, "%s%s %s", i > 0 ? ", " : "",
		    pair_quote(name, g->name), does != NULL ? does : "by a rule that is not known");

		used += n > 0 ? (size_t)n : 0;
	}
	pair_find(p, JOIN_HAT_UNDECIDED, "the HAT may decide: %s", list);
}

void
join_check_hat(struct pair *p)
{
	check_group(p);
	check_hat_action(p);
	check_undecided(p);
}
