/*
 * analyze: captures in, a verdict for each connection out.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "analyzer/cli/cli.h"
#include "analyzer/cli/progress.h"
#include "analyzer/cli/stories.h"
#include "analyzer/engine/engine.h"
#include "analyzer/verdict/refusal.h"
#include "reports/report.h"

#define DEFAULT_MEMORY ((size_t)256 << 20)
#define SMTP_PORT 25

struct analyze {
	struct cli *cli;
	struct port_set ports;
	const char *json, *ndjson, *text, *filter;
	int fail_on; /* enum severity; SEVERITY_COUNT for none */
	size_t max_memory;
	struct stories_config beside; /* logs and HAT */
	const char *refusal_class;
};

static enum status
take_fail_on(void *field, const char *value, struct fault *fault)
{
	/* As enum severity counts, and one more. */
	static const char *const words[] = { "info", "warning", "error", "none" };

	return options_word(field, words, SEVERITY_COUNT + 1, value, fault);
}

static enum status
take_log(void *field, const char *value, struct fault *fault)
{
	struct stories_config *beside = field;

	if (beside->log_count == STORIES_MAX_LOGS)
		return fault_set(fault, STATUS_USAGE,
		    "more than %d logs; name their directory instead", STORIES_MAX_LOGS);
	beside->logs[beside->log_count++] = value;
	return STATUS_OK;
}

static enum status
take_delayed(void *field, const char *value, struct fault *fault)
{
	static const char *const words[] = { "off", "on" };
	int word;
	enum status status = options_word(&word, words, 2, value, fault);

	if (status == STATUS_OK)
		*(enum known *)field = word == 1 ? KNOWN_YES : KNOWN_NO;
	return status;
}

static enum status
take_logged(void *field, const char *value, struct fault *fault)
{
	static const char *const words[] = { "no", "yes" };
	int word;
	enum status status = options_word(&word, words, 2, value, fault);

	if (status == STATUS_OK)
		*(enum known *)field = word == 1 ? KNOWN_YES : KNOWN_NO;
	return status;
}

static enum status
take_window(void *field, const char *value, struct fault *fault)
{
	char *end;
	unsigned long long s = strtoull(value, &end, 10);

	if (value[0] < '0' || value[0] > '9' || *end != '\0' || s > 86400)
		return fault_set(
		    fault, STATUS_USAGE, "%s is no number of seconds up to 86400", value);
	*(int64_t *)field = (int64_t)s * CLOCK_NS_PER_S;
	return STATUS_OK;
}

static const struct option_row rows[] = {
	{ "log", 'l', "FILE", "a mail log, or a directory of them; may be repeated", take_log,
	    offsetof(struct analyze, beside) },
	{ "hat", 't', "FILE", "the Host Access Table, as text or in a saved configuration",
	    options_text, offsetof(struct analyze, beside.hat) },
	{ "listener", 0, "NAME", "whose table to take from a saved configuration", options_text,
	    offsetof(struct analyze, beside.listener) },
	{ "port", 'p', "LIST", "server ports, as in 25,587 or 2500-2599 (default 25)",
	    options_ports, offsetof(struct analyze, ports) },
	{ "filter", 0, "EXPR", "a further pcap filter", options_text,
	    offsetof(struct analyze, filter) },
	{ "utc-offset", 0, "OFFSET",
	    "the zone of the log's stamps, local minus UTC, as in +09:00\n"
	    "or -7 (default: its header's, else estimated)",
	    options_utc_offset, offsetof(struct analyze, beside.utc_offset_s) },
	{ "match-window", 0, "SECONDS",
	    "how far a log session may lie from its connection, once\n"
	    "the clocks are aligned (default 5)",
	    take_window, offsetof(struct analyze, beside.window_ns) },
	{ "delayed-reject", 0, "on|off", "how the listener is known to be set", take_delayed,
	    offsetof(struct analyze, beside.delayed_reject) },
	{ "tcprefuse-logged", 0, "yes|no", "whether the gateway logs TCPREFUSE", take_logged,
	    offsetof(struct analyze, beside.tcprefuse_logged) },
	{ "refusal-class", 0, "FILE", "further rows that tell why a recipient is refused",
	    options_text, offsetof(struct analyze, refusal_class) },
	{ "max-memory", 0, "SIZE", "bound on tracking state, with K, M or G (default 256M)",
	    options_size, offsetof(struct analyze, max_memory) },
	{ "text", 0, "FILE",
	    "write the report as text (default, on standard output,\n"
	    "if no output is named)",
	    options_text, offsetof(struct analyze, text) },
	{ "json", 0, "FILE", "write the report as one JSON document", options_text,
	    offsetof(struct analyze, json) },
	{ "ndjson", 0, "FILE", "write JSON lines, each connection as it ends", options_text,
	    offsetof(struct analyze, ndjson) },
	{ "fail-on", 0, "SEVERITY",
	    "lowest severity of a finding that makes the exit status 1:\n"
	    "error, warning, info or none (default error)",
	    take_fail_on, offsetof(struct analyze, fail_on) },
};

static int
print_help(const struct option_group groups[static 2])
{
	printf("Usage: hatcheck analyze [options] CAPTURE...\n\n"
	       "Reads captures (pcap or pcapng, also in gzip, zstd or xz; a directory stands for\n"
	       "the captures in it, - for standard input) as one run, and gives each connection\n"
	       "to the server ports a verdict. Any number of outputs; - is standard output.\n");
	options_print(groups, 2, stdout);
	printf(
	    "\nExit status: 0 nothing at or above --fail-on, 1 findings at or above it, 2 usage\n"
	    "or nothing could be read, 3 an input was damaged and the rest is clean.\n");
	return cli_printed();
}

/* The outputs may not share a file, nor be one of the captures. */
static enum status
check_outputs(
    const struct analyze *a, const struct source_input *in, size_t count, struct fault *fault)
{
	const char *const outputs[] = { a->json, a->ndjson, a->text };
	const size_t n = sizeof outputs / sizeof outputs[0];
	enum status status = cli_outputs_differ(outputs, n, fault);

	for (size_t k = 0; k < count && status == STATUS_OK; k++)
		status = cli_outputs_spare(outputs, n, in[k].path, fault);
	return status;
}

static int
exit_status(const struct analyze *a, const struct report *report, const struct source_input *in,
    size_t count)
{
	int status = CLI_CLEAN;

	for (size_t i = 0; i < count; i++) {
		if (in[i].damaged[0] == '\0')
			continue;
		cli_message("%s: %s", in[i].path, in[i].damaged);
		status = CLI_DAMAGED;
	}
	for (int s = a->fail_on; s < SEVERITY_COUNT; s++)
		if (report_findings(report, (enum severity)s) > 0)
			status = CLI_FINDINGS;
	return status;
}

struct analysis {
	const struct analyze *options;
	struct progress progress;
	struct source *source;
	struct report *report;
	struct stories *stories; /* NULL: nothing beside the wire */
	struct refusal_table *refusals;
	enum status status; /* of what stands beside the wire */
	struct fault fault;
	bool unheard; /* nobody reads the report any more */
};

static void
on_record(void *ctx, const struct record *rec)
{
	struct analysis *r = ctx;

	if (r->stories != NULL && r->status == STATUS_OK)
		r->status = stories_record(r->stories, rec, &r->fault);
	else if (r->stories == NULL)
		report_connection(r->report, rec);
	r->unheard = report_unheard(r->report);
}

/* Every frame through the engine, and the report's end. */
static int
judge(struct analysis *r, const struct engine_config *config)
{
	struct engine *engine = engine_new(config, on_record, r);
	struct report_run sum = { 0 };
	struct frame frame;
	struct fault fault;
	int status = CLI_UNUSABLE;

	if (engine == NULL) {
		cli_message("out of memory");
		return CLI_UNUSABLE;
	}
	while (!r->unheard && source_next(r->source, &frame) == STATUS_OK)
		engine_frame(engine, &frame);
	engine_finish(engine);
	progress_finish(&r->progress);
	sum.captures = source_inputs(r->source, &sum.capture_count);
	sum.limits = engine_limits(engine);
	sum.packets = engine_packet_stats(engine);
	if (r->stories != NULL && r->status == STATUS_OK)
		r->status = stories_end(r->stories, r->report, &sum, &r->fault);
	if (r->status != STATUS_OK)
		cli_message("%s", r->fault.text);
	else if (report_end(r->report, &sum, &fault) == STATUS_OK)
		status = exit_status(r->options, r->report, sum.captures, sum.capture_count);
	else
		cli_message("%s", fault.text);
	engine_free(engine);
	return status;
}

static const char *
temporary_folder(void)
{
	const char *folder = getenv("TMPDIR");

	return folder != NULL && folder[0] != '\0' ? folder : "/tmp";
}

static enum status
open_report(struct analysis *r, struct fault *fault)
{
	const struct analyze *a = r->options;

	const struct report_config config = { .json = a->json,
		.ndjson = a->ndjson,
		.text = a->text,
		.folder = temporary_folder(),
		.color = a->text != NULL &&
		         (strcmp(a->text, "-") == 0 || a->cli->color != CLI_AUTO) &&
		         cli_color(a->cli, stdout),
		.verbose = a->cli->quiet ? -1 : a->cli->verbose,
		.logs = stories_logs(r->stories) };
	size_t count;
	const struct source_input *in = source_inputs(r->source, &count);
	enum status status = check_outputs(a, in, count, fault);

	return status == STATUS_OK ? report_open(&r->report, &config, fault) : status;
}

/* The logs and the HAT that were named, and the further rows of refusals. */
static enum status
open_beside(struct analysis *r, struct fault *fault)
{
	const struct analyze *a = r->options;
	struct stories_config config = a->beside;
	size_t count;
	const struct source_input *in = source_inputs(r->source, &count);

	if (a->refusal_class != NULL) {
		enum status status = refusal_load(&r->refusals, a->refusal_class, fault);

		if (status != STATUS_OK)
			return status;
	}
	if (!stories_wanted(&config))
		return STATUS_OK;
	config.folder = temporary_folder();
	config.near_ns = count > 0 && in[0].first_ns != 0 ? in[0].first_ns : LOG_TIME_NONE;
	return stories_open(&r->stories, &config, fault);
}

static int
analyze(const struct analyze *a, const char *const *paths, size_t count)
{
	struct analysis r = { .options = a };
	const struct source_config source = { .paths = paths,
		.path_count = count,
		.filter = a->filter,
		.progress = progress_step,
		.progress_ctx = &r.progress };
	struct engine_config config = {
		.ports = &a->ports, .max_memory = a->max_memory, .linger_ns = ENGINE_LINGER_NS
	};
	struct fault fault;
	int status = CLI_UNUSABLE;

	progress_init(&r.progress, cli_progress(a->cli));
	if (getrandom(&config.secret, sizeof config.secret, 0) != (ssize_t)sizeof config.secret)
		cli_message("getrandom: %s", strerror(errno));
	else if (source_open(&r.source, &source, &fault) != STATUS_OK ||
		 open_beside(&r, &fault) != STATUS_OK || open_report(&r, &fault) != STATUS_OK)
		cli_message("%s", fault.text);
	else {
		config.refusals = r.refusals;
		status = judge(&r, &config);
	}
	progress_finish(&r.progress);
	report_close(r.report);
	stories_close(r.stories);
	refusal_free(r.refusals);
	source_close(r.source);
	return status;
}

/* What is left to its default once every option has been read. */
static void
settle(struct analyze *a)
{
	static const struct port_set none;

	if (memcmp(&a->ports, &none, sizeof none) == 0)
		port_set_add(&a->ports, SMTP_PORT);
	if (a->json == NULL && a->ndjson == NULL && a->text == NULL)
		a->text = "-";
}

int
analyze_command(struct cli *cli, int argc, char **argv)
{
	struct analyze a = { .cli = cli,
		.fail_on = SEVERITY_ERROR,
		.max_memory = DEFAULT_MEMORY,
		.beside = { .utc_offset_s = LOG_OFFSET_NONE, .window_ns = CORRELATE_WINDOW_NS } };
	const struct option_group groups[] = {
		{ "Options", rows, sizeof rows / sizeof rows[0], &a },
		cli_options(cli),
	};
	struct fault fault;
	int first;

	if (options_parse(groups, 2, false, argc, argv, &first, &fault) != STATUS_OK)
		return cli_usage("analyze", &fault);
	if (cli->help)
		return print_help(groups);
	if (cli->version)
		return cli_version();
	settle(&a);
	if (first == argc)
		fault_set(&fault, STATUS_USAGE, "no capture is named");
	else if (check_outputs(&a, NULL, 0, &fault) == STATUS_OK)
		return analyze(&a, (const char *const *)argv + first, (size_t)(argc - first));
	return cli_usage("analyze", &fault);
}
