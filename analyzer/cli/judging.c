#include "analyzer/cli/judging.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define DEFAULT_MEMORY ((size_t)256 << 20)
#define SMTP_PORT 25

enum status
judging_fail_on(void *field, const char *value, struct fault *fault)
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
	{ "log", 'l', "FILE",
	    "a mail log, which live follows as it grows, or for analyze\n"
	    "a directory of them; may be repeated",
	    take_log, offsetof(struct judging, beside) },
	{ "hat", 't', "FILE", "the Host Access Table, as text or in a saved configuration",
	    options_text, offsetof(struct judging, beside.hat) },
	{ "listener", 0, "NAME", "whose table to take from a saved configuration", options_text,
	    offsetof(struct judging, beside.listener) },
	{ "port", 'p', "LIST", "server ports, as in 25,587 or 2500-2599 (default 25)",
	    options_ports, offsetof(struct judging, ports) },
	{ "filter", 0, "EXPR", "a further pcap filter", options_text,
	    offsetof(struct judging, filter) },
	{ "utc-offset", 0, "OFFSET",
	    "the zone of the log's stamps, local minus UTC, as in +09:00\n"
	    "or -7 (default: its header's, else estimated)",
	    options_utc_offset, offsetof(struct judging, beside.utc_offset_s) },
	{ "match-window", 0, "SECONDS",
	    "how far a log session may lie from its connection, once\n"
	    "the clocks are aligned (default 5)",
	    take_window, offsetof(struct judging, beside.window_ns) },
	{ "delayed-reject", 0, "on|off", "how the listener is known to be set", take_delayed,
	    offsetof(struct judging, beside.delayed_reject) },
	{ "tcprefuse-logged", 0, "yes|no", "whether the gateway logs TCPREFUSE", take_logged,
	    offsetof(struct judging, beside.tcprefuse_logged) },
	{ "refusal-class", 0, "FILE", "further rows that tell why a recipient is refused",
	    options_text, offsetof(struct judging, refusal_class) },
	{ "max-memory", 0, "SIZE", "bound on tracking state, with K, M or G (default 256M)",
	    options_size, offsetof(struct judging, max_memory) },
	{ "text", 0, "FILE",
	    "write the report as text (default, on standard output,\n"
	    "if no output is named)",
	    options_text, offsetof(struct judging, text) },
	{ "json", 0, "FILE", "write the report as one JSON document", options_text,
	    offsetof(struct judging, json) },
	{ "ndjson", 0, "FILE", "write JSON lines, each connection as it ends", options_text,
	    offsetof(struct judging, ndjson) },
	{ "fail-on", 0, "SEVERITY",
	    "lowest severity of a finding that makes the exit status 1:\n"
	    "error, warning, info or none (default error)",
	    judging_fail_on, offsetof(struct judging, fail_on) },
};

void
judging_init(struct judging *j, struct cli *cli)
{
	*j = (struct judging){ .cli = cli,
		.fail_on = SEVERITY_ERROR,
		.max_memory = DEFAULT_MEMORY,
		.beside = { .utc_offset_s = LOG_OFFSET_NONE, .window_ns = CORRELATE_WINDOW_NS } };
}

struct option_group
judging_options(struct judging *j)
{
	return (struct option_group){ "Options", rows, sizeof rows / sizeof rows[0], j };
}

void
judging_settle(struct judging *j)
{
	static const struct port_set none;

	if (memcmp(&j->ports, &none, sizeof none) == 0)
		port_set_add(&j->ports, SMTP_PORT);
	if (j->json == NULL && j->ndjson == NULL && j->text == NULL)
		j->text = "-";
}

enum status
judging_spare_beside(
    const struct judging *j, const char *const *outputs, size_t count, struct fault *fault)
{
	enum status status = cli_outputs_spare(outputs, count, j->beside.hat, fault);

	if (status == STATUS_OK)
		status = cli_outputs_spare(outputs, count, j->refusal_class, fault);
	for (size_t i = 0; i < j->beside.log_count && status == STATUS_OK; i++)
		status = cli_outputs_spare(outputs, count, j->beside.logs[i], fault);
	return status;
}

static size_t
from_standard_input(const char *const *inputs, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += inputs[i] != NULL && strcmp(inputs[i], "-") == 0;
	return n;
}

enum status
judging_check_inputs(
    const struct judging *j, const char *const *captures, size_t count, struct fault *fault)
{
	const char *const others[] = { j->beside.hat, j->refusal_class };

	if (from_standard_input(captures, count) + from_standard_input(others, 2) +
		from_standard_input(j->beside.logs, j->beside.log_count) >
	    1)
		return fault_set(fault, STATUS_USAGE, "standard input is named more than once");
	return STATUS_OK;
}

enum status
judging_check_outputs(const struct judging *j, const char *input, struct fault *fault)
{
	const char *const outputs[] = { j->json, j->ndjson, j->text };
	const size_t n = sizeof outputs / sizeof outputs[0];
	enum status status = cli_outputs_differ(outputs, n, fault);

	if (status == STATUS_OK)
		status = judging_spare_beside(j, outputs, n, fault);
	return status == STATUS_OK ? cli_outputs_spare(outputs, n, input, fault) : status;
}

void
judging_report(const struct judging *j, struct report_config *report)
{
	*report = (struct report_config){ .json = j->json,
		.ndjson = j->ndjson,
		.text = j->text,
		.folder = judging_folder(),
		.color = j->text != NULL &&
		         (strcmp(j->text, "-") == 0 || j->cli->color != CLI_AUTO) &&
		         cli_color(j->cli, stdout),
		.verbose = j->cli->quiet ? -1 : j->cli->verbose };
}

enum status
judging_engine(const struct judging *j, struct engine_config *engine,
    struct refusal_table **refusals, struct fault *fault)
{
	*engine = (struct engine_config){
		.ports = &j->ports, .max_memory = j->max_memory, .linger_ns = ENGINE_LINGER_NS
	};
	if (getrandom(&engine->secret, sizeof engine->secret, 0) != (ssize_t)sizeof engine->secret)
		return fault_set(fault, STATUS_IO, "getrandom: %s", strerror(errno));
	if (j->refusal_class != NULL) {
		enum status status = refusal_load(refusals, j->refusal_class, fault);

		if (status != STATUS_OK)
			return status;
		engine->refusals = *refusals;
	}
	return STATUS_OK;
}

int
judging_status(const struct judging *j, const struct report *report, int status)
{
	for (int s = j->fail_on; s < SEVERITY_COUNT; s++)
		if (report_findings(report, (enum severity)s) > 0)
			return CLI_FINDINGS;
	return status;
}

const char *
judging_folder(void)
{
	const char *folder = getenv("TMPDIR");

	return folder != NULL && folder[0] != '\0' ? folder : "/tmp";
}
