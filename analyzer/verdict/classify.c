#include "analyzer/verdict/classify.h"

#define NS_PER_MS 1000000
#define ANSWER_NS INT64_C(1000000000)             /* no host and no way takes longer to answer */
#define EVICTED_LATE_NS (INT64_C(3) * 1000000000) /* SYNs are answered, or sent again, sooner */

/* --- reasons ------------------------------------------------------------------------- */

static const char *
close_word(const struct conn_close *c)
{
	if (c->flags & TCP_RST)
		return c->flags & TCP_ACK ? "RST,ACK" : "RST";
	return c->flags & TCP_ACK ? "FIN,ACK" : "FIN";
}

static int64_t
ms_after_handshake(const struct facts *f, int64_t ts_ns)
{
	int64_t from = f->ack ? f->conn->ack_ts_ns : f->server->syn_ts_ns;

	return ts_ns > from ? (ts_ns - from) / NS_PER_MS : 0; /* the file may have it before */
}

/* After a FIN of the client the server may speak yet, as long as its own end was not seen. */
static bool
may_speak(const struct facts *f)
{
	return f->closing.dir == DIR_CLIENT && !f->closing.rst && f->server->fin.frame_no == 0 &&
	       f->server->rst.frame_no == 0;
}

static struct text
reason_close(const struct facts *f, struct record_builder *b)
{
	const struct conn_close *by = f->closing.by;

	return record_add_format(b,
	    "%s from the %s in frame %llu, %lld ms after the handshake%s; %s", close_word(by),
	    dir_name(f->closing.dir), (unsigned long long)by->frame_no,
	    (long long)ms_after_handshake(f, by->ts_ns),
	    f->ack ? "" : " (whose last ACK was not seen)",
	    may_speak(f) ? "no octet or end of the server was captured"
			 : "the server sent no octet");
}

static struct text
reason_greeting(const struct facts *f, struct record_builder *b)
{
	const struct dialog_reply *g = f->greeting;
	const struct closing *c = &f->closing;

	if (c->by == NULL)
		return record_add_format(b, "greeting %u in frame %llu; no close was seen", g->code,
		    (unsigned long long)g->frame_no);
	return record_add_format(b,
	    "greeting %u in frame %llu; first close: %s from the %s in frame %llu", g->code,
	    (unsigned long long)g->frame_no, close_word(c->by), dir_name(c->dir),
	    (unsigned long long)c->by->frame_no);
}

/* --- rows ---------------------------------------------------------------------------- */

static bool
holds_unanswered(const struct facts *f)
{
	if (f->conn->evicted && f->conn->last_ts_ns - f->conn->first_ts_ns < EVICTED_LATE_NS)
		return false;
	return f->only_syns && !f->conn->dropped;
}

static struct text
tell_unanswered(const struct facts *f, struct record_builder *b)
{
	uint64_t n = f->client->syn_count;

	b->rec->confidence = f->conn->evicted ? CONFIDENCE_LOW : CONFIDENCE_HIGH;
	return record_add_format(b, "%llu SYN%s, and nothing from the server%s",
	    (unsigned long long)n, n == 1 ? "" : "s",
	    f->conn->evicted ? " until it was given up for memory" : "");
}

/*
 * RFC 9293 3.10.7.1: the RST that answers a SYN has sequence number 0 and acknowledges the SYN;
 * some firewalls leave the ACK out.
 */
static bool
holds_port_closed(const struct facts *f)
{
	const struct conn_close *rst = &f->server->rst;

	return f->syn && !f->syn_ack && rst->frame_no != 0 && rst->seq == 0 &&
	       f->server->ttl_min == 0 && f->client->fin.frame_no == 0 &&
	       ((rst->flags & TCP_ACK) == 0 ||
		   conn_off(f->client, rst->ack) == f->client->stream.end);
}

static struct text
tell_port_closed(const struct facts *f, struct record_builder *b)
{
	b->rec->confidence = CONFIDENCE_HIGH;
	return record_add_format(b, "%s in frame %llu answers the SYN",
	    f->server->rst.flags & TCP_ACK ? "RST,ACK" : "RST",
	    (unsigned long long)f->server->rst.frame_no);
}

/* The server closed first, where it stood before its first octet, and no client close is hidden. */
static bool
closed_silently(const struct facts *f, enum dir dir, bool rst)
{
	const struct closing *c = &f->closing;

	return f->syn_ack && f->server_silent && c->by != NULL && c->dir == dir && c->rst == rst &&
	       !c->peer_unseen && c->off == conn_known_end(&f->conn->half[dir]);
}

/*
 * RFC 9293 3.10.7.1: an RST without ACK is the answer to a segment. Where none came just before it,
 * one may not have been captured, and that may have closed.
 */
static bool
answers_unseen(const struct facts *f)
{
	const struct conn_close *rst = &f->server->rst;

	if ((rst->flags & TCP_ACK) != 0)
		return false;
	for (size_t i = 0; i < CONN_COPIES; i++) {
		int64_t after_ns = rst->ts_ns - f->client->copies.ts_ns[i];

		if (after_ns >= 0 && after_ns <= ANSWER_NS)
			return false;
	}
	return true;
}

static bool
holds_tcprefuse(const struct facts *f)
{
	return closed_silently(f, DIR_SERVER, true) &&
	       !(f->dialog->client_spoke && answers_unseen(f));
}

static bool
holds_dropped(const struct facts *f)
{
	return closed_silently(f, DIR_SERVER, false);
}

static bool
holds_client_abort(const struct facts *f)
{
	return closed_silently(f, DIR_CLIENT, true) || closed_silently(f, DIR_CLIENT, false);
}

/* It sent a FIN, or octets and a FIN, that were not captured, and nobody knows when. */
static bool
client_end_hidden(const struct facts *f)
{
	const struct conn_half *c = f->client;

	return c->fin.frame_no == 0 &&
	       (conn_known_end(c) > c->stream.end || c->rst_off > c->stream.end);
}

static struct text
tell_silent(const struct facts *f, struct record_builder *b)
{
	bool less =
	    f->conflict || (f->closing.dir == DIR_SERVER ? !f->ack || client_end_hidden(f) ||
							       (f->closing.rst && answers_unseen(f))
							 : may_speak(f));

	b->rec->confidence = less ? CONFIDENCE_LOW : CONFIDENCE_HIGH;
	return reason_close(f, b);
}

static bool
holds_not_smtp(const struct facts *f)
{
	return f->dialog->not_smtp ||
	       (f->greeting_proven && f->dialog->greeting_sure && f->greeting->code / 100 == 3);
}

static struct text
tell_not_smtp(const struct facts *f, struct record_builder *b)
{
	b->rec->confidence = f->conflict ? CONFIDENCE_LOW : CONFIDENCE_HIGH;
	return record_add_format(b, "the server's first octets are no SMTP greeting");
}

static bool
holds_reject(const struct facts *f)
{
	return f->greeting_proven && f->greeting->code / 100 == 5;
}

static bool
holds_deferred(const struct facts *f)
{
	return f->greeting_proven && f->greeting->code / 100 == 4;
}

static struct text
tell_greeting(const struct facts *f, struct record_builder *b)
{
	bool less = f->greeting->cut || !f->dialog->greeting_sure || f->conflict;

	b->rec->confidence = less ? CONFIDENCE_LOW : CONFIDENCE_HIGH;
	return reason_greeting(f, b);
}

static bool
greeting_2xx(const struct facts *f)
{
	return f->greeting_proven && f->greeting->code / 100 == 2;
}

static bool
let_in(const struct facts *f)
{
	return f->rcpt[RCPT_ACCEPTED] > 0 || f->dialog->bodies_accepted > 0 ||
	       f->dialog->tls == TRY_ACCEPTED;
}

static bool
holds_delayed_reject(const struct facts *f)
{
	return greeting_2xx(f) && f->server_whole && !let_in(f) && f->senders_accepted > 0 &&
	       f->rcpt[RCPT_ACCESS] > 0 && f->rcpt_refused == f->rcpt[RCPT_ACCESS];
}

static struct text
tell_delayed_reject(const struct facts *f, struct record_builder *b)
{
	uint64_t n = f->rcpt[RCPT_ACCESS];

	b->rec->confidence = f->conflict ? CONFIDENCE_LOW : CONFIDENCE_MEDIUM;
	return record_add_format(b,
	    "greeting %u and MAIL accepted, %s%llu recipient%s refused for a reason of access",
	    f->greeting->code, n == 1 ? "the only one, " : "all ", (unsigned long long)n,
	    n == 1 ? "" : "s");
}

/* Every recipient was refused, and of some that were only counted the reason may be access too. */
static bool
reasons_unkept(const struct facts *f)
{
	uint64_t unlisted = f->dialog->refused_unlisted;

	return unlisted > 0 && f->rcpt[RCPT_ACCESS] + unlisted == f->rcpt_refused;
}

/* The server closed first, and had no more of the client than was seen. */
static bool
had_no_more(const struct facts *f)
{
	const struct conn_close *by = f->closing.by;
	const struct conn_half *c = f->client;

	return (by->flags & TCP_ACK) != 0 &&
	       conn_off(c, by->ack) <= c->stream.end + (c->fin.frame_no != 0);
}

/*
 * The client named no recipient: all that it sent was read, up to its own close or to that of a
 * server that had no more. So whatever the server said that was not seen, it refused none.
 */
static bool
nobody_named(const struct facts *f)
{
	const struct dialog *d = f->dialog;

	return d->recipients.count == 0 && d->client == CLIENT_COMMANDS && !d->client_lost &&
	       !d->start_unseen[DIR_CLIENT] && !client_end_hidden(f) &&
	       (f->closing.dir == DIR_CLIENT || had_no_more(f));
}

/* A greeting that was not seen must have been 2xx where the dialogue went on to be accepted. */
static bool
holds_accepted(const struct facts *f)
{
	if (let_in(f))
		return f->greeting->code == 0 || f->greeting->code / 100 == 2;
	return greeting_2xx(f) && f->closing.by != NULL &&
	       ((f->server_whole && !reasons_unkept(f)) || nobody_named(f));
}

static struct text
tell_accepted(const struct facts *f, struct record_builder *b)
{
	const struct dialog *d = f->dialog;
	bool less = !d->greeting_sure || d->untied > 0 || f->conflict ||
	            (!let_in(f) && d->gap_octets[DIR_SERVER] > 0);

	b->rec->confidence = less ? CONFIDENCE_LOW : CONFIDENCE_HIGH;
	if (d->messages > 0)
		return record_add_format(b,
		    d->messages == 1 ? "%llu message accepted" : "%llu messages accepted",
		    (unsigned long long)d->messages);
	if (d->tls == TRY_ACCEPTED)
		return record_add_format(b, "STARTTLS accepted; what followed cannot be seen");
	if (f->rcpt[RCPT_ACCEPTED] > 0)
		return record_add_format(b, "%llu recipient%s accepted",
		    (unsigned long long)f->rcpt[RCPT_ACCEPTED],
		    f->rcpt[RCPT_ACCEPTED] == 1 ? "" : "s");
	if (d->bodies_accepted > 0)
		return record_add_format(b, "a message body was asked for");
	return reason_greeting(f, b);
}

static bool
holds_always(const struct facts *f)
{
	(void)f;
	return true;
}

/* What is missing, the plainest first. */
static const char *
missing(const struct facts *f)
{
	if (f->conn->evicted)
		return "given up for memory before its end";
	if (f->only_syns && f->conn->dropped)
		return "packets of this time were dropped before they could be captured";
	if (f->server->packets == 0)
		return "only the client's side was captured";
	if (f->client->packets == 0 && f->greeting->code / 100 == 2)
		return "only the server's side was captured";
	if (!f->syn && !f->syn_ack)
		return "the start was not captured";
	if (f->closing.by != NULL && f->closing.peer_unseen)
		return "octets or a close before the first close were not captured";
	if (f->dialog->gap_octets[DIR_SERVER] > 0 || f->dialog->start_unseen[DIR_SERVER])
		return "octets of the server were not captured";
	if (f->dialog->gap_octets[DIR_CLIENT] > 0)
		return "octets of the client were not captured";
	if (f->dialog->untied > 0)
		return "which command each reply answers cannot be told";
	if (f->closing.by == NULL)
		return "the end was not captured";
	if (f->dialog->reply_open)
		return "a reply was broken off";
	if (f->dialog->pending_count > 0)
		return "a command was not answered before the close";
	if (reasons_unkept(f))
		return "more recipients were refused than can be kept";
	return "the segments do not fit together";
}

static struct text
tell_incomplete(const struct facts *f, struct record_builder *b)
{
	b->rec->confidence = CONFIDENCE_LOW;
	if (f->octets[DIR_SERVER] > 0 && !f->dialog->server_spoke)
		return record_add_format(b,
		    "%s; by the client's ACK numbers the server sent %llu octets", missing(f),
		    (unsigned long long)f->octets[DIR_SERVER]);
	return record_add_format(b, "%s", missing(f));
}

static const struct {
	enum verdict verdict;
	bool (*holds)(const struct facts *f);
	struct text (*tell)(const struct facts *f, struct record_builder *b); /* the reason */
} rows[] = {
	{ VERDICT_UNANSWERED, holds_unanswered, tell_unanswered },
	{ VERDICT_PORT_CLOSED, holds_port_closed, tell_port_closed },
	{ VERDICT_TCPREFUSE, holds_tcprefuse, tell_silent },
	{ VERDICT_DROPPED, holds_dropped, tell_silent },
	{ VERDICT_CLIENT_ABORT, holds_client_abort, tell_silent },
	{ VERDICT_NOT_SMTP, holds_not_smtp, tell_not_smtp },
	{ VERDICT_REJECT, holds_reject, tell_greeting },
	{ VERDICT_DEFERRED, holds_deferred, tell_greeting },
	{ VERDICT_DELAYED_REJECT, holds_delayed_reject, tell_delayed_reject },
	{ VERDICT_ACCEPTED, holds_accepted, tell_accepted },
	{ VERDICT_INCOMPLETE, holds_always, tell_incomplete },
};

/* --- outcomes of an accepted session ------------------------------------------------------ */

static bool
came_mail(const struct facts *f)
{
	return f->dialog->messages > 0;
}

static bool
came_encrypted(const struct facts *f)
{
	return f->dialog->tls == TRY_ACCEPTED;
}

/* Every reply so far was seen and has its command: what would be greater did not come. */
static bool
nothing_hidden(const struct facts *f)
{
	const struct dialog *d = f->dialog;

	return d->untied == 0 && d->gap_octets[DIR_SERVER] == 0 && !d->start_unseen[DIR_SERVER];
}

static bool
came_content_refused(const struct facts *f)
{
	return f->server_whole && f->dialog->content_refused > 0 && nothing_hidden(f);
}

/* Somebody was refused, and no recipient accepted: that is what came of it. */
static bool
refused_all(const struct facts *f)
{
	return f->rcpt[RCPT_ACCEPTED] == 0 && (f->rcpt_refused > 0 || f->senders_refused > 0);
}

/* Broken off: in a message that somebody would have got, or by an RST before any refusal. */
static bool
came_cut_off(const struct facts *f)
{
	const struct dialog *d = f->dialog;

	if (f->closing.by == NULL)
		return false;
	/* A reply that nothing asked for may be to a message whose end the server saw before. */
	if (d->body_open && let_in(f))
		return d->gap_octets[DIR_CLIENT] == 0 && d->unsolicited == 0 && f->server_whole;
	return f->closing.rst && !f->closing.peer_unseen && !d->quit_answered &&
	       !client_end_hidden(f) && !refused_all(f) && d->content_refused == 0 &&
	       nothing_hidden(f);
}

static bool
came_recipients_deferred(const struct facts *f)
{
	return f->server_whole && f->rcpt[RCPT_ACCEPTED] == 0 && f->rcpt[RCPT_TEMPORARY] > 0;
}

static bool
came_recipients_refused(const struct facts *f)
{
	return f->server_whole && f->rcpt[RCPT_ACCEPTED] == 0 && f->rcpt_refused > 0;
}

static bool
came_sender_refused(const struct facts *f)
{
	return f->server_whole && f->rcpt[RCPT_ACCEPTED] == 0 && f->senders_refused > 0;
}

static bool
came_no_mail(const struct facts *f)
{
	/* An RST before QUIT was answered would have cut it off, had all of it been seen. */
	return f->server_whole && f->closing.by != NULL && !(f->dialog->body_open && let_in(f)) &&
	       (f->dialog->quit_answered || !f->closing.rst);
}

static const struct {
	enum outcome outcome;
	bool (*came)(const struct facts *f);
} outcomes[] = {
	{ OUTCOME_MAIL_ACCEPTED, came_mail },
	{ OUTCOME_ENCRYPTED, came_encrypted },
	{ OUTCOME_CONTENT_REFUSED, came_content_refused },
	{ OUTCOME_CUT_OFF, came_cut_off },
	{ OUTCOME_RECIPIENTS_DEFERRED, came_recipients_deferred },
	{ OUTCOME_RECIPIENTS_REFUSED, came_recipients_refused },
	{ OUTCOME_SENDER_REFUSED, came_sender_refused },
	{ OUTCOME_NO_MAIL, came_no_mail },
};

static enum outcome
outcome_of(const struct facts *f)
{
	for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
		if (outcomes[i].came(f))
			return outcomes[i].outcome;
	}
	return OUTCOME_NONE; /* not seen to its end */
}

void
classify(const struct facts *f, struct record_builder *b)
{
	struct text reason;
	size_t i = 0;

	while (!rows[i].holds(f))
		i++;
	b->rec->verdict = (uint8_t)rows[i].verdict;
	reason = rows[i].tell(f, b);
	b->rec->reason = reason;
	if (rows[i].verdict == VERDICT_ACCEPTED)
		b->rec->outcome = (uint8_t)outcome_of(f);
}
