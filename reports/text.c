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
#include "reports/rfc3339.h"
#include "reports/text_summary.h"
#include "reports/writer.h"

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

/* "accepted (cut_off)"; the room holds any two of our words. */
static struct bytes
verdict_words(char room[static 48], const struct record *rec)
{
	const char *outcome = outcome_name(rec->outcome);
	char *end = stpcpy(room, verdict_name(rec->verdict));

	if (outcome != NULL)
		end = stpcpy(stpcpy(stpcpy(end, " ("), outcome), ")");
	return bytes_of(room, (size_t)(end - room));
}

static void
learn(int *width, size_t n)
{
	if ((int)n > *width)
		*width = (int)n;
}

static bool
text_wants(struct writer *w, const struct record *rec)
{
	char end[ADDRESS_ENDPOINT_ROOM], verdict[48];
	struct text_columns *c = &w->columns;

	if (!listed(w, rec))
		return false;
	c->lines++;
	learn(&c->id, decimal_width(rec->id));
	learn(&c->frame, decimal_width(rec->first_frame));
	learn(&c->client, strlen(address_endpoint(end, &rec->client)));
	learn(&c->server, strlen(address_endpoint(end, &rec->server)));
	learn(&c->verdict, verdict_words(verdict, rec).n);
	return true;
}

/* " (frames 7, 9)", unless the message names its frames itself. */
static void
print_frames(struct output *out, const struct record *rec, const struct record_finding *f)
{
	struct bytes message = record_text(rec, f->message);

	if (message.n > 0 && memmem(message.p, message.n, "frame ", strlen("frame ")) != NULL)
		return;
	for (uint8_t i = 0; i < f->frame_count; i++)
		output_format(out, "%s%" PRIu64,
		    i > 0                ? ", "
		    : f->frame_count > 1 ? " (frames "
					 : " (frame ",
		    f->frames[i]);
	if (f->frame_count > 0)
		output_bytes(out, BYTES_LIT(")"));
}

static void
print_findings(struct text_table *t, const struct record *rec)
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
		print_frames(t->out, rec, &f[i]);
		text_end(t);
	}
}

static enum text_color
result_color(enum step_result result)
{
	return result == STEP_PASS ? TEXT_GREEN : result == STEP_FAIL ? TEXT_RED : TEXT_PLAIN;
}

static void
print_profile(struct text_table *t, const struct record *rec)
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

static void
on_record(void *ctx, const void *block)
{
	const struct record *rec = block;
	struct listing *l = ctx;
	struct text_table *t = &l->table;
	const struct text_columns *c = &l->w->columns;
	char end[ADDRESS_ENDPOINT_ROOM], start[RFC3339_ROOM], verdict[48];

	if (!listed(l->w, rec)) /* another writer wanted it */
		return;
	text_begin(t, 2);
	text_number(t, c->id, rec->id);
	text_number(t, c->frame, rec->first_frame);
	text_cell(t, 0, TEXT_PLAIN, bytes_str(rfc3339_format(start, rec->start_ns, 0)));
	text_cell(t, -c->client, TEXT_PLAIN, bytes_str(address_endpoint(end, &rec->client)));
	text_cell(t, -c->server, TEXT_PLAIN, bytes_str(address_endpoint(end, &rec->server)));
	text_cell(t, -c->verdict, text_verdict_color(rec->verdict), verdict_words(verdict, rec));
	text_cell(t, 0, TEXT_PLAIN, record_text(rec, rec->reason));
	if (rec->confidence != CONFIDENCE_HIGH)
		output_format(t->out, " [%s confidence]", confidence_name(rec->confidence));
	text_end(t);
	print_findings(t, rec);
	if (rec->profile && l->w->config->verbose > 0)
		print_profile(t, rec);
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
	text_cell(t, -(int)strlen("2009-07-17T23:31:30Z"), TEXT_PLAIN, BYTES_LIT("start"));
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
print_connections(struct listing *l, struct writer *w, const struct writer_end *end)
{
	const char *which = w->config->verbose > 0 ? "One by one" : "Worth a look";
	char words[64];

	snprintf(words, sizeof words, "%s: %" PRIu64, which, w->columns.lines);
	output_bytes(&w->out, BYTES_LIT("\n"));
	text_begin(&l->table, 0);
	text_cell(&l->table, 0, TEXT_BOLD, bytes_str(words));
	text_end(&l->table);
	print_header(&l->table, &w->columns);
	w->status = spool_read(end->spool, on_record, l, &w->fault);
}

static void
text_report(struct writer *w, const struct writer_end *end)
{
	struct listing l = { { .out = &w->out, .color = w->config->color }, w, false };

	text_summary(&l.table, end->run, w->config->logs, end->tally);
	if (w->columns.lines > 0)
		print_connections(&l, w, end);
	if (end->run->sessions != NULL && w->config->verbose >= 0)
		end->run->sessions(end->run->sessions_ctx, on_session, &l);
}

static const char *
text_path(const struct report_config *config)
{
	return config->text;
}

const struct writer_kind writer_text = {
	.path = text_path, .wants = text_wants, .end = text_report
};
