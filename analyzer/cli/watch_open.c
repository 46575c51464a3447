#include "analyzer/cli/watch_run.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define QUEUE_OCTETS ((size_t)16 << 20) /* of lines, for a reader that has stopped */
#define SETTLE_SHARE 4                  /* of --max-memory: a fourth, where there are logs */

static enum status
open_interfaces(struct watch *w, struct fault *fault)
{
	const struct live_options *o = w->options;
	const struct live_config config = { .interfaces = o->interfaces,
		.interface_count = o->interface_count,
		.ports = &o->judging.ports,
		.filter = o->judging.filter,
		.buffer = o->buffer };

	return o->interface_count > 0 ? live_open(&w->live, &config, fault) : STATUS_OK;
}

/* Reads the first frame, and so waits for it. */
static enum status
open_pipe(struct watch *w, struct fault *fault)
{
	static const char *const paths[] = { "-" };
	const struct source_config config = { .paths = paths,
		.path_count = 1,
		.filter = w->options->judging.filter,
		.wait = { watch_pipe_ready, w } };

	return w->live == NULL ? source_open(&w->source, &config, fault) : STATUS_OK;
}

static enum status
open_beside(struct watch *w, struct fault *fault)
{
	const struct live_options *o = w->options;
	const struct follow_config config = { .beside = &o->judging.beside,
		.broker = &w->broker,
		.settle_ns = o->settle_ns,
		.behind = o->interface_count == 0,
		.max_octets = o->judging.max_memory / SETTLE_SHARE,
		.record = watch_deliver,
		.session = watch_deliver_session,
		.is_open = watch_is_open,
		.ctx = w };

	return stories_wanted(&o->judging.beside) ? follow_open(&w->follow, &config, fault)
	                                          : STATUS_OK;
}

/* Whose paths the broker has to know. */
static enum status
open_files(struct watch *w, struct fault *fault)
{
	const struct live_options *o = w->options;
	const struct keep_config config = { .path = o->write,
		.max_octets = o->write_octets,
		.max_ns = o->write_ns,
		.files = o->write_files,
		.broker = &w->broker };
	const char *ndjson = o->judging.ndjson;
	struct stat st;

	metrics_file_init(&w->metrics, o->metrics, &w->broker);
	w->renewable = ndjson != NULL && strcmp(ndjson, "-") != 0 &&
	               (stat(ndjson, &st) != 0 || S_ISREG(st.st_mode));
	if (w->renewable)
		w->ndjson_path = broker_add(&w->broker, ndjson, BROKER_LINES);
	return o->write != NULL ? keep_open(&w->keep, &config, fault) : STATUS_OK;
}

static enum status
open_engine(struct watch *w, struct fault *fault)
{
	struct engine_config config;
	enum status status = judging_engine(&w->options->judging, &config, &w->refusals, fault);

	if (status != STATUS_OK)
		return status;
	config.linger_ns = WATCH_LINGER_NS;
	if (follow_logs(w->follow) != NULL)
		config.max_memory -= config.max_memory / SETTLE_SHARE;
	w->engine = engine_new(&config, watch_on_record, w);
	return w->engine != NULL ? STATUS_OK : fault_set(fault, STATUS_NOMEM, "out of memory");
}

/* A picture for a person, where the report would go to a terminal. */
static bool
screen_wanted(const struct judging *j)
{
	const char *term = getenv("TERM");

	return j->text != NULL && strcmp(j->text, "-") == 0 && isatty(STDOUT_FILENO) == 1 &&
	       !j->cli->quiet && j->cli->progress != CLI_NEVER && term != NULL &&
	       strcmp(term, "dumb") != 0;
}

static enum status
open_report(struct watch *w, struct fault *fault)
{
	const struct judging *j = &w->options->judging;
	struct report_config config;
	enum status status;

	judging_report(j, &config);
	config.prompt = true;
	config.logs = follow_logs(w->follow);
	config.max_listed = w->options->spool;
	status = report_open(&w->report, &config, fault);
	if (status == STATUS_OK)
		status = report_queue(w->report, QUEUE_OCTETS, fault);
	if (status == STATUS_OK && screen_wanted(j))
		status = screen_open(&w->screen, config.color, fault);
	if (w->screen != NULL && isatty(STDERR_FILENO) == 1)
		cli_before_message(screen_erase, w->screen);
	return status;
}

/* The helper, if one is needed, while there is little of us that it would be a copy of. */
static enum status
start_broker(struct watch *w, struct fault *fault)
{
	enum status status = broker_start(&w->broker, &w->rights, fault);

	if (status == STATUS_OK && w->follow != NULL)
		status = follow_begin(w->follow, watch_clock_ns(CLOCK_MONOTONIC), fault);
	return status;
}

/* What has to be opened by who started us. */
static enum status
open_all(struct watch *w, struct fault *fault)
{
	static enum status (*const steps[])(struct watch * w, struct fault * fault) = { open_beside,
		open_files, start_broker, open_engine, open_interfaces, open_report };
	const struct live_options *o = w->options;
	enum status status = rights_find(&w->rights, o->user, o->group, fault);

	for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == STATUS_OK; i++)
		status = steps[i](w, fault);
	return status;
}

enum status
watch_open(struct watch *w, struct fault *fault)
{
	enum status status = open_all(w, fault);

	if (status == STATUS_OK)
		status = rights_drop(&w->rights, RIGHTS_WATCH, fault);
	w->start_ns = w->now_ns = watch_clock_ns(CLOCK_MONOTONIC);
	w->began_ns = watch_clock_ns(CLOCK_REALTIME);
	w->health.live = w->live;
	if (status == STATUS_OK && w->keep != NULL)
		status = keep_begin(w->keep, w->now_ns, fault);
	if (w->live != NULL && w->follow != NULL)
		follow_gap(w->follow, w->began_ns);
	return status == STATUS_OK ? open_pipe(w, fault) : status;
}

void
watch_close(struct watch *w)
{
	cli_before_message(NULL, NULL);
	screen_close(w->screen);
	report_close(w->report);
	keep_close(w->keep);
	follow_close(w->follow);
	engine_free(w->engine);
	live_close(w->live);
	source_close(w->source);
	broker_stop(&w->broker);
	refusal_free(w->refusals);
}
