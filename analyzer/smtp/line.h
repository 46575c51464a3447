/*
 * line: octets of one direction to lines.                 RFC 5321 2.3.8, 4.5.3.1.4-6
 *
 * In:    runs in stream order, and gaps.
 * Out:   one struct line per complete line. A line that lies in one run is borrowed
 *        from it; one that does not is put together in the struct's own buffer. Either
 *        way line->text is good until the next call.
 * Owns:  at most SMTP_LINE_KEEP octets and one, taken from the budget while a line is unfinished.
 * Fails: never. Bare LF, missing ends and over-long lines are values of the line. Without
 *        memory the line comes out cut.
 * Cost:  O(octets). The same lines for every way of cutting the input into runs.
 */
#ifndef HATCHECK_SMTP_LINE_H
#define HATCHECK_SMTP_LINE_H

#include "analyzer/flow/run.h"
#include "capture/base/budget.h"

#define SMTP_LINE_KEEP 1000

enum line_end {
	LINE_CRLF,
	LINE_LF,  /* a bare LF: tolerated, as servers do */
	LINE_GAP, /* octets are missing from here on */
	LINE_EOF  /* the direction ended without a line end */
};

struct line {
	struct bytes text;     /* without its end, at most SMTP_LINE_KEEP octets */
	uint64_t off, end_off; /* of the first octet, and one past the line end */
	uint64_t peer_off;     /* what the sender had received when it sent the first octet */
	uint64_t frame_no;     /* that brought the last octet */
	int64_t ts_ns;
	enum line_end end;
	bool cut; /* longer than text shows */
};

struct smtp_line {
	bool partial; /* a line has begun: only then the rest counts */
	bool skip;    /* the start of this line was not seen: discard it */
	bool cut;
	bool kept_cr; /* the last octet so far was CR (it may not be in `kept`) */
	uint16_t kept_n, kept_room;
	uint8_t *kept;
	uint64_t off, peer_off, frame_no;
	int64_t ts_ns;
};

/* The general case of smtp_line_next. */
bool smtp_line_join(struct smtp_line *l, const struct run *run, size_t *at, struct budget *budget,
    struct line *out);

/*
 * Takes octets of the run from *at on, of which there are some, up to a line end or all; *at is
 * behind them then. True with *out: these were the last of a line. A line of which nothing came
 * before, and that ends in this run, as almost all do, is borrowed here, and nothing kept of it.
 */
static inline bool
smtp_line_next(
    struct smtp_line *l, const struct run *run, size_t *at, struct budget *budget, struct line *out)
{
	const uint8_t *p = run->data.p + *at, *lf = NULL;
	size_t n;
	bool cr;

	if (!l->partial && !l->skip)
		lf = memchr(p, '\n', run->data.n - *at);
	if (lf == NULL) {
		/* On copies: what only they have the address of stays in registers below. */
		struct line joined;
		size_t behind = *at;
		bool whole = smtp_line_join(l, run, &behind, budget, &joined);

		*at = behind;
		if (whole)
			*out = joined;
		return whole;
	}
	n = (size_t)(lf - p);
	cr = n > 0 && lf[-1] == '\r';
	out->off = run->off + *at;
	out->end_off = out->off + n + 1;
	*at += n + 1;
	n -= cr;
	out->cut = n > SMTP_LINE_KEEP;
	out->text = bytes_of(p, n);
	if (out->cut)
		out->text.n = SMTP_LINE_KEEP;
	out->peer_off = run->peer_off;
	out->frame_no = run->frame_no;
	out->ts_ns = run->ts_ns;
	out->end = cr ? LINE_CRLF : LINE_LF;
	return true;
}

/*
 * The octets from `off` on are missing (LINE_GAP) or there are none (LINE_EOF): true with
 * *out when a line had begun. After a gap what follows is discarded up to the next line
 * end, unless the caller clears `skip` because it knows that a line begins.
 */
bool smtp_line_break(struct smtp_line *l, uint64_t off, enum line_end why, struct line *out);

void smtp_line_clear(struct smtp_line *l, struct budget *budget);

#endif
