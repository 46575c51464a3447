/*
 * The log, or that there is none, against what the wire shows.
 */
#include "analyzer/correlate/join_pair.h"

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
			pair_find(p, kinds[i].rule, "the log says %s, the wire shows %s: %s",
			    p->log_says, verdict_name(p->rec->verdict), pair_wire_says(p, why));
	}
}

static bool
same_mailbox(struct bytes a, struct bytes b)
{
	return bytes_case_eq(trace_mailbox(a), trace_mailbox(b));
}

static bool
logged(const struct log_session *s, struct log_list list, struct bytes address)
{
	const struct log_party *party = log_session_list(s, list);

	for (uint16_t i = 0; i < list.count; i++) {
		if (same_mailbox(log_session_text(s, party[i].address), address))
			return true;
	}
	return false;
}

static bool
sent_to(const struct record *rec, struct bytes address)
{
	const struct record_recipient *r = record_array(rec, rec->recipients);

	for (uint32_t i = 0; i < rec->recipients.count; i++) {
		if (same_mailbox(record_text(rec, r[i].address), address))
			return true;
	}
	return false;
}

static bool
sent_from(const struct record *rec, struct bytes address)
{
	const struct record_sender *s = record_array(rec, rec->senders);

	for (uint32_t i = 0; i < rec->senders.count; i++) {
		if (same_mailbox(record_text(rec, s[i].address), address))
			return true;
	}
	return false;
}

/* The first address that one side has and the other lacks, and what is said before and after it;
 * false when there is none. */
static bool
odd_party(const struct pair *p, struct bytes *address, const char *what[static 2])
{
	const struct record_recipient *r = record_array(p->rec, p->rec->recipients);
	const struct record_sender *from = record_array(p->rec, p->rec->senders);
	const struct log_party *party = log_session_list(p->s, p->s->recipients);
	const struct log_party *sender = log_session_list(p->s, p->s->senders);

	for (uint16_t i = 0; i < p->s->recipients.count; i++) {
		*address = log_session_text(p->s, party[i].address);
		what[0] = "logged recipient";
		what[1] = "was not sent";
		if (!sent_to(p->rec, *address))
			return true;
	}
	for (uint16_t i = 0; i < p->s->senders.count; i++) {
		*address = log_session_text(p->s, sender[i].address);
		what[0] = "logged sender";
		what[1] = "was not sent";
		if (!sent_from(p->rec, *address))
			return true;
	}
	/* Where lines are missing, what is not logged says nothing. */
	if (p->lossy)
		return false;
	/* What a gateway refuses for its form need not be logged; what it accepts is. */
	for (uint32_t i = 0; i < p->rec->recipients.count; i++) {
		*address = record_text(p->rec, r[i].address);
		what[0] = "recipient";
		what[1] = "on the wire is not logged";
		if ((r[i].class == RCPT_ACCEPTED || (p->s->delayed && r[i].class == RCPT_ACCESS)) &&
		    !logged(p->s, p->s->recipients, *address))
			return true;
	}
	for (uint32_t i = 0; i < p->rec->senders.count && p->s->senders.count > 0; i++) {
		*address = record_text(p->rec, from[i].address);
		what[0] = "sender";
		what[1] = "on the wire is not logged";
		if (from[i].code / 100 == 2 && p->rec->recipients.count > 0 &&
		    !logged(p->s, p->s->senders, *address))
			return true;
	}
	return false;
}

static void
check_parties(struct pair *p)
{
	char room[QUOTE_ROOM];
	struct bytes address;
	const char *what[2];

	if ((p->match->clash & CLASH_PARTIES) == 0 || !odd_party(p, &address, what))
		return;
	pair_find(p, JOIN_LOG_RECIPIENT, "%s %s %s; the log says %s", what[0],
	    pair_quote(room, address), what[1], p->log_says);
}

static void
check_close(struct pair *p)
{
	bool lost = p->s->end == LOG_END_LOST;

	if (p->match->ambiguous || p->rec->verdict == VERDICT_INCOMPLETE)
		return;
	if (lost && p->rec->close == CLOSE_FIN)
		pair_find(p, JOIN_LOG_CLOSE,
		    "the log says lost, the wire shows an orderly close; the log says %s",
		    p->log_says);
	else if (p->s->end == LOG_END_CLOSE && p->s->action != LOG_ACTION_TCPREFUSE &&
		 p->rec->close == CLOSE_RST && p->rec->closed_by == DIR_CLIENT)
		pair_find(p, JOIN_LOG_CLOSE,
		    "the log says close, the wire shows an RST by the client; the log says %s",
		    p->log_says);
}

static void
check_tls(struct pair *p)
{
	if (p->s->delayed && p->rec->verdict == VERDICT_ACCEPTED &&
	    p->rec->outcome == OUTCOME_ENCRYPTED)
		pair_find(p, JOIN_TLS_UNVERIFIABLE,
		    "the log says %s; STARTTLS hides the RCPT stage, so no mismatch is claimed",
		    p->log_says);
}

/* A connection of which the gateway must have known. */
static void
check_missing_session(struct pair *p)
{
	bool refused = p->rec->verdict == VERDICT_TCPREFUSE;
	char why[QUOTE_ROOM];

	/* Its session may have been opened, and logged, at any time before. */
	if (p->rec->handshake == HANDSHAKE_UNSEEN)
		return;
	/* Of which the RST may not have been captured. */
	if (p->rec->octets[DIR_SERVER] == 0 && !refused &&
	    (p->rec->handshake != HANDSHAKE_COMPLETE || p->rec->verdict == VERDICT_INCOMPLETE))
		return;
	if (!correlate_log_covers(p->join->correlate, p->rec))
		return;
	pair_find_as(p, JOIN_LOG_NO_SESSION,
	    refused && p->join->tcprefuse_logged != KNOWN_YES ? SEVERITY_INFO : SEVERITY_WARNING,
	    "the wire shows %s (%s), the log has no session of this connection%s",
	    verdict_name(p->rec->verdict), pair_wire_says(p, why),
	    refused && p->join->tcprefuse_logged == KNOWN_NOT
		? "; a gateway logs TCPREFUSE only with verbose connection logging"
		: "");
}

static void
check_policy(struct pair *p)
{
	char why[QUOTE_ROOM];

	if ((p->join->delayed_reject == KNOWN_YES && p->rec->verdict == VERDICT_REJECT) ||
	    (p->join->delayed_reject == KNOWN_NO && p->rec->verdict == VERDICT_DELAYED_REJECT))
		pair_find(p, JOIN_POLICY_STAGE,
		    "the listener is set to reject at %s, the wire shows %s: %s",
		    p->join->delayed_reject == KNOWN_YES ? "RCPT TO" : "the greeting",
		    verdict_name(p->rec->verdict), pair_wire_says(p, why));
}

void
join_check_log(struct pair *p)
{
	if (p->s != NULL) {
		check_action(p);
		check_parties(p);
		check_close(p);
		check_tls(p);
	} else if (p->join->correlate != NULL) {
		check_missing_session(p);
	}
	check_policy(p);
}
