/*
 * lab_run: the processes of a lab, one after the other.
 *
 * The responder and the clients are children; this process records, and then analyses. Each
 * child does one thing in one thread, so that nothing but two pipes and the network is between
 * them.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/cli/analyze.h"
#include "analyzer/cli/lab_stage.h"
#include "analyzer/cli/signals.h"
#include "fixtures/lab/lab_crowd.h"
#include "fixtures/lab/lab_net.h"

#define SETTLE_MS 500 /* after the last client, for the last segments */
#define ROUND_MS 1000

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
	return status == STATUS_OK ? lab_stage_impair(lab, false, fault) : status;
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
	crowd.list = fopen(lab->path[LAB_FILE_CLIENTS], "we");
	if (crowd.list == NULL)
		return fault_set(
		    fault, STATUS_IO, "%s: %s", lab->path[LAB_FILE_CLIENTS], strerror(errno));
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

/* The clients first: who stayed leaves, and the log tells of it. `early`: whoever it is. */
static bool
end_children(struct lab *lab, bool early)
{
	bool well;

	lab_stage_close_end(&lab->release.write);
	well = reap(&lab->clients, early ? SIGTERM : 0);
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
	if (!end_children(lab, status != STATUS_OK) && status == STATUS_OK)
		status = fault_set(fault, STATUS_IO, "the clients or the responder failed");
	return status;
}

/* --- the run -------------------------------------------------------------------------------- */

static int
analyze(const struct lab *lab)
{
	const char *const captures[] = { lab->path[LAB_FILE_CAPTURE] };
	struct judging j;

	judging_init(&j, lab->options->cli);
	j.ports = lab->ports;
	j.json = lab->path[LAB_FILE_REPORT];
	j.text = lab->options->cli->quiet ? NULL : "-";
	j.fail_on = lab->options->fail_on;
	j.beside.logs[j.beside.log_count++] = lab->path[LAB_FILE_LOG];
	j.beside.hat = lab->path[LAB_FILE_HAT];
	j.beside.tcprefuse_logged = KNOWN_YES;
	judging_settle(&j);
	return analyze_captures(&j, captures, 1);
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
	status = lab_stage_open(lab, &fault);
	if (status == STATUS_OK)
		status = perform(lab, &fault);
	if (status == STATUS_OK)
		code = analyze(lab);
	else
		cli_message("%s", fault.text);
	lab_stage_close(lab);
	free(lab);
	return code;
}
