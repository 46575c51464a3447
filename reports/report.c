#include "reports/report.h"

#include <poll.h>
#include <stddef.h>
#include <stdlib.h>

#include "reports/writer.h"

static const struct writer_kind *const kinds[] = { &writer_json, &writer_ndjson, &writer_text };

#define KINDS (sizeof kinds / sizeof kinds[0])

struct report {
	struct report_config config;
	struct tally tally;
	struct spool *sessions; /* NULL until one comes by itself */
	struct writer writers[KINDS];
	size_t count;
	bool interim; /* files may hold a report already */
};

static enum status
open_spool(struct spool **out, const struct report_config *config, struct fault *fault)
{
	*out = spool_new(config->folder);
	if (*out == NULL)
		return fault_set(fault, STATUS_NOMEM, "out of memory");
	spool_bound(*out, config->max_listed);
	return STATUS_OK;
}

enum status
report_open(struct report **out, const struct report_config *config, struct fault *fault)
{
	struct report *r = calloc(1, sizeof *r);
	enum status status = STATUS_OK;

	if (r == NULL)
		return fault_set(fault, STATUS_NOMEM, "out of memory");
	r->config = *config;
	for (size_t i = 0; i < KINDS && status == STATUS_OK; i++) {
		struct writer *w = &r->writers[r->count];
		const char *path = kinds[i]->path(config);

		if (path == NULL)
			continue;
		w->kind = kinds[i];
		w->config = &r->config;
		status = output_open(&w->out, path, fault);
		if (status == STATUS_OK && w->kind->keep != NULL)
			status = open_spool(&w->spool, config, fault);
		r->count++;
	}
	if (status != STATUS_OK) {
		report_close(r);
		r = NULL;
	}
	*out = r;
	return status;
}

void
report_connection(struct report *r, const struct record *rec)
{
	tally_add(&r->tally, rec);
	for (size_t i = 0; i < r->count; i++) {
		struct writer *w = &r->writers[i];

		if (w->kind->connection != NULL)
			w->kind->connection(w, rec);
		/* A failure stays in its spool, and is told when that is read. */
		if (w->kind->keep != NULL)
			w->kind->keep(w, rec);
	}
}

/* What waits in the spool of a session: behind this come the session, and its finding's message. */
struct left_over {
	uint32_t size;    /* as every block of a spool begins */
	uint32_t message; /* offset of a text with its NUL, 0: none */
	max_align_t session[];
};

static bool
is_listed(const struct report *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->writers[i].spool != NULL)
			return true;
	return false;
}

static void
spool_session(struct report *r, const struct log_session *s, const char *missing)
{
	size_t end = sizeof(struct left_over) + s->size,
	       n = end + (missing != NULL ? strlen(missing) + 1 : 0);
	struct left_over *block = malloc(n);

	if (r->sessions == NULL)
		(void)open_spool(&r->sessions, &r->config, NULL);
	if (block != NULL && r->sessions != NULL) {
		*block = (struct left_over){ (uint32_t)n, missing != NULL ? (uint32_t)end : 0 };
		memcpy(block->session, s, s->size);
		if (missing != NULL)
			memcpy((char *)block + end, missing, n - end);
		spool_add(r->sessions, s->id, block, NULL);
	}
	free(block);
}

void
report_session(void *report, const struct log_session *s, const char *missing)
{
	struct report *r = report;

	tally_add_session(&r->tally, s, missing);
	for (size_t i = 0; i < r->count; i++)
		if (r->writers[i].kind->session != NULL)
			r->writers[i].kind->session(&r->writers[i], s, missing);
	if (is_listed(r))
		spool_session(r, s, missing);
}

struct session_reading {
	report_session_sink *sink;
	void *ctx;
};

static void
on_left_over(void *ctx, const void *block)
{
	const struct session_reading *to = ctx;
	const struct left_over *l = block;

	to->sink(to->ctx, (const struct log_session *)(const void *)l->session,
	    l->message != 0 ? (const char *)block + l->message : NULL);
}

static void
read_sessions(void *ctx, report_session_sink *sink, void *sink_ctx)
{
	const struct report *r = ctx;
	struct session_reading to = { sink, sink_ctx };

	spool_read(r->sessions, on_left_over, &to, NULL);
}

static void
end_writer(struct writer *w, const struct writer_end *end, enum status *worst, struct fault *fault)
{
	struct fault why;
	enum status closed;

	w->kind->end(w, end);
	closed = output_close(&w->out, &why);
	if (*worst == STATUS_OK && w->status != STATUS_OK)
		*worst = fault_set(fault, w->status, "%s", w->fault.text);
	if (*worst == STATUS_OK && closed != STATUS_OK)
		*worst = fault_set(fault, closed, "%s", why.text);
}

/* `all`: the writers of lines too. */
static enum status
end_writers(struct report *r, const struct report_run *run, bool all, struct fault *fault)
{
	struct report_run mine = *run;
	struct writer_end end = { &mine, &r->tally, r->sessions != NULL };
	enum status worst = STATUS_OK;

	if (run->sessions != NULL)
		run->sessions(run->sessions_ctx, tally_add_session, &r->tally);
	if (r->sessions != NULL) {
		mine.sessions = read_sessions;
		mine.sessions_ctx = r;
	}
	for (size_t i = 0; i < r->count; i++) {
		struct writer *w = &r->writers[i];

		if (w->kind->connection == NULL && r->interim)
			output_rewind(&w->out);
		if (w->kind->connection == NULL || all)
			end_writer(w, &end, &worst, fault);
	}
	return worst;
}

enum status
report_end(struct report *r, const struct report_run *run, struct fault *fault)
{
	return end_writers(r, run, true, fault);
}

void
report_settle(struct report *r)
{
	r->interim = true;
	for (size_t i = 0; i < r->count; i++)
		if (r->writers[i].spool != NULL)
			spool_settle(r->writers[i].spool);
	if (r->sessions != NULL)
		spool_settle(r->sessions);
}

enum status
report_interim(struct report *r, const struct report_run *run, struct fault *fault)
{
	return end_writers(r, run, false, fault);
}

enum status
report_queue(struct report *r, size_t octets, struct fault *fault)
{
	enum status status = STATUS_OK;

	/* Those that write as connections end. */
	for (size_t i = 0; i < r->count && status == STATUS_OK; i++)
		if (r->writers[i].kind->connection != NULL)
			status = output_queue(&r->writers[i].out, octets, fault);
	return status;
}

size_t
report_poll(const struct report *r, struct pollfd *fds)
{
	size_t n = 0;

	for (size_t i = 0; i < r->count && n < REPORT_MAX_QUEUES; i++) {
		const struct output *o = &r->writers[i].out;

		if (o->queued && o->error == 0 && queue_waits(&o->queue))
			fds[n++] = (struct pollfd){ .fd = o->queue.fd, .events = POLLOUT };
	}
	return n;
}

void
report_pump(struct report *r)
{
	for (size_t i = 0; i < r->count; i++)
		output_pump(&r->writers[i].out);
}

uint64_t
report_dropped(const struct report *r)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < r->count; i++)
		sum += r->writers[i].out.queued ? r->writers[i].out.queue.dropped : 0;
	return sum;
}

void
report_go_on(struct report *r, int fd)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->writers[i].kind->connection != NULL)
			output_go_on(&r->writers[i].out, fd);
}

uint64_t
report_unlisted(const struct report *r)
{
	uint64_t most = 0;

	for (size_t i = 0; i < r->count; i++) {
		uint64_t lost = spool_lost(r->writers[i].spool);

		most = lost > most ? lost : most;
	}
	return most + spool_lost(r->sessions);
}

const struct tally *
report_tally(const struct report *r)
{
	return &r->tally;
}

uint64_t
report_findings(const struct report *r, enum severity s)
{
	return r->tally.findings[s];
}

bool
report_unheard(const struct report *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->writers[i].out.error == 0)
			return false;
	return true;
}

static void
close_writer(struct writer *w)
{
	output_close(&w->out, NULL);
	text_clear(&w->columns.table);
	spool_free(w->spool);
}

void
report_close(struct report *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->count; i++)
		close_writer(&r->writers[i]);
	spool_free(r->sessions);
	free(r);
}
