#include "analyzer/correlate/trace.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "analyzer/smtp/dialog.h"

#define TRACE_MAX_ADDRESS 320 /* RFC 5321 4.5.3.1: 64 + 1 + 255 */

struct bytes
trace_mailbox(struct bytes path)
{
	const uint8_t *colon = path.n > 0 && path.p[0] == '@' ? memchr(path.p, ':', path.n) : NULL;

	if (colon != NULL)
		path = bytes_skip(path, (size_t)(colon + 1 - path.p));
	while (path.n > 0 && path.p[0] == ' ')
		path = bytes_skip(path, 1);
	while (path.n > 0 && path.p[path.n - 1] == ' ')
		path = bytes_head(path, path.n - 1);
	return path;
}

/* Letter case does not matter to a gateway. */
static uint64_t
address_hash(struct bytes address)
{
	uint8_t lower[TRACE_MAX_ADDRESS];

	address = bytes_head(trace_mailbox(address), sizeof lower);
	for (size_t i = 0; i < address.n; i++) {
		uint8_t c = address.p[i];

		lower[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
	}
	return XXH3_64bits(lower, address.n) | 1;
}

/* The addresses of one side, hashed. */
struct parties {
	size_t count;
	uint64_t hash[DIALOG_MAX_PATHS];
};

/* False when there is no room for all. */
static bool
add_party(struct parties *p, struct bytes address)
{
	if (p->count == sizeof p->hash / sizeof *p->hash)
		return false;
	p->hash[p->count++] = address_hash(address);
	return true;
}

static int
compare_hashes(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

/*
 * The sum does not depend on the order, and each address counts once: a client may name one again,
 * and what carries a log from host to host may double its lines.
 */
static uint64_t
sum_parties(struct parties *p)
{
	uint64_t sum = 0;

	qsort(p->hash, p->count, sizeof *p->hash, compare_hashes);
	for (size_t i = 0; i < p->count; i++)
		sum += i > 0 && p->hash[i] == p->hash[i - 1] ? 0 : p->hash[i];
	return sum;
}

/* *all: none of them is missing in what was kept. */
static uint64_t
wire_senders(const struct record *rec, bool *all)
{
	const struct record_sender *s = record_array(rec, rec->senders);
	struct parties parties;

	parties.count = 0;
	*all &= rec->senders.count < DIALOG_MAX_PATHS;
	for (uint32_t i = 0; i < rec->senders.count; i++)
		*all &= text_present(s[i].address) &&
		        add_party(&parties, record_text(rec, s[i].address));
	return sum_parties(&parties);
}

static uint16_t
wire_recipients(const struct record *rec, uint64_t *sum, bool *all)
{
	const struct record_recipient *r = record_array(rec, rec->recipients);
	struct parties parties;
	uint16_t flags = 0;

	parties.count = 0;
	*all &= rec->recipients.count < DIALOG_MAX_PATHS;
	for (uint32_t i = 0; i < rec->recipients.count; i++) {
		*all &= text_present(r[i].address) &&
		        add_party(&parties, record_text(rec, r[i].address));
		if (r[i].class == RCPT_ACCEPTED)
			flags |= TRACE_LET_IN;
		else if (r[i].class != RCPT_UNKNOWN && r[i].class != RCPT_UNJUDGED)
			flags |= TRACE_REFUSED;
	}
	*sum = sum_parties(&parties);
	return flags;
}

static bool
says(const struct record *rec, struct text text, const char *word)
{
	return bytes_eq(record_text(rec, text), bytes_str(word));
}

uint32_t
trace_place(const struct addr *gateway)
{
	return gateway->family == 0 ? 0 : (uint32_t)XXH3_64bits(gateway, sizeof *gateway) | 1;
}

void
trace_of_record(const struct record *rec, struct trace *out)
{
	bool seen = rec->handshake == HANDSHAKE_COMPLETE && rec->gaps == 0 &&
	            rec->verdict != VERDICT_INCOMPLETE;
	bool all = true;

	*out = (struct trace){
		.open_ns = rec->start_ns,
		.close_ns = rec->end_ns,
		.id = rec->id,
		.senders = wire_senders(rec, &all),
		.addr = rec->client.addr,
		.place = trace_place(&rec->server.addr),
		.verdict = rec->verdict,
	};
	out->flags = wire_recipients(rec, &out->recipients, &all);
	if (rec->handshake != HANDSHAKE_UNSEEN)
		out->flags |= TRACE_OPENED;
	if (seen)
		out->flags |= TRACE_SEEN;
	if (seen && all && rec->closed_by != DIR_COUNT)
		out->flags |= TRACE_WHOLE;
	if (says(rec, rec->tls, "accepted"))
		out->flags |= TRACE_TLS;
	if (says(rec, rec->auth, "succeeded"))
		out->flags |= TRACE_AUTH;
	if (rec->messages > 0)
		out->flags |= TRACE_MAIL | TRACE_LET_IN;
	if (rec->greeting_code / 100 == 2)
		out->flags |= TRACE_GREETED;
}

static uint64_t
log_parties(const struct log_session *s, struct log_list list, bool *all, bool *refused)
{
	const struct log_party *p = log_session_list(s, list);
	struct parties parties;

	parties.count = 0;
	for (uint16_t i = 0; i < list.count; i++) {
		*all &= add_party(&parties, log_session_text(s, p[i].address));
		*refused |= p[i].refusal != LOG_REFUSAL_NONE && p[i].refusal != LOG_REFUSAL_DELAYED;
	}
	return sum_parties(&parties);
}

int64_t
trace_log_ns(const struct log_session *s, int64_t local_ns)
{
	if (local_ns == LOG_TIME_NONE)
		return TRACE_NEVER;
	return log_session_utc(s, local_ns) + (local_ns % LOG_NS_PER_S == 0 ? LOG_NS_PER_S / 2 : 0);
}

void
trace_of_session(const struct log_session *s, struct trace *out)
{
	bool all = true, refused = false;

	*out = (struct trace){
		.open_ns = trace_log_ns(s, log_session_opened(s)),
		.close_ns = trace_log_ns(s, s->closed_ns),
		.id = s->id,
		.senders = log_parties(s, s->senders, &all, &refused),
		.recipients = log_parties(s, s->recipients, &all, &refused),
		.addr = s->peer,
		.place = trace_place(&s->interface_addr),
		.action = s->action,
	};
	if (all && s->started && s->ended && !s->incomplete && s->hat_line.line != 0)
		out->flags |= TRACE_WHOLE;
	if (s->hat_line.line == 0 && s->end == LOG_END_LOST)
		out->flags |= TRACE_LEFT;
	if (s->tls == LOG_TLS_SUCCESS)
		out->flags |= TRACE_TLS;
	if (s->auth == LOG_AUTH_SUCCEEDED)
		out->flags |= TRACE_AUTH;
	if (s->messages.count > 0)
		out->flags |= TRACE_LET_IN;
	if (refused)
		out->flags |= TRACE_REFUSED;
	if (s->delayed)
		out->flags |= TRACE_DELAYED;
}

/* --- agreement ------------------------------------------------------------------------ */

#define BIT(v) (1u << VERDICT_##v)

/* Verdicts that an action other than REJECT contradicts, whatever else is known. */
static const unsigned contradicts[LOG_ACTION_COUNT] = {
	[LOG_ACTION_ACCEPT] = BIT(TCPREFUSE) | BIT(REJECT),
	[LOG_ACTION_RELAY] = BIT(TCPREFUSE) | BIT(REJECT),
	[LOG_ACTION_TCPREFUSE] = BIT(DROPPED) | BIT(NOT_SMTP) | BIT(REJECT) | BIT(DEFERRED) |
	                         BIT(DELAYED_REJECT) | BIT(ACCEPTED),
};

/* REJECT in the log, an accepted dialogue on the wire. */
static uint8_t
clash_rejected_accepted(const struct trace *wire, const struct trace *log)
{
	bool delayed = (log->flags & TRACE_DELAYED) != 0;

	/* Under delayed rejection who authenticates is relayed. */
	if ((wire->flags | log->flags) & TRACE_AUTH)
		return 0;
	if (wire->flags & (TRACE_MAIL | TRACE_LET_IN))
		return CLASH_ACTION | ((wire->flags & TRACE_MAIL) ? CLASH_MAIL : 0) |
		       ((wire->flags & TRACE_SEEN) ? 0 : CLASH_ABSENT); /* of AUTH */
	if (delayed)
		return 0; /* nothing was let in, or TLS hides it */
	return ((wire->flags & TRACE_REFUSED) ? CLASH_STAGE : CLASH_ACTION) | CLASH_ABSENT;
}

static uint8_t
clash_rejected(const struct trace *wire, const struct trace *log)
{
	bool delayed = (log->flags & TRACE_DELAYED) != 0;

	switch (wire->verdict) {
	case VERDICT_TCPREFUSE:
	case VERDICT_DROPPED:
		return CLASH_ACTION;
	case VERDICT_REJECT:
		return delayed ? CLASH_STAGE : 0;
	case VERDICT_DELAYED_REJECT:
		return delayed ? 0 : CLASH_STAGE | CLASH_ABSENT;
	case VERDICT_ACCEPTED:
		return clash_rejected_accepted(wire, log);
	default:
		return 0;
	}
}

bool
trace_parties_comparable(const struct trace *wire, const struct trace *log)
{
	return (wire->flags & log->flags & TRACE_WHOLE) &&
	       ((wire->flags | log->flags) & TRACE_TLS) == 0 &&
	       (log->action != LOG_ACTION_REJECT || (log->flags & (TRACE_DELAYED | TRACE_LET_IN)));
}

uint8_t
trace_clash(const struct trace *wire, const struct trace *log)
{
	uint8_t clash = 0;

	if (log->action == LOG_ACTION_REJECT)
		clash = clash_rejected(wire, log);
	else if (contradicts[log->action] >> wire->verdict & 1)
		clash = CLASH_ACTION;
	else if (wire->verdict == VERDICT_DELAYED_REJECT && log->action != LOG_ACTION_NONE &&
		 (log->flags & TRACE_REFUSED) == 0)
		clash = CLASH_ACTION | CLASH_ABSENT; /* of another reason for the refusals */
	/* Where the stories part earlier, other recipients only follow from it. */
	if (clash == 0 && trace_parties_comparable(wire, log) &&
	    (wire->senders != log->senders || wire->recipients != log->recipients))
		clash |= CLASH_PARTIES;
	return clash;
}
