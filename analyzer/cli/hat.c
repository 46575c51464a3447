/*
 * hat: checks a Host Access Table, or tells what it decides for a peer.
 */
#include <arpa/inet.h>
#include <sys/stat.h>

#include "analyzer/cli/cli.h"
#include "analyzer/cli/damage.h"
#include "reports/json_hat.h"
#include "reports/text_hat.h"

struct hat_options {
	struct cli *cli;
	const char *listener, *match, *host, *sbrs, *country, *json, *text;
	int fail_on; /* enum severity; SEVERITY_COUNT for none */
};

static enum status
take_fail_on(void *field, const char *value, struct fault *fault)
{
	static const char *const words[] = { "info", "warning", "error", "none" };

	return options_word(field, words, SEVERITY_COUNT + 1, value, fault);
}

static const struct option_row rows[] = {
	{ "match", 0, "IP", "tell which entry decides for this client, and the action",
	    options_text, offsetof(struct hat_options, match) },
	{ "host", 0, "NAME",
	    "its verified host name; none: it has no PTR record. serv.fail,\n"
	    "not.double.verified: its verification ended so (default unknown)",
	    options_text, offsetof(struct hat_options, host) },
	{ "sbrs", 0, "SCORE", "its reputation, -10.0 to 10.0, or none (default unknown)",
	    options_text, offsetof(struct hat_options, sbrs) },
	{ "country", 0, "COUNTRY", "its country as the table writes it, or none (default unknown)",
	    options_text, offsetof(struct hat_options, country) },
	{ "listener", 0, "NAME", "the listener, in a saved configuration with several",
	    options_text, offsetof(struct hat_options, listener) },
	{ "text", 0, "FILE", "write text (default, on standard output, if no output is named)",
	    options_text, offsetof(struct hat_options, text) },
	{ "json", 0, "FILE", "write one JSON document", options_text,
	    offsetof(struct hat_options, json) },
	{ "fail-on", 0, "SEVERITY",
	    "without --match: lowest severity of what is odd that makes the\n"
	    "exit status 1: error, warning, info or none (default error)",
	    take_fail_on, offsetof(struct hat_options, fail_on) },
};

static int
print_help(const struct option_group groups[static 2])
{
	printf(
	    "Usage: hatcheck hat [options] FILE\n\n"
	    "Reads a Host Access Table, as printed or exported by the gateway or in a saved XML\n"
	    "configuration (- for standard input). Checks it: shows policies and sender groups,\n"
	    "and what is odd, such as hosts that an earlier entry leaves nothing to match. With\n"
	    "--match tells what it decides for one client.\n");
	options_print(groups, 2, stdout);
	printf(
	    "\nExit status: 0 nothing at or above --fail-on, 1 something is, 2 usage or no table\n"
	    "could be read, 3 part of it was not understood, and the rest is clean.\n");
	return cli_printed();
}

static enum status
take_address(struct addr *out, const char *text, struct fault *fault)
{
	*out = (struct addr){ .family = 4 };
	if (inet_pton(AF_INET, text, out->octet) == 1)
		return STATUS_OK;
	*out = (struct addr){ .family = 6 };
	if (inet_pton(AF_INET6, text, out->octet) == 1)
		return STATUS_OK;
	return fault_set(fault, STATUS_USAGE,
	    "--match: %s is no address: expected IPv4 or IPv6, as in 192.0.2.1 or 2001:db8::1",
	    text);
}

static void
take_host(struct hat_peer *peer, const char *word)
{
	peer->name = bytes_str(word);
	peer->name_state = HAT_NAME_VERIFIED;
	for (int s = HAT_NAME_NONE; s < HAT_NAME_COUNT; s++)
		if (strcasecmp(word, hat_peer_name_state((enum hat_name_state)s)) == 0)
			peer->name_state = (uint8_t)s;
	if (strcasecmp(word, "nx.domain") == 0)
		peer->name_state = HAT_NAME_NONE;
}

/* What the options say of the client. */
static enum status
take_peer(const struct hat_options *o, struct hat_peer *peer, struct fault *fault)
{
	struct addr addr;
	enum status status = take_address(&addr, o->match, fault);

	if (status != STATUS_OK)
		return status;
	*peer = hat_peer_init(addr);
	if (o->host != NULL)
		take_host(peer, o->host);
	if (o->country != NULL)
		hat_peer_country(peer, bytes_str(o->country));
	if (o->sbrs != NULL)
		hat_peer_sbrs(peer, bytes_str(o->sbrs));
	if (o->sbrs != NULL && peer->sbrs_state == HAT_UNKNOWN)
		return fault_set(fault, STATUS_USAGE,
		    "--sbrs: %s is no score: expected -10.0 to 10.0, or none", o->sbrs);
	return STATUS_OK;
}

static enum status
write_to(const char *path, const struct hat_report *report, bool json, struct fault *fault)
{
	struct output out;
	enum status status = cli_outputs_spare(&path, 1, report->path, fault);

	if (status == STATUS_OK)
		status = output_open(&out, path, fault);
	if (status != STATUS_OK)
		return status;
	if (json)
		status = json_hat_write(report, &out, fault);
	else
		status = text_hat_write(report, &out, fault);
	if (output_close(&out, status == STATUS_OK ? fault : NULL) != STATUS_OK &&
	    status == STATUS_OK)
		status = STATUS_IO;
	return status;
}

static enum status
write_all(const struct hat_options *o, struct hat_report *report, struct fault *fault)
{
	enum status status = STATUS_OK;

	report->verbose = o->cli->quiet ? -1 : o->cli->verbose;
	report->color = o->text != NULL &&
	                (strcmp(o->text, "-") == 0 || o->cli->color != CLI_AUTO) &&
	                cli_color(o->cli, stdout);
	if (o->json != NULL)
		status = write_to(o->json, report, true, fault);
	if (o->text != NULL && status == STATUS_OK)
		status = write_to(o->text, report, false, fault);
	return status;
}

static int
exit_status(const struct hat_options *o, const struct hat_report *report)
{
	/* The report has it too, but for --match. */
	int status = damage_say_hat(report->hat, report->path) ? CLI_DAMAGED : CLI_CLEAN;
	size_t count;
	const struct hat_message *m = hat_messages(report->hat, &count, NULL);

	for (size_t i = 0; report->peer == NULL && i < count; i++)
		if (!m[i].syntax && (int)m[i].severity >= o->fail_on)
			status = CLI_FINDINGS;
	return status;
}

static int
hat(const struct hat_options *o, const char *path, const struct hat_peer *peer)
{
	struct hat_decision decision;
	struct hat_report report = { .path = path, .peer = peer, .decision = &decision };
	struct fault fault;
	struct hat *h;
	int status = CLI_UNUSABLE;

	if (hat_load(&h, path, o->listener, &fault) != STATUS_OK) {
		cli_message("%s", fault.text);
		return CLI_UNUSABLE;
	}
	report.hat = h;
	if (peer != NULL)
		hat_decide(h, peer, &decision);
	if (write_all(o, &report, &fault) == STATUS_OK)
		status = exit_status(o, &report);
	else
		cli_message("%s", fault.text);
	hat_free(h);
	return status;
}

int
hat_command(struct cli *cli, int argc, char **argv)
{
	struct hat_options o = { .cli = cli, .fail_on = SEVERITY_ERROR };
	const struct option_group groups[] = {
		{ "Options", rows, sizeof rows / sizeof rows[0], &o },
		cli_options(cli),
	};
	struct hat_peer peer;
	struct fault fault;
	int first;

	if (options_parse(groups, 2, false, argc, argv, &first, &fault) != STATUS_OK)
		return cli_usage("hat", &fault);
	if (cli->help)
		return print_help(groups);
	if (cli->version)
		return cli_version();
	if (o.json == NULL && o.text == NULL)
		o.text = "-";
	if (argc - first != 1)
		fault_set(&fault, STATUS_USAGE,
		    first == argc ? "no table is named" : "more than one table is named");
	else if (o.match == NULL && (o.host != NULL || o.sbrs != NULL || o.country != NULL))
		fault_set(&fault, STATUS_USAGE, "--host, --sbrs and --country need --match");
	else if (cli_outputs_differ((const char *const[]){ o.json, o.text }, 2, &fault) ==
		     STATUS_OK &&
		 (o.match == NULL || take_peer(&o, &peer, &fault) == STATUS_OK))
		return hat(&o, argv[first], o.match == NULL ? NULL : &peer);
	return cli_usage("hat", &fault);
}
