#include "analyzer/correlate/join.h"

#include <stdio.h>

#include "analyzer/correlate/join_pair.h"

static void
store_session(struct pair *p)
{
	struct span block = record_add_array(p->out, p->s, p->s->size, 1);

	p->out->rec->log = block;
	p->out->rec->matched_by = p->match->by;
	p->out->rec->log_confidence = p->match->confidence;
	/* The log confirms what was read from the replies' text. */
	if (p->rec->verdict == VERDICT_DELAYED_REJECT && p->s->delayed &&
	    p->s->action == LOG_ACTION_REJECT && p->match->clash == 0 && !p->match->ambiguous)
		p->out->rec->confidence = CONFIDENCE_HIGH;
}

static struct text
store_text(struct pair *p, struct bytes text)
{
	if (text.p == NULL)
		return (struct text){ 0, RECORD_NONE };
	return record_add_text(p->out, text);
}

static void
store_decision(struct pair *p)
{
	const struct hat_decision *d = &p->decision;
	struct record_hat hat = { .present = true, .certain = d->certain };
	const char *action = hat_action_name(d->action);

	hat.sender_group = store_text(p, d->sender_group);
	hat.policy = store_text(p, d->policy);
	hat.action = store_text(p, action != NULL ? bytes_str(action) : bytes_of(NULL, 0));
	hat.candidates =
	    record_add_array(p->out, NULL, sizeof(struct record_candidate), d->candidate_count);
	for (uint32_t i = 0; i < hat.candidates.count; i++) {
		const struct hat_group *g = join_group_of(p, d->candidates[i]);
		const char *does = hat_action_name(g->action),
			   *why = hat_decision_why(p->join->hat, d, i);
		struct record_candidate c;

		c.sender_group = store_text(p, g->name);
		c.policy = store_text(p, g->policy);
		c.action = store_text(p, does != NULL ? bytes_str(does) : bytes_of(NULL, 0));
		c.why = store_text(p, why != NULL ? bytes_str(why) : bytes_of(NULL, 0));
		*(struct record_candidate *)record_element(p->out, hat.candidates, sizeof c, i) = c;
	}
	p->out->rec->hat = hat;
}

/* Another HAT than the one that is given decides there. */
static bool
is_other_listener(const struct join *j, const struct record *rec, const struct log_session *s)
{
	const struct addr *at =
	    s != NULL && s->interface_addr.family != 0 ? &s->interface_addr : &rec->server.addr;

	return j->gateway != NULL && gateway_has_other_hat(j->gateway, at);
}

void
join_connection(const struct join *j, const struct record *rec, const struct match *match,
    const struct log_session *s, struct record_builder *out)
{
	struct pair p = { .join = j, .rec = rec, .match = match, .s = s, .out = out };

	p.lossy = j->correlate != NULL && correlate_log_lossy(j->correlate);
	record_builder_copy(out, rec);
	findings_init(&p.found, rec);
	if (s != NULL) {
		pair_describe(j, s, p.log_says, sizeof p.log_says);
		store_session(&p);
	}
	if (s == NULL && j->gateway != NULL && gateway_delivers(j->gateway, rec)) {
		findings_store(&p.found, out);
		return;
	}
	join_check_log(&p);
	if (j->hat != NULL && rec->verdict != VERDICT_UNANSWERED &&
	    rec->verdict != VERDICT_PORT_CLOSED && !is_other_listener(j, rec, s)) {
		join_decide(&p);
		store_decision(&p);
		join_check_hat(&p);
	}
	findings_store(&p.found, out);
}

bool
join_session(const struct join *j, const struct log_session *s, char *message, size_t room)
{
	char says[512];

	if (j->correlate == NULL || !correlate_capture_covers(j->correlate, s))
		return false;
	pair_describe(j, s, says, sizeof says);
	snprintf(message, room, "the log says %s, the capture has no such connection", says);
	return true;
}
