#include "analyzer/smtp/dialog.h"

#include "analyzer/smtp/dialog_parts.h"

void
dialog_init(struct dialog *d, struct budget *budget, struct limits *limits)
{
	memset(d, 0, offsetof(struct dialog, few_pending));
	d->budget = budget;
	d->limits = limits;
	d->first_text.len = d->helo.len = DIALOG_ABSENT;
	d->tx_sender = DIALOG_NO_SENDER;
	dialog_keep_init(d);
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
	if (d->held_set && dialog_place_reply(d, dialog_reply_text(d)))
		let_go(d);
}

size_t
dialog_feed(struct dialog *d, enum dir dir, const struct run *run)
{
	size_t n = dir == DIR_SERVER ? dialog_feed_server(d, run) : dialog_feed_client(d, run);

	settle(d);
	return n;
}

/* --- what was not seen --------------------------------------------------------- */

void
dialog_start_unseen(struct dialog *d, enum dir dir, uint64_t off)
{
	d->start_unseen[dir] = true;
	d->off[dir] = off;
	if (dir == DIR_SERVER) {
		d->unsure = true;
		d->unseen_end = off;
	} else {
		d->begin = off;
		dialog_lose_client(d);
	}
}

void
dialog_gap(struct dialog *d, enum dir dir, uint64_t n)
{
	if (dir == DIR_SERVER)
		dialog_gap_server(d); /* a line that the gap cuts short may still be a whole code */
	else
		dialog_gap_client(d, n);
	d->gap_octets[dir] += n;
	d->off[dir] += n;
	if (dir == DIR_SERVER)
		d->unseen_end = d->off[dir];

	settle(d);
}

bool
dialog_release(struct dialog *d)
{
	if (d->held_set) {
		let_go(d);
		dialog_pass_untied(d);
		dialog_set_last(d);
	} else if (d->client == CLIENT_WAIT) {
		dialog_lose_client(d);
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
	if (dir == DIR_SERVER)
		dialog_end_server(d, whole); /* a client's unfinished line is nothing to a server */
	settle(d);
}

void
dialog_clear(struct dialog *d)
{
	smtp_line_clear(&d->line[DIR_CLIENT], d->budget);
	smtp_line_clear(&d->line[DIR_SERVER], d->budget);
	dialog_keep_clear(d);
}

/*
 * The MAIL that a RCPT belongs to; NULL where none was sent or seen. One that came while another's
 * transaction was open, and was refused for that (503), has changed nothing. RFC 5321 4.1.4
 */
static const struct dialog_path *
mail_of(const struct dialog *d, const struct dialog_path *rcpt)
{
	const struct dialog_path *v = d->senders.v;
	uint32_t i = rcpt->sender;

	if (i >= d->senders.count)
		return NULL;
	while (v[i].code == 503 && v[i].sender < i)
		i = v[i].sender;
	return &v[i];
}

bool
dialog_judged(const struct dialog *d, const struct dialog_path *rcpt)
{
	const struct dialog_path *mail = mail_of(d, rcpt);

	return mail != NULL ? mail->code < 400 : rcpt->sender != DIALOG_NO_SENDER;
}
