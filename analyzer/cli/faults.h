/*
 * faults: the options by which a responder misbehaves.
 */
#ifndef HATCHECK_CLI_FAULTS_H
#define HATCHECK_CLI_FAULTS_H

#include "analyzer/cli/options.h"

/* The names, for --help. */
#define FAULTS_HELP                                             \
	"reject-by-rst, refuse-by-fin, reject-on-refuse,\n"     \
	"refuse-on-reject, accept-on-reject, delay-on-plain,\n" \
	"plain-on-delay, late-refusal, log-other-recipient,\n"  \
	"log-nothing, log-phantom"

option_take faults_take; /* struct misbehave: "NAME" or "NAME:PERCENT" is added */
option_take faults_seed; /* uint64_t, from 0 */

#endif
