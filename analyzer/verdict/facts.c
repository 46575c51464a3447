#include "analyzer/verdict/facts.h"

static enum rcpt_class
class_of(const struct dialog *d, const struct dialog_path *rcpt, struct bytes enhanced,
    struct bytes rest, struct refusal_reader *refusals)
{
	if (rcpt->code >= 400 && !dialog_judged(d, rcpt))
		return RCPT_UNJUDGED;
	if (rcpt->cut && rcpt->code >= 500)
		return RCPT_OTHER; /* what is missing may tell another reason */
	return refusal_class(refusals, rcpt->code, enhanced, rest);
}

enum rcpt_class
facts_recipient(struct facts *f, const struct dialog_path *rcpt, struct bytes enhanced,
    struct bytes rest, struct refusal_reader *refusals)
{
	enum rcpt_class class = class_of(f->dialog, rcpt, enhanced, rest, refusals);

	f->rcpt[class]++;
	f->rcpt_refused += class == RCPT_ACCESS || class == RCPT_RECIPIENT ||
	                   class == RCPT_TEMPORARY || class == RCPT_OTHER;
	return class;
}

static uint64_t
octets_sent(const struct conn_half *h, const struct conn_half *peer)
{
	uint64_t end = conn_known_end(h);

	if (h->fin.frame_no != 0 && h->fin_off > end)
		end = h->fin_off;
	else if (h->fin.frame_no == 0 && peer->acked_set && peer->acked > end)
		end = peer->acked;
	return h->seq_set && end > h->origin ? end - h->origin : 0;
}

/* Not one octet, and neither side's numbers tell of one. */
static bool
silent(const struct conn *c)
{
	const struct conn_half *client = &c->half[DIR_CLIENT], *server = &c->half[DIR_SERVER];
	uint64_t fin = server->fin.frame_no != 0;

	if (!server->start_seen || conn_known_end(server) != server->origin ||
	    (fin && server->fin_off != server->origin))
		return false;
	/* An RST stands behind what was sent before it. */
	if (server->rst_off > server->origin + fin)
		return false;
	return !client->acked_set || client->acked <= server->origin + fin;
}

/*
 * The capture itself begins in mid-stream, with what looks like a refusal from its first connection
 * on: the only thing the server said before it closed first, to a client that said nothing. 50x
 * answers a command.
 */
static bool
refusal_from_first_frame(const struct facts *f)
{
	const struct dialog *d = f->dialog;

	return f->conn->id == 1 && !f->syn && !f->syn_ack && !d->client_spoke &&
	       f->closing.by != NULL && f->closing.dir == DIR_SERVER && !f->closing.peer_unseen &&
	       d->first.code >= 400 && d->first.code / 10 != 50 &&
	       d->first.end_off == d->off[DIR_SERVER] && d->gap_octets[DIR_SERVER] == 0;
}

/* Nothing the server said is missing, so whatever was not seen accepted was not accepted. */
static bool
server_whole(const struct facts *f)
{
	const struct dialog *d = f->dialog;
	const struct conn_half *s = f->server;
	bool ended = s->fin.frame_no != 0 && s->fin_off == s->stream.end;

	if (f->closing.by == NULL && !d->quit_answered)
		return false;
	if (s->rst.frame_no != 0 && s->seq_set && conn_off(s, s->rst.seq) == s->stream.end)
		ended = true;
	if (s->rst_off > s->stream.end + 1)
		ended = false;
	/*
	 * The client closed, had everything that was seen, and no question was open but QUIT. But
	 * a reply that was seen in part may go on.
	 */
	if (f->closing.by != NULL && f->closing.dir == DIR_CLIENT && !f->closing.peer_unseen &&
	    !d->reply.cut &&
	    (d->pending_count == 0 ||
		(d->pending_count == 1 && d->pending[d->pending_head].id == COMMAND_QUIT)))
		ended = true;
	return (ended || d->quit_answered) && d->gap_octets[DIR_SERVER] == 0 && d->untied == 0 &&
	       !d->start_unseen[DIR_SERVER];
}

void
facts_of(const struct conn *conn, struct facts *f)
{
	const struct dialog *d = &conn->dialog;

	memset(f, 0, sizeof *f);
	f->conn = conn;
	f->dialog = d;
	f->client = &conn->half[DIR_CLIENT];
	f->server = &conn->half[DIR_SERVER];
	closing_first(conn, &f->closing);
	f->syn = f->client->syn_frame_no != 0;
	f->syn_ack = f->server->syn_frame_no != 0;
	f->ack = conn->ack_frame_no != 0;
	f->only_syns =
	    f->syn && f->client->packets == f->client->syn_count && f->server->packets == 0;
	f->server_silent = silent(conn);
	f->greeting = &d->greeting;
	f->greeting_proven = d->greeting_sure;
	f->conflict =
	    f->client->stream.conflict_frame_no != 0 || f->server->stream.conflict_frame_no != 0;
	f->octets[DIR_CLIENT] = octets_sent(f->client, f->server);
	f->octets[DIR_SERVER] = octets_sent(f->server, f->client);
	if (refusal_from_first_frame(f)) {
		f->greeting = &d->first;
		f->greeting_proven = true;
	}
	/* What was only counted was not read: no reason is known. */
	f->rcpt[RCPT_ACCEPTED] = d->accepted_unlisted;
	f->rcpt[RCPT_OTHER] = f->rcpt_refused = d->refused_unlisted;
	for (uint32_t i = 0; i < d->senders.count; i++) {
		f->senders_accepted += d->senders.v[i].code / 100 == 2;
		f->senders_refused += d->senders.v[i].code >= 400;
	}
	f->server_whole = server_whole(f);
}
