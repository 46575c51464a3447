#include "analyzer/maillog/log_follow.h"

typedef void follower(
    struct log_table *t, struct log_draft *d, const struct log_event *e, const struct log_where *w);

/* The line's time by the clock of the session, since a log's own may have been set forward or back.
 */
static int64_t
time_of(const struct log_draft *d, const struct log_where *w)
{
	const struct log_session *s = &d->s;

	if (w->local_ns == LOG_TIME_NONE || w->offset_from == LOG_OFFSET_FROM_NONE ||
	    s->offset_from == LOG_OFFSET_FROM_NONE)
		return w->local_ns;
	return w->local_ns + (s->utc_offset_s - w->utc_offset_s) * LOG_NS_PER_S;
}

/* What the line says beyond its event: when, where, and by which clock. */
static void
note_line(struct log_draft *d, const struct log_where *w)
{
	struct log_session *s = &d->s;
	int64_t ns;

	if (s->first_line.line == 0)
		s->first_line = w->place;
	if (s->offset_from == LOG_OFFSET_FROM_NONE && w->offset_from != LOG_OFFSET_FROM_NONE) {
		s->offset_from = w->offset_from;
		s->utc_offset_s = w->utc_offset_s;
	}
	ns = time_of(d, w);
	if (ns == LOG_TIME_NONE)
		return;
	if (s->first_ns == LOG_TIME_NONE || ns < s->first_ns)
		s->first_ns = ns;
	if (s->last_ns == LOG_TIME_NONE || ns > s->last_ns)
		s->last_ns = ns;
}

static struct log_draft *
begin(struct log_table *t, uint64_t icid, const struct log_where *w)
{
	struct log_draft *d = log_table_begin(t, w->appliance, icid);

	if (d != NULL)
		note_line(d, w);
	return d;
}

/* The same, for a line of the mail log itself. */
static struct log_draft *
begin_told(struct log_table *t, uint64_t icid, const struct log_where *w)
{
	if (icid != 0)
		log_table_tell(t, w->appliance, icid);
	return begin(t, icid, w);
}

/* Was nothing heard of the session for so long that the line may be of another? */
static bool
is_quiet(const struct log_draft *d, const struct log_where *w)
{
	return d->s.last_ns != LOG_TIME_NONE && w->local_ns != LOG_TIME_NONE &&
	       time_of(d, w) - d->s.last_ns > LOG_REUSE_NS;
}

static void
set_text(struct log_table *t, struct log_draft *d, enum log_text_id which, struct bytes raw)
{
	if (!log_text_present(d->s.text[which]))
		log_draft_set(d, &t->keep, which, raw);
}

static void
set_peer(struct log_table *t, struct log_draft *d, struct bytes address)
{
	if (address.n > 0 && d->s.peer.family == 0 && !log_address_parse(&d->s.peer, address))
		set_text(t, d, LOG_TEXT_ADDRESS, address);
}

static bool
same_peer(const struct log_draft *d, struct bytes address)
{
	struct addr peer;

	if (!log_address_parse(&peer, address))
		return bytes_eq(log_draft_text(d, LOG_TEXT_ADDRESS), address);
	return memcmp(&peer, &d->s.peer, sizeof peer) == 0;
}

static void
follow_new(
    struct log_table *t, struct log_draft *d, const struct log_event *e, const struct log_where *w)
{
	if (d != NULL && d->has_new && time_of(d, w) == d->s.first_ns &&
	    same_peer(d, e->peer.address))
		return; /* a copy of the line */
	if (d != NULL && (d->has_new || is_quiet(d, w))) {
		log_table_end(t, d);
		d = NULL;
	}
	if (d == NULL)
		d = begin_told(t, e->icid, w);
	if (d == NULL)
		return;
	d->has_new = d->s.started = true;
	d->s.event = false;
	set_peer(t, d, e->peer.address);
	set_text(t, d, LOG_TEXT_INTERFACE, e->peer.interface);
	log_address_again(&t->interface, &d->s.interface_addr, e->peer.interface_address);
	set_text(t, d, LOG_TEXT_HOST, e->peer.host);
	if (e->peer.verified.n > 0)
		d->s.verified = bytes_eq(e->peer.verified, BYTES_LIT("yes")) ? 1 : 0;
	note_line(d, w);
	log_table_touch(t, d, false);
}

static void
set_decision(
    struct log_table *t, struct log_draft *d, const struct log_event *e, const struct log_where *w)
{
	d->s.action = (uint8_t)e->hat.action;
	d->s.hat_line = w->place;
	d->s.started = true;
	d->s.event = false;
	log_draft_set(d, &t->keep, LOG_TEXT_GROUP, e->hat.group);
	log_draft_set(d, &t->keep, LOG_TEXT_MATCH, e->hat.match);
	log_draft_set(d, &t->keep, LOG_TEXT_SBRS, e->hat.sbrs);
	log_draft_set(d, &t->keep, LOG_TEXT_COUNTRY, e->hat.country);
}

static void
follow_hat(
    struct log_table *t, struct log_draft *d, const struct log_event *e, const struct log_where *w)
{
	/* The decision of a connection is made once; CONTINUE leaves it to a later group. */
	if (d != NULL && d->s.action != LOG_ACTION_NONE && d->s.action != LOG_ACTION_CONTINUE) {
		if (!is_quiet(d, w))
			return;
		log_table_end(t, d);
		d = NULL;
	}
	if (d == NULL)
		d = begin_told(t, e->icid, w);
	if (d == NULL)
		return;
	set_decision(t, d, e, w);
	note_line(d, w);
	if (e->icid == 0)
		log_table_end(t, d);
	else
		log_table_touch(t, d, false);
}

/* The followers below are given the session, begun if there was none. */

static void
follow_note(
    struct log_table *t, struct log_draft *d, const struct log_event *e, const struct log_where *w)
{
	(void)t;
	(void)d;
	(void)e;
	(void)w;
}

static void
follow_score(
    struct log_table *t, struct log_draft *d, const struct log_event *e, const struct log_where *w)
{
	(void)w;
	set_text(t, d, LOG_TEXT_SBRS, e->hat.sbrs);
}

static void
follow_delayed(
    struct log_table *t, struct log_draft *d, const struct log_event *e, const struct log_where *w)
{
	(void)w;
	d->s.delayed = true;
	set_peer(t, d, e->peer.address);
}

static void
follow_party(
    struct log_table *t, struct log_draft *d, const struct log_event *e, const struct log_where *w)
{
	(void)w;
	set_peer(t, d, e->party.peer);
	d->s.delayed |= e->party.refusal == LOG_REFUSAL_DELAYED;
	if (e->mid != 0)
		(void)log_table_message(t, d, e->mid);
	/* Delayed rejection lets every sender pass. */
	if (e->kind == LOG_SENDER)
		log_draft_sender(d, &t->keep, e->party.address,
		    e->party.refusal == LOG_REFUSAL_DELAYED ? LOG_REFUSAL_NONE : e->party.refusal);
	else
		log_draft_recipient(d, &t->keep, e->party.address, e->party.refusal);
}

/* A success stands, whatever else was tried. */
static void
follow_tls(
    struct log_table *t, struct log_draft *d, const struct log_event *e, const struct log_where *w)
{
	(void)t;
	(void)w;
	if (d->s.tls != LOG_TLS_SUCCESS)
		d->s.tls = (uint8_t)e->tls;
}

static void
follow_auth(
    struct log_table *t, struct log_draft *d, const struct log_event *e, const struct log_where *w)
{
	(void)t;
	(void)w;
	if (d->s.auth != LOG_AUTH_SUCCEEDED)
		d->s.auth = (uint8_t)e->auth;
}

static void
set_end(struct log_draft *d, enum log_end end)
{
	if (end > d->s.end)
		d->s.end = (uint8_t)end;
}

static void
set_closed(struct log_draft *d, enum log_end end, const struct log_where *w)
{
	set_end(d, end);
	d->s.ended = true;
	/* LOG_TIME_NONE is before all times. */
	if (d->s.close_line.line == 0 || time_of(d, w) >= d->s.closed_ns) {
		d->s.closed_ns = time_of(d, w);
		d->s.close_line = w->place;
	}
}

static void
follow_close(
    struct log_table *t, struct log_draft *d, const struct log_event *e, const struct log_where *w)
{
	(void)e;
	set_closed(d, LOG_END_CLOSE, w);
	log_table_touch(t, d, true);
}

static void
follow_lost(
    struct log_table *t, struct log_draft *d, const struct log_event *e, const struct log_where *w)
{
	set_closed(d, LOG_END_LOST, w);
	set_peer(t, d, e->peer.address);
	set_text(t, d, LOG_TEXT_INTERFACE, e->peer.interface);
	if (d->s.interface_addr.family == 0)
		(void)log_address_parse(&d->s.interface_addr, e->peer.interface_address);
}

static void
follow_disconnected(
    struct log_table *t, struct log_draft *d, const struct log_event *e, const struct log_where *w)
{
	set_closed(d, LOG_END_DISCONNECTED, w);
	set_peer(t, d, e->peer.address);
}

/* The connection may go on. */
static void
follow_failed(
    struct log_table *t, struct log_draft *d, const struct log_event *e, const struct log_where *w)
{
	(void)t;
	(void)e;
	(void)w;
	set_end(d, LOG_END_FAILED);
}

static void
follow_start(
    struct log_table *t, struct log_draft *d, const struct log_event *e, const struct log_where *w)
{
	(void)w;
	(void)log_table_message(t, d, e->mid);
}

/* These name no ICID. */

static void
follow_receipt(struct log_table *t, const struct log_event *e, const struct log_where *w)
{
	struct log_draft *d = log_table_find_mid(t, w->appliance, e->mid);
	struct log_message *m = d == NULL ? NULL : log_draft_message(d, e->mid);

	if (m == NULL)
		return;
	note_line(d, w);
	/* Once received it may still be dropped, which is no matter of the connection. */
	if (m->receipt != LOG_RECEIPT_READY)
		m->receipt = e->kind == LOG_MID_ABORTED ? LOG_RECEIPT_ABORTED : LOG_RECEIPT_READY;
}

static void
follow_harvest(struct log_table *t, const struct log_event *e, const struct log_where *w)
{
	struct addr peer;
	struct log_draft *d =
	    log_address_parse(&peer, e->peer.address) ? log_table_find_peer(t, &peer) : NULL;

	if (d == NULL)
		return;
	note_line(d, w);
	d->s.harvest = true;
}

/* A text of several addresses parted by semicolons. */
static void
add_recipients(struct log_table *t, struct log_draft *d, struct bytes list)
{
	while (list.n > 0) {
		const uint8_t *end = memchr(list.p, ';', list.n);
		struct bytes one = end == NULL ? list : bytes_head(list, (size_t)(end - list.p));

		list = bytes_skip(list, one.n + 1);
		while (one.n > 0 && *one.p == ' ')
			one = bytes_skip(one, 1);
		if (one.n > 0)
			log_draft_recipient(d, &t->keep, one, LOG_REFUSAL_NONE);
	}
}

static void
set_summary(struct log_table *t, struct log_draft *d, const struct log_event *e)
{
	d->s.started = true;
	if (d->s.action == LOG_ACTION_NONE)
		d->s.action = (uint8_t)e->summary.action;
	if (d->s.tls == LOG_TLS_NONE)
		d->s.tls = (uint8_t)e->summary.tls;
	set_peer(t, d, e->summary.address);
	set_text(t, d, LOG_TEXT_HOST, e->summary.host);
	set_text(t, d, LOG_TEXT_GROUP, e->summary.group);
	set_text(t, d, LOG_TEXT_SBRS, e->summary.sbrs);
	set_text(t, d, LOG_TEXT_COUNTRY, e->summary.country);
	if (e->summary.sender.n > 0)
		log_draft_sender(d, &t->keep, e->summary.sender, LOG_REFUSAL_NONE);
	add_recipients(t, d, e->summary.recipients);
	if (e->mid != 0)
		(void)log_table_message(t, d, e->mid);
}

/* Of a connection that the mail log tells of, all this is known already. */
static void
follow_summary(struct log_table *t, const struct log_event *e, const struct log_where *w)
{
	struct log_draft *d = log_table_find(t, w->appliance, e->icid);
	struct log_where start = *w;

	if (d == NULL && !log_table_told(t, w->appliance, e->icid)) {
		if (e->summary.started_ns != LOG_TIME_NONE)
			start.local_ns = e->summary.started_ns;
		d = begin(t, e->icid, &start);
		if (d != NULL)
			d->s.event = true;
	}
	if (d == NULL || !d->s.event)
		return;
	note_line(d, w);
	set_summary(t, d, e);
	log_table_touch(t, d, false);
}

static void
follow_icid(struct log_table *t, const struct log_event *e, const struct log_where *w)
{
	static follower *const followers[] = {
		[LOG_NEW] = follow_new,
		[LOG_HAT] = follow_hat,
		[LOG_SCORE] = follow_score,
		[LOG_DELAYED] = follow_delayed,
		[LOG_SENDER] = follow_party,
		[LOG_RECIPIENT] = follow_party,
		[LOG_TLS] = follow_tls,
		[LOG_AUTH] = follow_auth,
		[LOG_CLOSE] = follow_close,
		[LOG_LOST] = follow_lost,
		[LOG_FAILED] = follow_failed,
		[LOG_DISCONNECTED] = follow_disconnected,
		[LOG_NOTE] = follow_note,
		[LOG_MID_START] = follow_start,
	};
	struct log_draft *d = log_table_find(t, w->appliance, e->icid);

	if (e->kind != LOG_NEW && e->kind != LOG_HAT) {
		if (d == NULL)
			d = begin_told(t, e->icid, w);
		if (d == NULL)
			return;
		note_line(d, w);
		log_table_touch(t, d, false);
	}
	followers[e->kind](t, d, e, w);
}

void
log_follow_event(struct log_table *t, const struct log_event *e, const struct log_where *w)
{
	if (w->local_ns != LOG_TIME_NONE)
		log_table_clock(t, w->local_ns);
	switch (e->kind) {
	case LOG_MID_READY:
	case LOG_MID_DONE:
	case LOG_MID_ABORTED:
		follow_receipt(t, e, w);
		break;
	case LOG_SUMMARY:
		follow_summary(t, e, w);
		break;
	case LOG_HARVEST:
		follow_harvest(t, e, w);
		break;
	case LOG_HAT:
		if (e->icid == 0)
			follow_hat(t, NULL, e, w);
		else
			follow_icid(t, e, w);
		break;
	case LOG_OTHER:
	case LOG_UNPARSED:
	case LOG_VERSION:
	case LOG_OFFSET:
		break;
	default:
		if (e->icid != 0)
			follow_icid(t, e, w);
		break;
	}
}
