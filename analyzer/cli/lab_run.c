/*
 * lab_run: the processes of a lab, one after the other.
 *
 * The responder and the clients are children; this process records, and then analyses. Each
 * child does one thing in one thread, so that nothing but two pipes and the network is between
 * them.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/cli/analyze.h"
#include "analyzer/cli/lab.h"
#include "analyzer/cli/signals.h"
#include "fixtures/dialog/draw.h"
#include "fixtures/lab/lab_crowd.h"
#include "fixtures/lab/lab_net.h"
#include "fixtures/lab/lab_recorder.h"
#include "fixtures/lab/lab_site.h"
#include "fixtures/lab/lab_tls.h"

#define HOST "mx.lab.example"
#define SMTP_PORT 25
/* On loopback: below the ports that clients of anybody get, which could be taken for ours. */
#define FIRST_PORT 10000
#define PORTS 20000
#define PORT_TRIES 16
#define SETTLE_MS 500 /* after the last client, for the last segments */
#define ROUND_MS 1000
#define RING ((size_t)1 << 20) /* to see whether there is the right to one */

/* The files of the folder: id, name */
#define FILES(X)                    \
	X(CAPTURE, "capture.pcap")  \
	X(LOG, "mail_logs")         \
	X(HAT, "hat.txt")           \
	X(REPORT, "report.json")    \
	X(CLIENTS, "clients.tsv")   \
	X(SCORES, "reputation.txt") \
	X(CERTIFICATE, "tls.pem")

enum {
#define X(id, name) FILE_##id,
	FILES(X)
#undef X
	    FILE_COUNT
};

struct pipe_ends {
	int read, write;
};

struct lab {
	const struct lab_options *options;
	const struct lab_land *land;
	char path[FILE_COUNT][PATH_MAX];
	struct lab_plan plan;
	struct lab_site site;
	struct port_set ports;
	struct lab_recorder *recorder;
	struct pipe_ends arrived, done, release; /* between this process and the clients */
	pid_t responder, clients;
};

/* --- files ---------------------------------------------------------------------------------- */

static enum status
name_files(struct lab *lab, struct fault *fault)
{
	static const char *const names[FILE_COUNT] = {
#define X(id, name) name,
		FILES(X)
#undef X
	};
	const char *out = lab->options->out;

	if (mkdir(out, 0755) != 0 && errno != EEXIST)
		return fault_set(fault, STATUS_IO, "%s: %s", out, strerror(errno));
	for (size_t i = 0; i < FILE_COUNT; i++) {
		int n = snprintf(lab->path[i], sizeof lab->path[i], "%s/%s", out, names[i]);

		if (n >= (int)sizeof lab->path[i])
			return fault_set(fault, STATUS_USAGE, "%s: the path is too long", out);
		/* Of an earlier run; a log would be appended to. */
		if (unlink(lab->path[i]) != 0 && errno != ENOENT)
			return fault_set(fault, STATUS_IO, "%s: %s", lab->path[i], strerror(errno));
	}
	return STATUS_OK;
}

static enum status
write_files(struct lab *lab, struct fault *fault)
{
	enum status status = lab_site_write_hat(lab->land, lab->path[FILE_HAT], fault);

	if (status == STATUS_OK)
		status = lab_site_write_scores(lab->land, lab->path[FILE_SCORES], fault);
	if (status == STATUS_OK)
		status = lab_tls_write(lab->path[FILE_CERTIFICATE], HOST, fault);
	return status;
}

/* --- opening -------------------------------------------------------------------------------- */

static void
say(void *ctx, const char *text)
{
	(void)ctx;
	cli_message("%s", text);
}

static void
say_serving(void *ctx, const struct endpoint *at)
{
	(void)ctx;
	(void)at;
}

static enum status
open_ports(struct lab *lab, struct responder_config *config, struct fault *fault)
{
	uint64_t any = config->secret;
	enum status status = STATUS_IO;

	if (lab->options->netns)
		return lab_site_open(&lab->site, lab->land, SMTP_PORT, config, fault);
	for (int i = 0; i < PORT_TRIES && status == STATUS_IO; i++)
		status = lab_site_open(&lab->site, lab->land,
		    (uint16_t)(FIRST_PORT + draw(&any) % PORTS), config, fault);
	return status;
}

static enum status
open_site(struct lab *lab, struct fault *fault)
{
	const struct lab_options *o = lab->options;
	struct responder_config config = { .house = { .hostname = HOST,
					       .reject_code = 554,
					       .rcpt_code = 550,
					       .reject_text = "Access is refused by policy",
					       .rcpt_text = "#5.7.1 Access is refused by policy",
					       .account = LAB_ACCOUNT },
		.hat = lab->path[FILE_HAT],
		.scores = lab->path[FILE_SCORES],
		.log = lab->path[FILE_LOG],
		.certificate = lab->path[FILE_CERTIFICATE],
		.key = lab->path[FILE_CERTIFICATE],
		.log_tcprefuse = true,
		.max_connections = (size_t)o->connections + 1,
		.idle_timeout_s = 300,
		.misbehave = o->misbehave,
		.say = say,
		.serving = say_serving };
	enum status status;

	if (getrandom(&config.secret, sizeof config.secret, 0) != (ssize_t)sizeof config.secret)
		return fault_set(fault, STATUS_IO, "getrandom: %s", strerror(errno));
	status = open_ports(lab, &config, fault);
	for (size_t p = 0; p < LAB_PLACES && status == STATUS_OK; p++)
		for (size_t f = 0; f < LAB_FAMILIES; f++)
			port_set_add(&lab->ports, lab->site.at[p][f].port);
	return status;
}

static const char *
interface_of(const struct lab *lab)
{
	return lab->options->netns               ? LAB_NET_INTERFACE
	       : lab->options->interface != NULL ? lab->options->interface
	                                         : "lo";
}

/* Before anything else is tried that needs a right. */
static enum status
check_right(struct lab *lab, struct fault *fault)
{
	const char *const name = interface_of(lab);
	const struct live_config config = {
		.interfaces = &name, .interface_count = 1, .ports = &lab->ports, .buffer = RING
	};
	struct live *live;
	enum status status;

	port_set_add(&lab->ports, SMTP_PORT);
	status = live_open(&live, &config, fault);
	live_close(live);
	lab->ports = (struct port_set){ 0 };
	return status;
}

static enum status
open_recorder(struct lab *lab, struct fault *fault)
{
	return lab_recorder_open(
	    &lab->recorder, interface_of(lab), &lab->ports, lab->path[FILE_CAPTURE], fault);
}

/* Without netem a link is as good as it is, unless defects were asked for. */
static enum status
impair(const struct lab *lab, bool server, struct fault *fault)
{
	enum status status = lab_net_impair(server, lab->options->netem, fault);

	if (status == STATUS_OK || lab->options->netem != NULL)
		return status;
	cli_message("%s: nothing is lost or reordered", fault->text);
	return STATUS_OK;
}

static enum status
open_net(struct lab *lab, struct fault *fault)
{
	enum status status;

	if (!lab->options->netns)
		return STATUS_OK;
	status = lab_net_enter(fault);
	if (status == STATUS_OK)
		status = lab_net_server(fault);
	return status == STATUS_OK ? impair(lab, true, fault) : status;
}

static enum status
open_pipes(struct lab *lab, struct fault *fault)
{
	struct pipe_ends *const ends[] = { &lab->arrived, &lab->done, &lab->release };

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		int fd[2];

		if (pipe(fd) != 0)
			return fault_set(fault, STATUS_IO, "pipe: %s", strerror(errno));
		*ends[i] = (struct pipe_ends){ fd[0], fd[1] };
	}
	return STATUS_OK;
}

static enum status
open_all(struct lab *lab, struct fault *fault)
{
	const struct lab_options *o = lab->options;
	enum status status =
	    lab_plan_make(&lab->plan, lab->land, (size_t)o->connections, o->misbehave.seed, fault);

	if (status == STATUS_OK)
		status = name_files(lab, fault);
	if (status == STATUS_OK)
		status = write_files(lab, fault);
	if (status == STATUS_OK)
		status = open_net(lab, fault);
	if (status == STATUS_OK)
		status = check_right(lab, fault);
	if (status == STATUS_OK)
		status = open_site(lab, fault);
	if (status == STATUS_OK)
		status = open_recorder(lab, fault);
	return status == STATUS_OK ? open_pipes(lab, fault) : status;
}

/* --- the children --------------------------------------------------------------------------- */

static enum status
respond(struct lab *lab, struct fault *fault)
{
	/* The pipes end with who uses them. */
	close(lab->done.write);
	close(lab->release.write);
	close(lab->arrived.write);
	return responder_run(lab->site.responder, fault);
}

/* In a namespace of their own the clients wait until the link is there. */
static enum status
settle_clients(struct lab *lab, struct fault *fault)
{
	enum status status;
	char octet = 0;

	if (!lab->options->netns)
		return STATUS_OK;
	status = lab_net_enter(fault);
	if (status != STATUS_OK)
		return status;
	if (write(lab->arrived.write, &octet, 1) != 1 || read(lab->release.read, &octet, 1) != 1)
		return fault_set(fault, STATUS_IO, "the clients were given up");
	status = lab_net_clients(fault);
	return status == STATUS_OK ? impair(lab, false, fault) : status;
}

static enum status
visit(struct lab *lab, struct fault *fault)
{
	struct lab_crowd crowd = { .plan = &lab->plan,
		.at = (const struct endpoint(*)[2])lab->site.at,
		.done = lab->done.write,
		.release = lab->release.read };
	enum status status;

	signal(SIGPIPE, SIG_IGN);
	close(lab->done.read);
	close(lab->release.write);
	status = settle_clients(lab, fault);
	if (status != STATUS_OK)
		return status;
	crowd.list = fopen(lab->path[FILE_CLIENTS], "we");
	if (crowd.list == NULL)
		return fault_set(
		    fault, STATUS_IO, "%s: %s", lab->path[FILE_CLIENTS], strerror(errno));
	status = lab_crowd_run(&crowd, fault);
	fclose(crowd.list);
	return status;
}

static enum status
start(struct lab *lab, pid_t *child, enum status (*work)(struct lab *, struct fault *),
    struct fault *fault)
{
	fflush(NULL);
	*child = fork();
	if (*child == -1)
		return fault_set(fault, STATUS_IO, "fork: %s", strerror(errno));
	if (*child > 0)
		return STATUS_OK;
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (work(lab, fault) == STATUS_OK)
		_exit(CLI_CLEAN);
	cli_message("%s", fault->text);
	_exit(CLI_UNUSABLE);
}

static enum status
start_clients(struct lab *lab, struct fault *fault)
{
	enum status status = start(lab, &lab->clients, visit, fault);
	char octet = 0;

	if (status != STATUS_OK)
		return status;
	close(lab->done.write);
	close(lab->arrived.write);
	close(lab->release.read);
	lab->done.write = lab->arrived.write = lab->release.read = -1;
	if (!lab->options->netns)
		return STATUS_OK;
	if (read(lab->arrived.read, &octet, 1) != 1)
		return fault_set(fault, STATUS_IO, "the clients did not come");
	status = lab_net_hand(lab->clients, fault);
	if (status == STATUS_OK && write(lab->release.write, &octet, 1) != 1)
		status = fault_set(fault, STATUS_IO, "the clients went away");
	return status;
}

/* True when it ended as it should. */
static bool
reap(pid_t *child, int number)
{
	int how = 0;
	pid_t pid = *child;

	*child = 0;
	if (pid <= 0)
		return true;
	if (number != 0)
		kill(pid, number);
	while (waitpid(pid, &how, 0) == -1 && errno == EINTR)
		;
	return WIFEXITED(how) && WEXITSTATUS(how) == CLI_CLEAN;
}

/* --- recording ------------------------------------------------------------------------------ */

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Until `until_ms`, or the clients say something; true then. */
static bool
record(struct lab *lab, int64_t until_ms)
{
	struct pollfd fds[2];

	while (!signals_end()) {
		int64_t left = until_ms - now_ms();
		int timeout = left < ROUND_MS ? (int)left : ROUND_MS;
		size_t n;

		if (left <= 0)
			return false;
		n = lab_recorder_poll(lab->recorder, fds, &timeout);
		fds[n] = (struct pollfd){ .fd = lab->done.read, .events = POLLIN };
		signals_wait(fds, n + (until_ms == INT64_MAX), timeout);
		(void)lab_recorder_take(lab->recorder, false);
		if (until_ms == INT64_MAX && fds[n].revents != 0)
			return true;
	}
	return false;
}

static enum status
record_all(struct lab *lab, struct fault *fault)
{
	enum status status;
	uint64_t dropped;
	char octet;

	if (!record(lab, INT64_MAX))
		return fault_set(fault, STATUS_IO, "interrupted");
	if (read(lab->done.read, &octet, 1) != 1)
		return fault_set(fault, STATUS_IO, "the clients came to no end");
	(void)record(lab, now_ms() + SETTLE_MS);
	(void)lab_recorder_take(lab->recorder, true);
	dropped = lab_recorder_dropped(lab->recorder);
	if (dropped > 0)
		cli_message("%llu packets are missing in the capture", (unsigned long long)dropped);
	status = lab_recorder_close(lab->recorder, fault);
	lab->recorder = NULL;
	return status;
}

static void
close_end(int *fd)
{
	if (*fd > 0)
		close(*fd);
	*fd = -1;
}

/* The clients first: who stayed leaves, and the log tells of it. */
static bool
end_children(struct lab *lab)
{
	bool well;

	close_end(&lab->release.write);
	well = reap(&lab->clients, 0);
	return reap(&lab->responder, SIGTERM) && well;
}

static enum status
perform(struct lab *lab, struct fault *fault)
{
	enum status status = start(lab, &lab->responder, respond, fault);

	if (status == STATUS_OK)
		status = start_clients(lab, fault);
	signals_open();
	if (status == STATUS_OK)
		status = record_all(lab, fault);
	if (!end_children(lab) && status == STATUS_OK)
		status = fault_set(fault, STATUS_IO, "the clients or the responder failed");
	return status;
}

/* --- the run -------------------------------------------------------------------------------- */

static int
analyze(const struct lab *lab)
{
	const char *const captures[] = { lab->path[FILE_CAPTURE] };
	struct judging j;

	judging_init(&j, lab->options->cli);
	j.ports = lab->ports;
	j.json = lab->path[FILE_REPORT];
	j.text = lab->options->cli->quiet ? NULL : "-";
	j.fail_on = lab->options->fail_on;
	j.beside.logs[j.beside.log_count++] = lab->path[FILE_LOG];
	j.beside.hat = lab->path[FILE_HAT];
	j.beside.tcprefuse_logged = KNOWN_YES;
	judging_settle(&j);
	return analyze_captures(&j, captures, 1);
}

static void
close_all(struct lab *lab)
{
	int *const ends[] = { &lab->arrived.read, &lab->arrived.write, &lab->done.read,
		&lab->done.write, &lab->release.read, &lab->release.write };

	(void)lab_recorder_close(lab->recorder, NULL);
	lab_site_close(&lab->site);
	lab_plan_clear(&lab->plan);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		close_end(ends[i]);
}

int
lab_run(const struct lab_options *options)
{
	struct lab *lab = calloc(1, sizeof *lab);
	struct fault fault;
	enum status status;
	int code = CLI_UNUSABLE;

	if (lab == NULL) {
		cli_message("out of memory");
		return code;
	}
	lab->options = options;
	lab->land = options->netns ? &lab_land_routed : &lab_land_loopback;
	status = open_all(lab, &fault);
	if (status == STATUS_OK)
		status = perform(lab, &fault);
	if (status == STATUS_OK)
		code = analyze(lab);
	else
		cli_message("%s", fault.text);
	close_all(lab);
	free(lab);
	return code;
}
