/*
 * main: the table of commands.
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "analyzer/cli/cli.h"
#include "analyzer/cli/heap.h"

static const struct cli_command commands[] = {
	{ "analyze", "captures in, a verdict for each connection out", analyze_command },
	{ "live", "the same on an interface, as connections end", live_command },
	{ "hat", "checks a Host Access Table, or tells what it decides", hat_command },
	{ "log", "what the mail logs alone claim, session by session", log_command },
	{ "respond", "a mail server that does what its HAT says, and logs it", respond_command },
	{ "lab", "responder, clients, capture and analysis in one", lab_command },
	{ "rules", "every rule: its severity, meaning and source", rules_command },
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void
print_help(FILE *out, struct cli *cli)
{
	struct option_group common = cli_options(cli);

	fprintf(out, "Usage: hatcheck COMMAND [options] [arguments]\n\n"
		     "Tells what a mail gateway did with each connection to its SMTP port.\n\n"
		     "Commands:\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	options_print(&common, 1, out);
	fprintf(out, "\n'hatcheck COMMAND --help' tells the options of a command.\n");
}

/*
 * A closed standard stream would give its number to the next file that is opened, and messages
 * would be written there. What is opened here cannot be written (or is at its end), as is right.
 */
static void
hold_standard_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) == -1)
			(void)!open("/dev/null", O_RDONLY);
}

int
main(int argc, char **argv)
{
	struct cli cli = { 0 };
	struct option_group common = cli_options(&cli);
	struct fault fault;
	int operand;

	hold_standard_streams();
	heap_prepare();
	signal(SIGPIPE, SIG_IGN); /* a reader that leaves is an error of that output only */
	if (options_parse(&common, 1, true, argc, argv, &operand, &fault) != STATUS_OK)
		return cli_usage("", &fault);
	if (cli.help) {
		print_help(stdout, &cli);
		return cli_printed();
	}
	if (cli.version)
		return cli_version();
	if (operand == argc) {
		print_help(stderr, &cli);
		return CLI_UNUSABLE;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, argv[operand]) == 0)
			return commands[i].run(&cli, argc - operand, argv + operand);
	fault_set(&fault, STATUS_USAGE, "there is no command %s", argv[operand]);
	return cli_usage("", &fault);
}
