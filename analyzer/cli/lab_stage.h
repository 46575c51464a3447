/*
 * lab_stage: what a lab needs before anybody comes, and what is left of it.
 *
 * The folder and its files, the network, the places, the capture, and the pipes between this
 * process and the clients. All of it is opened before the first child is started, so that a child
 * finds it.
 */
#ifndef HATCHECK_CLI_LAB_STAGE_H
#define HATCHECK_CLI_LAB_STAGE_H

#include <limits.h>
#include <sys/types.h>

#include "analyzer/cli/lab.h"
#include "fixtures/lab/lab_recorder.h"
#include "fixtures/lab/lab_site.h"

/* The files of the folder: id, name */
#define LAB_FILES(X)                \
	X(CAPTURE, "capture.pcap")  \
	X(LOG, "mail_logs")         \
	X(HAT, "hat.txt")           \
	X(REPORT, "report.json")    \
	X(CLIENTS, "clients.tsv")   \
	X(SCORES, "reputation.txt") \
	X(CERTIFICATE, "tls.pem")

enum lab_file {
#define X(id, name) LAB_FILE_##id,
	LAB_FILES(X)
#undef X
	    LAB_FILE_COUNT
};

struct lab_pipe {
	int read, write;
};

struct lab {
	const struct lab_options *options;
	const struct lab_land *land;
	char path[LAB_FILE_COUNT][PATH_MAX];
	struct lab_plan plan;
	struct lab_site site;
	struct port_set ports;
	struct lab_recorder *recorder;
	struct lab_pipe arrived, done, release; /* between this process and the clients */
	pid_t responder, clients;
};

/* lab->options is set, the rest is zero. Fails as its parts do; lab_stage_close is to follow. */
enum status lab_stage_open(struct lab *lab, struct fault *fault);
/* Without netem a link is as good as it is, unless defects were asked for. */
enum status lab_stage_impair(const struct lab *lab, bool server, struct fault *fault);
void lab_stage_close(struct lab *lab);
/* An end of a pipe, if it is open; *fd becomes -1. */
void lab_stage_close_end(int *fd);

#endif
