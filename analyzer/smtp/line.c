#include "analyzer/smtp/line.h"

#include <stdlib.h>

/* Appends what fits; the rest of an over-long line is only counted as cut. */
static void
keep(struct smtp_line *l, struct bytes b, struct budget *budget)
{
	size_t need = (size_t)l->kept_n + b.n;

	if (need > SMTP_LINE_KEEP) {
		need = SMTP_LINE_KEEP;
		l->cut = true;
	}
	if (need > l->kept_room) {
		size_t room = need <= 128 ? 128 : SMTP_LINE_KEEP;
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
start(struct smtp_line *l, const struct run *run)
{
	l->partial = true;
	l->cut = l->kept_cr = false;
	l->kept_n = 0;
	l->off = run->off;
	l->peer_off = run->peer_off;
}

/* text is the line without its LF; a CR before it belongs to the end. */
static void
finish(struct smtp_line *l, struct bytes text, bool cr, uint64_t end_off, struct line *out)
{
	if (text.n > SMTP_LINE_KEEP) {
		text.n = SMTP_LINE_KEEP;
		l->cut = true;
	}
	*out = (struct line){
		.text = text,
		.off = l->off,
		.end_off = end_off,
		.peer_off = l->peer_off,
		.frame_no = l->frame_no,
		.ts_ns = l->ts_ns,
		.end = cr ? LINE_CRLF : LINE_LF,
		.cut = l->cut,
	};
	l->partial = false;
}

bool
smtp_line_next(struct smtp_line *l, struct run *run, struct budget *budget, struct line *out)
{
	while (run->data.n > 0) {
		const uint8_t *lf = memchr(run->data.p, '\n', run->data.n);
		size_t n = lf == NULL ? run->data.n : (size_t)(lf - run->data.p) + 1;
		bool whole = !l->partial && lf != NULL;
		bool cr, skipped = l->skip;
		struct bytes text;

		if (!l->partial)
			start(l, run);
		l->frame_no = run->frame_no;
		l->ts_ns = run->ts_ns;
		text = bytes_head(run->data, lf == NULL ? n : n - 1);
		if (whole) {
			cr = text.n > 0 && text.p[text.n - 1] == '\r';
		} else {
			cr = text.n > 0 ? text.p[text.n - 1] == '\r' : l->kept_cr;
			l->kept_cr = cr;
			if (!skipped)
				keep(l, text, budget);
			text = bytes_of(l->kept, l->kept_n);
		}
		run_take(run, n);
		if (lf == NULL)
			return false;
		/* A cut line may have lost its CR along with its tail. */
		if (cr && text.n > 0 && text.p[text.n - 1] == '\r' && !l->cut)
			text.n--;
		finish(l, text, cr, run->off, out);
		l->skip = false;
		if (!skipped)
			return true;
	}
	return false;
}

bool
smtp_line_break(struct smtp_line *l, uint64_t off, enum line_end why, struct line *out)
{
	bool whole = l->partial && !l->skip;

	if (whole) {
		struct bytes text = bytes_of(l->kept, l->kept_n);

		if (text.n > 0 && l->kept_cr && !l->cut)
			text.n--; /* only the LF is missing */
		finish(l, text, false, off, out);
		out->end = why;
	}
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
