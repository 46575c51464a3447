/*
 * lab: what `hatcheck lab` was asked for.
 */
#ifndef HATCHECK_CLI_LAB_H
#define HATCHECK_CLI_LAB_H

#include "analyzer/cli/cli.h"
#include "fixtures/responder/misbehave.h"

struct lab_options {
	struct cli *cli;
	const char *out; /* the folder */
	uint64_t connections;
	const char *interface; /* NULL: the default */
	bool netns;
	const char *netem; /* NULL: the usual defects */
	int fail_on;       /* as in struct judging */
	struct misbehave misbehave;
};

/* The whole run. Says what went wrong. Returns the exit status. */
int lab_run(const struct lab_options *options);

#endif
