#include "analyzer/smtp/line.h"

#include <stdlib.h>

#define ROOM (SMTP_LINE_KEEP + 1) /* with the CR that may turn out to be of its end */

/* Appends what fits; the rest of an over-long line is only counted as cut. */
static void
keep(struct smtp_line *l, struct bytes b, struct budget *budget)
{
	size_t need = (size_t)l->kept_n + b.n;

	if (need > ROOM) {
		need = ROOM;
		l->cut = true;
	}
	if (need > l->kept_room) {
		size_t room = need <= 128 ? 128 : ROOM;
		uint8_t *p;

		if (!budget_take(budget, room - l->kept_room)) {
			l->cut = true;
			return;
		}
		p = realloc(l->kept, room);
		if (p == NULL) {
			budget_give(budget, room - l->kept_room);
			l->cut = true;
			return;
		}
		l->kept = p;
		l->kept_room = (uint16_t)room;
	}
	if (need > l->kept_n) {
		memcpy(l->kept + l->kept_n, b.p, need - l->kept_n);
		l->kept_n = (uint16_t)need;
	}
}

static void
start(struct smtp_line *l, const struct run *run, size_t at)
{
	l->partial = true;
	l->cut = l->kept_cr = false;
	l->kept_n = 0;
	l->off = run->off + at;
	l->peer_off = run->peer_off;
}

/* What was put together, without the CR of its end. A cut line may have lost that with its tail. */
static void
finish(struct smtp_line *l, enum line_end end, uint64_t end_off, struct line *out)
{
	bool with_cr = l->kept_cr && l->kept_n > 0 && !l->cut;
	size_t n = (size_t)(l->kept_n - with_cr);

	*out = (struct line){
		.text = bytes_of(l->kept, n < SMTP_LINE_KEEP ? n : SMTP_LINE_KEEP),
		.off = l->off,
		.end_off = end_off,
		.peer_off = l->peer_off,
		.frame_no = l->frame_no,
		.ts_ns = l->ts_ns,
		.end = end,
		.cut = l->cut || n > SMTP_LINE_KEEP,
	};
	l->partial = false;
}

bool
smtp_line_join(
    struct smtp_line *l, const struct run *run, size_t *at, struct budget *budget, struct line *out)
{
	struct bytes text = bytes_skip(run->data, *at);
	const uint8_t *lf = memchr(text.p, '\n', text.n);
	bool skipped = l->skip;

	if (lf != NULL)
		text.n = (size_t)(lf - text.p);
	if (!l->partial)
		start(l, run, *at);
	l->frame_no = run->frame_no;
	l->ts_ns = run->ts_ns;
	if (text.n > 0)
		l->kept_cr = text.p[text.n - 1] == '\r';
	if (!skipped)
		keep(l, text, budget);
	*at += text.n + (lf != NULL);
	if (lf == NULL)
		return false;
	l->skip = false;
	finish(l, l->kept_cr ? LINE_CRLF : LINE_LF, run->off + *at, out);
	return !skipped;
}

bool
smtp_line_break(struct smtp_line *l, uint64_t off, enum line_end why, struct line *out)
{
	bool whole = l->partial && !l->skip;

	if (whole)
		finish(l, why, off, out); /* it may lack no more than the LF */
	l->partial = false;
	l->skip = why == LINE_GAP;
	return whole;
}

void
smtp_line_clear(struct smtp_line *l, struct budget *budget)
{
	free(l->kept);
	budget_give(budget, l->kept_room);
	l->kept = NULL;
	l->kept_room = l->kept_n = 0;
}
