/*
 * json: the whole report as one document, an object with one connection or finding a line.
 *
 * The document is never held whole: its head is built and printed without its closing
 * brace, then each connection is built, printed and freed.
 */
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
on_connection(void *ctx, const struct record *rec)
{
	struct listing *l = ctx;

	print_item(l, json_record_connection(&l->put, rec, NULL));
}

static void
on_findings(void *ctx, const struct record *rec)
{
	struct listing *l = ctx;

	for (uint32_t i = 0; i < rec->findings.count; i++)
		print_item(l, json_record_finding(&l->put, rec, i, NULL));
}

static void
print_list(struct listing *l, const char *key, spool_sink *sink, struct spool *spool)
{
	struct writer *w = l->w;

	output_format(&w->out, ",\n  \"%s\": [", key);
	l->any = false;
	if (w->status == STATUS_OK && sink != NULL)
		w->status = spool_read(spool, sink, l, &w->fault);
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
	json_run_put(&l->put, head, end->run, end->tally);
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
	print_list(&l, "connections", on_connection, end->spool);
	print_list(&l, "log_sessions", NULL, end->spool);
	print_list(&l, "findings", on_findings, end->spool);
	output_bytes(&w->out, BYTES_LIT("\n}\n"));
	if (l.put.failed && w->status == STATUS_OK)
		w->status = fault_set(&w->fault, STATUS_NOMEM, "out of memory");
}

static bool
json_wants(struct writer *w, const struct record *rec)
{
	(void)w;
	(void)rec;
	return true;
}

static const char *
json_path(const struct report_config *config)
{
	return config->json;
}

const struct writer_kind writer_json = { .path = json_path, .wants = json_wants, .end = json_end };
