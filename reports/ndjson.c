/*
 * ndjson: one JSON object a line, as connections end; nothing is kept.
 *
 * Lines of "type" connection, each followed by its findings ("finding"), and one "summary".
 */
#include "reports/json_log.h"
#include "reports/json_record.h"
#include "reports/json_run.h"
#include "reports/writer.h"

static void
print_line(struct writer *w, struct json_put *p, struct json_object *o)
{
	json_put_print(p, o, &w->out);
	json_object_put(o);
	output_bytes(&w->out, BYTES_LIT("\n"));
	if (w->config->prompt)
		output_flush(&w->out);
	if (p->failed && w->status == STATUS_OK)
		w->status = fault_set(&w->fault, STATUS_NOMEM, "out of memory");
}

static void
ndjson_connection(struct writer *w, const struct record *rec)
{
	struct json_put p = { 0 };

	print_line(w, &p, json_record_connection(&p, rec, w->config->logs, "connection"));
	for (uint32_t i = 0; i < rec->findings.count; i++)
		print_line(w, &p, json_record_finding(&p, rec, i, "finding"));
}

static void
print_session(void *ctx, const struct log_session *s, const char *missing)
{
	struct writer *w = ctx;
	struct json_put p = { 0 };
	struct line line = { 0 };

	json_log_session(&line, w->config->logs, s, "log_session", NULL);
	LINE_LITERAL(&line, "\n");
	output_bytes(&w->out, bytes_of(line.text, line.n));
	line_clear(&line);
	if (missing != NULL)
		print_line(w, &p, json_record_missing(&p, s, missing, "finding"));
}

static void
ndjson_end(struct writer *w, const struct writer_end *end)
{
	struct json_put p = { 0 };
	struct json_object *o;

	if (end->run->sessions != NULL && !end->sessions_told)
		end->run->sessions(end->run->sessions_ctx, print_session, w);
	o = json_object_new_object();
	json_put_word(&p, o, "type", "summary");
	json_run_put(&p, o, end->run, w->config->logs, end->tally);
	print_line(w, &p, o);
}

static const char *
ndjson_path(const struct report_config *config)
{
	return config->ndjson;
}

const struct writer_kind writer_ndjson = {
	.path = ndjson_path,
	.connection = ndjson_connection,
	.session = print_session,
	.end = ndjson_end,
};
