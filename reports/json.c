/*
 * json: the whole report as one document, an object with one connection or finding a line.
 *
 * The document is never held whole: its head is built and printed without its closing
 * brace, then each connection is built, printed and freed.
 */
#include "reports/json_log.h"
#include "reports/json_record.h"
#include "reports/json_run.h"
#include "reports/writer.h"

struct listing {
	struct writer *w;
	struct json_put put;
	bool any; /* a comma is due before the next */
};

static void
print_item(struct listing *l, struct json_object *o)
{
	output_bytes(&l->w->out, l->any ? BYTES_LIT(",\n    ") : BYTES_LIT("\n    "));
	json_put_print(&l->put, o, &l->w->out);
	json_object_put(o);
	l->any = true;
}

static void
on_connection(void *ctx, const void *block)
{
	const struct record *rec = block;
	struct listing *l = ctx;

	print_item(l, json_record_connection(&l->put, rec, l->w->config->logs, NULL));
}

static void
on_findings(void *ctx, const void *block)
{
	const struct record *rec = block;
	struct listing *l = ctx;

	for (uint32_t i = 0; i < rec->findings.count; i++)
		print_item(l, json_record_finding(&l->put, rec, i, NULL));
}

static void
on_session(void *ctx, const struct log_session *s, const char *missing)
{
	struct listing *l = ctx;
	struct line line = { 0 };

	(void)missing;
	json_log_session(&line, l->w->config->logs, s, NULL, NULL);
	output_bytes(&l->w->out, l->any ? BYTES_LIT(",\n    ") : BYTES_LIT("\n    "));
	output_bytes(&l->w->out, bytes_of(line.text, line.n));
	line_clear(&line);
	l->any = true;
}

static void
on_missing(void *ctx, const struct log_session *s, const char *missing)
{
	struct listing *l = ctx;

	if (missing != NULL)
		print_item(l, json_record_missing(&l->put, s, missing, NULL));
}

/* Items from the records, from the log sessions without a connection, or from both. */
static void
print_list(struct listing *l, const char *key, const struct writer_end *end, spool_sink *sink,
    report_session_sink *session_sink)
{
	struct writer *w = l->w;

	output_format(&w->out, ",\n  \"%s\": [", key);
	l->any = false;
	if (w->status == STATUS_OK && sink != NULL)
		w->status = spool_read(w->spool, sink, l, &w->fault);
	if (session_sink != NULL && end->run->sessions != NULL)
		end->run->sessions(end->run->sessions_ctx, session_sink, l);
	output_bytes(&w->out, l->any ? BYTES_LIT("\n  ]") : BYTES_LIT("]"));
}

/* The head's own keys, one a line, in the order in which they were put. */
static void
print_head(struct listing *l, const struct writer_end *end)
{
	struct json_object *head = json_object_new_object();
	bool first = true;

	if (head == NULL) {
		l->put.failed = true;
		return;
	}
	json_run_put(&l->put, head, end->run, l->w->config->logs, end->tally);
	json_object_object_foreach(head, key, value)
	{
		output_format(&l->w->out, "%s\n  \"%s\": ", first ? "" : ",", key);
		if (value == NULL)
			output_bytes(&l->w->out, BYTES_LIT("null"));
		else
			json_put_print(&l->put, value, &l->w->out);
		first = false;
	}
	json_object_put(head);
}

static void
json_end(struct writer *w, const struct writer_end *end)
{
	struct listing l = { .w = w };

	output_bytes(&w->out, BYTES_LIT("{"));
	print_head(&l, end);
	print_list(&l, "connections", end, on_connection, NULL);
	print_list(&l, "log_sessions", end, NULL, on_session);
	print_list(&l, "findings", end, on_findings, on_missing);
	output_bytes(&w->out, BYTES_LIT("\n}\n"));
	if (l.put.failed && w->status == STATUS_OK)
		w->status = fault_set(&w->fault, STATUS_NOMEM, "out of memory");
}

static void
json_keep(struct writer *w, const struct record *rec)
{
	spool_add(w->spool, rec->id, rec, NULL);
}

static const char *
json_path(const struct report_config *config)
{
	return config->json;
}

const struct writer_kind writer_json = { .path = json_path, .keep = json_keep, .end = json_end };
