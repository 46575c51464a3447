#include "analyzer/smtp/dialog_parts.h"

void
dialog_lose_client(struct dialog *d)
{
	d->client = CLIENT_LOST;
	d->tx_sender = DIALOG_SENDER_UNSEEN;
	d->footing_new = false;
	if (d->pending_count == 0 ||
	    d->pending[d->pending_head + d->pending_count - 1].id != PENDING_GAP)
		dialog_push_span(
		    d, PENDING_GAP, d->off[DIR_CLIENT], d->off[DIR_CLIENT], RUN_PEER_UNKNOWN);
}

void
dialog_begin_body(struct dialog *d, uint64_t off)
{
	d->body_off = off;
	body_begin(&d->body);
	d->body_open = true;
}

static void
on_bdat(struct dialog *d, struct bytes arg)
{
	bool last = false;
	uint64_t octets = 0;

	if (command_bdat(arg, &octets, &last)) {
		d->client = CLIENT_CHUNK;
		d->chunk_left = octets;
		d->body_open = true;
	} else {
		/* Without a size nobody can tell its body from commands. */
		dialog_lose_client(d);
	}
	if (d->pending_count > 0)
		d->pending[d->pending_head + d->pending_count - 1].last = last;
}

static void
on_client_line(struct dialog *d, const struct line *line)
{
	struct command command;
	uint32_t index = UINT32_MAX;

	if (line->cut)
		limits_hit(d->limits, LIMIT_LINES_CUT, 1);
	d->bare_lf = line->end == LINE_LF;
	command_parse(line->text, &command);
	if (d->footing_new && command.id == COMMAND_UNKNOWN) {
		dialog_lose_client(d); /* it was within a line, or a chunk */
		return;
	}
	d->footing_new = false;
	switch (command.id) {
	case COMMAND_HELO:
	case COMMAND_EHLO:
		d->tx_sender = DIALOG_NO_SENDER;
		d->helo = dialog_keep_text(d, command.arg);
		break;
	case COMMAND_RSET:
		d->tx_sender = DIALOG_NO_SENDER;
		break;
	case COMMAND_MAIL:
		index = dialog_keep_path(d, &d->senders, line, command.arg);
		d->tx_sender = index == UINT32_MAX ? DIALOG_SENDER_UNSEEN : index;
		break;
	case COMMAND_RCPT:
		index = dialog_keep_path(d, &d->recipients, line, command.arg);
		break;
	case COMMAND_STARTTLS:
		d->tls_begun = true;
		break;
	default:
		break;
	}
	if (!dialog_push(d, (uint8_t)command.id, index, line))
		return;
	if (command.after == AFTER_WAIT)
		d->client = CLIENT_WAIT;
	else if (command.after == AFTER_BODY)
		on_bdat(d, command.arg);
}

/*
 * After a gap. The point of rest: everything the client had sent was received and answered
 * when it sent this octet, so the last reply tells what it is. False: wait for the server.
 */
static bool
find_footing(struct dialog *d, struct run *run)
{
	uint64_t ack = d->last.last_ack_off;
	uint64_t server_off = d->held_set ? d->held.off : d->off[DIR_SERVER];

	d->footing_waits = run->peer_off != RUN_PEER_UNKNOWN && run->peer_off > server_off &&
	                   !d->server_opaque && !d->released;
	d->footing_needs = run->peer_off;
	if (d->footing_waits)
		return false;
	d->released = false;
	if (d->last_set && ack != RUN_PEER_UNKNOWN && run->off < ack) {
		uint64_t n = ack - run->off;

		run_take(run, n < run->data.n ? (size_t)n : run->data.n);
		return true;
	}
	if (!d->last_set || run->off != ack || run->peer_off != d->last.end_off || d->reply_open) {
		run_take(run, run->data.n);
		return true;
	}
	d->line[DIR_CLIENT].skip = d->line[DIR_CLIENT].partial = false;
	if (d->last.code == 354) {
		d->client = CLIENT_BODY;
		dialog_begin_body(d, run->off);
	} else if (d->last.code == 334) {
		d->client = CLIENT_SECRET;
	} else if (d->last.code == 220 && run->data.p[0] == 0x16 && run->off > d->begin) {
		d->client = CLIENT_OPAQUE; /* a TLS handshake record: the STARTTLS was not seen */
		d->server_opaque = true;
		d->tls = TRY_ACCEPTED;
	} else {
		d->client = CLIENT_COMMANDS;
		d->footing_new = true;
	}
	return true;
}

/* One step of the client's stream; false when it has to wait. */
static bool
step_client(struct dialog *d, struct run *run)
{
	struct line line;
	uint64_t n;

	switch ((enum client_state)d->client) {
	case CLIENT_COMMANDS:
		if (smtp_line_next(&d->line[DIR_CLIENT], run, d->budget, &line))
			on_client_line(d, &line);
		return true;
	case CLIENT_WAIT:
		/* The client has read on beyond a gap: its question was answered in there. */
		if (!d->unsure || run->peer_off == RUN_PEER_UNKNOWN ||
		    run->peer_off > d->off[DIR_SERVER] || d->held_set)
			return false;
		dialog_lose_client(d);
		return true;
	case CLIENT_BODY:
		if (body_skip(&d->body, run, d->bare_lf)) {
			d->client = CLIENT_COMMANDS;
			dialog_push_span(d, COMMAND_BODY, d->body_off, run->off, run->peer_off);
		}
		return true;
	case CLIENT_CHUNK:
		n = d->chunk_left < run->data.n ? d->chunk_left : run->data.n;
		run_take(run, (size_t)n);
		d->chunk_left -= n;
		if (d->chunk_left == 0)
			d->client = CLIENT_COMMANDS;
		return true;
	case CLIENT_SECRET:
		if (smtp_line_next(&d->line[DIR_CLIENT], run, d->budget, &line)) {
			d->client = CLIENT_WAIT;
			dialog_push(d, COMMAND_SECRET, UINT32_MAX, &line);
		}
		return true;
	case CLIENT_LOST:
		return find_footing(d, run);
	case CLIENT_OPAQUE:
		run_take(run, run->data.n);
		return true;
	}
	return true;
}

size_t
dialog_feed_client(struct dialog *d, struct run run)
{
	uint64_t from = run.off;

	if (!d->client_spoke) {
		d->client_spoke = true;
		d->first_peer_off = run.peer_off;
		d->first_frame_no = run.frame_no;
	}
	/* An empty chunk ends without an octet. */
	if (d->client == CLIENT_CHUNK && d->chunk_left == 0)
		d->client = CLIENT_COMMANDS;
	while (run.data.n > 0) {
		if (!step_client(d, &run))
			break;
		d->off[DIR_CLIENT] = run.off;
	}
	d->off[DIR_CLIENT] = run.off;
	return (size_t)(run.off - from);
}

void
dialog_gap_client(struct dialog *d, uint64_t n)
{
	struct line line;

	if (d->client == CLIENT_OPAQUE)
		return;
	if (d->client == CLIENT_CHUNK && n <= d->chunk_left) {
		d->chunk_left -= n; /* a hole in a body of known length hides nothing */
		return;
	}
	/* Whatever is missing, the next reply answers the message that had begun. */
	if (d->client == CLIENT_BODY)
		dialog_push_span(
		    d, COMMAND_BODY, d->body_off, d->off[DIR_CLIENT], RUN_PEER_UNKNOWN);
	smtp_line_break(&d->line[DIR_CLIENT], d->off[DIR_CLIENT], LINE_GAP, &line);
	dialog_lose_client(d);
}
