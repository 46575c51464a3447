/*
 * rules: every rule that a report may name, with its severity, meaning and source.
 */
#include "analyzer/cli/cli.h"
#include "analyzer/correlate/join.h"
#include "analyzer/verdict/profile.h"
#include "analyzer/verdict/wire.h"

static void
print_rule(const char *rule, const char *severity, const char *means, const char *source)
{
	printf("%-35s  %-15s  %s [%s]\n", rule, severity, means, source);
}

static void
print_table(void)
{
#define X(id, rule, severity, means, source) \
	print_rule(rule, severity_name(severity), means, source);
	JOIN_RULES(X)
#undef X
#define X(rule, severity, means, source) print_rule(rule, severity_name(severity), means, source);
	WIRE_RULES(X)
#undef X
}

/* A profile may have two steps of one name: by the gateway and by the client. */
static void
print_profiles(void)
{
	struct profile_step step, other;

	for (size_t i = 0; profile_step_at(i, &step); i++) {
		bool said = false, client = step.from == DIR_CLIENT, server = !client;
		char rule[64];

		for (size_t k = 0; profile_step_at(k, &other); k++) {
			if (other.profile != step.profile || strcmp(other.step, step.step) != 0)
				continue;
			said |= k < i;
			client |= other.from == DIR_CLIENT;
			server |= other.from == DIR_SERVER;
		}
		if (said)
			continue;
		snprintf(rule, sizeof rule, "profile.%s.%s", step.profile, step.step);
		print_rule(rule,
		    client && server ? "warning or info"
		    : server         ? "warning"
				     : "info",
		    step.documented, "Cisco 118214, 117960: a step that was seen otherwise");
	}
}

int
rules_command(struct cli *cli, int argc, char **argv)
{
	const struct option_group common = cli_options(cli);
	struct fault fault;
	int first;

	if (options_parse(&common, 1, false, argc, argv, &first, &fault) != STATUS_OK)
		return cli_usage("rules", &fault);
	if (cli->version)
		return cli_version();
	if (cli->help) {
		printf("Usage: hatcheck rules\n\nLists every rule: its id, severity, meaning and "
		       "source.\n"
		       "A step that fails is a warning if it is the gateway's, and info if the "
		       "client's.\n");
		options_print(&common, 1, stdout);
		return cli_printed();
	}
	if (first != argc) {
		fault_set(&fault, STATUS_USAGE, "rules takes no arguments");
		return cli_usage("rules", &fault);
	}
	print_table();
	print_profiles();
	return cli_printed();
}
