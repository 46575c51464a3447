#include "analyzer/smtp/dialog_parts.h"

static struct dialog_path *
path_at(struct dialog_paths *paths, uint32_t index)
{
	return index < paths->count ? &paths->v[index] : NULL;
}

static void
answer_path(
    struct dialog *d, struct dialog_path *path, const struct dialog_reply *r, struct bytes text)
{
	if (path == NULL)
		return;
	path->code = r->code;
	path->cut = r->cut;
	path->reply_frame_no = r->frame_no;
	path->reply = dialog_keep_text(d, bytes_head(text, DIALOG_MAX_REPLY));
}

static void
answer_rcpt(struct dialog *d, uint32_t index, const struct dialog_reply *r, struct bytes text)
{
	struct dialog_path *path = path_at(&d->recipients, index);

	if (path == NULL) {
		d->accepted_unlisted += r->code < 300;
		d->refused_unlisted += r->code >= 400;
	}
	d->tx_accepted += r->code < 300;
	answer_path(d, path, r, text);
}

/* What the client sends next, where it has waited to be told. */
static void
go_on(struct dialog *d, enum client_state state)
{
	if (d->client == CLIENT_WAIT)
		d->client = (uint8_t)state;
}

static void
answer_auth(struct dialog *d, const struct dialog_reply *r)
{
	go_on(d, r->code == 334 ? CLIENT_SECRET : CLIENT_COMMANDS);
	if (r->code == 334)
		return;
	if (r->code < 300)
		d->auth = TRY_ACCEPTED;
	else if (d->auth != TRY_ACCEPTED)
		d->auth = TRY_REFUSED;
}

static void
answer_starttls(struct dialog *d, const struct dialog_reply *r)
{
	go_on(d, CLIENT_COMMANDS);
	if (r->code < 300) {
		d->tls = TRY_ACCEPTED;
		d->client = CLIENT_OPAQUE;
		d->server_opaque = true;
	} else if (d->tls != TRY_ACCEPTED) {
		d->tls = TRY_REFUSED;
	}
}

/* Content is refused where a recipient was accepted; otherwise the refusal follows from theirs. */
static void
refuse_content(struct dialog *d)
{
	d->content_refused += !d->tx_unsure && d->tx_accepted > 0;
	d->untied += d->tx_unsure;
}

/*
 * 354 was given for it, so somebody would have got it. But where its end was not seen the server
 * may leave (421) in the midst of it.
 */
static void
answer_message(struct dialog *d, const struct dialog_reply *r, bool end_seen)
{
	if (r->code == 421 && !end_seen)
		return;
	d->body_open = false;
	d->content_refused += r->code >= 400;
	d->messages += r->code < 400;
}

/* Chunks may be sent without waiting: only the last that was begun tells whether one is open. */
static void
answer_chunk(struct dialog *d, const struct dialog_pending *p, const struct dialog_reply *r)
{
	d->bodies_accepted += r->code < 300;
	if (p->end_off == d->body_off)
		d->body_open = d->body_open && !p->last && r->code < 400;
	if (r->code >= 400)
		refuse_content(d);
	else
		d->messages += p->last;
}

static void
answer_data(struct dialog *d, const struct dialog_reply *r)
{
	go_on(d, r->code < 400 ? CLIENT_BODY : CLIENT_COMMANDS);
	if (r->code < 400) {
		dialog_begin_body(d, d->off[DIR_CLIENT]);
		d->bodies_accepted++;
	} else {
		refuse_content(d);
	}
}

/* What follows is no dialogue, after whatever command it was. */
static void
answer_unknown_body(struct dialog *d)
{
	d->bodies_accepted++;
	d->untied++;
	dialog_lose_client(d);
}

static void
answer(struct dialog *d, const struct dialog_pending *p, const struct dialog_reply *r,
    struct bytes text)
{
	switch (p->id) {
	case COMMAND_MAIL:
		if (r->code != 503) { /* for that of another, which goes on */
			d->tx_accepted = 0;
			d->tx_unsure = false;
		}
		answer_path(d, path_at(&d->senders, p->index), r, text);
		break;
	case COMMAND_RCPT:
		answer_rcpt(d, p->index, r, text);
		break;
	case COMMAND_HELO:
	case COMMAND_EHLO:
	case COMMAND_RSET:
		if (r->code < 400)
			d->tx_accepted = 0;
		else if (d->tx_sender == DIALOG_NO_SENDER)
			d->tx_sender = p->index; /* the transaction goes on */
		break;
	case COMMAND_DATA:
		answer_data(d, r);
		break;
	case COMMAND_BODY:
		answer_message(d, r, p->peer_off != RUN_PEER_UNKNOWN);
		break;
	case COMMAND_BDAT:
		answer_chunk(d, p, r);
		break;
	case COMMAND_STARTTLS:
		answer_starttls(d, r);
		break;
	case COMMAND_AUTH:
	case COMMAND_SECRET:
		answer_auth(d, r);
		break;
	case COMMAND_QUIT:
		d->quit_answered = true;
		break;
	default:
		if (r->code == 354)
			answer_unknown_body(d);
		break;
	}
}

static bool
received(const struct dialog_pending *p, const struct dialog_reply *r)
{
	return r->ack_off == RUN_PEER_UNKNOWN || p->end_off <= r->ack_off;
}

/*
 * The server had client octets that are still to be read here: its reply may answer them. Not
 * so when the client itself waits, for this reply or what comes after it.
 */
static bool
client_behind(const struct dialog *d, const struct dialog_reply *r)
{
	if (d->client == CLIENT_LOST && d->footing_waits && d->footing_needs > r->off)
		return false;
	return r->ack_off != RUN_PEER_UNKNOWN && r->ack_off > d->off[DIR_CLIENT] &&
	       d->client != CLIENT_WAIT && d->client != CLIENT_OPAQUE;
}

/* The reply before this one answered a command with octets between it and p: those are open. */
static bool
answers_before(const struct dialog *d, const struct dialog_pending *p, const struct dialog_reply *r)
{
	return d->tied.end_off == r->off && d->tied.command_end != p->off;
}

/* It may answer what is pending, and more than that is not known. */
static void
pass(struct dialog *d, const struct dialog_reply *r)
{
	d->passed_off[d->passed++ % DIALOG_PASSED] = r->off;
}

/* How many of these began at this offset or behind it; UINT64_MAX: too many. */
static uint64_t
passed_since(const struct dialog *d, uint64_t off)
{
	uint64_t n = 0;

	while (n < d->passed && n < DIALOG_PASSED &&
	       d->passed_off[(d->passed - 1 - n) % DIALOG_PASSED] >= off)
		n++;
	return n < DIALOG_PASSED ? n : UINT64_MAX;
}

/*
 * Of what the client sent before the command at place n something is not answered: to some of it,
 * the replies that came when it had read so much or more are too few. Where octets are missing
 * there is a command, at least. No reply is missing behind the last octets of the server that were.
 */
static bool
one_is_open(const struct dialog *d, uint32_t n)
{
	const struct dialog_pending *p = &d->pending[d->pending_head];
	uint64_t asked = 0;

	while (n-- > 0) {
		uint64_t since = p[n].id == PENDING_GAP ? RUN_PEER_UNKNOWN : p[n].peer_off;

		asked += p[n].id != PENDING_GAP || p[n + 1].off > p[n].off;
		if (n == 0 && (since == RUN_PEER_UNKNOWN || since < d->tied.end_off))
			since = d->tied.end_off;
		if (since != RUN_PEER_UNKNOWN && since >= d->unseen_end &&
		    asked > passed_since(d, since))
			return true;
	}
	return false;
}

/*
 * After octets that were not seen. Everything before this command was received when the last
 * reply was sent, and this is what the client sent next when it had read exactly that reply; which
 * answers nothing before those octets, as the client waits until all that it sent is answered. And
 * 354 answers nothing but DATA, and that the one after which the client still waits.
 */
static bool
at_rest(const struct dialog *d, uint32_t n, const struct dialog_reply *r)
{
	const struct dialog_pending *p = &d->pending[d->pending_head + n];

	if (p->id == PENDING_GAP || !received(p, r))
		return false;
	if (r->code == 354)
		return p->id == COMMAND_DATA && r->ack_off == p->end_off;
	return d->last_set && d->last.end_off == r->off && d->last.ack_off == p->off &&
	       p->peer_off == r->off && !answers_before(d, p, r) && !d->overlaps &&
	       !one_is_open(d, n);
}

void
dialog_pass_untied(struct dialog *d)
{
	const struct dialog_reply *r = &d->reply;

	d->untied++;
	pass(d, r);
	d->bodies_accepted += r->code == 354;
	if (d->client == CLIENT_WAIT && r->ack_off != RUN_PEER_UNKNOWN && d->pending_count > 0 &&
	    r->ack_off > dialog_back(d)->end_off)
		dialog_lose_client(d); /* the server went on: what we wait for was not seen */
}

/* The front's answer may have come already, and was not taken for one. */
static bool
answered_oddly(const struct dialog *d)
{
	return d->passed_over || d->unsolicited > 0;
}

/*
 * 221 answers QUIT alone (RFC 5321 4.2.3): what stands before that was answered by nothing, or by
 * what is no reply. A message may have been refused while it was sent. False: QUIT may still come.
 */
static bool
close_up(struct dialog *d, const struct dialog_reply *r)
{
	uint32_t n = 0;

	while (n < d->pending_count && d->pending[d->pending_head + n].id != COMMAND_QUIT)
		n++;
	if (n == d->pending_count && client_behind(d, r))
		return false;
	for (uint32_t i = 0; i < n; i++)
		d->untied +=
		    !(d->body_refused && d->pending[d->pending_head + i].id == COMMAND_BODY);
	if (n == d->pending_count)
		return true;
	d->quit_answered = true;
	d->body_open &= !d->body_refused;
	dialog_pop(d, n + 1);
	return true;
}

static bool
in_body(const struct dialog *d)
{
	return d->client == CLIENT_BODY || d->client == CLIENT_CHUNK;
}

/*
 * The server had all that the client sent of a message, and answers: it saw the end. Some see it in
 * a dot alone in its line whatever ends the line, as others do not: then the octets tell it too.
 */
static bool
answers_whole_body(const struct dialog *d, const struct dialog_reply *r)
{
	return d->client == CLIENT_BODY && r->ack_off == d->off[DIR_CLIENT];
}

static void
end_body(struct dialog *d, struct bytes text)
{
	const struct dialog_pending body = { .id = COMMAND_BODY }; /* its end was seen */

	d->client = CLIENT_COMMANDS;
	answer(d, &body, &d->reply, text);
}

/* Nothing asked for it. */
static void
pass_unsolicited(struct dialog *d)
{
	const struct dialog_reply *r = &d->reply;

	d->unsolicited++;
	if (in_body(d) && r->code >= 400) {
		refuse_content(d);
		d->body_refused = true;
	} else if (answers_whole_body(d, r)) {
		d->untied++;
		dialog_lose_client(d);
	}
}

/* The command at place n is answered, and what is before it will not be. */
static void
tie_to(struct dialog *d, uint32_t n, struct bytes text)
{
	const struct dialog_pending p = d->pending[d->pending_head + n];

	if (p.peer_off > d->tied.peer_off && p.peer_off < d->tied.end_off)
		d->overlaps = true;
	d->passed = 0;
	if (p.peer_off == RUN_PEER_UNKNOWN)
		pass(d, &d->reply); /* as its end may be among what was not seen behind it */
	/* A message in which octets are missing may end behind them. */
	if (p.peer_off != RUN_PEER_UNKNOWN) {
		d->tied.peer_off = p.peer_off;
		d->tied.end_off = d->reply.end_off;
		d->tied.command_end = p.end_off;
	}
	if (d->reply.code == 221 && p.id != COMMAND_QUIT)
		go_on(d, CLIENT_COMMANDS); /* the server leaves, and says no more to it */
	else
		answer(d, &p, &d->reply, text);
	dialog_pop(d, n + 1);
}

/* False: not yet, the client's octets that it may answer are still to come. */
static bool
tie(struct dialog *d, struct bytes text)
{
	const struct dialog_reply *r = &d->reply;
	const struct dialog_pending *p = dialog_front(d);
	uint32_t n = 0;

	if (!d->unsure && (p == NULL || p->id != PENDING_GAP)) {
		bool acks_tell = d->greatest_ack > 0 && r->ack_off != RUN_PEER_UNKNOWN;

		if (p != NULL && r->code == 221 && p->id != COMMAND_QUIT && answered_oddly(d))
			return close_up(d, r);
		if (p != NULL && (received(p, r) || !acks_tell)) {
			tie_to(d, 0, text);
			return true;
		}
		if (p == NULL && client_behind(d, r))
			return false;
		if (in_body(d) && r->code == 421)
			return true; /* the server leaves, whatever is sent */
		if (p == NULL && answers_whole_body(d, r) && body_dotted(&d->body))
			end_body(d, text);
		else
			pass_unsolicited(d);
		return true;
	}
	while (n < d->pending_count && !at_rest(d, n, r))
		n++;
	if (n < d->pending_count) {
		d->unsure = false;
		d->tx_unsure = true; /* something before it was not seen */
		tie_to(d, n, text);
		return true;
	}
	if (client_behind(d, r))
		return false;
	dialog_pass_untied(d);
	return true;
}

/*
 * Of the commands, 220 answers STARTTLS alone, if they are known (RFC 5321 4.2.3, RFC 3207 4). So
 * before it nothing was answered, whatever of the server was not seen.
 */
static bool
can_only_greet(const struct dialog *d, const struct dialog_reply *r)
{
	if (r->code != 220 || d->start_unseen[DIR_CLIENT] || client_behind(d, r))
		return false;
	for (uint32_t n = 0; n < d->pending_count; n++) {
		const struct dialog_pending *p = &d->pending[d->pending_head + n];

		if (p->off >= r->ack_off)
			break; /* not received */
		if (p->id == COMMAND_STARTTLS || p->id == COMMAND_UNKNOWN || p->id == PENDING_GAP)
			return false;
	}
	return true;
}

/*
 * Nothing was placed before. The first reply of the stream, or one that was sent before the server
 * had received a single octet, answers nothing: it greets. False: it has to be tied.
 */
static bool
place_first(struct dialog *d, struct bytes text)
{
	const struct dialog_reply *r = &d->reply;
	bool first = !d->start_unseen[DIR_SERVER] && d->gap_octets[DIR_SERVER] == 0;
	bool only;

	if (d->first.code == 0) {
		d->first = *r;
		d->first_text = dialog_keep_text(d, bytes_head(text, DIALOG_MAX_REPLY));
	}
	only = !first && can_only_greet(d, r);
	if (!first && !only &&
	    (d->start_unseen[DIR_CLIENT] || r->ack_off != d->begin || r->code / 100 == 3))
		return false;
	d->unsure &= !only;
	d->greeting = *r;
	d->greeting_sure = first;
	d->tied.end_off = r->end_off;
	d->tied.peer_off = RUN_PEER_UNKNOWN;
	return true;
}

void
dialog_set_last(struct dialog *d)
{
	d->passed_over = false;
	d->last.off = d->reply.off;
	d->last.end_off = d->reply.end_off;
	d->last.ack_off = d->reply.last_ack_off;
	d->last.code = d->reply.code;
	d->last_set = true;
}

bool
dialog_place_reply(struct dialog *d, struct bytes text)
{
	const struct dialog_reply *r = &d->reply;

	if (r->ack_off != RUN_PEER_UNKNOWN && r->ack_off > d->greatest_ack)
		d->greatest_ack = r->ack_off;
	if ((d->last_set || !place_first(d, text)) && !tie(d, text))
		return false;
	dialog_set_last(d);
	return true;
}
