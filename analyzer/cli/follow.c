#include "analyzer/cli/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/cli/changes.h"
#include "analyzer/cli/cli.h"
#include "analyzer/maillog/log_tail.h"

#define AT_ONCE ((size_t)1 << 20) /* octets of a log between two looks at the wire */

struct followed {
	struct follow *follow;
	const char *path;
	size_t broker_path, file; /* file: in maillog_files */
	struct log_tail tail;
	int error;              /* of the path, as it was first opened */
	int64_t whole_since_ns; /* of the log's clock: it lacks no line since then */
};

struct follow {
	struct follow_config config;
	struct hat *hat;
	struct maillog *logs;
	struct settle *settle;
	struct join join;
	struct gateway gateway;
	struct record_builder joined;
	struct followed followed[FOLLOW_MAX_LOGS];
	size_t count;
	int changes;              /* inotify; -1 */
	struct followed *reading; /* whose news come now */
	bool beginning;           /* what is read was there before the start */
	bool quiet;               /* and every line is whole */
	int64_t now_ns, news_ns, round_ns;
	int64_t whole_since_ns; /* the capture has no gap since then */
	uint64_t sessions;
	uint64_t last_before; /* id of the last session that ended before the start */
};

/* --- sessions and records ------------------------------------------------------------------- */

static void
no_memory(void)
{
	cli_message("out of memory: a connection or a log session is not reported");
}

static void
on_session(void *ctx, const struct log_session *s)
{
	struct follow *f = ctx;

	gateway_learn(&f->gateway, s, f->hat);
	if (f->beginning && !f->config.behind)
		return;
	if (f->beginning && s->id > f->last_before)
		f->last_before = s->id;
	f->sessions++;
	if (settle_session(f->settle, s, f->now_ns) != STATUS_OK)
		no_memory();
}

static void
peek(void *ctx, log_session_sink *sink, void *sink_ctx)
{
	const struct follow *f = ctx;

	maillog_peek(f->logs, sink, sink_ctx);
}

static void
on_settled(void *ctx, const struct record *rec)
{
	const struct follow *f = ctx;

	f->config.record(f->config.ctx, rec);
}

static void
on_left_over(void *ctx, const struct log_session *s, const char *missing)
{
	struct follow *f = ctx;

	if (missing != NULL || s->id > f->last_before)
		f->config.session(f->config.ctx, s, missing);
	else
		f->sessions--; /* as if it had never been there */
}

static bool
is_open(void *ctx, const struct addr *client)
{
	const struct follow *f = ctx;

	return f->config.is_open(f->config.ctx, client);
}

static const char *
log_path(void *ctx, uint16_t file)
{
	const struct follow *f = ctx;
	size_t count;

	return maillog_files(f->logs, &count)[file].path;
}

void
follow_record(struct follow *f, const struct record *rec)
{
	if (f->settle == NULL) {
		join_connection(&f->join, rec, NULL, NULL, &f->joined);
		f->config.record(f->config.ctx, f->joined.rec);
	} else if (settle_record(f->settle, rec, f->now_ns) != STATUS_OK) {
		no_memory();
	}
}

void
follow_gap(struct follow *f, int64_t packet_ns)
{
	/* A stamp of the log may be of the second before, and the clocks not quite aligned. */
	f->whole_since_ns = packet_ns + f->config.beside->window_ns;
}

/* --- logs ---------------------------------------------------------------------------------- */

static int
open_log(void *ctx, int *fd)
{
	struct followed *l = ctx;

	return broker_read(l->follow->config.broker, l->broker_path, fd);
}

static void
say_problem(struct followed *l, int error)
{
	if (l->follow->beginning)
		l->error = error;
	if (l->follow->beginning && error != ENOENT)
		return; /* the run does not begin */
	cli_message("%s: %s%s", l->path, strerror(error),
	    error == ENOENT ? "; it is waited for" : "; it is tried again and again");
}

static void
note_loss(struct followed *l)
{
	size_t count;
	int64_t last_ns = maillog_files(l->follow->logs, &count)[l->file].last_ns;

	if (last_ns != LOG_TIME_NONE)
		l->whole_since_ns = last_ns + l->follow->config.beside->window_ns;
}

static void
on_news(void *ctx, const struct log_tail_news *news)
{
	struct follow *f = ctx;

	switch (news->event) {
	case LOG_TAIL_BLOCK:
		maillog_feed(f->logs, news->block);
		break;
	case LOG_TAIL_SKIPPED:
		maillog_skip(f->logs, news->lines);
		break;
	case LOG_TAIL_TRUNCATED:
		note_loss(f->reading);
		maillog_rotate(f->logs);
		break;
	case LOG_TAIL_ROTATED:
		maillog_rotate(f->logs);
		break;
	case LOG_TAIL_PROBLEM:
		say_problem(f->reading, news->error);
		return;
	}
	f->news_ns = f->now_ns;
	f->quiet = false;
}

/* True when there is more. */
static bool
read_logs(struct follow *f)
{
	bool more = false;

	for (size_t i = 0; i < f->count; i++) {
		f->reading = &f->followed[i];
		maillog_resume(f->logs, f->reading->file);
		more |= log_tail_poll(&f->reading->tail, f->now_ns, AT_ONCE, on_news, f);
	}
	return more;
}

static void
all_quiet(struct follow *f)
{
	for (size_t i = 0; i < f->count; i++) {
		maillog_resume(f->logs, f->followed[i].file);
		maillog_quiet(f->logs);
	}
	f->quiet = true;
}

int
follow_descriptor(const struct follow *f)
{
	return f->changes;
}

void
follow_news(struct follow *f, int64_t now_ns)
{
	bool moved = changes_read(f->changes);

	for (size_t i = 0; i < f->count && moved; i++)
		log_tail_look(&f->followed[i].tail);
	f->now_ns = now_ns;
	(void)read_logs(f);
}

/* What every log covers, by UTC as far as the zones are known. */
static struct correlate_span
log_span(const struct follow *f)
{
	struct correlate_span span = { INT64_MIN, INT64_MAX };
	size_t count;
	const struct maillog_file *file = maillog_files(f->logs, &count);

	for (size_t i = 0; i < count; i++) {
		int64_t offset_ns = file[i].utc_offset_s * LOG_NS_PER_S;

		if (file[i].first_ns == LOG_TIME_NONE)
			return (struct correlate_span){ INT64_MAX, INT64_MIN };
		int64_t first_ns = file[i].first_ns > f->followed[i].whole_since_ns
		                       ? file[i].first_ns
		                       : f->followed[i].whole_since_ns;

		if (first_ns - offset_ns > span.first_ns)
			span.first_ns = first_ns - offset_ns;
		if (file[i].last_ns - offset_ns < span.last_ns)
			span.last_ns = file[i].last_ns - offset_ns;
	}
	return span;
}

static struct settle_now
settle_now(const struct follow *f, int64_t packet_ns)
{
	return (struct settle_now){ .now_ns = f->now_ns,
		.wire = { f->whole_since_ns, packet_ns },
		.log = log_span(f),
		.offset_from = maillog_offset_from(f->logs) };
}

bool
follow_tick(struct follow *f, int64_t now_ns, int64_t packet_ns)
{
	struct settle_now now;
	bool more;

	f->now_ns = now_ns;
	if (f->logs == NULL)
		return true;
	more = read_logs(f);
	if (!f->quiet && now_ns - f->news_ns >= FOLLOW_QUIET_NS)
		all_quiet(f);
	if (now_ns < f->round_ns)
		return !more;
	f->round_ns = now_ns + FOLLOW_ROUND_NS;
	now = settle_now(f, packet_ns);
	if (settle_tick(f->settle, &now) != STATUS_OK)
		cli_message("out of memory: what is settled is reported later");
	return !more;
}

void
follow_finish(struct follow *f, int64_t now_ns, int64_t packet_ns)
{
	struct settle_now now;

	f->now_ns = now_ns;
	if (f->logs == NULL)
		return;
	while (read_logs(f))
		;
	all_quiet(f);
	maillog_finish(f->logs);
	now = settle_now(f, packet_ns);
	if (settle_finish(f->settle, &now) != STATUS_OK)
		no_memory();
}

/* --- beginning and end ------------------------------------------------------------------------ */

static enum status
add_logs(struct follow *f, struct fault *fault)
{
	const struct stories_config *beside = f->config.beside;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	for (size_t i = 0; i < beside->log_count; i++) {
		struct followed *l = &f->followed[i];
		const struct maillog_start start = { .path = beside->logs[i],
			.compression = "none",
			.near_ns = (int64_t)now.tv_sec * LOG_NS_PER_S,
			.utc_offset_s = LOG_OFFSET_NONE };

		l->follow = f;
		l->path = beside->logs[i];
		l->file = i;
		l->whole_since_ns = INT64_MIN;
		l->broker_path = broker_add(f->config.broker, l->path, BROKER_LOG);
		log_tail_init(&l->tail, open_log, l);
		changes_watch(f->changes, l->path);
		if (maillog_follow(f->logs, &start) != STATUS_OK)
			return fault_set(fault, STATUS_NOMEM, "out of memory");
		f->count++;
	}
	return STATUS_OK;
}

static enum status
open_settle(struct follow *f)
{
	const struct settle_config settle = { .match = { f->config.beside->window_ns, f->hat },
		.join = f->join,
		.wait_ns = f->config.settle_ns,
		.max_octets = f->config.max_octets,
		.record = on_settled,
		.session = on_left_over,
		.peek = peek,
		.is_open = is_open,
		.ctx = f };
	const struct maillog_config logs = {
		.utc_offset_s = f->config.beside->utc_offset_s, .sink = on_session, .ctx = f
	};

	f->settle = settle_new(&settle);
	f->logs = maillog_new(&logs);
	return f->settle == NULL || f->logs == NULL ? STATUS_NOMEM : STATUS_OK;
}

enum status
follow_open(struct follow **out, const struct follow_config *config, struct fault *fault)
{
	struct follow *f = calloc(1, sizeof *f);
	const struct stories_config *beside = config->beside;
	enum status status = STATUS_OK;

	*out = NULL;
	if (f == NULL)
		return fault_set(fault, STATUS_NOMEM, "out of memory");
	f->config = *config;
	f->changes = -1;
	if (!record_builder_init(&f->joined))
		status = fault_set(fault, STATUS_NOMEM, "out of memory");
	if (status == STATUS_OK && beside->hat != NULL)
		status = hat_load(&f->hat, beside->hat, beside->listener, fault);
	f->join = (struct join){ .hat = f->hat,
		.gateway = &f->gateway,
		.delayed_reject = beside->delayed_reject,
		.tcprefuse_logged = beside->tcprefuse_logged,
		.log_path = log_path,
		.ctx = f };
	if (status == STATUS_OK && beside->log_count > 0 && open_settle(f) != STATUS_OK)
		status = fault_set(fault, STATUS_NOMEM, "out of memory");
	if (status == STATUS_OK && beside->log_count > 0)
		f->changes = changes_open();
	if (status == STATUS_OK && beside->log_count > 0)
		status = add_logs(f, fault);
	if (status != STATUS_OK) {
		follow_close(f);
		return status;
	}
	*out = f;
	return STATUS_OK;
}

enum status
follow_begin(struct follow *f, int64_t now_ns, struct fault *fault)
{
	f->now_ns = now_ns;
	f->beginning = true;
	while (f->count > 0 && read_logs(f))
		;
	if (f->count > 0)
		all_quiet(f);
	f->beginning = false;
	for (size_t i = 0; i < f->count; i++)
		if (f->followed[i].error != 0 && f->followed[i].error != ENOENT)
			return fault_set(fault, STATUS_IO, "%s: %s", f->followed[i].path,
			    f->followed[i].error == EINVAL ? "it is no file that grows"
							   : strerror(f->followed[i].error));
	return STATUS_OK;
}

void
follow_close(struct follow *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->count; i++)
		log_tail_clear(&f->followed[i].tail);
	if (f->changes >= 0)
		close(f->changes);
	settle_free(f->settle);
	maillog_free(f->logs);
	hat_free(f->hat);
	record_builder_clear(&f->joined);
	free(f);
}

const struct maillog *
follow_logs(const struct follow *f)
{
	return f == NULL ? NULL : f->logs;
}

void
follow_run(const struct follow *f, struct report_run *run)
{
	run->hat = f->hat;
	run->hat_path = f->config.beside->hat;
	if (f->logs == NULL)
		return;
	run->log_sessions = f->sessions;
	run->matched = settle_matches(f->settle);
	run->clock = settle_clock(f->settle);
}

void
follow_limits(const struct follow *f, struct limits *sum)
{
	if (f->logs == NULL)
		return;
	for (enum limit l = 0; l < LIMIT_COUNT; l++) {
		limits_hit(sum, l, maillog_limits(f->logs)->reached[l]);
		limits_hit(sum, l, settle_limits(f->settle)->reached[l]);
	}
}
