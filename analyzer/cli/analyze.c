/*
 * analyze: captures in, a verdict for each connection out.
 */
#include "analyzer/cli/analyze.h"

#include <stdatomic.h>
#include <sys/stat.h>

#include "analyzer/cli/damage.h"
#include "analyzer/cli/progress.h"

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

struct analysis {
	const struct judging *options;
	struct progress progress;
	struct source *source;
	struct report *report;
	struct stories *stories; /* NULL: nothing beside the wire */
	enum status status;      /* of what stands beside the wire */
	struct fault fault;
	bool going_on;
	atomic_bool unheard; /* nobody reads the report any more; told by the thread that judges */
};

static void
on_record(void *ctx, const struct record *rec)
{
	struct analysis *r = ctx;

	if (r->stories != NULL && r->status == STATUS_OK)
		r->status = stories_record(r->stories, rec, &r->fault);
	else if (r->stories == NULL)
		report_connection(r->report, rec);
	if (report_unheard(r->report))
		r->unheard = true;
}

/* Of the link types that frames had. */
struct links {
	size_t known, foreign;
};

/* Says of which of them nothing was judged, and why. */
static void
say_links(const struct source *source, const struct source_input *in, struct links *links)
{
	char name[16];

	for (size_t i = 0; i < in->link_type_count && in->packets > 0; i++) {
		bool known = packet_link_known(in->link_types[i]);
		const char *of = source_link_name(in->link_types[i], name);

		if (!in->link_used[i])
			continue;
		links->known += known;
		links->foreign += !known;
		if (!known)
			cli_message("%s: its link type %s is not understood", in->path, of);
		else if (!source_filter_fits(source, in->link_types[i]))
			cli_message("%s: --filter cannot be met by its link type %s", in->path, of);
	}
}

/* All that could not be read is said, also where findings decide the status. */
static int
exit_status(const struct analysis *r, const struct source_input *in, size_t count)
{
	const struct maillog *logs = stories_logs(r->stories);
	const struct hat *hat = stories_hat(r->stories);
	struct links links = { 0 };
	bool damaged = false;

	for (size_t i = 0; i < count; i++) {
		say_links(r->source, &in[i], &links);
		if (in[i].damaged[0] == '\0')
			continue;
		cli_message("%s: %s", in[i].path, in[i].damaged);
		damaged = true;
	}
	if (links.foreign > 0 && links.known == 0)
		return CLI_UNUSABLE;
	damaged |= links.foreign > 0;
	if (logs != NULL && damage_say_logs(logs))
		damaged = true;
	if (hat != NULL && damage_say_hat(hat, r->options->beside.hat))
		damaged = true;
	return judging_status(r->options, r->report, damaged ? CLI_DAMAGED : CLI_CLEAN);
}

/* Every frame through the engine, and the report's end. */
static int
judge(struct analysis *r, const struct engine_config *config)
{
	struct engine *engine = engine_new(config, on_record, r);
	struct limits limits = { 0 };
	struct report_run sum = { .limits = &limits };
	const struct frame *frame;
	struct fault fault;
	int status = CLI_UNUSABLE;

	if (engine == NULL) {
		cli_message("out of memory");
		return CLI_UNUSABLE;
	}
	while (!r->unheard && source_next(r->source, &frame) == STATUS_OK)
		engine_frame(engine, frame);
	engine_finish(engine);
	progress_finish(&r->progress);
	sum.captures = source_inputs(r->source, &sum.capture_count);
	engine_limits(engine, &limits);
	sum.packets = engine_packet_stats(engine);
	if (r->stories != NULL && r->status == STATUS_OK)
		r->status = stories_end(r->stories, r->report, &sum, &r->fault);
	if (r->status != STATUS_OK)
		cli_message("%s", r->fault.text);
	else if (report_end(r->report, &sum, &fault) == STATUS_OK)
		status = exit_status(r, sum.captures, sum.capture_count);
	else
		cli_message("%s", fault.text);
	engine_free(engine);
	return status;
}

/* What comes by a pipe may still be going on, and somebody may follow the report of it. */
static bool
is_going_on(const char *const *paths, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct stat st;

		if (strcmp(paths[i], "-") == 0 ||
		    (stat(paths[i], &st) == 0 && S_ISFIFO(st.st_mode)))
			return true;
	}
	return false;
}

/* None of the captures, and of the logs that a folder stands for, would be overwritten. */
static enum status
check_outputs(const struct analysis *r, struct fault *fault)
{
	const struct maillog *logs = stories_logs(r->stories);
	size_t count, log_count = 0;
	const struct source_input *in = source_inputs(r->source, &count);
	const struct maillog_file *log = logs != NULL ? maillog_files(logs, &log_count) : NULL;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = judging_check_outputs(r->options, in[i].path, fault);
	for (size_t i = 0; i < log_count && status == STATUS_OK; i++)
		status = judging_check_outputs(r->options, log[i].path, fault);
	return status;
}

static enum status
open_report(struct analysis *r, struct fault *fault)
{
	struct report_config config;
	enum status status = check_outputs(r, fault);

	judging_report(r->options, &config);
	config.logs = stories_logs(r->stories);
	config.prompt = r->going_on;
	return status == STATUS_OK ? report_open(&r->report, &config, fault) : status;
}

/* The logs and the HAT that were named. */
static enum status
open_beside(struct analysis *r, struct fault *fault)
{
	struct stories_config config = r->options->beside;

	if (!stories_wanted(&config))
		return STATUS_OK;
	config.folder = judging_folder();
	config.filtered = r->options->filter != NULL;
	if (!source_starts(r->source, &config.near_ns))
		config.near_ns = LOG_TIME_NONE;
	return stories_open(&r->stories, &config, fault);
}

int
analyze_captures(const struct judging *j, const char *const *paths, size_t count)
{
	struct analysis r = { .options = j, .going_on = is_going_on(paths, count) };
	const struct source_config source = { .paths = paths,
		.path_count = count,
		.filter = j->filter,
		.progress = progress_step,
		.progress_ctx = &r.progress };
	struct refusal_table *refusals = NULL;
	struct engine_config config;
	struct fault fault;
	int status = CLI_UNUSABLE;

	progress_init(&r.progress, cli_progress(j->cli));
	if (judging_engine(j, &config, &refusals, &fault) != STATUS_OK ||
	    source_open(&r.source, &source, &fault) != STATUS_OK ||
	    open_beside(&r, &fault) != STATUS_OK || open_report(&r, &fault) != STATUS_OK)
		cli_message("%s", fault.text);
	else {
		config.two_threads = !r.going_on; /* they meet now and then, a reader waits */
		status = judge(&r, &config);
	}
	progress_finish(&r.progress);
	report_close(r.report);
	stories_close(r.stories);
	refusal_free(refusals);
	source_close(r.source);
	return status;
}

int
analyze_command(struct cli *cli, int argc, char **argv)
{
	struct judging j;
	const struct option_group groups[] = { judging_options(&j), cli_options(cli) };
	struct fault fault;
	int first;

	judging_init(&j, cli);
	if (options_parse(groups, 2, false, argc, argv, &first, &fault) != STATUS_OK)
		return cli_usage("analyze", &fault);
	if (cli->help)
		return print_help(groups);
	if (cli->version)
		return cli_version();
	judging_settle(&j);
	if (first == argc)
		fault_set(&fault, STATUS_USAGE, "no capture is named");
	else if (judging_check_inputs(&j, (const char *const *)argv + first, (size_t)(argc - first),
		     &fault) == STATUS_OK &&
		 judging_check_outputs(&j, NULL, &fault) == STATUS_OK)
		return analyze_captures(
		    &j, (const char *const *)argv + first, (size_t)(argc - first));
	return cli_usage("analyze", &fault);
}
