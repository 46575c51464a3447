#include "analyzer/cli/stories.h"

#include <stdlib.h>

#include "reports/spool.h"

struct stories {
	struct stories_config config;
	struct hat *hat;
	struct maillog *logs;
	struct correlate *correlate;
	struct spool *records, *sessions;
	struct record_builder joined;
	struct join join;
	struct gateway gateway;
	uint64_t session_count;
	enum status status; /* of a sink that could not say it */
	struct fault fault;
};

bool
stories_wanted(const struct stories_config *config)
{
	return config->log_count > 0 || config->hat != NULL || config->delayed_reject != KNOWN_NOT;
}

static void
on_session(void *ctx, const struct log_session *session)
{
	struct stories *s = ctx;

	if (s->status == STATUS_OK)
		s->status = spool_add(s->sessions, session->id, session, &s->fault);
	if (s->status == STATUS_OK) {
		s->status = correlate_session(s->correlate, session);
		if (s->status != STATUS_OK)
			fault_set(&s->fault, s->status, "out of memory");
	}
	gateway_learn(&s->gateway, session, s->hat);
	s->session_count++;
}

static const char *
log_path(void *ctx, uint16_t file)
{
	const struct stories *s = ctx;
	size_t count;
	const struct maillog_file *files = maillog_files(s->logs, &count);

	return file < count ? files[file].path : "the log";
}

/* What the lines of the logs cover, sessions or not. */
static enum status
tell_lines(struct stories *s, struct fault *fault)
{
	size_t count;
	const struct maillog_file *f = maillog_files(s->logs, &count);

	for (size_t i = 0; i < count; i++) {
		int64_t offset_ns =
		    f[i].utc_offset_s == LOG_OFFSET_NONE ? 0 : f[i].utc_offset_s * CLOCK_NS_PER_S;
		const struct correlate_span span = { f[i].first_ns - offset_ns,
			f[i].last_ns - offset_ns };

		if (f[i].first_ns != LOG_TIME_NONE &&
		    correlate_lines(s->correlate, &span) != STATUS_OK)
			return fault_set(fault, STATUS_NOMEM, "out of memory");
	}
	return STATUS_OK;
}

/* When packets were captured. */
static enum status
tell_packets(struct stories *s, const struct report_run *run)
{
	for (size_t i = 0; i < run->capture_count; i++) {
		const struct source_input *in = &run->captures[i];
		const struct correlate_span span = { in->first_ns, in->last_ns };

		if (in->packets > 0 && correlate_packets(s->correlate, &span) != STATUS_OK)
			return STATUS_NOMEM;
	}
	return STATUS_OK;
}

static enum status
read_logs(struct stories *s, struct fault *fault)
{
	const struct maillog_config config = {
		.utc_offset_s = s->config.utc_offset_s, .sink = on_session, .ctx = s
	};
	const struct maillog_source source = { .paths = s->config.logs,
		.path_count = s->config.log_count,
		.near_ns = s->config.near_ns };
	const struct correlate_config match = { s->config.window_ns, s->hat };
	enum status status;

	s->logs = maillog_new(&config);
	s->correlate = correlate_new(&match);
	s->sessions = spool_new(s->config.folder);
	if (s->logs == NULL || s->correlate == NULL || s->sessions == NULL)
		return fault_set(fault, STATUS_NOMEM, "out of memory");
	status = maillog_read(s->logs, &source, fault);
	if (status != STATUS_OK)
		return status;
	maillog_finish(s->logs);
	if (s->status != STATUS_OK)
		return fault_set(fault, s->status, "%s", s->fault.text);
	return tell_lines(s, fault);
}

enum status
stories_open(struct stories **out, const struct stories_config *config, struct fault *fault)
{
	struct stories *s = calloc(1, sizeof *s);
	enum status status = STATUS_OK;

	if (s == NULL)
		return fault_set(fault, STATUS_NOMEM, "out of memory");
	s->config = *config;
	s->records = spool_new(config->folder);
	if (s->records == NULL || !record_builder_init(&s->joined))
		status = fault_set(fault, STATUS_NOMEM, "out of memory");
	if (status == STATUS_OK && config->hat != NULL)
		status = hat_load(&s->hat, config->hat, config->listener, fault);
	if (status == STATUS_OK && config->log_count > 0)
		status = read_logs(s, fault);
	if (status != STATUS_OK) {
		stories_close(s);
		return status;
	}
	s->join = (struct join){ .correlate = s->correlate,
		.hat = s->hat,
		.gateway = &s->gateway,
		.delayed_reject = config->delayed_reject,
		.tcprefuse_logged = config->tcprefuse_logged,
		.log_path = log_path,
		.ctx = s };
	*out = s;
	return STATUS_OK;
}

const struct maillog *
stories_logs(const struct stories *s)
{
	return s == NULL ? NULL : s->logs;
}

const struct hat *
stories_hat(const struct stories *s)
{
	return s == NULL ? NULL : s->hat;
}

enum status
stories_record(struct stories *s, const struct record *rec, struct fault *fault)
{
	enum status status = spool_add(s->records, rec->id, rec, fault);

	if (status == STATUS_OK && s->correlate != NULL &&
	    correlate_connection(s->correlate, rec) != STATUS_OK)
		status = fault_set(fault, STATUS_NOMEM, "out of memory");
	return status;
}

/* --- the end ---------------------------------------------------------------------------- */

struct ending {
	struct stories *stories;
	struct report *report;
};

static void
on_record(void *ctx, const void *block)
{
	struct ending *e = ctx;
	struct stories *s = e->stories;
	const struct record *rec = block;
	const struct match *match =
	    s->correlate == NULL ? NULL : correlate_of_connection(s->correlate, rec->id);
	const struct log_session *session =
	    match == NULL ? NULL : spool_get(s->sessions, match->session, &s->fault);

	join_connection(&s->join, rec, session == NULL ? NULL : match, session, &s->joined);
	report_connection(e->report, s->joined.rec);
}

struct listing {
	struct stories *stories;
	report_session_sink *sink;
	void *ctx;
};

static void
on_left_over(void *ctx, const void *block)
{
	struct listing *l = ctx;
	const struct log_session *session = block;
	char message[512];
	bool missing;

	if (correlate_of_session(l->stories->correlate, session->id) != NULL)
		return;
	missing = !l->stories->config.filtered &&
	          join_session(&l->stories->join, session, message, sizeof message);
	l->sink(l->ctx, session, missing ? message : NULL);
}

static void
each_left_over(void *ctx, report_session_sink *sink, void *sink_ctx)
{
	struct listing l = { ctx, sink, sink_ctx };

	spool_read(l.stories->sessions, on_left_over, &l, NULL);
}

enum status
stories_end(struct stories *s, struct report *report, struct report_run *run, struct fault *fault)
{
	struct ending e = { s, report };

	run->hat = s->hat;
	run->hat_path = s->config.hat;
	if (s->correlate != NULL) {
		if (tell_packets(s, run) != STATUS_OK ||
		    correlate_run(s->correlate, maillog_offset_from(s->logs)) != STATUS_OK)
			return fault_set(fault, STATUS_NOMEM, "out of memory");
		run->log_sessions = s->session_count;
		run->matched = correlate_matches(s->correlate);
		run->clock = correlate_clock(s->correlate);
		run->sessions = each_left_over;
		run->sessions_ctx = s;
	}
	return spool_read(s->records, on_record, &e, fault);
}

void
stories_close(struct stories *s)
{
	if (s == NULL)
		return;
	correlate_free(s->correlate);
	maillog_free(s->logs);
	hat_free(s->hat);
	spool_free(s->records);
	spool_free(s->sessions);
	record_builder_clear(&s->joined);
	free(s);
}
