/*
 * respond: a mail server that behaves as its HAT says.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "analyzer/cli/cli.h"
#include "analyzer/cli/faults.h"
#include "fixtures/responder/endpoint.h"
#include "fixtures/responder/responder.h"
#include "reports/address.h"

#define LISTEN_MAX 64
#define TEXT_MAX 500 /* octets: a reply line has 512, RFC 5321 4.5.3.1.5 */
#define CONNECTIONS_MAX 1000000
#define IDLE_MAX 86400
#define HOST_ROOM 256

struct listen_list {
	struct door door[LISTEN_MAX];
	size_t count;
};

struct respond {
	struct cli *cli;
	struct listen_list listen;
	struct responder_config config;
};

static enum status
take_listen(void *field, const char *value, struct fault *fault)
{
	struct listen_list *list = field;

	if (list->count == LISTEN_MAX)
		return fault_set(fault, STATUS_USAGE, "more than %d of them", LISTEN_MAX);
	return endpoint_parse(&list->door[list->count++].at, value, fault);
}

static enum status
take_code(void *field, const char *value, struct fault *fault)
{
	uint64_t code;
	enum status status = options_number(&code, 400, 599, value, fault);

	*(uint16_t *)field = (uint16_t)code;
	return status;
}

static enum status
take_connections(void *field, const char *value, struct fault *fault)
{
	uint64_t n;
	enum status status = options_number(&n, 1, CONNECTIONS_MAX, value, fault);

	*(size_t *)field = (size_t)n;
	return status;
}

static enum status
take_seconds(void *field, const char *value, struct fault *fault)
{
	uint64_t n;
	enum status status = options_number(&n, 1, IDLE_MAX, value, fault);

	*(uint32_t *)field = (uint32_t)n;
	return status;
}

/* What stands in a reply: printable ASCII, as much as a line holds. */
static enum status
take_text(void *field, const char *value, struct fault *fault)
{
	const char **text = field;

	for (const char *p = value; *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7e)
			return fault_set(fault, STATUS_USAGE, "only printable ASCII can be said");
	if (value[0] == '\0' || strlen(value) > TEXT_MAX)
		return fault_set(
		    fault, STATUS_USAGE, "expected a text of 1 to %d characters", TEXT_MAX);
	*text = value;
	return STATUS_OK;
}

static enum status
take_hostname(void *field, const char *value, struct fault *fault)
{
	if (strlen(value) >= HOST_ROOM || strchr(value, ' ') != NULL)
		return fault_set(fault, STATUS_USAGE, "%s is no host name", value);
	return take_text(field, value, fault);
}

static enum status
take_account(void *field, const char *value, struct fault *fault)
{
	if (strchr(value, ':') == NULL || value[0] == ':')
		return fault_set(fault, STATUS_USAGE, "expected USER:PASSWORD");
	return options_text(field, value, fault);
}

#define FIELD(name) offsetof(struct respond, name)

static const struct option_row rows[] = {
	{ "listen", 0, "ADDR:PORT",
	    "where to serve, as often as needed; port 0 picks one\n"
	    "(default 127.0.0.1:2525)",
	    take_listen, FIELD(listen) },
	{ "hat", 't', "FILE", "its policy (default: everybody is accepted)", options_text,
	    FIELD(config.hat) },
	{ "log", 'l', "FILE", "append mail_logs to it; - for standard output", options_text,
	    FIELD(config.log) },
	{ "delayed-reject", 0, NULL, "REJECT refuses each recipient instead of the connection",
	    options_flag, FIELD(config.house.delayed_reject) },
	{ "log-tcprefuse", 0, NULL, "log refused connections too, as ICID 0", options_flag,
	    FIELD(config.log_tcprefuse) },
	{ "hostname", 0, "NAME", "its name in replies (default: the machine's)", take_hostname,
	    FIELD(config.house.hostname) },
	{ "reject-code", 0, "CODE", "of a rejection, 400 to 599 (default 554)", take_code,
	    FIELD(config.house.reject_code) },
	{ "reject-text", 0, "TEXT", "of a rejection; the policy's own comes first", take_text,
	    FIELD(config.house.reject_text) },
	{ "rcpt-code", 0, "CODE", "of a delayed rejection (default 550)", take_code,
	    FIELD(config.house.rcpt_code) },
	{ "rcpt-text", 0, "TEXT", "of a delayed rejection", take_text,
	    FIELD(config.house.rcpt_text) },
	{ "sbrs", 0, "FILE", "reputation: lines of an address or network and a score or none",
	    options_text, FIELD(config.scores) },
	{ "auth", 0, "USER:PASSWORD",
	    "offer AUTH PLAIN and LOGIN; whoever authenticates may\n"
	    "send, in spite of a delayed rejection",
	    take_account, FIELD(config.house.account) },
	{ "tls-cert", 0, "FILE", "offer STARTTLS with this certificate chain (PEM)", options_text,
	    FIELD(config.certificate) },
	{ "tls-key", 0, "FILE", "its private key (PEM; default: in the file of --tls-cert)",
	    options_text, FIELD(config.key) },
	{ "max-connections", 0, "N", "at the same time (default 1000)", take_connections,
	    FIELD(config.max_connections) },
	{ "idle-timeout", 0, "SECONDS", "that a client may take for a command (default 300)",
	    take_seconds, FIELD(config.idle_timeout_s) },
	{ "fault", 0, "NAME[:PERCENT]",
	    "misbehave on so many connections (default 100):\n" FAULTS_HELP, faults_take,
	    FIELD(config.misbehave) },
	{ "seed", 0, "N", "which connections misbehave: the same ones each time (default 0)",
	    faults_seed, FIELD(config.misbehave.seed) },
};

static int
print_help(const struct option_group groups[static 2])
{
	printf(
	    "Usage: hatcheck respond [options]\n\n"
	    "Serves SMTP as a gateway with a Host Access Table does: rejects, refuses by reset,\n"
	    "rejects with delay or accepts by each client's address, and writes mail_logs.\n"
	    "Mail is discarded. Prints 'listening on ADDR:PORT' for each listener once it\n"
	    "serves. SIGHUP makes it read HAT and reputation again, SIGTERM and SIGINT end it.\n");
	options_print(groups, 2, stdout);
	printf(
	    "\nExit status: 0 it was ended by a signal, 2 usage, or it could not serve, or lines\n"
	    "of its log are lost.\n");
	return cli_printed();
}

/* At once, for who waits for it to learn the port. */
static void
say_serving(void *ctx, const struct endpoint *at)
{
	char text[ADDRESS_ENDPOINT_ROOM];

	(void)ctx;
	printf("listening on %s\n", address_endpoint(text, at));
	fflush(stdout);
}

/* What is left to its default once every option has been read. */
static enum status
settle(struct respond *r, char host[static HOST_ROOM], struct fault *fault)
{
	struct responder_config *c = &r->config;

	if (r->listen.count == 0)
		(void)endpoint_parse(
		    &r->listen.door[r->listen.count++].at, "127.0.0.1:2525", fault);
	if (c->key != NULL && c->certificate == NULL)
		return fault_set(fault, STATUS_USAGE, "--tls-key needs --tls-cert");
	if (c->key == NULL)
		c->key = c->certificate;
	if (c->house.hostname == NULL) {
		if (gethostname(host, HOST_ROOM - 1) != 0 || host[0] == '\0')
			memcpy(host, "localhost", sizeof "localhost");
		c->house.hostname = host;
	}
	c->doors = r->listen.door;
	c->door_count = r->listen.count;
	return STATUS_OK;
}

static int
respond(const struct responder_config *config)
{
	struct responder *responder;
	struct fault fault;
	int status = CLI_UNUSABLE;

	if (responder_open(&responder, config, &fault) != STATUS_OK) {
		cli_message("%s", fault.text);
		return CLI_UNUSABLE;
	}
	if (responder_run(responder, &fault) == STATUS_OK)
		status = cli_printed();
	else
		cli_message("%s", fault.text);
	responder_close(responder);
	return status;
}

int
respond_command(struct cli *cli, int argc, char **argv)
{
	struct respond r = { .cli = cli,
		.config = { .house = { .reject_code = 554,
				.rcpt_code = 550,
				.reject_text = "Access from your host is refused by policy",
				.rcpt_text = "#5.7.1 Access from your host is refused by policy" },
		    .max_connections = 1000,
		    .idle_timeout_s = 300,
		    .say = cli_say,
		    .serving = say_serving } };
	const struct option_group groups[] = {
		{ "Options", rows, sizeof rows / sizeof rows[0], &r },
		cli_options(cli),
	};
	char host[HOST_ROOM] = "";
	struct fault fault;
	int first;

	if (options_parse(groups, 2, false, argc, argv, &first, &fault) != STATUS_OK)
		return cli_usage("respond", &fault);
	if (cli->help)
		return print_help(groups);
	if (cli->version)
		return cli_version();
	if (first != argc)
		fault_set(
		    &fault, STATUS_USAGE, "%s: there are no arguments but options", argv[first]);
	else if (getrandom(&r.config.secret, sizeof r.config.secret, 0) !=
		 (ssize_t)sizeof r.config.secret)
		fault_set(&fault, STATUS_IO, "getrandom: %s", strerror(errno));
	else if (settle(&r, host, &fault) == STATUS_OK)
		return respond(&r.config);
	return cli_usage("respond", &fault);
}
