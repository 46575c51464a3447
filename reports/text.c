/*
 * text: the report for a person at a terminal.
 *
 * First the summary: inputs, connections by verdict, findings by severity, bounds that were
 * reached. Then a line for each connection worth a look, by id, with its findings below it.
 * Verbose lists every connection, and the steps of its profile; quiet, the summary only.
 */
#include <inttypes.h>
#include <stdio.h>

#include "analyzer/correlate/join.h"
#include "reports/address.h"
#include "capture/base/decimal.h"
#include "reports/text_summary.h"
#include "reports/writer.h"

/*
 * A line of the list as it waits in the spool: put together at once, but for the widths of its
 * columns, which only the last one tells.
 */
struct kept_line {
	uint32_t size;
	uint32_t why, below; /* octets: of the last cell, escaped, and of whole lines behind it */
	uint8_t id, frame, client, server, words; /* likewise of the others, printable ASCII */
	uint8_t verdict;
	char text[]; /* one behind the other; `start` is STAMP_WIDTH octets */
};

#define KEPT_HEAD offsetof(struct kept_line, text)
#define STAMP_WIDTH (sizeof "2009-07-17T23:31:30Z" - 1)

struct listing {
	struct text_table table;
	const struct writer *w;
	bool sessions; /* the heading of the log sessions is out */
};

/* Before anything else is done for a record: most are accepted, and cost no more than this. */
static bool
listed(const struct writer *w, const struct record *rec)
{
	static const bool worth[VERDICT_COUNT] = {
		[VERDICT_TCPREFUSE] = true,
		[VERDICT_DROPPED] = true,
		[VERDICT_NOT_SMTP] = true,
		[VERDICT_REJECT] = true,
		[VERDICT_DEFERRED] = true,
		[VERDICT_DELAYED_REJECT] = true,
	};
	const struct record_finding *f = record_array(rec, rec->findings);

	if (w->config->verbose != 0)
		return w->config->verbose > 0;
	if (worth[rec->verdict])
		return true;
	if (rec->verdict == VERDICT_ACCEPTED && rec->outcome == OUTCOME_CUT_OFF)
		return true;
	for (uint32_t i = 0; i < rec->findings.count; i++)
		if (f[i].severity >= SEVERITY_WARNING)
			return true;
	return false;
}

static void
learn(int *width, size_t n)
{
	if ((int)n > *width)
		*width = (int)n;
}

/* " (frames 7, 9)", unless the message names its frames itself. */
static void
put_frames(struct line *l, const struct record *rec, const struct record_finding *f)
{
	struct bytes message = record_text(rec, f->message);

	if (message.n > 0 && memmem(message.p, message.n, "frame ", strlen("frame ")) != NULL)
		return;
	for (uint8_t i = 0; i < f->frame_count; i++) {
		line_bytes(l, bytes_str(i > 0                ? ", "
					: f->frame_count > 1 ? " (frames "
							     : " (frame "));
		line_number(l, f->frames[i]);
	}
	if (f->frame_count > 0)
		LINE_LITERAL(l, ")");
}

static void
put_findings(struct text_table *t, const struct record *rec)
{
	const struct record_finding *f = record_array(rec, rec->findings);
	int wide = 0;

	for (uint32_t i = 0; i < rec->findings.count; i++)
		learn(&wide, text_width(record_text(rec, f[i].rule)));
	for (uint32_t i = 0; i < rec->findings.count; i++) {
		text_begin(t, 4);
		text_cell(t, -(int)strlen("warning"), text_severity_color(f[i].severity),
		    bytes_str(severity_name(f[i].severity)));
		text_cell(t, -wide, TEXT_PLAIN, record_text(rec, f[i].rule));
		text_cell(t, 0, TEXT_PLAIN, record_text(rec, f[i].message));
		put_frames(&t->line, rec, &f[i]);
		text_end(t);
	}
}

static enum text_color
result_color(enum step_result result)
{
	return result == STEP_PASS ? TEXT_GREEN : result == STEP_FAIL ? TEXT_RED : TEXT_PLAIN;
}

static void
put_profile(struct text_table *t, const struct record *rec)
{
	const struct record_step *steps = record_array(rec, rec->steps);
	int wide = 0, digits = strlen("-");

	for (uint32_t i = 0; i < rec->steps.count; i++) {
		learn(&wide, text_width(record_text(rec, steps[i].step)));
		learn(&digits, decimal_width(steps[i].frame_no));
	}
	text_begin(t, 4);
	text_cell(t, 0, TEXT_PLAIN, BYTES_LIT("profile"));
	text_cell(t, 0, TEXT_BOLD, record_text(rec, rec->profile_name));
	text_cell(t, 0, result_color(rec->profile_result),
	    bytes_str(step_result_name(rec->profile_result)));
	text_end(t);
	for (uint32_t i = 0; i < rec->steps.count; i++) {
		const struct record_step *s = &steps[i];

		text_begin(t, 6);
		text_cell(t, -wide, TEXT_PLAIN, record_text(rec, s->step));
		text_cell(t, 0, TEXT_PLAIN, bytes_str(dir_name(s->from)));
		if (s->frame_no != 0)
			text_number(t, digits, s->frame_no);
		else
			text_cell(t, digits, TEXT_PLAIN, BYTES_LIT("-"));
		text_cell(t, 0, result_color(s->result), bytes_str(step_result_name(s->result)));
		text_end(t);
	}
}

/* What was appended since `*from`, which is here then. */
static size_t
more(const struct line *l, size_t *from)
{
	size_t n = l->n - *from;

	*from = l->n;
	return n;
}

/* Every cell behind the one before, with nothing between. */
static void
put_cells(struct line *l, const struct record *rec, struct kept_line *kept)
{
	const char *outcome = outcome_name(rec->outcome);
	char end[ADDRESS_ENDPOINT_ROOM];
	size_t at = l->n;

	line_number(l, rec->id);
	kept->id = (uint8_t)more(l, &at);
	line_number(l, rec->first_frame);
	kept->frame = (uint8_t)more(l, &at);
	line_time(l, rec->start_ns);
	at = l->n;
	line_bytes(l, bytes_str(address_endpoint(end, &rec->client)));
	kept->client = (uint8_t)more(l, &at);
	line_bytes(l, bytes_str(address_endpoint(end, &rec->server)));
	kept->server = (uint8_t)more(l, &at);
	line_bytes(l, bytes_str(verdict_name(rec->verdict)));
	if (outcome != NULL) {
		LINE_LITERAL(l, " (");
		line_bytes(l, bytes_str(outcome));
		LINE_LITERAL(l, ")");
	}
	kept->words = (uint8_t)more(l, &at);
	line_escaped(l, record_text(rec, rec->reason));
	if (rec->confidence != CONFIDENCE_HIGH) {
		LINE_LITERAL(l, " [");
		line_bytes(l, bytes_str(confidence_name(rec->confidence)));
		LINE_LITERAL(l, " confidence]");
	}
	kept->why = (uint32_t)more(l, &at);
}

static void
text_keep(struct writer *w, const struct record *rec)
{
	struct text_columns *c = &w->columns;
	struct line *l = &c->table.line;
	struct kept_line kept = { .verdict = rec->verdict };
	size_t cells_end;

	if (!listed(w, rec))
		return;
	c->table.color = w->config->color;
	l->n = 0;
	line_bytes(l, bytes_of(&kept, KEPT_HEAD));
	put_cells(l, rec, &kept);
	cells_end = l->n;
	put_findings(&c->table, rec);
	if (rec->profile && w->config->verbose > 0)
		put_profile(&c->table, rec);
	kept.below = (uint32_t)(l->n - cells_end);
	if (l->n < SPOOL_BLOCK_MIN)
		line_spaces(l, SPOOL_BLOCK_MIN - l->n);
	if (l->failed)
		return;
	kept.size = (uint32_t)l->n;
	memcpy(l->text, &kept, KEPT_HEAD);
	c->lines++;
	learn(&c->id, kept.id);
	learn(&c->frame, kept.frame);
	learn(&c->client, kept.client);
	learn(&c->server, kept.server);
	learn(&c->verdict, kept.words);
	spool_add(w->spool, rec->id, l->text, NULL);
}

/* The next n octets of a text. */
static struct bytes
take(const char **text, size_t n)
{
	struct bytes taken = bytes_of(*text, n);

	*text += n;
	return taken;
}

static void
on_kept(void *ctx, const void *block)
{
	const struct kept_line *kept = block;
	struct listing *l = ctx;
	struct text_table *t = &l->table;
	const struct text_columns *c = &l->w->columns;
	const char *text = kept->text;

	text_begin(t, 2);
	text_plain(t, c->id, TEXT_PLAIN, take(&text, kept->id));
	text_plain(t, c->frame, TEXT_PLAIN, take(&text, kept->frame));
	text_plain(t, 0, TEXT_PLAIN, take(&text, STAMP_WIDTH));
	text_plain(t, -c->client, TEXT_PLAIN, take(&text, kept->client));
	text_plain(t, -c->server, TEXT_PLAIN, take(&text, kept->server));
	text_plain(t, -c->verdict, text_verdict_color(kept->verdict), take(&text, kept->words));
	text_plain(t, 0, TEXT_PLAIN, take(&text, kept->why));
	text_end(t);
	output_bytes(t->out, take(&text, kept->below));
}

static void
print_header(struct text_table *t, struct text_columns *c)
{
	learn(&c->id, strlen("id"));
	learn(&c->frame, strlen("frame"));
	learn(&c->client, strlen("client"));
	learn(&c->server, strlen("server"));
	learn(&c->verdict, strlen("verdict"));
	text_begin(t, 2);
	text_cell(t, c->id, TEXT_PLAIN, BYTES_LIT("id"));
	text_cell(t, c->frame, TEXT_PLAIN, BYTES_LIT("frame"));
	text_cell(t, -(int)STAMP_WIDTH, TEXT_PLAIN, BYTES_LIT("start"));
	text_cell(t, -c->client, TEXT_PLAIN, BYTES_LIT("client"));
	text_cell(t, -c->server, TEXT_PLAIN, BYTES_LIT("server"));
	text_cell(t, -c->verdict, TEXT_PLAIN, BYTES_LIT("verdict"));
	text_cell(t, 0, TEXT_PLAIN, BYTES_LIT("why"));
	text_end(t);
}

/* A log session without a connection, if that is worth a finding. */
static void
on_session(void *ctx, const struct log_session *s, const char *missing)
{
	struct listing *l = ctx;
	struct text_table *t = &l->table;

	(void)s;
	if (missing == NULL)
		return;
	if (!l->sessions) {
		output_bytes(t->out, BYTES_LIT("\n"));
		text_begin(t, 0);
		text_cell(t, 0, TEXT_BOLD, BYTES_LIT("Log sessions without a connection"));
		text_end(t);
	}
	l->sessions = true;
	text_begin(t, 4);
	text_cell(t, -(int)strlen("warning"), text_severity_color(SEVERITY_WARNING),
	    bytes_str(severity_name(SEVERITY_WARNING)));
	text_cell(t, 0, TEXT_PLAIN, bytes_str(JOIN_MISSING_CONNECTION));
	text_cell(t, 0, TEXT_PLAIN, bytes_str(missing));
	text_end(t);
}

static void
print_connections(struct listing *l, struct writer *w)
{
	const char *which = w->config->verbose > 0 ? "One by one" : "Worth a look";
	char words[64];

	snprintf(words, sizeof words, "%s: %" PRIu64, which, w->columns.lines);
	output_bytes(&w->out, BYTES_LIT("\n"));
	text_begin(&l->table, 0);
	text_cell(&l->table, 0, TEXT_BOLD, bytes_str(words));
	text_end(&l->table);
	print_header(&l->table, &w->columns);
	w->status = spool_read(w->spool, on_kept, l, &w->fault);
}

static void
text_report(struct writer *w, const struct writer_end *end)
{
	struct listing l = { { .out = &w->out, .color = w->config->color }, w, false };
	bool failed = w->columns.table.line.failed;

	text_summary(&l.table, end->run, w->config->logs, end->tally);
	if (w->columns.lines > 0)
		print_connections(&l, w);
	if (end->run->sessions != NULL && w->config->verbose >= 0)
		end->run->sessions(end->run->sessions_ctx, on_session, &l);
	failed |= l.table.line.failed;
	text_clear(&l.table);
	if (failed && w->status == STATUS_OK)
		w->status = fault_set(&w->fault, STATUS_NOMEM, "out of memory");
}

static const char *
text_path(const struct report_config *config)
{
	return config->text;
}

const struct writer_kind writer_text = { .path = text_path, .keep = text_keep, .end = text_report };
