/*
 * lab: every behaviour, made, captured and checked on one machine.
 */
#include "analyzer/cli/lab.h"

#include "analyzer/cli/faults.h"
#include "analyzer/cli/judging.h"
#include "fixtures/lab/lab_plan.h"

#define DEFAULT_VISITS 200

static enum status
take_connections(void *field, const char *value, struct fault *fault)
{
	return options_number(field, 1, LAB_MAX_VISITS, value, fault);
}

#define FIELD(name) offsetof(struct lab_options, name)

static const struct option_row rows[] = {
	{ "out", 'o', "DIR",
	    "the folder for capture.pcap, mail_logs, hat.txt, report.json,\n"
	    "and for clients.tsv: who came for which verdict",
	    options_text, FIELD(out) },
	{ "connections", 0, "N", "how many clients come (default 200)", take_connections,
	    FIELD(connections) },
	{ "seed", 0, "N", "which ones, and who is mistreated (default 0)", faults_seed,
	    FIELD(misbehave.seed) },
	{ "fault", 0, "NAME[:PERCENT]", "the responder misbehaves (default 100):\n" FAULTS_HELP,
	    faults_take, FIELD(misbehave) },
	{ "iface", 'i', "NAME", "capture on this interface (default lo)", options_text,
	    FIELD(interface) },
	{ "netns", 0, NULL,
	    "clients and server each in a network namespace, over a link\n"
	    "with an MTU of 1500, loss and reordering",
	    options_flag, FIELD(netns) },
	{ "netem", 0, "SPEC", "the link's defects in both directions, as tc-netem(8)", options_text,
	    FIELD(netem) },
	{ "fail-on", 0, "SEVERITY",
	    "lowest severity of a finding that makes the exit status 1:\n"
	    "error, warning, info or none (default warning)",
	    judging_fail_on, FIELD(fail_on) },
};

static int
print_help(const struct option_group groups[static 2])
{
	printf(
	    "Usage: hatcheck lab --out DIR [options]\n\n"
	    "Runs a responder and clients with a script each, captures what goes between them,\n"
	    "and analyses it with the responder's own log and HAT. Needs the right to capture.\n");
	options_print(groups, 2, stdout);
	printf("\nExit status: that of the analysis (0 nothing at or above --fail-on, 1 findings\n"
	       "at or above it, 3 the capture was damaged), 2 usage, or the lab could not run.\n");
	return cli_printed();
}

static enum status
check(const struct lab_options *o, int argc, char **argv, int first, struct fault *fault)
{
	if (first != argc)
		return fault_set(
		    fault, STATUS_USAGE, "%s: there are no arguments but options", argv[first]);
	if (o->out == NULL)
		return fault_set(fault, STATUS_USAGE, "no folder is named: --out DIR");
	if (o->netns && o->interface != NULL)
		return fault_set(fault, STATUS_USAGE, "--netns has an interface of its own");
	if (!o->netns && o->netem != NULL)
		return fault_set(fault, STATUS_USAGE, "--netem needs --netns");
	return STATUS_OK;
}

int
lab_command(struct cli *cli, int argc, char **argv)
{
	struct lab_options o = {
		.cli = cli, .connections = DEFAULT_VISITS, .fail_on = SEVERITY_WARNING
	};
	const struct option_group groups[] = {
		{ "Options", rows, sizeof rows / sizeof rows[0], &o },
		cli_options(cli),
	};
	struct fault fault;
	int first;

	if (options_parse(groups, 2, false, argc, argv, &first, &fault) != STATUS_OK)
		return cli_usage("lab", &fault);
	if (cli->help)
		return print_help(groups);
	if (cli->version)
		return cli_version();
	if (check(&o, argc, argv, first, &fault) != STATUS_OK)
		return cli_usage("lab", &fault);
	return lab_run(&o);
}
