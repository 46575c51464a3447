#include "analyzer/smtp/dialog_parts.h"

void
dialog_lose_client(struct dialog *d)
{
	d->client = CLIENT_LOST;
	d->client_lost = true;
	d->tx_sender = DIALOG_SENDER_UNSEEN;
	d->footing_new = false;
	if (d->pending_count == 0 || dialog_back(d)->id != PENDING_GAP)
		dialog_push(d, PENDING_GAP, UINT32_MAX, d->off[DIR_CLIENT], d->off[DIR_CLIENT],
		    RUN_PEER_UNKNOWN);
}

void
dialog_begin_body(struct dialog *d, uint64_t off)
{
	d->body_off = off;
	body_begin(&d->body);
	d->body_open = true;
	d->body_refused = false;
}

static void
on_bdat(struct dialog *d, struct bytes arg, uint64_t end_off)
{
	bool last = false;
	uint64_t octets = 0;

	if (command_bdat(arg, &octets, &last)) {
		d->client = CLIENT_CHUNK;
		d->chunk_left = octets;
		d->body_open = true;
		d->body_off = end_off;
	} else {
		/* Without a size nobody can tell its body from commands. */
		dialog_lose_client(d);
	}
	if (d->pending_count > 0)
		dialog_back(d)->last = last;
}

/*
 * Before the dialogue a proxy may tell whose client this is, which nobody answers: in a line, or in
 * octets of which the first three lines are always the same. How many those are is not asked: what
 * was sent after the greeting is dialogue. haproxy.org, the PROXY protocol 2
 */
static bool
told_by_proxy(struct dialog *d, const struct line *line)
{
	static const struct {
		uint64_t off;
		struct bytes text;
	} heads[] = { { 0, BYTES_INIT("") }, { 2, BYTES_INIT("") }, { 4, BYTES_INIT("\0") } };
	bool begun = d->proxy_lines > 0;

	if (!begun && (line->off != 0 || line->peer_off != 0))
		return false;
	if (!begun && bytes_case_starts(line->text, BYTES_LIT("PROXY ")))
		return true;
	if (line->peer_off == 0 && line->off == heads[d->proxy_lines].off &&
	    bytes_eq(line->text, heads[d->proxy_lines].text)) {
		if (++d->proxy_lines == sizeof heads / sizeof heads[0]) {
			d->proxy_lines = 0;
			dialog_lose_client(d);
			dialog_pop(d, d->pending_count); /* no command was passed over */
		}
		return true;
	}
	d->proxy_lines = 0;
	if (begun)
		dialog_lose_client(d); /* nor is it known what the empty lines were */
	return begun;
}

static void
on_client_line(struct dialog *d, const struct line *line)
{
	struct command command;
	uint32_t index = UINT32_MAX;

	if (line->cut)
		limits_hit(d->limits, LIMIT_LINES_CUT, 1);
	if (told_by_proxy(d, line))
		return;
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
		d->helo = dialog_keep_text(d, command.arg);
		/* fall through */
	case COMMAND_RSET:
		index = d->tx_sender;
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
	if (!dialog_push(d, (uint8_t)command.id, index, line->off, line->end_off, line->peer_off))
		return;
	if (command.after == AFTER_WAIT)
		d->client = CLIENT_WAIT;
	else if (command.after == AFTER_BODY)
		on_bdat(d, command.arg, line->end_off);
}

/*
 * After a gap. The point of rest: everything the client had sent was received and answered
 * when it sent this octet, so the last reply tells what it is. False: wait for the server.
 */
static bool
find_footing(struct dialog *d, const struct run *run, size_t *at)
{
	uint64_t off = run->off + *at, ack = d->last.ack_off;
	uint64_t server_off = d->held_set ? d->reply.off : d->off[DIR_SERVER];

	d->footing_waits = run->peer_off != RUN_PEER_UNKNOWN && run->peer_off > server_off &&
	                   !d->server_opaque && !d->released;
	d->footing_needs = run->peer_off;
	if (d->footing_waits)
		return false;
	d->released = false;
	if (d->last_set && ack != RUN_PEER_UNKNOWN && off < ack) {
		uint64_t n = ack - off;

		*at = n < run->data.n - *at ? *at + (size_t)n : run->data.n;
		return true;
	}
	if (!d->last_set || off != ack || run->peer_off != d->last.end_off || d->reply_open) {
		*at = run->data.n;
		return true;
	}
	d->line[DIR_CLIENT].skip = d->line[DIR_CLIENT].partial = false;
	if (d->last.code == 354) {
		d->client = CLIENT_BODY;
		dialog_begin_body(d, off);
	} else if (d->last.code == 334) {
		d->client = CLIENT_SECRET;
	} else if (d->last.code == 220 && run->data.p[*at] == 0x16 && off > d->begin) {
		d->client = CLIENT_OPAQUE; /* a TLS handshake record: the STARTTLS was not seen */
		d->server_opaque = true;
		d->tls = TRY_ACCEPTED;
	} else {
		d->client = CLIENT_COMMANDS;
		d->footing_new = true;
	}
	return true;
}

/* When it sent this, the client had octets of the server that come later in the file. */
static bool
was_answered(const struct dialog *d, const struct run *run)
{
	return run->peer_off != RUN_PEER_UNKNOWN && run->peer_off > d->off[DIR_SERVER];
}

/* One step of the client's stream; false when it has to wait. */
static bool
step_client(struct dialog *d, const struct run *run, size_t *at)
{
	struct line line;
	size_t n;
	bool ended;

	switch ((enum client_state)d->client) {
	case CLIENT_COMMANDS:
		if (smtp_line_next(&d->line[DIR_CLIENT], run, at, d->budget, &line))
			on_client_line(d, &line);
		return true;
	case CLIENT_WAIT:
		/* The client has read on beyond a gap: its question was answered in there. */
		if (!d->unsure || run->peer_off == RUN_PEER_UNKNOWN || was_answered(d, run) ||
		    d->held_set)
			return false;
		dialog_lose_client(d);
		return true;
	case CLIENT_BODY:
		/* So the server saw an end in the last octets, as some do. */
		ended = *at == 0 && was_answered(d, run) && body_dotted(&d->body);
		if (!ended) {
			ended = body_skip(&d->body, bytes_skip(run->data, *at), d->bare_lf, &n);
			*at += n;
		}
		if (ended) {
			d->client = CLIENT_COMMANDS;
			dialog_push(d, COMMAND_BODY, UINT32_MAX, d->body_off, run->off + *at,
			    run->peer_off);
		}
		return true;
	case CLIENT_CHUNK:
		n = run->data.n - *at;
		if (d->chunk_left < n)
			n = (size_t)d->chunk_left;
		*at += n;
		d->chunk_left -= n;
		if (d->chunk_left == 0)
			d->client = CLIENT_COMMANDS;
		return true;
	case CLIENT_SECRET:
		if (smtp_line_next(&d->line[DIR_CLIENT], run, at, d->budget, &line)) {
			d->client = CLIENT_WAIT;
			dialog_push(
			    d, COMMAND_SECRET, UINT32_MAX, line.off, line.end_off, line.peer_off);
		}
		return true;
	case CLIENT_LOST:
		return find_footing(d, run, at);
	case CLIENT_OPAQUE:
		*at = run->data.n;
		return true;
	}
	return true;
}

size_t
dialog_feed_client(struct dialog *d, const struct run *run)
{
	size_t at = 0;

	if (!d->client_spoke) {
		d->client_spoke = true;
		d->first_peer_off = run->peer_off;
		d->first_frame_no = run->frame_no;
	}
	/* An empty chunk ends without an octet. */
	if (d->client == CLIENT_CHUNK && d->chunk_left == 0)
		d->client = CLIENT_COMMANDS;
	while (at < run->data.n) {
		if (!step_client(d, run, &at))
			break;
		d->off[DIR_CLIENT] = run->off + at;
	}
	d->off[DIR_CLIENT] = run->off + at;
	return at;
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
		dialog_push(
		    d, COMMAND_BODY, UINT32_MAX, d->body_off, d->off[DIR_CLIENT], RUN_PEER_UNKNOWN);
	smtp_line_break(&d->line[DIR_CLIENT], d->off[DIR_CLIENT], LINE_GAP, &line);
	dialog_lose_client(d);
}
