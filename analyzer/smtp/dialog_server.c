#include <stdlib.h>

#include "analyzer/smtp/dialog_parts.h"
#include "analyzer/smtp/reply.h"

struct bytes
dialog_reply_text(const struct dialog *d)
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

/*
 * Nobody asks for the text of a reply to EHLO, the longest of all. Which reply answers it is
 * certain where no octet is missing, and the greeting has come.
 */
static bool
text_matters(const struct dialog *d)
{
	const struct dialog_pending *p = dialog_front(d);

	return d->unsure || d->greeting.code == 0 || p == NULL || p->id != COMMAND_EHLO;
}

/* No further line belongs to the reply: it finds its place, or waits for it. */
static void
finish_reply(struct dialog *d, struct bytes text)
{
	d->reply_open = false;
	if (dialog_place_reply(d, text))
		return;
	d->held_set = true;
	if (text.p != d->reply_text)
		join_text(d, text, true);
}

/*
 * A greeting of which the lines that were to come are not: postscreen leaves it so, where the
 * client did not wait for it, and answers EHLO next.
 */
static bool
greets_no_further(const struct dialog *d, uint16_t code)
{
	return d->reply.code == 220 && code == 250 && !d->last_set &&
	       !d->start_unseen[DIR_SERVER] && d->gap_octets[DIR_SERVER] == 0;
}

/*
 * One line of the server. The code of the last line of a reply governs; a line that is no
 * reply line inside the dialogue is passed over, as clients do. In line, so that a line that comes
 * whole is nowhere put together in memory: nothing is done more often.
 */
__attribute__((always_inline)) static inline void
on_server_line(struct dialog *d, const struct line *line, uint64_t ack_off)
{
	struct dialog_reply *r = &d->reply;
	struct reply_line part;
	bool first = !d->reply_open, final;
	struct bytes text;

	if (line->cut)
		limits_hit(d->limits, LIMIT_LINES_CUT, 1);
	if (!reply_line_parse(line->text, &part)) {
		if (line->end == LINE_GAP && reply_line_possible(line->text))
			return;
		d->passed_over = true;
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
	if (!first && greets_no_further(d, part.code)) {
		finish_reply(d, dialog_reply_text(d));
		first = true;
	}
	final = !part.more || line->end == LINE_EOF;
	if (first) {
		r->off = line->off;
		r->ack_off = line->peer_off;
		d->reply_open = true;
	}
	r->end_off = line->end_off;
	r->last_ack_off = ack_off;
	r->frame_no = line->frame_no;
	r->ts_ns = line->ts_ns;
	r->code = part.code;
	r->cut = line->end == LINE_GAP;
	text = part.text;
	if (first && !final) {
		d->reply_joined = text_matters(d);
		d->reply_text_n = 0;
	}
	if (d->reply_joined && !(first && final)) {
		join_text(d, part.text, first);
		text = dialog_reply_text(d);
	}
	if (final)
		finish_reply(d, text);
}

size_t
dialog_feed_server(struct dialog *d, const struct run *run)
{
	struct smtp_line *l = &d->line[DIR_SERVER];
	struct line line;
	size_t at = 0;

	d->server_spoke = d->server_spoke || run->data.n > 0;
	if (l->skip && run->segment_start && run->data.n >= 4) {
		/* After a gap: a segment that begins like a reply begins a line. */
		struct reply_line part;

		if (reply_line_parse(bytes_head(run->data, 4), &part))
			l->skip = l->partial = false;
	}
	while (at < run->data.n && !d->held_set) {
		if (d->server_opaque) {
			at = run->data.n;
		} else if (smtp_line_next(l, run, &at, d->budget, &line)) {
			d->off[DIR_SERVER] = run->off + at;
			on_server_line(d, &line, run->peer_off);
		}
	}
	d->off[DIR_SERVER] = run->off + at;
	return at;
}

/* The line that has begun, if one has, goes no further. */
static void
break_line(struct dialog *d, enum line_end why)
{
	struct line line;

	if (smtp_line_break(&d->line[DIR_SERVER], d->off[DIR_SERVER], why, &line))
		on_server_line(d, &line, line.peer_off);
}

void
dialog_gap_server(struct dialog *d)
{
	if (d->server_opaque)
		return;
	break_line(d, LINE_GAP);
	d->reply_open = false;
	d->server_begun = true;
	/* A reply that waits was before it: only the ones to come are in doubt. */
	d->unsure_then = d->held_set;
	d->unsure = d->unsure || !d->held_set;
}

void
dialog_end_server(struct dialog *d, bool whole)
{
	if (d->server_opaque)
		return;
	break_line(d, whole ? LINE_EOF : LINE_GAP);
	if (whole && d->reply_open)
		finish_reply(d, dialog_reply_text(d)); /* `554-` is all there is of it */
}
