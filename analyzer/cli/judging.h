/*
 * judging: the options that analyze and live have in common, and what follows from them.
 */
#ifndef HATCHECK_JUDGING_H
#define HATCHECK_JUDGING_H

#include "analyzer/cli/cli.h"
#include "analyzer/cli/stories.h"
#include "analyzer/engine/engine.h"
#include "analyzer/verdict/refusal.h"
#include "reports/report.h"

struct judging {
	struct cli *cli;
	struct port_set ports;
	const char *json, *ndjson, *text, *filter;
	int fail_on; /* enum severity; SEVERITY_COUNT for none */
	size_t max_memory;
	struct stories_config beside; /* logs and HAT */
	const char *refusal_class;
};

/* The option_take of --fail-on: int, as struct judging has it. */
option_take judging_fail_on;

/* All options at their defaults. */
void judging_init(struct judging *j, struct cli *cli);
struct option_group judging_options(struct judging *j);
/* What is left to its default once every option has been read. */
void judging_settle(struct judging *j);

/* None of them would overwrite a log, the HAT or the file of --refusal-class. */
enum status judging_spare_beside(
    const struct judging *j, const char *const *outputs, size_t count, struct fault *fault);
/* Standard input can be read once: a log, the HAT, the table of --refusal-class or a capture. */
enum status judging_check_inputs(
    const struct judging *j, const char *const *captures, size_t count, struct fault *fault);
/* No two outputs may share a file, and none may be one of these, or `input` (NULL: no matter). */
enum status judging_check_outputs(const struct judging *j, const char *input, struct fault *fault);
/* The report's outputs and form; report->logs is left to the caller. */
void judging_report(const struct judging *j, struct report_config *report);
/*
 * The engine's bounds, with a new secret and the rows of --refusal-class, which *refusals owns.
 */
enum status judging_engine(const struct judging *j, struct engine_config *engine,
    struct refusal_table **refusals, struct fault *fault);
/* CLI_FINDINGS when a finding reaches --fail-on, else `status`. */
int judging_status(const struct judging *j, const struct report *report, int status);
/* Where temporary files go. */
const char *judging_folder(void);

#endif
