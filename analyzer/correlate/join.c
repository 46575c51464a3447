#include "analyzer/correlate/join.h"

#include <stdarg.h>
#include <stdio.h>

#include "capture/base/escape.h"

#define QUOTE_ROOM 160

static const struct {
	const char *rule;
	enum severity severity;
} rules[] = {
#define X(id, rule, severity, means, source) [JOIN_##id] = { rule, severity },
	JOIN_RULES(X)
#undef X
};

/* One connection while it is looked at. */
struct pair {
	const struct join *join;
	const struct record *rec;
	const struct match *match;
	const struct log_session *s;
	struct hat_decision decision;
	struct record_builder *out;
	struct findings found;
	bool lossy;         /* the log lacks lines */
	char log_says[512]; /* "the log says REJECT (mail.log line 3, ICID 4155, ...)" */
};

/* --- words -------------------------------------------------------------------------------- */

/* Text of a log or the wire, safe and short, for a message. */
static const char *
quote(char room[static QUOTE_ROOM], struct bytes text)
{
	escape_text(room, QUOTE_ROOM, text);
	return room;
}

static const char *
session_word(const struct log_session *s, enum log_text_id id, char room[static QUOTE_ROOM])
{
	return quote(room, log_session_text(s, s->text[id]));
}

static void
describe_session(const struct join *j, const struct log_session *s, char *out, size_t room)
{
	const struct log_place *at = s->hat_line.line != 0 ? &s->hat_line : &s->first_line;
	const char *action = log_action_name(s->action);
	char group[QUOTE_ROOM];

	snprintf(out, room, "%s%s%s, sender group %s (%s line %u, ICID %llu)",
	    action != NULL ? action : "no action", s->delayed ? " delayed to RCPT TO" : "",
	    s->auth == LOG_AUTH_SUCCEEDED ? " with SMTP AUTH" : "",
	    session_word(s, LOG_TEXT_GROUP, group), j->log_path(j->ctx, at->file), at->line,
	    (unsigned long long)s->icid);
}

/* The frames that show what the gateway did, or the first and the last. */
static size_t
proof(const struct record *rec, uint64_t frames[static RECORD_MAX_FRAMES])
{
	const struct record_step *steps = record_array(rec, rec->steps);
	size_t n = 0;

	for (uint32_t i = 0; i < rec->steps.count && n < RECORD_MAX_FRAMES; i++) {
		if (steps[i].from == DIR_SERVER && steps[i].frame_no != 0 && i > 1)
			frames[n++] = steps[i].frame_no;
	}
	if (n == 0) {
		frames[n++] = rec->first_frame;
		if (rec->last_frame != rec->first_frame)
			frames[n++] = rec->last_frame;
	}
	return n;
}

static void find(struct pair *p, enum join_rule rule, enum severity severity, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void
find(struct pair *p, enum join_rule rule, enum severity severity, const char *fmt, ...)
{
	uint64_t frames[RECORD_MAX_FRAMES];
	size_t n = proof(p->rec, frames);
	char message[480];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	findings_add(&p->found, p->out, severity, rules[rule].rule, frames, n, "%s", message);
}

static const char *
wire_says(const struct pair *p, char room[static QUOTE_ROOM])
{
	return quote(room, record_text(p->rec, p->rec->reason));
}

/* --- log against wire ------------------------------------------------------------------------ */

static void
check_action(struct pair *p)
{
	static const struct {
		uint8_t clash;
		enum join_rule rule;
	} kinds[] = {
		{ CLASH_ACTION, JOIN_LOG_ACTION },
		{ CLASH_STAGE, JOIN_LOG_STAGE },
		{ CLASH_MAIL, JOIN_LOG_MAIL },
	};
	char why[QUOTE_ROOM];

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (p->match->clash & kinds[i].clash)
			find(p, kinds[i].rule, rules[kinds[i].rule].severity,
			    "the log says %s, the wire shows %s: %s", p->log_says,
			    verdict_name(p->rec->verdict), wire_says(p, why));
	}
}

static bool
logged(const struct log_session *s, struct log_list list, struct bytes address)
{
	const struct log_party *party = log_session_list(s, list);

	for (uint16_t i = 0; i < list.count; i++) {
		if (bytes_case_eq(log_session_text(s, party[i].address), address))
			return true;
	}
	return false;
}

static bool
sent_to(const struct record *rec, struct bytes address)
{
	const struct record_recipient *r = record_array(rec, rec->recipients);

	for (uint32_t i = 0; i < rec->recipients.count; i++) {
		if (bytes_case_eq(record_text(rec, r[i].address), address))
			return true;
	}
	return false;
}

static bool
sent_from(const struct record *rec, struct bytes address)
{
	const struct record_sender *s = record_array(rec, rec->senders);

	for (uint32_t i = 0; i < rec->senders.count; i++) {
		if (bytes_case_eq(record_text(rec, s[i].address), address))
			return true;
	}
	return false;
}

/* The first address that one side has and the other lacks; false when there is none. */
static bool
odd_party(const struct pair *p, struct bytes *address, const char **what)
{
	const struct record_recipient *r = record_array(p->rec, p->rec->recipients);
	const struct record_sender *from = record_array(p->rec, p->rec->senders);
	const struct log_party *party = log_session_list(p->s, p->s->recipients);
	const struct log_party *sender = log_session_list(p->s, p->s->senders);

	for (uint16_t i = 0; i < p->s->recipients.count; i++) {
		*address = log_session_text(p->s, party[i].address);
		*what = "logged recipient %s was not sent";
		if (!sent_to(p->rec, *address))
			return true;
	}
	for (uint16_t i = 0; i < p->s->senders.count; i++) {
		*address = log_session_text(p->s, sender[i].address);
		*what = "logged sender %s was not sent";
		if (!sent_from(p->rec, *address))
			return true;
	}
	/* Where lines are missing, what is not logged says nothing. */
	if (p->lossy)
		return false;
	/* What a gateway refuses for its form need not be logged; what it accepts is. */
	for (uint32_t i = 0; i < p->rec->recipients.count; i++) {
		*address = record_text(p->rec, r[i].address);
		*what = "recipient %s on the wire is not logged";
		if ((r[i].class == RCPT_ACCEPTED || (p->s->delayed && r[i].class == RCPT_ACCESS)) &&
		    !logged(p->s, p->s->recipients, *address))
			return true;
	}
	for (uint32_t i = 0; i < p->rec->senders.count && p->s->senders.count > 0; i++) {
		*address = record_text(p->rec, from[i].address);
		*what = "sender %s on the wire is not logged";
		if (from[i].code / 100 == 2 && p->rec->recipients.count > 0 &&
		    !logged(p->s, p->s->senders, *address))
			return true;
	}
	return false;
}

static void
check_parties(struct pair *p)
{
	char room[QUOTE_ROOM], text[QUOTE_ROOM + 64];
	struct bytes address;
	const char *what;

	if ((p->match->clash & CLASH_PARTIES) == 0 || !odd_party(p, &address, &what))
		return;
	/* `what` is one of the literals above. */
	snprintf(text, sizeof text, what, quote(room, address));
	find(p, JOIN_LOG_RECIPIENT, SEVERITY_WARNING, "%s; the log says %s", text, p->log_says);
}

static void
check_close(struct pair *p)
{
	bool lost = p->s->end == LOG_END_LOST;

	if (p->match->ambiguous || p->rec->verdict == VERDICT_INCOMPLETE)
		return;
	if (lost && p->rec->close == CLOSE_FIN)
		find(p, JOIN_LOG_CLOSE, SEVERITY_INFO,
		    "the log says lost, the wire shows an orderly close; the log says %s",
		    p->log_says);
	else if (p->s->end == LOG_END_CLOSE && p->s->action != LOG_ACTION_TCPREFUSE &&
		 p->rec->close == CLOSE_RST && p->rec->closed_by == DIR_CLIENT)
		find(p, JOIN_LOG_CLOSE, SEVERITY_INFO,
		    "the log says close, the wire shows an RST by the client; the log says %s",
		    p->log_says);
}

static void
check_tls(struct pair *p)
{
	if (p->s->delayed && p->rec->verdict == VERDICT_ACCEPTED &&
	    p->rec->outcome == OUTCOME_ENCRYPTED)
		find(p, JOIN_TLS_UNVERIFIABLE, SEVERITY_INFO,
		    "the log says %s; STARTTLS hides the RCPT stage, so no mismatch is claimed",
		    p->log_says);
}

/* A connection of which the gateway must have known. */
static void
check_missing_session(struct pair *p)
{
	bool refused = p->rec->verdict == VERDICT_TCPREFUSE;
	char why[QUOTE_ROOM];

	if (p->rec->handshake != HANDSHAKE_COMPLETE && p->rec->octets[DIR_SERVER] == 0 && !refused)
		return;
	if (!correlate_log_covers(p->join->correlate, p->rec))
		return;
	find(p, JOIN_LOG_NO_SESSION,
	    refused && p->join->tcprefuse_logged != KNOWN_YES ? SEVERITY_INFO : SEVERITY_WARNING,
	    "the wire shows %s (%s), the log has no session of this connection%s",
	    verdict_name(p->rec->verdict), wire_says(p, why),
	    refused && p->join->tcprefuse_logged == KNOWN_NOT
		? "; a gateway logs TCPREFUSE only with verbose connection logging"
		: "");
}

/* --- HAT against both --- */

/* Everything the log knows of the peer helps the HAT to decide. */
static void
decide(struct pair *p)
{
	struct hat_peer peer = hat_peer_init(p->rec->client.addr);
	const struct log_session *s = p->match != NULL && !p->match->ambiguous ? p->s : NULL;

	if (s != NULL) {
		if (s->verified >= 0)
			hat_peer_host(
			    &peer, log_session_text(s, s->text[LOG_TEXT_HOST]), s->verified > 0);
		hat_peer_sbrs(&peer, log_session_text(s, s->text[LOG_TEXT_SBRS]));
		hat_peer_country(&peer, log_session_text(s, s->text[LOG_TEXT_COUNTRY]));
		peer.matched = log_session_text(s, s->text[LOG_TEXT_MATCH]);
	}
	hat_decide(p->join->hat, &peer, &p->decision);
}

static const struct hat_group *
group_of_entry(const struct pair *p, uint32_t entry)
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
		*group = d->entry == HAT_NO_INDEX ? NULL : group_of_entry(p, d->entry);
		return *group != NULL;
	}
	if (i < d->candidate_count)
		*group = group_of_entry(p, d->candidates[i]);
	return d->candidate_count;
}

/* `SG None match ALL` is how a log names the entry ALL. */
static bool
same_group(const struct log_session *s, const struct hat_group *g)
{
	struct bytes named = log_session_text(s, s->text[LOG_TEXT_GROUP]);

	if (bytes_eq(named, g->name))
		return true;
	return bytes_eq(named, BYTES_LIT("None")) && bytes_eq(g->name, BYTES_LIT("ALL")) &&
	       bytes_eq(log_session_text(s, s->text[LOG_TEXT_MATCH]), BYTES_LIT("ALL"));
}

static enum log_action
action_of(const struct hat_group *g)
{
	const char *word = hat_action_name(g->action);

	return word == NULL ? LOG_ACTION_NONE : log_action_of(bytes_str(word));
}

/*
 * The wire against an action of the HAT, by the same table as against a logged one. Whether
 * REJECT is delayed is known from the session or the option; where it is not, both stages agree.
 */
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

static bool
action_clashes(const struct pair *p, const struct hat_group *g)
{
	struct trace wire, as_logged = { .action = (uint8_t)action_of(g), .flags = TRACE_DELAYED };
	uint8_t clash;

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
		if (same_group(p->s, g))
			return;
	}
	find(p, JOIN_HAT_GROUP, SEVERITY_ERROR,
	    "the log says %s, the HAT decides %ssender group %s (line %u) for this peer",
	    p->log_says, p->decision.certain ? "" : "among others ", quote(name, g->name), g->line);
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
		if (!action_clashes(p, g))
			return;
	}
	find(p, JOIN_HAT_ACTION, SEVERITY_ERROR,
	    "the HAT decides %s by sender group %s (line %u), the wire shows %s: %s",
	    hat_action_name(g->action), quote(name, g->name), g->line,
	    verdict_name(p->rec->verdict), wire_says(p, why));
}

static void
check_undecided(struct pair *p)
{
	char list[256] = "", name[QUOTE_ROOM];
	size_t used = 0;

	if (p->decision.certain || p->decision.candidate_count == 0)
		return;
	for (uint32_t i = 0; i < p->decision.candidate_count && used < sizeof list - 1; i++) {
		const struct hat_group *g = group_of_entry(p, p->decision.candidates[i]);
		int n = snprintf(list + used, sizeof list - used, "%s%s %s", i > 0 ? ", " : "",
		    quote(name, g->name), hat_action_name(g->action));

		used += n > 0 ? (size_t)n : 0;
	}
	find(p, JOIN_HAT_UNDECIDED, SEVERITY_INFO, "the HAT may decide: %s", list);
}

static void
check_policy(struct pair *p)
{
	char why[QUOTE_ROOM];

	if ((p->join->delayed_reject == KNOWN_YES && p->rec->verdict == VERDICT_REJECT) ||
	    (p->join->delayed_reject == KNOWN_NO && p->rec->verdict == VERDICT_DELAYED_REJECT))
		find(p, JOIN_POLICY_STAGE, SEVERITY_WARNING,
		    "the listener is set to reject at %s, the wire shows %s: %s",
		    p->join->delayed_reject == KNOWN_YES ? "RCPT TO" : "the greeting",
		    verdict_name(p->rec->verdict), wire_says(p, why));
}

/* --- the joined record --- */

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
		const struct hat_group *g = group_of_entry(p, d->candidates[i]);
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

void
join_connection(const struct join *j, const struct record *rec, const struct match *match,
    const struct log_session *s, struct record_builder *out)
{
	struct pair p = { .join = j, .rec = rec, .match = match, .s = s, .out = out };

	p.lossy = j->correlate != NULL && correlate_log_lossy(j->correlate);
	record_builder_copy(out, rec);
	findings_init(&p.found, rec);
	if (s != NULL) {
		describe_session(j, s, p.log_says, sizeof p.log_says);
		store_session(&p);
		check_action(&p);
		check_parties(&p);
		check_close(&p);
		check_tls(&p);
	} else if (j->correlate != NULL) {
		check_missing_session(&p);
	}
	check_policy(&p);
	if (j->hat != NULL && rec->verdict != VERDICT_UNANSWERED &&
	    rec->verdict != VERDICT_PORT_CLOSED) {
		decide(&p);
		store_decision(&p);
		check_group(&p);
		check_hat_action(&p);
		check_undecided(&p);
	}
	findings_store(&p.found, out);
}

bool
join_session(const struct join *j, const struct log_session *s, char *message, size_t room)
{
	char says[512];

	if (j->correlate == NULL || !correlate_capture_covers(j->correlate, s))
		return false;
	describe_session(j, s, says, sizeof says);
	snprintf(message, room, "the log says %s, the capture has no such connection", says);
	return true;
}
