/*
 * live: the verdict as it happens.
 */
#include "analyzer/cli/live.h"

#include <ctype.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "analyzer/cli/follow.h"
#include "analyzer/cli/keep.h"
#include "analyzer/cli/rights.h"
#include "analyzer/cli/watch.h"

static enum status
take_interface(void *field, const char *value, struct fault *fault)
{
	struct live_options *o = field;

	if (value[0] == '\0')
		return fault_set(fault, STATUS_USAGE, "the value is empty");
	if (o->interface_count == LIVE_MAX_INTERFACES)
		return fault_set(
		    fault, STATUS_USAGE, "more than %d; any stands for all", LIVE_MAX_INTERFACES);
	for (size_t i = 0; i < o->interface_count; i++)
		if (strcmp(o->interfaces[i], value) == 0)
			return fault_set(fault, STATUS_USAGE, "%s is given twice", value);
	o->interfaces[o->interface_count++] = value;
	return STATUS_OK;
}

static const struct option_row rows[] = {
	{ "interface", 'i', "NAME", "watch this interface; may be repeated; any: all of them",
	    take_interface, 0 },
	{ "list-interfaces", 0, NULL, "tell which there are", options_flag,
	    offsetof(struct live_options, list) },
	{ "buffer", 0, "SIZE", "the ring that the kernel fills, for each (default 64M)",
	    options_size, offsetof(struct live_options, buffer) },
	{ "settle", 0, "SECONDS",
	    "how long a connection waits for its log session before it is\n"
	    "reported without (default 5)",
	    options_seconds, offsetof(struct live_options, settle_ns) },
	{ "write", 'w', "FILE",
	    "keep the packets in FILE, a pcapng; older ones in FILE.1 and\n"
	    "on, the highest number being the newest",
	    options_text, offsetof(struct live_options, write) },
	{ "write-size", 0, "SIZE", "go on in a new file after so many octets (default 100M)",
	    options_size, offsetof(struct live_options, write_octets) },
	{ "write-time", 0, "SECONDS", "or after so long", options_seconds,
	    offsetof(struct live_options, write_ns) },
	{ "write-files", 0, "N", "how many there are at most (default 10)", options_count,
	    offsetof(struct live_options, write_files) },
	{ "metrics", 0, "FILE",
	    "write the numbers of the run there every 5 seconds, for\n"
	    "Prometheus",
	    options_text, offsetof(struct live_options, metrics) },
	{ "spool", 0, "SIZE",
	    "disk that each list of the report may take: of more, the\n"
	    "newest is listed (default 1G)",
	    options_size, offsetof(struct live_options, spool) },
	{ "user", 0, "NAME", "who root becomes once all is open (default " RIGHTS_USER ")",
	    options_text, offsetof(struct live_options, user) },
	{ "group", 0, "NAME", "its group (default: the user's own)", options_text,
	    offsetof(struct live_options, group) },
	{ "duration", 0, "SECONDS", "end after so long", options_seconds,
	    offsetof(struct live_options, duration_ns) },
	{ "count", 0, "N", "end after so many connections", options_count,
	    offsetof(struct live_options, count) },
};

static int
print_help(const struct option_group *groups, size_t count)
{
	printf(
	    "Usage: hatcheck live -i NAME [options]\n"
	    "       hatcheck live [options] -\n\n"
	    "Gives each connection to the server ports a verdict as it ends: of what is seen on\n"
	    "an interface, or of a capture that comes by a pipe (-) from elsewhere.\n");
	options_print(groups, count, stdout);
	printf(
	    "\nExit status: 0 nothing at or above --fail-on, 1 findings at or above it, 2 usage\n"
	    "or nothing could be watched, 3 what came by the pipe was damaged and the rest is\n"
	    "clean.\n\n"
	    "Signals: INT, TERM: end with the report; USR1: the report of what there was so far;\n"
	    "HUP: go on in new files of packets and JSON lines, as logrotate wants it.\n");
	return cli_printed();
}

static void
print_interface(void *ctx, const char *name, const char *about)
{
	(void)ctx;
	printf("%-15s  %s\n", name, about);
}

static int
list_interfaces(void)
{
	struct fault fault;

	if (live_list(print_interface, NULL, &fault) == STATUS_OK)
		return cli_printed();
	cli_message("%s", fault.text);
	return CLI_UNUSABLE;
}

/* Each file is written by one of the options, and those that are replaced are no pipe. */
static enum status
check_files(const struct live_options *o, struct fault *fault)
{
	const char *const files[] = { o->judging.json, o->judging.ndjson, o->judging.text, o->write,
		o->metrics };
	const size_t n = sizeof files / sizeof files[0];
	enum status status = judging_spare_beside(&o->judging, files, n, fault);
	struct stat st;

	if (status != STATUS_OK)
		return status;
	for (size_t i = 3; i < n; i++)
		if (files[i] != NULL && (strcmp(files[i], "-") == 0 ||
					    (stat(files[i], &st) == 0 && !S_ISREG(st.st_mode))))
			return fault_set(fault, STATUS_USAGE,
			    "--%s needs a file, which is renamed and written anew: %s is none",
			    files[i] == o->write ? "write" : "metrics", files[i]);
	return cli_outputs_differ(files, n, fault);
}

static enum status
check(const struct live_options *o, int argc, char **argv, int first, struct fault *fault)
{
	bool pipe = first < argc && strcmp(argv[first], "-") == 0;
	enum status status = judging_check_inputs(
	    &o->judging, (const char *const *)argv + first, pipe ? 1 : 0, fault);

	if (first + pipe < argc)
		return fault_set(fault, STATUS_USAGE,
		    "%s is too much: live watches interfaces (-i), or a capture on standard input "
		    "(-); for files there is hatcheck analyze",
		    argv[first + pipe]);
	if (pipe && o->interface_count > 0)
		return fault_set(fault, STATUS_USAGE, "either interfaces or standard input");
	if (!pipe && o->interface_count == 0)
		return fault_set(fault, STATUS_USAGE,
		    "no interface is named; --list-interfaces tells "
		    "which there are");
	if (o->judging.beside.log_count > FOLLOW_MAX_LOGS)
		return fault_set(fault, STATUS_USAGE, "more than %d logs", FOLLOW_MAX_LOGS);
	return status == STATUS_OK ? check_files(o, fault) : status;
}

int
live_command(struct cli *cli, int argc, char **argv)
{
	struct live_options o = { .buffer = LIVE_BUFFER,
		.settle_ns = LIVE_SETTLE_NS,
		.write_octets = KEEP_OCTETS,
		.write_files = KEEP_FILES,
		.spool = LIVE_SPOOL };
	const struct option_group groups[] = {
		{ "Watching", rows, sizeof rows / sizeof rows[0], &o },
		judging_options(&o.judging),
		cli_options(cli),
	};
	const size_t count = sizeof groups / sizeof groups[0];
	struct fault fault;
	int first;

	judging_init(&o.judging, cli);
	if (options_parse(groups, count, false, argc, argv, &first, &fault) != STATUS_OK)
		return cli_usage("live", &fault);
	if (cli->help)
		return print_help(groups, count);
	if (cli->version)
		return cli_version();
	if (o.list)
		return list_interfaces();
	judging_settle(&o.judging);
	if (check(&o, argc, argv, first, &fault) != STATUS_OK)
		return cli_usage("live", &fault);
	return watch(&o);
}
