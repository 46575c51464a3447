#include "analyzer/cli/lab_stage.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixtures/dialog/draw.h"
#include "fixtures/lab/lab_net.h"
#include "fixtures/lab/lab_tls.h"

#define HOST "mx.lab.example"
#define SMTP_PORT 25
/* On loopback: below the ports that clients of anybody get, which could be taken for ours. */
#define FIRST_PORT 10000
#define PORTS 20000
#define PORT_TRIES 16
#define RING ((size_t)1 << 20) /* to see whether there is the right to one */

/* --- files ---------------------------------------------------------------------------------- */

static enum status
name_files(struct lab *lab, struct fault *fault)
{
	static const char *const names[LAB_FILE_COUNT] = {
#define X(id, name) name,
		LAB_FILES(X)
#undef X
	};
	const char *out = lab->options->out;

	if (mkdir(out, 0755) != 0 && errno != EEXIST)
		return fault_set(fault, STATUS_IO, "%s: %s", out, strerror(errno));
	for (size_t i = 0; i < LAB_FILE_COUNT; i++) {
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
	enum status status = lab_site_write_hat(lab->land, lab->path[LAB_FILE_HAT], fault);

	if (status == STATUS_OK)
		status = lab_site_write_scores(lab->land, lab->path[LAB_FILE_SCORES], fault);
	if (status == STATUS_OK)
		status = lab_tls_write(lab->path[LAB_FILE_CERTIFICATE], HOST, fault);
	return status;
}

/* --- opening -------------------------------------------------------------------------------- */

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
		.hat = lab->path[LAB_FILE_HAT],
		.scores = lab->path[LAB_FILE_SCORES],
		.log = lab->path[LAB_FILE_LOG],
		.certificate = lab->path[LAB_FILE_CERTIFICATE],
		.key = lab->path[LAB_FILE_CERTIFICATE],
		.log_tcprefuse = true,
		.max_connections = (size_t)o->connections + 1,
		.idle_timeout_s = 300,
		.misbehave = o->misbehave,
		.say = cli_say };
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
	    &lab->recorder, interface_of(lab), &lab->ports, lab->path[LAB_FILE_CAPTURE], fault);
}

enum status
lab_stage_impair(const struct lab *lab, bool server, struct fault *fault)
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
	return status == STATUS_OK ? lab_stage_impair(lab, true, fault) : status;
}

static enum status
open_pipes(struct lab *lab, struct fault *fault)
{
	struct lab_pipe *const ends[] = { &lab->arrived, &lab->done, &lab->release };

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		int fd[2];

		if (pipe(fd) != 0)
			return fault_set(fault, STATUS_IO, "pipe: %s", strerror(errno));
		*ends[i] = (struct lab_pipe){ fd[0], fd[1] };
	}
	return STATUS_OK;
}

enum status
lab_stage_open(struct lab *lab, struct fault *fault)
{
	static enum status (*const steps[])(struct lab *, struct fault *) = { name_files,
		write_files, open_net, check_right, open_site, open_recorder, open_pipes };
	const struct lab_options *o = lab->options;
	enum status status;

	lab->land = o->netns ? &lab_land_routed : &lab_land_loopback;
	status =
	    lab_plan_make(&lab->plan, lab->land, (size_t)o->connections, o->misbehave.seed, fault);
	for (size_t i = 0; i < sizeof steps / sizeof *steps && status == STATUS_OK; i++)
		status = steps[i](lab, fault);
	return status;
}

/* --- closing -------------------------------------------------------------------------------- */

void
lab_stage_close_end(int *fd)
{
	if (*fd > 0)
		close(*fd);
	*fd = -1;
}

void
lab_stage_close(struct lab *lab)
{
	int *const ends[] = { &lab->arrived.read, &lab->arrived.write, &lab->done.read,
		&lab->done.write, &lab->release.read, &lab->release.write };

	(void)lab_recorder_close(lab->recorder, NULL);
	lab_site_close(&lab->site);
	lab_plan_clear(&lab->plan);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		lab_stage_close_end(ends[i]);
}
