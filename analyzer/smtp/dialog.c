#include "analyzer/smtp/dialog.h"

#include <stdlib.h>

#include "analyzer/smtp/reply.h"

#define PENDING_GAP 255 /* commands may be missing here */

void
dialog_init(struct dialog *d, struct budget *budget, struct limits *limits)
{
	memset(d, 0, sizeof *d);
	d->budget = budget;
	d->limits = limits;
	d->first_text.len = d->helo.len = DIALOG_ABSENT;
	d->tx_sender = DIALOG_NO_SENDER;
}

/* --- what is kept ------------------------------------------------------------ */

/* Doubles *p until `need` elements fit; false without budget or memory. */
static bool
make_room(struct dialog *d, void **p, uint32_t *room, uint32_t need, size_t size, uint32_t first)
{
	uint32_t want = *room == 0 ? first : *room;
	void *q;

	if (need <= *room)
		return true;
	while (want < need)
		want *= 2;
	if (!budget_take(d->budget, (want - *room) * size))
		return false;
	q = realloc(*p, want * size);
	if (q == NULL) {
		budget_give(d->budget, (want - *room) * size);
		return false;
	}
	*p = q;
	*room = want;
	return true;
}

static struct piece
keep_text(struct dialog *d, struct bytes b)
{
	struct piece piece = { d->text_n, (uint32_t)b.n };

	if (b.n > DIALOG_MAX_TEXT - d->text_n ||
	    !make_room(d, (void **)&d->text, &d->text_room, d->text_n + (uint32_t)b.n, 1, 256)) {
		limits_hit(d->limits, LIMIT_TEXT_NOT_KEPT, b.n);
		return (struct piece){ 0, DIALOG_ABSENT };
	}
	if (b.n > 0 && b.p != NULL)
		memcpy(d->text + d->text_n, b.p, b.n);
	d->text_n += (uint32_t)b.n;
	return piece;
}

struct bytes
dialog_text(const struct dialog *d, struct piece p)
{
	if (p.len == DIALOG_ABSENT)
		return bytes_of(NULL, 0);
	if (p.len == 0)
		return bytes_of(d->text, 0);
	return bytes_of(d->text + p.off, p.len);
}

/* The index of a new path, or UINT32_MAX when it is only counted. */
static uint32_t
keep_path(struct dialog *d, struct dialog_paths *paths, const struct line *line, struct bytes arg)
{
	if (paths->count >= DIALOG_MAX_PATHS || !make_room(d, (void **)&paths->v, &paths->room,
						    paths->count + 1, sizeof *paths->v, 2)) {
		limits_hit(d->limits, LIMIT_RECIPIENTS_NOT_KEPT, 1);
		return UINT32_MAX;
	}
	paths->v[paths->count] = (struct dialog_path){
		.address = keep_text(d, command_path(arg)),
		.reply = { 0, DIALOG_ABSENT },
		.frame_no = line->frame_no,
		.sender = d->tx_sender,
	};
	return paths->count++;
}

static bool
push(struct dialog *d, uint8_t id, uint32_t index, const struct line *line)
{
	if (d->pending_head > 0 && d->pending_head + d->pending_count == d->pending_room) {
		memmove(d->pending, d->pending + d->pending_head,
		    d->pending_count * sizeof *d->pending);
		d->pending_head = 0;
	}

	if (d->pending_count >= DIALOG_MAX_PENDING ||
	    !make_room(d, (void **)&d->pending, &d->pending_room,
		d->pending_head + d->pending_count + 1, sizeof *d->pending, 4)) {
		/* From here on the order of the replies proves nothing. */
		limits_hit(d->limits, LIMIT_COMMANDS_NOT_TIED, 1);
		d->unsure = true;
		return false;
	}
	d->pending[d->pending_head + d->pending_count++] =
	    (struct dialog_pending){ line->off, line->end_off, line->peer_off, index, id, false };
	return true;
}

/* What is no line. */
static void
push_span(struct dialog *d, uint8_t id, uint64_t off, uint64_t end_off, uint64_t peer_off)
{
	struct line none = { .off = off, .end_off = end_off, .peer_off = peer_off };

	push(d, id, UINT32_MAX, &none);
}

static void
pop(struct dialog *d, uint32_t n)
{
	d->pending_head += n;
	d->pending_count -= n;
	if (d->pending_count == 0)
		d->pending_head = 0;
}

static struct dialog_pending *
front(const struct dialog *d)
{
	return d->pending_count == 0 ? NULL : &d->pending[d->pending_head];
}

/* From here on commands may be missing. */
static void
lose_client(struct dialog *d)
{
	d->client = CLIENT_LOST;
	d->tx_sender = DIALOG_SENDER_UNSEEN;
	d->footing_new = false;
	if (d->pending_count == 0 ||
	    d->pending[d->pending_head + d->pending_count - 1].id != PENDING_GAP)
		push_span(d, PENDING_GAP, d->off[DIR_CLIENT], d->off[DIR_CLIENT], RUN_PEER_UNKNOWN);
}

/* --- replies ------------------------------------------------------------------ */

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
	path->reply = keep_text(d, bytes_head(text, DIALOG_MAX_REPLY));
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

/* 354 was given for it, so somebody would have got it. */
static void
answer_message(struct dialog *d, const struct dialog_reply *r)
{
	d->body_open = false;
	d->content_refused += r->code >= 400;
	d->messages += r->code < 400;
}

static void
answer_chunk(struct dialog *d, const struct dialog_reply *r, bool last)
{
	d->bodies_accepted += r->code < 300;
	d->body_open = d->body_open && !last && r->code < 400;
	if (r->code >= 400)
		refuse_content(d);
	else
		d->messages += last;
}

/* At the start of a line. */
static void
begin_body(struct dialog *d, uint64_t off)
{
	d->body_off = off;
	d->body_line = 2;
	d->body_open = true;
}

static void
answer_data(struct dialog *d, const struct dialog_reply *r)
{
	go_on(d, r->code < 400 ? CLIENT_BODY : CLIENT_COMMANDS);
	if (r->code < 400) {
		begin_body(d, d->off[DIR_CLIENT]);
		d->bodies_accepted++;
	} else {
		refuse_content(d);
	}
}

static void
answer(struct dialog *d, const struct dialog_pending *p, const struct dialog_reply *r,
    struct bytes text)
{
	switch (p->id) {
	case COMMAND_MAIL:
		d->tx_accepted = 0;
		d->tx_unsure = false;
		answer_path(d, path_at(&d->senders, p->index), r, text);
		break;
	case COMMAND_RCPT:
		answer_rcpt(d, p->index, r, text);
		break;
	case COMMAND_DATA:
		answer_data(d, r);
		break;
	case COMMAND_BODY:
		answer_message(d, r);
		break;
	case COMMAND_BDAT:
		answer_chunk(d, r, p->last);
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

/*
 * After octets that were not seen. Everything before this command was received when the last
 * reply was sent, and this is what the client sent next when it had read exactly that reply. And
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
	return d->last_set && d->last.end_off == r->off && d->last.last_ack_off == p->off &&
	       p->peer_off == r->off;
}

static void
pass_untied(struct dialog *d, const struct dialog_reply *r)
{
	d->untied++;
	d->bodies_accepted += r->code == 354;
	if (d->client == CLIENT_WAIT && r->ack_off != RUN_PEER_UNKNOWN && d->pending_count > 0 &&
	    r->ack_off > d->pending[d->pending_head + d->pending_count - 1].end_off)
		lose_client(d); /* the server went on: what we wait for was not seen */
}

/* False: not yet, the client's octets that it may answer are still to come. */
static bool
tie(struct dialog *d, const struct dialog_reply *r, struct bytes text)
{
	struct dialog_pending *p = front(d);
	uint32_t n = 0;

	if (!d->unsure && (p == NULL || p->id != PENDING_GAP)) {
		bool acks_tell = d->greatest_ack > 0 && r->ack_off != RUN_PEER_UNKNOWN;

		if (p != NULL && (received(p, r) || !acks_tell)) {
			struct dialog_pending mine = *p;

			pop(d, 1);
			answer(d, &mine, r, text);
			return true;
		}
		if (p == NULL && client_behind(d, r))
			return false;
		d->unsolicited++;
		if (r->code >= 400 && (d->client == CLIENT_BODY || d->client == CLIENT_CHUNK))
			refuse_content(d);
		return true;
	}
	while (n < d->pending_count && !at_rest(d, n, r))
		n++;
	if (n < d->pending_count) {
		struct dialog_pending mine = d->pending[d->pending_head + n];

		pop(d, n + 1);
		d->unsure = false;
		d->tx_unsure = true; /* something before it was not seen */
		answer(d, &mine, r, text);
		return true;
	}
	if (client_behind(d, r))
		return false;
	pass_untied(d, r);
	return true;
}

static void
greet(struct dialog *d, const struct dialog_reply *r)
{
	d->greeting = *r;
	d->greeting_sure = !d->start_unseen[DIR_SERVER] && d->gap_octets[DIR_SERVER] == 0;
}

/* A reply is whole. True when it has found its place. */
static bool
place_reply(struct dialog *d, const struct dialog_reply *r, struct bytes text)
{
	if (r->ack_off != RUN_PEER_UNKNOWN && r->ack_off > d->greatest_ack &&
	    r->ack_off < UINT64_MAX)
		d->greatest_ack = r->ack_off;
	if (d->first.code == 0) {
		d->first = *r;
		d->first_text = keep_text(d, bytes_head(text, DIALOG_MAX_REPLY));
	}
	/*
	 * The first reply of the stream, or one that was sent before the server had
	 * received a single octet, answers nothing: it greets.
	 */
	if (d->greeting.code == 0 && !d->last_set &&
	    ((!d->start_unseen[DIR_SERVER] && d->gap_octets[DIR_SERVER] == 0) ||
		(!d->start_unseen[DIR_CLIENT] && r->ack_off == d->begin && r->code / 100 != 3)))
		greet(d, r);
	else if (!tie(d, r, text))
		return false;
	d->last = *r;
	d->last_set = true;
	return true;
}

static struct bytes
reply_text(const struct dialog *d)
{
	return bytes_of(d->reply_text, d->reply_text_n);
}

/* Lines of a reply that may be asked for later are joined by LF. */
static void
join_text(struct dialog *d, struct bytes text, bool first)
{
	if (d->reply_text == NULL) {
		if (!budget_take(d->budget, DIALOG_MAX_REPLY))
			return;
		d->reply_text = malloc(DIALOG_MAX_REPLY);
		if (d->reply_text == NULL) {
			budget_give(d->budget, DIALOG_MAX_REPLY);
			return;
		}
	}
	if (first)
		d->reply_text_n = 0;
	else if (d->reply_text_n < DIALOG_MAX_REPLY)
		d->reply_text[d->reply_text_n++] = '\n';
	text = bytes_head(text, (size_t)(DIALOG_MAX_REPLY - d->reply_text_n));
	if (text.n > 0 && text.p != NULL)
		memcpy(d->reply_text + d->reply_text_n, text.p, text.n);
	d->reply_text_n = (uint16_t)(d->reply_text_n + text.n);
}

/* No further line belongs to the reply: it finds its place, or waits for it. */
static void
finish_reply(struct dialog *d, struct bytes text)
{
	d->reply_open = false;
	if (place_reply(d, &d->reply, text))
		return;
	d->held = d->reply;
	d->held_set = true;
	if (text.p != d->reply_text)
		join_text(d, text, true);
}

/*
 * One line of the server. The code of the last line of a reply governs; a line that is no
 * reply line inside the dialogue is passed over, as clients do.
 */
static void
on_server_line(struct dialog *d, const struct line *line, uint64_t ack_off)
{
	struct reply_line part;
	bool first = !d->reply_open, final;
	struct bytes text;

	if (line->cut)
		limits_hit(d->limits, LIMIT_LINES_CUT, 1);
	if (!reply_line_parse(line->text, &part)) {
		if (line->end == LINE_GAP && reply_line_possible(line->text))
			return;

		if (!d->server_begun && !d->start_unseen[DIR_SERVER] && line->off == 0) {
			d->not_smtp = true;
			d->server_opaque = true;
			d->client = CLIENT_OPAQUE;
		}
		return;
	}
	if (line->end == LINE_GAP && !part.separated)
		return; /* `554` could still become `554-` */
	d->server_begun = true;
	final = !part.more || line->end == LINE_EOF;
	if (first) {
		d->reply = (struct dialog_reply){ .off = line->off, .ack_off = line->peer_off };
		d->reply_open = true;
	}
	d->reply.code = part.code;
	d->reply.end_off = line->end_off;
	d->reply.last_ack_off = ack_off;
	d->reply.frame_no = line->frame_no;
	d->reply.ts_ns = line->ts_ns;
	d->reply.cut = line->end == LINE_GAP;
	text = part.text;
	if (!first || (!final && (d->greeting.code == 0 || part.code >= 400))) {
		join_text(d, part.text, first);
		text = reply_text(d);
	}
	if (final)
		finish_reply(d, text);
}

static size_t
feed_server(struct dialog *d, struct run run)
{
	uint64_t from = run.off;
	struct line line;

	d->server_spoke = d->server_spoke || run.data.n > 0;
	if (run.segment_start && run.data.n >= 4 && d->line[DIR_SERVER].skip) {
		/* After a gap: a segment that begins like a reply begins a line. */
		struct reply_line part;

		if (reply_line_parse(bytes_head(run.data, 4), &part))
			d->line[DIR_SERVER].skip = d->line[DIR_SERVER].partial = false;
	}
	while (run.data.n > 0 && !d->held_set) {
		if (d->server_opaque)
			run_take(&run, run.data.n);
		else if (smtp_line_next(&d->line[DIR_SERVER], &run, d->budget, &line)) {
			d->off[DIR_SERVER] = run.off;
			on_server_line(d, &line, run.peer_off);
		}
	}
	d->off[DIR_SERVER] = run.off;
	return (size_t)(run.off - from);
}

/* --- commands ----------------------------------------------------------------- */

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
		lose_client(d);
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
	if (line->end == LINE_GAP || line->end == LINE_EOF)
		return; /* a server does not act on it */
	d->bare_lf = line->end == LINE_LF;
	command_parse(line->text, &command);
	if (d->footing_new && command.id == COMMAND_UNKNOWN) {
		lose_client(d); /* it was within a line, or a chunk */
		return;
	}
	d->footing_new = false;
	switch (command.id) {
	case COMMAND_HELO:
	case COMMAND_EHLO:
		d->tx_sender = DIALOG_NO_SENDER;
		d->helo = keep_text(d, command.arg);
		break;
	case COMMAND_RSET:
		d->tx_sender = DIALOG_NO_SENDER;
		break;
	case COMMAND_MAIL:
		index = keep_path(d, &d->senders, line, command.arg);
		d->tx_sender = index == UINT32_MAX ? DIALOG_SENDER_UNSEEN : index;
		break;
	case COMMAND_RCPT:
		index = keep_path(d, &d->recipients, line, command.arg);
		break;
	case COMMAND_STARTTLS:
		d->tls_begun = true;
		break;
	default:
		break;
	}
	if (!push(d, (uint8_t)command.id, index, line))
		return;
	if (command.after == AFTER_WAIT)
		d->client = CLIENT_WAIT;
	else if (command.after == AFTER_BODY)
		on_bdat(d, command.arg);
}

/* The octets up to `to` end a line. */
static bool
ends_line(const struct dialog *d, const uint8_t *from, const uint8_t *to)
{
	if (to - from < 1 || to[-1] != '\n')
		return false;
	return d->bare_lf || (to - from >= 2 && to[-2] == '\r');
}

/* From within a line to the next dot that begins one, or to the end; sets body_line for it. */
static const uint8_t *
to_dot(struct dialog *d, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *dot = memchr(p, '.', (size_t)(end - p));

	while (dot != NULL && !ends_line(d, p, dot))
		dot = memchr(dot + 1, '.', (size_t)(end - dot - 1));
	if (dot == NULL)
		dot = end;
	d->body_line = ends_line(d, p, dot) ? 2 : dot[-1] == '\r';
	return dot;
}

/*
 * Passes over a message up to the dot that ends it: true when it did. RFC 5321 4.1.1.4.
 * body_line counts how much of <CR LF . CR LF> was seen. A client that ends its own lines with a
 * bare LF is taken to end its message so.
 */
static bool
skip_body(struct dialog *d, struct run *run)
{
	static const uint8_t ending[] = { '\r', '\n', '.', '\r', '\n' };
	const uint8_t *p = run->data.p, *end = p + run->data.n;

	while (p < end) {
		if (d->body_line == 0) {
			p = to_dot(d, p, end);
			continue;
		}
		if (*p == ending[d->body_line]) {
			d->body_line++;
		} else if (d->bare_lf && *p == '\n' && d->body_line == 3) {
			d->body_line = sizeof ending;
		} else {
			d->body_line = 0;
			if (*p == '\r')
				d->body_line = 1;
			else if (*p == '\n')
				continue; /* again, as the line end it is */
		}
		p++;
		if (d->body_line == sizeof ending) {
			d->body_line = 0;
			run_take(run, (size_t)(p - run->data.p));
			return true;
		}
	}
	run_take(run, (size_t)(p - run->data.p));
	return false;
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
		begin_body(d, run->off);
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
		lose_client(d);
		return true;
	case CLIENT_BODY:
		if (skip_body(d, run)) {
			d->client = CLIENT_COMMANDS;
			push_span(d, COMMAND_BODY, d->body_off, run->off, run->peer_off);
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
			push(d, COMMAND_SECRET, UINT32_MAX, &line);
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

static size_t
feed_client(struct dialog *d, struct run run)
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

/* The held reply has its place, and what was missing behind it counts. */
static void
let_go(struct dialog *d)
{
	d->held_set = false;
	d->unsure = d->unsure || d->unsure_then;
	d->unsure_then = false;
}

/* A held reply looks again after the client has moved. */
static void
settle(struct dialog *d)
{
	if (d->held_set && place_reply(d, &d->held, reply_text(d)))
		let_go(d);
}

size_t
dialog_feed(struct dialog *d, enum dir dir, const struct run *run)
{
	size_t n = dir == DIR_SERVER ? feed_server(d, *run) : feed_client(d, *run);

	settle(d);
	return n;
}

bool
dialog_waits(const struct dialog *d, enum dir dir)
{
	return dir == DIR_SERVER ? d->held_set : d->client == CLIENT_WAIT;
}

/* --- what was not seen --------------------------------------------------------- */

void
dialog_start_unseen(struct dialog *d, enum dir dir, uint64_t off)
{
	d->start_unseen[dir] = true;
	d->off[dir] = off;
	if (dir == DIR_SERVER) {
		d->unsure = true;
	} else {
		d->begin = off;
		lose_client(d);
	}
}

static void
gap_server(struct dialog *d)
{
	struct line line;

	if (d->server_opaque)
		return;
	if (smtp_line_break(&d->line[DIR_SERVER], d->off[DIR_SERVER], LINE_GAP, &line))
		on_server_line(d, &line, line.peer_off);
	d->reply_open = false;
	d->server_begun = true;
	/* A reply that waits was before it: only the ones to come are in doubt. */
	d->unsure_then = d->held_set;
	d->unsure = d->unsure || !d->held_set;
}

static void
gap_client(struct dialog *d, uint64_t n)
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
		push_span(d, COMMAND_BODY, d->body_off, d->off[DIR_CLIENT], RUN_PEER_UNKNOWN);
	smtp_line_break(&d->line[DIR_CLIENT], d->off[DIR_CLIENT], LINE_GAP, &line);
	lose_client(d);
}

void
dialog_gap(struct dialog *d, enum dir dir, uint64_t n)
{
	if (dir == DIR_SERVER)
		gap_server(d); /* a line that the gap cuts short may still be a whole code */
	else
		gap_client(d, n);
	d->gap_octets[dir] += n;
	d->off[dir] += n;

	settle(d);
}

bool
dialog_release(struct dialog *d)
{
	if (d->held_set) {
		let_go(d);
		pass_untied(d, &d->held);
		d->last = d->held;
		d->last_set = true;
	} else if (d->client == CLIENT_WAIT) {
		lose_client(d);
	} else if (d->footing_waits) {
		d->released = true;
	} else {
		return false;
	}
	d->unsure = true;
	return true;
}

void
dialog_end(struct dialog *d, enum dir dir, bool whole)
{
	struct line line;

	if (dir == DIR_SERVER ? d->server_opaque : d->client != CLIENT_COMMANDS)
		return;
	if (smtp_line_break(&d->line[dir], d->off[dir], whole ? LINE_EOF : LINE_GAP, &line)) {
		if (dir == DIR_SERVER)
			on_server_line(d, &line, line.peer_off);
		else
			on_client_line(d, &line);
	}
	if (dir == DIR_SERVER && whole && d->reply_open)
		finish_reply(d, reply_text(d)); /* `554-` is all there is of it */
	settle(d);
}

void
dialog_clear(struct dialog *d)
{
	smtp_line_clear(&d->line[DIR_CLIENT], d->budget);
	smtp_line_clear(&d->line[DIR_SERVER], d->budget);
	budget_give(d->budget, d->text_room + d->senders.room * sizeof *d->senders.v +
				   d->recipients.room * sizeof *d->recipients.v +
				   d->pending_room * sizeof *d->pending +
				   (d->reply_text != NULL ? DIALOG_MAX_REPLY : 0));
	free(d->text);
	free(d->senders.v);
	free(d->recipients.v);
	free(d->pending);
	free(d->reply_text);
}
