#include "reports/text_log.h"

#include "reports/address.h"

/* Where each column begins. */
enum {
	COLUMN_ICID = 22,
	COLUMN_PEER = 34,
	COLUMN_ACTION = 51,
	COLUMN_GROUP = 69,
	COLUMN_MATCH = 83,
	COLUMN_SBRS = 102,
	COLUMN_HOW = 109,
	COLUMN_PARTIES = 127
};

#define MAX_PARTIES 3 /* shown of a session; JSON has them all */

void
text_log_begin(struct text_log *t, struct output *out, bool quiet)
{
	struct line *l = &t->line;

	*t = (struct text_log){ .out = out, .quiet = quiet };
	if (quiet)
		return;
	line_begin(l);
	LINE_LITERAL(l, "opened");
	line_pad(l, COLUMN_ICID);
	LINE_LITERAL(l, "icid");
	line_pad(l, COLUMN_PEER);
	LINE_LITERAL(l, "address");
	line_pad(l, COLUMN_ACTION);
	LINE_LITERAL(l, "action");
	line_pad(l, COLUMN_GROUP);
	LINE_LITERAL(l, "group");
	line_pad(l, COLUMN_MATCH);
	LINE_LITERAL(l, "match");
	line_pad(l, COLUMN_SBRS);
	LINE_LITERAL(l, "sbrs");
	line_pad(l, COLUMN_HOW);
	LINE_LITERAL(l, "end");
	line_pad(l, COLUMN_PARTIES);
	LINE_LITERAL(l, "mail\n");
}

void
text_log_flush(struct text_log *t)
{
	line_flush(&t->line, t->out);
	output_flush(t->out);
}

static void
put_text(struct line *l, const struct log_session *s, enum log_text_id which, size_t column)
{
	line_pad(l, column);
	if (log_text_present(s->text[which]))
		line_escaped(l, log_session_text(s, s->text[which]));
	else
		LINE_LITERAL(l, "-");
}

static void
put_peer(struct line *l, const struct log_session *s)
{
	char room[ADDRESS_ROOM];

	if (s->peer.family == 0) {
		put_text(l, s, LOG_TEXT_ADDRESS, COLUMN_PEER);
		return;
	}
	line_pad(l, COLUMN_PEER);
	line_bytes(l, bytes_str(address_format(room, &s->peer)));
}

static void
put_action(struct line *l, const struct log_session *s)
{
	const char *name = log_action_name(s->action);

	line_pad(l, COLUMN_ACTION);
	line_bytes(l, bytes_str(name == NULL ? "-" : name));
	if (s->delayed)
		LINE_LITERAL(l, " delayed");
}

/* "close 28s": how, and how long after it was opened. */
static void
put_end(struct line *l, const struct log_session *s)
{
	int64_t opened = log_session_opened(s);
	const char *name = log_end_name(s->end);

	line_pad(l, COLUMN_HOW);
	line_bytes(l, bytes_str(name == NULL ? "-" : name));
	if (opened == LOG_TIME_NONE || s->closed_ns == LOG_TIME_NONE)
		return;
	LINE_LITERAL(l, " ");
	line_number(l, (uint64_t)((s->closed_ns - opened) / LOG_NS_PER_S));
	LINE_LITERAL(l, "s");
}

/* The first few, those that were refused with a '!' behind them. */
static void
put_parties(struct line *l, const struct log_session *s, struct log_list list)
{
	const struct log_party *p = log_session_list(s, list);

	for (uint16_t i = 0; i < list.count && i < MAX_PARTIES; i++) {
		LINE_LITERAL(l, " <");
		line_escaped(l, log_session_text(s, p[i].address));
		line_bytes(l, p[i].refusal == LOG_REFUSAL_NONE ? BYTES_LIT(">") : BYTES_LIT(">!"));
	}
	if (list.count > MAX_PARTIES) {
		LINE_LITERAL(l, " +");
		line_number(l, (uint64_t)(list.count - MAX_PARTIES));
	}
}

static void
put_mail(struct line *l, const struct log_session *s)
{
	if (s->senders.count + s->recipients.count == 0)
		return;
	line_pad(l, COLUMN_PARTIES);
	LINE_LITERAL(l, "from");
	put_parties(l, s, s->senders);
	LINE_LITERAL(l, " to");
	put_parties(l, s, s->recipients);
}

void
text_log_next(struct text_log *t, const struct log_session *s)
{
	struct line *l = &t->line;
	int64_t opened = log_session_opened(s);

	t->actions[s->action]++;
	t->delayed += s->delayed;
	if (t->quiet)
		return;
	line_begin(l);
	if (opened == LOG_TIME_NONE)
		LINE_LITERAL(l, "-");
	else
		line_time(l, log_session_utc(s, opened));
	line_pad(l, COLUMN_ICID);
	line_number(l, s->icid);
	put_peer(l, s);
	put_action(l, s);
	put_text(l, s, LOG_TEXT_GROUP, COLUMN_GROUP);
	put_text(l, s, LOG_TEXT_MATCH, COLUMN_MATCH);
	put_text(l, s, LOG_TEXT_SBRS, COLUMN_SBRS);
	put_end(l, s);
	put_mail(l, s);
	LINE_LITERAL(l, "\n");
	if (l->n >= LINE_FLUSH)
		line_flush(l, t->out);
}

static void
put_count(struct line *l, uint64_t number, const char *what)
{
	line_number(l, number);
	LINE_LITERAL(l, " ");
	line_bytes(l, bytes_str(what));
	if (number != 1)
		LINE_LITERAL(l, "s");
}

/* "UTC+09:00 (header)" */
static void
put_offset(struct line *l, const struct maillog_file *f)
{
	uint32_t minutes =
	    (uint32_t)(f->utc_offset_s < 0 ? -f->utc_offset_s : f->utc_offset_s) / 60;

	if (f->offset_from == LOG_OFFSET_FROM_NONE) {
		LINE_LITERAL(l, "offset from UTC unknown, read as UTC");
		return;
	}
	line_bytes(l, f->utc_offset_s < 0 ? BYTES_LIT("UTC-") : BYTES_LIT("UTC+"));
	line_number(l, minutes / 600);
	line_number(l, minutes / 60 % 10);
	LINE_LITERAL(l, ":");
	line_number(l, minutes % 60 / 10);
	line_number(l, minutes % 10);
	LINE_LITERAL(l, " (");
	line_bytes(l, bytes_str(log_offset_from_name(f->offset_from)));
	LINE_LITERAL(l, ")");
}

static void
put_file(struct line *l, const struct maillog_file *f)
{
	LINE_LITERAL(l, "  ");
	line_escaped(l, bytes_str(f->path));
	LINE_LITERAL(l, "\n    ");
	put_count(l, f->lines, "line");
	LINE_LITERAL(l, ", ");
	put_count(l, f->sessions, "session");
	LINE_LITERAL(l, ", ");
	line_number(l, f->unparsed);
	LINE_LITERAL(l, " unparsed, ");
	put_offset(l, f);
	if (f->first_ns != LOG_TIME_NONE) {
		LINE_LITERAL(l, ", ");
		line_time(l, f->first_ns - f->utc_offset_s * LOG_NS_PER_S);
		LINE_LITERAL(l, " to ");
		line_time(l, f->last_ns - f->utc_offset_s * LOG_NS_PER_S);
	}
	LINE_LITERAL(l, "\n");
	if (f->damaged[0] != '\0') {
		LINE_LITERAL(l, "    damaged: ");
		line_escaped(l, bytes_str(f->damaged));
		LINE_LITERAL(l, "\n");
	}
}

static void
put_limits(struct line *l, const struct limits *limits)
{
	for (enum limit i = 0; i < LIMIT_COUNT; i++) {
		if (limits->reached[i] == 0)
			continue;
		LINE_LITERAL(l, "  bound reached: ");
		line_number(l, limits->reached[i]);
		LINE_LITERAL(l, " ");
		line_bytes(l, bytes_str(limit_meaning(i)));
		LINE_LITERAL(l, "\n");
	}
}

void
text_log_end(struct text_log *t, const struct maillog *m)
{
	struct line *l = &t->line;
	size_t count;
	const struct maillog_file *files = maillog_files(m, &count);

	LINE_LITERAL(l, "\nLogs\n");
	for (size_t i = 0; i < count; i++)
		put_file(l, &files[i]);
	LINE_LITERAL(l, "\nSessions\n");
	for (enum log_action a = LOG_ACTION_NONE; a < LOG_ACTION_COUNT; a++) {
		if (t->actions[a] == 0)
			continue;
		LINE_LITERAL(l, "  ");
		line_number(l, t->actions[a]);
		LINE_LITERAL(l, " ");
		line_bytes(l, a == LOG_ACTION_NONE ? BYTES_LIT("without a decision of the HAT")
						   : bytes_str(log_action_name(a)));
		LINE_LITERAL(l, "\n");
	}
	if (t->delayed > 0) {
		LINE_LITERAL(l, "  ");
		line_number(l, t->delayed);
		LINE_LITERAL(l, " with delayed rejection\n");
	}
	put_limits(l, maillog_limits(m));
	line_flush(l, t->out);
}
