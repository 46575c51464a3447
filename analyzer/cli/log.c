/*
 * log: what the mail logs alone claim, session by session.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "analyzer/cli/cli.h"
#include "analyzer/cli/damage.h"
#include "analyzer/cli/progress.h"
#include "analyzer/maillog/log_inputs.h"
#include "analyzer/maillog/maillog_read.h"
#include "reports/json_log.h"
#include "reports/text_log.h"

#define SHOWN_UNPARSED 10 /* lines that -v shows */

enum { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_NDJSON, OUTPUTS };

struct log_options {
	struct cli *cli;
	const char *outputs[OUTPUTS]; /* paths, NULL for those not asked for */
	int32_t utc_offset_s;
};

static const struct option_row rows[] = {
	{ "utc-offset", 0, "OFFSET",
	    "the zone of the stamps, local minus UTC, as in +09:00\n"
	    "or -7 (default: what the log's header says, else UTC)",
	    options_utc_offset, offsetof(struct log_options, utc_offset_s) },
	{ "text", 0, "FILE",
	    "write a line for each session (default, on standard\n"
	    "output, if no output is named)",
	    options_text, offsetof(struct log_options, outputs[OUTPUT_TEXT]) },
	{ "json", 0, "FILE", "write the sessions as one JSON document", options_text,
	    offsetof(struct log_options, outputs[OUTPUT_JSON]) },
	{ "ndjson", 0, "FILE", "write JSON lines, each session as it ends", options_text,
	    offsetof(struct log_options, outputs[OUTPUT_NDJSON]) },
};

static int
print_help(const struct option_group groups[static 2])
{
	printf(
	    "Usage: hatcheck log [options] FILE...\n\n"
	    "Reads mail logs of the gateway (as it writes them or as syslog forwards them, also "
	    "in\n"
	    "gzip, zstd or xz; a directory stands for the logs in it, - for standard input) and\n"
	    "lists what they claim of each connection. Any number of outputs; - is standard\n"
	    "output. With -v, the first lines that could not be read are shown.\n");
	options_print(groups, 2, stdout);
	printf("\nExit status: 0 all was read, 2 usage or nothing could be read, 3 an input was\n"
	       "damaged.\n");
	return cli_printed();
}

struct run {
	const struct log_options *options;
	struct progress progress;
	struct maillog *m;
	struct output out[OUTPUTS];
	struct json_log json, ndjson;
	struct text_log text;
	uint64_t unparsed;
};

static bool
wanted(const struct run *r, int output)
{
	return r->options->outputs[output] != NULL;
}

static void
on_session(void *ctx, const struct log_session *s)
{
	struct run *r = ctx;

	if (wanted(r, OUTPUT_TEXT))
		text_log_next(&r->text, s);
	if (wanted(r, OUTPUT_JSON))
		json_log_next(&r->json, r->m, s);
	if (wanted(r, OUTPUT_NDJSON))
		json_log_next_line(&r->ndjson, r->m, s);
}

static void
on_unparsed(void *ctx, const char *path, uint64_t line, struct bytes text)
{
	struct run *r = ctx;

	if (r->unparsed++ < SHOWN_UNPARSED)
		cli_message("%s:%llu: not understood: %.*s", path, (unsigned long long)line,
		    (int)bytes_head(text, 512).n, (const char *)text.p);
}

/* After each block. Who reads along sees what there is, and when nobody does it is over. */
static bool
on_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct run *r = ctx;
	bool heard = false;

	progress_step(&r->progress, done, total);
	if (total == 0 && wanted(r, OUTPUT_TEXT))
		text_log_flush(&r->text);
	if (total == 0 && wanted(r, OUTPUT_NDJSON))
		json_log_flush(&r->ndjson);
	for (int i = 0; i < OUTPUTS; i++)
		heard |= wanted(r, i) && r->out[i].error == 0;
	return heard;
}

static enum status
open_outputs(struct run *r, struct fault *fault)
{
	for (int i = 0; i < OUTPUTS; i++)
		if (wanted(r, i) &&
		    output_open(&r->out[i], r->options->outputs[i], fault) != STATUS_OK)
			return STATUS_IO;
	text_log_begin(&r->text, &r->out[OUTPUT_TEXT], r->options->cli->quiet);
	json_log_begin(&r->json, &r->out[OUTPUT_JSON]);
	json_log_begin_lines(&r->ndjson, &r->out[OUTPUT_NDJSON]);
	return STATUS_OK;
}

static enum status
end_outputs(struct run *r, struct fault *fault)
{
	enum status status = STATUS_OK;

	if (wanted(r, OUTPUT_TEXT))
		text_log_end(&r->text, r->m);
	if (wanted(r, OUTPUT_JSON))
		json_log_end(&r->json, r->m);
	if (wanted(r, OUTPUT_NDJSON))
		json_log_end_lines(&r->ndjson, r->m);
	if (r->text.line.failed || r->json.line.failed || r->ndjson.line.failed)
		status = fault_set(fault, STATUS_NOMEM, "out of memory");
	for (int i = 0; i < OUTPUTS && status == STATUS_OK; i++)
		if (wanted(r, i))
			status = output_close(&r->out[i], fault);
	return status;
}

static int
exit_status(const struct run *r)
{
	int status = damage_say_logs(r->m) ? CLI_DAMAGED : CLI_CLEAN;

	if (r->unparsed > SHOWN_UNPARSED)
		cli_message("and %llu more lines that were not understood",
		    (unsigned long long)(r->unparsed - SHOWN_UNPARSED));
	return status;
}

static int
read_logs(struct run *r, const struct maillog_source *source)
{
	struct fault fault;

	if (maillog_read(r->m, source, &fault) != STATUS_OK) {
		cli_message("%s", fault.text);
		return CLI_UNUSABLE;
	}
	maillog_finish(r->m);
	progress_finish(&r->progress);
	if (end_outputs(r, &fault) == STATUS_OK)
		return exit_status(r);
	cli_message("%s", fault.text);
	return CLI_UNUSABLE;
}

static int
list(const struct log_options *options, const char *const *paths, size_t count)
{
	struct run *r = calloc(1, sizeof *r); /* the outputs' buffers are in it */
	struct maillog_config config = { .utc_offset_s = options->utc_offset_s,
		.sink = on_session,
		.unparsed = options->cli->verbose ? on_unparsed : NULL,
		.ctx = r };
	const struct maillog_source source = { .paths = paths,
		.path_count = count,
		.near_ns = LOG_TIME_NONE,
		.progress = on_progress,
		.progress_ctx = r };
	struct fault fault;
	int status = CLI_UNUSABLE;

	if (r == NULL || (r->m = maillog_new(&config)) == NULL) {
		cli_message("out of memory");
		free(r);
		return CLI_UNUSABLE;
	}
	r->options = options;
	progress_init(&r->progress, cli_progress(options->cli));
	if (open_outputs(r, &fault) == STATUS_OK)
		status = read_logs(r, &source);
	else
		cli_message("%s", fault.text);
	progress_finish(&r->progress);
	for (int i = 0; i < OUTPUTS; i++)
		output_close(&r->out[i], NULL);
	line_clear(&r->text.line);
	line_clear(&r->json.line);
	line_clear(&r->ndjson.line);
	maillog_free(r->m);
	free(r);
	return status;
}

/* The logs of a folder; a report of before may lie there, too, and is none. */
static enum status
spare_folder(const struct log_options *o, const char *path, struct fault *fault)
{
	struct log_inputs in = { 0 };
	struct fault ignored; /* it comes again when they are read */
	enum status status = STATUS_OK;

	(void)log_inputs_find(&in, &path, 1, LOG_TIME_NONE, &ignored);
	for (size_t i = 0; i < in.count && status == STATUS_OK; i++)
		status = cli_outputs_spare(o->outputs, OUTPUTS, in.all[i].path, fault);
	log_inputs_clear(&in);
	return status;
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static enum status
check_outputs(
    const struct log_options *o, const char *const *paths, size_t count, struct fault *fault)
{
	enum status status = cli_outputs_differ(o->outputs, OUTPUTS, fault);

	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = is_folder(paths[i])
		             ? spare_folder(o, paths[i], fault)
		             : cli_outputs_spare(o->outputs, OUTPUTS, paths[i], fault);
	return status;
}

int
log_command(struct cli *cli, int argc, char **argv)
{
	struct log_options o = { .cli = cli, .utc_offset_s = LOG_OFFSET_NONE };
	const struct option_group groups[] = {
		{ "Options", rows, sizeof rows / sizeof rows[0], &o },
		cli_options(cli),
	};
	const char *const *paths;
	struct fault fault;
	int first;

	if (options_parse(groups, 2, false, argc, argv, &first, &fault) != STATUS_OK)
		return cli_usage("log", &fault);
	if (cli->help)
		return print_help(groups);
	if (cli->version)
		return cli_version();
	if (o.outputs[OUTPUT_JSON] == NULL && o.outputs[OUTPUT_NDJSON] == NULL &&
	    o.outputs[OUTPUT_TEXT] == NULL)
		o.outputs[OUTPUT_TEXT] = "-";
	paths = (const char *const *)argv + first;
	if (first == argc)
		fault_set(&fault, STATUS_USAGE, "no log is named");
	else if (check_outputs(&o, paths, (size_t)(argc - first), &fault) == STATUS_OK)
		return list(&o, paths, (size_t)(argc - first));
	return cli_usage("log", &fault);
}
